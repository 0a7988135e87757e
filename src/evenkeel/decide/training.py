"""Training rows of a decided classifier: checked, dealt into folds, fitted on and settled on."""

from __future__ import annotations

import warnings
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
import sklearn
from sklearn.utils import assert_all_finite, check_consistent_length
from sklearn.utils.metadata_routing import process_routing
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from evenkeel._checks import check_number
from evenkeel.audit import copies_of
from evenkeel.decide.choose import as_policy
from evenkeel.decide.policy import Policy
from evenkeel.decide.settle import settle
from evenkeel.distribution import encode
from evenkeel.errors import EvenkeelWarning, InvalidInput, InvalidType
from evenkeel.split import make_folds
from evenkeel.wrappers import fit_weighted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from evenkeel.decide.settle import Settled
    from evenkeel.scores import Scores
    from evenkeel.split import Folds

    Ints = NDArray[np.int64]


def check_training(X: Any, y: Any) -> tuple[Any, tuple[Any, ...], Ints]:
    """A table with rows, the sorted classes of its target, and the class of each row as a code.

    Raises
    ------
    InvalidInput
        Labels missing or of another length, one class only, or a class of two with a single row.
    """
    if not hasattr(X, "__len__") and not hasattr(X, "shape"):
        X = np.asarray(X)
    if y is None:
        raise InvalidInput("DecidedClassifier requires y to be passed, but the target y is None.")
    if isinstance(y, np.ndarray):
        y = column_or_1d(y, warn=True)
        if y.dtype.kind == "f":
            assert_all_finite(y, input_name="y")
    shape: tuple[int, ...] = tuple(getattr(X, "shape", ()))
    if len(shape) == 2 and shape[1] == 0:
        raise InvalidInput(
            f"X of DecidedClassifier has 0 feature(s) (shape={shape}) while a minimum of 1 is "
            "required."
        )
    labels, codes = encode(y)
    check_consistent_length(X, codes)
    check_classification_targets(codes)
    counts = np.bincount(codes)
    if len(labels) < 2:
        raise InvalidInput(
            "y of DecidedClassifier must hold at least two classes. Got one class: "
            f"{labels[0]!r} in {codes.size:,} rows."
        )
    if len(labels) == 2 and counts.min() < 2:
        raise InvalidInput(
            "y of DecidedClassifier must hold at least two rows of each class, one to learn from and "
            f"one to decide on. Got one of class {labels[int(counts.argmin())]!r}."
        )
    return X, labels, codes


def as_labels(labels: tuple[Any, ...]) -> NDArray[Any]:
    """Labels as an array that keeps each as it is: numbers beside words stay numbers."""
    plain = np.asarray(labels)
    if plain.dtype.kind in "SU" and not all(isinstance(label, str) for label in labels):
        plain = np.empty(len(labels), dtype=object)
        plain[:] = labels
    return plain


def policy_of(given: Any, n_classes: int) -> Policy:
    """The policy given, or the usual one, if it can decide between this many classes.

    Raises
    ------
    InvalidInput, InvalidType
        Another number of classes, or no policy.
    """
    general = Policy.scenario("general", n_classes=n_classes)
    policy = general if given is None else as_policy(given, "DecidedClassifier")
    policy.check(n_classes)
    return policy


def folds_of(
    cv: Any, X: Any, codes: Ints, *, groups: Any, routed: Mapping[str, Any], seed: int
) -> Folds | list[tuple[Any, Any]]:
    """Folds of our own for a number, else what a splitter or a list of pairs says.

    Raises
    ------
    InvalidInput, InvalidType
        More folds than rows, or no splits at all.
    """
    if hasattr(cv, "split") and not isinstance(cv, str):
        return list(cv.split(X, codes, **routed))
    if cv is not None and not isinstance(cv, Integral):
        try:
            return [(train, valid) for train, valid in cv]
        except (TypeError, ValueError) as error:
            raise InvalidType(
                "cv of DecidedClassifier must be a number of folds, a splitter of scikit-learn, or "
                f"pairs of row numbers (train, test). Got {cv!r}."
            ) from error
    if cv is not None:
        check_number(cv, "cv", "DecidedClassifier", low=2, high=codes.size, whole=True)
    together = None
    if groups is not None:
        together = encode(groups)[1]
        check_consistent_length(codes, together)
    return make_folds(
        codes,
        groups=together,
        duplicates=copies_of(X),
        n_folds=None if cv is None else int(cv),
        seed=seed,
    )


def routed(
    owner: Any, sample_weight: Any, groups: Any, fit_params: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What goes to the estimator's ``fit`` and to the splitter's ``split``."""
    weight = None if sample_weight is None else np.asarray(sample_weight)
    given = {"sample_weight": weight, "groups": groups, **fit_params}
    given = {name: values for name, values in given.items() if values is not None}
    if not sklearn.get_config()["enable_metadata_routing"]:
        split = {"groups": groups} if groups is not None else {}
        return {name: values for name, values in given.items() if name != "groups"}, split
    found = process_routing(owner, "fit", **given)
    return dict(found.estimator.fit), dict(found.splitter.split) if "splitter" in found else {}


def fit_given(estimator: Any, X: Any, y: Any, **given: Any) -> Any:
    """Fit with everything given; row weights find the last step of a Pipeline by themselves."""
    weight = given.pop("sample_weight", None)
    routing = sklearn.get_config()["enable_metadata_routing"]
    if weight is None or routing:
        more = {} if weight is None else {"sample_weight": weight}
        return estimator.fit(X, y, **given, **more)
    if not given:
        return fit_weighted(estimator, X, y, weight)
    return estimator.fit(X, y, sample_weight=weight, **given)


def settle_on(
    model: Any, policy: Policy, scores: Scores, columns: Mapping[str, Any] | None, times: Any
) -> Settled:
    """Settle with the model's own settings; columns and times are cut to the rows that were scored."""
    if scores.rows is not None:
        cut = {} if columns is None else columns
        columns = {name: np.asarray(values)[scores.rows] for name, values in cut.items()} or None
        times = None if times is None else np.asarray(times)[scores.rows]
    settled = settle(
        scores,
        policy,
        columns=columns,
        times=times,
        prevalence=model.prevalence,
        method=model.calibration,
        seed=model.random_state,
    )
    if not settled.decision.reached:
        warnings.warn(
            f"{settled.decision.notes[0]}. The nearest was taken.", EvenkeelWarning, stacklevel=3
        )
    return settled
