"""Several transforms, one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evenkeel.errors import InvalidType
from evenkeel.nn.augment.keyed import call
from evenkeel.nn.augment.transform import Transform

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Generator


class InOrder(Transform):
    """Change an item by several transforms, one after another.

    Parameters
    ----------
    *transforms
        Transforms of this package or any callables.

    Raises
    ------
    InvalidType
        Something that cannot be called.

    Examples
    --------
    >>> InOrder(lambda x: x + 1, lambda x: x * 10)(2)
    30
    """

    def __init__(self, *transforms: Callable[..., Any]) -> None:
        for transform in transforms:
            check_callable(transform, "transforms", type(self).__name__)
        self.transforms = transforms

    def __call__(self, x: Any, generator: Generator | None = None) -> Any:
        """A changed copy; see :class:`Transform`."""
        for transform in self.transforms:
            x = call(transform, x, generator)
        return x


def check_callable(transform: Any, name: str, owner: str) -> None:
    """Raise unless a transform can be called."""
    if not callable(transform):
        raise InvalidType(
            f"{name} of {owner} must be callable: an item in, a changed one out. "
            f"Got {type(transform).__name__}."
        )
