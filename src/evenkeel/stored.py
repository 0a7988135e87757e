"""Scores as a run stored them: read back without its model, and without the library that made it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import did_you_mean, listed
from evenkeel.errors import DamagedRun, EvenkeelError, InvalidInput
from evenkeel.frames import labels_series
from evenkeel.store import read_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import polars as pl
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

OOF, TESTED = "predictions_oof.parquet", "predictions_test.parquet"
_OWN = {
    OOF: {"row", "mark", "target", "at", "repeat", "fold", "remedy", "learner"},
    TESTED: {"row", "mark", "target", "decision"},
}


@dataclass(frozen=True, eq=False)
class StoredScores:
    """Rows with their truth, their scores, and what decisions may need beside them.

    Parameters
    ----------
    y
        ``(n_rows,)``: class codes.
    scores
        ``(n_repeats, n_rows, n_classes)``: raw out-of-fold scores; of the untouched rows one
        repeat, calibrated by the run.
    columns
        The columns asked for, each ``(n_rows,)``.
    times
        ``(n_rows,)``: datetime64 or numbers; None for a run without a time column.
    """

    y: Ints
    scores: Floats
    columns: dict[str, Floats]
    times: Any


def read_facts(folder: Path) -> dict[str, Any]:
    """What ``metrics.json`` of a run holds; DamagedRun when it is anything else."""
    facts = read_json(folder / "metrics.json")
    try:
        whole = str(facts["schema"]).startswith("evenkeel.facts/")
        whole &= len([row["label"] for row in facts["data"]["classes"]]) >= 2
        whole &= all(type(facts["chosen"][name]) is str for name in ("remedy", "learner", "why"))
        whole &= type(facts["data"]["rows"]) is int and type(facts["split"]["kind"]) is str
        whole &= type(facts["test"]["notes"]) is list and type(facts["audit"]) is list
    except (KeyError, TypeError, IndexError):
        whole = False
    if not whole:
        raise DamagedRun(f"{folder / 'metrics.json'} does not hold the facts of an evenkeel run.")
    found: dict[str, Any] = facts
    return found


def read_stored(
    folder: Path,
    name: str,
    *,
    facts: dict[str, Any],
    columns: Sequence[str] = (),
    time: str | None = None,
) -> StoredScores:
    """Read the scores of the chosen model.

    Parameters
    ----------
    folder
        The run directory.
    name
        ``OOF`` or ``TESTED``.
    facts
        What ``metrics.json`` holds.
    columns
        Numeric columns of the table that costs name.
    time
        The time column, if the run had one.

    Raises
    ------
    InvalidInput
        A column that the run did not store.
    DamagedRun
        The file is not what a run writes.
    """
    import polars as pl

    classes = tuple(row["label"] for row in facts["data"]["classes"])
    try:
        # by content: in a path, polars would read brackets as a pattern
        lazy = pl.scan_parquet(io.BytesIO((folder / name).read_bytes()))
        there = lazy.collect_schema()
        scores = _score_names(name, classes)
        beside = {column: _stored_name(column, name, there, classes) for column in columns}
        if time is not None:
            time = _stored_name(time, name, there, classes, numeric=False)
        if name == OOF:
            chosen = facts["chosen"]
            lazy = lazy.filter(
                (pl.col("remedy").cast(pl.String) == chosen["remedy"])
                & (pl.col("learner").cast(pl.String) == chosen["learner"])
            )
        wanted = ["target", *(["repeat"] if name == OOF else []), *scores, *beside.values()]
        frame = lazy.select(list(dict.fromkeys([*wanted, *([time] if time else [])]))).collect()
        return _arranged(frame, name, classes, scores, beside, time, folder / name)
    except EvenkeelError:
        raise
    except (OSError, ValueError, TypeError, pl.exceptions.PolarsError) as error:
        first = str(error).split("\n", 1)[0].rstrip(".")
        raise DamagedRun(f"{folder / name} is not what a run writes: {first}.") from error


def _arranged(
    frame: pl.DataFrame,
    name: str,
    classes: tuple[Any, ...],
    scores: list[str],
    beside: dict[str, str],
    time: str | None,
    path: Path,
) -> StoredScores:
    """One row for each source row, repeats stacked; they lie together in the file."""
    repeats = int(frame["repeat"].max() or 0) + 1 if name == OOF and frame.height else 1  # type: ignore[arg-type]
    whole = frame.height > 0 and repeats > 0 and frame.height % repeats == 0
    if name == OOF and whole:
        whole = bool((frame["repeat"].to_numpy() == np.arange(frame.height) % repeats).all())
    if not whole:
        raise DamagedRun(f"{path} does not hold whole repeats of the chosen remedy.")
    first = frame[::repeats]
    labels = labels_series(classes, np.arange(len(classes))).to_list()
    codes = first["target"].replace_strict(labels, list(range(len(labels))), default=-1)
    y = codes.to_numpy().astype(np.int64)
    if y.min() < 0:
        raise DamagedRun(f"{path} holds labels that are no class of the run.")
    raw = frame.select(scores).to_numpy().astype(np.float64, copy=False)
    if len(scores) == 1:
        raw = np.concatenate([1.0 - raw, raw], axis=1)
    return StoredScores(
        y,
        raw.reshape(first.height, repeats, len(classes)).transpose(1, 0, 2).copy(),
        {asked: first[found].to_numpy().astype(np.float64) for asked, found in beside.items()},
        None if time is None else first[time].to_numpy(),
    )


def _score_names(name: str, classes: tuple[Any, ...]) -> list[str]:
    if name == OOF:
        return [f"raw_{label}" for label in classes]
    return ["probability"] if len(classes) == 2 else [f"probability_{label}" for label in classes]


def _stored_name(
    column: str, name: str, there: pl.Schema, classes: tuple[Any, ...], *, numeric: bool = True
) -> str:
    """Under which name a column of the table lies in the file; scores took their names first."""
    own = _OWN[name] | set(_score_names(name, classes))
    own |= {f"probability_{label}" for label in classes} if name == OOF else set()
    stem = column.rstrip("_")
    if stem in own and f"{stem}_" in there and f"{stem}__" in there:
        raise InvalidInput(
            f"cost or time column of a decision must have a name that the stored scores leave free. "
            f"{column!r} cannot be told from others of the table there. Rename it and run again."
        )
    stored = column
    while stored in own:
        stored += "_"
    known = [one for one in there if one not in own and (not numeric or there[one].is_numeric())]
    if stored in known:
        return stored
    raise InvalidInput(
        f"cost or time column of a decision must be a numeric column of the run's table. Got "
        f"{column!r}. There are: {listed(known, most=10) or 'none'}. "
        f"{did_you_mean(column, known)}".rstrip()
    )
