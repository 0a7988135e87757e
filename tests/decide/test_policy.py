import json
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.confusion import DECISION_METRICS
from evenkeel.decide import Policy
from evenkeel.decide.goals import ONE_SIDED
from evenkeel.errors import DamagedRun, InvalidInput, InvalidType

POLICIES = [
    Policy(cost_fn=122, cost_fp=4),
    Policy(cost_fn="amount", cost_fp=4, cost_tp=1.5),
    Policy.metric("mcc"),
    Policy.metric("f0.5"),
    Policy.min_precision(0.8),
    Policy.min_recall(0.95),
    Policy.scenario("screening"),
    Policy.scenario("general", n_classes=5),
    Policy.capacity("200/day"),
    Policy.capacity(0.015, "row"),
    Policy.top(500),
    Policy.bands(0.02, 0.4),
    Policy.min_precision(0.8, confidence=0.95),
    Policy(cost_fn="amount", cost_fp=4, limit="1%", floor_of="recall", floor=0.5),
    Policy.matrix([[0, 1, 2], [3, 0, 4], [5, 6, 0]]),
    Policy.min_recall({"a": 0.5, "b": 0.3}),
]
SEVERAL = 2  # the last ones are for several classes


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.sentence())
def test_policies_travel_through_json(policy):
    assert Policy.from_dict(json.loads(json.dumps(policy.to_dict()))) == policy


def test_dicts_hold_only_what_is_set():
    assert Policy(cost_fn=122, cost_fp=4).to_dict() == {
        "cost_fn": 122, "cost_fp": 4, "cost_tp": 0.0, "cost_tn": 0.0, "goal": "cost",
    }  # fmt: skip
    assert Policy.min_precision(0.8).to_dict() == {
        "goal": "recall", "floor_of": "precision", "floor": 0.8,
    }  # fmt: skip


def test_sentences_are_plain_words():
    assert Policy.metric("f1").sentence() == "the highest F1"
    assert Policy.metric("f0.5").sentence() == "the highest F0.5"
    assert Policy.metric("youden").sentence() == "the highest Youden's J"
    assert (
        Policy.min_recall(0.9).sentence() == "the highest precision with a recall of at least 0.9"
    )
    assert Policy.scenario("spam").sentence() == (
        "scenario spam: the highest recall with a precision of at least 0.99"
    )
    assert Policy(cost_fn="amount", cost_fp=4).sentence() == (
        "cost: a miss amount, a false alarm 4; act when p x amount > (1 - p) x 4 if calibrated"
    )


def test_sentences_of_limits_bands_and_promises():
    assert Policy.capacity(200, "day").sentence() == (
        "the highest recall with at most 200 alerts a day"
    )
    assert Policy.capacity(0.015, "row") == Policy.capacity("1.5%")
    assert Policy.top(500).sentence() == (
        "the highest recall with at most 500 rows of any table flagged"
    )
    assert Policy.bands(0.02, 0.4).sentence() == (
        "bands: approve below 0.02, review up to 0.4, block from there on"
    )
    assert Policy.min_precision(0.8, confidence=0.95).sentence() == (
        "the highest recall with a precision of at least 0.8, guaranteed with 95 % confidence"
    )
    assert Policy.min_recall({"a": 0.5, "b": 0.3}).sentence() == (
        "the highest Balanced accuracy with a recall of at least: a 0.5, b 0.3"
    ).replace("Balanced", Policy.metric("balanced-accuracy").sentence().split()[2])


def test_within_a_limit_rows_compete_by_what_acting_saves():
    p, columns = np.array([0.9, 0.5]), {"amount": [10.0, 500.0]}
    free = Policy(cost_fn="amount", cost_fp=1)
    limited = Policy(cost_fn="amount", cost_fp=1, limit="1%")
    assert free.score(p, columns=columns).tolist() == pytest.approx([9 / 9.1, 250 / 250.5])
    saved = np.array([9 - 0.1, 250 - 0.5])
    span = 2 * np.log1p(1e200)
    assert limited.score(p, columns=columns) == pytest.approx(0.5 + np.log(1e100 * saved) / span)
    assert Policy.capacity("1%").score(p) is p


