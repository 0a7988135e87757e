import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.decide.isotonic import Isotonic
from evenkeel.decide.platt import Platt
from evenkeel.decide.prior import Chained, PriorShift
from evenkeel.errors import DamagedRun, InvalidInput, InvalidType

inside = st.floats(0.001, 0.999)


@given(st.floats(1e-6, 1.0), inside, st.lists(st.floats(0, 1), min_size=1, max_size=10))
def test_undersampling_is_undone_by_the_formula_of_dal_pozzolo_at_any_prevalence(beta, share, p):
    p = np.array(p)
    found = PriorShift.undersampled(beta, prevalence=share).apply(np.stack([1 - p, p], axis=1))
    assert found[:, 1] == pytest.approx(beta * p / ((beta - 1) * p + 1), rel=1e-9, abs=1e-300)


@given(inside, inside, inside)
def test_two_classes_follow_elkans_theorem_2(was, now, p):
    want = now * p * (1 - was) / (was - was * p + now * p - now * was)
    found = PriorShift((1 - was, was), (1 - now, now)).apply([[1 - p, p]])
    assert found[0, 1] == pytest.approx(want, rel=1e-9)


def test_several_classes_worked_by_hand():
    # 0.5 x 0.2/0.5, 0.3 x 0.3/0.3, 0.2 x 0.5/0.2 = 0.2, 0.3, 0.5
    found = PriorShift((0.5, 0.3, 0.2), (0.2, 0.3, 0.5)).apply([[0.5, 0.3, 0.2]])
    assert found[0] == pytest.approx([0.2, 0.3, 0.5])


def test_true_probabilities_of_one_share_become_those_of_another():
    rng = np.random.default_rng(0)
    y = (rng.random(400_000) < 0.02).astype(int)
    x = rng.normal(size=y.size) + 1.5 * y

    def bayes(share):
        odds = share / (1 - share) * np.exp(1.5 * x - 1.125)
        return np.stack([1 / (1 + odds), odds / (1 + odds)], axis=1)

    shifted = PriorShift((0.7, 0.3), (0.98, 0.02)).apply(bayes(0.3))
    np.testing.assert_allclose(shifted, bayes(0.02), rtol=1e-9)
    assert shifted[:, 1].mean() == pytest.approx(y.mean(), rel=0.03)


@given(
    st.integers(2, 5).flatmap(
        lambda k: st.tuples(*[st.lists(inside, min_size=k, max_size=k) for _ in range(3)])
    )
)
def test_there_and_back_is_the_same_and_dicts_travel(drawn):
    was, now, p = (np.array(part) / np.sum(part) for part in drawn)
    there = PriorShift(tuple(was), tuple(now))
    assert PriorShift.from_dict(json.loads(json.dumps(there.to_dict()))) == there
    shifted = there.apply(np.stack([[p, p]]))
    assert shifted.shape == (1, 2, p.size)
    assert shifted.sum(axis=-1) == pytest.approx(np.ones((1, 2)))
    assert there.inverse().apply(shifted)[0, 0] == pytest.approx(p, rel=1e-9)
    assert there.apply(was[None])[0] == pytest.approx(now, rel=1e-9)
    certain = np.eye(p.size)
    assert np.array_equal(there.apply(certain), certain)


def test_a_row_of_zeros_gets_the_shares():
    assert PriorShift((0.5, 0.5), (0.9, 0.1)).apply([[0.0, 0.0]]).tolist() == [[0.9, 0.1]]


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ((0.5, 0.5), (1.0, 0.0), "now of PriorShift must hold shares of at least 1e-12"),
        ((0.5, 0.4), (0.5, 0.5), "was of PriorShift .* sum to 1"),
        ((1.0,), (1.0,), "at least two classes"),
        ((0.5, 0.5), (0.2, 0.3, 0.5), "as many classes as was, 2. Got 3"),
        ((0.5, float("nan")), (0.5, 0.5), "sum to 1"),
        (("a", "b"), (0.5, 0.5), "at least two classes"),
    ],
)
def test_shares_that_cannot_be_are_refused(was, now, said):
    with pytest.raises(InvalidInput, match=said):
        PriorShift(was, now)


@pytest.mark.parametrize("beta", [0, -1, 1.5, float("nan")])
def test_a_keep_rate_lies_above_0_and_at_most_at_1(beta):
    with pytest.raises(InvalidInput, match=r"beta of PriorShift.undersampled must be a number"):
        PriorShift.undersampled(beta)
    with pytest.raises(InvalidType):
        PriorShift.undersampled("0.5")


@pytest.mark.parametrize(
    "change",
    [
        {"was": [0.5, 0.6]},
        {"was": [0.5, 0.2, 0.3]},
        {"was": [1.0, 0.0]},
        {"was": [1.0, 1e-300]},
        {"now": [0.5, True]},
        {"now": [0.5, None]},
        {"now": 1},
        {"kind": 3},
    ],
)
def test_a_damaged_shift_is_refused(change):
    stored = PriorShift((0.5, 0.5), (0.9, 0.1)).to_dict()
    with pytest.raises(DamagedRun, match="stored calibrator"):
        PriorShift.from_dict(stored | change)
    for name in stored:
        with pytest.raises(DamagedRun):
            PriorShift.from_dict({key: value for key, value in stored.items() if key != name})


def steps():
    floors = (1e-9, 1e-9)
    return (
        Platt(1.3, (0.0, -0.5), floors),
        Isotonic((-2.0, 2.0), (-1.0, 3.0), floors),
        PriorShift((0.5, 0.5), (0.9, 0.1)),
    )


@given(st.lists(st.floats(0, 1), min_size=1, max_size=10))
def test_a_chain_applies_its_steps_in_turn_and_travels(p):
    p = np.array(p)
    proba = want = np.stack([1 - p, p], axis=1)
    chain = Chained(steps())
    for step in steps():
        want = step.apply(want)
    assert np.array_equal(chain.apply(proba), want)
    assert Chained.from_dict(json.loads(json.dumps(chain.to_dict()))) == chain
    assert Chained((Chained(steps()[:2]), steps()[2])) == chain, "chains in a chain are flattened"


def test_a_chain_needs_steps_that_fit_together():
    with pytest.raises(InvalidInput, match="at least one calibrator"):
        Chained(())
    with pytest.raises(InvalidInput, match=r"one number of classes. Got \[2, 3\]"):
        Chained((steps()[2], PriorShift((0.2, 0.3, 0.5), (0.5, 0.3, 0.2))))


@pytest.mark.parametrize(
    "changed",
    [
        [],
        None,
        {},
        [{"kind": "platt"}],
        [{"kind": "pickle"}],
        [3],
        [Chained(steps()).to_dict()],
        [steps()[2].to_dict(), {"kind": "none", "n_classes": 3}],
    ],
)
def test_a_damaged_chain_is_refused(changed):
    with pytest.raises(DamagedRun, match="stored calibrator"):
        Chained.from_dict({"kind": "chained", "steps": changed})
    with pytest.raises(DamagedRun):
        Chained.from_dict({"kind": "platt", "steps": [steps()[2].to_dict()]})
