"""Settings: checked when made, plain enough for JSON, and honest about what changed."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.learners import LEARNERS
from evenkeel.settings import Settings
from evenkeel.words import read_cost, read_seconds


def through_json(settings):
    return json.loads(json.dumps(settings.to_dict()))


def test_what_python_may_hand_over_comes_back_equal_from_json():
    asked = Settings(
        target=np.int64(-1),
        positive=np.int64(1),
        cost_fn=np.float32(122),
        cost_fp=np.int64(4),
        remedies=["smote", "random-under(ratio=0.1)+class-weight"],
        learners=["logistic", "forest", "logistic"],
        drop=["a", 3],
        keep={"z", "b"},
        names=Path("names.txt"),
        map_target={1: "rare", 2: "rest"},
        test=Path("test.csv"),
        time_budget="0h1.5m",
        seed=np.int32(3),
    )
    assert asked.differences(through_json(asked)) == []
    assert Settings(**through_json(asked)) == asked
    assert asked.learners == ("logistic", "forest")
    assert asked.keep == ("b", "z")
    assert asked.map_target == {"1": "rare", "2": "rest"}
    assert asked.time_budget == 90.0


@pytest.mark.parametrize("name", ["remedies", "learners", "drop", "keep"])
def test_one_name_may_stand_where_a_list_is_due(name):
    one = {"remedies": "smote", "learners": "logistic"}.get(name, "amount")
    assert getattr(Settings("y", **{name: one}), name) == (one,), "never letter by letter"


def test_what_differs_is_named_unless_it_only_says_where_and_how():
    first = through_json(Settings("y", seed=1, drop=("a",), out="here", jobs=1))
    assert Settings("y", seed=1, drop=["a"], out="there", jobs=4).differences(first) == []
    changed = Settings("y", seed=2, drop=("b",), quick=True).differences(first)
    assert changed == [
        "drop: ('a',) before, ('b',) now",
        "quick: False before, True now",
        "seed: 1 before, 2 now",
    ]


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ({"learners": ()}, "learners of run must name at least one of lightgbm, logistic"),
        ({"learners": "prevalence"}, "learner of run must be one of"),
        ({"learners": "forrest"}, "Did you mean 'forest'?"),
        ({"remedies": ()}, "must name at least one remedy"),
        ({"remedies": "smite"}, "Did you mean 'smote'"),
        ({"remedies": "class-weight+cost-weight"}, "two would correct twice"),
        ({"remedies": "random-under+cost-weight"}, "must go with costs"),
        ({"metric": "f"}, "metric of run must be one of"),
        ({"metric": "cost"}, "metric of run must go with costs"),
        ({"metric": "recall"}, "must weigh both kinds of error. Got 'recall'"),
        ({"metric": "f2", "scenario": "spam"}, "exclude each other"),
        ({"scenario": "spam", "cost_fn": 2, "cost_fp": 1}, "exclude each other"),
        ({"scenario": "medical"}, "scenario of run must be one of"),
        ({"cost_fn": 3}, "must be given together. Got only cost_fn"),
        ({"cost_matrix": [[0, 1], [5, 0]], "cost_fn": 2, "cost_fp": 1}, "exclude each other"),
        ({"cost_matrix": [[0, 1], [-5, 0]]}, "cost_fn of Policy must be a number of at least 0"),
        ({"cost_matrix": [[0, 1], [5]]}, "one row and one column for each class"),
        ({"cost_fn": -1, "cost_fp": 1}, "at least 0"),
        ({"cost_fn": float("nan"), "cost_fp": 1}, "at least 0"),
        ({"test_size": 1}, "above 0 and below 1"),
        ({"test_size": float("nan")}, "above 0 and below 1"),
        ({"seed": -1}, "at least 0"),
        ({"seed": 1.5}, "whole number"),
        ({"jobs": 0}, "at least 1"),
        ({"time_budget": 0}, "above 0"),
        ({"time_budget": "soon"}, "such as 90s, 10m or 1h"),
        ({"time_budget": float("inf")}, "above 0"),
    ],
    ids=str,
)
def test_values_that_cannot_be_used(option, says):
    with pytest.raises(InvalidInput, match=says.replace("(", r"\(").replace("?", r"\?")):
        Settings("y", **option)


@pytest.mark.parametrize(
    "option",
    [
        {"quick": "no"},
        {"header": 0},
        {"seed": True},
        {"remedies": [3]},
        {"jobs": "2"},
        {"drop": 2.5},
        {"learners": dict},
        {"cost_matrix": 3},
        {"cost_matrix": [1, 2]},
    ],
)
def test_values_of_the_wrong_kind(option):
    with pytest.raises(InvalidType, match=next(iter(option)).rstrip("s")):
        Settings("y", **option)


def test_every_learner_but_the_one_that_always_runs_may_be_asked_for():
    for name in LEARNERS:
        if name != "prevalence":
            assert Settings("y", learners=name).learners == (name,)


def test_remedies_that_weigh_costs_run_only_where_there_are_any():
    costs = {"cost_fn": 5, "cost_fp": "fee"}
    assert "cost-weight" not in Settings("y").remedy_names()
    assert "cost-weight" not in Settings("y", remedies="all").remedy_names()
    assert "cost-weight" in Settings("y", **costs).remedy_names()
    assert "cost-weight" in Settings("y", remedies="all", **costs).remedy_names()
    assert Settings("y", remedies="smote", **costs).remedy_names() == ["none", "smote"]
    assert Settings("y", **costs).cost_columns == ("fee",)
    matrix = {"cost_matrix": np.array([[0, 1, 2], [3, 0, 4], [5, 6, 0]])}
    assert "cost-weight" in Settings("y", **matrix).remedy_names()
    assert Settings("y", **matrix).policy(3)[0].objective == "cost"
    assert Settings("y", cost_matrix=[[0, "fp"], ["fee", 0]]).cost_columns == ("fp", "fee")


def test_the_policy_asked_for_and_the_one_assumed():
    policy, assumed = Settings("y").policy(2)
    assert assumed
    assert policy.objective == "average-precision"
    assert Settings("y", scenario="general").policy(2) == (policy, False)
    assert Settings("y", metric="f2").policy(2)[0].goal == "f2"
    assert Settings("y", metric="roc-auc").policy(2) == (policy, True)
    assert Settings("y", metric="f0.5").policy(2)[0].goal == "f0.5"
    for option in (
        {"cost_fn": 5, "cost_fp": 1, "metric": "f2"},
        {"cost_fn": 5, "cost_fp": 1, "scenario": "fraud"},
        {"metric": "f2", "scenario": "fraud"},
    ):
        with pytest.raises(InvalidInput, match="exclude each other"):
            Settings("y", **option)
    with pytest.raises(InvalidInput, match="weigh both kinds of error"):
        Settings("y", metric="recall")
    for option in ({"cost_fn": 5, "cost_fp": 1}, {"scenario": "fraud"}):
        with pytest.raises(InvalidInput):
            Settings("y", **option).policy(3)


def test_every_option_of_decide_may_be_asked_of_a_run():
    for option, sentence in (
        ({"capacity": "200/day"}, "the highest recall with at most 200 alerts a day"),
        ({"top": 5}, "the highest recall with at most 5 rows of any table flagged"),
        ({"min_precision": 0.8}, "the highest recall with a precision of at least 0.8"),
        (
            {"min_recall": 0.8, "confidence": 0.9},
            "the highest precision with a recall of at least 0.8, guaranteed with 90 % confidence",
        ),
        (
            {"bands": (0.02, 0.4)},
            "bands: approve below 0.02, review up to 0.4, block from there on",
        ),
        (
            {"bands": "0.02,0.4"},
            "bands: approve below 0.02, review up to 0.4, block from there on",
        ),
    ):
        asked = Settings("y", **option)
        policy, assumed = asked.policy(2)
        assert (policy.sentence(), assumed) == (sentence, False)
        assert asked.differences(through_json(asked)) == []
        assert policy.objective == "average-precision"
        with pytest.raises(InvalidInput, match="two classes"):
            asked.policy(3)
    by_class = Settings("y", min_recall={"a": 0.5})
    assert by_class.policy(3)[0].floors == (("a", 0.5),)
    assert by_class.differences(through_json(by_class)) == []
    for option in (
        {"capacity": "soon"}, {"top": 0}, {"bands": "0.4"}, {"confidence": 0.9},
        {"min_precision": 2}, {"top": 5, "min_recall": 0.5}, {"capacity": "1%", "scenario": "spam"},
    ):  # fmt: skip
        with pytest.raises(InvalidInput):
            Settings("y", **option)


@pytest.mark.parametrize("stored", [{}, {"target": "y", "learners": [5]}, {"target": [{"a": [1]}]}])
def test_settings_that_no_run_ever_had_differ(stored):
    assert Settings("y").differences(stored)


def test_none_stands_for_the_default():
    given = dict.fromkeys(("remedies", "learners", "drop", "keep", "time_budget", "out"))
    assert Settings("y", **given) == Settings("y")


def test_what_a_later_version_added_is_left_aside():
    assert Settings("y").differences({"target": "y", "flavour": "mint"}) == []


def test_costs_from_the_command_line_are_numbers_or_columns():
    assert read_cost("122") == 122.0
    assert read_cost("1e3") == 1000.0
    assert read_cost("amount") == "amount"


@given(
    st.floats(min_value=0.001, max_value=1e6, allow_subnormal=False),
    st.sampled_from(["", "s", "m", "h", "d"]),
)
def test_seconds_are_read_in_every_unit(number, unit):
    text = f"{number:.6f}"
    if float(text) > 0:
        factor = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[unit]
        assert read_seconds(f" {text} {unit}") == pytest.approx(float(text) * factor)


@pytest.mark.parametrize(
    "text", ["", "m", "0s", "-5s", "5s10m", "5m5m", "1e3s", "inf", "nan", "5 weeks"]
)
def test_texts_that_are_no_time(text):
    with pytest.raises(InvalidInput, match="such as 90s, 10m or 1h"):
        read_seconds(text)
