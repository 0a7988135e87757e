"""Code that is not ours may ask Python to exit: that is told, and never ends anything in silence."""

from __future__ import annotations

import signal
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING

from evenkeel.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def no_exit(what: str, error: type[InvalidInput] = InvalidInput) -> Iterator[None]:
    """Turn a ``sys.exit`` of somebody's code into an error.

    Parameters
    ----------
    what
        Whose code runs in the block.
    error
        The error to raise.

    Examples
    --------
    >>> with no_exit("remedy 'mine' of run"):
    ...     raise SystemExit(0)
    Traceback (most recent call last):
    ...
    evenkeel.errors.InvalidInput: remedy 'mine' of run must not end Python. Got sys.exit(0). Take that call out of it.
    """
    try:
        yield
    except SystemExit as leave:
        if by_signal(leave):
            raise
        asked = ", ".join(map(repr, leave.args))  # copies that some libraries make lose the code
        raise error(
            f"{what} must not end Python. Got sys.exit({asked}). Take that call out of it."
        ) from leave


def left(error: BaseException) -> str:
    """The reason to give for an exception that is no error, such as SystemExit.

    >>> left(SystemExit(0)), left(KeyboardInterrupt())
    ('it asked Python to exit', 'it raised KeyboardInterrupt')
    """
    if isinstance(error, SystemExit):
        return "it asked Python to exit"
    return f"it raised {type(error).__name__}: {error}".strip(": ")


def by_signal(error: BaseException) -> bool:
    """Whether the handler of a signal raised it, as Ray's does in a worker that has to go."""
    asked = (signal.SIGTERM, signal.SIGINT)
    handlers = {getattr(signal.getsignal(number), "__code__", None) for number in asked}
    frames = traceback.walk_tb(error.__traceback__)
    return any(frame.f_code in handlers for frame, _ in frames)
