"""A finished run: what it found, its model, its files, and how to use them later."""

from __future__ import annotations

import importlib
import threading
import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenkeel._checks import listed
from evenkeel.decide.classifier import DecidedClassifier
from evenkeel.decision_file import DecisionFile, reason
from evenkeel.errors import DamagedRun, EvenkeelWarning, InvalidInput
from evenkeel.export import check_table_path, load_model, save_model, write_table
from evenkeel.frames import labels_series
from evenkeel.in_force import facts_in_force
from evenkeel.reading.schema import Schema
from evenkeel.reading.words import plural
from evenkeel.report import preload, render_card, render_page
from evenkeel.store import (
    AGAIN,
    new_folder,
    open_run,
    seal,
    write_bytes,
    write_frame,
    write_json,
)
from evenkeel.stored import TESTED, read_facts, read_stored
from evenkeel.table import read_features
from evenkeel.versions import moved_on

if TYPE_CHECKING:
    import polars as pl

    from evenkeel.decide import Decision
    from evenkeel.table import Features


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

    @property
    def told(self) -> dict[str, Any]:
        """What screen and page show: the facts, and what each remedy did and cost on this machine."""
        return self.facts | {"costs": self.info.get("remedies") or []}

    def __repr__(self) -> str:
        chosen = self.facts["chosen"]
        return f"Run(chosen {chosen['remedy']!r} with {chosen['learner']!r}, folder {self.folder})"

    def report(self, path: str | Path) -> Path:
        """Write the page to a file of its own."""
        path = Path(path)
        write_bytes(path, render_page(self.told).encode())
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
        decision = DecisionFile(self.model.classes_.tolist(), self.model.calibrator_, self.decision)
        write_json(folder / "metrics.json", self.facts)
        decision.write(folder / AGAIN)
        write_frame(folder / "predictions_oof.parquet", self.oof)
        write_frame(folder / "predictions_test.parquet", self.tested)
        try:
            save_model(self.model.estimator_, folder / "model.skops")
        except InvalidInput as error:  # a remedy of the user's own; all that was found is kept
            self.info["no_model"] = str(error)
            warnings.warn(
                f"{folder} is kept without its model: {error}", EvenkeelWarning, stacklevel=2
            )
        write_bytes(folder / "MODEL_CARD.md", render_card(self.facts).encode())
        write_bytes(folder / "report.html", render_page(self.told).encode())
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
        folder = Path(folder)
        info = open_run(folder)
        try:
            schema = Schema.from_dict(info["schema"])
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedRun(f"{folder / 'run.json'} is damaged: {reason(error)}.") from error
        file = DecisionFile.read(folder / AGAIN)
        others = moved_on(info.get("versions"))
        if info.get("no_model"):
            raise DamagedRun(f"{folder} was kept without its model: {info['no_model']}")
        try:
            fitted = load_model(folder / "model.skops")
        except DamagedRun as error:
            if others:
                raise DamagedRun(f"{str(error).rstrip('.')}. Note that {others}.") from error
            raise
        if others:
            warnings.warn(f"{folder}: {others}.", EvenkeelWarning, stacklevel=2)
        return cls(
            read_facts(folder),
            DecidedClassifier.of(fitted, file.whole, file.decision, classes=file.labels),
            schema,
            info,
            _read_scores(folder / "predictions_oof.parquet"),
            _read_scores(folder / "predictions_test.parquet"),
            folder,
            sorted(str(path) for path in folder.iterdir() if path.is_file()),
        )

    def predict_file(self, source: Any, out: str | Path) -> list[str]:
        """Score a table and write what the decision in force says beside each row.

        ``probability``, ``decision``, with bands ``band``, and with costs ``expected_cost``, what the
        decision is expected to cost.

        Parameters
        ----------
        source
            Any table with the model's columns.
        out
            ``.csv`` (cells as they were) or ``.parquet`` (numbers, dates and booleans of the
            model as such) file to write.

        Returns
        -------
        list of str
            What was noticed: extra columns, values never seen in training.

        Raises
        ------
        InvalidInput
            The table lacks a column, or a cell does not fit its column.
        """
        out = Path(out)
        check_table_path(out)
        self._spare(source, out)
        read = read_features(source, schema=self.schema)
        # text in a CSV file says what a cell was; in Parquet a number as text is of no use
        whole = read.typed if out.suffix.lower() == ".parquet" else read.frame
        frame, notes = self._scored(read, whole)
        write_table(frame, out)
        return [*read.notes, *notes, self._tally(frame["decision"])]

    def _tally(self, decided: pl.Series) -> str:
        """How many rows were decided for each class, the most frequent first."""
        counts = decided.value_counts(sort=True).iter_rows()
        told = listed((f"{number:,} for {label!r}" for label, number in counts), most=6)
        return f"{plural(len(decided), 'row')} decided: {told}"

    def _scored(self, read: Features, whole: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
        """Every column of the file, then what the model says; columns of the same name move."""
        import polars as pl

        paid = Schema(dict.fromkeys(self.decision.columns, "number"), "", ())
        costs = paid.select(read.frame, read.source).frame if paid.kinds else pl.DataFrame()
        columns = {name: costs[name].to_numpy() for name in paid.kinds}
        try:
            proba = self.model.predict_proba(read.X)
        except (AttributeError, KeyError) as error:  # what a changed library leaves behind
            if others := moved_on(self.info.get("versions")):
                raise DamagedRun(f"model of {self.folder} cannot be used: {others}.") from error
            raise
        labels = self.model.classes_
        added = (
            {"probability": pl.Series(proba[:, 1])}
            if len(labels) == 2
            else {f"probability_{label}": pl.Series(proba[:, k]) for k, label in enumerate(labels)}
        )
        decided = self.decision.apply(proba, columns=columns or None)
        added["decision"] = labels_series(tuple(labels.tolist()), decided)
        band = self.decision.band(proba)
        if band is not None:
            added["band"] = pl.Series(band.tolist())
        if self.decision.policy.costs is not None:
            spent = self.decision.policy.costs.expected(proba, decided, columns=columns or None)
            added["expected_cost"] = pl.Series(spent)
        moved = {}
        for name in (name for name in added if name in whole.columns):
            moved[name] = f"{name}_"
            while moved[name] in whole.columns or moved[name] in added:
                moved[name] += "_"
        notes = [f"column {old!r} of the file is written as {new!r}" for old, new in moved.items()]
        return whole.rename(moved).with_columns(**added), notes

    def _spare(self, source: Any, out: Path) -> None:
        """Raise rather than write over the rows to score, or over a file of this run."""
        mine = [] if self.folder is None else list(self.folder.iterdir())
        read = [Path(source)] if isinstance(source, str | Path) else []
        if out.exists() and any(path.exists() and path.samefile(out) for path in [*read, *mine]):
            raise InvalidInput(f"out must be a file of its own. {out} is one that is read here.")


def get_ready() -> threading.Thread:
    """Import, beside whatever runs, what the files of a run need: it takes seconds."""

    def imports() -> None:
        importlib.import_module("skops.io")
        preload()

    thread = threading.Thread(target=imports, daemon=True)
    thread.start()
    return thread


def rewrite_report(folder: str | Path) -> Path:
    """Write page and card of a stored run again, with the decision in force; needs no model."""
    folder = Path(folder)
    info = open_run(folder, reads=frozenset({"metrics.json", TESTED}))
    facts, file = read_facts(folder), DecisionFile.read(folder / AGAIN)
    if file.history:
        time = (info.get("settings") or {}).get("time")
        columns = file.decision.columns
        tested = read_stored(folder, TESTED, facts=facts, columns=columns, time=time)
        facts = facts_in_force(facts, file, tested)
    path = folder / "report.html"
    write_bytes(folder / "MODEL_CARD.md", render_card(facts).encode())
    write_bytes(path, render_page(facts | {"costs": info.get("remedies") or []}).encode())
    if file.page_is_older:
        # A decision made while the page was drawn stays in force, and the page older than it.
        replace(file, page_is_older=False).replace_in(folder / AGAIN, file)
    return path


def _read_scores(path: Path) -> pl.DataFrame:
    import polars as pl

    try:
        # by content: in a path, polars would read brackets as a pattern
        return pl.read_parquet(path.read_bytes())
    except (OSError, pl.exceptions.PolarsError) as error:
        first = str(error).split("\n", 1)[0].rstrip(".")
        raise DamagedRun(f"{path} cannot be read as Parquet: {first}.") from error
