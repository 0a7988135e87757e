"""Whether sampler and loss both correct the imbalance, told before training."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    DistributedSampler,
    RandomSampler,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
    WeightedRandomSampler,
)

from evenkeel.errors import EvenkeelWarning, InvalidInput
from evenkeel.nn.prior_report import PriorReport
from evenkeel.nn.samplers.class_rows import ClassRows
from evenkeel.nn.samplers.labels import labels_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_CHOOSING = (WeightedRandomSampler, SubsetRandomSampler)
_PLAIN = (nn.CrossEntropyLoss, nn.NLLLoss, nn.BCEWithLogitsLoss)


def check_prior(
    rows: Any, loss: Any, *, labels: Any = None, n_classes: int | None = None, strict: bool = False
) -> PriorReport:
    """Follow the shares of the classes from the data through sampler and loss, before training.

    Parameters
    ----------
    rows
        What decides how often a row is seen: a sampler of this package or of torch
        (``WeightedRandomSampler``, ``RandomSampler``, ``SequentialSampler``,
        ``SubsetRandomSampler``, ``DistributedSampler``), an ``UndersampledSubset``, ``PlanDataset`` or
        ``PartialAugment``, a ``Subset`` or ``ConcatDataset`` of these, a ``DataLoader`` with any of
        all; None for every row once.
    loss
        A loss of this package, ``CrossEntropyLoss`` or ``NLLLoss`` (``weight=``),
        ``BCEWithLogitsLoss`` (``pos_weight=`` of one label), or anything with an attribute
        ``prior_correction``: log-weights ``(n_classes,)``, or None. A loss with several ``phases`` is
        judged by the worst of them. Weights that stand for costs look as any others.
    labels
        Labels of the data, as for :class:`BalancedSampler`, where ``rows`` does not know them.
    n_classes
        As for :class:`BalancedSampler`, with ``labels``.
    strict
        Raise rather than warn.

    Returns
    -------
    PriorReport
        ``print`` shows it as a table.

    Raises
    ------
    InvalidInput
        With ``strict``, what else is warned of. Also a loss or sampler that cannot be followed,
        labels that are not known, or another number of classes in rows and loss.

    Warns
    -----
    EvenkeelWarning
        A correction made twice, by sampler and loss or inside one loss; weights of other counts than
        the rows have (rows that were resampled before); a single class with a weight above 0. With
        the shares and the fix.

    References
    ----------
    Menon et al. 2021, "Long-tail learning via logit adjustment", ICLR, sections 3 and 6.1.
    arXiv:2007.07314

    Examples
    --------
    >>> from evenkeel.nn import BalancedSampler
    >>> weight = torch.tensor([0.5 / 0.95, 0.5 / 0.05])
    >>> report = check_prior(None, nn.CrossEntropyLoss(weight), labels=[0] * 95 + [1] * 5)
    >>> report.reaches.round(3).tolist(), report.twice
    ([0.5, 0.5], False)
    >>> check_prior(
    ...     BalancedSampler([0] * 95 + [1] * 5), nn.CrossEntropyLoss(weight), strict=True
    ... )
    Traceback (most recent call last):
    ...
    evenkeel.errors.InvalidInput: BalancedSampler and CrossEntropyLoss both correct the imbalance: class 1, 5 % of the data, reaches the loss as 95 %. Keep one of them: CrossEntropyLoss with rows at their natural shares (plain shuffling, power=0), or BalancedSampler with a loss without weights and without logit adjustment.
    """
    classes, natural, drawn, name = _followed(rows, labels, n_classes)
    reports = []
    for phase in getattr(loss, "phases", (loss,)):
        logs, parts = _log_weights(phase, len(classes)), _parts_of(phase, len(classes))
        reports.append(PriorReport(classes, natural, drawn, logs, name, _named(phase), parts))
    worst = max(reports, key=lambda report: (bool(report.fault), report.strength))
    if worst.fault and strict:
        raise InvalidInput(worst.fault)
    if worst.fault:
        warnings.warn(worst.fault, EvenkeelWarning, stacklevel=2)
    return worst


def _followed(
    rows: Any, labels: Any, n_classes: int | None
) -> tuple[tuple[Any, ...], Floats, Floats, str]:
    """Classes, their shares in the data and among the draws, and who changed them."""
    sampler, data = _parts(rows)
    name = _named(data if sampler is None else sampler)
    told = data if sampler is None else sampler
    if labels is None and hasattr(told, "drawn_prior"):
        classes, natural, drawn = told.classes, told.prior, _drawn_prior(told)
    else:
        if labels is None and data is None:
            raise InvalidInput(
                f"labels of check_prior must be given: {name} does not know them. Give labels=."
            )
        found = ClassRows(data if labels is None else labels, "check_prior", n_classes=n_classes)
        classes, natural = found.classes, found.shares
        drawn = _drawn(sampler, data, found)
    before = _before(data) if labels is None else None
    if before is not None and set(before) == set(classes):
        rows_of = np.array([before[label] for label in classes])
        natural = rows_of / rows_of.sum()
        name = f"{_named(data)} with {name}" if sampler is not None else name
    return classes, natural, drawn, name


def _drawn(sampler: Any, data: Any, found: ClassRows) -> Floats:
    """Shares of the classes among the draws, by the labels of the rows."""
    if isinstance(sampler, WeightedRandomSampler):
        weights = sampler.weights.detach().cpu().double().numpy()
        if weights.size != len(found.rows):
            raise InvalidInput(
                f"labels of check_prior must be one for each of {weights.size:,} weights of the "
                f"sampler. Got {len(found.rows):,}."
            )
        sums = np.add.reduceat(
            np.append(weights[found.rows], 0.0), np.minimum(found.starts[:-1], weights.size)
        )
        drawn = np.where(found.counts > 0, sums, 0.0)
        return np.asarray(drawn / drawn.sum())
    for told in (sampler, data):
        if hasattr(told, "drawn_prior"):
            return _drawn_prior(told)
    if sampler is None:
        return found.shares
    at = np.asarray(getattr(sampler, "indices", sampler), np.int64)
    if not at.size or at.min() < 0 or at.max() >= len(found.rows):
        raise InvalidInput(
            f"labels of check_prior must be one for each row that {_named(sampler)} draws from. "
            f"Got {len(found.rows):,} labels and {at.size:,} indices up to {at.max(initial=-1):,}."
        )
    codes = np.empty(len(found.rows), np.int64)
    codes[found.rows] = np.repeat(np.arange(found.counts.size), found.counts)
    return np.asarray(np.bincount(codes[at], minlength=found.counts.size) / at.size)


def _drawn_prior(told: Any) -> Floats:
    return np.asarray(getattr(told, "last_prior", told.drawn_prior))


def _before(data: Any) -> dict[Any, float] | None:
    """Rows of each class before data were resampled, about; None where they were not."""
    if hasattr(data, "drawn_prior"):
        kept: Any = data.dataset if isinstance(data, Subset) else data
        rows = data.plan.n_rows if hasattr(data, "plan") else len(kept)
        return dict(zip(data.classes, (data.prior * rows).tolist(), strict=True))
    if isinstance(data, Subset):
        return _before(data.dataset)
    if not isinstance(data, ConcatDataset):
        return None
    known = [_before(part) for part in data.datasets]
    if not any(known):
        return None
    total: dict[Any, float] = {}
    for part, found in zip(data.datasets, known, strict=True):
        for label, count in (found or _counted(part)).items():
            total[label] = total.get(label, 0.0) + count
    return total


def _counted(data: Any) -> dict[Any, float]:
    labels, rows = np.unique(np.asarray(labels_of(data, "check_prior")), return_counts=True)
    return dict(zip(labels.tolist(), rows.tolist(), strict=True))


def _parts(rows: Any) -> tuple[Any, Any]:
    """The sampler that chooses rows, None where each comes once, and the data where they are known."""
    if isinstance(rows, DataLoader):
        batches: Any = rows.batch_sampler
        sampler = rows.sampler if batches is None else getattr(batches, "sampler", batches)
        chosen, data = _sampler_parts(sampler)
        return chosen, rows.dataset if data is None else data
    if rows is None or hasattr(rows, "__getitem__"):
        return None, rows
    return _sampler_parts(rows)


def _sampler_parts(sampler: Any) -> tuple[Any, Any]:
    if isinstance(sampler, BatchSampler):
        return _sampler_parts(sampler.sampler)
    indices = isinstance(sampler, Sequence) and all(isinstance(at, Integral) for at in sampler)
    if indices or hasattr(sampler, "drawn_prior") or isinstance(sampler, _CHOOSING):
        return sampler, None
    if isinstance(sampler, (RandomSampler, SequentialSampler)):
        return None, sampler.data_source
    if isinstance(sampler, DistributedSampler) and (
        type(sampler).__iter__ is DistributedSampler.__iter__
    ):
        return None, sampler.dataset
    raise InvalidInput(
        "rows of check_prior must be a sampler of evenkeel.nn or torch, a data set, a DataLoader or "
        f"None. Got {type(sampler).__name__}, whose draws cannot be known."
    )


def _log_weights(loss: Any, n_classes: int) -> Floats:
    if hasattr(loss, "prior_correction"):
        held = loss.prior_correction
        logs = np.zeros(n_classes) if held is None else _numbers(held)
        if logs.ndim == 2 and logs.shape[1] == 2:
            _check_one_label(len(logs))
            logs = logs[0]
    elif isinstance(loss, _PLAIN):
        name = "pos_weight" if isinstance(loss, nn.BCEWithLogitsLoss) else "weight"
        held = getattr(loss, name)
        weights = np.ones(n_classes) if held is None else _numbers(held)
        if name == "pos_weight" and held is not None:
            _check_one_label(weights.size)
            weights = np.array([1.0, weights.item()])
        with np.errstate(divide="ignore"):
            logs = np.log(weights)
    else:
        raise InvalidInput(
            "loss of check_prior must be a loss of evenkeel.nn, CrossEntropyLoss, NLLLoss or "
            f"BCEWithLogitsLoss, or have prior_correction. Got {_named(loss)}."
        )
    if logs.shape != (n_classes,):
        raise InvalidInput(
            f"loss of check_prior must be for {n_classes} classes, as the rows are. "
            f"Got {_named(loss)} for {logs.size}."
        )
    return logs


def _parts_of(loss: Any, n_classes: int) -> dict[str, Floats]:
    """What the log-weights of a loss come from, where it says so."""
    parts = {name: _numbers(part) for name, part in getattr(loss, "prior_parts", {}).items()}
    flat = {name: part.reshape(-1) for name, part in parts.items()}
    return flat if all(part.size == n_classes for part in flat.values()) else {}


def _check_one_label(n_labels: int) -> None:
    if n_labels != 1:
        raise InvalidInput(
            f"loss of check_prior must be for one label. Got weights for {n_labels}. Follow one label "
            "at a time."
        )


def _numbers(held: Any) -> Floats:
    if isinstance(held, torch.Tensor):
        held = held.detach().cpu().double().numpy()
    return np.atleast_1d(np.asarray(held, np.float64))


def _named(thing: Any) -> str:
    if thing is None:
        return "plain shuffling"
    return getattr(thing, "__name__", None) or type(thing).__name__
