"""What each figure shows, as plain rows: the chart and the table beside it are drawn from the same ones."""

from __future__ import annotations

from typing import Any

from evenkeel.report import wording
from evenkeel.report.wording import is_number, named

Facts = dict[str, Any]
Row = dict[str, Any]

MOST_POINTS = 400
MOST_CURVES = 9
MOST_CELLS = 16
_RARE = 0.05  # below this share, probabilities are read on logarithmic axes


def comparisons(facts: Facts) -> list[Row]:
    """Paired differences to the baseline: by the metric that selects, by average precision and by cost.

    Parameters
    ----------
    facts
        The document of ``docs/facts.md``.

    Returns
    -------
    list of dict
        ``key`` (metric), ``field`` (prefix of its keys in a remedy), ``lower_is_better`` and ``rows``: ``name``,
        ``difference``, ``low``, ``high`` and ``verdict`` of each measured remedy. The selecting metric stands first
        and keeps the verdict of the run; a metric without differences is left out.
    """
    measured = measured_remedies(facts)
    measured = measured[_baseline([remedy for _, remedy in measured]) :]
    selects = objective_key(facts)
    keys = dict.fromkeys(key for key in (selects, "cost", "average_precision") if key)
    found: list[Row] = []
    for key in keys:
        known = any(f"{key}_difference" in remedy for _, remedy in measured)
        field = key if known or key != selects else "objective"
        lower = _lower_is_better(key)
        rows = [
            _difference(name, remedy, field, judged=key == selects, lower_is_better=lower)
            for name, remedy in measured
            if is_number(remedy.get(f"{field}_difference"))
            and remedy.get("versus_baseline") != "baseline"
        ]
        if rows:
            found.append({"key": key, "field": field, "lower_is_better": lower, "rows": rows})
    chosen = {name for name, remedy in measured if is_chosen(facts, remedy)}
    for row in (row for one in found for row in one["rows"]):
        row["name"] += " (chosen)" if row["name"] in chosen else ""
    return found


def objective_key(facts: Facts) -> str | None:
    """The metric that selects, in the spelling of the keys."""
    key = facts.get("objective")
    return str(key).replace("-", "_") if key else None


def _lower_is_better(key: str) -> bool:
    from evenkeel.metrics import METRICS

    known = METRICS.get(key.replace("_", "-"))
    return known is not None and not known.greater_is_better


def _difference(name: str, remedy: Row, field: str, *, judged: bool, lower_is_better: bool) -> Row:
    low, high = (remedy.get(f"{field}_difference_{end}") for end in ("low", "high"))
    verdict = remedy.get("versus_baseline") if judged else None
    if verdict is None:
        above, below = is_number(low) and low > 0, is_number(high) and high < 0
        better, worse = (below, above) if lower_is_better else (above, below)
        verdict = "better" if better else "worse" if worse else "no clear difference"
    difference = remedy[f"{field}_difference"]
    return {"name": name, "difference": difference, "low": low, "high": high, "verdict": verdict}


def measured_remedies(facts: Facts) -> list[tuple[str, Row]]:
    """The remedies that ran, each with a name that tells it apart; the learner is added where several were used."""
    rows = [row for row in facts.get("remedies") or [] if row.get("status", "ok") == "ok"]
    told = learners(facts)
    names = [
        wording.remedy(row.get("name"), row["learner"] if row.get("learner") in told else None)
        for row in rows
    ]
    return list(zip(wording.distinct(names), rows, strict=True))


def learners(facts: Facts) -> set[str]:
    """The learners that have to stand beside a remedy: none where only one was used."""
    rows = list(facts.get("remedies") or [])
    found = {str(row["learner"]) for row in rows[_baseline(rows) :] if row.get("learner")}
    return found if len(found) > 1 else set()


def costs_of_fits(facts: Facts) -> list[Row]:
    """What each remedy fitted on, and what a fit took, on average over the folds."""
    found = []
    for row in facts.get("costs") or []:
        peak = row.get("peak_bytes")
        found.append(
            {
                "name": wording.label(row.get("name")),
                "learner": row.get("learner"),
                "rows": round(row.get("fit_rows") or 0),
                "added_rows": round(row.get("added_fit_rows") or 0),
                "seconds": row.get("seconds"),
                "mib": None if peak is None else peak / 2**20,
            }
        )
    return found


def folds_matter(facts: Facts) -> bool:
    """Whether the test over folds says otherwise of what one of the two tests calls better.

    Whether something is worse or only no better changes no choice; few folds seldom tell.
    """
    apart = [
        (one.get("remedy"), one.get("learner"))
        for one in (facts.get("second_test") or {}).get("disagrees") or []
    ]
    return any(
        "better" in (row.get("versus_baseline"), row.get("folds_say"))
        for row in facts.get("remedies") or []
        if (row.get("name"), row.get("learner")) in apart
    )


def is_chosen(facts: Facts, remedy: Row) -> bool:
    """Whether a remedy is the one that the run recommends."""
    chosen = facts.get("chosen") or {}
    return (
        chosen.get("remedy") is not None
        and remedy.get("name") == chosen["remedy"]
        and chosen.get("learner") in (None, remedy.get("learner"))
    )


def _baseline(rows: list[Row]) -> int:
    """Where the baseline stands; the dummy above it would set the scale of every difference."""
    verdicts = [row.get("versus_baseline") for row in rows]
    return verdicts.index("baseline") if "baseline" in verdicts else 0


