"""Which classifier each member of an ensemble is a clone of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evenkeel.ensemble.gradient_boosting import gradient_boosting
from evenkeel.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def cycled(ensemble: Any, default: Callable[[], Any]) -> Sequence[Any]:
    """``estimators`` that members take in turn, else ``estimator``, else the default.

    Raises
    ------
    InvalidInput
        Both are given, or an empty list.
    """
    if ensemble.estimators is None:
        return [default() if ensemble.estimator is None else ensemble.estimator]
    owner = type(ensemble).__name__
    if ensemble.estimator is not None:
        raise InvalidInput(
            f"estimator of {owner} must be None where estimators are given. Got both. Put it on the "
            "list."
        )
    if not isinstance(ensemble.estimators, (list, tuple)) or not ensemble.estimators:
        raise InvalidInput(
            f"estimators of {owner} must be a list of at least one classifier. "
            f"Got {ensemble.estimators!r}."
        )
    return list(ensemble.estimators)


def outline_of(ensemble: Any) -> Any:
    """One unfitted member, for what it can read."""
    if ensemble.estimators and hasattr(ensemble.estimators[0], "fit"):
        return ensemble.estimators[0]
    return gradient_boosting() if ensemble.estimator is None else ensemble.estimator
