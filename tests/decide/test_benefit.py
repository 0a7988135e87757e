import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.decide import Policy, threshold_curve
from evenkeel.decide.benefit import cost_curve, cost_range, decision_curve
from evenkeel.errors import InvalidInput

ROWS = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0])),
    min_size=2,
    max_size=40,
).filter(lambda rows: len({row[0] for row in rows}) == 2)
RATIOS = [0.1, 0.5, 1.0, 2.0, 7.3, 122 / 4, 500.0]


def columns(rows):
    return (np.array(column) for column in zip(*rows, strict=True))


def cuts(p):
    return [*np.unique(p), 2.0]


@given(ROWS, st.booleans())
@settings(deadline=None)
def test_net_benefit_equals_a_loop(rows, weighed):
    y, p = columns(rows)
    weight = np.arange(len(y)) % 3 + 0.5 if weighed else np.ones(len(y))
    at = np.array([0.0, 0.05, 0.1, 0.25, 0.6, 0.9, 0.99])
    found = decision_curve(y, p, thresholds=at, weight=weight if weighed else None)
    for k, t in enumerate(at):
        for line, flagged in ((found.model, p >= t), (found.everything, p >= 0)):
            tp, fp = (weight[flagged & (y == code)].sum() for code in (1, 0))
            assert line[k] == pytest.approx((tp - fp * t / (1 - t)) / weight.sum())
    assert (found.nothing == 0).all()


def test_net_benefit_of_vickers_and_elkin_by_hand():
    # 10 of 100 have the disease; from 20 % on the model finds 8 of them with 12 false alarms:
    # 8/100 - 12/100 x 0.2/0.8 = 0.05. Treating all: 10/100 - 90/100 x 0.25 = -0.125.
    y = np.repeat([1, 1, 0, 0], [8, 2, 12, 78])
    p = np.repeat([0.3, 0.05, 0.3, 0.05], [8, 2, 12, 78])
    found = decision_curve(y, p, thresholds=0.2)
    assert found.model.tolist() == [pytest.approx(0.05)]
    assert found.everything.tolist() == [pytest.approx(-0.125)]


@given(ROWS)
@settings(deadline=None)
def test_thresholds_chosen_for_a_page_span_what_is_useful(rows):
    y, p = columns(rows)
    at = decision_curve(y, p).thresholds
    odds = at / (1 - at)
    prevalence = y.mean()
    assert at.size == 101
    assert (np.diff(at) > 0).all()
    assert odds[0] == pytest.approx(prevalence / (1 - prevalence) / 10)
    assert odds[-1] >= 99 * odds[0]
    assert at[-1] == pytest.approx(min(p.max(), 0.999)) or odds[-1] == pytest.approx(100 * odds[0])


@given(ROWS, st.booleans())
@settings(deadline=None)
def test_the_cost_curve_is_the_envelope_of_all_thresholds(rows, weighed):
    y, p = columns(rows)
    weight = np.arange(len(y)) % 3 + 0.5 if weighed else np.ones(len(y))
    found = cost_curve(y, p, n_points=23, weight=weight if weighed else None)

    def cost(flagged, pc):
        miss = weight[~flagged & (y == 1)].sum() / weight[y == 1].sum()
        return pc * miss + (1 - pc) * weight[flagged & (y == 0)].sum() / weight[y == 0].sum()

    for pc, model, threshold in zip(found.pc, found.model, found.threshold, strict=True):
        assert model == pytest.approx(min(cost(p >= cut, pc) for cut in cuts(p)), abs=1e-12)
        assert model == pytest.approx(cost(p >= threshold, pc), abs=1e-12)
    assert found.everything == pytest.approx(1 - found.pc)
    assert found.nothing == pytest.approx(found.pc)
    assert (found.model <= np.minimum(found.everything, found.nothing) + 1e-12).all()


@given(ROWS)
@settings(deadline=None)
def test_a_range_of_costs_equals_the_search_for_each(rows):
    y, p = columns(rows)
    found = cost_range(y, p, ratios=RATIOS)
    for k, ratio in enumerate(RATIOS):
        totals = [
            ratio * np.sum((p < cut) & (y == 1)) + np.sum((p >= cut) & (y == 0)) for cut in cuts(p)
        ]
        assert found.cost[k] == pytest.approx(1000 * min(totals) / len(y))
        flagged = p >= found.threshold[k]
        fewest = min(
            np.sum(p >= cut)
            for cut, total in zip(cuts(p), totals, strict=True)
            if total <= min(totals) * (1 + 1e-12)
        )
        assert flagged.sum() == fewest
        assert found.alert_rate[k] == pytest.approx(flagged.mean())
        assert found.recall[k] == pytest.approx(flagged[y == 1].mean())
        want = y[flagged].mean() if flagged.any() else 0.0
        assert found.precision[k] == pytest.approx(want)
        assert found.nothing[k] == pytest.approx(1000 * ratio * y.mean())
        assert found.everything[k] == pytest.approx(1000 * (1 - y).mean())


def test_a_range_of_costs_agrees_with_the_policy():
    rng = np.random.default_rng(0)
    p = rng.beta(0.5, 6, 5000)
    y = (rng.random(5000) < p).astype(int)
    found = cost_range(y, p, ratios=RATIOS)
    for ratio, threshold in zip(RATIOS, found.threshold, strict=True):
        exact = Policy(cost_fn=ratio, cost_fp=1).choose(y, p, n_boot=0)
        assert threshold == exact.threshold


def test_one_curve_serves_all_three():
    rng = np.random.default_rng(1)
    p = rng.random(500)
    y = (rng.random(500) < p**3).astype(int)
    curve = threshold_curve(y, p)
    assert decision_curve(curve=curve).model.tolist() == decision_curve(y, p).model.tolist()
    assert cost_curve(curve=curve).model.tolist() == cost_curve(y, p).model.tolist()
    one, two = cost_range(curve=curve, ratios=RATIOS), cost_range(y, p, ratios=RATIOS)
    assert one.cost.tolist() == two.cost.tolist()


def test_rows_without_weight_change_nothing():
    y, p = np.array([0, 1, 0, 1, 1]), np.array([0.1, 0.2, 0.5, 0.8, 0.95])
    found = cost_curve(y, p, weight=[1, 1, 1, 1, 0])
    assert found.model.tolist() == cost_curve(y[:4], p[:4]).model.tolist()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: decision_curve([0, 1]), "decision_curve takes y and p, or a curve"),
        (lambda: cost_curve(), "cost_curve takes y and p, or a curve"),
        (
            lambda: cost_range([0, 1], [0, 1], curve=threshold_curve([0, 1], [0, 1]), ratios=[1]),
            "one of the two",
        ),
        (
            lambda: decision_curve([0, 1], [0.1, 0.9], thresholds=[0.5, 1.0]),
            "thresholds of decision_curve must be at least 0 and below 1. Got 0.5 to 1",
        ),
        (lambda: decision_curve([0, 1], [0.1, 0.9], thresholds=[np.nan]), "below 1. Got nan"),
        (lambda: cost_curve([0, 1], [0.1, 0.9], n_points=1), "n_points of cost_curve"),
        (lambda: cost_range([0, 1], [0.1, 0.9], ratios=[0.0]), "ratios of cost_range must be above 0"),
        (lambda: cost_range([0, 1], [0.1, 0.9], ratios=[np.inf]), "ratios of cost_range must be finite"),
        (lambda: cost_curve([0, 0], [0.1, 0.9]), "must hold both classes"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_bad_input_is_refused(call, said):
    with pytest.raises(InvalidInput, match=said):
        call()
