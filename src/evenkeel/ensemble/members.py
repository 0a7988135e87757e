"""What a member of an ensemble is fitted on, and what it says, on the scale of the population."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.validation import has_fit_parameter

from evenkeel._rows import as_frame, n_rows, take
from evenkeel.ensemble.inputs import masses_of
from evenkeel.errors import DoesNotApply
from evenkeel.wrappers import fit_weighted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.integer[Any]]

_HALF = 0.5  # rows that a probability is drawn to the shares by


@dataclass(frozen=True, eq=False)
class Training:
    """A checked training table.

    Parameters
    ----------
    X
        Table ``(n_rows, n_columns)`` as it came.
    codes
        Class of each row, ``(n_rows,)``, from 0.
    classes
        Labels by code, ``(n_classes,)``.
    weight
        Row weights ``(n_rows,)`` or None.
    rows_of
        Rows of each class with a weight above 0, sorted, by code.
    shares
        Share of each class in the population, ``(n_classes,)``, weights counted.
    seed
        Of every draw.
    """

    X: Any
    codes: Ints
    classes: NDArray[Any]
    weight: Floats | None
    rows_of: list[Ints]
    shares: Floats
    seed: int

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.classes)

    @property
    def counts(self) -> Ints:
        """Rows of each class that can be drawn."""
        return np.array([rows.size for rows in self.rows_of])

    @property
    def mass(self) -> Floats:
        """What each row weighs, ``(n_rows,)``: 0 for rows that cannot be drawn."""
        mass = np.zeros(len(self.codes))
        drawable = np.concatenate(self.rows_of)
        mass[drawable] = 1.0 if self.weight is None else self.weight[drawable]
        return mass

    def without(self, out: Any) -> Training:
        """The same table, of which some rows ``(n_rows,)`` bool cannot be drawn."""
        rows_of = [rows[~out[rows]] for rows in self.rows_of]
        masses = masses_of(rows_of, self.weight)
        return replace(self, rows_of=rows_of, shares=masses / masses.sum())


@dataclass(frozen=True, eq=False)
class Member:
    """A fitted classifier of class codes and what it was fitted on.

    Parameters
    ----------
    estimator
        Fitted on codes.
    shares
        Share of each class in its rows, weights counted, ``(n_classes,)``.
    n_rows
        Rows it was fitted on.
    columns
        Which columns it sees, ``(n_seen,)``; None for all.
    """

    estimator: Any
    shares: Floats
    n_rows: int
    columns: Ints | None = None


def takes_weights(estimator: Any) -> bool:
    """Whether the estimator, or the last step of a pipeline, is fitted with row weights."""
    if type(estimator) is DecisionTreeClassifier:  # reading signatures takes a tenth of a small fit
        return True
    last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    return bool(has_fit_parameter(last, "sample_weight"))


def seeded(template: Any, random: np.random.Generator) -> Any:
    """A clone in which every ``random_state`` that is None is set; one that is given stays."""
    member = clone(template)
    open_ones = sorted(
        name
        for name, value in member.get_params(deep=True).items()
        if value is None and (name == "random_state" or name.endswith("__random_state"))
    )
    return member.set_params(**{name: int(random.integers(1 << 31)) for name in open_ones})


def fit_member(
    template: Any, training: Training, rows: Ints, random: np.random.Generator, **given: Any
) -> Member:
    """Fit a clone on some rows; a row drawn twice is one row of weight two where weights are taken.

    Parameters
    ----------
    template
        Unfitted classifier.
    training, rows
        Table, and numbers of its rows, sorted, repeats allowed.
    random
        Source of the member's seeds.
    **given
        ``columns``: columns that it sees; ``weight``: row weights ``(n_rows,)`` in place of the
        table's own; ``class_weight``: ``(n_classes,)``, times the rows', and no part of the shares.
    """
    weight = given.get("weight", training.weight)
    factors = given.get("class_weight")
    columns = given.get("columns")
    estimator = seeded(template, random)
    if rows.size and np.ptp(training.codes[rows]) == 0:  # many learners refuse a single class
        estimator = DummyClassifier(strategy="prior")
    counts: Any = None
    n_drawn = np.bincount(training.codes[rows], minlength=training.n_classes).astype(np.float64)
    if takes_weights(estimator):
        first = np.flatnonzero(np.append(True, rows[1:] != rows[:-1]))
        if first.size < rows.size:
            counts = np.diff(np.append(first, rows.size)).astype(np.float64)
            rows = rows[first]
    elif weight is not None:
        raise DoesNotApply(
            f"Row weights do not apply to {type(estimator).__name__}: its fit takes no "
            "sample_weight. Choose another estimator, or leave the weights out."
        )
    codes, masses = training.codes[rows], counts
    if weight is not None:
        masses = weight[rows] if masses is None else masses * weight[rows]
    drawn = n_drawn if masses is None else np.bincount(codes, masses, training.n_classes)
    if factors is not None:
        masses = factors[codes] if masses is None else masses * factors[codes]
    _fit(estimator, table_for(estimator, training.X, rows, columns), codes, masses)
    return Member(estimator, drawn / drawn.sum(), rows.size, columns)


def _fit(estimator: Any, part: Any, codes: Ints, masses: Floats | None) -> None:
    plain = type(estimator) is DecisionTreeClassifier and isinstance(part, np.ndarray)
    if plain and part.dtype.kind in "iuf":
        values = np.ascontiguousarray(part, dtype=np.float32)
        if np.isfinite(values.sum(dtype=np.float64)):  # gaps need the tree's own checks
            estimator.fit(values, codes, masses, check_input=False)
            return
    fit_weighted(estimator, part, codes, masses)


def table_for(estimator: Any, X: Any, rows: Ints | None, columns: Ints | None = None) -> Any:
    """Some rows and columns as the estimator can read them."""
    part = X if rows is None else take(X, rows)
    if columns is not None:
        frame = as_frame(part)
        part = part[:, columns] if frame is None else frame[:, columns.tolist()].to_native()
    if type(estimator).__module__.startswith("lightgbm"):
        frame = as_frame(part)  # LightGBM ends the process over categories of polars
        if frame is not None and not frame.implementation.is_pandas():
            part = frame.to_pandas()
    return part


def stretch(X: Any, start: int, stop: int) -> Any:
    """Neighbouring rows of a table; of an array no copy."""
    if isinstance(X, np.ndarray):
        return X[start:stop]
    return take(X, np.arange(start, min(stop, n_rows(X))))


def light(X: Any, members: Sequence[Member]) -> Any:
    """An array in the precision of decision trees, when all members are trees: converted once."""
    trees = all(type(member.estimator) is DecisionTreeClassifier for member in members)
    plain = isinstance(X, np.ndarray) and X.dtype.kind in "iuf"
    return X.astype(np.float32, copy=False) if trees and plain else X


def log_shares(member: Member, X: Any, population: Floats) -> Floats:
    """``log(p_c s_c / d_c)``: a member's probabilities moved from its shares to the population's.

    The rows need not sum to 1: what is common to the classes of a row drops out of its odds. No
    model knows a probability better than its rows allow, so ``p_c`` is drawn to the drawn shares
    ``d_c`` by half a row beside the ``n`` it was fitted on, ``(n p_c + d_c / 2) / (n + 1 / 2)``: of
    a decision tree, the rows of the leaf. (A whole row for each class, Laplace's rule, leaves
    forests too timid: on two tables of 1 and 2 % positives they then expect half of them.) Of a
    class that the member never saw it says the population's share.

    Parameters
    ----------
    member
        Fitted member.
    X
        Table ``(n_rows, n_columns)``.
    population
        Share of each class ``s_c``, ``(n_classes,)``.

    Returns
    -------
    float64 array (n_rows, n_classes)

    References
    ----------
    Provost and Domingos (2003), "Tree induction for probability-based ranking", section 3,
    https://doi.org/10.1023/A:1024099825458 (rows added to a leaf).
    Saerens, Latinne, Decaestecker (2002), equation 2.4, https://doi.org/10.1162/089976602753284446.
    """
    estimator = member.estimator
    part = table_for(estimator, X, None, member.columns)
    n_classes = population.size
    seen = np.asarray(estimator.classes_, dtype=np.int64)
    prior = member.shares[seen]
    if type(estimator) is DecisionTreeClassifier:
        tree = estimator.tree_
        rows = tree.n_node_samples[:, None]
        said = _drawn_to(tree.value[:, 0, :], rows, prior)
        table = np.log(said) + np.log(population[seen] / prior)
        plain = isinstance(part, np.ndarray) and part.dtype == np.float32
        found = table.take(estimator.apply(part, check_input=not plain), axis=0)
    else:
        said = _drawn_to(_probabilities(estimator, part), member.n_rows, prior)
        found = np.log(said, out=said)
        found += np.log(population[seen] / prior)
    if seen.size == n_classes:
        return np.asarray(found)
    every = np.broadcast_to(np.log(population), (found.shape[0], n_classes)).copy()
    # the classes it knows keep their sum, so that the others keep their share
    total = np.log(np.exp(found).sum(axis=1, keepdims=True))
    every[:, seen] = found - total + np.log(population[seen].sum())
    return every


def probabilities_of(log_scores: Floats) -> Floats:
    """Rows that sum to 1, from logarithms that are right up to a constant of the row.

    >>> probabilities_of(np.log([[0.2, 0.6]])).round(12).tolist()
    [[0.25, 0.75]]
    """
    found = np.exp(log_scores - log_scores.max(axis=1, keepdims=True))
    found /= found.sum(axis=1, keepdims=True)
    return np.asarray(found)


def _probabilities(estimator: Any, X: Any) -> Floats:
    """Probabilities of the classes the estimator knows; votes of one that gives none."""
    if hasattr(estimator, "predict_proba"):
        return np.asarray(estimator.predict_proba(X), dtype=np.float64)
    votes = np.asarray(estimator.predict(X))
    return np.asarray(votes[:, None] == np.asarray(estimator.classes_), dtype=np.float64)


def _drawn_to(p: Floats, n_rows: Any, shares: Floats) -> Floats:
    return np.asarray((p * n_rows + _HALF * shares) / (n_rows + _HALF))
