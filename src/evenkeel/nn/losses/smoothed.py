"""Softmax focal loss of smoothed labels."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from evenkeel.nn.losses.base import refuse_second_derivative, working


class How(NamedTuple):
    """All that is not a tensor in a call of a softmax loss."""

    gamma: float
    smoothing: float
    dim: int
    whole: bool
    owner: str


class SmoothedFocal(torch.autograd.Function):
    """``sum_j q_j (1 - p_j)^gamma * -log p_j`` of each row, with ``q`` the smoothed label.

    The mixture of the losses of all labels, weighed by the true class afterwards: its minimum puts
    the true class first whatever the weights. (A factor ``(1 - p_t)^gamma`` before the smoothed
    cross-entropy would undo the smoothing, as it vanishes at ``p_t = 1``.)
    """

    @staticmethod
    def forward(
        ctx: Any,
        scores: Tensor,
        codes: Tensor,
        factor: Tensor | None,
        ignored: Tensor | None,
        how: How,
    ) -> Tensor:
        """Loss; what the backward pass needs is kept."""
        gamma, smoothing, dim = how.gamma, how.smoothing, how.dim
        wide = scores.to(working(scores))
        if ignored is not None:  # such a row may hold anything, NaN too
            wide = wide.masked_fill(ignored.unsqueeze(dim), 0.0)
        nll = torch.log_softmax(wide, dim).neg_()
        p = nll.neg().exp_()
        at = codes.unsqueeze(dim)
        # The true class is the one whose 1 - p may lose its digits while it matters.
        wrong_t = p.scatter(dim, at, 0.0).sum(dim, keepdim=True)
        wrong = (1.0 - p).clamp_min_(0.0).scatter_(dim, at, wrong_t)
        share = smoothing / p.shape[dim]
        label = torch.full_like(p, share).scatter_(dim, at, 1.0 - smoothing + share)
        power = wrong.pow(gamma)
        ratio = torch.where(wrong > 1e-7, nll / wrong.clamp_min(1e-30), 1.0)
        pull = label * power * (1.0 + gamma * p * ratio)
        loss = (label * power * nll).sum(dim, keepdim=True)
        grad = p * pull.sum(dim, keepdim=True) - pull
        if factor is not None:
            rows = factor.unsqueeze(dim)
            loss, grad = loss * rows, grad * rows
        ctx.save_for_backward(grad)
        ctx.how, ctx.dtype = how, scores.dtype
        return loss.sum() if how.whole else loss.squeeze(dim)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """Gradient with respect to the logits."""
        refuse_second_derivative(ctx.how.owner)
        (held,) = ctx.saved_tensors
        rows = grad if ctx.how.whole else grad.unsqueeze(ctx.how.dim)
        return (held * rows).to(ctx.dtype), *[None] * 4
