"""Softmax losses: cross-entropy of adjusted logits, focused and weighed, in one function.

Everything follows from ``w``, the probability that is not on the true class. It is summed from its
parts, so that ``1 - p_t`` keeps its digits when ``p_t`` is near 1.
"""

from __future__ import annotations

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
    refuse_second_derivative,
    working,
)
from evenkeel.nn.losses.smoothed import SmoothedFocal

if TYPE_CHECKING:
    from typing import Unpack

    from evenkeel.nn.losses.base import ReadingOptions

TINY = 1e-30


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

    def __init__(self, **options: Unpack[ReadingOptions]) -> None:
        super().__init__(_reading(options))

    @abstractmethod
    def _recipe(self) -> Recipe: ...

    @property
    def prior_correction(self) -> Tensor | None:
        """Logarithm of the weights that correct for the prior as much, ``(n_classes,)``, or None.

        ``log weight - shift``: what :func:`evenkeel.nn.check_prior` reads.
        """
        recipe = self._recipe()
        log_weight = None if recipe.weight is None else recipe.weight.log()
        if recipe.shift is None:
            return log_weight
        return -recipe.shift if log_weight is None else log_weight - recipe.shift

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
    codes, counted, count = _labels(target, scores.shape[dim], reading, owner, check=check)
    factor = _of_rows(recipe.weight, codes, scores)
    if counted is not None:
        factor = counted.to(working(scores)) if factor is None else factor * counted
    whole = reading.reduction != "none"
    if reading.label_smoothing and recipe.gamma:
        focus = (recipe.gamma, reading.label_smoothing, dim, whole)
        loss = SmoothedFocal.apply(scores, codes, factor, focus)  # type: ignore[no-untyped-call]
    else:
        margin = _of_rows(recipe.margin, codes, scores)
        scale = recipe.scale
        if isinstance(scale, Tensor):
            scale = _along(scale, scores, dim)
        shift = None if recipe.shift is None else _along(recipe.shift, scores, dim)
        how = (recipe.gamma, reading.label_smoothing, dim, whole)
        parts = (scores, codes, factor, scale, shift, margin)
        loss = SoftmaxRows.apply(*parts, how)  # type: ignore[no-untyped-call]
    loss = reduced(loss, count, num_items, reading.reduction)
    if check:
        check_finite(loss, scores, owner)
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
    reading = _reading(options).check(owner)
    return softmax_loss(scores, target, recipe, reading, num_items, owner=owner, check=check)


class SoftmaxRows(torch.autograd.Function):
    """Loss of each row (or their sum) with its own gradient: finite for any gamma of at least 0."""

    @staticmethod
    def forward(
        ctx: Any,
        scores: Tensor,
        codes: Tensor,
        factor: Tensor | None,
        scale: Tensor | float,
        shift: Tensor | None,
        margin: Tensor | None,
        how: tuple[float, float, int, bool],
    ) -> Tensor:
        """Loss; what the backward pass needs is kept."""
        gamma, smoothing, dim, whole = how
        at = codes.unsqueeze(dim)
        z = _adjusted(scores, at, scale, shift, margin, dim)
        p = torch.softmax(z, dim)
        # One softmax serves loss and gradient; log p keeps its digits at the likeliest class.
        top, best = z.amax(dim, keepdim=True), p.amax(dim, keepdim=True).log_()
        right = z.gather(dim, at).sub_(top).add_(best)
        spread = (z - top).mean(dim, keepdim=True).add_(best) if smoothing else None
        p.scatter_(dim, at, 0.0)  # without the true class
        wrong = p.sum(dim, keepdim=True)
        loss = torch.where(wrong < 0.5, torch.log1p(-wrong), right).neg_()
        slope = None
        if gamma:
            ratio = loss / wrong.clamp_min(TINY)
            power = wrong.pow(gamma)
            slope = torch.rsub(wrong, 1.0).mul_(ratio).mul_(gamma).add_(1.0).mul_(power)
            loss = loss.mul_(power)
        elif spread is not None:
            loss = loss.mul_(1.0 - smoothing).sub_(spread, alpha=smoothing)
        if factor is not None:
            rows = factor.unsqueeze(dim)
            loss = loss.mul_(rows)
            slope = rows if slope is None else slope.mul_(rows)
        ctx.save_for_backward(p, wrong, at, slope, scale if isinstance(scale, Tensor) else None)
        ctx.number = 1.0 if isinstance(scale, Tensor) else scale
        ctx.how, ctx.dtype = (smoothing, dim, whole), scores.dtype
        return loss.sum() if whole else loss.squeeze(dim)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """Gradient with respect to the logits."""
        refuse_second_derivative()
        p, wrong, at, slope, scale = ctx.saved_tensors
        smoothing, dim, whole = ctx.how
        rows = (grad if whole else grad.unsqueeze(dim)) * ctx.number
        if slope is not None:
            rows = slope * rows
        share = smoothing / p.shape[dim]
        out = (p - share).mul_(rows) if smoothing else p * rows
        out.scatter_(dim, at, (smoothing - share - wrong) * rows)
        if scale is not None:
            out = out.mul_(scale)
        return out.to(ctx.dtype), None, None, None, None, None, None


