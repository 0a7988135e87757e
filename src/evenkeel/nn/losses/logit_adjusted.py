"""Cross-entropy of logits shifted by the class shares: logit adjustment, balanced softmax."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evenkeel._checks import check_number
from evenkeel.nn.losses.counts import as_vector_of, given_weights, log_prior
from evenkeel.nn.losses.softmax import Recipe, SoftmaxLoss, softmax_call

if TYPE_CHECKING:
    from typing import Unpack

    from torch import Tensor

    from evenkeel.nn.losses.base import ReadingOptions


class LogitAdjustedLoss(SoftmaxLoss):
    """Cross-entropy of ``z + tau log(prior)``, so that ``argmax z`` minimises the balanced error.

    ``-log(pi_y^tau e^{z_y} / sum_j pi_j^tau e^{z_j})``. ``tau = 1`` is balanced softmax; ``tau = 0``
    is cross-entropy. Predict with the plain logits, and do not add class weights or a balanced
    sampler: they correct for the same prior once more.

    Parameters
    ----------
    counts
        Training rows of each class ``(n_classes,)``, each at least 1.
    tau
        At least 0: 1 corrects fully.
    weight
        Class weights ``(n_classes,)`` on top, for costs; used as given. None: all 1.
    **options
        As for :class:`evenkeel.nn.ClassWeightedLoss`.

    Raises
    ------
    InvalidInput, InvalidType
        Counts below 1 or ``tau`` out of range.

    References
    ----------
    Menon, Jayasumana, Rawat, Jain, Veit and Kumar 2021, "Long-tail learning via logit adjustment",
    ICLR, equation 10. doi:10.48550/arXiv.2007.07314

    Ren, Yu, Sheng, Ma, Zhao, Yi and Li 2020, "Balanced meta-softmax for long-tailed visual
    recognition", NeurIPS, equation 4. doi:10.48550/arXiv.2007.10740

    Examples
    --------
    >>> import torch
    >>> loss = LogitAdjustedLoss([90, 10], reduction="none")
    >>> loss(torch.zeros(2, 2), torch.tensor([0, 1]))  # -log 0.9 and -log 0.1
    tensor([0.1054, 2.3026])
    """

    shift: Tensor
    weight: Tensor | None

    def __init__(
        self,
        counts: Any,
        tau: float = 1.0,
        *,
        weight: Any = None,
        **options: Unpack[ReadingOptions],
    ) -> None:
        super().__init__(**options)
        check_number(tau, "tau", "LogitAdjustedLoss", low=0.0)
        self.tau = float(tau)
        self._hold("shift", tau * log_prior(counts, "LogitAdjustedLoss"))
        self._hold("weight", given_weights(weight, "weight", "LogitAdjustedLoss"))

    def _recipe(self) -> Recipe:
        return Recipe(shift=self.shift, weight=self.weight)

    def extra_repr(self) -> str:
        """Tau and how logits are read, for ``print``."""
        return f"tau={self.tau:g}, {super().extra_repr()}"


def logit_adjusted_loss(
    logits: Any,
    target: Tensor,
    *,
    prior: Tensor,
    tau: float = 1.0,
    num_items_in_batch: Tensor | float | None = None,
    **options: Unpack[ReadingOptions],
) -> Tensor:
    """Functional form of :class:`LogitAdjustedLoss`.

    Parameters
    ----------
    logits, target, num_items_in_batch
        As :meth:`evenkeel.nn.losses.base.Loss.forward` takes them.
    prior
        Shares or counts of the classes ``(n_classes,)``, above 0.
    tau, **options
        As for :class:`LogitAdjustedLoss`.

    Examples
    --------
    >>> import torch
    >>> logit_adjusted_loss(torch.zeros(1, 2), torch.tensor([1]), prior=torch.tensor([0.9, 0.1]))
    tensor(2.3026)
    """
    check_number(tau, "tau", "logit_adjusted_loss", low=0.0)
    prior = as_vector_of(prior, "prior", "logit_adjusted_loss", open_low=True)
    recipe = Recipe(shift=tau * (prior / prior.sum()).log())
    return softmax_call(logits, target, recipe, num_items_in_batch, options, "logit_adjusted_loss")
