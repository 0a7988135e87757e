"""What can be done to a trained network's last layer: train it anew, even out its norms, move its prior."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from torch import nn

from evenkeel._checks import check_number, did_you_mean, listed
from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.nn.losses.base import read_logits

if TYPE_CHECKING:
    from collections.abc import Iterator

BALANCED = "balanced"


class ClassifierRetraining(nn.Module):
    """A network of which only the head is trained, from the start (cRT).

    Second stage after ordinary training: everything but the head is frozen, in evaluation mode, and
    stays so when ``train()`` is called; the head gets new weights. Train it for a few epochs with a
    balanced sampler or a correcting loss, then call :meth:`release`.

    Parameters
    ----------
    model
        The trained network. It is changed in place.
    head
        Name of the last layer among ``model.named_modules()``, such as ``"fc"`` or ``"classifier"``.
    reset
        Draw new weights for the head; False goes on from the old ones.
    seed
        Of the new weights, at least 0. The global random state is as before afterwards.

    Raises
    ------
    InvalidInput
        No module of that name, or one without parameters.

    References
    ----------
    Kang et al. 2020, "Decoupling representation and classifier for long-tailed recognition", ICLR,
    section 4.1. arXiv:1910.09217

    Examples
    --------
    >>> model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> stage = ClassifierRetraining(model, "2")
    >>> sum(p.numel() for p in stage.head_parameters()), model[0].weight.requires_grad
    (8, False)
    >>> stage.release() is model, model[0].weight.requires_grad
    (True, True)
    """

    def __init__(self, model: nn.Module, head: str, *, reset: bool = True, seed: int = 0) -> None:
        super().__init__()
        check_number(seed, "seed", "ClassifierRetraining", low=0, high=2**63 - 1, whole=True)
        modules = dict(model.named_modules())
        if not head or head not in modules:
            names = [name for name in modules if name]
            raise InvalidInput(
                f"head of ClassifierRetraining must be a module of the model: {listed(names)}. "
                f"Got {head!r}. {did_you_mean(head, names)}".rstrip()
            )
        own = list(modules[head].parameters())
        if not own:
            raise InvalidInput(
                f"head of ClassifierRetraining must have parameters. Got {head!r}, "
                f"{type(modules[head]).__name__}."
            )
        if reset:
            _draw_anew(modules[head], seed)
        self.model, self.head_name = model, head
        self._was_training = {name: module.training for name, module in modules.items()}
        self._needed_grad = {name: p.requires_grad for name, p in model.named_parameters()}
        ids = {id(parameter) for parameter in own}
        for parameter in model.parameters():
            parameter.requires_grad_(id(parameter) in ids)
        self.train()

    @property
    def head(self) -> nn.Module:
        """The layer that is trained."""
        return self.model.get_submodule(self.head_name)

    def head_parameters(self) -> Iterator[nn.Parameter]:
        """What the optimiser gets."""
        return self.head.parameters()

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the network gives."""
        return self.model(*args, **kwargs)

    def train(self, mode: bool = True) -> Self:
        """Training mode for the head alone: the rest keeps its batch statistics."""
        self.training = mode
        self.model.eval()
        self.head.train(mode)
        return self

    def release(self) -> nn.Module:
        """The network, with every parameter trainable or frozen and every mode as it was found."""
        for name, parameter in self.model.named_parameters():
            parameter.requires_grad_(self._needed_grad[name])
        for name, module in self.model.named_modules():
            module.training = self._was_training[name]
        return self.model


def tau_normalized(head: nn.Linear, tau: float = 1.0) -> nn.Linear:
    """A copy of a linear head with evened-out norms: ``w_c / ||w_c||^tau``, without bias.

    Rows of frequent classes have larger norms, and so larger scores. No training is needed; choose
    tau by balanced accuracy on validation rows.

    Parameters
    ----------
    head
        Last layer, weights ``(n_classes, n_features)``. It is left as it is.
    tau
        0 leaves the norms, 1 makes them all 1; from 0 to 1.

    Raises
    ------
    InvalidInput
        ``tau`` out of range, something else than a linear layer, or a class whose weights are all 0.

    References
    ----------
    Kang et al. 2020, "Decoupling representation and classifier for long-tailed recognition", ICLR,
    equation 4. arXiv:1910.09217

    Examples
    --------
    >>> head = nn.Linear(2, 2)
    >>> _ = head.weight.data.copy_(torch.tensor([[3.0, 4.0], [0.0, 0.5]]))
    >>> tau_normalized(head, 1.0).weight.tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 1.0]]
    """
    check_number(tau, "tau", "tau_normalized", low=0, high=1)
    if not isinstance(head, nn.Linear):
        raise InvalidInput(
            f"head of tau_normalized must be a torch.nn.Linear. Got {type(head).__name__}."
        )
    with torch.no_grad():
        weight = head.weight
        norms = torch.linalg.vector_norm(weight, dim=1, keepdim=True)  # (C, 1)
        if bool((norms == 0).any()):
            zero = torch.nonzero(norms[:, 0] == 0)[:, 0].tolist()
            raise InvalidInput(
                f"head of tau_normalized must have weights for every class. Got only 0 for {zero}."
            )
        found = copy.deepcopy(head)
        found.weight.copy_(weight / norms**tau)
        found.register_parameter("bias", None)
    return found


