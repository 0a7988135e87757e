"""The tables of predictions that a run leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.seen_rows import row_marks

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from evenkeel.race import Comparison
    from evenkeel.split import Split
    from evenkeel.table import Table


def oof_frame(comparison: Comparison, table: Table, split: Split) -> pl.DataFrame:
    """Out-of-fold scores of every remedy that ran, ordered by row.

    Parameters
    ----------
    comparison
        Entries with their scores.
    table, split
        Where the scored rows come from.

    Returns
    -------
    DataFrame
        ``row`` (number in the source), ``mark`` (a hash of its features: ``row_marks``),
        ``repeat``, ``fold``, ``remedy``, ``learner``, ``target``,
        ``raw_LABEL`` and ``probability_LABEL`` for each class, then the numeric columns, the time
        and the group of the row. Rows of one source row lie together, so repeated columns
        compress to almost nothing.
    """
    import polars as pl

    parts = []
    for entry in comparison.entries:
        if entry.scores is None or entry.settled is None:
            continue
        for repeat in range(entry.scores.n_repeats):
            columns: dict[str, Any] = {
                "at": np.arange(len(split.train), dtype=np.uint32),
                "repeat": np.full(len(split.train), repeat, np.int16),
                "fold": entry.scores.fold[repeat].astype(np.int16),
                "remedy": [entry.name] * len(split.train),
                "learner": [entry.learner] * len(split.train),
            }
            for code, label in enumerate(table.classes):
                columns[f"raw_{label}"] = entry.scores.raw[repeat, :, code]
            for code, label in enumerate(table.classes):
                columns[f"probability_{label}"] = entry.settled.proba[repeat, :, code]
            names = {"remedy": pl.Categorical, "learner": pl.Categorical}
            parts.append(pl.DataFrame(columns, schema_overrides=names))
    scored = pl.concat(parts).sort("at", maintain_order=True)
    taken = set(scored.columns) | {"row", "mark", "target"}
    at = scored["at"].to_numpy()
    beside = {
        name: values.gather(at) for name, values in _columns(table, split.train, taken).items()
    }
    head = {
        "row": pl.Series("row", table.rows[split.train][at]),
        "mark": pl.Series(row_marks(table.X[split.train])[at]),
        "target": labels_series(table.classes, table.y[split.train]).gather(at),
    }
    return pl.DataFrame([*_named(head), *scored.drop("at"), *_named(beside)])


def test_frame(
    table: Table,
    at: NDArray[np.int64],
    proba: NDArray[np.float64],
    decided: NDArray[np.int64],
) -> pl.DataFrame:
    """Scores of the untouched rows by the chosen model.

    Parameters
    ----------
    table, at
        Rows ``(n_test,)`` of a table.
    proba
        Calibrated probabilities ``(n_test, n_classes)``.
    decided
        Decided codes ``(n_test,)``.

    Returns
    -------
    DataFrame
        ``row``, ``mark``, ``target``, ``probability`` (two classes) or ``probability_LABEL``, ``decision``,
        then the numeric columns, the time and the group of the row, as in :func:`oof_frame`.
    """
    import polars as pl

    classes = table.classes
    scores = (
        {"probability": proba[:, 1]}
        if len(classes) == 2
        else {f"probability_{label}": proba[:, code] for code, label in enumerate(classes)}
    )
    head = {
        "row": pl.Series(table.rows[at]),
        "mark": pl.Series(row_marks(table.X[at])),
        "target": labels_series(classes, table.y[at]),
        **{name: pl.Series(values) for name, values in scores.items()},
        "decision": labels_series(classes, decided),
    }
    return pl.DataFrame([*_named(head), *_named(_columns(table, at, set(head)))])


def labels_series(classes: tuple[Any, ...], codes: NDArray[np.int64]) -> pl.Series:
    """Labels of codes as a column of their own type; labels of several types become text.

    >>> labels_series(("no", "yes"), np.array([1, 0])).to_list()
    ['yes', 'no']
    """
    import polars as pl

    mixed = len({type(label) for label in classes}) > 1
    return pl.Series([str(label) for label in classes] if mixed else list(classes)).gather(codes)


def _columns(table: Table, rows: NDArray[np.int64], taken: set[str]) -> dict[str, pl.Series]:
    """Numeric features, costs, time and group of the rows, under names that are still free."""
    import polars as pl

    found = {
        name: series.gather(rows)
        for name, series in zip(table.X.columns, table.X, strict=True)
        if series.dtype.is_numeric()
    }
    for name, values in table.costs.items():
        if name not in found:  # a cost column may be no feature
            found[name] = pl.Series(values[rows])
    if table.time is not None and table.time_name is not None:
        found[table.time_name] = table.time.gather(rows)
    if table.group_values is not None and table.group_name is not None:
        found[table.group_name] = table.group_values.gather(rows)
    free: dict[str, pl.Series] = {}
    for name, series in found.items():
        while name in taken or name in free:
            name += "_"  # noqa: PLW2901  (the name that is still free)
        free[name] = series
    return free


def _named(columns: dict[str, pl.Series]) -> list[pl.Series]:
    return [series.alias(name) for name, series in columns.items()]
