"""How many threads the renderer and the denoiser use.

Apart from ``render``: a worker process holds what sets it up until it ends, and with it all that its module
holds; the denoiser, kept there, would outlive its library, which tells the user so.
"""

from __future__ import annotations


def set_threads(count: int) -> None:
    """Let the renderer and the denoiser use ``count`` threads; pictures do not depend on it."""
    import drjit

    drjit.set_thread_count(count)


def one_thread() -> None:
    """What a worker process of painting sets up: there are as many of them as there are processors."""
    set_threads(1)
