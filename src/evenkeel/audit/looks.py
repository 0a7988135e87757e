"""The audit: every look at a table, worst findings first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evenkeel._checks import listed
from evenkeel.audit.columns import column_facts, column_findings, copy_findings
from evenkeel.audit.duplicates import duplicate_findings, duplicate_ids
from evenkeel.audit.finding import Finding, percent, some_rows
from evenkeel.audit.leaks import leak_findings
from evenkeel.audit.resampled import resampled_findings
from evenkeel.audit.second import test_findings
from evenkeel.evidence import FEWEST, LIMITED, WEAK
from evenkeel.reading.words import plural

if TYPE_CHECKING:
    from evenkeel.table import Table

_ORDER = {"blocker": 0, "warning": 1, "note": 2}


def audit(table: Table, test: Table | None = None) -> list[Finding]:
    """Look for what would make results on a table wrong or weak.

    Parameters
    ----------
    table
        The training table.
    test
        A test file read like it, if there is one.

    Returns
    -------
    findings
        Blockers first, then warnings, then notes. Columns named in ``table.keep`` are not questioned.

    Examples
    --------
    >>> from evenkeel.table import read_table
    >>> table = read_table({"x": list(range(40)), "y": ["no"] * 35 + ["yes"] * 5}, target="y")
    >>> [finding.code for finding in audit(table) if finding.level == "blocker"]
    ['few-positives']
    """
    facts = column_facts(table.X)
    ignored = tuple(name for name in facts.ids if name not in table.keep)
    rest = table.X.drop(ignored)
    ids = duplicate_ids(rest) if rest.width else np.arange(table.n_rows)
    copies = copy_findings(table, facts)
    copied = tuple(name for finding in copies for name in finding.columns)
    findings = [
        *_count_findings(table),
        *copies,
        *leak_findings(table, (*copied, *facts.constant, *facts.ids)),
        *resampled_findings(table, ids),
        *_group_findings(table),
        *_time_findings(table),
        *_missing_findings(table),
        *column_findings(table, facts),
        *duplicate_findings(table, ids, ignored),
    ]
    if test is not None:
        findings += test_findings(table, test)
    return sorted(findings, key=lambda finding: _ORDER[finding.level])


def _count_findings(table: Table) -> list[Finding]:
    """Too few rows of a class to learn from, or to measure on."""
    counts = table.counts
    findings = []
    single = [code for code in range(len(counts)) if counts[code] == 1]
    if single:
        labels = listed((repr(table.classes[code]) for code in single), most=10)
        findings.append(
            Finding(
                "single-row-class",
                "warning",
                f"{'One class has' if len(single) == 1 else f'{len(single)} classes have'} one row: {labels}.",
                "They are kept and listed, but nothing about them can be measured: collect more, or "
                "group them with map_target (--map-target).",
                **some_rows(table.rows, np.flatnonzero(np.isin(table.y, single))),
            )
        )
    if table.task == "binary":
        code = int(np.argmin(counts))
        findings += _few(table, [code], "blocker")
        return findings
    largest = int(np.argmax(counts))
    others = [code for code in range(len(counts)) if code != largest]
    all_tiny = all(counts[code] < FEWEST for code in others)
    return findings + _few(table, others, "blocker" if all_tiny else "warning")


def _few(table: Table, codes: list[int], worst: str) -> list[Finding]:
    counts = table.counts
    small = [code for code in codes if counts[code] < LIMITED]
    if not small:
        return []
    rarest = min(small, key=lambda code: int(counts[code]))
    n = int(counts[rarest])
    sizes = (f"{table.classes[code]!r} has {plural(int(counts[code]), 'row')}" for code in small)
    words = ("Class " if table.task == "binary" else "") + listed(sizes, most=10)
    level = worst if n < FEWEST else "warning" if n < WEAK else "note"
    todo = {
        "blocker": f"Collect at least {FEWEST} (better {LIMITED}) before comparing anything.",
        "warning": "Collect more: no remedy can be called best on so few, and intervals are wide.",
        "note": "Read the intervals, not the single figures.",
    }
    return [
        Finding(
            "few-positives" if table.task == "binary" else "few-rows-of-class",
            level,  # type: ignore[arg-type]
            f"{words[0].upper()}{words[1:]}.",
            todo[level],
            **some_rows(table.rows, np.flatnonzero(np.isin(table.y, small))),
        )
    ]


def _group_findings(table: Table) -> list[Finding]:
    if table.groups is None:
        return []
    findings = _group_gaps(table)
    pairs = np.unique(table.groups * len(table.classes) + table.y)
    n_groups = np.bincount(pairs % len(table.classes), minlength=len(table.classes))
    for code, n in enumerate(n_groups.tolist()):
        if 0 < n < 5 and table.counts[code] > 0:
            whole = n == 1
            findings.append(
                Finding(
                    "group-holds-class",
                    "blocker" if whole else "warning",
                    f"All rows of {table.classes[code]!r} lie in {plural(n, 'group')} of "
                    f"{table.group_name}.",
                    "It cannot be in training and in test at once: group by something finer, or "
                    "collect more groups."
                    if whole
                    else "Results hang on very few groups: collect more of them.",
                    (str(table.group_name),),
                    **some_rows(table.rows, np.flatnonzero(table.y == code)),
                )
            )
    return findings


def _group_gaps(table: Table) -> list[Finding]:
    values = table.group_values
    if values is None or not values.null_count():
        return []
    alone = values.is_null().to_numpy()
    return [
        Finding(
            "group-gaps",
            "note",
            f"{plural(int(alone.sum()), 'row')} ({percent(float(alone.mean()))}) without a value of "
            f"{table.group_name}: each stands alone, as a group of its own.",
            "If some of them belong together, fill them in: otherwise training and test may share "
            "a group.",
            (str(table.group_name),),
            **some_rows(table.rows, np.flatnonzero(alone)),
        )
    ]


def _time_findings(table: Table) -> list[Finding]:
    """The last fifth is the test part: a class that is not there is not measured."""
    if table.time is None:
        return []
    order = table.time.arg_sort().to_numpy()
    last = table.y[order[int(0.8 * table.n_rows) :]]
    late = np.bincount(last, minlength=len(table.classes))
    gone = [code for code in range(len(late)) if late[code] == 0 and table.counts[code] > 1]
    if not gone:
        return []
    labels = listed(repr(table.classes[code]) for code in gone)
    return [
        Finding(
            "class-missing-late",
            "warning",
            f"The last fifth of the rows by {table.time_name} holds no {labels}.",
            "Labels may not be ripe yet: end the table earlier, or leave out --time.",
            (str(table.time_name),),
        )
    ]


def _missing_findings(table: Table) -> list[Finding]:
    if not table.n_missing_target:
        return []
    share = table.n_missing_target / (table.n_rows + table.n_missing_target)
    return [
        Finding(
            "missing-labels",
            "warning" if share >= 0.05 else "note",
            f"{plural(table.n_missing_target, 'row')} ({percent(share)}) without a label left out.",
            "Ask why: if rare cases are labelled less often, every figure is off.",
            n_rows=table.n_missing_target,
        )
    ]
