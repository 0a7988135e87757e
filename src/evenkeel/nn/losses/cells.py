"""The engine of sigmoid losses: each cell on its own, with its own gradient.

``u`` is the logit with its sign turned for positive cells: large where the model is wrong. Loss and
slope are made together, in pieces that stay in the processor's cache; between forward and backward
one tensor of the size of the logits is kept (half inputs: logits and labels themselves).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from evenkeel.errors import InvalidInput
from evenkeel.nn.losses.base import refuse_second_derivative, working
from evenkeel.nn.losses.terms import NO_ROOM, Room

PIECE = 1 << 17  # cells: the scratch arrays of this many float32 fit a core's cache
ROOM = 6


class Terms(Protocol):
    """What a sigmoid loss computes for a cell."""

    def both(self, u: Tensor, positive: Tensor, room: Room) -> tuple[Tensor, Tensor]:
        """Loss and ``d loss / d u``; ``positive`` is 1 for positive cells, 0 for negative ones.

        ``room`` holds four scratch tensors that the results may lie in, or None.
        """
        ...


class Task(NamedTuple):
    """All that is not a tensor in a call of :class:`Cells`."""

    terms: Terms
    smoothing: float
    ignored: int
    whole: bool
    check: bool
    owner: str


class Cells(torch.autograd.Function):
    """Loss of every cell (or the sum) and how many cells count."""

    @staticmethod
    def forward(
        ctx: Any, scores: Tensor, labels: Tensor, up: Any, down: Any, task: Task
    ) -> tuple[Tensor, Tensor | int]:
        """Loss; what the backward pass needs is kept."""
        ctx.task, ctx.sides, ctx.dtype = task, (up, down), scores.dtype
        # In half precision the slope would be rounded before it is multiplied by a loss scale.
        ctx.keep = scores.dtype == working(scores)
        slope = ctx.needs_input_grad[0] and ctx.keep
        loss, held, count = _sweep(scores, labels, up, down, task, slope=slope)
        if slope:
            ctx.save_for_backward(held)
        else:
            ctx.save_for_backward(scores, labels)
        if isinstance(count, Tensor):
            ctx.mark_non_differentiable(count)
        return loss, count

    @staticmethod
    def backward(ctx: Any, grad: Tensor, _count: Tensor | None) -> tuple[Tensor | None, ...]:
        """Gradient with respect to the logits."""
        refuse_second_derivative(ctx.task.owner)
        if ctx.keep:
            (held,) = ctx.saved_tensors
        else:
            scores, labels = ctx.saved_tensors
            (up, down), task = ctx.sides, ctx.task._replace(check=False)
            _, held, _ = _sweep(scores, labels, up, down, task, slope=True)
        return held.mul(grad).to(ctx.dtype), None, None, None, None


def _sweep(
    scores: Tensor, labels: Tensor, up: Any, down: Any, task: Task, *, slope: bool
) -> tuple[Tensor, Tensor, Tensor | int]:
    """Loss (the sum, or every cell), slope with respect to the logits, and cells that count."""
    wide = working(scores)
    if scores.device.type != "cpu" or torch.compiler.is_compiling():
        read = _read(labels, wide, task)
        loss, rise, factor = _piece(scores, read, up, down, task, (None,) * ROOM, None)
        loss = loss if factor is None else loss * factor
        return loss.sum() if task.whole else loss, rise, torch.as_tensor(read.counted).sum()
    held = scores.new_empty(scores.shape if slope else (0,), dtype=wide)
    losses = scores.new_empty((0,) if task.whole else scores.shape, dtype=wide)
    step = max(1, PIECE // max(1, math.prod(scores.shape[1:])))
    scratch = scores.new_empty(
        (ROOM, min(step, len(scores)), *scores.shape[1:]), dtype=wide
    ).unbind()
    total, count = 0.0, 0
    for start in range(0, len(scores), step):
        x, part = scores[start : start + step], slice(start, start + step)
        room = scratch if len(x) == step else tuple(one[: len(x)] for one in scratch)
        read = _read(labels[part], wide, task, room[0])
        out = held[part] if slope else room[2]
        loss, _, factor = _piece(x, read, up, down, task, room, out)
        if task.whole:
            flat = loss.reshape(-1)
            total += (flat.sum() if factor is None else flat.dot(factor.reshape(-1))).item()
        else:
            losses[part] = loss if factor is None else loss * factor
        count += loss.numel() if read.counted is None else int(read.counted.sum().item())
    return torch.tensor(total, dtype=wide) if task.whole else losses, held, count


class Read(NamedTuple):
    """Labels as 0 and 1, signs, which cells count (None: all), and which hold another label."""

    y: Tensor
    sign: Tensor
    counted: Tensor | None
    outside: Tensor | None


def _piece(
    scores: Tensor, read: Read, up: Any, down: Any, task: Task, room: Room, out: Tensor | None
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Loss, slope (in ``out``), and by what the loss is still to be multiplied (None: nothing)."""
    y, sign, counted, outside = read
    u = torch.mul(scores, sign, out=room[1])
    if counted is not None:  # an ignored cell may hold anything, NaN too
        u = u.masked_fill_(~counted, 0.0)
    loss, rise = task.terms.both(u, y, room[2:6])
    if task.smoothing:
        other, other_rise = task.terms.both(-u, 1.0 - y, NO_ROOM)
        half = task.smoothing / 2
        loss = loss.mul(1.0 - half).add_(other, alpha=half)
        rise = rise.mul(1.0 - half).sub_(other_rise, alpha=half)
    factor = None
    if isinstance(up, Tensor):
        factor = torch.rsub(y, 1.0).mul_(down).addcmul_(y, up)
    elif up != 1.0 or down != 1.0:
        base = torch.full((), down, dtype=y.dtype, device=y.device)
        factor = torch.add(base, y, alpha=up - down, out=room[1])
        if down > 16.0 * up:  # else up would lose its digits in down + (up - down)
            factor = torch.rsub(y, 1.0).mul_(down).add_(y, alpha=up)
    if counted is not None:
        factor = counted.to(y.dtype) if factor is None else factor.mul_(counted)
        if outside is not None:
            factor = factor.masked_fill_(outside, torch.nan)
    if factor is None:
        return loss, torch.mul(rise, sign, out=out), None
    return loss, torch.mul(rise.mul_(sign), factor, out=out), factor


def _read(labels: Tensor, dtype: torch.dtype, task: Task, out: Tensor | None = None) -> Read:
    y = labels.to(dtype)
    eager = y.device.type == "cpu" and not torch.compiler.is_compiling()
    if eager and y.numel() and task.ignored not in (0, 1):
        sign = torch.sub(torch.ones((), dtype=dtype), y, alpha=2.0, out=out)
        low, high = y.aminmax()
        # Between -1 and 1, signs are -1 or 1 exactly where their squares sum to how many there are.
        flat = sign.view(-1)
        if low.item() >= 0 and high.item() <= 1 and flat.dot(flat).item() == y.numel():
            return Read(y, sign, None, None)
    counted = y != task.ignored
    outside = counted & (y != 0) & (y != 1)
    if task.check and outside.any().item():
        raise InvalidInput(
            f"target of {task.owner} must be 0 or 1, or ignore_index={task.ignored}. Got "
            f"{labels[outside][0].item()}. For mixed labels, mix two losses."
        )
    y = y.masked_fill(~counted | outside, 0.0)
    return Read(y, y.mul(-2.0).add_(1.0), counted, None if task.check else outside)
