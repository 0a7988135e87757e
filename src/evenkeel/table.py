"""A file or a frame becomes a Table: features, coded target, groups, time, costs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import listed
from evenkeel.errors import InvalidInput
from evenkeel.reading.features import Features, read_features
from evenkeel.reading.labels import read_labels
from evenkeel.reading.roles import Roles, find_roles
from evenkeel.reading.schema import Schema
from evenkeel.reading.sides import read_sides
from evenkeel.reading.source import Raw, read_source
from evenkeel.reading.target import coded, coded_like, labelled_rows, target_mapping
from evenkeel.reading.tidy import tidy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path
    from typing import Literal

    import numpy.typing as npt
    import polars as pl

    from evenkeel.reading.labels import Label, Labels
    from evenkeel.reading.roles import Column

__all__ = ["Features", "Schema", "Table", "read_features", "read_table"]


@dataclass(frozen=True, eq=False)
class Table:
    """A labelled table, ready to audit, split and learn from.

    Parameters
    ----------
    X
        Features only: numbers, booleans, text, datetimes; n_rows rows.
    y
        Class codes 0 to K-1, shape (n_rows,); of a binary target the positive class is 1.
    classes
        Labels in the order of the codes; binary: (negative, positive).
    task
        ``"binary"`` or ``"multiclass"``.
    target
        Name of the target column.
    rows
        Row numbers in the source, from 0 (header and empty lines not counted), shape (n_rows,).
    groups
        Codes of the groups that must not be split, shape (n_rows,), or None.
    group_name, group_values
        The group column and its values.
    time
        A datetime or a number to order the rows by, without nulls, or None.
    time_name
        The time column.
    costs
        Named cost columns, each of shape (n_rows,), at least 0.
    name, source
        Stem of the file, and where the table came from.
    notes
        What was understood on the way: quoted labels, missing markers, no header.
    n_missing_target
        Rows left out because they have no label.
    labels
        All labels of the target; more than ``classes`` when one class stands against the rest.
    mapping
        Label to group, when the target was mapped.
    keep
        Columns that the user vouched for.
    schema
        What a later file needs to be read alike.
    """

    X: pl.DataFrame
    y: npt.NDArray[np.int64]
    classes: tuple[Label, ...]
    task: Literal["binary", "multiclass"]
    target: str
    rows: npt.NDArray[np.int64]
    groups: npt.NDArray[np.int64] | None = None
    group_name: str | None = None
    group_values: pl.Series | None = None
    time: pl.Series | None = None
    time_name: str | None = None
    costs: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    name: str = "table"
    source: str = "a table"
    notes: tuple[str, ...] = ()
    n_missing_target: int = 0
    labels: tuple[Label, ...] = ()
    mapping: dict[str, str] | None = None
    keep: tuple[str, ...] = ()
    schema: Schema = field(default_factory=lambda: Schema({}, "", ()))

    @property
    def positive(self) -> Label | None:
        """The positive class of a binary target."""
        return self.classes[1] if self.task == "binary" else None

    @property
    def n_rows(self) -> int:
        """Labelled rows."""
        return len(self.y)

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """Rows of each class, in the order of ``classes``."""
        return np.bincount(self.y, minlength=len(self.classes)).astype(np.int64)

    def without(self, columns: Sequence[str]) -> Table:
        """The same table without some features; a later file need not hold them."""
        left = {name: kind for name, kind in self.schema.kinds.items() if name not in columns}
        known = {name: found for name, found in self.schema.categories.items() if name in left}
        schema = replace(self.schema, kinds=left, categories=known)
        notes = (*self.notes, f"left out: {', '.join(columns)}")
        return replace(self, X=self.X.drop(columns), schema=schema, notes=notes)

    @cached_property
    def hash(self) -> str:
        """A hex digest of features, labels, groups, times and costs: equal for equal content."""
        import polars as pl

        digest = hashlib.sha256(repr((self.classes, self.target)).encode())
        digest.update(np.ascontiguousarray(self.y).tobytes())
        columns = [*self.X.get_columns(), *(pl.Series(n, v) for n, v in self.costs.items())]
        columns += [c for c in (self.group_values, self.time) if c is not None]
        for column in columns:
            digest.update(f"{column.name}\x00{column.dtype}\x00".encode())
            digest.update(b"".join(_content(column)))
        return digest.hexdigest()


def read_table(
    source: Any,
    *,
    target: Column | None = None,
    positive: Any | None = None,
    names: Sequence[str] | str | Path | None = None,
    header: bool = True,
    map_target: Mapping[Any, Any] | str | Path | None = None,
    group: Column | None = None,
    time: Column | None = None,
    drop: Iterable[Column] = (),
    keep: Iterable[Column] = (),
    cost_columns: Iterable[Column] = (),
    drop_missing_target: bool = False,
    like: Table | None = None,
) -> Table:
    """Read a labelled table from a file, a folder or a frame.

    Columns are named, or given by position: 0 is the first, -1 the last.

    Parameters
    ----------
    source
        Path of a CSV (any delimiter), Parquet, Arrow, JSON Lines, ARFF or ``.npz`` file, plain or in
        gzip or zip; a folder or pattern of Parquet files; a pandas, polars or pyarrow frame, a
        numpy array, a dict of columns.
    target
        The column to predict. Needed unless ``like`` is given.
    positive
        The positive label: it stands against all others. Default: of two classes, the rarer.
    names
        Column names, or a file of them; fewer names than columns leave the rest numbered.
    header
        False: a text table has none. True: its first row decides.
    map_target
        Label to group, or a file of two columns.
    group
        Column whose values must not be split between training and test; it is no feature.
    time
        Column to order rows by; it is no feature.
    drop
        Columns to leave out.
    keep
        Columns to keep as features although they are the group or the time, and columns that the
        audit must not question.
    cost_columns
        Columns that hold costs of each row, at least 0; they stay features.
    drop_missing_target
        Leave out rows without a label.
    like
        A table read before: this one gets its columns, kinds, mapping and classes.

    Raises
    ------
    InvalidInput
        The source, a column, the target, a time or a cost cannot be used; the message says why.

    Examples
    --------
    >>> table = read_table({"x": [1, 2, 3], "y": ["no", "no", "yes"]}, target="y")
    >>> table.classes, table.y.tolist(), table.positive
    (('no', 'yes'), [0, 0, 1], 'yes')
    """
    if target is None and like is None:
        raise InvalidInput("target must name a column, or its position. Got None.")
    known = None if like is None else like.schema.source_columns
    raw = read_source(source, names=names, header=header, known=known)
    asked = {"group": group, "time": time, "costs": cost_columns, "drop": drop, "keep": keep}
    roles = _roles(raw, target, asked, like)
    mapping = None if like is None else like.mapping
    if map_target is not None:
        mapping = target_mapping(map_target)
    labels = read_labels(raw.frame[roles.target], mapping)
    labelled = labelled_rows(labels, drop_missing_target=drop_missing_target)
    rows = np.flatnonzero(labelled)
    parts = _learnt(raw, roles, labels, positive) if like is None else _alike(raw, labels, like)
    if len(rows) < len(labelled):
        parts |= {"X": parts["X"][rows], "y": parts["y"][rows]}
    return Table(
        **parts,
        **read_sides(raw, roles, rows),
        task="binary" if len(parts["classes"]) == 2 else "multiclass",
        target=roles.target,
        rows=rows,
        name=raw.name,
        source=raw.source,
        n_missing_target=len(labelled) - len(rows),
        mapping=mapping,
        keep=roles.keep,
    )


def _learnt(raw: Raw, roles: Roles, labels: Labels, positive: Any | None) -> dict[str, Any]:
    """Features, codes and schema of a table that stands on its own."""
    classes, y, chosen = coded(labels, positive)
    features = tidy(raw.frame.select(roles.features), decimal_comma=raw.decimal_comma)
    return {
        "X": features.frame,
        "y": y,
        "classes": classes,
        "labels": labels.values,
        "schema": Schema.of(features.frame, roles.target, raw.frame.columns),
        "notes": (*raw.notes, *labels.notes, *chosen, *features.notes),
    }


def _alike(raw: Raw, labels: Labels, like: Table) -> dict[str, Any]:
    """Features and codes of a table with the columns, kinds and classes of another."""
    features = like.schema.select(raw.frame, raw.source, decimal_comma=raw.decimal_comma)
    return {
        "X": features.frame,
        "y": coded_like(labels, like.labels, like.classes, raw.source),
        "classes": like.classes,
        "labels": like.labels,
        "schema": like.schema,
        "notes": (*raw.notes, *labels.notes, *features.notes),
    }


def _roles(raw: Raw, target: Column | None, asked: dict[str, Any], like: Table | None) -> Roles:
    """The roles of the columns; a test file may lack the group, the time and what was dropped."""
    columns = raw.frame.columns
    if like is None:
        return find_roles(columns, raw.source, target=-1 if target is None else target, **asked)
    like.schema.require(columns, raw.source)
    wanted = like.target if target is None or like.target in columns else target
    beside = (like.group_name, like.time_name)
    roles = find_roles(
        columns,
        raw.source,
        target=wanted,
        group=like.group_name if like.group_name in columns else None,
        time=like.time_name if like.time_name in columns else None,
        costs=[name for name in like.costs if name in columns],
        drop=[name for name in asked["drop"] if name in columns and name not in beside],
    )
    more = [name for name in like.schema.spare(raw.frame) if name not in roles.drop]
    if more:
        raise InvalidInput(
            f"{raw.source} must have the columns of training. It has {len(more)} more: "
            f"{listed(map(repr, more), most=10)}. Remove them, or name them in drop."
        )
    return replace(roles, keep=like.keep)


def _content(column: pl.Series) -> Iterable[bytes]:
    """The bytes that tell a column apart: lengths and text, or numbers, and where it is null."""
    import polars as pl

    yield column.is_null().to_numpy().tobytes()
    if column.dtype == pl.String:
        filled = column.fill_null("")
        yield filled.str.len_bytes().to_numpy().tobytes()
        yield (filled.str.join("").item() if len(filled) else "").encode()
    else:
        plain = (
            column.to_physical().fill_null(0)
            if column.dtype != pl.Boolean
            else column.fill_null(value=False)
        )
        yield np.ascontiguousarray(plain.to_numpy()).tobytes()