def test_scenarios_are_the_documented_ones():
    wants = {
        name: (found.goal, found.floor_of, found.floor)
        for name in ("fraud", "screening", "spam", "general")
        for found in [Policy.scenario(name)]
    }
    assert wants == {
        "fraud": ("recall", "precision", 0.5),
        "screening": ("precision", "recall", 0.95),
        "spam": ("recall", "precision", 0.99),
        "general": ("f1", None, None),
    }
    assert Policy.scenario("general", n_classes=3).goal == "balanced-accuracy"


def test_models_are_compared_by_cost_where_costs_are_known():
    assert Policy(cost_fn=2, cost_fp=1).objective == "cost"
    assert Policy.matrix([[0, 1, 2], [3, 0, 4], [5, 6, 0]]).objective == "cost"
    assert Policy.scenario("fraud").objective == "average-precision"


def test_row_costs():
    assert Policy.metric("f1").row_costs([0, 1]) is None
    assert Policy(cost_fn=122, cost_fp=4).row_costs([0, 1]).tolist() == [[0, 4], [122, 0]]
    found = Policy(cost_fn="amount", cost_fp=4).row_costs([0, 1], columns={"amount": [7, 9]})
    assert found.tolist() == [[0, 4], [9, 0]]


def test_a_matrix_of_two_classes_is_the_costs_by_name():
    matrix = Policy.matrix([[0, 4], [122, 0]])
    assert matrix.costs == Policy(cost_fn=122, cost_fp=4).costs
    assert matrix.sentence() == Policy(cost_fn=122, cost_fp=4).sentence()


@pytest.mark.parametrize("name", [name for name in DECISION_METRICS if name not in ONE_SIDED])
def test_every_decision_metric_that_weighs_both_errors_can_be_asked_for(name):
    assert Policy.metric(name).goal == name


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda: Policy(cost_fn=122), InvalidInput, "needs both cost_fn"),
        (lambda: Policy(), InvalidInput, "needs both cost_fn"),
        (lambda: Policy(cost_fn=-1, cost_fp=4), InvalidInput, "cost_fn of Policy"),
        (lambda: Policy(cost_fn=float("nan"), cost_fp=4), InvalidInput, "cost_fn of Policy"),
        (lambda: Policy(cost_fn=True, cost_fp=4), InvalidType, "cost_fn of Policy"),
        (lambda: Policy(cost_fn=5, cost_fp=5, cost_tp=5, cost_tn=5), InvalidInput, "equal"),
        (
            lambda: Policy(cost_fn=1, cost_fp=1, cost_matrix=((0, 1), (1, 0))),
            InvalidInput,
            "not both",
        ),
        (lambda: Policy(cost_fn=1, cost_fp=1, goal="f1"), InvalidInput, "exclude each other"),
        (lambda: Policy.metric("average-precision"), InvalidInput, "judges a ranking"),
        (lambda: Policy.metric("brier"), InvalidInput, "judges a probability"),
        (
            lambda: Policy.metric("balanced_accuracy"),
            InvalidInput,
            r"Did you mean 'balanced-accuracy'\?",
        ),
        (lambda: Policy.metric("macro_f1"), InvalidInput, r"Got 'macro_f1'. Did you mean 'f1'\?"),
        (lambda: Policy.metric("eval_macro_f2"), InvalidInput, r"Did you mean 'f2'\?"),
        (
            lambda: Policy.metric("average_precision"),
            InvalidInput,
            "judges a .* cannot choose decisions",
        ),
        (lambda: Policy.metric("recal"), InvalidInput, r"Did you mean 'recall'\?"),
        (lambda: Policy.metric(7), InvalidInput, "Got 7"),
        (lambda: Policy.min_precision(1.2), InvalidInput, "precision of Policy"),
        (lambda: Policy.min_precision(0.0), InvalidInput, "precision of Policy"),
        (lambda: Policy.min_recall("0.9"), InvalidType, "recall of Policy"),
        (lambda: Policy.min_recall(float("nan")), InvalidInput, "recall of Policy"),
        (lambda: Policy(goal="f1", floor_of="mcc", floor=0.5), InvalidInput, "floor_of of Policy"),
        (lambda: Policy(goal="f1", floor=0.5), InvalidInput, "belong together"),
        (lambda: Policy.scenario("fruad"), InvalidInput, r"Did you mean 'fraud'\?"),
        (lambda: Policy.scenario("fraud", n_classes=3), InvalidInput, "needs a positive class"),
        (lambda: Policy.matrix([[0, 1], [1]]), InvalidInput, "one row and one column"),
        (lambda: Policy.matrix([1, 2]), InvalidType, r"Got \[1, 2\]\. Write Policy.matrix\(\[\["),
        (lambda: Policy.matrix(["ab", "cd"]), InvalidType, "one row for each true class"),
        (lambda: Policy.matrix("ab"), InvalidType, "one row for each true class"),
        (lambda: Policy.matrix(3), InvalidType, "one row for each true class"),
        (lambda: Policy(cost_matrix=3), InvalidType, "one row for each true class"),
    ],
)
def test_impossible_wishes_are_refused(make, error, said):
    with pytest.raises(error, match=said):
        make()


