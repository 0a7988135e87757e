"""Options that several commands share."""

from __future__ import annotations

import csv
from typing import Annotated

import typer

Source = Annotated[
    str,
    typer.Argument(metavar="FILE", help="Table: CSV, Parquet, Arrow, JSON Lines, ARFF, npz."),
]
Target = Annotated[
    str, typer.Option(help="Column to predict: its name, or its position (-1: last).")
]
Positive = Annotated[
    str | None, typer.Option(help="Label of the positive class; the others become the rest.")
]
Names = Annotated[
    str | None, typer.Option(help="File with the column names of a table without a header.")
]
Header = Annotated[
    bool, typer.Option("--header/--no-header", help="No header: every line is data.")
]
MapTarget = Annotated[
    str | None, typer.Option(help="File with lines 'label,group' for the target.")
]
Group = Annotated[str | None, typer.Option(help="Column whose rows stay together in every split.")]
Time = Annotated[str | None, typer.Option(help="Column of time: the last rows become the test.")]
Drop = Annotated[
    list[str] | None,
    typer.Option(help="Columns to leave out: repeat, or 'a,b'; '\"x,y\"' is one name."),
]
Keep = Annotated[list[str] | None, typer.Option(help="Columns to keep as features all the same.")]
DropMissing = Annotated[bool, typer.Option(help="Leave out rows whose target is missing.")]
Test = Annotated[str | None, typer.Option(help="File with the untouched test rows.")]
TestSize = Annotated[
    float | None,
    typer.Option(help="Share of rows held out, in (0, 1) [0.2; --nested with few positives]."),
]
Nested = Annotated[
    bool | None,
    typer.Option(
        "--nested/--no-nested",
        help="No test part: judge each row by choices made without it [when the test part would "
        "hold fewer than 30 positives and there is no --time].",
    ),
]
Gap = Annotated[
    str | None,
    typer.Option(help="Least time from training rows to the test, such as 7d; goes with --time."),
]
LabelDelay = Annotated[
    str | None,
    typer.Option(help="How long a label stays unknown, such as 30d; goes with --time."),
]
Repeats = Annotated[
    int | None, typer.Option(help="Times the rows are dealt into folds [from the positives].")
]
Backend = Annotated[
    str, typer.Option(help="Where trials run: loky (processes), threading, ray or dask.")
]
Address = Annotated[
    str | None,
    typer.Option(help="Of the cluster, such as 10.0.0.5:6379 [RAY_ADDRESS; else one is started]."),
]
TrialMemory = Annotated[
    str | None, typer.Option(help="Most memory that a trial may take, such as 4g.")
]
TrialTimeout = Annotated[
    str | None, typer.Option(help="Most time that a trial may take, such as 5m.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Quiet = Annotated[bool, typer.Option(help="Print nothing but errors, and the document of --json.")]

Folder = Annotated[str, typer.Argument(metavar="RUN", help="Run directory.")]
CostFn = Annotated[str | None, typer.Option(help="Cost of a miss: a number or a column.")]
CostFp = Annotated[str | None, typer.Option(help="Cost of a false alarm: a number or a column.")]
CostTp = Annotated[
    str | None, typer.Option(help="Cost of a caught case, if any: a number or a column.")
]
CostTn = Annotated[
    str | None, typer.Option(help="Cost of a row rightly left alone, if any: a number or a column.")
]
CostMatrix = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="CSV of costs: a header with the decisions, a row for each true class, its label first.",
    ),
]
Scenario = Annotated[
    str | None, typer.Option(help="Policy without costs: fraud, screening, spam or general.")
]
Capacity = Annotated[
    str | None,
    typer.Option(
        help="Most alerts: 200/day (hour, week, month), 1.5% (of the rows), or 500 (of any table)."
    ),
]
Top = Annotated[int | None, typer.Option(help="Most alerts in any table: its highest scores.")]
MinPrecision = Annotated[
    str | None, typer.Option(help="Least precision, in (0, 1] or such as 80%.")
]
MinRecall = Annotated[
    str | None,
    typer.Option(help="Least recall, in (0, 1] or such as 80%; several classes: 'a=0.5,b=30%'."),
]
Confidence = Annotated[
    str | None,
    typer.Option(
        help="Promise the minimum at this confidence, such as 0.95 or 95%; goes with a minimum."
    ),
]
Bands = Annotated[
    str | None,
    typer.Option(help="Two probabilities, such as 0.02,0.4: approve, review, block."),
]


def columns(given: list[str] | None) -> tuple[str, ...]:
    """Names apart by commas, as in a CSV file; quotes keep a comma inside a name."""
    rows = csv.reader(given or (), skipinitialspace=True)
    return tuple(part.strip() for row in rows for part in row if part.strip())
