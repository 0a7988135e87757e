"""What every ensemble does: check, draw, fit members side by side, average what they say."""

from __future__ import annotations

import copy
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, is_classifier
from sklearn.utils import check_random_state, get_tags
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted

from evenkeel._checks import check_number
from evenkeel._rows import n_rows
from evenkeel.distribution import wanted
from evenkeel.ensemble.draws import Draws
from evenkeel.ensemble.inputs import check_target, check_weight, checked_table, only_rows
from evenkeel.ensemble.members import (
    Member,
    Training,
    fit_member,
    light,
    log_shares,
    probabilities_of,
    stretch,
)
from evenkeel.ensemble.out_of_bag import judged, out_of_bag
from evenkeel.errors import InvalidInput, InvalidType

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.integer[Any]]

CHUNK = 1 << 15  # rows that are scored in one go
_OF_TRAINING = {"_drawn", "_rows", "groups_", "oob_decision_function_"}  # grow with its rows


class Ensemble(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier that averages, in log-odds, what its members say about the population.

    A member derives from it, and writes :meth:`_templates`, and :meth:`_draws` where its rows are
    not cut by ``sampling_strategy``. Members are fitted on rows picked by number, in threads, and
    each is a pure function of the seed and its own number: the same with any number of jobs, and
    the same whether it was fitted at once or by a warm start.
    """

    n_estimators: int
    random_state: Any
    n_jobs: int | None
    verbose: int
    warm_start: bool = False
    oob_score: bool | Callable[[Any, Any], float] = False
    sampling_strategy: Any = "auto"
    replacement: bool = False
    bootstrap: bool = False
    _members: list[Any]
    _apart: ClassVar[bool] = False  # members share no row of a class that is cut

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the members.

        Parameters
        ----------
        X
            ``(n_rows, n_columns)``: an array, a sparse matrix or a frame. What its cells may hold
            (gaps, categories) is what the members can read; frames stay frames.
        y
            Labels ``(n_rows,)`` of any kind, two classes or more.
        sample_weight
            Row weights ``(n_rows,)``, at least 0. A row of weight 0 is never drawn.

        Raises
        ------
        InvalidInput, InvalidType
            Parameters, a table, labels or weights that cannot be used. DoesNotApply, where weights
            are given and the members take none.
        """
        before = getattr(self, "n_features_in_", None)
        training = self._begin(X, y, sample_weight)
        done: list[Member] = self._members if self._goes_on(training, before) else []
        if done and len(done) > self._number(training, done):
            raise InvalidInput(
                f"n_estimators of {type(self).__name__} must be at least {len(done)}, the members "
                f"that there are, with warm_start=True. Got {self.n_estimators}."
            )
        for name in ("oob_decision_function_", "oob_score_"):
            self.__dict__.pop(name, None)  # of an earlier fit
        self._fit_to(training, done)
        if self.oob_score:
            scores = self._left_out_scores(training)
            self.oob_decision_function_, self.oob_score_ = judged(self, training.codes, scores)
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Probabilities at the prevalence of the training table, ``(n_rows, n_classes)``."""
        return probabilities_of(self._log_scores(X))

    def predict_log_proba(self, X: Any) -> Floats:
        """Logarithms of :meth:`predict_proba`."""
        scores = self._log_scores(X)
        scores -= scores.max(axis=1, keepdims=True)
        return np.asarray(scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)))

    def predict(self, X: Any) -> Any:
        """Labels, ``(n_rows,)``: the most probable class once each was given the same prevalence.

        At their true prevalence a rare class is seldom the most probable one, so this is the
        decision that serves balanced accuracy. Choose another one by costs or capacity with
        :class:`evenkeel.DecidedClassifier`.
        """
        check_is_fitted(self, "shares_")
        even = self._log_scores(X) - np.log(self.shares_)
        return self.classes_[even.argmax(axis=1)]

    @property
    def estimators_(self) -> list[Any]:
        """The fitted members; they know classes by their codes, places in ``classes_``."""
        check_is_fitted(self, "_members")
        return [member.estimator for member in self._members]

    @property
    def drawn_shares_(self) -> Floats:
        """Share of each class in the rows of each member, ``(n_members, n_classes)``."""
        check_is_fitted(self, "_members")
        return np.array([member.shares for member in self._members])

    @property
    def estimators_samples_(self) -> list[Ints]:
        """Row numbers of each member, sorted, with repeats; drawn anew from the seed."""
        check_is_fitted(self, "_members")
        draws: Draws = self._drawn
        return [draws.rows(i) for i in range(len(self._members))]

    def bare(self) -> Self:
        """A copy that predicts the same, without the row numbers of the training table."""
        one = copy.copy(self)
        for name in _OF_TRAINING & vars(one).keys():
            delattr(one, name)
        return one

    @abstractmethod
    def _templates(self, training: Training) -> Sequence[Any]:
        """Unfitted members; the i-th member is a clone of the one at ``i`` modulo their number."""

    def _sizes(self, training: Training) -> tuple[list[int], list[bool]]:
        """Rows of each class that a member gets, and whether they are drawn with replacement."""
        labels = training.classes.tolist()
        counts = dict(zip(labels, training.counts.tolist(), strict=True))
        strategy, again = self._asked()
        y = None
        if callable(strategy):
            y = training.classes[training.codes[np.sort(np.concatenate(training.rows_of))]]
        asked = wanted(strategy, counts, kind="under", y=y, owner=type(self).__name__)
        sizes = [int((counts | asked)[label]) for label in labels]
        return sizes, [self.bootstrap or (again and label in asked) for label in labels]

    def _asked(self) -> tuple[Any, bool]:
        """The ``sampling_strategy``, and whether the classes it names are drawn with replacement."""
        return self.sampling_strategy, self.replacement

    def _draws(self, training: Training) -> Draws:
        sizes, replaced = self._sizes(training)
        return Draws(training.rows_of, sizes, replaced, training.seed, apart=self._apart)

    def _check_parameters(self) -> None:
        """Raise for parameters outside their range; members extend it."""
        check_number(self.n_estimators, "n_estimators", type(self).__name__, low=1, whole=True)

    def _begin(self, X: Any, y: Any, sample_weight: Any) -> Training:
        self._check_parameters()
        owner = type(self).__name__
        classes, codes = check_target(y, owner)
        X = checked_table(self, X, reset=True)
        if len(codes) != n_rows(X):
            raise InvalidInput(
                f"y of {owner} must have one label for each of {n_rows(X):,} rows. "
                f"Got {len(codes):,}: inconsistent numbers of samples."
            )
        weight = check_weight(sample_weight, len(codes), owner)
        rows_of, masses = only_rows(codes, weight, classes, owner)
        again = self.warm_start and hasattr(self, "_seed")
        seed = self._seed if again else int(check_random_state(self.random_state).randint(1 << 31))
        return Training(X, codes, classes, weight, rows_of, masses / masses.sum(), seed)

    def _goes_on(self, training: Training, n_columns: int | None) -> bool:
        """Whether members of an earlier fit, on so many columns, are kept."""
        if not self.warm_start or not hasattr(self, "_members"):
            return False
        if self.classes_.tolist() != training.classes.tolist():
            raise InvalidInput(
                f"y of {type(self).__name__} must have the classes of the first fit, "
                f"{self.classes_.tolist()}, with warm_start=True. Got {training.classes.tolist()}."
            )
        if n_columns != self.n_features_in_:
            raise InvalidInput(
                f"X of {type(self).__name__} must have the {n_columns} columns of the first fit, with "
                f"warm_start=True. Got {self.n_features_in_}."
            )
        return True

    def _fit_to(self, training: Training, done: list[Member]) -> None:
        """Everything that predictions need."""
        self._seed = training.seed
        self.classes_ = training.classes
        self.shares_ = training.shares
        self._members = self._fit_members(training, done)

    def _number(self, training: Training, done: list[Member]) -> int:
        """How many members there are to be."""
        return self.n_estimators

    def _fit_members(self, training: Training, done: list[Member]) -> list[Member]:
        self._drawn = self._draws(training)
        templates = self._checked_templates(training)

        def fit_one(number: int) -> Member:
            return self._fit_one(training, templates[number % len(templates)], number)

        return done + self._side_by_side(fit_one, range(len(done), self.n_estimators))

    def _fit_one(self, training: Training, template: Any, number: int) -> Member:
        random = np.random.default_rng([training.seed, number, 1])
        return fit_member(template, training, self._drawn.rows(number), random)

    def _checked_templates(self, training: Training) -> Sequence[Any]:
        templates = self._templates(training)
        wrong = [one for one in templates if not (hasattr(one, "fit") and is_classifier(one))]
        if wrong or not templates:
            raise InvalidType(
                f"estimator of {type(self).__name__} must be a classifier of scikit-learn's kind. "
                f"Got {wrong[0] if wrong else templates!r}."
            )
        return templates

    def _side_by_side(self, call: Callable[[Any], Any], parts: Any) -> list[Any]:
        """Call in threads: members let go of the interpreter while they fit."""
        work = Parallel(n_jobs=self.n_jobs, verbose=self.verbose, prefer="threads")
        return list(work(delayed(call)(part) for part in parts))

    def _left_out_scores(self, training: Training) -> Floats:
        """Scores of each row by what never saw it, ``(n_rows, n_classes)``; NaN where there is none."""
        bags = [np.unique(rows) for rows in self.estimators_samples_]
        starts = range(0, len(training.codes), CHUNK)
        found = self._side_by_side(
            lambda start: out_of_bag(self._members, training, bags, start, start + CHUNK), starts
        )
        return np.concatenate(found)

    def _log_scores(self, X: Any) -> Floats:
        """Averages of the members' ``log_shares``, ``(n_rows, n_classes)``."""
        check_is_fitted(self, "_members")
        return self._scores_of(checked_table(self, X, reset=False))

    def _scores_of(self, X: Any) -> Floats:
        n = n_rows(X)
        if n <= CHUNK:
            return self._score_rows(X)
        found = self._side_by_side(
            lambda start: self._score_rows(stretch(X, start, start + CHUNK)),
            range(0, n, CHUNK),
        )
        return np.concatenate(found)

    def _score_rows(self, X: Any) -> Floats:
        total = np.zeros((n_rows(X), len(self.classes_)))
        X = light(X, self._members)
        for member in self._members:
            total += log_shares(member, X, self.shares_)
        return total / len(self._members)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_members")

    def _outline(self) -> Any:
        """An unfitted member, for what it can read."""
        return getattr(self, "estimator", None)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        outline = self._outline()
        if outline is not None:
            tags.input_tags = get_tags(outline).input_tags
        return tags
