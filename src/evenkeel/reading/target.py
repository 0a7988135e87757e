"""From labels to class codes: which rows count, which class is positive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import listed
from evenkeel.errors import InvalidInput
from evenkeel.reading.labels import binary_classes, looks_negative, match_label, plain_text
from evenkeel.reading.source import read_source
from evenkeel.reading.words import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt

    from evenkeel.reading.labels import Label, Labels


def target_mapping(map_target: Mapping[Any, Any] | str | Path) -> dict[str, str]:
    """Label to group, from a mapping or a file of two columns without a header that counts.

    Raises
    ------
    InvalidInput
        A row has no group, or one label has two.

    Examples
    --------
    >>> target_mapping({"<30": "soon", ">30": "later"})
    {'<30': 'soon', '>30': 'later'}
    """
    if isinstance(map_target, (str, Path)):
        raw = read_source(map_target, header=False)
        return _pairs(raw.frame.iter_rows(), str(map_target))
    return _pairs(map_target.items(), "map_target")


def _pairs(rows: Iterable[Sequence[Any]], source: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for row in rows:
        if len(row) != 2 or row[0] is None or row[1] is None:
            raise InvalidInput(
                f"{source} must hold two columns, label and group, both filled. Got {list(row)!r}."
            )
        label, group = (plain_text(str(cell)) for cell in row)
        if pairs.setdefault(label, group) != group:
            raise InvalidInput(f"{source} gives {label!r} two groups: {pairs[label]!r}, {group!r}.")
    return pairs


def labelled_rows(labels: Labels, *, drop_missing_target: bool) -> npt.NDArray[np.bool_]:
    """Which rows have a label, shape (n_rows,).

    Raises
    ------
    InvalidInput
        A label is missing, and rows without one were not to be dropped.
    """
    labelled = labels.codes >= 0
    missing = np.flatnonzero(~labelled)
    if len(missing) and not drop_missing_target:
        raise InvalidInput(
            f"target {labels.name!r} must have a label in every row. {len(missing):,} of "
            f"{len(labelled):,} rows have none (first: rows {listed(missing[:3].tolist(), most=3)}, "
            "from 0). Drop them with drop_missing_target=True (--drop-missing-target)."
        )
    return labelled


def coded(
    labels: Labels, positive: Any | None
) -> tuple[tuple[Label, ...], npt.NDArray[np.int64], tuple[str, ...]]:
    """Classes, a code for each row, and what has to be said about the choice."""
    pair = binary_classes(labels, positive)
    if pair is None:
        return labels.values, labels.codes, ()
    chosen = labels.values.index(pair[1])
    notes: tuple[str, ...] = ()
    if positive is None and looks_negative(pair[1]):
        notes = (f"the positive class is {pair[1]!r}, the rarer label; positive names another",)
    return pair, (labels.codes == chosen).astype(np.int64), notes


def coded_like(
    labels: Labels,
    known: Sequence[Label],
    classes: Sequence[Label],
    source: str,
    *,
    hint: str = "Map them to known groups with map_target, or leave the rows out.",
) -> npt.NDArray[np.int64]:
    """Codes of a later table, -1 where no label stands.

    Parameters
    ----------
    labels
        The labels of the later table.
    known, classes
        All labels of the earlier table, and its classes; what is no class belongs to code 0.
    source, hint
        The later table, and what to do about labels that are not known, for messages.

    Raises
    ------
    InvalidInput
        A label is not among those known.
    """
    meant = [match_label(value, known) for value in labels.values]
    counts = labels.counts
    unseen = [v for v, found in zip(labels.values, meant, strict=True) if found is None]
    if unseen:
        words = (f"{value!r} ({plural(counts[value], 'row')})" for value in unseen)
        raise InvalidInput(
            f"{source} holds {plural(len(unseen), 'label')} that training never saw: "
            f"{listed(words, most=20)}. {hint}"
        )
    places = {label: at for at, label in enumerate(classes)}
    codes = [places.get(found, 0) for found in meant if found is not None]
    return np.array([*codes, -1], dtype=np.int64)[labels.codes]
