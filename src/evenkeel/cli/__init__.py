"""The command line: ``evenkeel run | check | decide | predict | evaluate | report | ...``.

Exit codes: 0 done; 1 ``check`` found blockers; 2 bad input, nothing written; 3 finished, but the
evidence is too weak to recommend; 70 a fault of evenkeel itself; 130 interrupted or asked to
end (SIGTERM), what is done is kept.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import evenkeel
from evenkeel.cli.deciding import decide, evaluate
from evenkeel.cli.flags import in_flags, options_of
from evenkeel.cli.listing import remedies, sample
from evenkeel.cli.options import (
    Address,
    AsJson,
    Backend,
    Bands,
    Capacity,
    Confidence,
    CostFn,
    CostFp,
    CostMatrix,
    CostTn,
    CostTp,
    Drop,
    DropMissing,
    Folder,
    Gap,
    Group,
    Header,
    Keep,
    LabelDelay,
    MapTarget,
    MinPrecision,
    MinRecall,
    Names,
    Nested,
    Positive,
    Quiet,
    Repeats,
    Scenario,
    Source,
    Target,
    Test,
    TestSize,
    Time,
    Top,
    TrialMemory,
    TrialTimeout,
    columns,
)  # fmt: skip
from evenkeel.cli.terminal import (
    Bar,
    after_interrupt,
    interrupted_by_sigterm,
    say,
    show,
    stop,
    warn,
)
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
    cost_tp: CostTp = None,
    cost_tn: CostTn = None,
    cost_matrix: CostMatrix = None,
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
        str, typer.Option(help="Comma-separated: lightgbm, logistic, forest, hist, torch.")
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
    test_size: TestSize = None,
    nested: Nested = None,
    gap: Gap = None,
    label_delay: LabelDelay = None,
    repeats: Repeats = None,
    time_budget: Annotated[
        str | None,
        typer.Option(
            help="Such as 2m, 10m or 1h30m, kept within 10 % and one fit; from a minute on."
        ),
    ] = None,
    search: Annotated[
        int | None,
        typer.Option(help="Settings that every remedy tries on inner folds [8, 1 with --quick]."),
    ] = None,
    quick: Annotated[
        bool, typer.Option(help="Three folds at most, one repeat, no search.")
    ] = False,
    force: Annotated[bool, typer.Option(help="Go on with fewer than 10 positives.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of everything that is random.")] = 0,
    jobs: Annotated[
        int | None, typer.Option(help="Processes [from the work]; results do not depend on it.")
    ] = None,
    backend: Backend = "loky",
    address: Address = None,
    trial_memory: TrialMemory = None,
    trial_timeout: TrialTimeout = None,
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
            cost_fn=read_cost(cost_fn), cost_fp=read_cost(cost_fp), cost_tp=read_cost(cost_tp),
            cost_tn=read_cost(cost_tn), cost_matrix=cost_matrix,
            metric=metric, scenario=scenario, capacity=capacity, top=top,
            min_precision=min_precision, min_recall=min_recall, confidence=confidence, bands=bands,
            remedies=None if remedies is None else (remedies,),
            learners=columns([learner]), time=time, group=group,
            drop=columns(drop), keep=columns(keep), names=names, header=header,
            map_target=map_target, drop_missing_target=drop_missing_target,
            test=test, test_size=test_size, nested=nested,
            gap=gap, label_delay=label_delay, repeats=repeats,
            time_budget=None if time_budget is None else read_seconds(time_budget),
            search=search, quick=quick, force=force, seed=seed, jobs=jobs,
            backend=backend, address=address, trial_memory=trial_memory,
            trial_timeout=trial_timeout,
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


app.command()(remedies)
app.command()(sample)


def main(args: Sequence[str] | None = None) -> None:
    """Entry point: whatever goes wrong becomes one sentence and an exit code."""
    with warnings.catch_warnings(), interrupted_by_sigterm():
        warnings.showwarning = warn
        warnings.simplefilter("always", EvenkeelWarning)
        try:
            app(args, prog_name="evenkeel")
        except EvenkeelError as error:
            stop(in_flags(str(error), options_of(app, args)), BAD_INPUT)
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
