"""Self-paced ensemble: members are drawn from ever harder negatives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import check_choice, check_number
from evenkeel._rows import n_rows, take
from evenkeel.ensemble.base import CHUNK, Ensemble
from evenkeel.ensemble.gradient_boosting import gradient_boosting
from evenkeel.ensemble.hardness import HARDNESS, Cuts, cut_by_hardness
from evenkeel.ensemble.members import (
    Member,
    Training,
    fit_member,
    light,
    log_shares,
    probabilities_of,
)
from evenkeel.ensemble.out_of_bag import out_of_fold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.integer[Any]]


class SelfPacedEnsembleClassifier(Ensemble):
    """Members fitted on all positives and on negatives drawn by how hard they are so far.

    Before member ``i`` the hardness of each negative, its error under the mean of the members so
    far, is cut into ``k_bins`` bins of equal width. Of bin ``l`` with mean hardness ``h_l`` a share
    ``p_l / sum(p)`` of the draw is taken, ``p_l = 1 / (h_l + a)``, ``a = tan(pi / 2 * i / (n - 1))``:
    at first every bin gives as much hardness, at last every bin as many rows. The first member is
    drawn at random. Each class that is cut is treated so. Log-odds are averaged at the prevalence of
    the table, and each member's are corrected by how its own draw thinned rows as hard.

    Parameters
    ----------
    estimator
        Classifier to fit; None is gradient boosting (LightGBM).
    n_estimators
        Members, at least 1.
    k_bins
        Bins of hardness, at least 1.
    hardness
        Of a row whose class got ``p``: ``"absolute"`` 1 - p, ``"brier"`` (1 - p)^2 or
        ``"cross-entropy"`` -log p.
    sampling_strategy
        Rows of each class in a member, a form of :func:`evenkeel.distribution.wanted`.
    oob_score
        Whether ``oob_score_`` and ``oob_decision_function_`` are made, by an ensemble fitted
        anew ``cv`` times, each time without a fold of the rows; a function of ``(y_true, y_pred)``
        scores in place of accuracy. Rows that single members left out would not do: they have a part
        in the members that follow from others.
    cv
        Folds of ``oob_score``, at least 2; at most the rows of the smallest class.
    warm_start
        Keep the members of the last fit, on the same table, and add up to ``n_estimators``; the
        pace ``a`` of the new ones is that of the new number.
    n_jobs
        Threads that score; members are fitted one after the other. None is one.
    random_state
        Whole number, ``RandomState`` or None.
    verbose
        Of joblib.

    Attributes
    ----------
    estimators_, classes_, shares_, drawn_shares_
        Members of class codes; labels; share of each class in the table and in each member's rows.
    oob_score_, oob_decision_function_
        With ``oob_score``: NaN for rows of weight 0.

    References
    ----------
    Liu et al. (2020), "Self-paced ensemble for highly imbalanced massive data classification",
    ICDE, algorithm 1, https://doi.org/10.1109/ICDE48307.2020.00078

    Examples
    --------
    >>> X, y = np.arange(600.0).reshape(-1, 1), np.repeat([0, 1], [500, 100])
    >>> paced = SelfPacedEnsembleClassifier(n_estimators=3, random_state=0).fit(X, y)
    >>> paced.predict([[3.0], [590.0]]).tolist()
    [0, 1]
    """

    def __init__(
        self,
        estimator: Any = None,
        n_estimators: int = 10,
        *,
        k_bins: int = 5,
        hardness: str = "absolute",
        sampling_strategy: Any = "auto",
        oob_score: bool | Callable[[Any, Any], float] = False,
        cv: int = 3,
        warm_start: bool = False,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.k_bins = k_bins
        self.hardness = hardness
        self.sampling_strategy = sampling_strategy
        self.oob_score = oob_score
        self.cv = cv
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def _outline(self) -> Any:
        return gradient_boosting() if self.estimator is None else self.estimator

    def _templates(self, training: Training) -> Sequence[Any]:
        if self.estimator is None:
            return [gradient_boosting(int(training.counts.min()))]
        return [self.estimator]

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_number(self.cv, "cv", type(self).__name__, low=2, whole=True)
        check_number(self.k_bins, "k_bins", type(self).__name__, low=1, whole=True)
        check_choice(self.hardness, HARDNESS, "hardness", type(self).__name__)

    def _fit_members(self, training: Training, done: list[Member]) -> list[Member]:
        template = self._checked_templates(training)[0]
        sizes, _ = self._sizes(training)
        cut = [code for code, size in enumerate(sizes) if size < training.rows_of[code].size]
        said: dict[int, Floats] = {code: np.zeros(training.rows_of[code].size) for code in cut}
        members = list(done)
        self._cuts: list[dict[int, Cuts]] = self._cuts[: len(done)] if done else []
        self._rows: list[Ints] = self._rows[: len(done)] if done else []
        for number in range(self.n_estimators):
            if number >= len(done):
                random = np.random.default_rng([training.seed, number])
                parts, cuts = self._draw(training, sizes, said, number, random)
                self._rows.append(np.sort(np.concatenate(parts)))
                self._cuts.append(cuts)
                members.append(fit_member(template, training, self._rows[-1], random))
            for code in cut if number + 1 < self.n_estimators else []:
                own = self._said(members[number], training, code)
                said[code] += (own - said[code]) / (number + 1)  # the mean so far
        return members

    def _draw(
        self,
        training: Training,
        sizes: list[int],
        said: dict[int, Floats],
        number: int,
        random: np.random.Generator,
    ) -> tuple[list[Ints], dict[int, Cuts]]:
        pace = float(np.tan(np.pi / 2 * number / max(1, self.n_estimators - 1)))
        parts, cuts = [], {}
        for code, rows in enumerate(training.rows_of):
            if code not in said:
                parts.append(rows)
            elif number == 0:
                parts.append(rows[random.choice(rows.size, sizes[code], replace=False)])
            else:
                hard = HARDNESS[self.hardness](said[code])
                drawn, cuts[code] = cut_by_hardness(hard, sizes[code], self.k_bins, pace, random)
                parts.append(rows[drawn])
        return parts, cuts

    def _said(self, member: Member, training: Training, code: int) -> Floats:
        """What a member says, on the scale of its draw, of its own class for each row of a class."""
        rows = training.rows_of[code]

        def part(start: int) -> Floats:
            X = light(take(training.X, rows[start : start + CHUNK]), [member])
            return probabilities_of(log_shares(member, X, member.shares))[:, code]

        return np.concatenate(self._side_by_side(part, range(0, rows.size, CHUNK)))

    def _left_out_scores(self, training: Training) -> Floats:
        return out_of_fold(self, training, self.cv)

    @property
    def estimators_samples_(self) -> list[Ints]:
        """Row numbers of each member, sorted."""
        return list(self._rows)

    def _score_rows(self, X: Any) -> Floats:
        n_classes = len(self.classes_)
        X = light(X, self._members)
        total, mean = np.zeros((n_rows(X), n_classes)), np.zeros((n_rows(X), n_classes))
        for number, member in enumerate(self._members):
            plain = log_shares(member, X, member.shares)
            found = plain + np.log(self.shares_ / member.shares)
            for code, cuts in self._cuts[number].items():
                found[:, code] -= cuts.log_kept(HARDNESS[self.hardness](mean[:, code]))
            total += found
            mean += (probabilities_of(plain) - mean) / (number + 1)
        return total / len(self._members)
