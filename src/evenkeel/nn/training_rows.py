"""The rows of a training in memory: which of them choose the epoch, and how they become batches."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils.data import BatchSampler, DataLoader, Dataset, SequentialSampler

from evenkeel._checks import listed
from evenkeel.blocks import class_counts, deal
from evenkeel.errors import EvenkeelWarning
from evenkeel.nn.mlp import FARTHEST
from evenkeel.nn.parts import OWNER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

AT_ONCE = 4096  # rows in a batch that is only predicted
STEPS = 40  # batches of an epoch that a small table is cut into
SMALLEST, LARGEST = 32, 512
FEW = 5  # rows of a class, from which on an average over them says something
UNITS = 1e3  # between the spreads of two columns
ROUNDING = 1e-6  # of a column's size: what is less is float32's own noise


class Rows(Dataset[Any]):
    """Items ``(x, (code, weight))`` as tensors; a list of row numbers gives a whole batch.

    Parameters
    ----------
    X
        ``(n_rows, ...)``.
    codes
        Class codes ``(n_rows,)``.
    weight
        Row weights ``(n_rows,)``.
    device
        Where the tensors lie.

    Attributes
    ----------
    labels
        Class codes ``(n_rows,)``, for samplers.
    weight
        Row weights ``(n_rows,)``, a tensor.
    """

    def __init__(
        self, X: NDArray[Any], codes: Ints, weight: NDArray[np.float32], device: torch.device
    ) -> None:
        self.labels = codes
        self._x = torch.from_numpy(np.ascontiguousarray(X)).to(device)
        self._code = torch.from_numpy(codes).to(device)
        self.weight = torch.from_numpy(weight).to(device)

    def __len__(self) -> int:
        return len(self._code)

    def __getitem__(self, at: Any) -> Any:
        return self._x[at], (self._code[at], self.weight[at])


def loader(data: Any, batch_size: int, order: Any = None) -> DataLoader[Any]:
    """Batches of a data set, in this order of row numbers; None: as the rows stand."""
    sampler = SequentialSampler(data) if order is None else order
    # a last batch of a single row has no spread, which batch norm refuses to train on
    lonely = order is not None and len(order) > batch_size and len(order) % batch_size == 1
    if not isinstance(data, Rows):
        return DataLoader(data, batch_size=batch_size, sampler=sampler, drop_last=lonely)
    batches = BatchSampler(sampler, batch_size, drop_last=lonely)
    return DataLoader(data, sampler=batches, batch_size=None)


def usual_batch_size(n_rows: int) -> int:
    """A power of two that cuts small tables into about 40 batches.

    >>> [usual_batch_size(n) for n in (100, 5000, 10**6)]
    [32, 128, 512]
    """
    return int(min(LARGEST, max(SMALLEST, 2 ** round(np.log2(max(1.0, n_rows / STEPS))))))


def validation_rows(X: NDArray[Any], codes: Ints, share: float, seed: int) -> Ints:
    """Rows that choose the epoch: their share of every class, ``(n_valid,)``, sorted.

    Rows that are equal stay on one side: over-sampling repeats rows, and a copy on the other side
    would tell that the network knows them. A class keeps a row to train on.
    """
    if share == 0.0:
        return np.empty(0, np.int64)
    flat = np.ascontiguousarray(X.reshape(len(X), -1))
    whole = flat.view(np.dtype((np.void, flat.dtype.itemsize * flat.shape[1]))).ravel()
    block_of = np.unique(whole, return_inverse=True)[1].astype(np.int64)
    part = deal(
        class_counts(block_of, codes), np.array([1.0 - share, share]), np.random.default_rng(seed)
    )
    valid = part[block_of] == 1
    for code in np.unique(codes[valid]):
        of_class = codes == code
        if valid[of_class].all():
            valid[of_class] = False
    return np.flatnonzero(valid)


def judges(aside: Ints, codes: Ints, classes: NDArray[Any]) -> Ints:
    """The rows that choose the epoch, after a look whether they can: none where one class is all.

    Parameters
    ----------
    aside
        What :func:`validation_rows` gives.
    codes, classes
        Class codes ``(n_rows,)``, and the labels that they stand for.

    Returns
    -------
    Ints
        The same rows, or none: then all are trained on, and the last epoch stays.

    Warns
    -----
    EvenkeelWarning
        Fewer than 5 rows of a class among them, or none.
    """
    counts = np.bincount(codes[aside], minlength=len(classes))
    few = [f"{label!r}: {n}" for label, n in zip(classes.tolist(), counts, strict=True) if n < FEW]
    if not few:
        return aside
    chooses = np.count_nonzero(counts) > 1
    what = "the best epoch among them is one by luck" if chooses else (
        "they cannot choose an epoch, so they are trained on too, and the last epoch stays"
    )  # fmt: skip
    warnings.warn(
        f"The rows of {OWNER} that choose the epoch must hold at least {FEW} of each class. Got "
        f"{listed(few)}: {what}. Give more rows of it, a larger validation=, or validation=0 with max_epochs chosen "
        "beforehand.",
        EvenkeelWarning,
        stacklevel=4,
    )
    return aside if chooses else aside[:0]


def check_units(X: NDArray[Any]) -> None:
    """Warn of columns ``(n_rows, n_features)`` that the MLP for tables would drown or be drowned by."""
    mean = X.mean(axis=0, dtype=np.float64)
    squares = np.einsum("nf,nf->f", X, X, dtype=np.float64) / len(X)  # without a copy of X
    size, spread = np.sqrt(squares), np.sqrt(np.maximum(squares - mean**2, 0.0))
    real = spread[spread > ROUNDING * size]  # a constant column is not
    far = bool((size > FARTHEST).any())
    if not far and (not real.size or real.max() < UNITS * real.min()):
        return
    got = (
        f"of size {size.max():.3g}"
        if far
        else f"with spreads from {real.min():.3g} to {real.max():.3g}"
    )
    warnings.warn(
        f"X of {OWNER} must have columns of mean 0 and standard deviation 1 for the MLP to see them "
        f"all. Got columns {got}. Use make_pipeline(StandardScaler(), TorchClassifier(...)).",
        EvenkeelWarning,
        stacklevel=4,
    )
