from __future__ import annotations

import json
from typing import Any

import altair as alt
import pytest

from evenkeel.report import chart_specs, charts, figures, marks

Facts = dict[str, Any]


def strings(value: Any, *, skip: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Every (key, text) of a document, without the parts under some keys."""
    if isinstance(value, dict):
        return [
            (key if isinstance(item, str) else "", text)
            for key, item in value.items()
            if key not in skip
            for _, text in ([("", item)] if isinstance(item, str) else strings(item, skip=skip))
        ]
    if isinstance(value, list):
        return [found for item in value for found in strings(item, skip=skip)]
    return [("", value)] if isinstance(value, str) else []


def test_two_classes_fill_every_chart(binary_facts: Facts) -> None:
    assert list(chart_specs(binary_facts)) == [
        "differences-cost",
        "differences-average_precision",
        "precision-recall-0",
        "thresholds",
        "cost",
        "reliability",
    ]


def test_several_classes_fill_every_chart(multiclass_facts: Facts) -> None:
    assert list(chart_specs(multiclass_facts)) == [
        "differences-average_precision",
        *(f"precision-recall-{at}" for at in range(5)),
        "reliability",
        "confusion",
    ]


def test_what_has_no_facts_has_no_chart(binary_facts: Facts) -> None:
    assert chart_specs({}) == {}
    for point in binary_facts["curves"]["thresholds"]:
        point["cost"] = None
    assert "cost" not in chart_specs(binary_facts)
    binary_facts["curves"] = {"precision_recall": {}, "thresholds": []}
    assert not [key for key in chart_specs(binary_facts) if "reca" in key or "thre" in key]


def test_every_chart_is_valid_described_and_offline(
    binary_facts: Facts, multiclass_facts: Facts
) -> None:
    for facts in (binary_facts, multiclass_facts):
        for name, spec in chart_specs(facts).items():
            alt.Chart.from_dict(spec, validate=True)
            assert "$schema" not in spec
            assert "http" not in json.dumps(spec)
            assert "NaN" not in json.dumps(spec)
            assert len(spec["description"]) > 40, name
            assert spec["width"] == "container"


def test_colours_come_from_the_style_sheet(binary_facts: Facts) -> None:
    for spec in chart_specs(binary_facts).values():
        for key, text in strings(spec, skip=("datasets", "description")):
            if key in {"color", "fill", "stroke"} and text != "transparent":
                assert text.startswith("var(--")


def test_no_text_of_the_user_enters_an_expression(multiclass_facts: Facts) -> None:
    nasty = "'); alert(1); ('"
    text = json.dumps(multiclass_facts).replace("u2r", nasty).replace("class-weight", nasty)
    for spec in chart_specs(json.loads(text)).values():
        told = strings(spec, skip=("datasets", "description"))
        assert not [text for _, text in told if "alert" in text]


def test_points_are_the_facts_to_six_digits(binary_facts: Facts) -> None:
    spec = chart_specs(binary_facts)["precision-recall-0"]
    drawn = max(spec["datasets"].values(), key=len)
    points = figures.thin(binary_facts["curves"]["precision_recall"]["1"])
    assert [row["recall"] for row in drawn] == [float(f"{point['recall']:.6g}") for point in points]


def test_the_decision_stands_where_the_test_rows_put_it(binary_facts: Facts) -> None:
    spec = chart_specs(binary_facts)["precision-recall-0"]
    rows = [
        row for data in spec["datasets"].values() for row in data if row.get("text") == "decision"
    ]
    test = binary_facts["test"]
    assert {round(row["recall"], 4) for row in rows} == {round(test["recall"], 4)}
    assert {round(row["precision_low"], 4) for row in rows} == {round(test["precision_low"], 4)}


def test_bins_without_a_positive_stand_on_the_floor_of_the_logarithmic_axis(
    binary_facts: Facts,
) -> None:
    bins = figures.reliability(binary_facts)
    assert bins is not None
    assert bins["logarithmic"]
    spec = charts.reliability(bins)
    rows = max(spec["datasets"].values(), key=len)
    empty = [row for row in rows if row["positives"] == 0]
    assert empty
    assert {row["kind"] for row in empty} == {"no positive in the bin"}
    assert min(row["shown"] for row in rows) == empty[0]["shown"] > 0
    assert [row["counts"] for row in rows][-1].count("/") == 1


def test_common_classes_are_drawn_on_plain_axes(binary_facts: Facts) -> None:
    bins = [
        {
            "low": a,
            "high": a + 0.2,
            "predicted": a + 0.1,
            "observed": a,
            "count": 50,
            "positives": 5,
        }
        for a in (0.0, 0.2, 0.4, 0.6)
    ]
    binary_facts["calibration"]["reliability"] = bins
    text = json.dumps(chart_specs(binary_facts)["reliability"])
    assert '"log"' not in text


def test_intervals_of_bins_are_drawn_when_the_facts_hold_them(binary_facts: Facts) -> None:
    without = json.dumps(chart_specs(binary_facts)["reliability"])
    for row in binary_facts["calibration"]["reliability"]:
        row |= {"observed_low": row["observed"] / 2, "observed_high": row["observed"] * 2}
    held = json.dumps(chart_specs(binary_facts)["reliability"])
    assert '"y2"' in held
    assert '"y2"' not in without


def test_decades_stay_inside_and_are_enough() -> None:
    for low, high in ((1e-6, 1.0), (0.003, 0.04), (0.11, 0.19), (20.0, 3000.0)):
        ticks = marks.decades(low, high)
        assert all(low <= tick <= high for tick in ticks)
        assert ticks == sorted(ticks)
    assert len(marks.decades(1e-6, 1.0)) == 7


def test_one_distinct_threshold_does_not_break_the_axis(binary_facts: Facts) -> None:
    binary_facts["curves"]["thresholds"] = binary_facts["curves"]["thresholds"][:1]
    spec = chart_specs(binary_facts)["thresholds"]
    assert alt.Chart.from_dict(spec, validate=True)


@pytest.mark.parametrize("threshold", [0.0, 1.5])
def test_a_threshold_off_the_axis_is_drawn_at_its_end(
    binary_facts: Facts, threshold: float
) -> None:
    binary_facts["decision"] |= {
        "threshold": threshold,
        "threshold_low": 0.0,
        "threshold_high": 1.5,
    }
    spec = chart_specs(binary_facts)["thresholds"]
    rows = [row for data in spec["datasets"].values() for row in data]
    drawn = [row["threshold"] for row in rows if "rate" in row]
    told = next(row for row in rows if "text" in row)
    assert told["text"] == f"chosen {threshold:.3g}"
    assert min(drawn) <= told["threshold"] <= max(drawn)
    band = next(row for row in rows if "low" in row)
    assert min(drawn) == pytest.approx(band["low"], rel=1e-5)
