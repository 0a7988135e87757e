"""Whether a test file is what the model will meet, and shares nothing with training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evenkeel.audit.duplicates import duplicate_ids
from evenkeel.audit.finding import Finding, percent, some_rows
from evenkeel.audit.resampled import repeated_classes

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from evenkeel.table import Table

    Ints = npt.NDArray[np.int64]

# Figures on a test file with a warning of these are not deployment figures.
NOT_DEPLOYMENT = frozenset(
    {
        "test-prevalence",
        "test-balanced",
        "test-repeats",
        "test-shares-rows",
        "test-shares-groups",
    }
)
_SURE = 0.001
_APART = 0.1


def not_deployment(findings: Iterable[Finding]) -> list[str]:
    """Codes of the findings that keep the figures of a test file from being deployment figures.

    A note changes nothing: a handful of rows that occur in both files is common.

    >>> shared = Finding("test-shares-rows", "note", "1 test row (0.1 %).", "Remove it.")
    >>> not_deployment([shared, Finding("test-repeats", "warning", "Copies.", "Use another.")])
    ['test-repeats']
    """
    return sorted({f.code for f in findings if f.code in NOT_DEPLOYMENT and f.level != "note"})


def test_findings(table: Table, test: Table) -> list[Finding]:
    """Other shares, exact balance, repeated rare rows, rows and groups that training knows."""
    import polars as pl

    stacked = pl.concat([table.X, test.X.select(table.X.columns)], how="vertical_relaxed")
    both = duplicate_ids(stacked)
    mine, ids = both[: table.n_rows], both[table.n_rows :]
    findings = [*_shares(table, test), *_shared_rows(table, test, mine, ids)]
    for code, share, other in repeated_classes(test.y, ids, test.counts):
        findings.append(
            Finding(
                "test-repeats",
                "warning",
                f"{percent(share)} of the test rows of {test.classes[code]!r} are copies, but "
                f"{percent(other)} of the largest class: the rare rows were probably copied.",
                "Use a test file as it was collected; the figures on this one are no deployment "
                "figures.",
                **some_rows(test.rows, np.flatnonzero(test.y == code)),
            )
        )
    findings += _shared_groups(table, test)
    return findings


def _shares(table: Table, test: Table) -> list[Finding]:
    from scipy.stats import chi2_contingency

    findings = []
    n_classes = len(table.classes)
    absent = [label for label, n in zip(test.classes, test.counts, strict=True) if n == 0]
    if absent:
        findings.append(
            Finding(
                "test-lacks-class",
                "warning",
                f"The test file has no row of {', '.join(map(repr, absent))}.",
                "What is not in the test file is not measured: use one that holds every class.",
            )
        )
    counts = np.vstack([table.counts, test.counts])
    here, there = table.counts / table.n_rows, test.counts / test.n_rows
    rare = 1 if n_classes == 2 else int(np.argmin(table.counts))
    worst = (
        int(np.argmax(np.abs(np.log((there + 1e-9) / (here + 1e-9))))) if n_classes > 2 else rare
    )
    known = counts.sum(axis=0) > 0
    sure = chi2_contingency(counts[:, known]).pvalue < _SURE
    apart = abs(there[worst] - here[worst]) > _APART * here[worst]
    if sure and apart:
        findings.append(
            Finding(
                "test-prevalence",
                "warning",
                f"{table.classes[worst]!r} is {percent(there[worst])} of the test file and "
                f"{percent(here[worst])} of the training table.",
                "Figures on this file are no deployment figures: precision and thresholds depend on "
                "the share.",
            )
        )
    # Within half a percent of equal shares, while the training table is far from it.
    even = np.abs(there * n_classes - 1).max() <= 0.005
    if even and table.counts.max() >= 1.5 * max(int(table.counts.min()), 1):
        findings.append(
            Finding(
                "test-balanced",
                "warning",
                f"The classes of the test file are balanced ({percent(there[rare])} "
                f"{test.classes[rare]!r}); in training they are not ({percent(here[rare])}).",
                "Use a test file as it was collected; precision on this one is flattered.",
            )
        )
    return findings


def _shared_rows(table: Table, test: Table, mine: Ints, theirs: Ints) -> list[Finding]:
    shared = np.flatnonzero(np.isin(theirs, mine))
    if not len(shared):
        return []
    rare = int(np.argmin(table.counts))
    rare_rows = max(int(test.counts[rare]), 1)
    share = len(shared) / test.n_rows
    rare_share = float((test.y[shared] == rare).sum()) / rare_rows
    return [
        Finding(
            "test-shares-rows",
            "warning" if max(share, rare_share) >= 0.01 else "note",
            f"{len(shared):,} test rows ({percent(share)}; {percent(rare_share)} of "
            f"{test.classes[rare]!r}) are exact copies of training rows.",
            "Remove them from one of the files: on them the test measures memory.",
            **some_rows(test.rows, shared),
        )
    ]


def _shared_groups(table: Table, test: Table) -> list[Finding]:
    if table.group_values is None or test.group_values is None:
        return []
    known = test.group_values.cast(str).is_in(
        table.group_values.cast(str).drop_nulls().unique().to_list()
    )
    shared = np.flatnonzero(known.fill_null(value=False).to_numpy())
    if not len(shared):
        return []
    return [
        Finding(
            "test-shares-groups",
            "warning",
            f"{len(shared):,} test rows belong to values of {table.group_name} that training knows.",
            "Keep each of them in one file, or the test is easier than what comes later.",
            (str(table.group_name),),
            **some_rows(test.rows, shared),
        )
    ]