def curves(facts: Facts) -> list[Row]:
    """Precision-recall curves with their base rate and the decision's point; the rarest classes first, at most nine."""
    drawn = (facts.get("curves") or {}).get("precision_recall") or {}
    test, data = facts.get("test") or {}, facts.get("data") or {}
    several = data.get("task") == "multiclass"
    classes = [one for one in data.get("classes") or [] if named(drawn, one.get("label"))]
    if several:
        classes = sorted(classes, key=lambda one: one.get("count") or 0)
    else:
        classes = [one for one in classes if str(one.get("label")) == str(data.get("positive"))]
    found = []
    for one in classes[:MOST_CURVES]:
        figures = (named(test.get("per_class"), one["label"]) or {}) if several else test
        points = [
            point
            for point in named(drawn, one["label"])
            if is_number(point.get("recall")) and is_number(point.get("precision"))
        ]
        found.append(
            {
                "label": one["label"],
                "points": thin(points, MOST_POINTS // (2 if several else 1)),
                "figures": figures,
            }
        )
    return found


def thresholds(facts: Facts) -> Row | None:
    """Precision, recall and cost against the threshold, and whether its axis is logarithmic."""
    points = (facts.get("curves") or {}).get("thresholds") or []
    points = [point for point in points if is_number(point.get("threshold"))]
    decision = {} if costs_by_row(facts) else facts.get("decision") or {}
    chosen = decision.get("threshold")
    if not points:
        return None
    middle = sorted(point["threshold"] for point in points)[len(points) // 2]
    logarithmic = (chosen if is_number(chosen) else middle) < _RARE
    if logarithmic:
        points = [point for point in points if point["threshold"] > 0]
        floor = chosen / 300 if is_number(chosen) and chosen > 0 else 0.0
        points = [point for point in points if point["threshold"] >= floor] or points
    return {"points": thin(points), "logarithmic": logarithmic, "decision": decision}


def costs_by_row(facts: Facts) -> bool:
    """Whether a cost is a column: then the decision weighs each row, and is no threshold of probability."""
    policy = facts.get("policy") or {}
    entries = [value for key, value in policy.items() if key.startswith("cost_")]
    return any(isinstance(entry, str) for value in entries for entry in _flat(value))


def _flat(value: Any) -> list[Any]:
    return [item for part in value for item in _flat(part)] if isinstance(value, list) else [value]


def reliability(facts: Facts) -> Row | None:
    """Predicted against observed share, bin by bin, and whether both axes are logarithmic."""
    bins = [
        row
        for row in (facts.get("calibration") or {}).get("reliability") or []
        if is_number(row.get("predicted")) and is_number(row.get("observed")) and row.get("count")
    ]
    if not bins:
        return None
    typical = sorted(row["predicted"] for row in bins)[len(bins) // 2]
    return {"bins": bins, "logarithmic": typical < _RARE}


def confusion(facts: Facts) -> Row | None:
    """The confusion matrix with names; beyond sixteen classes the larger ones stand together as one.

    Returns
    -------
    dict or None
        ``names`` and ``counts`` (rows true, columns decided), ``together``: how many classes the last name stands for.
    """
    counts = (facts.get("test") or {}).get("confusion")
    classes = (facts.get("data") or {}).get("classes") or []
    if not counts or len(counts) != len(classes):
        return None
    shown = list(range(len(classes)))
    if len(classes) > MOST_CELLS:
        shown = sorted(
            sorted(shown, key=lambda at: classes[at].get("count") or 0)[: MOST_CELLS - 1]
        )
    rest = [at for at in range(len(classes)) if at not in set(shown)]
    names = wording.distinct([classes[at].get("label") for at in shown])
    parts = [[at] for at in shown] + ([rest] if rest else [])
    if rest:
        names.append(f"{len(rest):,} larger classes")
    return {
        "names": names,
        "counts": [
            [sum(counts[i][j] for i in row for j in column) for column in parts] for row in parts
        ],
        "together": len(rest),
    }


def test_notes(facts: Facts) -> list[str]:
    """Notes on the test rows; where one is the code of an audit finding, its message."""
    messages = {row.get("code"): row.get("message") for row in facts.get("audit") or []}
    notes = (facts.get("test") or {}).get("notes") or []
    return [str(messages.get(note) or note) for note in notes]


def weakest(facts: Facts) -> Row | None:
    """The class of the test rows with the lowest recall."""
    data, test = facts.get("data") or {}, facts.get("test") or {}
    rows = [
        {"label": one.get("label"), **(named(test.get("per_class"), one.get("label")) or {})}
        for one in data.get("classes") or []
    ]
    rows = [row for row in rows if is_number(row.get("recall"))]
    return min(rows, key=lambda row: row["recall"], default=None)


def at_recalls(points: list[Row]) -> list[Row]:
    """For the table of a curve: the most precise measured point at each tenth of recall."""
    found: list[Row] = []
    for tenth in range(1, 11):
        reached = [point for point in points if point["recall"] >= tenth / 10]
        if reached:
            best = max(reached, key=lambda point: point["precision"])
            if best not in found:
                found.append(best)
    return found


def thin(points: list[Row], most: int = MOST_POINTS) -> list[Row]:
    """At most ``most`` points, evenly taken, with both ends.

    >>> [row["at"] for row in thin([{"at": at} for at in range(100)], most=4)]
    [0, 33, 66, 99]
    """
    if len(points) <= most:
        return points
    step = (len(points) - 1) / (most - 1)
    return [points[round(at * step)] for at in range(most)]
