"""Options that make a policy: what each becomes, what goes together, what is refused."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.decide import Policy, Request
from evenkeel.decide.request import read_bands, read_min_recall
from evenkeel.errors import InvalidInput, InvalidType

WANTED = {
    "costs": ({"cost_fn": 300, "cost_fp": 4}, Policy(cost_fn=300, cost_fp=4)),
    "a cost column": (
        {"cost_fn": "amount", "cost_fp": 4.0},
        Policy(cost_fn="amount", cost_fp=4.0),
    ),
    "a matrix": (
        {"cost_matrix": ((0, 4), (122, 0))},
        Policy.matrix([[0, 4], [122, 0]]),
    ),
    "f2": ({"metric": "f2"}, Policy.metric("f2")),
    "f0.5": ({"metric": "f0.5"}, Policy.metric("f0.5")),
    "g-mean": ({"metric": "g-mean"}, Policy.metric("g-mean")),
    "a scenario": ({"scenario": "spam"}, Policy.scenario("spam")),
    "a day": ({"capacity": "200/day"}, Policy.capacity(200, "day")),
    "a share": ({"capacity": "1.5%"}, Policy.capacity(0.015, "row")),
    "top": ({"top": 500}, Policy.top(500)),
    "a plain number": ({"capacity": "500"}, Policy.top(500)),
    "precision": ({"min_precision": 0.8}, Policy.min_precision(0.8)),
    "recall": ({"min_recall": 0.9}, Policy.min_recall(0.9)),
    "recall as text": ({"min_recall": "0.9"}, Policy.min_recall(0.9)),
    "guaranteed precision": (
        {"min_precision": 0.8, "confidence": 0.95},
        Policy.min_precision(0.8, confidence=0.95),
    ),
    "guaranteed recall": (
        {"min_recall": "0.8", "confidence": 0.9},
        Policy.min_recall(0.8, confidence=0.9),
    ),
    "bands": ({"bands": "0.02,0.4"}, Policy.bands(0.02, 0.4)),
    "bands in Python": ({"bands": (0.02, 0.4)}, Policy.bands(0.02, 0.4)),
    "recall by class": ({"min_recall": "a=0.5,b=0.3"}, Policy.min_recall({"a": 0.5, "b": 0.3})),
    "costs within a capacity": (
        {"cost_fn": 300, "cost_fp": 4, "capacity": "200/day"},
        Policy(cost_fn=300, cost_fp=4, limit="200/day"),
    ),
    "costs within the top": (
        {"cost_fn": 300, "cost_fp": 4, "top": 5},
        Policy(cost_fn=300, cost_fp=4, limit="5"),
    ),
    "costs with a minimum": (
        {"cost_fn": 300, "cost_fp": 4, "min_recall": 0.5},
        Policy(cost_fn=300, cost_fp=4, floor_of="recall", floor=0.5),
    ),
    "a metric with a minimum": (
        {"metric": "f1", "min_precision": 0.5},
        Policy(goal="f1", floor_of="precision", floor=0.5),
    ),
    "a capacity with a minimum": (
        {"capacity": "1%", "min_precision": 0.5},
        Policy(goal="recall", floor_of="precision", floor=0.5, limit="1%"),
    ),
    "a capacity with a recall": (
        {"capacity": "1%", "min_recall": 0.5},
        Policy(goal="precision", floor_of="recall", floor=0.5, limit="1%"),
    ),
    "recall within a capacity": (
        {"capacity": "1%", "metric": "recall"},
        Policy(goal="recall", limit="1%"),
    ),
    "specificity with a recall": (
        {"min_recall": 0.5, "metric": "specificity"},
        Policy(goal="specificity", floor_of="recall", floor=0.5),
    ),
}


@pytest.mark.parametrize("what", WANTED)
def test_options_and_the_makers_of_policy_say_the_same(what):
    options, policy = WANTED[what]
    request = Request(**options)
    assert request.given
    assert request.policy() == policy


def test_scenarios_know_how_many_classes_there_are():
    assert Request(scenario="general").policy(5).goal == "balanced-accuracy"
    assert Request(scenario="general").policy(2).goal == "f1"
    with pytest.raises(InvalidInput, match="needs a positive class"):
        Request(scenario="fraud").policy(3)


def test_recall_by_class_leaves_room_for_another_goal():
    by_class = {"min_recall": {"a": 0.5}}
    assert Request(**by_class).policy(3).goal == "balanced-accuracy"
    assert Request(**by_class, metric="f1").policy(3).goal == "f1"
    matrix = ((0, 1, 2), (3, 0, 4), (5, 6, 0))
    found = Request(**by_class, cost_matrix=matrix).policy(3)
    assert (found.goal, found.floors) == ("cost", (("a", 0.5),))
    with pytest.raises(InvalidInput, match="Got a minimum for each class"):
        Request(**by_class, confidence=0.9)


def test_nothing_and_a_metric_that_only_ranks_make_no_policy():
    for request in (Request(), Request(metric="roc-auc"), Request(metric="log-loss")):
        assert not request.given
        assert not request.decides
        with pytest.raises(InvalidInput, match=r"must say what decisions are for\. Got nothing"):
            request.policy()


GOALS = {
    "costs": {"cost_fn": 3, "cost_fp": 1},
    "cost_matrix": {"cost_matrix": ((0, 1), (3, 0))},
    "metric": {"metric": "f1"},
    "scenario": {"scenario": "fraud"},
    "bands": {"bands": "0.1,0.2"},
}
LIMITS = {"capacity": {"capacity": "1%"}, "top": {"top": 3}}
FLOORS = {"min_precision": {"min_precision": 0.5}, "min_recall": {"min_recall": 0.5}}
APART = [
    *itertools.combinations(GOALS.items(), 2),
    *itertools.combinations(LIMITS.items(), 2),
    *itertools.combinations(FLOORS.items(), 2),
    *itertools.product(
        [(name, GOALS[name]) for name in ("scenario", "bands")], (LIMITS | FLOORS).items()
    ),
]


@pytest.mark.parametrize("pair", APART, ids=lambda pair: f"{pair[0][0]} and {pair[1][0]}")
def test_what_excludes_each_other_is_refused_by_name(pair):
    (_, first), (_, second) = pair
    with pytest.raises(InvalidInput, match=r"of run and .* of run exclude each other\. Keep one"):
        Request(**first, **second)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"cost_fn": 3}, "must be given together. Got only cost_fn"),
        ({"cost_fp": 3}, "must be given together. Got only cost_fp"),
        ({"cost_fn": 0, "cost_fp": 0}, "make every decision equal"),
        ({"cost_fn": -1, "cost_fp": 1}, "number of at least 0"),
        ({"cost_fn": float("nan"), "cost_fp": 1}, "number of at least 0"),
        ({"cost_fn": float("inf"), "cost_fp": 1}, "number of at least 0"),
        ({"metric": "recal"}, "Did you mean 'recall'"),
        ({"metric": "recall"}, "must weigh both kinds of error"),
        ({"metric": "specificity"}, "must weigh both kinds of error"),
        (
            {"metric": "precision", "capacity": "1%"},
            r"weigh both kinds of error. Got 'precision' with a capacity.*\(min_recall\)",
        ),
        (
            {"metric": "precision", "min_precision": 0.5},
            r"Got 'precision' with a minimum precision.*give a minimum recall \(min_recall\)",
        ),
        (
            {"metric": "recall", "min_recall": 0.5},
            "Got 'recall' with a minimum recall, which is best when every row is flagged",
        ),
        ({"metric": "cost"}, "must go with costs when it is 'cost'. Got none"),
        ({"metric": "f-1"}, "metric of run must be one of"),
        ({"metric": "fnan"}, "accuracy, cost, f<beta>; with a limit.*rank remedies only average-p"),
        ({"scenario": "fruad"}, "Did you mean 'fraud'"),
        ({"capacity": "200/fortnight"}, "must be per hour, day, week, month"),
        ({"capacity": "200/dya"}, "Did you mean 'day'"),
        ({"capacity": "0/day"}, "must be above 0"),
        ({"capacity": "-3/day"}, "must be a number above 0 with a unit"),
        ({"capacity": "150%"}, "above 0 and at most 100%"),
        ({"capacity": "1.5"}, "without a unit is rows"),
        ({"capacity": ""}, "must be a number above 0 with a unit"),
        ({"capacity": "nan/day"}, "must be a number above 0 with a unit"),
        ({"top": 0}, "top of run must be a whole number of at least 1"),
        ({"top": 2.5}, "top of run must be a whole number"),
        ({"top": float("nan")}, "top of run must be a whole number"),
        ({"min_precision": 0}, "precision of Policy must be a number above 0"),
        ({"min_precision": 1.01}, "at most 1"),
        ({"min_precision": float("nan")}, "precision of Policy"),
        ({"min_recall": "half"}, "must be a number above 0 and at most 1, or class=number"),
        ({"min_recall": "a=0.5,b"}, "or class=number for several"),
        ({"min_recall": "a=x"}, "or class=number for several"),
        ({"min_recall": "a=1.5"}, "recall of a"),
        ({"min_recall": ""}, "or class=number for several"),
        ({"min_recall": "nan"}, "recall of Policy"),
        ({"confidence": 0.95}, "must go with min_precision or min_recall. Got neither"),
        ({"min_recall": 0.5, "confidence": 1.0}, "confidence of Policy"),
        ({"min_recall": 0.5, "confidence": 0.0}, "confidence of Policy"),
        ({"min_recall": 0.5, "confidence": 0.9, "capacity": "1%"}, "alone.*Got a capacity too"),
        ({"min_precision": 0.5, "confidence": 0.9, "metric": "f1"}, "alone.*Got the goal 'f1'"),
        (
            {"min_precision": 0.5, "confidence": 0.9, "cost_fn": 3, "cost_fp": 1},
            "alone.*Got the goal 'cost'",
        ),
        ({"top": 5, "min_precision": 0.5}, "top of Policy must stand without a minimum precision"),
        ({"bands": "0.4,0.02"}, "must rise"),
        ({"bands": "0.4,0.4"}, "must rise"),
        ({"bands": "0.4"}, "must be two probabilities"),
        ({"bands": 0.4}, "must be two probabilities"),
        ({"bands": ["a", "b"]}, "bands of Policy"),
        ({"bands": "a,b"}, "two probabilities, rising"),
        ({"bands": "0.1,nan"}, "bands of Policy"),
        ({"bands": "-0.1,0.5"}, "bands of Policy"),
        ({"bands": "0.1,1.5"}, "bands of Policy"),
        ({"bands": "0.1,0.2,0.3"}, "must be two probabilities"),
    ],
    ids=str,
)
def test_values_that_cannot_be_used(options, said):
    with pytest.raises((InvalidInput, InvalidType), match=said):
        Request(**options)


@pytest.mark.parametrize("matrix", [3, [[0, 1], [1, 0]], (), (1, 2), "ab"], ids=str)
def test_a_matrix_is_rows_of_costs(matrix):
    with pytest.raises(InvalidType, match="one row for each true class"):
        Request(cost_matrix=matrix)


@given(st.text(max_size=12))
def test_whatever_text_comes_it_is_read_or_refused(text):
    for option in ("min_recall", "bands", "capacity"):
        try:
            Request(**{option: text}).policy()
        except InvalidInput:
            continue


@given(
    st.dictionaries(
        st.text(st.characters(exclude_characters=",=", exclude_categories=["Z", "C"]), min_size=1),
        st.floats(0.001, 1.0),
        min_size=1,
        max_size=4,
    )
)
def test_floors_by_class_come_back_from_text(floors):
    text = ", ".join(f"{label}={floor!r}" for label, floor in floors.items())
    assert read_min_recall(text) == floors
    assert read_min_recall(floors) == floors


def test_a_label_may_hold_an_equals_sign():
    assert read_min_recall("a=b=0.5") == {"a=b": 0.5}
    assert read_bands(" 0.1 , 0.2 ") == (0.1, 0.2)
