"""A random forest whose trees see the classes in equal numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.class_weight import compute_class_weight

from evenkeel._checks import check_number
from evenkeel.ensemble.base import Ensemble
from evenkeel.ensemble.members import Member, Training, fit_member
from evenkeel.ensemble.out_of_bag import check_leaves_rows_out

if TYPE_CHECKING:
    from collections.abc import Callable


class BalancedRandomForestClassifier(Ensemble):
    """A random forest whose trees are fitted on equal numbers of rows of each class.

    Each tree draws as many rows of every class as the smallest one has, with replacement; a row
    drawn twice is one row of weight two. The trees' log-odds are averaged at the prevalence of the
    table. Gaps are read by the trees.

    Parameters
    ----------
    n_estimators
        Trees, at least 1.
    criterion, max_depth, min_samples_split, min_samples_leaf, min_weight_fraction_leaf, max_features
        Of each tree: :class:`sklearn.tree.DecisionTreeClassifier`.
    max_leaf_nodes, min_impurity_decrease, ccp_alpha, monotonic_cst
        Likewise.
    bootstrap
        Draw the rows of every class with replacement; ``replacement`` does so for the classes that
        ``sampling_strategy`` names.
    oob_score
        Whether ``oob_score_`` and ``oob_decision_function_`` are made; a function of
        ``(y_true, y_pred)`` scores in place of accuracy.
    sampling_strategy
        Rows of each class in a tree, a form of :func:`evenkeel.distribution.wanted`; ``"all"``: as
        many of each as the smallest class has.
    replacement
        See ``bootstrap``.
    n_jobs
        Threads; None is one.
    random_state
        Whole number, ``RandomState`` or None.
    verbose
        Of joblib.
    warm_start
        Keep the trees of the last fit and add up to ``n_estimators``.
    class_weight
        Weights on top of the draw: by label, ``"balanced"`` or ``"balanced_subsample"``. They are
        taken for costs: unlike the draw, they move the probabilities.
    max_samples
        Share in (0, 1], or number, of the rows that a tree would get.

    Attributes
    ----------
    estimators_, classes_, shares_, drawn_shares_, estimators_samples_
        Trees of class codes; labels; share of each class in the table and in each tree's rows; row
        numbers of each tree.
    feature_importances_
        Mean of the trees', ``(n_columns,)``.
    oob_score_, oob_decision_function_
        With ``oob_score``: NaN for rows that no tree left out.

    References
    ----------
    Chen, Liaw, Breiman (2004), "Using random forest to learn imbalanced data", report 666,
    Department of Statistics, UC Berkeley, section 2.2.

    Examples
    --------
    >>> X, y = np.arange(200.0).reshape(-1, 1), np.repeat([0, 1], [180, 20])
    >>> forest = BalancedRandomForestClassifier(n_estimators=20, random_state=0).fit(X, y)
    >>> float(forest.predict_proba(X)[:, 1].mean().round(1))
    0.1
    """

    def __init__(
        self,
        n_estimators: int = 100,
        *,
        criterion: str = "gini",
        max_depth: int | None = None,
        min_samples_split: float = 2,
        min_samples_leaf: float = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: Any = "sqrt",
        max_leaf_nodes: int | None = None,
        min_impurity_decrease: float = 0.0,
        bootstrap: bool = False,
        oob_score: bool | Callable[[Any, Any], float] = False,
        sampling_strategy: Any = "all",
        replacement: bool = True,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
        warm_start: bool = False,
        class_weight: Any = None,
        ccp_alpha: float = 0.0,
        max_samples: float | None = None,
        monotonic_cst: Any = None,
    ) -> None:
        self.n_estimators = n_estimators
        self.criterion = criterion
        self.max_depth = max_depth
        self.min_samples_split = min_samples_split
        self.min_samples_leaf = min_samples_leaf
        self.min_weight_fraction_leaf = min_weight_fraction_leaf
        self.max_features = max_features
        self.max_leaf_nodes = max_leaf_nodes
        self.min_impurity_decrease = min_impurity_decrease
        self.bootstrap = bootstrap
        self.oob_score = oob_score
        self.sampling_strategy = sampling_strategy
        self.replacement = replacement
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose
        self.warm_start = warm_start
        self.class_weight = class_weight
        self.ccp_alpha = ccp_alpha
        self.max_samples = max_samples
        self.monotonic_cst = monotonic_cst

    @property
    def feature_importances_(self) -> Any:
        """Mean importance of each column over the trees, ``(n_columns,)``."""
        return np.mean([tree.feature_importances_ for tree in self.estimators_], axis=0)

    def apply(self, X: Any) -> Any:
        """The leaf of each row in each tree, ``(n_rows, n_trees)``."""
        return np.stack([tree.apply(X) for tree in self.estimators_], axis=1)

    def _outline(self) -> Any:
        return DecisionTreeClassifier()

    def _templates(self, training: Training) -> list[Any]:
        names = set(DecisionTreeClassifier().get_params()) - {"class_weight", "random_state"}
        own = self.get_params(deep=False)
        return [DecisionTreeClassifier(**{name: own[name] for name in names if name in own})]

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if self.max_samples is not None:
            whole = isinstance(self.max_samples, int)
            check_number(
                self.max_samples, "max_samples", type(self).__name__, low=1 if whole else 0.0,
                open_low=not whole, high=np.inf if whole else 1.0, whole=whole,
            )  # fmt: skip
        check_leaves_rows_out(self, self.bootstrap or self.replacement)

    def _sizes(self, training: Training) -> tuple[list[int], list[bool]]:
        sizes, replaced = super()._sizes(training)
        most = self.max_samples
        if most is not None:
            share = min(1.0, most / sum(sizes)) if isinstance(most, int) else float(most)
            sizes = [max(1, round(size * share)) for size in sizes]
        return sizes, replaced

    def _fit_one(self, training: Training, template: Any, number: int) -> Member:
        random = np.random.default_rng([training.seed, number, 1])
        rows = self._drawn.rows(number)
        factors = None
        if self.class_weight is not None:
            asked = self.class_weight
            y = training.classes[training.codes if asked == "balanced" else training.codes[rows]]
            asked = "balanced" if asked == "balanced_subsample" else asked
            factors = compute_class_weight(asked, classes=training.classes, y=y)
        return fit_member(template, training, rows, random, class_weight=factors)
