"""The first bias of a head that predicts rare positives."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from evenkeel.errors import EvenkeelWarning, InvalidInput

if TYPE_CHECKING:
    from torch import Tensor

SUM = 1e-6  # from 1, up to rounding in float32


def init_prior_bias_(head: nn.Module | Tensor, prior: Any = 0.01) -> None:
    """Set a head's bias so that it first predicts ``prior``: ``b = log(prior / (1 - prior))``.

    Without it a sigmoid head starts at 0.5 everywhere and the loss of the many negative cells
    swamps the first steps. Leave the bias out of weight decay.

    Parameters
    ----------
    head
        Module with a ``bias`` (``Linear``, ``Conv2d``), or the bias itself; changed in place.
    prior
        Share of positive cells, in (0, 1): a number, or one for each output ``(n_outputs,)``, each of
        which is a yes or no of its own. Shares that sum to 1 look like those of classes, and are
        warned of: a softmax head starts at ``log(prior)``.

    Raises
    ------
    InvalidInput
        A head without bias, or a prior outside (0, 1) or of another length.

    References
    ----------
    Lin, Goyal, Girshick, He and Dollár 2017, "Focal loss for dense object detection", ICCV,
    section 4.1. doi:10.1109/ICCV.2017.324

    Examples
    --------
    >>> head = nn.Linear(8, 3)
    >>> init_prior_bias_(head, 0.01)
    >>> head.bias.sigmoid().detach()
    tensor([0.0100, 0.0100, 0.0100])
    """
    bias = head if isinstance(head, torch.Tensor) else getattr(head, "bias", None)
    if not isinstance(bias, torch.Tensor):
        raise InvalidInput(
            f"head of init_prior_bias_ must have a bias. Got {type(head).__name__} without one. "
            "Build the last layer with bias=True, or pass that layer."
        )
    raw = prior.detach().cpu().numpy() if isinstance(prior, torch.Tensor) else prior
    share = np.asarray(raw, dtype=np.float64)
    if share.shape not in {(), tuple(bias.shape)} or not bool(((share > 0) & (share < 1)).all()):
        raise InvalidInput(
            f"prior of init_prior_bias_ must be a share above 0 and below 1, or {bias.numel()} of "
            f"them. Got {share.tolist()}."
        )
    if share.size > 1 and abs(share.sum() - 1) < SUM:
        warnings.warn(
            "prior of init_prior_bias_ sums to 1, as shares of classes do, and it serves sigmoid heads. "
            "For a softmax head: head.bias.copy_(torch.tensor(prior).log()) under torch.no_grad().",
            EvenkeelWarning,
            stacklevel=2,
        )
    logit = torch.as_tensor(np.log(share) - np.log1p(-share))
    with torch.no_grad():
        bias.copy_(logit.expand(bias.shape))
