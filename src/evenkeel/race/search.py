"""Choose settings on training rows alone: successive halving that never thins out rare rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import clone

from evenkeel._rows import n_rows, take
from evenkeel.answers import aligned
from evenkeel.distribution import encode
from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.influence import average_precision_influence
from evenkeel.race.put_back import put_back
from evenkeel.race.rungs import rung_sizes, thinned
from evenkeel.split import make_folds
from evenkeel.wrappers import Wrapper, as_rows, fit_weighted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Judged = tuple[float, Floats]  # average precision, and by how much each judged row moves it

FEW_SHARE = 0.25  # of the inner training rows in the last rung but one, half of that before it
MOST_ROWS = 20_000  # of an inner fit, beside the rare ones
PARTS = 4  # inner parts where none are given


class Searched(Wrapper):
    """A classifier that tries several settings on inner folds and is fitted with the best.

    Successive halving: all candidates on few rows, the better half on twice as many, until two are
    left, who meet on all: the best and the first, which is the default and stays in throughout. The
    last rung is judged on a part of its own: what chose the rival does not also crown it. It wins
    only if its average precision is higher by more than one standard error of the difference on the
    same rows; otherwise the default is kept. Then the winner is fitted on all rows.

    scikit-learn's ``HalvingRandomSearchCV`` draws its subsets without regard to classes (of 50 rare
    rows 6 are left in a share of an eighth) and is experimental.

    Parameters
    ----------
    candidates
        Classifiers with ``predict_proba``, not fitted; the first is the default.
    random_state
        Seed of the subsets.

    Attributes
    ----------
    best_
        The winner, fitted on all rows; where it was fitted at other shares of the classes, put back
        (:class:`evenkeel.race.put_back.PutBack`), so that candidates are on one scale.
    chosen_
        Its place among the candidates.
    history_
        One dict for each candidate in each rung: ``rung``, ``candidate``, ``share`` of the inner
        training rows, and ``score``, the average precision (of two classes that of the second in
        sorted order; of several the mean), or ``reason`` where it failed.

    References
    ----------
    Jamieson and Talwalkar 2016, https://proceedings.mlr.press/v51/jamieson16.html

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> X, y = make_classification(2000, weights=[0.9], random_state=0)
    >>> trees = [DecisionTreeClassifier(max_depth=depth, random_state=0) for depth in (20, 4)]
    >>> Searched(trees).fit(X, y).best_
    DecisionTreeClassifier(max_depth=4, random_state=0)
    """

    own_columns: ClassVar[tuple[str, ...]] = ("parts", "left_out")

    def __init__(self, candidates: Sequence[Any], *, random_state: int = 0) -> None:
        self.candidates = candidates
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = False  # whatever the candidates could
        return tags

    @property
    def estimator(self) -> Any:
        """The default."""
        if not isinstance(self.candidates, list | tuple) or not self.candidates:
            raise InvalidType(
                f"candidates of Searched must be a list of classifiers. Got {self.candidates!r}."
            )
        return self.candidates[0]

    @property
    def best_(self) -> Any:
        """The winner, fitted on all rows."""
        return self.estimator_

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, *,
        parts: Any = None, left_out: Any = None, **columns: Any,
    ) -> Searched:  # fmt: skip
        """Search, then fit the winner on all rows.

        Parameters
        ----------
        X, y
            Table ``(n_rows, n_columns)`` and labels ``(n_rows,)``.
        sample_weight, **columns
            Arrays ``(n_rows,)`` for the candidates' ``fit``. Candidates are judged unweighted.
        parts
            ``(n_rows,)``: ids of the rows that are judged together, such as the number of an outer
            fold. None deals the rows, stratified.
        left_out
            ``(n_parts, n_rows)``: rows too near in time to train for a part, numbered from 0; None.
        """
        X, y = as_rows(X, y)
        self._check_names(columns)
        if sample_weight is not None:
            columns["sample_weight"] = np.asarray(sample_weight)
        self.history_: list[dict[str, Any]] = []
        self.chosen_ = 0
        if len(self.candidates) > 1:
            inner = _Inner(X, np.asarray(y), parts, columns, self.random_state, left_out)
            self.chosen_ = self._halve(inner) if inner.parts else 0
        fitted = fit_weighted(clone(self.candidates[self.chosen_]), X, y, **columns)
        self.n_rows_ = getattr(fitted, "n_rows_", n_rows(X))
        self.estimator_ = put_back(fitted, np.unique(y, return_counts=True)[1])
        return self

    def _halve(self, inner: _Inner) -> int:
        sizes = rung_sizes(len(self.candidates))
        rivals = list(range(1, len(self.candidates)))
        for rung in range(len(sizes)):
            before_last = len(sizes) - 1 - rung
            # the last rung is fitted on all rows: few rows favour settings that learn little
            share = FEW_SHARE / 2 ** (before_last - 1) if before_last else 1.0
            part = inner.part_for(rung, last=not before_last)
            found = {at: self._try(at, inner, part, share, rung) for at in (0, *rivals)}
            # candidates in their own order, and a stable sort: the earlier one wins ties
            ranked_by = {at: one[0] for at, one in found.items() if one is not None}
            rivals = sorted((at for at in sorted(ranked_by) if at), key=lambda at: -ranked_by[at])
            rivals = rivals[: sizes[rung + 1] - 1 if before_last else 1]
        default, rival = found[0], found[rivals[0]] if rivals else None
        if rival is None:
            return 0  # where nothing could be fitted, its error on all rows is the reason to give
        return rivals[0] if default is None or _clearly_better(rival, default) else 0

    def _try(self, at: int, inner: _Inner, part: Any, share: float, rung: int) -> Judged | None:
        """Average precision and pulls on a part; None where it failed, with the reason kept."""
        note: dict[str, Any] = {"rung": rung, "candidate": at, "share": share}
        self.history_.append(note)
        try:
            found = inner.score(self.candidates[at], part, share)
        except Exception as error:  # noqa: BLE001  (settings may not suit: the others go on)
            note["reason"] = " ".join(f"{type(error).__name__}: {error}".split())
            return None
        note["score"] = found[0]
        return found


@dataclass(frozen=True)
class _Rows:
    """Some rows, their numbers, and, where they judge, how many rows each stands for."""

    X: Any
    rows: Ints
    weight: Any = None


class _Inner:
    """The training rows, the parts that judge, and the subsets that train."""

    def __init__(
        self, X: Any, y: Any, parts: Any, columns: dict[str, Any], seed: int, left_out: Any = None
    ) -> None:
        self.X, self.y, self.columns, self.seed, self.left_out = X, y, columns, seed, left_out
        classes, self.codes = encode(y)
        self.classes = np.asarray(classes)
        self.part_of = self._dealt() if parts is None else np.asarray(parts)
        if self.part_of is not None and self.part_of.shape != self.codes.shape:
            raise InvalidInput(
                f"parts of Searched must hold one id for each of the {self.codes.size:,} rows. Got "
                f"shape {self.part_of.shape}."
            )
        self.parts = [] if self.part_of is None else self._usable()
        self._kept: tuple[tuple[Any, float], Any] | None = None  # the rows of the rung at work

    def _dealt(self) -> Ints | None:
        try:
            folds = make_folds(self.codes, n_folds=PARTS, n_repeats=1, seed=self.seed)
        except InvalidInput:  # one class, or one row of it: there is nothing to choose by
            return None
        return np.asarray(folds.part[0], dtype=np.int64)

    def _usable(self) -> list[Any]:
        """Parts that hold two classes and leave two to train on."""
        assert self.part_of is not None
        usable = []
        for part in np.unique(self.part_of):
            judged, fit_on = self.codes[self.part_of == part], self.codes[self._beside(part)]
            if np.ptp(judged) > 0 and fit_on.size and np.ptp(fit_on) > 0:
                usable.append(part)
        return usable

    def _beside(self, part: Any) -> NDArray[np.bool_]:
        """Rows that may train for a part: those of the others, less what is too near in time."""
        others = np.asarray(self.part_of != part)
        return others if self.left_out is None else others & ~self.left_out[part]

    def part_for(self, rung: int, *, last: bool) -> Any:
        """The part that judges a rung; the last rung has one of its own, where there are two."""
        others = self.parts[:-1] or self.parts
        return self.parts[-1] if last else others[rung % len(others)]

    def score(self, candidate: Any, part: Any, share: float) -> Judged:
        """Fit on some rows of the other parts; average precision on this one, and what rows pull."""
        train, valid = self._rows(part, share)
        given = {
            name: values[train.rows] if np.shape(values)[:1] == self.y.shape else values
            for name, values in self.columns.items()
        }
        model = fit_weighted(clone(candidate), train.X, self.y[train.rows], **given)
        proba = self._forecast(model, valid.X)
        truth = self.codes[valid.rows]
        kinds = [1] if len(self.classes) == 2 else np.unique(truth)
        found = [
            average_precision_influence(truth == kind, proba[:, kind], weight=valid.weight)
            for kind in kinds
        ]
        pull: Floats = np.mean([pull for _, pull in found], axis=0)
        return float(np.mean([value for value, _ in found])), pull / valid.weight.sum()

    def _forecast(self, model: Any, X: Any) -> Floats:
        if not hasattr(model, "predict_proba"):
            raise InvalidType(
                f"candidates must have predict_proba. {type(model).__name__} has none."
            )
        codes = np.searchsorted(self.classes, model.classes_)
        return aligned(model.predict_proba(X), codes, len(self.classes))

    def _rows(self, part: Any, share: float) -> tuple[_Rows, _Rows]:
        """Rows to fit on and rows to judge by: the same for all candidates of a rung.

        Those that judge are thinned by the same share, or forecasts would cost more than the fits
        on few rows; all of the rarest class stay, and what is left of a class counts for the whole.
        """
        if self._kept is None or self._kept[0] != (part, share):
            rng = np.random.default_rng([self.seed, self.parts.index(part)])
            others = np.flatnonzero(self._beside(part))
            judged = np.flatnonzero(self.part_of == part)
            kept = share * min(1.0, MOST_ROWS / others.size)
            counts = np.bincount(self.codes[judged])
            train = thinned(self.codes, others, kept, rng)
            valid = thinned(self.codes, judged, kept, rng, least=int(counts[counts > 0].min()))
            weight = (counts / np.maximum(np.bincount(self.codes[valid]), 1))[self.codes[valid]]
            fit_on = _Rows(take(self.X, train), train)
            self._kept = (part, share), (fit_on, _Rows(take(self.X, valid), valid, weight))
        return self._kept[1]


def _clearly_better(rival: Judged, default: Judged) -> bool:
    """Whether a rival is better on the same rows by more than one standard error."""
    pull = rival[1] - default[1]
    return rival[0] - default[0] > math.sqrt(float(pull @ pull))
