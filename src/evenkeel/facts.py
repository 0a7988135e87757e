"""``facts``: everything a run found, as one plain dict. Screen, JSON, page and card only render it.

The keys are documented in ``docs/facts.md``. Numbers are rounded to 12 significant digits, so that
the same run gives the same bytes; what is undefined is None.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import evenkeel
from evenkeel.audit import not_deployment
from evenkeel.evidence import evidence_of, few_tested
from evenkeel.honest import honest_facts, leak_finding, widened_facts
from evenkeel.metrics import METRICS
from evenkeel.outcome import Outcome
from evenkeel.split import in_words
from evenkeel.versions import versions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenkeel.audit import Finding
    from evenkeel.decide import Policy, Settled
    from evenkeel.distribution import Distribution
    from evenkeel.race import Comparison
    from evenkeel.race.judge import Entry
    from evenkeel.split import Folds, Split
    from evenkeel.table import Table

SCHEMA = "evenkeel.facts/1"


@dataclass(frozen=True)
class Found:
    """What a run has in its hands when it is done, before any of it is put into words.

    Parameters
    ----------
    table
        All labelled rows given for training and holding out.
    findings, distribution
        Of the audit and of the target.
    split, folds
        Where the rows went.
    policy, assumed
        The policy, and whether it had to be assumed.
    comparison, settled
        The race, and what was settled for the chosen entry.
    y_test, proba_test, labels_test
        Untouched rows: codes ``(n_test,)``, calibrated probabilities ``(n_test, n_classes)``, and
        decisions ``(n_test,)``.
    columns_test
        The columns that costs name, each ``(n_test,)``; None where there are none.
    times_test
        ``(n_test,)``: when the untouched rows happened; None without a time column.
    groups_test
        ``(n_test,)``: the group of each; None where groups are not known.
    search
        How settings were searched, in one sentence.
    """

    table: Table
    findings: list[Finding]
    distribution: Distribution
    split: Split
    folds: Folds
    policy: Policy
    assumed: bool
    comparison: Comparison
    settled: Settled
    y_test: NDArray[np.int64]
    proba_test: NDArray[np.float64]
    labels_test: NDArray[np.int64]
    columns_test: dict[str, NDArray[np.float64]] | None
    times_test: Any
    search: str = ""
    seed: int = 0
    groups_test: NDArray[np.int64] | None = None


def look_facts(table: Table, findings: list[Finding], distribution: Distribution) -> dict[str, Any]:
    """The part that ``evenkeel check`` shows: data, advice and audit."""
    facts = {
        "schema": SCHEMA,
        "version": evenkeel.__version__,
        "data": _data(table, distribution),
        "advice": [{"what": item.what, "why": item.why} for item in distribution.advice],
        "audit": [_finding(finding) for finding in findings],
    }
    return rounded(facts)  # type: ignore[no-any-return]


def run_facts(found: Found) -> dict[str, Any]:
    """All facts of a run; see ``docs/facts.md``."""
    table, comparison = found.table, found.comparison
    facts: dict[str, Any] = look_facts(table, found.findings, found.distribution) | {
        "split": _split(found),
        "policy": None,
        "remedies": [_remedy(entry, table.classes) for entry in comparison.entries],
        "objective": METRICS[comparison.objective].key,
        "interval": 0.95,
        "seed": found.seed,
        "versions": versions(),
        "chosen": {
            "remedy": comparison.chosen.name,
            "learner": comparison.chosen.learner,
            "why": comparison.why,
            "settings": comparison.chosen.shipped,
        },
        "search": found.search,
        "decision": None,
        "test": None,
        "calibration": None,
        "evidence": evidence_of(table.counts),
        "curves": None,
    }
    facts |= honest_facts(comparison, found.findings, found.folds)
    facts["audit"] = leak_finding(facts["canaries"]) + facts["audit"]
    outcome = Outcome(
        decision=found.settled.decision,
        y=found.y_test,
        labels=found.labels_test,
        proba=found.proba_test,
        classes=table.classes,
        columns=found.columns_test,
        times=found.times_test,
        groups=found.groups_test,
        request=_ask(found),
        optimism=found.settled.optimism,
        doubts=tuple(not_deployment(found.findings)),
        few=_few(found),
    )
    return rounded(outcome.facts(facts))  # type: ignore[no-any-return]


def rounded(value: Any) -> Any:
    """The same document with plain numbers of 12 significant digits and None for NaN.

    >>> rounded({"a": np.float64(1 / 3), "b": [float("nan"), np.int64(2)]})
    {'a': 0.333333333333, 'b': [None, 2]}
    """
    if isinstance(value, dict):
        return {str(key): rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    if isinstance(value, np.ndarray):
        return rounded(value.tolist())
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return float(f"{value:.12g}") if math.isfinite(value) else None
    return value


def _data(table: Table, distribution: Distribution) -> dict[str, Any]:
    counts = np.bincount(table.y, minlength=len(table.classes))
    positives = int(counts[1]) if table.task == "binary" else None
    return {
        "name": table.name, "source": table.source, "hash": table.hash, "rows": table.n_rows,
        "columns": table.X.width, "target": table.target, "task": table.task,
        "positive": table.positive,
        "classes": [
            {"label": label, "count": int(count), "share": count / table.n_rows}
            for label, count in zip(table.classes, counts, strict=True)
        ],
        "prevalence": None if positives is None else positives / table.n_rows,
        "one_in": None if not positives else table.n_rows / positives,
        "imbalance_ratio": distribution.ratio, "severity": distribution.severity,
        "effective_number": list(distribution.effective_number),
        "missing_labels": table.n_missing_target, "notes": list(table.notes),
    }  # fmt: skip


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code, "level": finding.level, "message": finding.message,
        "todo": finding.todo, "columns": list(finding.columns), "rows": list(finding.rows),
        "n_rows": finding.n_rows,
    }  # fmt: skip


def _split(found: Found) -> dict[str, Any]:
    split, folds = found.split, found.folds
    classes = found.table.classes
    y_train = found.table.y[split.train]
    counts = {
        "train_counts": np.bincount(y_train, minlength=len(classes)),
        "test_counts": np.bincount(found.y_test, minlength=len(classes)),
    }
    how = {
        "stratified": f"test {len(found.y_test):,} rows (stratified)",
        "group": f"test {len(found.y_test):,} rows ({found.table.group_name} kept whole)",
        "time": f"test the last {len(found.y_test):,} rows by {found.table.time_name}",
        "time and group": f"test the last {len(found.y_test):,} rows by {found.table.time_name}, "
        f"{found.table.group_name} kept whole",
        "file": f"test file with {len(found.y_test):,} rows",
        "nested": "no test part: every row is judged by choices made without it",
    }[split.kind]
    kept = found.table.group_name or "copies of a row"
    whole = split.set_aside - split.near
    aside = f"; {whole:,} rows left out to keep {kept} whole" if whole else ""
    if split.gap is not None:
        aside += _gap(split, folds)
    if split.set_aside and len(classes) == 2:
        # Whole groups and a cut in time may keep one class more than the other: say so.
        share = y_train.mean()
        before = (found.table.counts[1] - found.y_test.sum()) / (
            found.table.n_rows - len(found.y_test)
        )
        if abs(share - before) > 0.1 * before:
            aside += (
                f" (share of {classes[1]} in training {100 * before:.3g} % -> {100 * share:.3g} %)"
            )
    return {
        "sentence": f"train {len(split.train):,} rows, {how}{aside}; {folds.n_folds} folds"
        + (f", {folds.n_repeats} times" if folds.n_repeats > 1 else ""),
        "kind": split.kind, "train_rows": len(split.train), "test_rows": len(found.y_test),
        "set_aside": split.set_aside, "near": split.near,
        "gap": None if split.gap is None else in_words(split.gap), "folds": folds.n_folds, "repeats": folds.n_repeats,
        "widened": widened_facts(
            found.comparison, found.table, split.train,
            promised=found.policy.confidence is not None,
        ),
    } | {
        name: {str(label): int(n) for label, n in zip(classes, held, strict=True)}
        for name, held in counts.items()
    }  # fmt: skip


def _gap(split: Split, folds: Folds) -> str:
    """What a gap in time set aside, and where it could not be kept."""
    span = in_words(split.gap)
    told = f"; set aside {split.near:,} rows within {span} before the test"
    if split.kind == "nested":
        told = ""
    if folds.left_out is None:
        return f"{told}; no gap between folds, whose groups come again all the time"
    left = folds.left_out.sum(axis=1).max()
    return f"{told}; folds leave out up to {left:,} rows within {span} of them"


def _few(found: Found) -> str | None:
    """What too few untouched rows mean, and what to do about it."""
    counts = np.bincount(found.y_test, minlength=len(found.table.classes))
    nested = found.split.kind == "nested"
    told = few_tested(counts, found.table.classes, what="rows" if nested else "untouched rows")
    if told is None:
        return None
    if nested:
        return f"{told} Collect more."
    file = found.split.kind == "file"
    return f"{told} {'Use a larger test file' if file else 'Hold out more with --test-size'}, or collect more."


def _remedy(entry: Entry, classes: tuple[Any, ...]) -> dict[str, Any]:
    figures = dict(entry.figures)
    each = figures.pop("per_class", None)
    figures.pop("confusion", None)
    figures.pop("rows", None)
    head = {
        "name": entry.name, "learner": entry.learner, "changes": entry.changes,
        "status": entry.status, "reason": entry.reason, "settings": _usual(entry.settings),
        "repeats": len(entry.repeats),
    }  # fmt: skip
    if each is not None:
        figures["per_class"] = _by_label(each, classes)
    return head | figures


def _usual(settings: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The settings that most fits chose, the first of those chosen equally often."""
    if not settings:
        return None
    often = max(settings, key=settings.count)
    return {"values": often, "fits": settings.count(often), "of": len(settings)}


def _by_label(each: list[dict[str, Any]], classes: tuple[Any, ...]) -> dict[str, Any]:
    return {str(label): row for label, row in zip(classes, each, strict=True)}


def _ask(found: Found) -> str | None:
    if not found.assumed:
        return None
    if found.table.task == "multiclass":
        return (
            "No policy was given: balanced accuracy is a placeholder. Say what matters: --metric."
        )
    return (
        "No costs were given: F1 is a placeholder. Say what an error costs: --cost-fn and "
        "--cost-fp, or --scenario fraud, screening or spam."
    )
