"""A finished run: what it found, its model, its files, and how to use them later."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenkeel.decide import Decision, Platt
from evenkeel.decide.classifier import DecidedClassifier
from evenkeel.errors import DamagedRun
from evenkeel.export import load_model, save_model
from evenkeel.reading.schema import Schema
from evenkeel.report import render_card, render_page
from evenkeel.store import (
    new_folder,
    open_run,
    read_json,
    seal,
    write_bytes,
    write_frame,
    write_json,
    write_table,
)
from evenkeel.table import read_features

if TYPE_CHECKING:
    import polars as pl

DECISION_FORMAT = "evenkeel.decision/1"


@dataclass
class Run:
    """What one complete pass left.

    Attributes
    ----------
    facts
        Everything it found; documented in ``docs/facts.md``.
    model
        Fitted classifier: ``predict`` applies the decision, ``predict_proba`` is calibrated.
    schema
        Columns that the model reads.
    info
        Settings, seeds, versions, data hash, timings: what ``run.json`` holds.
    oof, tested
        Out-of-fold scores of every remedy, and the chosen model's scores of the untouched rows.
    folder
        Where it is stored; None while it is not.
    """

    facts: dict[str, Any]
    model: DecidedClassifier
    schema: Schema
    info: dict[str, Any]
    oof: pl.DataFrame
    tested: pl.DataFrame
    folder: Path | None = None
    files: list[str] = field(default_factory=list)

    @property
    def table(self) -> pl.DataFrame:
        """One row for each remedy: metrics, intervals, paired differences to the baseline."""
        import polars as pl

        rows = [
            {key: value for key, value in row.items() if not isinstance(value, dict)}
            for row in self.facts["remedies"]
        ]
        return pl.DataFrame(rows, infer_schema_length=None)

    @property
    def decision(self) -> Decision:
        """Threshold or offsets, with their spread and counts."""
        decision: Decision = self.model.decision_
        return decision

    def __repr__(self) -> str:
        chosen = self.facts["chosen"]
        return f"Run(chosen {chosen['remedy']!r} with {chosen['learner']!r}, folder {self.folder})"

    def report(self, path: str | Path) -> Path:
        """Write the page to a file of its own."""
        path = Path(path)
        write_bytes(path, render_page(self.facts).encode())
        return path

    def save(self, folder: str | Path) -> Path:
        """Write the run directory.

        Raises
        ------
        InvalidInput
            The folder exists and is not empty.
        CannotWrite
            The folder or the disk refuses.
        """
        self.write(new_folder(folder, "run", resume=False))
        assert self.folder is not None
        return self.folder

    def write(self, folder: Path) -> None:
        """Write every file into a folder that is already ours, ``run.json`` last."""
        decision = {
            "format": DECISION_FORMAT,
            "classes": list(self.facts["data"]["classes"]),
            "labels": self.model.classes_.tolist(),
            "decision": self.decision.to_dict(),
            "calibrator": self.model.calibrator_.to_dict(),
        }
        write_json(folder / "metrics.json", self.facts)
        write_json(folder / "decision.json", decision)
        write_frame(folder / "predictions_oof.parquet", self.oof)
        write_frame(folder / "predictions_test.parquet", self.tested)
        save_model(self.model.estimator_, folder / "model.skops")
        write_bytes(folder / "MODEL_CARD.md", render_card(self.facts).encode())
        write_bytes(folder / "report.html", render_page(self.facts).encode())
        seal(folder, {**self.info, "schema": self.schema.to_dict()})
        self.folder = folder
        self.files = sorted(str(path) for path in folder.iterdir() if path.is_file())

    @classmethod
    def load(cls, folder: str | Path) -> Run:
        """Read a run directory; only allowed types are loaded from the model file.

        Raises
        ------
        DamagedRun
            A file is missing, altered, or holds types that are not allowed.
        """
        import polars as pl

        folder = Path(folder)
        info = open_run(folder)
        facts = read_json(folder / "metrics.json")
        stored = read_json(folder / "decision.json")
        if not isinstance(stored, dict) or stored.get("format") != DECISION_FORMAT:
            raise DamagedRun(f"{folder / 'decision.json'} is not a decision of evenkeel.")
        try:
            calibrator = Platt.from_dict(stored["calibrator"])
            decision = Decision.from_dict(stored["decision"])
            labels = list(stored["labels"])
            schema = Schema.from_dict(info["schema"])
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedRun(f"{folder / 'decision.json'} is damaged: {error}") from error
        model = DecidedClassifier.of(
            load_model(folder / "model.skops"), calibrator, decision, classes=labels
        )
        frames = [
            pl.read_parquet(folder / f"predictions_{part}.parquet") for part in ("oof", "test")
        ]
        files = sorted(str(path) for path in folder.iterdir() if path.is_file())
        return cls(facts, model, schema, info, frames[0], frames[1], folder, files)

    def predict_file(self, source: Any, out: str | Path) -> list[str]:
        """Score a table and write it with ``probability`` and ``decision`` beside each row.

        Parameters
        ----------
        source
            Any table with the model's columns.
        out
            ``.csv`` or ``.parquet`` file to write.

        Returns
        -------
        list of str
            What was noticed: extra columns, values never seen in training.

        Raises
        ------
        InvalidInput
            The table lacks a column, or a cell does not fit its column.
        """
        import polars as pl

        read = read_features(source, schema=self.schema)
        proba = self.model.predict_proba(read.X)
        labels = self.model.classes_
        added = (
            {"probability": pl.Series(proba[:, 1])}
            if len(labels) == 2
            else {f"probability_{label}": pl.Series(proba[:, k]) for k, label in enumerate(labels)}
        )
        added["decision"] = pl.Series(self.model.predict(read.X).tolist())
        frame = read.frame.drop([name for name in added if name in read.frame.columns])
        write_table(frame.with_columns(**added), Path(out))
        return list(read.notes)


def rewrite_report(folder: str | Path) -> Path:
    """Write the page of a stored run again; needs its facts alone, not its model."""
    folder = Path(folder)
    open_run(folder)
    path = folder / "report.html"
    write_bytes(path, render_page(read_json(folder / "metrics.json")).encode())
    return path
