"""Commands that need no run: ``evenkeel remedies`` and ``evenkeel sample``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from evenkeel.cli.options import AsJson  # noqa: TC001  (typer reads it when it runs)
from evenkeel.cli.terminal import say


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
