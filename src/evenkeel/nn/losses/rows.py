"""The engine of softmax losses: each row is one cell, with its own gradient.

``w``, the probability that is not on the true class, is summed from its parts, so that it keeps its
digits when it is near 0. Logits that share an offset keep theirs: the largest is subtracted before
anything is added or multiplied. Each pass over the logits costs as much as an exponential, so there
are few: the largest, the difference, the unit (with a scale and a shift), the exponential, the sum;
and one back.
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
        ignored: Tensor | None,
        how: How,
    ) -> Tensor:
        """Loss; what the backward pass needs is kept."""
        dim, at = how.dim, codes.unsqueeze(how.dim)
        rows = None if factor is None else factor.unsqueeze(dim)
        x = scores.to(working(scores))
        if ignored is not None:  # such a row may hold anything, NaN too
            x = x.masked_fill(ignored.unsqueeze(dim), 0.0)
        e, gap = _differences(x, at, scale, shift, margin, dim, own=x is not scores)
        excess = None
        if how.smoothing:  # how far the true class is above the mean
            mean = e.scatter_(dim, at, gap * BITS).mean(dim, keepdim=True)
            excess = torch.sub(gap, mean, alpha=1.0 / BITS)
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
        return out.to(ctx.dtype), *[None] * 7


def _differences(
    x: Tensor,
    at: Tensor,
    scale: Tensor | float,
    shift: Tensor | None,
    margin: Tensor | None,
    dim: int,
    *,
    own: bool,
) -> tuple[Tensor, Tensor]:
    """``scale * x + shift`` less its largest, in bits, and the same of the true class, in nats.

    The largest may be known roughly: what counts is that it goes before ``shift`` comes, and that it
    is of the other classes where a margin or a shift could let them underflow beside the true one.
    """
    if isinstance(scale, Tensor):
        near = x * scale if shift is None else torch.addcmul(shift, x, scale)
    elif shift is not None:
        near = x + shift / scale
    else:
        near = x if margin is None else x.clone()
    if near is not x:
        near.scatter_(dim, at, -torch.inf)
    top = near.amax(dim, keepdim=True).clamp_min_(torch.finfo(x.dtype).min)
    if isinstance(scale, Tensor):
        z = torch.addcmul(top.neg_(), x, scale, out=near)
    elif near is not x:
        z = torch.sub(x, top, out=near)
    else:
        z = x.sub_(top) if own else x - top
    gap, unit = z.gather(dim, at), 1.0
    if not isinstance(scale, Tensor) and scale != 1.0:
        gap, unit = gap.mul_(scale), scale
    if shift is not None:
        gap.add_(shift.expand_as(z).gather(dim, at))
    if margin is not None:
        by = scale.expand_as(z).gather(dim, at) if isinstance(scale, Tensor) else scale
        gap.sub_(margin.unsqueeze(dim) * by)
    if shift is None:
        return z.mul_(unit * BITS), gap
    return torch.add(shift * BITS, z, alpha=unit * BITS, out=z), gap
