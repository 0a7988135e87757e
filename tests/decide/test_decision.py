import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.decide import Decision, Policy
from evenkeel.decide.decision import rate
from evenkeel.errors import DamagedRun, InvalidInput

TWO = Decision(
    policy=Policy(cost_fn=122, cost_fp=4),
    n_classes=2,
    threshold=0.031,
    threshold_low=0.026,
    threshold_high=0.038,
    confusion=((22_000.0, 967.0), (41.0, 173.0)),
    prevalence=214 / 23_181,
)
PER_ROW = Decision(
    policy=Policy(cost_fn="amount", cost_fp=4),
    n_classes=2,
    threshold=0.6,
    confusion=((90.0, 5.0), (1.0, 4.0)),
    prevalence=0.05,
)
THREE = Decision(
    policy=Policy.metric("balanced-accuracy"),
    n_classes=3,
    offsets=(0.0, 1.0, 2.5),
    offsets_low=(0.0, 0.8, 2.0),
    offsets_high=(0.0, 1.2, 3.0),
    confusion=((9.0, 1.0, 0.0), (0.0, 5.0, 1.0), (0.0, 0.0, 2.0)),
    notes=("class a has 3 rows",),
)
MATRIX = Decision(
    policy=Policy.matrix([[0, 1, 1], [1, 0, 1], [10, 10, 0]]),
    n_classes=3,
    offsets=(0.0, 0.0, 0.0),
    confusion=((1.0, 0.0, 0.0),) * 3,
)


def test_a_row_is_flagged_from_the_threshold_on():
    assert TWO.apply([0.0309, 0.031, 1.0]).tolist() == [0, 1, 1]
    proba = np.array([[0.9, 0.1], [0.99, 0.01]])
    assert TWO.apply(proba).tolist() == [1, 0]
    assert TWO.apply(np.stack([proba, proba[::-1]])).tolist() == [[1, 0], [0, 1]]


def test_float32_scores_decide_as_float64():
    p = np.array([0.03100001, 0.0309999])
    assert TWO.apply(p.astype(np.float32)).tolist() == TWO.apply(p).tolist()


def test_costs_per_row_weigh_each_row():
    # act from 1.5 x (1 - p) x 4 on: at p = 0.1 from an amount of 54
    found = PER_ROW.apply([0.1, 0.1], columns={"amount": [53.9, 54.1]})
    assert found.tolist() == [0, 1]
    assert PER_ROW.columns == ("amount",)
    repeats = PER_ROW.apply(np.full((2, 2, 2), 0.5), columns={"amount": [1.0, 100.0]})
    assert repeats.tolist() == [[0, 1], [0, 1]]


def test_offsets_are_added_to_log_probabilities():
    proba = np.array([[0.9, 0.09, 0.01], [0.6, 0.3, 0.1], [0.7, 0.2, 0.1]])
    # 0.9 > 0.09 e, 0.01 e^2.5; 0.1 e^2.5 = 1.22 beats both others
    assert THREE.apply(proba).tolist() == [0, 2, 2]
    assert THREE.apply(proba[None]).tolist() == [[0, 2, 2]]


def test_a_cost_matrix_decides_by_expected_cost():
    proba = np.array([[0.90, 0.05, 0.05], [0.80, 0.05, 0.15], [0.05, 0.90, 0.05]])
    table = np.array([[0, 1, 1], [1, 0, 1], [10, 10, 0]])
    assert MATRIX.apply(proba).tolist() == (proba @ table).argmin(axis=1).tolist()


def test_sentences_carry_counts():
    assert TWO.sentence() == (
        "Act when p >= 0.031 (from 0.026 to 0.038 over redrawn rows): 49.2 alerts per 1,000 rows, "
        "precision 0.15 (173/1,140), recall 0.81 (173/214)."
    )
    assert PER_ROW.sentence().startswith("Act when p x amount > 1.5 x (1 - p) x 4: 90 alerts")
    assert THREE.sentence(("a", "b", "c")) == (
        "Decide for the class with the highest log-probability after adding: "
        "a +0.00, b +1.00, c +2.50."
    )
    assert rate("precision", 0, 0) == "precision undefined (0/0)"


def test_so_many_rows_of_any_table_ties_left_out_whole():
    found = Decision(
        policy=Policy.top(2), n_classes=2, threshold=0.9, confusion=((1.0, 0.0), (0.0, 1.0))
    )
    assert found.apply([0.1, 0.3, 0.2]).tolist() == [0, 1, 1], "whatever their scores"
    assert found.apply([0.3, 0.2, 0.2]).tolist() == [1, 0, 0]
    assert found.apply([0.2, 0.2, 0.2]).tolist() == [0, 0, 0]
    assert found.apply([0.2]).tolist() == [1]
    both = np.array([[[0.9, 0.1], [0.7, 0.3], [0.8, 0.2]]] * 2)
    assert found.apply(both).tolist() == [[0, 1, 1]] * 2
    assert found.sentence().startswith("Act on the 2 rows of a table with the highest scores: ")


def test_bands_part_rows_in_three_and_other_policies_in_none():
    found = Decision(
        policy=Policy.bands(0.02, 0.4), n_classes=2, threshold=0.4,
        confusion=((1.0, 0.0), (0.0, 1.0)),
    )  # fmt: skip
    p = np.array([0.0, 0.0199, 0.02, 0.39, 0.4, 1.0])
    wanted = ["approve", "approve", "review", "review", "block", "block"]
    assert found.band(p).tolist() == wanted
    assert found.band(np.stack([1 - p, p], axis=1)).tolist() == wanted
    assert found.apply(p).tolist() == [0, 0, 0, 0, 1, 1]
    assert TWO.band(p) is None


