"""What a policy may ask for, and what goes together."""

import numpy as np
import pytest

from evenkeel.confusion import DECISION_METRICS
from evenkeel.decide import Policy
from evenkeel.decide.goals import (
    ONE_SIDED,
    SCENARIOS,
    check_classes,
    check_goal,
    class_names,
    title,
)
from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.metrics import METRICS


@pytest.mark.parametrize("name", [*DECISION_METRICS, "f0.5", "f3", "f0.01"])
def test_decision_metrics_are_goals_and_have_a_title(name):
    check_goal(name)
    assert title(name)


@pytest.mark.parametrize("name", [name for name in METRICS if name not in DECISION_METRICS])
def test_metrics_that_rank_or_judge_probabilities_are_no_goals(name):
    with pytest.raises(
        InvalidInput, match="cannot choose decisions. Use one of".replace(".", r"\.")
    ):
        check_goal(name)


@pytest.mark.parametrize(
    "name", ["", "f", "f-1", "f0", "finf", "fnan", "F1", None, 3, ["f1"], b"f1"]
)
def test_what_is_no_metric_is_refused_with_what_there_is(name):
    with pytest.raises((InvalidInput, InvalidType), match="metric of Policy must be one of"):
        check_goal(name)


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenarios_are_policies(name):
    goal, floor_of, floor = SCENARIOS[name]
    found = Policy.scenario(name)
    assert (found.goal, found.floor_of, found.floor, found.preset) == (goal, floor_of, floor, name)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"goal": "bands"}, "cuts of Policy belong to Policy.bands"),
        ({"goal": "f1", "cuts": (0.1, 0.2)}, "cuts of Policy belong to Policy.bands"),
        ({"goal": "bands", "cuts": [0.1, 0.2]}, "two probabilities, rising"),
        ({"goal": "bands", "cuts": (0.1,)}, "two probabilities, rising"),
        ({"goal": "bands", "cuts": (0.2, 0.1)}, "must rise. Got 0.2 and 0.1"),
        ({"goal": "bands", "cuts": (0.1, 0.2), "limit": "1%"}, "must stand alone"),
        (
            {"goal": "bands", "cuts": (0.1, 0.2), "floor_of": "recall", "floor": 0.5},
            "must stand alone",
        ),
        ({"goal": "bands", "cuts": (0.1, 0.2), "cost_fn": 2, "cost_fp": 1}, "exclude each other"),
        ({"goal": "f1", "confidence": 0.9}, "must go with a minimum precision or recall. Got none"),
        (
            {"goal": "recall", "floor_of": "recall", "floor": 0.5, "confidence": 0.9},
            "a minimum recall alone, with the highest precision that allows. Got the goal 'recall'",
        ),
        (
            {"goal": "recall", "floor_of": "precision", "floor": 0.5, "confidence": 0.9,
             "limit": "200/day"},
            "a minimum precision alone, with the highest recall that allows. Got a capacity",
        ),
        (
            {"cost_fn": "amount", "cost_fp": 4, "floor_of": "recall", "floor": 0.5,
             "confidence": 0.9},
            "Got the goal 'cost' too",
        ),
        (
            {"goal": "precision", "floor_of": "recall", "floor": 0.5, "confidence": 1.5},
            "confidence of Policy must be a number above 0 and below 1",
        ),
        (
            {"goal": "recall", "floor_of": "precision", "floor": 0.5, "limit": "50"},
            "top of Policy must stand without a minimum precision",
        ),
        ({"goal": "f1", "limit": "soon"}, "capacity of Policy"),
        ({"goal": "f1", "preset": "medical"}, "scenario of Policy"),
        ({"goal": "f1", "floors": (("a", 0.0),)}, "recall of a of Policy"),
        ({"goal": "f1", "cost_fn": 2, "cost_fp": 1}, "exclude each other"),
        ({"cost_fn": 2}, "needs both cost_fn"),
    ],
    ids=str,
)  # fmt: skip
def test_fields_that_do_not_go_together(fields, said):
    with pytest.raises(InvalidInput, match=said.replace(".", r"\.")):
        Policy(**fields)


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (Policy.capacity("200/day"), "A capacity needs two classes"),
        (Policy.top(3), "A capacity needs two classes"),
        (Policy.bands(0.1, 0.2), "Bands needs two classes"),
        (Policy.min_recall(0.5), "A minimum recall needs two classes"),
        (Policy.metric("youden"), "With several classes a decision can aim at"),
        (Policy(cost_fn=2, cost_fp=1), "Costs for 2 classes cannot decide between 3"),
    ],
    ids=lambda value: value.sentence() if isinstance(value, Policy) else value,
)
def test_what_only_two_classes_have(policy, said):
    check_classes(policy, 2)
    with pytest.raises(InvalidInput, match=said):
        check_classes(policy, 3)


def test_recalls_by_class_need_several_classes():
    policy = Policy.min_recall({"a": 0.5})
    check_classes(policy, 3)
    with pytest.raises(InvalidInput, match="min_recall by class needs several classes"):
        check_classes(policy, 2)
    for goal in ("f1", "f2", "mcc", "g-mean", "accuracy", "balanced-accuracy"):
        check_classes(Policy.metric(goal), 4)


BESIDE = {
    "nothing": {},
    "a capacity": {"limit": "1%"},
    "a top": {"limit": "5"},
    "a precision": {"floor_of": "precision", "floor": 0.5},
    "a recall": {"floor_of": "recall", "floor": 0.5},
    "a precision and a capacity": {"floor_of": "precision", "floor": 0.5, "limit": "1%"},
    "a recall and a capacity": {"floor_of": "recall", "floor": 0.5, "limit": "1%"},
}


@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize("goal", DECISION_METRICS)
def test_a_goal_of_one_kind_of_error_needs_what_it_pays_for(goal, beside):
    paid = {
        "recall": {"a capacity", "a top", "a precision", "a precision and a capacity",
                   "a recall and a capacity"},
        "precision": {"a recall", "a recall and a capacity"},
        "specificity": {"a recall", "a recall and a capacity"},
    }.get(goal, set(BESIDE))  # fmt: skip
    assert (goal in ONE_SIDED) == (paid != set(BESIDE))
    if beside in paid:
        assert Policy(goal=goal, **BESIDE[beside]).goal == goal
        return
    ask = "give a minimum precision" if goal == "recall" else "give a minimum recall"
    with pytest.raises(InvalidInput, match=f"must weigh both kinds of error.*{goal}.*{ask}"):
        Policy(goal=goal, **BESIDE[beside])


def test_classes_may_be_an_array_and_must_name_every_class():
    assert class_names(np.array(["a", "b"]), 2, "choose") == ("a", "b")
    assert class_names(np.arange(3), 3, "choose") == class_names(None, 3, "choose")
    with pytest.raises(
        InvalidInput, match=r"classes of choose must name the 3 classes\. Got 2: 'a', 'b'"
    ):
        class_names(("a", "b"), 3, "choose")
    with pytest.raises(InvalidInput, match="must name the 2 classes"):
        class_names((), 2, "choose")
