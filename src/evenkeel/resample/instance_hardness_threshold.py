"""Under-sampling by instance hardness."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold, check_cv, cross_val_predict
from sklearn.utils import get_tags

from evenkeel._checks import check_number, listed
from evenkeel._numbers import check_flat, numbers_of
from evenkeel.errors import DoesNotApply, InvalidInput, InvalidType
from evenkeel.resample.base import RowSelector, Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenkeel._numbers import Numbers

    Ints = NDArray[np.integer[Any]]

LEAST_DRAWN = 10_000  # rows that each tree of the default forest draws, where there are as many
SHARE_DRAWN = 0.1  # or this share of the rows, if that is more


class InstanceHardnessThreshold(RowSelector):
    """Keep the rows of larger classes that a classifier finds easy.

    A row is the easier, the higher the probability of its own class by a classifier that was fitted
    without it, in cross-validation. Of each class exactly the wanted number of rows is kept, the
    easiest ones; equal probabilities are settled by row number.

    Parameters
    ----------
    estimator
        Classifier with ``predict_proba``, or a Pipeline that ends in one; it gets ``X`` as it is, so
        what the columns may hold is up to it. Its random states are set from ``random_state``. By
        default a random forest of 100 trees, each grown on a bootstrap sample of 10,000 rows or a
        tenth of the table, whichever is more: on larger samples trees are many times slower, and
        hardly rank the rows otherwise.
    sampling_strategy
        What each class is cut to: ``"auto"``, all but the smallest to the size of the smallest; a
        dict, final counts by label; or any other form of :func:`evenkeel.distribution.wanted`.
    random_state
        Whole number, ``np.random.RandomState`` (not a ``Generator``), or None for a different draw
        each time.
    cv
        Folds, at least 2, drawn at random within each class; or a splitter of scikit-learn, or an
        iterable of its splits, that holds out each row once.
    n_jobs
        Threads of the default forest, or processes that fit ``estimator`` on the folds; -1 for all
        cores, None for one.

    Attributes
    ----------
    sampling_strategy_
        Rows kept of each class that is cut.
    sample_indices_
        Row numbers kept, ``(n_out,)``: class by class, in order.
    estimator_
        The classifier, not fitted.

    References
    ----------
    Smith, Martinez and Giraud-Carrier 2014, "An instance level analysis of data complexity", Machine
    Learning 95, section 3. doi:10.1007/s10994-013-5422-z

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0], [9.0], [8.0], [9.0], [10.0]])
    >>> y = ["no", "no", "no", "no", "no", "yes", "yes", "yes"]
    >>> easy = InstanceHardnessThreshold(estimator=GaussianNB(), cv=3, random_state=0)
    >>> 4 in easy.fit(X, y).plan(X, y).rows
    False
    """

    def __init__(
        self,
        *,
        estimator: Any = None,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
        cv: Any = 5,
        n_jobs: int | None = None,
    ) -> None:
        self.estimator = estimator
        self.sampling_strategy = sampling_strategy
        self.random_state = random_state
        self.cv = cv
        self.n_jobs = n_jobs

    def _check_parameters(self) -> None:
        owner = "InstanceHardnessThreshold"
        if self.estimator is not None and not hasattr(self.estimator, "predict_proba"):
            raise InvalidType(
                f"estimator of {owner} must be a classifier with predict_proba, or None. Got "
                f"{self.estimator!r}. Wrap it in sklearn.calibration.CalibratedClassifierCV."
            )
        if isinstance(self.cv, (int, float, np.number, bool)):
            check_number(self.cv, "cv", owner, low=2, whole=True)
        if self.n_jobs is not None:
            check_number(self.n_jobs, "n_jobs", owner, whole=True)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True  # trees take gaps; any other estimator speaks for itself
        if self.estimator is not None:
            tags.input_tags.sparse = get_tags(self.estimator).input_tags.sparse
        return tags

    def _measures(self) -> bool:
        return self.estimator is None

    def _numbers(self, X: Any) -> Numbers:
        check_flat(X, "InstanceHardnessThreshold")
        numbers = numbers_of(X)
        if numbers.odd:
            raise DoesNotApply(
                "X of InstanceHardnessThreshold must hold numbers only: the default estimator is a "
                f"random forest. Got others in: {listed(numbers.odd)}. Give an estimator that takes "
                "them, such as a Pipeline that encodes them first."
            )
        return numbers

    def _keep(self, task: Task) -> Ints:
        own = self._probability(task)
        kept = []
        for code, rows in enumerate(task.rows_of):
            count = task.wanted.get(code, rows.size)
            easiest = np.argsort(-own[rows], kind="stable")[:count]
            kept.append(np.sort(rows[easiest]))
        return np.concatenate(kept)

    def _probability(self, task: Task) -> NDArray[np.float64]:
        """Probability of its own class for each row, by a classifier that did not see it."""
        X, folds_at_once = task.X, self.n_jobs
        if self.estimator is None:
            assert task.numbers is not None
            X = task.numbers.every(task.n_rows)
            drawn = min(1.0, max(SHARE_DRAWN, LEAST_DRAWN / task.n_rows))
            self.estimator_ = RandomForestClassifier(
                n_jobs=self.n_jobs, max_samples=None if drawn == 1.0 else drawn
            )
            folds_at_once = None  # one level of parallelism: the trees of a forest share their rows
        else:
            self.estimator_ = clone(self.estimator)
        _seed(self.estimator_, task.random)
        with warnings.catch_warnings():  # a class may be missing from a fold: its rows get 0
            warnings.filterwarnings("ignore", message="(The least populated|Number of) class")
            proba = cross_val_predict(
                self.estimator_, X, task.codes, cv=self._folds(task), n_jobs=folds_at_once,
                method="predict_proba",
            )  # fmt: skip
        return np.asarray(proba[np.arange(task.n_rows), task.codes], np.float64)

    def _folds(self, task: Task) -> Any:
        if not isinstance(self.cv, (int, float, np.number)):
            return check_cv(self.cv, task.codes, classifier=True)
        largest = max(rows.size for rows in task.rows_of)
        if self.cv > largest:
            raise InvalidInput(
                f"cv of InstanceHardnessThreshold must be at most {largest:,}, the rows of the "
                f"largest class. Got {self.cv}."
            )
        return StratifiedKFold(int(self.cv), shuffle=True, random_state=task.random)


def _seed(estimator: Any, random: np.random.RandomState) -> None:
    """Set every random state of an estimator and of its parts."""
    names = sorted(estimator.get_params(deep=True))
    states = [name for name in names if name.rpartition("__")[2] == "random_state"]
    estimator.set_params(**{name: int(random.randint(2**31 - 1)) for name in states})
