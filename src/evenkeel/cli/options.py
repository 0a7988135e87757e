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
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Quiet = Annotated[bool, typer.Option(help="Print nothing but errors, and the document of --json.")]

Folder = Annotated[str, typer.Argument(metavar="RUN", help="Run directory.")]
CostFn = Annotated[str | None, typer.Option(help="Cost of a miss: a number or a column.")]
CostFp = Annotated[str | None, typer.Option(help="Cost of a false alarm: a number or a column.")]
Scenario = Annotated[
    str | None, typer.Option(help="Policy without costs: fraud, screening, spam or general.")
]
Capacity = Annotated[
    str | None,
    typer.Option(
        help="Most alerts: 200/day (hour, week, month), 1.5% of the rows, or 500 of any table."
    ),
]
Top = Annotated[int | None, typer.Option(help="Most alerts in any table: its highest scores.")]
MinPrecision = Annotated[float | None, typer.Option(help="Least precision, in (0, 1].")]
MinRecall = Annotated[
    str | None,
    typer.Option(help="Least recall, in (0, 1]; several classes: 'a=0.5,b=0.3'."),
]
Confidence = Annotated[
    float | None,
    typer.Option(help="Promise the minimum at this confidence, such as 0.95; goes with a minimum."),
]
Bands = Annotated[
    str | None,
    typer.Option(help="Two probabilities, such as 0.02,0.4: approve, review, block."),
]


def columns(given: list[str] | None) -> tuple[str, ...]:
    """Names apart by commas, as in a CSV file; quotes keep a comma inside a name."""
    rows = csv.reader(given or (), skipinitialspace=True)
    return tuple(part.strip() for row in rows for part in row if part.strip())
