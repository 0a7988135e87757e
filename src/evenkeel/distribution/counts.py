"""Counts of a target's classes, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import check_choice, check_number
from evenkeel.distribution.advice import KINDS, Advice, Setting, advise, severity_of
from evenkeel.distribution.labels import encode
from evenkeel.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Distribution:
    """How many rows each class of a target has.

    Parameters
    ----------
    classes
        Labels, ``(n_classes,)``, sorted when they come from a target.
    counts
        Rows of each class, ``(n_classes,)``, at least 1.
    advice
        What to try, in order; the last item says that a measured comparison decides.

    Examples
    --------
    >>> found = Distribution.of_counts([9000, 900, 100])
    >>> found.ratio, found.severity
    (90.0, 'significant')
    """

    classes: tuple[Any, ...]
    counts: tuple[int, ...]
    advice: tuple[Advice, ...] = ()

    @classmethod
    def of_counts(
        cls,
        counts: Mapping[Any, int] | Iterable[int],
        *,
        kind: str | None = None,
        numeric: bool | None = None,
        complex_minority: bool = False,
    ) -> Distribution:
        """The distribution of known counts.

        Parameters
        ----------
        counts
            Rows of each class; labels are the keys of a mapping, or else 0, 1, 2, ...
        kind, numeric, complex_minority
            As for :func:`analyze`.

        Raises
        ------
        InvalidInput, InvalidType
            Fewer than two classes, or a count that is no whole number of at least 1.
        """
        named = dict(counts) if isinstance(counts, Mapping) else dict(enumerate(counts))
        for label, count in named.items():
            check_number(
                _plain(count), f"count of class {label!r}", "Distribution", low=1, whole=True
            )
        if kind is not None:
            check_choice(kind, KINDS, "kind", "analyze")
        if len(named) < 2:
            only = next(iter(named), None)
            found = "no class" if not named else f"one class, {only!r}, in {named[only]:,} rows"
            raise InvalidInput(
                f"y must hold at least two classes. Got {found}. Check that the right column is "
                "the target."
            )
        sizes = tuple(int(count) for count in named.values())
        setting = Setting(
            max(sizes), min(sizes), sum(sizes), kind=kind, numeric=numeric,
            complex_minority=complex_minority,
        )  # fmt: skip
        return cls(tuple(named), sizes, advise(setting))

    @property
    def n_rows(self) -> int:
        """Rows in all."""
        return sum(self.counts)

    @property
    def shares(self) -> tuple[float, ...]:
        """Share of each class, in [0, 1]."""
        return tuple(count / self.n_rows for count in self.counts)

    @property
    def majority(self) -> Any:
        """Label of the largest class; the first one among equals."""
        return self.classes[self.counts.index(max(self.counts))]

    @property
    def minority(self) -> Any:
        """Label of the smallest class; the first one among equals."""
        return self.classes[self.counts.index(min(self.counts))]

    @property
    def ratio(self) -> float:
        """Imbalance ratio: rows of the largest class for each row of the smallest."""
        return max(self.counts) / min(self.counts)

    @property
    def severity(self) -> str:
        """``"mild"`` below 3:1, ``"moderate"`` below 10:1, ``"significant"`` below 100:1, else ``"extreme"``."""
        return severity_of(self.ratio)

    @property
    def effective_number(self) -> tuple[float, ...]:
        """Effective number of samples of each class; see :func:`effective_number`."""
        return tuple(effective_number(self.counts).tolist())

    def summary(self) -> str:
        """Counts, severity and advice as text."""
        names = [str(label) for label in self.classes]
        wide, deep = max(map(len, names)), len(f"{max(self.counts):,}")
        odds = f"{self.ratio:.3g}:1 ({self.severity} imbalance)"
        lines = [f"{self.n_rows:,} rows, {len(self.classes)} classes, {odds}"]
        lines += [
            f"  {name:<{wide}}  {count:>{deep},}  {100 * share:.3g} %"
            for name, count, share in zip(names, self.counts, self.shares, strict=True)
        ]
        if self.advice:
            lines.append("To try, in this order:")
            lines += [f"  {item.what}: {item.why}" for item in self.advice]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values that JSON can hold."""
        return {
            "rows": self.n_rows,
            "classes": [
                {"label": label, "count": count, "share": share}
                for label, count, share in zip(self.classes, self.counts, self.shares, strict=True)
            ],
            "imbalance_ratio": self.ratio,
            "severity": self.severity,
            "effective_number": list(self.effective_number),
            "advice": [{"what": item.what, "why": item.why} for item in self.advice],
        }


def analyze(
    y: Any,
    *,
    kind: str | None = None,
    numeric: bool | None = None,
    complex_minority: bool = False,
) -> Distribution:
    """Look at a target: counts, imbalance ratio, severity and advice.

    Parameters
    ----------
    y
        Labels ``(n_rows,)`` of any kind; see :func:`evenkeel.distribution.encode`.
    kind
        Kind of data: ``"table"``, ``"text"``, ``"image"``, ``"audio"`` or ``"dense"`` (a label for
        each position, as in detection). Sharpens the advice.
    numeric
        Whether every column of the table is a number.
    complex_minority
        Whether the rare class is known to lie in several separate clusters.

    Returns
    -------
    Distribution

    Raises
    ------
    InvalidInput
        Fewer than two classes, missing labels, or a continuous target.

    Examples
    --------
    >>> print(analyze(["no"] * 95 + ["yes"] * 5).summary().splitlines()[0])
    100 rows, 2 classes, 19:1 (significant imbalance)
    """
    classes, codes = encode(y)
    counts = dict(zip(classes, np.bincount(codes).tolist(), strict=True))
    return Distribution.of_counts(
        counts, kind=kind, numeric=numeric, complex_minority=complex_minority
    )


def effective_number(counts: Any, *, beta: float | None = None) -> NDArray[np.float64]:
    """Effective number of samples of each class.

    ``E_n = (1 - beta^n) / (1 - beta)``: rows overlap, so the n-th row of a class brings
    ``beta^(n-1)`` of what its first row brought.

    Parameters
    ----------
    counts
        Rows of each class, ``(n_classes,)``, at least 1.
    beta
        Overlap, in [0, 1): 0 counts each class once, towards 1 each row once. Default
        ``(N - 1) / N`` with ``N`` rows in all.

    Returns
    -------
    float64 array (n_classes,)
        Between 1 and ``counts``.

    Raises
    ------
    InvalidInput, InvalidType
        ``beta`` outside its range.

    References
    ----------
    Cui, Jia, Lin, Song and Belongie 2019, "Class-balanced loss based on effective number of
    samples", CVPR, proposition 1. doi:10.1109/CVPR.2019.00949

    Examples
    --------
    >>> effective_number([1, 2, 1000], beta=0.5).round(3).tolist()
    [1.0, 1.5, 2.0]
    """
    n = np.asarray(counts, dtype=np.float64)
    if beta is None:
        gap = 1.0 / float(n.sum())
    else:
        check_number(beta, "beta", "effective_number", low=0, high=1, open_high=True)
        gap = 1.0 - float(beta)
    # 1 - beta^n cancels for beta near 1, so the power is taken through log1p and expm1
    with np.errstate(divide="ignore"):
        return np.asarray(-np.expm1(n * np.log1p(-gap)) / gap)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
