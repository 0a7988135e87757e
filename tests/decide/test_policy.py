import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.confusion import DECISION_METRICS
from evenkeel.decide import Policy
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
    assert limited.score(p, columns=columns) == pytest.approx(0.5 + saved / (2 * (1 + saved)))
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


@pytest.mark.parametrize("name", DECISION_METRICS)
def test_every_decision_metric_can_be_asked_for(name):
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