def _reading(options: ReadingOptions) -> Reading:
    given: dict[str, Any] = {"class_dim": 1, **options}
    return Reading(**given)


def _adjusted(
    scores: Tensor,
    at: Tensor,
    scale: Tensor | float,
    shift: Tensor | None,
    margin: Tensor | None,
    dim: int,
) -> Tensor:
    """``scale * (scores - margin at the true class) + shift``, in float32 or wider."""
    x = scores.to(working(scores))
    if margin is not None:
        x = x.scatter(dim, at, x.gather(dim, at) - margin.unsqueeze(dim))
    if isinstance(scale, Tensor):
        return x * scale if shift is None else torch.addcmul(shift, x, scale)
    if shift is not None:
        return torch.add(shift, x, alpha=scale)
    return x if scale == 1.0 else x * scale


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
) -> tuple[Tensor, Tensor | None, Tensor | int]:
    """Codes that can be used as indices, which items count (None: all), and how many."""
    codes = target.long()
    ignored = reading.ignore_index
    if check and codes.numel() and not 0 <= ignored < n_classes:
        low, high = codes.aminmax()
        if low.item() >= 0 and high.item() < n_classes:
            return codes, None, codes.numel()
    counted = codes != ignored
    inside = (codes >= 0) & (codes < n_classes)
    outside = counted & ~inside
    if check and outside.any().item():
        at = outside.nonzero()
        raise InvalidInput(
            f"target of {owner} must be class codes from 0 to {n_classes - 1}, or "
            f"ignore_index={ignored}. Got {codes[outside][0].item()} at "
            f"{tuple(at[0].tolist())}, {len(at):,} in all."
        )
    mass = counted.to(torch.float32)
    if not check:
        mass = mass.masked_fill(outside, torch.nan)
    return codes.masked_fill(~(counted & inside), 0), mass, counted.sum()


def _check_length(vector: Any, name: str, n_classes: int, owner: str) -> None:
    if isinstance(vector, Tensor) and vector.numel() != n_classes:
        raise InvalidInput(
            f"{name} of {owner} must hold one number for each of the {n_classes} classes of the "
            f"logits. Got {vector.numel()}."
        )


def _of_rows(vector: Tensor | None, codes: Tensor, scores: Tensor) -> Tensor | None:
    if vector is None:
        return None
    ready = vector.to(device=scores.device, dtype=working(scores))
    return ready.index_select(0, codes.reshape(-1)).view(codes.shape)


def _along(vector: Tensor, scores: Tensor, dim: int) -> Tensor:
    ready = vector.to(device=scores.device, dtype=working(scores))
    return ready.view([-1] + [1] * (scores.ndim - dim - 1))
