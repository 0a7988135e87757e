"""What every loss shares: reading logits, checking labels and values, and the mean."""

from __future__ import annotations

import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
import torch
from torch import Tensor, nn

from evenkeel._checks import check_choice, check_number, listed
from evenkeel.errors import EvenkeelWarning, InvalidInput, InvalidType

if TYPE_CHECKING:
    from collections.abc import Callable

REDUCTIONS = ("none", "sum", "mean")


class ReadingOptions(TypedDict, total=False):
    """Keywords that all losses share; see :class:`Reading`."""

    class_dim: int
    ignore_index: int
    label_smoothing: float
    reduction: str


@dataclass(frozen=True)
class Reading:
    """How logits and labels are read and how the losses of the items become one number.

    Parameters
    ----------
    class_dim
        Axis of the classes (or of the labels, where there are several) in the logits.
    ignore_index
        Label of items that do not count.
    label_smoothing
        Share of each label that is spread over all classes, in [0, 1).
    reduction
        ``"none"``, ``"sum"``, or ``"mean"``: the sum over the number of items that count.
    """

    class_dim: int
    ignore_index: int = -100
    label_smoothing: float = 0.0
    reduction: str = "mean"

    @classmethod
    def of(cls, options: ReadingOptions, owner: str, *, class_dim: int) -> Reading:
        """Checked options of a loss, on top of its own ``class_dim``."""
        known = ReadingOptions.__annotations__
        unknown = sorted(set(options) - set(known))
        if unknown:
            raise InvalidType(f"{owner} has no option {unknown[0]}. It has {listed(known)}.")
        given: dict[str, Any] = {"class_dim": class_dim, **options}
        return cls(**given).check(owner)

    def check(self, owner: str) -> Reading:
        """Itself, or an error that names what is out of range."""
        check_choice(self.reduction, REDUCTIONS, "reduction", owner)
        smoothing = self.label_smoothing
        check_number(smoothing, "label_smoothing", owner, low=0.0, high=1.0, open_high=True)
        check_number(self.class_dim, "class_dim", owner, whole=True)
        check_number(self.ignore_index, "ignore_index", owner, whole=True)
        return self


class Loss(nn.Module, ABC):
    """A loss of logits and labels; a member says what it computes in ``_loss``.

    Labels and values are checked on every batch on the CPU, and on the first batch elsewhere. Later
    batches on a device, and compiled ones, are not waited for: there a label outside the classes
    turns the loss into NaN and is never used as an index.
    """

    def __init__(self, reading: Reading) -> None:
        super().__init__()
        self.reading = reading
        self._checked = False
        self._empty: set[str] = set()  # vectors made on the meta device, whose numbers are unknown

    def forward(
        self, logits: Any, target: Tensor, num_items_in_batch: Tensor | float | None = None
    ) -> Tensor:
        """Loss of a batch, in float32 or wider.

        Parameters
        ----------
        logits
            A tensor, or what holds one: a Transformers ``ModelOutput``, a mapping with the key
            ``"logits"``, or a tuple whose first tensor with an axis it is.
        target
            Labels.
        num_items_in_batch
            Items over all micro-batches and ranks, a number or a tensor of one: what the mean divides
            by in place of the items of this batch. Transformers' ``Trainer`` passes it.

        Raises
        ------
        InvalidInput, InvalidType
            Logits or labels of other shapes or kinds, a label outside the classes, or a loss that
            is not finite.
        """
        scores = read_logits(logits, type(self).__name__)
        self._follow(scores.device)
        if torch.compiler.is_compiling():
            return self._loss(scores, target, num_items_in_batch, check=False)
        check = not self._checked or scores.device.type == "cpu"
        self._checked = True
        return self._loss(scores, target, num_items_in_batch, check=check)

    @abstractmethod
    def _loss(
        self, scores: Tensor, target: Tensor, num_items: Tensor | float | None, *, check: bool
    ) -> Tensor: ...

    def extra_repr(self) -> str:
        """The vectors that it holds and how logits are read, for ``print``."""
        own = self.reading
        held = [f"{name}={_few(values)}" for name, values in self.named_buffers()]
        return ", ".join([*held, f"reduction={own.reduction!r}, ignore_index={own.ignore_index}"])

    def _hold(self, name: str, values: Any) -> None:
        """Keep a vector with the module: it follows the device and is stored in checkpoints."""
        self.register_buffer(name, None if values is None else as_vector(values))

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *how: Any) -> None:
        owner, others = type(self).__name__, {}
        for name, held in self._buffers.items():
            other = state_dict.get(prefix + name)
            if held is None or not isinstance(other, Tensor):
                continue
            if other.shape != held.shape:
                raise InvalidInput(
                    f"{name} of {owner} must have the shape {tuple(held.shape)} in a "
                    f"checkpoint. Got {tuple(other.shape)}. It is of data with other classes: make "
                    "the loss with their counts, or load the model without its loss."
                )
            known = name not in self._empty and not held.is_meta and not other.is_meta
            if known and not torch.allclose(other.to(held), held, rtol=1e-5, atol=1e-7):
                others[name] = f"{_few(held)} here, {_few(other)} there"
        if others:
            told = "; ".join(f"{name} is {values}" for name, values in others.items())
            warnings.warn(
                f"The checkpoint of {owner} is of other counts or weights: {told}. From now on the "
                "checkpoint's are used. To go on with the same data, make the loss with its counts; "
                "for other data, load the model without its loss.",
                EvenkeelWarning,
                stacklevel=2,
            )
        self._empty -= {name for name in self._empty if prefix + name in state_dict}
        super()._load_from_state_dict(state_dict, prefix, *how)

    def _follow(self, device: torch.device) -> None:
        # A Trainer moves the model and not its loss: vectors go to the logits, once.
        for name, held in self._buffers.items():
            if held is not None and held.device != device:
                setattr(self, name, held.to(device))

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Any:
        # model.half() and model.bfloat16() must not round weights: only the device is taken over.
        kept = {name: held for name, held in self._buffers.items() if held is not None}
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        for name, held in kept.items():
            now = getattr(self, name)
            if held.is_meta and not now.is_meta:  # to_empty: numbers come with a checkpoint
                self._empty.add(name)
                setattr(self, name, now.to(held.dtype))
            else:
                setattr(self, name, held.to(now.device))
        return self


