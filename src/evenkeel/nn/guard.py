"""Whether sampler and loss both correct the imbalance, told before training."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, RandomSampler, SequentialSampler, WeightedRandomSampler

from evenkeel.errors import EvenkeelWarning, InvalidInput
from evenkeel.nn.prior_report import PriorReport
from evenkeel.nn.samplers.class_rows import ClassRows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_PLAIN = (nn.CrossEntropyLoss, nn.NLLLoss, nn.BCEWithLogitsLoss)


def check_prior(
    rows: Any, loss: Any, *, labels: Any = None, n_classes: int | None = None, strict: bool = False
) -> PriorReport:
    """Follow the shares of the classes from the data through sampler and loss, before training.

    Parameters
    ----------
    rows
        What decides how often a row is seen: a sampler of this package or of torch
        (``WeightedRandomSampler``, ``RandomSampler``, ``SequentialSampler``), an
        ``UndersampledSubset`` or ``PlanDataset``, a ``DataLoader`` with any of these; None for every
        row once.
    loss
        A loss of this package, ``CrossEntropyLoss`` or ``NLLLoss`` (``weight=``),
        ``BCEWithLogitsLoss`` (``pos_weight=`` of one label), or anything with an attribute
        ``prior_correction``: log-weights ``(n_classes,)``, or None. A loss with several ``phases`` is
        judged by the worst of them.
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
        With ``strict``, a correction made twice. Also a loss or sampler that cannot be followed,
        labels that are not known, or another number of classes in rows and loss.

    Warns
    -----
    EvenkeelWarning
        A correction made twice, with the shares and the fix.

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
    reports = [
        PriorReport(classes, natural, drawn, _log_weights(phase, len(classes)), name, _named(phase))
        for phase in getattr(loss, "phases", (loss,))
    ]
    worst = max(reports, key=lambda report: report.strength)
    if worst.twice and strict:
        raise InvalidInput(worst.verdict)
    if worst.twice:
        warnings.warn(worst.verdict, EvenkeelWarning, stacklevel=2)
    return worst


def _followed(
    rows: Any, labels: Any, n_classes: int | None
) -> tuple[tuple[Any, ...], Floats, Floats, str]:
    """Classes, their shares in the data and among the draws, and who changed them."""
    sampler, data = _parts(rows)
    name = _named(data if sampler is None else sampler)
    if labels is None and hasattr(sampler, "drawn_prior"):
        classes, natural = sampler.classes, sampler.prior
        drawn = getattr(sampler, "last_prior", sampler.drawn_prior)
        if hasattr(data, "drawn_prior") and tuple(data.classes) == tuple(classes):
            natural, name = data.prior, f"{_named(data)} with {name}"
        return classes, natural, drawn, name
    if sampler is None and labels is None and hasattr(data, "drawn_prior"):
        return data.classes, data.prior, data.drawn_prior, name
    if labels is None and data is None:
        raise InvalidInput(
            f"labels of check_prior must be given: {name} does not know them. Give labels=."
        )
    found = ClassRows(data if labels is None else labels, "check_prior", n_classes=n_classes)
    natural = found.shares
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
        return found.classes, natural, drawn / drawn.sum(), name
    if hasattr(sampler, "drawn_prior"):
        return found.classes, natural, getattr(sampler, "last_prior", sampler.drawn_prior), name
    if hasattr(data, "drawn_prior"):
        return found.classes, natural, data.drawn_prior, name
    return found.classes, natural, natural, name


def _parts(rows: Any) -> tuple[Any, Any]:
    """The sampler that chooses rows, None where each comes once, and the data where they are known."""
    if isinstance(rows, DataLoader):
        sampler = rows.sampler if rows.batch_sampler is None else rows.batch_sampler.sampler  # type: ignore[attr-defined]
        known = _parts(sampler)
        return known[0], rows.dataset if known[1] is None else known[1]
    if isinstance(rows, (RandomSampler, SequentialSampler)):
        return None, rows.data_source
    if isinstance(rows, WeightedRandomSampler) or (
        hasattr(rows, "drawn_prior") and hasattr(rows, "set_epoch")
    ):
        return rows, None
    if rows is None or hasattr(rows, "__getitem__") or isinstance(rows, torch.Tensor):
        return None, rows
    raise InvalidInput(
        "rows of check_prior must be a sampler of evenkeel.nn or torch, a data set, a DataLoader or "
        f"None. Got {type(rows).__name__}, whose draws cannot be known."
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
