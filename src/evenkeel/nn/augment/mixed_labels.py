"""Labels of mixed rows, as F.cross_entropy or any loss of class codes can use them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from torch.nn import functional

from evenkeel.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor


class MixedLabels(NamedTuple):
    """Each row's label is ``share`` of ``first`` and ``1 - share`` of ``second``.

    Parameters
    ----------
    first, second
        Class codes ``(B,)``, of any whole or boolean type.
    share
        From 0 to 1, ``(B,)``.

    Examples
    --------
    >>> import torch
    >>> mixed = MixedLabels(torch.tensor([0]), torch.tensor([2]), torch.tensor([0.75]))
    >>> mixed.soft(3)
    tensor([[0.7500, 0.0000, 0.2500]])
    """

    first: Tensor
    second: Tensor
    share: Tensor

    def soft(self, n_classes: int) -> Tensor:
        """Shares of the classes ``(B, n_classes)``: the target of ``F.cross_entropy``."""
        one = functional.one_hot(self.first.long(), n_classes).to(self.share)
        other = functional.one_hot(self.second.long(), n_classes).to(self.share)
        return one * self.share[:, None] + other * (1.0 - self.share[:, None])

    def loss(self, loss: Callable[..., Tensor], logits: Any) -> Tensor:
        """The mean over the rows of ``share * loss(first) + (1 - share) * loss(second)``.

        Parameters
        ----------
        loss
            Any loss of class codes that gives one number for each row (``reduction="none"``).
        logits
            What the loss takes.

        Raises
        ------
        InvalidInput
            A loss that gives anything else.
        """
        one, other = loss(logits, self.first), loss(logits, self.second)
        if one.shape != self.share.shape:
            raise InvalidInput(
                f"loss of MixedLabels must give one number for each of {len(self.share)} rows. "
                f"Got shape {tuple(one.shape)}. Build it with reduction='none'."
            )
        return (self.share * one + (1.0 - self.share) * other).mean()