def _few(vector: Tensor) -> str:
    """The first numbers of a vector; its shape where it has none yet."""
    if vector.is_meta:
        return str(tuple(vector.shape))
    return f"[{listed((f'{value:.4g}' for value in vector.flatten().tolist()), most=8)}]"


def read_logits(logits: Any, owner: str) -> Tensor:
    """The tensor of logits in what a model returns.

    >>> read_logits({"logits": torch.zeros(2, 3)}, "FocalLoss").shape
    torch.Size([2, 3])
    """
    found = logits
    if isinstance(logits, Mapping):
        found = logits.get("logits")
    elif isinstance(logits, tuple | list):
        tensors = (part for part in logits if isinstance(part, Tensor) and part.ndim)
        found = next(tensors, None)
    elif not isinstance(logits, Tensor):
        found = getattr(logits, "logits", None)
    if not isinstance(found, Tensor):
        raise InvalidType(
            f"logits of {owner} must be a tensor, or a model's output that holds 'logits'. "
            f"Got {type(logits).__name__}."
        )
    if not found.is_floating_point():
        raise InvalidType(f"logits of {owner} must be floating-point. Got {found.dtype}.")
    return found


def check_labels(target: Any, scores: Tensor, owner: str) -> None:
    """Raise unless labels are a tensor on the device of the logits."""
    if not isinstance(target, Tensor):
        raise InvalidType(
            f"target of {owner} must be a tensor of labels. Got {type(target).__name__}. "
            "With Trainer, the dataset needs a column 'labels'."
        )
    if target.device != scores.device:
        raise InvalidInput(
            f"target of {owner} must be on the device of the logits, {scores.device}. "
            f"Got {target.device}."
        )


def working(scores: Tensor) -> torch.dtype:
    """The type to compute in: float64 stays, all else is float32."""
    return torch.float64 if scores.dtype == torch.float64 else torch.float32


def refuse_second_derivative(owner: str) -> None:
    """Raise in a backward pass that is itself to be differentiated: it would be wrong in silence."""
    if torch.is_grad_enabled() and not torch.compiler.is_compiling():
        raise InvalidInput(
            f"create_graph of backward must be False for {owner}, which gives first derivatives. Got "
            "True. For a gradient penalty use torch.nn.functional.cross_entropy or "
            "binary_cross_entropy_with_logits, which give second ones."
        )


def as_vector(values: Any) -> Tensor:
    """A vector of its own: float64 tensors stay, all else is float32."""
    if isinstance(values, Tensor) and values.dtype == torch.float64:
        return values.detach().clone()
    return torch.as_tensor(values).detach().to(torch.float32, copy=True)


def reduced(
    total: Tensor,
    count: Tensor | int,
    num_items: Tensor | float | None,
    reduction: str,
    owner: str,
) -> Tensor:
    """The mean of a sum, or what it is where no mean is wanted."""
    if reduction != "mean":
        return total
    given: Any = num_items
    if isinstance(given, np.ndarray) and given.ndim == 0:
        num_items = given.item()
    items = count if num_items is None else num_items
    if isinstance(items, Tensor):
        if not items.numel():
            raise InvalidInput(
                f"num_items_in_batch of {owner} must be a number of items. Got an empty tensor."
            )
        # Under DataParallel Trainer repeats the number for every device.
        items = items.reshape(-1)[0] if items.ndim else items
        items = items.to(total.device)
        return total / torch.where(items > 0, items, 1)
    if num_items is not None and not torch.compiler.is_compiling():
        check_number(num_items, "num_items_in_batch", owner, low=0.0)
    return total / (items if items > 0 else 1)


def check_finite(loss: Tensor, scores: Tensor, ignored: Tensor | None, owner: str) -> None:
    """Raise where the loss is NaN or infinite, and say which logits of items that count are."""
    value = (loss if loss.ndim == 0 else loss.detach().sum()).item()
    if math.isfinite(value):
        return
    if ignored is not None:
        scores = scores.masked_fill(ignored, 0.0)
    for word, wrong in (("NaN", scores.isnan()), ("infinite", scores.isinf())):
        at = wrong.nonzero()
        if len(at):
            raise InvalidInput(
                f"logits of {owner} must be finite. Got {len(at):,} {word}, the first at "
                f"{tuple(at[0].tolist())}. The model made them: look at its inputs, the learning "
                "rate, and float16 without a gradient scaler."
            )
    raise InvalidInput(
        f"The loss of {owner} must be finite. Got {value} from logits of at "
        f"most {scores.detach().abs().max().item():g}. Scale the logits or the weights down."
    )