def to_prior(
    logits: Any, *, was: Any, now: Any, tau: float = 1.0, class_dim: int = -1
) -> torch.Tensor:
    """Logits moved from one prior to another: ``logit_c + tau (log now_c - log was_c)``.

    In both directions: a network trained on the data as they are decides for balanced classes with
    ``was=counts, now="balanced"`` (post-hoc logit adjustment); one trained on balanced batches gives
    probabilities of the population with ``was="balanced", now=counts``.

    Parameters
    ----------
    logits
        A floating-point tensor, or a model's output that holds one: ``(..., n_classes)``, or with the
        classes along ``class_dim``. With a single logit for two classes, ``(..., 1)``, it is that of
        the second class; a head that gives ``(B,)`` needs ``logits[:, None]``, as ``(2,)`` alone is
        one row of two classes.
    was, now
        Shares or counts of the classes ``(n_classes,)``, above 0, or ``"balanced"``.
    tau
        How far, at least 0; 1 is the way that probability theory goes.
    class_dim
        Where the classes are.

    Returns
    -------
    tensor of the same shape and type

    Raises
    ------
    InvalidInput, InvalidType
        Shares of another number of classes, or not above 0; logits that are no floating-point
        tensor, or without an axis ``class_dim``.

    References
    ----------
    Menon et al. 2021, "Long-tail learning via logit adjustment", ICLR, equation 9.
    arXiv:2007.07314

    Saerens, Latinne and Decaestecker 2002, "Adjusting the outputs of a classifier to new a priori
    probabilities", Neural Computation 14(1), equation 2.4. doi:10.1162/089976602753284446

    Examples
    --------
    >>> scores = torch.log(torch.tensor([[0.9, 0.1]]))
    >>> to_prior(scores, was=[900, 100], now="balanced").softmax(-1).tolist()
    [[0.5, 0.5]]
    """
    check_number(tau, "tau", "to_prior", low=0)
    check_number(class_dim, "class_dim", "to_prior", whole=True)
    scores = read_logits(logits, "to_prior")
    if not -scores.ndim <= class_dim < scores.ndim:
        raise InvalidInput(
            f"logits of to_prior must have an axis of classes at class_dim={class_dim}. Got shape "
            f"{tuple(scores.shape)}."
        )
    size = scores.shape[class_dim]
    n_classes = 2 if size == 1 else size
    hint = " For a head of one logit, give logits[:, None]." if scores.ndim == 1 else ""
    shift = _log_shares(now, "now", n_classes, hint) - _log_shares(was, "was", n_classes, hint)
    if size == 1:
        shift = shift[1:] - shift[:1]
    shape = [1] * scores.ndim
    shape[class_dim] = size
    moved = torch.from_numpy(tau * shift).to(device=scores.device, dtype=scores.dtype)
    return scores + moved.reshape(shape)


def _log_shares(
    given: Any, name: str, n_classes: int, hint: str
) -> np.ndarray[Any, np.dtype[np.float64]]:
    if isinstance(given, str):
        if given != BALANCED:
            raise InvalidInput(
                f"{name} of to_prior must be shares of the classes or 'balanced'. Got {given!r}."
            )
        return np.full(n_classes, -np.log(n_classes))
    held = given.detach().cpu().numpy() if isinstance(given, torch.Tensor) else given
    try:
        shares = np.asarray(held, np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidType(
            f"{name} of to_prior must be shares of the classes or 'balanced'. Got {given!r}."
        ) from error
    if shares.shape != (n_classes,) or not np.isfinite(shares).all() or bool((shares <= 0).any()):
        raise InvalidInput(
            f"{name} of to_prior must hold a share above 0 for each of {n_classes} classes. "
            f"Got {shares.tolist()}.{hint}"
        )
    return np.asarray(np.log(shares / shares.sum()))


def _draw_anew(head: nn.Module, seed: int) -> None:
    fresh = copy.deepcopy(head).cpu()  # one generator to put back, the same weights on any device
    for name, module in fresh.named_modules():
        own = [*module.parameters(recurse=False)]
        if own and not callable(getattr(module, "reset_parameters", None)):
            raise InvalidInput(
                "head of ClassifierRetraining must be of layers with reset_parameters. Got "
                f"{type(module).__name__} {name!r}. Give it new weights yourself, and reset=False."
            )
    before = torch.get_rng_state()
    try:
        torch.default_generator.manual_seed(seed)
        for module in fresh.modules():
            reset = getattr(module, "reset_parameters", None)
            if callable(reset):
                reset()
    finally:
        torch.set_rng_state(before)
    head.load_state_dict(fresh.state_dict())
