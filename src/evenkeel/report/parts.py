"""What page and card share: the lists they show, cut and counted, and the filters of their templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evenkeel.report import figures, repeats, tuned, wording

if TYPE_CHECKING:
    from collections.abc import Callable

Facts = dict[str, Any]

MOST_ROWS = 60


def shared(facts: Facts) -> dict[str, Any]:
    """The variables of both templates, beside the facts themselves."""
    from evenkeel.metrics import METRICS

    every = facts.get("remedies") or []
    classes = (facts.get("data") or {}).get("classes") or []
    curves = figures.curves(facts)
    named = figures.measured_remedies(facts)
    return {
        "metrics": [metric.key for metric in METRICS.values()],
        "classes": _classes(classes),
        "findings": _cut(facts.get("audit") or []),
        "remedies": _cut([(name, row, figures.is_chosen(facts, row)) for name, row in named]),
        "costs": _cut(figures.costs_of_fits(facts)),
        "not_run": [row for row in every if row.get("status", "ok") != "ok"][:MOST_ROWS],
        "fewer_repeats": repeats.told(facts),
        "comparisons": figures.comparisons(facts),
        "curves": curves,
        "curves_hidden": len(classes) - len(curves),
        "costs_by_row": figures.costs_by_row(facts),
        "against": figures.thresholds(facts),
        "reliability": figures.reliability(facts),
        "matrix": figures.confusion(facts),
        "test_notes": figures.test_notes(facts),
        "settings": tuned.told(facts),
        "weakest": figures.weakest(facts),
    }


def filters() -> dict[str, Callable[..., Any]]:
    """How templates write facts; all wording is that of :mod:`evenkeel.report.wording`."""
    forms: dict[str, Callable[[Any], str]] = {
        "alerts": wording.alerts,
        "number": wording.number,
        "share": wording.share,
        "count": wording.count,
        "threshold": wording.threshold,
    }
    return forms | {
        "form": lambda value, name: forms[name](value),
        "spread": lambda record, key, name="number": wording.spread(record, key, form=forms[name]),
        "signed": wording.signed,
        "signed_count": wording.signed_count,
        "label": wording.label,
        "out_of": wording.out_of,
        "precision": wording.precision,
        "ratio": wording.ratio,
        "metric": wording.metric,
        "usual": tuned.usual,
        "named": wording.named,
        "is_number": wording.is_number,
        "sentence": wording.sentence,
        "capfirst": lambda text: text[:1].upper() + text[1:],
        "bar": lambda value: f"{100 * value:.2f}%" if wording.is_number(value) else "0%",
        "at_recalls": figures.at_recalls,
        "thin": figures.thin,
    }


def _classes(classes: list[dict[str, Any]]) -> dict[str, Any]:
    largest_first = sorted(classes, key=lambda one: -(one.get("count") or 0))
    shown = largest_first[-MOST_ROWS:]
    return {"shown": shown, "hidden": len(classes) - len(shown), "few": largest_first[-10:]}


def _cut(rows: list[Any]) -> dict[str, Any]:
    return {"shown": rows[:MOST_ROWS], "hidden": max(0, len(rows) - MOST_ROWS)}
