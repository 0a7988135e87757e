"""New rows for a model that knows its columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evenkeel._checks import listed
from evenkeel.reading.source import Raw, read_source
from evenkeel.reading.words import plural

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import polars as pl

    from evenkeel.reading.schema import Schema


@dataclass(frozen=True, eq=False)
class Features:
    """New rows, read with the columns of a model.

    Parameters
    ----------
    X
        The model's features in its order, cleaned.
    frame
        The file as it was read, every column.
    extra
        Columns that training did not have; they are ignored.
    unseen
        Text feature to the values that training never saw, with their counts.
    labels
        The target column as it was read, when the file has it.
    name, source, notes
        Stem of the file, where it lies, what was understood.
    """

    X: pl.DataFrame
    frame: pl.DataFrame
    extra: tuple[str, ...]
    unseen: dict[str, dict[str, int]]
    labels: pl.Series | None
    name: str
    source: str
    notes: tuple[str, ...]

    @property
    def typed(self) -> pl.DataFrame:
        """The file with the columns that the model knows as numbers, dates or booleans as these.

        Columns that the model does not read, and texts, stay as they were.
        """
        import polars as pl

        kinds = self.X.schema
        return self.frame.with_columns(
            self.X[name]
            for name, dtype in self.frame.schema.items()
            if dtype == pl.String and kinds.get(name, dtype) != dtype
        )


def read_features(
    source: Any,
    *,
    schema: Schema,
    names: Sequence[str] | str | Path | None = None,
    header: bool = True,
) -> Features:
    """Read new rows for a model that knows its schema; labels are kept when they are there.

    Parameters
    ----------
    source, names, header
        As in :func:`read_table`.
    schema
        The schema of the training table.

    Raises
    ------
    InvalidInput
        A column of the model is missing, or a cell does not fit its column.

    Examples
    --------
    >>> from evenkeel.reading.schema import Schema
    >>> schema = Schema({"x": "text"}, "y", ("x", "y"), {"x": ("a", "b")})
    >>> new = read_features({"more": [1], "x": ["c"]}, schema=schema)
    >>> new.X.columns, new.extra, new.unseen
    (['x'], ('more',), {'x': {'c': 1}})
    """
    columns = schema.source_columns
    raw = read_source(source, names=names, header=header, known=columns)
    unlabelled = [name for name in columns if name != schema.target]
    if raw.frame.columns == [f"column_{at + 1}" for at in range(len(unlabelled))]:
        # A file without header and without labels: the other columns keep their order.
        raw = Raw(
            raw.frame.rename(dict(zip(raw.frame.columns, unlabelled, strict=True))),
            raw.name,
            raw.source,
            (*raw.notes, "no header: the columns are named as in the training table"),
            raw.decimal_comma,
        )
    features = schema.select(raw.frame, raw.source, decimal_comma=raw.decimal_comma)
    extra = schema.spare(raw.frame)
    notes = [*raw.notes, *features.notes]
    if extra:
        notes.append(f"columns that training did not have are ignored: {listed(extra)}")
    unseen = schema.unseen(features.frame)
    for name, values in unseen.items():
        notes.append(
            f"{name} holds {plural(len(values), 'value')} that training never saw: {listed(values)} "
            f"({plural(sum(values.values()), 'row')})"
        )
    labels = raw.frame[schema.target] if schema.target in raw.frame.columns else None
    return Features(
        features.frame, raw.frame, extra, unseen, labels, raw.name, raw.source, tuple(notes)
    )