@pytest.mark.parametrize(
    ("policy", "n_classes", "said"),
    [
        (Policy(cost_fn=2, cost_fp=1), 3, "Costs for 2 classes cannot decide between 3"),
        (Policy.matrix([[0, 1, 2], [3, 0, 4], [5, 6, 0]]), 2, "Costs for 3 classes"),
        (Policy.min_precision(0.5), 3, "A minimum precision needs two classes"),
        (Policy.metric("youden"), 4, "With several classes"),
    ],
)
def test_a_policy_knows_how_many_classes_it_can_serve(policy, n_classes, said):
    with pytest.raises(InvalidInput, match=said):
        policy.check(n_classes)


def test_fitting_policies_pass():
    for policy in POLICIES[:-SEVERAL]:
        policy.check(2 if policy.preset != "general" else 3)
    for policy in POLICIES[-SEVERAL:]:
        policy.check(3)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(
    st.sampled_from(POLICIES), st.dictionaries(st.sampled_from(sorted(POLICIES[0].__dict__)), JUNK)
)
def test_a_damaged_dict_is_refused_or_a_policy(policy, change):
    try:
        found = Policy.from_dict(policy.to_dict() | change)
    except DamagedRun:
        return
    assert isinstance(found.sentence(), str)
    json.dumps(found.to_dict())


def test_words_for_numbers_in_a_stored_policy_are_columns_or_damage():
    stored = Policy(cost_fn=122, cost_fp=4).to_dict()
    assert Policy.from_dict(stored | {"cost_fn": "amount"}).columns == ("amount",)
    with pytest.raises(DamagedRun, match="stored policy"):
        Policy.from_dict(stored | {"goal": ["cost"]})
    with pytest.raises(DamagedRun):
        Policy.from_dict(np.arange(3))


NUMBERS = [
    lambda number: Policy(cost_fn=number(3), cost_fp=number(1), cost_tp=number(0.5)),
    lambda number: Policy.matrix([[number(0), number(1)], [number(5), number(0.25)]]),
    lambda number: Policy(cost_matrix=[[0, number(1)], [number(5), 0]]),
    lambda number: Policy.min_precision(number(0.5), confidence=number(0.75)),
    lambda number: Policy.bands(number(0.25), number(1)),
    lambda number: Policy.min_recall({"a": number(0.5), 1: number(0.25)}),
    lambda number: Policy.capacity(number(4), "day"),
]


@pytest.mark.parametrize("make", NUMBERS)
@pytest.mark.parametrize("number", [np.float32, np.float64, np.float16, Fraction])
def test_numbers_of_any_library_are_those_of_python(make, number):
    found = make(number)
    assert found == make(float)
    assert repr(found) == repr(make(float)), "no np.float32(3.0) is left anywhere"
    assert Policy.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    assert hash(found) == hash(make(float))


def test_whole_numbers_and_labels_of_numpy_are_plain_too():
    assert repr(Policy(cost_fn=np.int64(3), cost_fp=1)) == "Policy(cost_fn=3.0, cost_fp=1.0)"
    assert Policy.bands(0.2, 1).to_dict()["cuts"] == [0.2, 1.0]
    assert type(Policy.bands(0, 1).cuts[1]) is float
    assert Policy.top(np.int64(5)).limit == Policy(goal="recall", limit=5).limit == "5"
    by_class = Policy.min_recall({np.int64(2): np.float32(0.5), np.str_("a"): 1})
    assert json.loads(json.dumps(by_class.to_dict()))["floors"] == [[2, 0.5], ["a", 1.0]]
    matrix = Policy.matrix(np.array([[0, 1], [5, 0]]))
    assert matrix == Policy.matrix([[0, 1], [5, 0]])
    assert Policy.from_dict(json.loads(json.dumps(matrix.to_dict()))) == matrix
