"""Softmax losses: modules and functions of class codes, one to a row."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.nn.losses.base import (
    Loss,
    Reading,
    check_finite,
    check_labels,
    read_logits,
    reduced,
    working,
)
from evenkeel.nn.losses.rows import Rows
from evenkeel.nn.losses.smoothed import How, SmoothedFocal

if TYPE_CHECKING:
    from typing import Unpack

    from evenkeel.nn.losses.base import ReadingOptions


class Recipe(NamedTuple):
    """What a softmax loss does: ``weight[y] * (1 - p_t)^gamma * -log p_t``.

    ``p`` is the softmax of ``scale * (logits - margin[y] at y) + shift``. Vectors have one number
    for each class.
    """

    gamma: float = 0.0
    weight: Tensor | None = None
    scale: Tensor | float = 1.0
    shift: Tensor | None = None
    margin: Tensor | None = None


class SoftmaxLoss(Loss):
    """A loss of class codes; a member answers ``_recipe``."""

    _weight_is = "weight"  # or "counts", where they follow from the rows of the classes

    def __init__(self, **options: Unpack[ReadingOptions]) -> None:
        super().__init__(Reading.of(options, type(self).__name__, class_dim=1))

    @abstractmethod
    def _recipe(self) -> Recipe: ...

    @property
    def prior_parts(self) -> dict[str, Tensor]:
        """What ``prior_correction`` is the sum of, and where it comes from.

        ``"counts"`` or ``"weight"``: logarithm of the weights, from counts or as given; ``"tau"``: the
        shift of the logits, with its sign turned. :func:`evenkeel.nn.check_prior` reads it.
        """
        recipe, parts = self._recipe(), {}
        if recipe.weight is not None:
            parts[self._weight_is] = recipe.weight.log()
        if recipe.shift is not None:
            parts["tau"] = -recipe.shift
        return parts

    @property
    def prior_correction(self) -> Tensor | None:
        """Logarithm of the weights that correct for the prior as much, ``(n_classes,)``, or None."""
        parts = list(self.prior_parts.values())
        return torch.stack(parts).sum(0) if parts else None

    def _loss(
        self, scores: Tensor, target: Tensor, num_items: Tensor | float | None, *, check: bool
    ) -> Tensor:
        owner = type(self).__name__
        return softmax_loss(
            scores, target, self._recipe(), self.reading, num_items, owner=owner, check=check
        )


def softmax_loss(
    scores: Tensor,
    target: Tensor,
    recipe: Recipe,
    reading: Reading,
    num_items: Tensor | float | None = None,
    *,
    owner: str,
    check: bool,
) -> Tensor:
    """Loss of a batch by a recipe.

    Parameters
    ----------
    scores
        Logits ``(B, C)``, ``(B, C, *spatial)`` or, with ``class_dim=-1``, ``(B, T, C)``.
    target
        Class codes, the shape of the logits without the axis of the classes.
    recipe, reading, num_items
        What to compute, how to read, what the mean divides by.
    owner
        Name for messages.
    check
        Look at labels and the loss, which waits for the device.
    """
    dim = _class_axis(scores, target, reading, owner)
    for name in ("weight", "scale", "shift", "margin"):
        _check_length(getattr(recipe, name), name, scores.shape[dim], owner)
    codes, mass, ignored, count = _labels(target, scores.shape[dim], reading, owner, check=check)
    factor = _of_rows(recipe.weight, codes, scores)
    if mass is not None:
        factor = mass.to(working(scores)) if factor is None else factor * mass
    how = How(
        recipe.gamma, reading.label_smoothing, dim, reading.reduction != "none", owner
    )  # fmt: skip
    hidden = None if ignored is None or _sound(scores) else ignored
    if how.smoothing and how.gamma:
        loss = SmoothedFocal.apply(scores, codes, factor, hidden, how)  # type: ignore[no-untyped-call]
    else:
        margin = _of_rows(recipe.margin, codes, scores)
        shift = None if recipe.shift is None else _along(recipe.shift, scores, dim)
        scale = recipe.scale
        if isinstance(scale, Tensor):
            scale = _along(scale, scores, dim)
        parts = (scores, codes, factor, scale, shift, margin, hidden)
        loss = Rows.apply(*parts, how)  # type: ignore[no-untyped-call]
    loss = reduced(loss, count, num_items, reading.reduction, owner)
    if check:
        check_finite(loss, scores, None if ignored is None else ignored.unsqueeze(dim), owner)
    return loss


def softmax_call(
    logits: Any,
    target: Tensor,
    recipe: Recipe,
    num_items: Tensor | float | None,
    options: ReadingOptions,
    owner: str,
) -> Tensor:
    """What the functional forms do: labels are checked on the CPU, devices are not waited for."""
    scores = read_logits(logits, owner)
    check = scores.device.type == "cpu" and not torch.compiler.is_compiling()
    reading = Reading.of(options, owner, class_dim=1)
    return softmax_loss(scores, target, recipe, reading, num_items, owner=owner, check=check)


def _class_axis(scores: Tensor, target: Tensor, reading: Reading, owner: str) -> int:
    check_labels(target, scores, owner)
    if target.is_floating_point() or target.is_complex():
        raise InvalidType(
            f"target of {owner} must hold class codes, whole numbers. Got {target.dtype}. For "
            "mixed labels, mix two losses."
        )
    dim = reading.class_dim
    if not -scores.ndim <= dim < scores.ndim or scores.ndim < 2:
        raise InvalidInput(
            f"logits of {owner} must have an axis of rows and, at class_dim={dim}, one of classes. "
            f"Got shape {tuple(scores.shape)}."
        )
    dim %= scores.ndim
    wanted = scores.shape[:dim] + scores.shape[dim + 1 :]
    if target.shape != wanted:
        tokens = target.shape == scores.shape[:-1]
        hint = " For token classification, set class_dim=-1." if tokens else ""
        raise InvalidInput(
            f"target of {owner} must have shape {tuple(wanted)} for logits of shape "
            f"{tuple(scores.shape)} with class_dim={reading.class_dim}. "
            f"Got {tuple(target.shape)}.{hint}"
        )
    return dim


def _labels(
    target: Tensor, n_classes: int, reading: Reading, owner: str, *, check: bool
) -> tuple[Tensor, Tensor | None, Tensor | None, Tensor | int]:
    """Codes that can be used as indices, 1 for items that count, which do not, and how many do.

    None where all count.
    """
    codes = target.long()
    ignored = reading.ignore_index
    if check and codes.numel() and not 0 <= ignored < n_classes:
        low, high = codes.aminmax()
        if low.item() >= 0 and high.item() < n_classes:
            return codes, None, None, codes.numel()
    skipped = codes == ignored
    inside = (codes >= 0) & (codes < n_classes)
    outside = ~(inside | skipped)
    if check and outside.any().item():
        at = outside.nonzero()
        raise InvalidInput(
            f"target of {owner} must be class codes from 0 to {n_classes - 1}, or "
            f"ignore_index={ignored}. Got {codes[outside][0].item()} at "
            f"{tuple(at[0].tolist())}, {len(at):,} in all."
        )
    counted = ~skipped
    mass = counted.to(torch.float32)
    if not check:
        mass = mass.masked_fill(outside, torch.nan)
    return codes.masked_fill(~(counted & inside), 0), mass, skipped, counted.sum()


def _sound(scores: Tensor) -> bool:
    """Whether no logit is NaN or infinite, as far as it can be known without waiting for a device."""
    eager = scores.device.type == "cpu" and not torch.compiler.is_compiling()
    return eager and math.isfinite(scores.detach().sum().item())


def _check_length(vector: Any, name: str, n_classes: int, owner: str) -> None:
    if isinstance(vector, Tensor) and vector.numel() != n_classes:
        raise InvalidInput(
            f"{name} of {owner} must hold one number for each of the {n_classes} classes of the "
            f"logits. Got {vector.numel()}. Counts, weights and alpha must be of those classes; one "
            "number as alpha is for two."
        )


def _of_rows(vector: Tensor | None, codes: Tensor, scores: Tensor) -> Tensor | None:
    if vector is None:
        return None
    ready = vector.to(device=scores.device, dtype=working(scores))
    return ready.index_select(0, codes.reshape(-1)).view(codes.shape)


def _along(vector: Tensor, scores: Tensor, dim: int) -> Tensor:
    ready = vector.to(device=scores.device, dtype=working(scores))
    return ready.view([-1] + [1] * (scores.ndim - dim - 1))
