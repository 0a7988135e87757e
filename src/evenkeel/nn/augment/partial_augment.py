"""More of the rare classes: changed copies of their items, made when a batch asks for them."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import check_choice, check_number, listed
from evenkeel.augmented import Augmented
from evenkeel.distribution import Ratio, wanted
from evenkeel.errors import EvenkeelWarning, InvalidInput, InvalidType
from evenkeel.nn.augment.in_order import check_callable
from evenkeel.nn.augment.keyed import Keyed
from evenkeel.nn.samplers.class_rows import ClassRows
from evenkeel.nn.samplers.labels import labels_of
from evenkeel.nn.samplers.plan_dataset import PlanDataset
from evenkeel.nn.samplers.undersampled_subset import check_length
from evenkeel.plan import Plan, id_type

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from numpy.typing import NDArray

LIMIT = 20  # copies of an original where nobody said how many


class PartialAugment(PlanDataset):
    """A data set and, of its rare classes only, changed copies up to a count for each class.

    Originals come first, as they are; copies follow. A copy's chance is a function of seed, epoch and
    the copy's number alone: the same with any number of workers, in any order, and anew after
    ``set_epoch``. No global random state is read or left changed. Augment training rows only, after
    the split.

    Parameters
    ----------
    dataset
        Items that are values, tuples ``(x, ...)`` or dicts: a ``TensorDataset``, a list of pairs, a
        Hugging Face dataset, any map-style data set.
    transform
        Takes ``x`` and gives a changed one: a transform of this package, or any callable, such as one
        of torchvision, kornia or audiomentations. Foreign ones run with the global generators of
        torch, numpy and ``random`` seeded for the copy and put back afterwards; one that keeps a
        generator of its own has to be seeded there.
    classes
        Labels of the classes that may get copies; None: all that have less than their count.
    copies
        Final count of a class, originals and copies: ``"balance"``, as many as the largest class has; a
        whole number, the same for each class; a mapping from label to count; or a
        :class:`evenkeel.distribution.Ratio`.
    limit
        Copies of one original at most, at least 1. None: 20, with a warning where a class stays
        below its count.
    labels
        Labels of the rows, as for :class:`BalancedSampler`; None for those of the data set.
    seed
        From 0 to ``2^63 - 1``.
    feature
        Where items are dicts: the entry that is changed.

    Attributes
    ----------
    plan
        What was decided; ``plan.origin()`` gives each row's original, to carry over groups or weights,
        and ``PlanDataset(plan, X, y, weights)`` takes it to arrays.
    labels
        Label of each row ``(n_out,)``.
    classes, prior, drawn_prior
        Labels of the classes, their shares before, and after, ``(n_classes,)``.

    Raises
    ------
    InvalidInput, InvalidType
        A data set without labels, labels of another length, unknown classes, counts below what
        there is (a whole number below every class's), numbers out of range, a transform that cannot
        be called.

    Warns
    -----
    EvenkeelWarning
        The limit that nobody chose leaves a class below its count. A second pass without
        ``set_epoch``, which repeats the copies of the first one.

    Examples
    --------
    >>> from evenkeel.nn import GaussianNoise
    >>> data = [([0.0, 1.0], "common")] * 6 + [([5.0, 7.0], "rare")] * 2
    >>> more = PartialAugment(data, GaussianNoise(0.1), labels=["common"] * 6 + ["rare"] * 2)
    >>> len(more), more.labels[8:].tolist(), more[0] == data[0], more[8][0] == more[9][0]
    (12, ['rare', 'rare', 'rare', 'rare'], True, False)
    """

    def __init__(
        self,
        dataset: Any,
        transform: Callable[..., Any],
        classes: Collection[Any] | None = None,
        copies: Any = "balance",
        limit: int | None = None,
        labels: Any = None,
        seed: int = 0,
        *,
        feature: str | None = None,
    ) -> None:
        owner = type(self).__name__
        check_callable(transform, "transform", owner)
        self._transform = transform
        if limit is not None:
            check_number(limit, "limit", owner, low=1, whole=True)
        self._labels = labels_of(dataset if labels is None else labels, owner)
        found = ClassRows(self._labels, owner, seed=seed)
        check_length(dataset, len(found.rows), owner)
        counts = dict(zip(found.classes, found.counts.tolist(), strict=True))
        extra = _extra(copies, counts, classes, owner)
        quotas = _limited(extra, counts, limit)
        made = np.array([quotas.get(label, 0) for label in found.classes])
        n_rows, n_made = len(found.rows), int(made.sum())
        parents = np.empty(n_made, id_type(n_rows + n_made))
        found.window(np.zeros_like(made), made, parents)
        block = Augmented(parents, Keyed(transform), int(seed))
        rows = np.arange(n_rows + n_made, dtype=parents.dtype)
        blocks = (block,) if n_made else ()
        super().__init__(Plan(n_rows, rows, blocks), dataset, feature=feature)

    def __repr__(self) -> str:
        made = len(self) - self.plan.n_rows
        facts = f"{len(self):,} rows, {made:,} of them copies by {self._transform!r}"
        return f"{type(self).__name__}({facts}, epoch={int(self._epoch)})"

    def _source_labels(self) -> NDArray[Any]:
        return np.asarray(self._labels)


def _extra(
    copies: Any, counts: dict[Any, int], classes: Collection[Any] | None, owner: str
) -> dict[Any, int]:
    """Copies wanted of each class, before the limit."""
    chosen = set(counts) if classes is None else _known(classes, "classes", counts, owner)
    if isinstance(copies, str):
        check_choice(copies, ("balance",), "copies", owner)
        copies = "auto"
    elif isinstance(copies, Mapping):
        _check_counts(copies, chosen, counts, owner)
    elif isinstance(copies, int) and not isinstance(copies, bool):
        check_number(copies, "copies", owner, low=1, whole=True)
        _check_count(copies, {label: counts[label] for label in chosen}, owner)
        copies = {label: max(n, copies) for label, n in counts.items()}
    elif not isinstance(copies, Ratio):
        raise InvalidType(
            f"copies of {owner} must be 'balance', a whole number, a mapping from label to count, or a "
            f"Ratio of evenkeel.distribution. Got {copies!r}."
        )
    extra = wanted(copies, counts, kind="over", owner=owner)
    return {label: n for label, n in extra.items() if n and label in chosen}


def _check_count(copies: int, counts: dict[Any, int], owner: str) -> None:
    if copies < min(counts.values(), default=0):
        known = listed(f"{label!r}: {n:,}" for label, n in counts.items())
        raise InvalidInput(
            f"copies of {owner} must be the final count of a class, originals and copies. Got {copies}, "
            f"and each class has more ({known}). For {copies} copies of each original at most, give "
            f"limit={copies}."
        )


def _check_counts(
    copies: Mapping[Any, Any], chosen: set[Any], counts: dict[Any, int], owner: str
) -> None:
    for label in _known(copies, "copies", counts, owner):
        check_number(
            copies[label], f"copies[{label!r}]", owner, low=counts[label], whole=True,
            hint="Originals are counted too, and none is left out.",
        )  # fmt: skip
    outside = [label for label in copies if label not in chosen]
    if outside:
        raise InvalidInput(
            f"copies of {owner} must be for the classes that were named: {listed(chosen)}. "
            f"Got a count for {listed(outside)}."
        )


def _known(labels: Collection[Any], name: str, counts: dict[Any, int], owner: str) -> set[Any]:
    if not isinstance(labels, Iterable):
        raise InvalidType(
            f"{name} of {owner} must be a list of labels. Got {labels!r}: [{labels!r}]."
        )
    unknown = [label for label in labels if label not in counts]
    if unknown or isinstance(labels, str):
        raise InvalidInput(
            f"{name} of {owner} must be of labels that occur: {listed(counts)}. "
            f"Got {listed(unknown) if unknown else repr(labels)}."
        )
    return set(labels)


def _limited(extra: dict[Any, int], counts: dict[Any, int], limit: int | None) -> dict[Any, int]:
    """Copies of each class, no original having more than the limit."""
    most = LIMIT if limit is None else int(limit)
    short = {label: n for label, n in extra.items() if n > counts[label] * most}
    if short and limit is None:
        told = listed(f"{label!r}: {counts[label] * (most + 1):,} of {counts[label] + n:,}"
                      for label, n in short.items())  # fmt: skip
        warnings.warn(
            f"PartialAugment makes at most {LIMIT} copies of an original, so classes stay below "
            f"their counts ({told}). Give limit= to choose how many.",
            EvenkeelWarning,
            stacklevel=3,
        )
    return {label: min(n, counts[label] * most) for label, n in extra.items()}
