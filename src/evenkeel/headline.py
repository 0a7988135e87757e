"""The verdict of a run in three sentences, and its judgement by what was asked for."""

from __future__ import annotations

from typing import Any

from evenkeel.decide.guarantee import tail
from evenkeel.evidence import FEWEST

Facts = dict[str, Any]


def headline(facts: Facts) -> list[str]:
    """Three statements: what the data are, what to use, and what it does on untouched rows."""
    data, chosen, test = facts["data"], facts["chosen"], facts["test"]
    rare = min(data["classes"], key=lambda row: row["count"])
    warned = sum(finding["level"] != "note" for finding in facts["audit"])
    blockers = [finding["message"] for finding in facts["audit"] if finding["level"] == "blocker"]
    audit = (
        f"the audit found what blocks an honest result: {blockers[0].rstrip('.')}"
        if blockers
        else "the audit found nothing that needs action"
        if not warned
        else f"the audit raised {warned} point{'s' if warned > 1 else ''} to read"
    )
    first = (
        f"{data['target']} = {rare['label']} is {rare['count']:,} of {data['rows']:,} rows "
        f"({data['imbalance_ratio']:.3g} to 1, {data['severity']}), and {audit}."
    )
    what = "without a remedy" if chosen["remedy"] == "none" else f"with {chosen['remedy']}"
    second = f"Train {chosen['learner']} {what}: {_lower_first(chosen['why'])}"
    third = f"{_reached(facts)}{_kept(test.get('floor'))}."
    return [first, second, f"{third} {test['few']}" if test.get("few") else third]


def _reached(facts: Facts) -> str:
    test = facts["test"]
    on = f"On {test['rows']:,} untouched rows"
    if facts.get("split", {}).get("kind") == "nested":
        on = f"On all {test['rows']:,} rows, each judged by choices made without it,"
    if facts["data"]["task"] == "multiclass":
        return (
            f"{on} it reaches balanced accuracy "
            f"{test['balanced_accuracy']:.3f} and macro F1 {test['f1']:.3f}"
        )
    caught, positives = test["recall_count"]
    right, alerts = test["precision_count"]
    return (
        f"{on} it catches {caught:,} of {positives:,} positives and "
        f"{right:,} of its {alerts:,} alerts are right"
    )


def _kept(floor: Facts | None) -> str:
    if floor is None or floor["kept"] is None:
        return ""
    how = (
        "kept" if floor["kept"] else "clearly missed" if floor["clearly_missed"] else "just missed"
    )
    return f": the minimum {floor['of']} of {floor['least']:g} is {how}"


def floor_of(policy: Facts, test: Facts) -> Facts | None:
    """Whether the minimum that the policy asked for was kept on the untouched rows.

    Parameters
    ----------
    policy
        With ``floor_of`` and ``floor`` where a minimum was asked for.
    test
        Figures of the untouched rows.

    Returns
    -------
    dict or None
        ``of``, ``least``, ``count`` (hits, rows), ``kept`` (None without rows to tell by),
        ``clearly_missed``: the whole interval lies below, and ``confirmed``: an exact test on these
        rows alone proves the minimum at the confidence asked for, None without one. None without a
        minimum.

    Examples
    --------
    >>> found = floor_of({"floor_of": "precision", "floor": 0.99},
    ...                  {"precision_count": [90, 100], "precision_high": 0.945})
    >>> found["kept"], found["clearly_missed"]
    (False, True)
    """
    name = policy.get("floor_of")
    if name is None:
        return None
    (hits, rows), sure = test[f"{name}_count"], policy.get("confidence")
    kept = hits >= policy["floor"] * rows * (1 - 1e-12) if rows else None
    return {
        "of": name,
        "least": policy["floor"],
        "count": [hits, rows],
        "kept": kept,
        "clearly_missed": kept is False and test[f"{name}_high"] < policy["floor"],
        "confirmed": None
        if sure is None or not rows
        else bool(tail(hits, rows, policy["floor"]) <= 1.0 - sure),
    }


def judged(facts: Facts, level: str, said: list[str]) -> dict[str, Any]:
    """What the untouched rows say about the decision, judged by the policy that was asked for.

    With costs the judge is the cost, against deciding alike for every row. With a minimum
    precision or recall it is that minimum: a filter that was to be precise may miss many.
    Otherwise the assessment of the decisions stands, less its advice: remedies and thresholds have
    been tried. Too few untouched rows are said first, whatever the level, and what blocks an honest
    result (a column that gives the target away) is said before everything else.

    Parameters
    ----------
    facts
        With ``audit``, ``test``, ``policy`` and ``decision``.
    level, said
        Of :func:`evenkeel.verdict.assess`.
    """
    test = facts["test"]
    if test["cost"] is not None:
        level, said = _by_cost(test)
    elif test.get("floor") is not None:
        level, said = _by_floor(facts, level, said)
    elif level != "acceptable" and facts["policy"]["assumed"]:
        said = [*said, facts["policy"]["request"]]
    if test.get("few"):
        said = [test["few"], *said]
    if blockers := [one["message"] for one in facts["audit"] if one["level"] == "blocker"]:
        level = "useless" if level == "useless" else "unacceptable"
        said = [f"Not to be used as it is: {blockers[0]}", *said]
    return {"level": level, "sentences": said}


def _by_cost(test: Facts) -> tuple[str, list[str]]:
    least = test["cost_deciding_alike"]
    told = f"Cost {test['cost']:,.4g} per 1,000 rows [{test['cost_low']:,.4g}, {test['cost_high']:,.4g}]; "
    if "cost_acting_on_nobody" in test:
        told += (
            f"acting on nobody costs {test['cost_acting_on_nobody']:,.4g}, on everybody "
            f"{test['cost_acting_on_everybody']:,.4g}"
        )
    else:
        told += f"deciding alike for every row costs {least:,.4g} at least"
    if test["cost"] >= least:
        return "useless", [f"{told}: nothing is saved."]
    level = "acceptable" if test["cost_high"] < least else "weak"
    return level, [f"{told}: it saves {100 * (1 - test['cost'] / least):.0f} %."]


def _by_floor(facts: Facts, level: str, said: list[str]) -> tuple[str, list[str]]:
    floor, test = facts["test"]["floor"], facts["test"]
    name, least, (hits, rows) = floor["of"], f"{floor['least']:g}", floor["count"]
    if floor["kept"] is None:
        told = f"No alert was raised, so the minimum {name} of {least} was not put to the test."
        return level, [told, *said]
    low, high = test[f"{name}_low"], test[f"{name}_high"]
    told = f"{name.capitalize()} is {hits:,}/{rows:,} = {hits / rows:.3f} [{low:.3f}, {high:.3f}]: "
    if floor["kept"]:
        sure = "" if rows >= FEWEST else ", on too few rows to be sure"
        told += f"the minimum of {least} that was asked for is kept{sure}."
    elif floor["clearly_missed"]:
        told += f"the minimum of {least} that was asked for is clearly missed."
    else:
        told += (
            f"the minimum of {least} that was asked for is missed, by no more than chance explains."
        )
    if not floor["kept"] and facts["decision"].get("reached") is False:
        told += " It could not be kept on the training rows either."
    if level == "useless":
        return level, [told, *said]
    level = "acceptable" if floor["kept"] else "unacceptable" if floor["clearly_missed"] else "weak"
    other = "recall" if name == "precision" else "precision"
    hits, rows = test[f"{other}_count"]
    does = "positives are caught" if other == "recall" else "alerts are right"
    return level, [told, f"At that, {hits:,} of {rows:,} {does}."]


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
