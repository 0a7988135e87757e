"""Facts on a terminal: what was found, in at most fifty lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evenkeel.report import figures, repeats, tuned, wording
from evenkeel.report.sections import (
    calibration_section,
    decision_section,
    doubts_section,
    outcome_section,
    policy_section,
)
from evenkeel.report.sheet import Sheet
from evenkeel.report.wording import count, is_number, label, number, share, spread

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console
    from rich.text import Text

Facts = dict[str, Any]

MOST_LINES = 50
WIDTH = 100
MARKS = {"blocker": "X", "warning": "!", "note": "·"}
STYLES = {"blocker": "bold red", "warning": "yellow", "note": "dim"}
PLAIN = str.maketrans({"−": "-", "–": "-", "·": "-", "…": "...", "→": ">"})


def screen_lines(facts: Facts, *, width: int = WIDTH) -> list[str]:
    """The screen as plain lines.

    Parameters
    ----------
    facts
        The document of ``docs/facts.md``, of a whole run or of ``check``. ``files``, the paths written, may be added.
    width
        Cells of the terminal, 60 or more.

    Returns
    -------
    list of str
        At most 50 lines, none wider than ``width``. What does not fit is cut and counted.

    Examples
    --------
    >>> classes = [{"label": 0, "count": 990, "share": 0.99}, {"label": 1, "count": 10, "share": 0.01}]
    >>> data = {"name": "tx", "rows": 1000, "columns": 3, "target": "y", "task": "binary", "positive": 1,
    ...         "prevalence": 0.01, "one_in": 100.0, "imbalance_ratio": 99.0, "severity": "significant"}
    >>> screen_lines({"data": data | {"classes": classes}})[0]
    'Data         tx · 1,000 rows · 3 columns · y = 1: 10 (1.00 %, 1 in 100) · significant, 99:1'
    """
    return [line.plain for line in _lines(facts, width)]


def print_screen(facts: Facts, console: Console) -> None:
    """Print the screen; plain and a hundred cells wide where the output is no terminal.

    Parameters
    ----------
    facts
        As for :func:`screen_lines`.
    console
        Where to print.
    """
    _put(_lines(facts, _width(console)), console)


def _width(console: Console) -> int:
    return min(max(console.width, 60), 110) if console.is_terminal else WIDTH


def _put(lines: list[Text], console: Console) -> None:
    encoding = console.encoding.lower().replace("-", "")
    for line in lines:
        if not encoding.startswith("utf"):
            # An old terminal gets hyphens and question marks rather than an error.
            line.plain = line.plain.translate(PLAIN).encode(encoding, "replace").decode(encoding)
        console.print(line, soft_wrap=True, highlight=False)


def print_decision(facts: Facts, console: Console) -> None:
    """Print what a decision does on rows whose truth is known, and what later rows ask for."""
    sheet = Sheet(_width(console))
    sheet.say("Before", facts.get("before"), most=2, style="dim")
    policy_section(sheet, facts)
    decision_section(sheet, facts)
    decision = facts.get("decision") or {}
    if "drift" not in facts:
        sheet.say("Chosen on", decision.get("chosen_on"), most=1)
        if not figures.costs_by_row(facts):  # there it stands as the threshold already
            sheet.say("", decision.get("sentence"), most=2)
    later = facts.get("later") or {}
    if later:
        told = "; ".join([f"{count(later['rows'])} rows of {later['source']}", *later["notes"]])
        sheet.say("Judged on", told, most=6)
    nested = (facts.get("split") or {}).get("kind") == "nested"
    outcome_section(sheet, facts, rows="Later rows" if later else "All rows" if nested else "Test")
    sheet.say("Groups", _widened(facts), most=3)
    calibration_section(sheet, facts)
    drift = facts.get("drift") or {}
    moved = [
        f"{label(one['label'])} {share(one['then'])} then, {share(one['now'])} now {spread(one, 'now', form=share)}"
        + (" (moved)" if one["left"] and one.get("matters", True) else "")
        + (f"; by the scores alone {share(one['estimated'])}" if one.get("estimated") else "")
        for one in drift.get("classes") or []
    ]
    sheet.items("Prevalence", moved, most=3)
    if is_number(drift.get("roc_auc_now")):
        then, now = (
            f"{number(drift[f'roc_auc_{when}'])} {spread(drift, f'roc_auc_{when}')}".strip()
            for when in ("then", "now")
        )
        fell = " (fell)" if drift.get("roc_auc_fell") else ""
        sheet.say("Ranking", f"ROC-AUC {then} then, {now} now{fell}", most=1)
    sheet.say("To do", f"{drift['todo']}: {drift['why']}" if drift else None, most=3)
    _put(sheet.lines, console)


def _lines(facts: Facts, width: int) -> list[Text]:
    run = bool(facts.get("remedies"))
    top, bottom = Sheet(width), Sheet(width)
    _data(top, facts)
    split = facts.get("split") or {}
    top.say("Split", split.get("sentence"), most=2)
    top.say("Groups", _widened(facts), most=3)
    _audit(top, facts, most=6 if run else 60, each=3 if run else 12)
    _advice(top, facts, run=run)
    if not run:
        return top.lines[:MOST_LINES]
    policy_section(top, facts)
    top.skip()
    bottom.skip()
    chosen = facts.get("chosen") or {}
    why = f"{label(chosen.get('remedy'))} with {label(chosen.get('learner'))}: {chosen.get('why')}"
    bottom.say("Chosen", why, most=3)
    bottom.say("Settings", tuned.told(facts), most=2)
    doubts_section(bottom, facts)
    decision_section(bottom, facts)
    nested = (facts.get("split") or {}).get("kind") == "nested"
    outcome_section(bottom, facts, rows="Nested" if nested else "Test")
    calibration_section(bottom, facts)
    _verdict(bottom, facts)
    _files(bottom, facts)
    room = MOST_LINES - len(top.lines) - len(bottom.lines)
    _remedies(top, facts, most=room)
    return top.lines + bottom.lines


def _widened(facts: Facts) -> str | None:
    """That intervals allow for groups, or which of them do not."""
    return ((facts.get("split") or {}).get("widened") or {}).get("sentence")


def _data(sheet: Sheet, facts: Facts) -> None:
    data = facts.get("data") or {}
    classes = data.get("classes") or []
    parts = [
        label(data.get("name")),
        f"{count(data.get('rows'))} rows",
        f"{count(data.get('columns'))} columns",
    ]
    severity = f"{data.get('severity')}, {wording.ratio(data.get('imbalance_ratio'))}"
    if data.get("task") == "binary":
        named = [one for one in classes if str(one.get("label")) == str(data.get("positive"))]
        one_in = f", 1 in {count(data['one_in'])}" if is_number(data.get("one_in")) else ""
        parts.append(
            f"{label(data.get('target'))} = {label(data.get('positive'))}: "
            f"{count(named[0].get('count') if named else None)} ({share(data.get('prevalence'))}{one_in})"
        )
        sheet.say("Data", " · ".join([*parts, severity]), most=2)
    else:
        parts.append(f"{label(data.get('target'))}: {len(classes):,} classes")
        sheet.say("Data", " · ".join([*parts, severity]), most=2)
        rare = sorted(classes, key=lambda one: one.get("count") or 0)
        sheet.items(
            "",
            [
                f"{label(one.get('label'), 24)} {count(one['count'])} ({share(one.get('share'))})"
                for one in rare
            ],
            most=2,
        )
    notes = list(data.get("notes") or [])
    if notes:
        sheet.say("", "; ".join(map(str, notes)), most=1 if facts.get("remedies") else 4)


def _audit(sheet: Sheet, facts: Facts, *, most: int, each: int) -> None:
    order = list(MARKS)
    findings = sorted(
        facts.get("audit") or [],
        key=lambda row: order.index(row["level"]) if row.get("level") in order else len(order),
    )
    if not findings:
        sheet.say("Audit", "nothing found", most=1)
    left = most
    for at, finding in enumerate(findings):
        rest = len(findings) - at
        if left == 1 and rest > 1:
            sheet.say("", f"and {rest:,} more findings, in the report and in --json", most=1)
            break
        level = str(finding.get("level"))
        told = f"{MARKS.get(level, '·')} {finding.get('message')} {finding.get('todo') or ''}"
        lines = min(each, left - (rest > 1))
        style = STYLES.get(level, "")
        left -= sheet.say("Audit" if at == 0 else "", told, most=lines, style=style)


def _advice(sheet: Sheet, facts: Facts, *, run: bool) -> None:
    advice = facts.get("advice") or []
    if run:
        told = "; ".join(str(one.get("what")) for one in advice)
        sheet.say("Start from", told, most=1)
        return
    for at, one in enumerate(advice[:6]):
        told = f"{one.get('what')}: {one.get('why')}"
        sheet.say("Start from" if at == 0 else "", told, most=2)


def _remedies(sheet: Sheet, facts: Facts, *, most: int) -> None:
    from evenkeel.report.remedy_table import remedy_table

    idle = [row for row in facts["remedies"] if row.get("status", "ok") != "ok"]
    several = figures.learners(facts)

    def name(row: Facts) -> str:
        learner = row.get("learner")
        return wording.remedy(row.get("name"), learner if learner in several else None)

    by_reason: dict[str, list[str]] = {}
    for row in idle:
        why = wording.gist(row.get("reason") or row.get("status"), most=100)
        by_reason.setdefault(why, []).append(name(row))
    told = [f"{', '.join(names)} ({why})" for why, names in by_reason.items()]
    fewer = repeats.told(facts)
    most -= 2 * bool(idle) + 2 * bool(fewer) + 2
    sheet.lines += remedy_table(facts, width=sheet.width, most=most)
    sheet.items("Not run", told, most=2)
    sheet.say("" if told else "Not run", fewer, most=2)
    sheet.say("A fit took", _fits(facts, name), most=2)


def _fits(facts: Facts, name: Callable[[Facts], str]) -> str:
    """What a fit took, and on how many rows: the baseline's, the chosen one's and the slowest."""
    rows = [row for row in figures.costs_of_fits(facts) if is_number(row["seconds"])]
    if len(rows) < 2:
        return ""
    first = next((row for row in rows if row["name"] == "none"), rows[0])
    chosen = next((row for row in rows if figures.is_chosen(facts, row)), first)
    slowest = max(rows, key=lambda row: float(row["seconds"]))
    told = []
    for row in rows:
        roles = ", the chosen" * (row is chosen and row is not first)
        roles += ", the slowest" * (row is slowest)
        if roles or row is first:
            cost = f"{number(row['seconds'])} s with {name(row)}{roles}"
            told.append(f"{cost} ({count(row['rows'])} rows)")
    return "; ".join(told)


def _verdict(sheet: Sheet, facts: Facts) -> None:
    assessment, evidence = facts.get("assessment") or {}, facts.get("evidence") or {}
    level = assessment.get("level")
    if level:
        told = " ".join([f"{level}.", *map(str, assessment.get("sentences") or [])])
        style = "" if level == "acceptable" else "bold yellow"
        sheet.say("Verdict", wording.sentence(told), most=4, style=style)
    if evidence.get("level") in ("weak", "limited"):
        told = f"{evidence['level']} evidence: {evidence.get('sentence')}"
        sheet.say("", wording.sentence(told), most=1, style="yellow")


def _files(sheet: Sheet, facts: Facts) -> None:
    from pathlib import PurePath

    paths = [PurePath(str(path)) for path in facts.get("files") or []]
    folders = {path.parent for path in paths}
    if len(folders) == 1:
        folder = wording.tidy(folders.pop())
        sheet.say("Wrote", f"{folder}: {', '.join(path.name for path in paths)}", most=2)
    else:
        sheet.items("Wrote", [str(path) for path in paths], most=2)
