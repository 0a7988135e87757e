"""Errors and warnings that evenkeel raises.

::

    Exception
    └── EvenkeelError
        ├── InvalidInput (ValueError)        a value, a file or an option cannot be used
        │   ├── DoesNotApply                 a remedy cannot serve these data
        │   └── CannotGoOn                   a race had to stop; what is finished is kept
        ├── InvalidType (TypeError)          a value of the wrong kind
        ├── DamagedRun (ValueError)          a run directory or model file is broken or not trusted
        ├── CannotWrite (OSError)            a folder or disk refuses what has to be written
        ├── OutOfTime (ValueError)           a time budget is too small for even the baseline
        └── MissingDependency (ImportError)  an optional package is not installed

    UserWarning
    └── EvenkeelWarning                      the result stands, but read this first
"""


class EvenkeelError(Exception):
    """Anything that evenkeel raises on purpose."""


class InvalidInput(EvenkeelError, ValueError):
    """A value, a file or an option cannot be used; the message says what must change."""


class DoesNotApply(InvalidInput):
    """A remedy cannot serve these data; the message says why."""


class CannotGoOn(InvalidInput):
    """A race had to stop: a limit, workers or a remedy in its way; what is finished is kept."""


class InvalidType(EvenkeelError, TypeError):
    """A value of the wrong kind."""


class DamagedRun(EvenkeelError, ValueError):
    """A run directory or model file is incomplete, altered, or holds types that are not trusted."""


class CannotWrite(EvenkeelError, OSError):
    """A folder or disk refuses what has to be written."""


class OutOfTime(EvenkeelError, ValueError):
    """A time budget is too small for even the baseline; what was done in it is kept."""


class MissingDependency(EvenkeelError, ImportError):
    """An optional package is not installed; the message holds the exact pip line."""


class EvenkeelWarning(UserWarning):
    """The result stands, but read this first."""
