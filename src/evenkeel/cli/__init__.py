"""The command line: ``evenkeel run | check | decide | predict | evaluate | report | ...``.

Exit codes: 0 done; 1 ``check`` found blockers; 2 bad input, nothing written; 3 finished, but the
evidence is too weak to recommend; 70 a fault of evenkeel itself; 130 interrupted, what is done is
kept.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import evenkeel
from evenkeel.cli.deciding import decide, evaluate
from evenkeel.cli.options import (
    AsJson,
    Bands,
    Capacity,
    Confidence,
    CostFn,
    CostFp,
    Drop,
    DropMissing,
    Folder,
    Group,
    Header,
    Keep,
    MapTarget,
    MinPrecision,
    MinRecall,
    Names,
    Positive,
    Quiet,
    Scenario,
    Source,
    Target,
    Test,
    Time,
    Top,
    columns,
)  # fmt: skip
from evenkeel.cli.terminal import Bar, after_interrupt, say, show, stop, warn
from evenkeel.errors import EvenkeelError, EvenkeelWarning

if TYPE_CHECKING:
    from collections.abc import Sequence

BAD_INPUT, WEAK_EVIDENCE, FAULT, INTERRUPTED = 2, 3, 70, 130

app = typer.Typer(
    name="evenkeel",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        say(f"evenkeel {evenkeel.__version__}")
        raise typer.Exit


@app.callback()
def top(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """From an imbalanced table to a decision you can defend."""


@app.command()
def check(
    source: Source,
    target: Target,
    *,
    positive: Positive = None,
    names: Names = None,
    header: Header = True,
    map_target: MapTarget = None,
    group: Group = None,
    time: Time = None,
    drop: Drop = None,
    keep: Keep = None,
    drop_missing_target: DropMissing = False,
    test: Test = None,
    as_json: AsJson = False,
) -> None:
    """Audit a table in seconds; exit code 1 when something blocks an honest result."""
    from evenkeel.job import look

    facts = look(
        source, target=target, positive=positive, names=names, header=header,
        map_target=map_target, group=group, time=time, drop=columns(drop), keep=columns(keep),
        drop_missing_target=drop_missing_target, test=test,
    )  # fmt: skip
    show(facts, as_json=as_json)
    if any(finding["level"] == "blocker" for finding in facts["audit"]):
        raise typer.Exit(1)


@app.command()
def run(
    source: Source,
    target: Target,
    *,
    positive: Positive = None,
    cost_fn: CostFn = None,
    cost_fp: CostFp = None,
    metric: Annotated[
        str | None,
        typer.Option(help="Metric that ranks the remedies, such as f2, mcc or log-loss."),
    ] = None,
    scenario: Scenario = None,
    capacity: Capacity = None,
    top: Top = None,
    min_precision: MinPrecision = None,
    min_recall: MinRecall = None,
    confidence: Confidence = None,
    bands: Bands = None,
    remedies: Annotated[
        str | None, typer.Option(help="Comma-separated remedies, 'a+b' joined, or 'all'.")
    ] = None,
    learner: Annotated[
        str, typer.Option(help="Comma-separated: lightgbm, logistic, forest, hist.")
    ] = "lightgbm",
    time: Time = None,
    group: Group = None,
    drop: Drop = None,
    keep: Keep = None,
    names: Names = None,
    header: Header = True,
    map_target: MapTarget = None,
    drop_missing_target: DropMissing = False,
    test: Test = None,
    test_size: Annotated[float, typer.Option(help="Share of rows held out, in (0, 1).")] = 0.2,
    time_budget: Annotated[str | None, typer.Option(help="Such as 90s, 10m or 1h30m.")] = None,
    quick: Annotated[bool, typer.Option(help="Three folds at most, one repeat.")] = False,
    force: Annotated[bool, typer.Option(help="Go on with fewer than 10 positives.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of everything that is random.")] = 0,
    jobs: Annotated[
        int | None, typer.Option(help="Processes [from the work]; results do not depend on it.")
    ] = None,
    out: Annotated[str | None, typer.Option(help="New run directory [runs/NAME-NUMBER].")] = None,
    resume: Annotated[bool, typer.Option(help="Go on with the run in --out.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Compare remedies on a table, choose one, set the threshold, and write the report."""
    from evenkeel.job import run as run_job
    from evenkeel.words import read_cost, read_seconds

    with Bar(shown=not (quiet or as_json)) as bar:
        done = run_job(
            source, target=target, positive=positive,
            cost_fn=None if cost_fn is None else read_cost(cost_fn),
            cost_fp=None if cost_fp is None else read_cost(cost_fp),
            metric=metric, scenario=scenario, capacity=capacity, top=top,
            min_precision=min_precision, min_recall=min_recall, confidence=confidence, bands=bands,
            remedies=None if remedies is None else (remedies,),
            learners=columns([learner]), time=time, group=group,
            drop=columns(drop), keep=columns(keep), names=names, header=header,
            map_target=map_target, drop_missing_target=drop_missing_target,
            test=test, test_size=test_size,
            time_budget=None if time_budget is None else read_seconds(time_budget),
            quick=quick, force=force, seed=seed, jobs=jobs,
            out=out, resume=resume, write=True, progress=bar.step,
        )  # fmt: skip
    if as_json or not quiet:
        show((done.facts if as_json else done.told) | {"files": done.files}, as_json=as_json)
    if done.facts["evidence"]["level"] == "weak":
        raise typer.Exit(WEAK_EVIDENCE)


