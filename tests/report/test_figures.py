from __future__ import annotations

from typing import Any

import pytest

from evenkeel.report import figures

Facts = dict[str, Any]


def test_the_selecting_metric_stands_first_and_keeps_the_verdict_of_the_run(
    binary_facts: Facts,
) -> None:
    cost, ranking = figures.comparisons(binary_facts)
    assert (cost["key"], ranking["key"]) == ("cost", "average_precision")
    assert cost["lower_is_better"]
    assert not ranking["lower_is_better"]
    told = {row["name"]: row["verdict"] for row in cost["rows"]}
    assert told["class-weight-sqrt (chosen)"] == "better"
    assert told["class-weight"] == "worse"
    assert "none" not in told
    assert "prevalence" not in told


def test_a_metric_that_does_not_select_is_judged_by_its_own_interval(binary_facts: Facts) -> None:
    ranking = figures.comparisons(binary_facts)[1]
    for row in ranking["rows"]:
        better, worse = row["low"] > 0, row["high"] < 0
        expected = "better" if better else "worse" if worse else "no clear difference"
        assert row["verdict"] == expected


def test_another_objective_is_read_under_its_own_key(binary_facts: Facts) -> None:
    binary_facts["objective"] = "f1"
    for row in binary_facts["remedies"]:
        if row["status"] == "ok":
            row |= {"f1_difference": 0.02, "f1_difference_low": 0.01, "f1_difference_high": 0.03}
    first = figures.comparisons(binary_facts)[0]
    assert (first["key"], first["field"]) == ("f1", "f1")
    assert first["rows"][0]["difference"] == 0.02


def test_an_objective_without_its_own_differences_falls_back_to_the_objective_keys(
    multiclass_facts: Facts,
) -> None:
    multiclass_facts["objective"] = "balanced_accuracy"
    first = figures.comparisons(multiclass_facts)[0]
    assert (first["key"], first["field"]) == ("balanced_accuracy", "objective")


def test_learners_are_named_only_where_several_were_used(
    binary_facts: Facts, multiclass_facts: Facts
) -> None:
    one = [name for name, _ in figures.measured_remedies(binary_facts)]
    several = [name for name, _ in figures.measured_remedies(multiclass_facts)]
    assert one[:2] == ["prevalence", "none"]
    assert several == [
        "prevalence",
        "none · lightgbm",
        "class-weight · lightgbm",
        "class-weight-sqrt · lightgbm",
        "random-over · lightgbm",
        "none · logistic",
    ]


def test_two_classes_draw_the_positive_one_and_several_the_rarest_first(
    binary_facts: Facts, multiclass_facts: Facts
) -> None:
    (curve,) = figures.curves(binary_facts)
    assert curve["label"] == 1
    assert curve["figures"]["recall"] == binary_facts["test"]["recall"]
    counts = {one["label"]: one["count"] for one in multiclass_facts["data"]["classes"]}
    drawn = [counts[curve["label"]] for curve in figures.curves(multiclass_facts)]
    assert drawn == sorted(counts.values())


@pytest.mark.parametrize(("chosen", "logarithmic"), [(0.0312, True), (0.4, False), (None, True)])
def test_tiny_thresholds_get_a_logarithmic_axis(
    binary_facts: Facts, chosen: float | None, logarithmic: bool
) -> None:
    binary_facts["decision"]["threshold"] = chosen
    against = figures.thresholds(binary_facts)
    assert against is not None
    assert against["logarithmic"] == logarithmic
    if logarithmic:
        assert min(point["threshold"] for point in against["points"]) > 0


def test_a_large_confusion_matrix_keeps_the_rare_classes_and_every_row() -> None:
    n = 40
    classes = [{"label": f"c{at}", "count": 1000 - at} for at in range(n)]
    counts = [[at + to for to in range(n)] for at in range(n)]
    facts = {"data": {"classes": classes}, "test": {"confusion": counts}}
    matrix = figures.confusion(facts)
    assert matrix is not None
    assert len(matrix["names"]) == figures.MOST_CELLS == len(matrix["counts"])
    assert matrix["together"] == n - figures.MOST_CELLS + 1
    assert matrix["names"][-2:] == ["c39", f"{matrix['together']} larger classes"]
    assert sum(map(sum, matrix["counts"])) == sum(map(sum, counts))


def test_notes_that_are_codes_of_findings_become_their_sentences(multiclass_facts: Facts) -> None:
    multiclass_facts["test"]["notes"].append("Said in words.")
    notes = figures.test_notes(multiclass_facts)
    assert notes == [multiclass_facts["audit"][0]["message"], "Said in words."]


def test_the_weakest_class_is_the_one_with_the_lowest_recall(multiclass_facts: Facts) -> None:
    weakest = figures.weakest(multiclass_facts)
    assert weakest is not None
    recalls = {k: v["recall"] for k, v in multiclass_facts["test"]["per_class"].items()}
    assert weakest["label"] == min(recalls, key=lambda name: recalls[name])


def test_the_table_of_a_curve_holds_measured_points_only(binary_facts: Facts) -> None:
    points = figures.curves(binary_facts)[0]["points"]
    rows = figures.at_recalls(points)
    assert 5 <= len(rows) <= 10
    for row in rows:
        assert row in points
        assert not any(
            p["recall"] >= row["recall"] and p["precision"] > row["precision"] for p in points
        )


@pytest.mark.parametrize(
    ("policy", "by_row"),
    [
        ({"cost_fn": "amount", "cost_fp": 4}, True),
        ({"cost_matrix": [[0, 4], ["amount", 0]]}, True),
        ({"cost_fn": 122, "cost_fp": 4, "goal": "cost"}, False),
        ({"goal": "f1"}, False),
    ],
)
def test_a_cost_column_means_no_threshold_to_draw(
    binary_facts: Facts, policy: Facts, by_row: bool
) -> None:
    binary_facts["policy"] = policy
    against = figures.thresholds(binary_facts)
    assert against is not None
    assert (against["decision"] == {}) == by_row == figures.costs_by_row(binary_facts)
