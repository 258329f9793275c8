"""``python -m caig_cli`` is ``caig``."""

from caig_cli.cli import main

if __name__ == "__main__":
    main()