@pytest.mark.parametrize("decision", [TWO, PER_ROW, THREE, MATRIX])
def test_decisions_travel_through_json(decision):
    assert Decision.from_dict(json.loads(json.dumps(decision.to_dict()))) == decision


@pytest.mark.parametrize(
    ("proba", "said"),
    [
        ([0.1, 1.1], r"must lie in \[0, 1\]"),
        ([0.1, np.nan], "must be finite"),
        ([[0.1, 0.2, 0.7]], "must have 2 columns"),
        (0.5, "must have 2 columns"),
    ],
)
def test_bad_probabilities_are_refused(proba, said):
    with pytest.raises(InvalidInput, match=said):
        TWO.apply(proba)


def test_missing_columns_are_refused():
    with pytest.raises(InvalidInput, match="cost column 'amount' is not there"):
        PER_ROW.apply([0.1])
    with pytest.raises(InvalidInput, match="must have 1 values"):
        PER_ROW.apply([0.1], columns={"amount": [1.0, 2.0]})


@pytest.mark.parametrize(
    ("decision", "change"),
    [
        (TWO, {"threshold": "0.1"}),
        (TWO, {"threshold": None}),
        (TWO, {"threshold": float("nan")}),
        (TWO, {"threshold": float("inf")}),
        (TWO, {"threshold": -0.1}),
        (TWO, {"threshold": 1.1}),
        (TWO, {"threshold": True}),
        (TWO, {"threshold_low": [0.1]}),
        (TWO, {"n_classes": 3}),
        (TWO, {"n_classes": 2.0}),
        (TWO, {"n_classes": 10**12}),
        (TWO, {"policy": {"goal": "cost"}}),
        (TWO, {"policy": None}),
        (TWO, {"policy": THREE.policy.to_dict() | {"goal": "exec"}}),
        (TWO, {"confusion": [[1.0, 2.0]]}),
        (TWO, {"confusion": [[1.0, -2.0], [0.0, 1.0]]}),
        (TWO, {"confusion": [None, [0.0, 1.0]]}),
        (TWO, {"confusion": 5}),
        (TWO, {"prevalence": 2.0}),
        (TWO, {"reached": 1}),
        (TWO, {"notes": "all is well"}),
        (TWO, {"notes": [1]}),
        (TWO, {"notes": None}),
        (THREE, {"offsets": [0.0, 1.0]}),
        (THREE, {"offsets": None}),
        (THREE, {"threshold": 0.5}),
        (TWO, {"offsets": [0.0, 1.0]}),
        (THREE, {"offsets": [0.0, 1.0, float("inf")]}),
        (THREE, {"offsets_high": ["a", 0.0, 0.0]}),
        (THREE, {"policy": TWO.policy.to_dict()}),
    ],
)
def test_a_damaged_dict_is_refused(decision, change):
    with pytest.raises(DamagedRun, match=r"[Ss]tored (decision|policy)|stored"):
        Decision.from_dict(decision.to_dict() | change)


@pytest.mark.parametrize("name", sorted(TWO.to_dict()))
def test_a_dict_with_a_missing_part_is_refused(name):
    stored = TWO.to_dict()
    del stored[name]
    with pytest.raises(DamagedRun):
        Decision.from_dict(stored)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


@given(st.sampled_from([TWO, THREE]), st.sampled_from(sorted(TWO.to_dict())), JUNK)
@settings(deadline=None)
def test_whatever_stands_in_the_file_it_is_a_decision_or_damage(decision, name, junk):
    try:
        found = Decision.from_dict(decision.to_dict() | {name: junk})
    except DamagedRun:
        return
    assert set(found.apply(np.full((4, found.n_classes), 1 / found.n_classes))) <= {0, 1, 2}
    assert isinstance(found.sentence(), str)


@pytest.mark.parametrize("stored", [None, [], "x", 3])
def test_what_is_no_dict_is_damage(stored):
    with pytest.raises(DamagedRun):
        Decision.from_dict(stored)


def test_no_rows_get_no_decisions():
    y, p = np.array([0, 1, 0, 1]), np.array([0.1, 0.9, 0.4, 0.6])
    for policy in (Policy.top(3), Policy.metric("f1"), Policy.capacity("50%")):
        found = policy.choose(y, p)
        assert found.apply([]).shape == (0,)
        assert found.apply([]).dtype == np.int64
        assert found.apply(np.zeros((0, 2))).shape == (0,)
        assert found.apply(np.zeros((3, 0, 2))).shape == (3, 0)
        assert found.apply(np.zeros((0, 4, 2))).shape == (0, 4)


def test_labels_may_be_an_array_and_must_be_all_of_them():
    rng = np.random.default_rng(0)
    y, proba = np.arange(60) % 3, rng.dirichlet(np.ones(3), 60)
    labels = np.array(["calm", "busy", "storm"])
    found = Policy.min_recall({"busy": 0.2}).choose(y, proba, classes=labels, n_boot=0)
    assert found == Policy.min_recall({"busy": 0.2}).choose(
        y, proba, classes=labels.tolist(), n_boot=0
    )
    assert "storm" in found.sentence(labels)
    assert found.sentence(labels) == found.sentence(labels.tolist())
    with pytest.raises(InvalidInput, match=r"classes of choose must name the 3 classes\. Got 2"):
        Policy.metric("f1").choose(y, proba, classes=labels[:2])
    with pytest.raises(
        InvalidInput, match=r"classes of Decision\.sentence must name the 3 classes"
    ):
        found.sentence(labels[:2])
