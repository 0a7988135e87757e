"""Class weights and priors from the rows of each class, with the errors of losses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.reweight import class_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def as_counts(counts: Any, owner: str) -> Floats:
    """Rows of each class as float64 ``(n_classes,)``, each at least 1.

    >>> as_counts([90, 10], "FocalLoss").tolist()
    [90.0, 10.0]
    """
    rows = _array(counts, "counts", owner)
    if rows.ndim != 1 or rows.size < 2:
        raise InvalidInput(
            f"counts of {owner} must hold the rows of each of two or more classes, in the order of "
            f"the class codes. Got shape {rows.shape}."
        )
    return _whole(rows, owner)


def as_pairs(counts: Any, owner: str) -> Floats:
    """Negative and positive rows, ``(2,)`` or for several labels ``(n_labels, 2)``."""
    rows = _array(counts, "counts", owner)
    if rows.ndim not in (1, 2) or rows.shape[-1] != 2:
        raise InvalidInput(
            f"counts of {owner} must be the negative and the positive rows, shape (2,), or such a "
            f"pair for each label, shape (n_labels, 2). Got shape {rows.shape}."
        )
    return _whole(rows, owner)


def weights_of(counts: Any, owner: str, *, scheme: str = "inverse", **how: Any) -> Floats:
    """Class weights with training mean 1, ``(n_classes,)``; ``how`` is ``beta`` or ``cost``."""
    return class_weights(scheme=scheme, counts=as_counts(counts, owner).astype(np.int64), **how)


def log_prior(counts: Any, owner: str) -> Floats:
    """Logarithm of the share of each class, ``(n_classes,)``."""
    rows = as_counts(counts, owner)
    return np.asarray(np.log(rows / rows.sum()))


def given_weights(weight: Any, name: str, owner: str) -> torch.Tensor | None:
    """Weights that a user gave, one for each class: finite and at least 0, some above 0."""
    if weight is None:
        return None
    values = _array(weight, name, owner)
    usable = np.isfinite(values).all() and (values >= 0).all() and bool(values.any())
    if values.ndim != 1 or not values.size or not usable:
        raise InvalidInput(
            f"{name} of {owner} must hold one finite weight of at least 0 for each class, some "
            f"above 0. Got {_shown(values)}."
        )
    return weight if isinstance(weight, torch.Tensor) else torch.tensor(values, dtype=torch.float32)


def as_number(value: Any, *, wait: bool = False) -> Any:
    """A number as Python has it, from numpy's and from a tensor without axes; all else as it is.

    Tensors on a device and compiled calls are waited for only where ``wait`` says so.

    >>> as_number(torch.tensor(0.25)), as_number(np.float32(0.25)), as_number([0.25])
    (0.25, 0.25, [0.25])
    """
    if isinstance(value, torch.Tensor):
        here = value.device.type == "cpu" and not torch.compiler.is_compiling()
        return value.item() if not value.ndim and (here or wait) else value
    alone = isinstance(value, (np.generic, np.ndarray)) and value.ndim == 0
    return value.item() if alone else value


def side_weights(pairs: Floats, ratio: Any) -> tuple[Any, Any]:
    """Weights of positive and negative cells in a ``ratio``, with training mean 1.

    >>> up, down = side_weights(np.array([90.0, 10.0]), 9.0)
    >>> round(up, 6), round(down, 6)
    (5.0, 0.555556)
    """
    negatives, positives = pairs[..., 0], pairs[..., 1]
    down = (negatives + positives) / (negatives + ratio * positives)
    up = down * ratio
    return (float(up), float(down)) if up.ndim == 0 else (up, down)


def sides_of_alpha(alpha: Any, owner: str) -> tuple[Any, Any]:
    """``alpha`` and ``1 - alpha``: numbers, or one for each label."""
    values = _array(alpha, "alpha", owner)
    if values.ndim > 1 or not values.size or not bool(((values > 0) & (values < 1)).all()):
        raise InvalidInput(
            f"alpha of {owner} must be above 0 and below 1: a number, the weight of positive cells, "
            f"or one for each label. Got {alpha!r}."
        )
    return (values, 1.0 - values) if values.ndim else (float(values), 1.0 - float(values))


def as_vector_of(
    values: Any,
    name: str,
    owner: str,
    *,
    low: float = 0.0,
    high: float = np.inf,
    open_low: bool = False,
) -> torch.Tensor:
    """One number for each class, as a function is given it: a tensor stays as it is.

    Tensors on a device and compiled calls are not waited for.

    >>> as_vector_of([0.5, 2.0], "weight", "focal_loss")
    tensor([0.5000, 2.0000])
    """
    given = isinstance(values, torch.Tensor)
    if given and (torch.compiler.is_compiling() or values.device.type != "cpu"):
        return cast("torch.Tensor", values)
    held = _array(values, name, owner)
    inside = np.isfinite(held) & (held > low if open_low else held >= low) & (held <= high)
    if held.ndim != 1 or not inside.all():
        rule = f"above {low:g}" if open_low else f"of at least {low:g}"
        most = "" if high == np.inf else f" and at most {high:g}"
        raise InvalidInput(
            f"{name} of {owner} must hold one finite number {rule}{most} for each class. "
            f"Got {_shown(held)}."
        )
    return cast("torch.Tensor", values) if given else torch.tensor(held, dtype=torch.float32)


def one_source(owner: str, **sources: Any) -> None:
    """Raise when more than one source of weights is given."""
    given = [name for name, value in sources.items() if value is not None]
    if len(given) > 1:
        raise InvalidInput(
            f"{owner} takes one of {' and '.join(sources)}. Got {' and '.join(given)}."
        )


def _array(values: Any, name: str, owner: str) -> Floats:
    raw = values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else values
    try:
        return np.asarray(raw, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidType(
            f"{name} of {owner} must hold numbers, one for each class. Got {values!r}."
        ) from error


def _whole(rows: Floats, owner: str) -> Floats:
    wrong = ~np.isfinite(rows) | (rows < 1) | (rows != np.floor(rows))
    if wrong.any():
        at = np.argwhere(wrong)[0].tolist()
        raise InvalidInput(
            f"counts of {owner} must be whole numbers of at least 1. Got {rows[tuple(at)]:g} for "
            f"class {', '.join(map(str, at))}. A class without training rows cannot be weighed: "
            "leave it out, or give its weight."
        )
    return rows


def _shown(values: Floats) -> str:
    return f"shape {values.shape}" if values.ndim != 1 else str(values[:8].tolist())
