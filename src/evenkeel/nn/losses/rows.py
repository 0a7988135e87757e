"""The engine of softmax losses: each row is one cell, with its own gradient.

``w``, the probability that is not on the true class, is summed from its parts, so that it keeps its
digits when it is near 0. Each pass over the logits costs as much as an exponential, so there are few:
a shift or a scale, the largest, the difference, the exponential, the sum; and one back.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from evenkeel.nn.losses.base import refuse_second_derivative, working
from evenkeel.nn.losses.terms import NO_ROOM, FocalTerms

if TYPE_CHECKING:
    from evenkeel.nn.losses.smoothed import How

BITS = math.log2(math.e)


class Rows(torch.autograd.Function):
    """Loss of each row (or their sum): finite for any gamma of at least 0.

    It is that of a sigmoid loss with the logit ``d = log sum_{j != y} e^{z_j} - z_y``.
    """

    @staticmethod
    def forward(
        ctx: Any,
        scores: Tensor,
        codes: Tensor,
        factor: Tensor | None,
        scale: Tensor | float,
        shift: Tensor | None,
        margin: Tensor | None,
        how: How,
    ) -> Tensor:
        """Loss; what the backward pass needs is kept."""
        dim, at = how.dim, codes.unsqueeze(how.dim)
        rows = None if factor is None else factor.unsqueeze(dim)
        z, unit = _adjusted(scores, scale, shift)
        true = z.gather(dim, at)
        if margin is not None:
            by = scale.expand_as(z).gather(dim, at) if isinstance(scale, Tensor) else scale
            true.sub_(margin.unsqueeze(dim) * (by * unit))
            z = z.clone() if z is scores else z
        e, gap, excess = _differences(z, true, at, how, own=z is not scores)
        if unit == 1.0:
            e.mul_(BITS)
        else:
            gap.div_(unit)
            excess = None if excess is None else excess.div_(unit)
        e.exp2_().scatter_(dim, at, 0.0)  # torch's exp2 takes a third of the time of its exp
        others = e.sum(dim, keepdim=True)
        loss, slope = FocalTerms(how.gamma).both(others.log().sub_(gap), others, NO_ROOM)
        if excess is not None:
            loss = loss.add_(excess, alpha=how.smoothing)
        if rows is not None:
            loss, slope = loss.mul_(rows), slope.mul_(rows)
        lead = slope / others.clamp_min_(torch.finfo(e.dtype).tiny)
        by_class = scale if isinstance(scale, Tensor) else None
        ctx.save_for_backward(e, at, lead, slope, rows if how.smoothing else None, by_class)
        ctx.number = 1.0 if isinstance(scale, Tensor) else scale
        ctx.how, ctx.dtype = how, scores.dtype
        return loss.sum() if how.whole else loss.squeeze(dim)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """Gradient with respect to the logits."""
        how: How = ctx.how
        refuse_second_derivative(how.owner)
        e, at, lead, slope, rows, scale = ctx.saved_tensors
        by = grad if how.whole else grad.unsqueeze(how.dim)
        if ctx.number != 1.0:
            by = by * ctx.number
        true = slope * -by
        if how.smoothing:
            rows = by if rows is None else rows * by
            share = how.smoothing / e.shape[how.dim]
            out = torch.addcmul(rows * -share, e, lead * by)
            true = true + rows * (how.smoothing - share)
        else:
            out = e * (lead * by)
        out.scatter_(how.dim, at, true)
        if scale is not None:
            out.mul_(scale)
        return out.to(ctx.dtype), None, None, None, None, None, None


def _adjusted(scores: Tensor, scale: Tensor | float, shift: Tensor | None) -> tuple[Tensor, float]:
    """``scale * scores + shift``, in float32 or wider, and its unit.

    The unit is 1, or ``BITS`` where a pass over the logits turned them into bits on its way. It is
    ``scores`` itself where nothing changes, else a new tensor.
    """
    x = scores.to(working(scores))
    if isinstance(scale, Tensor):
        by = scale * BITS
        return (x * by if shift is None else torch.addcmul(shift * BITS, x, by)), BITS
    if shift is not None:
        return torch.add(shift * BITS, x, alpha=scale * BITS), BITS
    return (x, 1.0) if scale == 1.0 else (x * (scale * BITS), BITS)


def _differences(
    z: Tensor, true: Tensor, at: Tensor, how: How, *, own: bool
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Logits less the largest, that of the true class, and how far it is above their mean."""
    dim = how.dim
    if own:  # the largest of the other classes: then no margin, however large, lets them underflow
        z.scatter_(dim, at, -torch.inf)
    top = z.amax(dim, keepdim=True).clamp_min_(torch.finfo(z.dtype).min)
    e, gap = z.sub_(top) if own else z - top, true - top
    if not how.smoothing:
        return e, gap, None
    mean = e.scatter_(dim, at, gap).mean(dim, keepdim=True)
    return (e.scatter_(dim, at, -torch.inf) if own else e), gap, gap - mean
