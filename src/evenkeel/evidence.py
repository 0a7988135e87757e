"""How much the rare rows at hand can show: the same limits for the audit, the run and compare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FEWEST = 10  # rare rows below which nothing can be compared
WEAK = 50  # below this no remedy is called best: average precision 0.27 may show as 0.12 or 0.48
LIMITED = 200  # below this intervals are wide


def rare_rows(counts: NDArray[np.int64]) -> int:
    """Rows of the rarest class that counts: with two classes the rarer, else the rarest of 10 or more.

    Smaller classes stay in the table and are listed; they cannot be compared. When every class
    but the largest is that small, it is the largest of them.

    >>> rare_rows(np.array([900, 41])), rare_rows(np.array([900, 143, 3, 1]))
    (41, 143)
    """
    present = np.sort(counts[counts > 0])
    if len(present) < 3:
        return int(present[0])
    others = present[:-1]
    enough = others[others >= FEWEST]
    return int(enough[0] if len(enough) else others[-1])


def few_tested(
    counts: NDArray[np.int64], classes: Sequence[Any], *, what: str = "untouched rows"
) -> str | None:
    """What fewer than 10 untouched rows of a class mean for its figures; None where all have enough.

    >>> few_tested(np.array([196, 4]), ("no", "yes"))
    'Only 4 of the 200 untouched rows are positive: too few to judge by, whatever the figures say.'
    """
    if len(counts) == 2:
        n, total = int(counts[1]), int(counts.sum())
        code = 1 if n <= counts[0] else 0
        if counts[code] >= FEWEST:
            return None
        side = "positive" if code == 1 else "negative"
        return (
            f"Only {int(counts[code]):,} of the {total:,} {what} {'is' if counts[code] == 1 else 'are'} "
            f"{side}: too few to judge by, whatever the figures say."
        )
    few = [code for code in np.argsort(counts, kind="stable") if counts[code] < FEWEST]
    if not few:
        return None
    told = listed((f"{int(counts[code])} of {classes[code]!r}" for code in few), most=4)
    return f"Too few {what} to judge these classes by: {told}."


def evidence_of(counts: NDArray[np.int64]) -> dict[str, Any]:
    """What the counts of the classes can show: level, rare rows, one sentence.

    >>> evidence_of(np.array([900, 41]))["level"]
    'weak'
    """
    n = rare_rows(counts)
    what = "positives" if len(counts) == 2 else "rows of the rarest class that can be compared"
    if n < WEAK:
        level, rest = "weak", "too few to recommend any remedy over another; figures are rough"
    elif n < LIMITED:
        level, rest = "limited", "differences between remedies have wide intervals"
    else:
        level, rest = "normal", "enough to compare remedies"
    return {"level": level, "positives": n, "sentence": f"{n:,} {what}: {rest}."}
