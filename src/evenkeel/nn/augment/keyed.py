"""Any transform as a function of an item and a key: no global random state is read or left changed."""

from __future__ import annotations

import copy
import random
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from evenkeel.nn.augment.transform import Transform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Generator

_ONE_AT_A_TIME = threading.RLock()  # global states cannot be borrowed by two threads


@dataclass(frozen=True)
class Keyed:
    """A transform whose chance comes from a key: ``Keyed(transform)(x, key)``.

    Transforms of this package get a generator of their own. Any other callable runs with the global
    generators of ``random``, numpy and torch (CUDA's too, where it is in use) seeded by the key, and
    they are put back afterwards.

    Parameters
    ----------
    transform
        Takes an item, gives a changed one.

    Examples
    --------
    >>> shaken = Keyed(lambda x: x + random.random())
    >>> shaken(1.0, 5) == shaken(1.0, 5), shaken(1.0, 5) == shaken(1.0, 6)
    (True, False)
    """

    transform: Callable[..., Any]

    def __call__(self, x: Any, key: int) -> Any:
        """The changed item."""
        if isinstance(self.transform, Transform):
            return self.transform(x, torch.Generator().manual_seed(key))
        with seeded(key):
            return self.transform(copy.deepcopy(x))  # it may write into what it is given


def call(transform: Callable[..., Any], x: Any, generator: Generator | None) -> Any:
    """Call a transform of any kind with a generator; None: with the global states as they are."""
    if isinstance(transform, Transform):
        return transform(x, generator)
    if generator is None:
        return transform(x)
    key = int(torch.randint(2**63 - 1, (), generator=generator, dtype=torch.int64))
    return Keyed(transform)(x, key)


@contextmanager
def seeded(key: int) -> Iterator[None]:
    """Seed the global generators of ``random``, numpy and torch, and put them back."""
    cuda = torch.cuda.is_available() and torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    devices = range(torch.cuda.device_count()) if cuda else ()
    with _ONE_AT_A_TIME, torch.random.fork_rng(devices=devices):
        plain, numpys = random.getstate(), np.random.get_state()  # noqa: NPY002 - foreign code draws from it
        try:
            random.seed(key)
            np.random.seed(key % 2**32)  # noqa: NPY002 - as above
            torch.default_generator.manual_seed(key)
            if cuda:
                torch.cuda.manual_seed_all(key)
            yield
        finally:
            random.setstate(plain)
            np.random.set_state(numpys)  # noqa: NPY002 - as above
