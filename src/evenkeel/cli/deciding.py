"""Commands on a finished run: ``evenkeel decide`` and ``evenkeel evaluate``."""

from __future__ import annotations

from typing import Annotated

import typer

from evenkeel.cli.options import (  # noqa: TC001  (typer reads them when it runs)
    AsJson,
    Bands,
    Capacity,
    Confidence,
    CostFn,
    CostFp,
    CostMatrix,
    CostTn,
    CostTp,
    Folder,
    MinPrecision,
    MinRecall,
    Quiet,
    Scenario,
    Top,
)
from evenkeel.cli.terminal import say, show


def decide(
    folder: Folder,
    *,
    cost_fn: CostFn = None,
    cost_fp: CostFp = None,
    cost_tp: CostTp = None,
    cost_tn: CostTn = None,
    cost_matrix: CostMatrix = None,
    metric: Annotated[
        str | None,
        typer.Option(help="Metric to make as high as possible: f1, f2, balanced-accuracy, mcc..."),
    ] = None,
    scenario: Scenario = None,
    capacity: Capacity = None,
    top: Top = None,
    min_precision: MinPrecision = None,
    min_recall: MinRecall = None,
    confidence: Confidence = None,
    bands: Bands = None,
    deploy_prevalence: Annotated[
        str | None,
        typer.Option(
            help="Share of the positive class where the model will work, in (0, 1) or such as 0.2%; or a "
            "file of rows from there without outcome, to estimate it from."
        ),
    ] = None,
    recalibrate: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Later rows with their outcome, to calibrate on."),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Choose another decision for a run from its stored scores; nothing is fitted again.

    Give one goal: costs, a metric, a scenario or bands. A minimum or a capacity may stand alone or
    go with costs or a metric. Only decision.json changes; predict follows it at once, the page
    after: evenkeel report RUN.
    """
    from evenkeel.decide.cost_matrix import read_cost_matrix
    from evenkeel.decide.goals import check_goal
    from evenkeel.decide.request import Request
    from evenkeel.redecide import decide_again
    from evenkeel.words import read_cost

    request = Request(
        cost_fn=read_cost(cost_fn), cost_fp=read_cost(cost_fp), cost_tp=read_cost(cost_tp),
        cost_tn=read_cost(cost_tn),
        cost_matrix=None if cost_matrix is None else read_cost_matrix(cost_matrix),
        metric=metric, scenario=scenario, capacity=capacity, top=top, min_precision=min_precision,
        min_recall=min_recall, confidence=confidence, bands=bands,
    )  # fmt: skip
    if request.metric is not None and request.metric != "cost":
        check_goal(request.metric)  # one that only ranks decides nothing
    kept = not request.given and (deploy_prevalence is not None or recalibrate is not None)
    facts = decide_again(
        folder,
        None if kept else request,
        deploy_prevalence=deploy_prevalence,
        recalibrate=recalibrate,
    )
    if as_json or not quiet:
        show(facts, as_json=as_json, decided=True)
    if not (as_json or quiet):
        say(
            f"In force from now on. The page tells of the one before until: evenkeel report {folder}"
        )


def evaluate(
    folder: Folder,
    source: Annotated[str, typer.Argument(metavar="FILE", help="Later rows with their outcome.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Compare a run with later truth, and say what to do: nothing, recalibrate or retrain.

    FILE holds the columns of training and the outcome of each row. Nothing is written.
    """
    from evenkeel.later_truth import evaluate_run

    show(evaluate_run(folder, source), as_json=as_json, decided=True)
