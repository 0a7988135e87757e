"""What the counts of a target suggest, as a starting point for a measured comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = ("table", "text", "image", "audio", "dense")
MODERATE, SIGNIFICANT, EXTREME = 3, 10, 100  # imbalance ratios at which a severity begins
WEIGHTS_UP_TO = 20  # ratio up to which class weights alone are the usual first step
SMALL, LARGE = 2_000, 100_000  # rows
ABUNDANT = 50_000  # rows of the largest class that can be cut without loss of variety
MANY_EASY = 10_000  # rows of the largest class; at an extreme ratio nearly all of them are easy
ENOUGH_TO_INTERPOLATE = 50  # rows of the smallest class: ten neighbourhoods of five


@dataclass(frozen=True)
class Advice:
    """One suggestion and its reason.

    Parameters
    ----------
    what
        What to try.
    why
        The reason, with the numbers behind it.
    """

    what: str
    why: str


@dataclass(frozen=True)
class Setting:
    """What the rules look at.

    Parameters
    ----------
    largest, smallest, n_rows
        Rows in the largest class, in the smallest class and in all.
    kind
        One of :data:`KINDS`, or None when not known.
    numeric
        Whether every column is a number; None when not known.
    complex_minority
        Whether the rare class is known to lie in several separate clusters.
    """

    largest: int
    smallest: int
    n_rows: int
    kind: str | None = None
    numeric: bool | None = None
    complex_minority: bool = False

    @property
    def ratio(self) -> float:
        """Imbalance ratio."""
        return self.largest / self.smallest

    @property
    def severity(self) -> str:
        """Band of the imbalance ratio."""
        return severity_of(self.ratio)


def severity_of(ratio: float) -> str:
    """Band of an imbalance ratio: mild < 3, moderate < 10, significant < 100, extreme >= 100.

    Examples
    --------
    >>> [severity_of(ratio) for ratio in (2.9, 3, 10, 100)]
    ['mild', 'moderate', 'significant', 'extreme']
    """
    bands = ((MODERATE, "mild"), (SIGNIFICANT, "moderate"), (EXTREME, "significant"))
    return next((name for limit, name in bands if ratio < limit), "extreme")


def advise(setting: Setting) -> tuple[Advice, ...]:
    """Suggestions in the order in which to try them; the last one says who decides.

    Examples
    --------
    >>> [item.what for item in advise(Setting(largest=8000, smallest=4000, n_rows=12000))]
    ['standard training', 'a measured comparison']
    """
    rules = (*_by_ratio(setting), *_by_size(setting), *_by_kind(setting))
    kept: dict[str, Advice] = {}
    for item in rules:
        kept.setdefault(item.what, item)
    decide = Advice(
        "a measured comparison",
        "this is a starting point; what wins on these data, against no remedy with a tuned "
        "threshold, decides",
    )
    return (*kept.values(), decide)


def _by_ratio(s: Setting) -> Iterator[Advice]:
    odds = f"{s.ratio:.3g}:1"
    if s.severity == "mild":
        yield Advice(
            "standard training",
            f"{odds} is mild; monitor precision and recall of each class instead of accuracy",
        )
    elif s.severity == "moderate":
        yield Advice(
            "class weights", f"{odds} is moderate; weights keep every row and cost nothing"
        )
    elif s.severity == "significant":
        if s.ratio <= WEIGHTS_UP_TO:
            yield Advice(
                "class weights with partial sampling",
                f"{odds} is significant, yet within the range (5:1 to {WEIGHTS_UP_TO}:1) that weights serve",
            )
        else:
            yield Advice(
                "partial sampling with residual weights",
                f"{odds} is significant; sample part of the way and let weights do the rest",
            )
        yield Advice("a moved threshold", "the model may rank well and only cut in the wrong place")
        yield Advice("focal loss", "for models trained by gradient, if results stay poor")
    else:
        yield Advice(
            "several techniques together",
            f"{odds} is extreme; combine sampling, weights and a moved threshold",
        )
        yield Advice(
            "reconsider the problem",
            f"with {s.smallest:,} rows in the smallest class, more rare rows, a wider target or "
            "anomaly detection may help more than any remedy",
        )


def _by_size(s: Setting) -> Iterator[Advice]:
    if s.severity == "mild":
        return
    if s.n_rows >= LARGE and s.largest >= ABUNDANT:
        yield Advice(
            "undersampling or weights",
            f"{s.n_rows:,} rows with {s.largest:,} in the largest class: rows can be spared",
        )
    elif s.n_rows < SMALL:
        yield Advice(
            "oversampling with augmentation, or weights",
            f"{s.n_rows:,} rows are few: none should be dropped",
        )


def _by_kind(s: Setting) -> Iterator[Advice]:
    if s.severity == "mild":
        return
    if s.kind in (None, "table") and s.numeric and s.smallest >= ENOUGH_TO_INTERPOLATE:
        yield Advice(
            "SMOTE",
            f"the table is numeric and {s.smallest:,} rows of the smallest class are enough to "
            "interpolate between",
        )
    if s.complex_minority:
        yield Advice(
            "oversampling", "the rare class has a complex pattern, and dropping rows would blur it"
        )
    if s.kind == "dense":
        yield Advice("focal loss", "dense prediction: most positions are easy background")
    elif s.severity == "extreme" and s.largest >= MANY_EASY:
        yield Advice("focal loss", f"most of the {s.largest:,} rows of the largest class are easy")
