"""What ``run.json`` tells beside the facts: how a run was made, and what it cost on this machine."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from evenkeel.catalogue import Own
from evenkeel.versions import versions

if TYPE_CHECKING:
    from evenkeel.prepare import Prepared
    from evenkeel.race import Comparison, Results


def run_identity(ready: Prepared) -> dict[str, Any]:
    """What trials depend on beside the options: rows, and the remedies that no name tells whole."""
    remedies = ready.course.remedies.items()
    return {
        "data_hash": ready.table.hash,
        "test_hash": None if ready.tested is None else ready.tested.hash,
        "own_remedies": {name: own.fingerprint for name, own in remedies if isinstance(own, Own)},
    }


def run_info(
    ready: Prepared, results: Results, comparison: Comparison, laps: dict[str, float]
) -> dict[str, Any]:
    """What ``run.json`` tells beside the facts: how the run was made and what it cost."""
    moments = list(laps.items())
    base = comparison.baseline.cost
    remedies = [
        {"name": entry.name, "learner": entry.learner, **entry.cost}
        | {
            f"added_{key}": None
            if entry.cost[key] is None or base.get(key) is None
            else entry.cost[key] - base[key]  # type: ignore[operator]
            for key in entry.cost
        }
        for entry in comparison.entries
        if entry.ok
    ]
    return {
        "settings": ready.settings.to_dict(),
        **run_identity(ready),
        "source": ready.table.source,
        "labels": list(ready.table.labels),
        "mapping": ready.table.mapping,
        "versions": versions(),
        "seconds": {
            name: round(moment - before, 3)
            for (_, before), (name, moment) in itertools.pairwise(moments)
        },
        "jobs": ready.jobs,
        "trials": sorted(trial.key for trial in results.outcomes),
        "dropped": [
            {"name": remedy, "learner": learner, "why": why}
            for (remedy, learner), why in results.dropped.items()
        ],
        "not_run": [
            {"name": remedy, "learner": learner, "repeat": repeat, "seconds": seconds}
            for remedy, learner, repeat, seconds in results.not_run
        ],
        "remedies": remedies,
    }