@app.command()
def predict(
    folder: Folder,
    source: Annotated[str, typer.Argument(metavar="FILE", help="Table with the model's columns.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="File to write: .csv or .parquet.")],
    *,
    quiet: Annotated[bool, typer.Option(help="Print nothing but errors.")] = False,
) -> None:
    """Score new rows: calibrated probability and decision beside each row."""
    from evenkeel.finished import Run

    notes = Run.load(folder).predict_file(source, out)
    if not quiet:
        say(*notes, f"Wrote {out}")


app.command()(decide)
app.command()(evaluate)


@app.command()
def report(folder: Folder) -> None:
    """Write the page of a run again."""
    from evenkeel.finished import rewrite_report

    say(f"Wrote {rewrite_report(folder)}")


@app.command()
def remedies(*, as_json: AsJson = False) -> None:
    """List the catalogue: name, what it changes, knobs, one line, source."""
    from evenkeel.catalogue import CATALOGUE

    rows: list[dict[str, Any]] = [
        {
            "name": row.name, "class": row.class_name, "changes": row.changes,
            "knobs": sorted(row.knobs),
            "doc": row.doc, "source": row.source,
        }
        for row in CATALOGUE.values()
    ]  # fmt: skip
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        say(f"{row['name']:22} changes {row['changes']:8} {row['doc']}")
        if row["class"]:
            say(f"{'':22} in Python {row['class']}")
        for name, knob in sorted(CATALOGUE[row["name"]].knobs.items()):
            say(f"{'':22} knob {name}, {knob.low:g} to {knob.high:g}: {knob.doc}")
        say(f"{'':22} {row['source']}")
    say("Join with +, set knobs in brackets: smote(k=3) or random-under(ratio=0.1)+class-weight")


@app.command()
def sample(
    name: Annotated[str, typer.Argument(help="payments")],
    out: Annotated[Path, typer.Option("-o", "--out", help="File to write: .parquet or .csv.")],
    *,
    rows: Annotated[int, typer.Option(help="Number of rows.")] = 200_000,
    seed: Annotated[int, typer.Option(help="Seed.")] = 7,
) -> None:
    """Write a simulated table to try things on."""
    from evenkeel._checks import check_choice
    from evenkeel.export import check_table_path, write_table
    from evenkeel.samples import payments

    check_choice(name, ("payments",), "name", "sample")
    check_table_path(out)
    frame = payments(rows, seed=seed)
    write_table(frame, out)
    say(f"Wrote {out}: {frame.height:,} rows, {int(frame['is_fraud'].sum()):,} of them fraud")


def main(args: Sequence[str] | None = None) -> None:
    """Entry point: whatever goes wrong becomes one sentence and an exit code."""
    with warnings.catch_warnings():
        warnings.showwarning = warn
        warnings.simplefilter("always", EvenkeelWarning)
        try:
            app(args, prog_name="evenkeel")
        except EvenkeelError as error:
            stop(str(error), BAD_INPUT)
        except MemoryError:
            stop("out of memory. Take fewer rows or columns, or a larger machine.", BAD_INPUT)
        except OSError as error:
            where = "" if error.filename is None else f"{error.filename}: "
            stop(f"{where}{error.strerror or error}.", BAD_INPUT)
        except (SystemExit, KeyboardInterrupt) as leave:
            if isinstance(leave, SystemExit) and leave.code != INTERRUPTED:
                raise
            stop(after_interrupt(leave), INTERRUPTED)
        except BaseException as error:  # noqa: BLE001  (a panic of polars is no Exception)
            import traceback

            traceback.print_exception(error)
            stop(
                f"a fault of evenkeel, not of yours: {type(error).__name__}: {error}. "
                "Please report it with the lines above.",
                FAULT,
            )
