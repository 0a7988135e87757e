"""A small network for tables: what :class:`evenkeel.nn.TorchClassifier` trains when given none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from evenkeel._checks import check_choice, check_number

if TYPE_CHECKING:
    from collections.abc import Sequence

FARTHEST = 10.0  # in standard deviations: a single huge value must not drown a row
HEADS = ("linear", "cosine")


class TableMLP(nn.Module):
    """Layers of ``Linear, ReLU, Dropout`` and one logit for each class.

    Columns are to be of mean 0 and standard deviation 1. Each value first goes through
    ``x / sqrt(1 + (x / 10)^2)``, which leaves ordinary values as they are and bends far ones to
    at most 10.

    Parameters
    ----------
    n_features, n_classes
        Columns, and logits, at least 1.
    hidden
        Width of each layer; empty for logistic regression.
    dropout
        Share of the hidden values that a training step leaves out, in [0, 1).
    head
        ``"linear"``, or ``"cosine"``: the logits are cosines between features and class vectors,
        as :class:`evenkeel.nn.LDAMLoss` wants them.

    Raises
    ------
    InvalidInput, InvalidType
        Numbers out of range, or another head.

    References
    ----------
    The bend: Holzmüller, Grinsztajn and Steinwart 2024, "Better by default", NeurIPS, section 3.
    arXiv:2407.04491

    Examples
    --------
    >>> TableMLP(4, 3)(torch.zeros(2, 4)).shape
    torch.Size([2, 3])
    """

    def __init__(
        self,
        n_features: int,
        n_classes: int,
        *,
        hidden: Sequence[int] = (128, 64),
        dropout: float = 0.1,
        head: str = "linear",
    ) -> None:
        super().__init__()
        owner = "TableMLP"
        check_choice(head, HEADS, "head", owner)
        check_number(dropout, "dropout", owner, low=0.0, high=1.0, open_high=True)
        layers: list[nn.Module] = []
        width = n_features
        for size in hidden:
            check_number(size, "hidden", owner, low=1, whole=True)
            layers += [nn.Linear(width, int(size)), nn.ReLU(), nn.Dropout(dropout)]
            width = int(size)
        self.body = nn.Sequential(*layers)
        self.cosine = head == "cosine"
        self.head = nn.Linear(width, n_classes, bias=not self.cosine)

    def forward(self, x: Tensor) -> Tensor:
        """Logits ``(B, C)`` of rows ``(B, F)``."""
        features = self.body(x * torch.rsqrt(1.0 + (x / FARTHEST) ** 2))  # (B, hidden[-1])
        if not self.cosine:
            return self.head(features)  # type: ignore[no-any-return]  # (B, C)
        return functional.linear(
            functional.normalize(features), functional.normalize(self.head.weight)
        )  # (B, C)
