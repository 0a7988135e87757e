"""What a check of a Trainer gives where it cannot see the classes: no figures, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Unfollowed:
    """In place of a report: the shares of the classes could not be followed to the loss.

    It is false where a report is true, and ``print`` says why.

    Parameters
    ----------
    verdict
        Why, and what to do instead.

    Examples
    --------
    >>> found = Unfollowed("The training rows show no labels.")
    >>> print(found, bool(found), found.twice)
    The training rows show no labels. False False
    """

    verdict: str
    twice: ClassVar[bool] = False
    fault: ClassVar[str] = ""

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return self.verdict
