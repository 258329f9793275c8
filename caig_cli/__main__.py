"""``python -m caig_cli`` is ``caig``, and so is the installed command: this module comes first.

A Ctrl-C while the rest is still being imported ends the process without a word of Python's.
"""

import os
import signal


def main() -> None:
    """Run the command line and leave with its exit code."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    from caig_cli.cli import main as run

    run()


if __name__ == "__main__":
    main()
