"""What the transforms of this package share: where chance comes from, and numbers in, numbers out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from evenkeel._checks import check_number
from evenkeel.errors import InvalidInput, InvalidType

if TYPE_CHECKING:
    from torch import Generator, Tensor

_FEW = 8  # numbers that a repr shows
_WIDE = (torch.float64, torch.int32, torch.int64)  # float32 would round them


class Transform(ABC):
    """Changes one item at random; all chance comes from the generator that it is called with."""

    @abstractmethod
    def __call__(self, x: Any, generator: Generator | None = None) -> Any:
        """A changed copy.

        Parameters
        ----------
        x
            The item; it is left as it is.
        generator
            Source of chance, on the CPU; None: torch's global one.
        """

    def __repr__(self) -> str:
        return described(self)


class NumberTransform(Transform):
    """A transform of numbers; a member writes ``_change`` for a floating-point tensor.

    The copy is of the kind and type that the item is: tensor, array or list; half precision is computed
    in float32, whole numbers are rounded and kept in the range of their type.
    """

    axes = 0  # what an item must have at least
    shape = "(...)"

    def __call__(self, x: Any, generator: Generator | None = None) -> Any:
        """A changed copy; see :class:`Transform`.

        Raises
        ------
        InvalidInput, InvalidType
            An item that is no numbers, or has too few axes.
        """
        given = self._tensor(x)
        if given.ndim < self.axes or (self.axes and 0 in given.shape[-self.axes :]):
            raise InvalidInput(
                f"x of {type(self).__name__} must have the shape {self.shape}, none of them 0. "
                f"Got {tuple(given.shape)}."
            )
        wide = torch.float64 if given.dtype in _WIDE else torch.float32
        made = _typed(self._change(given.to(wide, copy=True), generator), given.dtype)
        if isinstance(x, torch.Tensor):
            return made
        array = made.numpy()
        return array.astype(x.dtype, copy=False) if isinstance(x, np.ndarray) else array.tolist()

    @abstractmethod
    def _change(self, x: Tensor, generator: Generator | None) -> Tensor:
        """The changed tensor; ``x`` is a copy, in float32 or float64."""

    def _tensor(self, x: Any) -> Tensor:
        if isinstance(x, torch.Tensor):
            found = x
        elif isinstance(x, (np.ndarray, list, tuple)):
            try:
                array = np.asarray(x)
                found = torch.tensor(array.astype(array.dtype.newbyteorder("=")))
            except (TypeError, ValueError) as error:
                raise InvalidType(self._wrong(x)) from error
        else:
            raise InvalidType(self._wrong(x))
        if found.is_complex():
            raise InvalidType(self._wrong(x))
        return found

    def _wrong(self, x: Any) -> str:
        return (
            f"x of {type(self).__name__} must be a tensor, an array or a list of real numbers. "
            f"Got {type(x).__name__}. Turn it into a tensor first."
        )


def described(thing: Any) -> str:
    """The ``repr`` of an object whose attributes have the names of its parameters.

    >>> described(torch.nn.ReLU(inplace=True))
    'ReLU(inplace=True)'
    """
    shown = []
    for name, parameter in signature(type(thing)).parameters.items():
        value = getattr(thing, name, None)
        if parameter.kind is Parameter.VAR_POSITIONAL:
            shown += [repr(one) for one in value or ()]
        elif isinstance(value, torch.Tensor):
            few = value.numel() <= _FEW
            shown.append(f"{name}={value.tolist() if few else f'of shape {tuple(value.shape)}'}")
        elif value is not None:
            shown.append(f"{name}={value!r}")
    return f"{type(thing).__name__}({', '.join(shown)})"


def between(span: tuple[float, float], generator: Generator | None) -> float:
    """A number drawn evenly from a range."""
    low, high = span
    return low + (high - low) * float(torch.rand((), generator=generator, dtype=torch.float64))


def below(high: int, generator: Generator | None) -> int:
    """A whole number drawn evenly from 0 to ``high - 1``."""
    return int(torch.randint(high, (), generator=generator))


def span_of(
    value: Any, name: str, owner: str, *, low: float = -1e6, high: float = 1e6
) -> tuple[float, float]:
    """The range that a parameter gives: a pair, or a number for just that number.

    Raises
    ------
    InvalidInput, InvalidType
        No numbers in the range ``low`` to ``high``, or a pair in the wrong order.

    Examples
    --------
    >>> span_of((0.5, 2), "factor", "SpeedChange"), span_of(20, "snr", "SoundNoise")
    ((0.5, 2.0), (20.0, 20.0))
    """
    pair = value if isinstance(value, (tuple, list)) else (value, value) if _real(value) else ()
    if len(pair) != 2:
        raise InvalidType(
            f"{name} of {owner} must be a number, or a pair: lowest and highest. Got {value!r}."
        )
    for one in pair:
        check_number(one, name, owner, low=low, high=high)
    if pair[0] > pair[1]:
        raise InvalidInput(
            f"{name} of {owner} must be a pair of lowest and highest. Got {value!r}."
        )
    return float(pair[0]), float(pair[1])


def swing_of(value: Any, name: str, owner: str, *, most: float = 1e6) -> tuple[float, float]:
    """The same, where a number stands for minus to plus that number; at most ``most`` either way.

    >>> swing_of(10, "degrees", "Rotation"), swing_of((0, 90), "degrees", "Rotation")
    ((-10.0, 10.0), (0.0, 90.0))
    """
    if _real(value):
        check_number(value, name, owner, low=0.0, high=most)
        value = (-value, value)
    return span_of(value, name, owner, low=-most, high=most)


def _real(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _typed(made: Tensor, dtype: torch.dtype) -> Tensor:
    if dtype.is_floating_point:
        return made.to(dtype)
    if dtype == torch.bool:
        return made >= 0.5
    info = torch.iinfo(dtype)
    return made.round().clamp(info.min, info.max).to(dtype)
