"""The remedies on a terminal: what each reached, and its paired difference to the baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evenkeel.report import figures, wording

if TYPE_CHECKING:
    from rich.text import Text

Facts = dict[str, Any]
Row = dict[str, Any]
LEAST_NAME, WISHED_NAME, MOST_NAME = 16, 26, 40
STYLES = {"better": "cyan", "worse": "yellow"}


def remedy_table(facts: Facts, *, width: int, most: int) -> list[Text]:
    """Lines of the table, with its head.

    Parameters
    ----------
    facts
        The document of ``docs/facts.md``.
    width
        Cells of a line. Columns that do not fit are left out, the least telling first.
    most
        Lines to use. The baseline and the chosen remedy always stay; what is left out is counted.
    """
    from rich.text import Text

    every = [
        (name, row, figures.is_chosen(facts, row)) for name, row in figures.measured_remedies(facts)
    ]
    kept = _kept(every, most - 1)
    names = min(MOST_NAME, max((len(name) for name, _, _ in kept), default=0))
    columns = _columns(facts, [row for _, row, _ in kept])
    columns = _fitting(columns, width - max(LEAST_NAME, min(names, WISHED_NAME)) - 2)
    used = sum(_width(column) + 2 for column in columns)
    room = min(max(names, len("Remedy")), width - used - 2)
    lines = [_line("", "Remedy", [column[0] for column in columns], columns, room)]
    lines[0].stylize("dim")
    for at, (name, row, chosen) in enumerate(kept):
        cells = [column[at + 1] for column in columns]
        line = _line("→" if chosen else "", name, cells, columns, room)
        line.stylize("bold" if chosen else STYLES.get(str(row.get("versus_baseline")), ""))
        lines.append(line)
    if len(kept) < len(every):
        lines.append(Text(f"  and {len(every) - len(kept):,} more, in the report", style="dim"))
    return lines


def _kept(every: list[tuple[str, Row, bool]], most: int) -> list[tuple[str, Row, bool]]:
    if len(every) <= most:
        return every
    must = {
        at
        for at, (_, row, chosen) in enumerate(every)
        if chosen or row.get("versus_baseline") == "baseline"
    }
    others = [at for at in range(len(every)) if at not in must]
    order = ("better", "worse")  # what is clear comes first, then what came closest
    others.sort(
        key=lambda at: (
            order.index(every[at][1]["versus_baseline"])
            if every[at][1].get("versus_baseline") in order
            else len(order),
            every[at][1].get("objective_p") if every[at][1].get("objective_p") is not None else 2.0,
        )
    )
    shown = must | set(others[: max(0, most - 1 - len(must))])
    return [every[at] for at in sorted(shown)]


def _columns(facts: Facts, rows: list[Row]) -> list[list[str]]:
    """Columns as head and cells, the most telling first."""
    compared = figures.comparisons(facts)
    columns = []
    if not compared:  # nothing beside the baseline: there are figures, but no differences
        key = "average_precision"
        cells = [f"{wording.number(row.get(key))} {wording.spread(row, key)}" for row in rows]
        columns.append([wording.metric(key), *(cell.strip() for cell in cells)])
    for at, one in enumerate(compared):
        title, field = (
            wording.metric(one["key"]).replace("cost per 1,000 rows", "cost per 1,000"),
            one["field"],
        )
        if at == 0:
            columns.append(
                [
                    title,
                    *[
                        f"{wording.number(row.get(field))} {wording.spread(row, field)}"
                        for row in rows
                    ],
                ]
            )
            columns.append(["difference", *[_difference(row, field) for row in rows]])
            columns.append(
                ["against baseline", *[row.get("versus_baseline") or "" for row in rows]]
            )
        else:
            short = "AP" if field == "average_precision" else title
            columns.append([short, *[wording.number(row.get(field)) for row in rows]])
    rates = ("recall", "precision")
    return columns + [[key, *[wording.share(row.get(key)) for row in rows]] for key in rates]


def _difference(row: Row, field: str) -> str:
    name, like = f"{field}_difference", row.get(field)
    if row.get("versus_baseline") == "baseline" or not wording.is_number(row.get(name)):
        return ""

    def form(value: Any) -> str:
        return wording.signed(value, like=like)

    return f"{form(row[name])} {wording.spread(row, name, form=form)}".strip()


def _fitting(columns: list[list[str]], width: int) -> list[list[str]]:
    fitting: list[list[str]] = []
    for column in columns:
        if sum(_width(one) + 2 for one in [*fitting, column]) <= width:
            fitting.append(column)
    return fitting


def _width(column: list[str]) -> int:
    return max(map(len, column))


def _line(mark: str, name: str, cells: list[str], columns: list[list[str]], room: int) -> Text:
    from rich.cells import cell_len, set_cell_size
    from rich.text import Text

    if cell_len(name) > room:
        head, dot, learner = name.rpartition(" · ")
        end = dot + learner if dot and cell_len(dot + learner) <= room - 4 else ""
        head = head if end else name
        name = set_cell_size(head, room - 1 - cell_len(end)).rstrip() + "…" + end
    padded = [f"{cell:<{_width(column)}}" for cell, column in zip(cells, columns, strict=True)]
    return Text("  ".join([f"{mark:<2}{set_cell_size(name, room)}", *padded]).rstrip())
