"""The rounds of AdaBoost.M2: weights of all rows, pseudo-losses and votes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_array

from evenkeel._rows import n_rows
from evenkeel.ensemble.members import Training, probabilities_of, table_for
from evenkeel.ensemble.stumps import Bins, Stump

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenkeel.ensemble.draws import Draws

    Floats = NDArray[np.float64]
    Ints = NDArray[np.integer[Any]]

_MOST = 200  # steps of a shift
_LEARN = 50_000  # rows that bins are learnt from, at even steps


class Rounds:
    """Rounds done so far, and the weights of the rows after them.

    Parameters
    ----------
    training
        Table.
    rate
        Scales each vote, above 0.
    binned
        Whether members are stumps, for which columns are cut into bins once.

    Attributes
    ----------
    members, votes, errors, attempts
        Of each round: what was fitted, its vote, its pseudo-loss, and the number of its draw.
    weight
        ``(n_rows,)``, sum 1.
    """

    def __init__(self, training: Training, rate: float, *, binned: bool) -> None:
        self.training, self.rate = training, rate
        mass = training.mass
        self.weight = mass / mass.sum()
        self.members: list[Any] = []
        self.votes: list[float] = []
        self.errors: list[float] = []
        self.attempts: list[int] = []
        if binned:
            numbers = as_numbers(training.X)
            self.bins = Bins(numbers[:: max(1, len(mass) // _LEARN)])
            self.codes = self.bins.codes(numbers)

    def draw(self, draws: Draws, random: np.random.Generator) -> tuple[Ints, Floats]:
        """Rows of a round and what each weighs; a class that is cut is drawn by its weights.

        A uniform draw whose rows keep their weights has the same expectation, but seldom holds the
        few rows that weigh much: rounds then do no better than chance, and boosting ends.
        """
        parts, masses = [], []
        for rows, size, again in zip(draws.rows_of, draws.size, draws.replaced, strict=True):
            own = self.weight[rows]
            if size < rows.size or again:
                heaps = np.cumsum(own)
                spots = random.random(size) if again else (np.arange(size) + random.random()) / size
                at = np.minimum(np.searchsorted(heaps, spots * heaps[-1]), rows.size - 1)
                parts.append(rows[at])
                own = np.full(size, heaps[-1] / own.size)  # as a row of a uniform draw on average
            else:
                parts.append(rows)
            masses.append(own)
        drawn = np.concatenate(parts)
        order = np.argsort(drawn, kind="stable")
        return drawn[order], np.concatenate(masses)[order]

    def stump(self, rows: Ints, weight: Floats) -> Stump | None:
        """The best split of some rows."""
        y = self.training.codes[rows]
        return self.bins.best(self.codes[:, rows], y, weight, self.training.n_classes)

    def stump_of(self, made: Training) -> Stump | None:
        """The best split of a table that a resampler made, on the bins of the first one."""
        assert made.weight is not None
        codes = self.bins.codes(as_numbers(made.X))
        return self.bins.best(codes, made.codes, made.weight, made.n_classes)

    def add(self, member: Any, attempt: int) -> bool:
        """Weigh a member, and the rows anew; False where it does no better than chance."""
        margin, at = self._margins(member)
        mass = self.weight if at is None else np.bincount(at, self.weight, margin.size)
        error = float(mass @ (1.0 - margin)) / 2.0
        if error >= 0.5:
            return False
        bounded = max(error, 0.5 / self.weight.size)  # half a row: nothing is known to be perfect
        vote = self.rate * float(np.log((1.0 - bounded) / bounded))
        factor = np.exp(-vote * (1.0 + margin) / 2.0)
        self.weight *= factor if at is None else factor[at]
        self.weight /= self.weight.sum()
        self.members.append(member)
        self.votes.append(vote)
        self.errors.append(error)
        self.attempts.append(attempt)
        return True

    def _margins(self, member: Any) -> tuple[Floats, Ints | None]:
        """``h(x, y) - h(x, not y)``, of each row, or of few kinds of rows and the kind of each."""
        n_classes = self.training.n_classes
        if isinstance(member, Stump):
            own = np.concatenate([member.left, member.right])
            right = self.codes[member.feature] > member.bin
            at: Ints | None = self.training.codes + n_classes * right
        else:
            said = seen_by(member, table_for(member, self.training.X, None), n_classes)
            own, at = said[np.arange(len(said)), self.training.codes], None
        return own - (1.0 - own) / (n_classes - 1), at


def as_numbers(X: Any) -> Any:
    """An array of numbers, NaN for gaps; an array comes back as it is."""
    return check_array(X, ensure_all_finite="allow-nan")


def seen_by(estimator: Any, X: Any, n_classes: int) -> Floats:
    """Probabilities of all classes; 0 for those that the estimator never saw."""
    found = np.zeros((n_rows(X), n_classes))
    found[:, np.asarray(estimator.classes_, dtype=np.int64)] = estimator.predict_proba(X)
    return found


def levels(total: Floats, weight: Floats | None, shares: Floats) -> Floats:
    """What to add to sums of votes so that the mean probability of each class is its share.

    Solves ``mean softmax(total + b) = shares`` for ``b`` (``b_0 = 0``): the maximum likelihood of
    the levels alone.

    Parameters
    ----------
    total
        ``(n_rows, n_classes)``.
    weight
        Row weights ``(n_rows,)`` or None.
    shares
        Wanted means ``(n_classes,)``, each above 0.

    Examples
    --------
    >>> found = levels(np.zeros((5, 2)), None, np.array([0.9, 0.1]))
    >>> np.exp(found).round(6).tolist()
    [1.0, 0.111111]
    """
    mass = np.full(len(total), 1.0 / len(total)) if weight is None else weight / weight.sum()
    level = np.log(shares) - np.log(shares[0])
    for _ in range(_MOST):
        p = probabilities_of(total + level)
        off = mass @ p - shares
        if np.abs(off / shares).max() < 1e-6:
            break
        curve = np.diag(mass @ p) - p.T @ (p * mass[:, None])
        inner = curve[1:, 1:] + 1e-12 * np.eye(shares.size - 1)
        step = np.linalg.solve(inner, off[1:])
        level[1:] -= np.clip(
            step, -1.0, 1.0
        )  # where few rows are undecided, a whole step overshoots
    return np.asarray(level)
