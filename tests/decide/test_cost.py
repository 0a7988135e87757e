import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.decide import Costs, Policy, settle
from evenkeel.decide.amounts import saved_at, squeezed
from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.scores import Scores

AMOUNT = st.floats(0.0, 100.0)


@given(AMOUNT, AMOUNT, AMOUNT, AMOUNT, st.floats(0.0, 1.0))
def test_elkans_threshold_is_where_acting_becomes_cheaper(tn, fp, fn, tp, p):
    if not (fn - tp > 1e-6 and fp - tn > 1e-6):
        return
    costs = Costs(((tn, fp), (fn, tp)))
    acting = p * tp + (1 - p) * fp
    leaving = p * fn + (1 - p) * tn
    if abs(acting - leaving) > 1e-9:
        assert (acting < leaving) == (p > costs.threshold)


def test_known_thresholds():
    assert Costs(((0, 4), (122, 0))).threshold == pytest.approx(4 / 126)
    assert Costs(((0, 1), (500, 0))).threshold == pytest.approx(1 / 501)
    # an investigation costs 5 whether it finds something or not
    assert Costs(((0, 5), (100, 5))).threshold == pytest.approx(5 / 100)


@given(
    st.lists(st.tuples(st.floats(0, 50), st.floats(0, 50)), min_size=1, max_size=20),
    st.floats(0.0, 1.0),
)
def test_the_effective_score_crosses_one_half_where_acting_becomes_cheaper(stakes, p):
    columns = {"miss": [row[0] for row in stakes], "alarm": [row[1] for row in stakes]}
    costs = Costs(((0.0, "alarm"), ("miss", 3.0)))
    miss, alarm = (np.array(columns[name]) for name in ("miss", "alarm"))
    if ((miss < 3.0) & (alarm < 0.0)).any():
        return
    score = costs.effective(np.full(len(stakes), p), columns=columns)
    assert ((score >= 0) & (score <= 1)).all()
    gain = p * (miss - 3.0) - (1 - p) * alarm
    clear = np.abs(gain) > 1e-6
    pays = (gain > 0) & (miss > 3.0)
    assert ((score > 0.5) == pays)[clear].all()


def test_rows_where_both_decisions_are_upside_down_are_named():
    costs = Costs(((9.0, "alarm"), ("miss", 3.0)))
    columns = {"alarm": [1.0, 20.0], "miss": [1.0, 20.0]}
    with pytest.raises(InvalidInput, match=r"1 rows \(first: row 0\) reward the wrong decision"):
        costs.effective(np.array([0.5, 0.5]), columns=columns)


def test_a_row_that_can_lose_nothing_is_never_acted_on():
    costs = Costs(((0.0, 4.0), ("amount", 0.0)))
    assert costs.effective(np.array([1.0, 0.0]), columns={"amount": [0.0, 9.0]}).tolist() == [0, 0]


def test_costs_of_rows():
    costs = Costs(((0.5, "fee"), ("amount", 1.0)))
    columns = {"fee": [1, 2, 3], "amount": [10, 20, 30]}
    assert costs.columns == ("fee", "amount")
    assert costs.of_rows([0, 1, 1], columns=columns).tolist() == [[0.5, 1], [20, 1], [30, 1]]
    matrix = Costs(((0, 1, 2), (3, 0, 4), (5, 6, 0)))
    assert matrix.of_rows([2, 0]).tolist() == [[5, 6, 0], [0, 1, 2]]


def test_gains_make_the_decision_of_least_expected_cost():
    rng = np.random.default_rng(0)
    table = rng.integers(0, 20, (4, 4)).astype(float)
    proba = rng.dirichlet(np.ones(4), 200)
    expected = proba @ table
    gains = Costs(tuple(map(tuple, table.tolist()))).gains()
    assert ((proba @ gains).argmax(axis=1) == expected.argmin(axis=1)).all()


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (((0, 0), (0, 0)), "make every decision equal"),
        (((3, 3), (7, 7)), "make every decision equal"),
        (((0, 1), (0, 0)), r"A miss \(cost_fn 0\) must cost more"),
        (((1, 1), (5, 0)), r"A false alarm \(cost_fp 1\) must cost more"),
        (((0, -1), (5, 0)), r"cost_fp of Policy must be a number of at least 0\. Got -1"),
        (((0, float("nan")), (5, 0)), "cost_fp of Policy"),
        (((0, 1e308), (1e308, 0)), r"cost_fp of Policy .*at most 1e\+100\. Got 1e\+308\. Give"),
        (((0, 10**400), (5, 0)), r"cost_fp of Policy .*at most 1e\+100"),
        (((0, float("inf")), (5, 0)), "cost_fp of Policy"),
        (((0, 1, 2), (5, 0)), "one row and one column for each class"),
        (((0,),), "one row and one column for each class"),
        (((0, 1, 1), ("amount", 0, 1), (1, 1, 0)), "two classes"),
        (((0, 1, 1), (1, -2, 1), (1, 1, 0)), r"cost\[1\]\[1\] of Policy"),
    ],
)
def test_impossible_costs_are_refused(table, said):
    with pytest.raises(InvalidInput, match=said):
        Costs(table)


@pytest.mark.parametrize("entry", [None, True, "", [1]])
def test_costs_that_are_not_numbers_are_refused(entry):
    with pytest.raises(InvalidType, match="a number or the name of a column"):
        Costs(((0, 1), (entry, 0)))


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (None, "The cost column 'amount' is not there. Given: none"),
        ({"amuont": [1, 2]}, r"Did you mean 'amuont'\?"),
        ({"amount": [1.0]}, "must have 2 values"),
        ({"amount": [1.0, -3.0]}, "1 rows do not, first row 1: -3"),
        ({"amount": [1.0, np.nan]}, "first row 1: nan"),
        ({"amount": ["a", "b"]}, "must hold numbers"),
    ],
)
def test_bad_cost_columns_are_refused(columns, said):
    costs = Costs(((0, 4), ("amount", 0)))
    for use in (
        lambda: costs.of_rows([0, 1], columns=columns),
        lambda: costs.effective(np.array([0.1, 0.2]), columns=columns),
    ):
        with pytest.raises(InvalidInput, match=said):
            use()


def test_sentences():
    assert Costs(((0, 4), (122, 0))).sentence() == (
        "cost: a miss 122, a false alarm 4; act when p > 0.0317 if calibrated"
    )
    assert Costs(((0, 4), ("amount", 2))).sentence() == (
        "cost: a miss amount, a false alarm 4, a caught case 2, a row left alone 0; "
        "act when p x (amount - 2) > (1 - p) x 4 if calibrated"
    )
    assert Costs(((0, 1, 2), (3, 0, 4), (5, 6, 0))).sentence().endswith(": 0 1 2; 3 0 4; 5 6 0")


def test_the_largest_costs_have_finite_sums_and_squares():
    policy = Policy(cost_fn=1e100, cost_fp=1e100)
    found = policy.choose([0, 1] * 50, np.linspace(0.1, 0.9, 100), n_boot=20)
    spent = policy.row_costs([0, 1])
    assert found.threshold > 0.0
    assert np.isfinite((1e6 * spent) ** 2).all()


def test_a_column_of_costs_without_bounds_is_refused():
    costs = Costs(((0.0, 4.0), ("amount", 0.0)))
    with pytest.raises(
        InvalidInput, match=r"at most 1e\+100\. 1 rows do not, first row 1: 1e\+308"
    ):
        costs.of_rows([0, 1], columns={"amount": [1.0, 1e308]})


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (((0, 0), ("amount", 0)), r"A false alarm \(cost_fp 0\) must cost more .* \(cost_tn 0\)"),
        (((2, 1), ("amount", "fee")), r"A false alarm \(cost_fp 1\) must cost more"),
        (((0, "fee"), (3, 3)), r"A miss \(cost_fn 3\) must cost more .* \(cost_tp 3\)"),
        (((0, "fee"), (1, 3)), r"A miss \(cost_fn 1\) must cost more"),
        (((0, 1), ("amount", "amount")), r"\(cost_fn amount\) must .* \(cost_tp amount\)"),
        (((" fee", " fee"), ("amount", 0)), r"\(cost_fp  fee\) must .* \(cost_tn  fee\)"),
    ],
)
def test_costs_that_decide_alone_are_refused_beside_a_column_too(table, said):
    with pytest.raises(InvalidInput, match=said):
        Costs(table)


@pytest.mark.parametrize(
    ("policy", "columns", "said"),
    [
        (Policy(cost_fn="amount", cost_fp=1), {"amount": [0, 0, 0]}, "A miss .* never acting"),
        (Policy(cost_fn="amount", cost_fp=1, cost_tp=5), {"amount": [5, 4, 5]}, "never acting"),
        (
            Policy(cost_fn="amount", cost_fp=1, cost_tp="paid"),
            {"amount": [5, 4, 5], "paid": [6, 4, 5]},
            "In none of 3 it does.*Look at the cost columns: amount, paid",
        ),
        (Policy(cost_fn=9, cost_fp="fee"), {"fee": [0, 0, 0]}, "A false alarm .* always acting"),
        (
            Policy(cost_fn="amount", cost_fp="fee", cost_tn=2, limit="50%"),
            {"amount": [5, 4, 5], "fee": [2, 1, 2]},
            "always acting is cheapest",
        ),
    ],
)
def test_columns_under_which_one_decision_is_never_dearer_are_refused(policy, columns, said):
    with pytest.raises(InvalidInput, match=said):
        policy.choose([0, 1, 1], [0.2, 0.4, 0.6], columns=columns)
    # one row that decides is enough, and rows that come later may hold any amounts
    first = {name: [9, *values[1:]] for name, values in columns.items()}
    first |= {"paid": [0, 0, 0]} if "paid" in columns else {}
    found = policy.choose([0, 1, 1], [0.2, 0.4, 0.6], columns=first)
    zeros = {name: [0.0] for name in columns}
    assert found.apply([0.4], columns=zeros | {"fee": [9.0]}).size == 1


def test_folds_without_any_amount_do_not_stop_a_settling():
    y = np.arange(60) % 3 // 2
    p = np.clip(np.linspace(0.1, 0.6, 60) + 0.3 * y, 0, 1)
    amount = np.zeros(60)
    amount[:3] = 50.0  # all in one fold
    scores = Scores(y, np.stack([1 - p, p], axis=1)[None], np.arange(60)[None] // 20, ("no", "yes"))
    settled = settle(scores, Policy(cost_fn="amount", cost_fp=1), columns={"amount": amount})
    assert settled.labels.shape == (1, 60)
    with pytest.raises(InvalidInput, match="never acting is cheapest"):
        settle(scores, Policy(cost_fn="amount", cost_fp=1), columns={"amount": 0 * amount})


def test_costs_of_numpy_are_refused_and_taken_as_plain_numbers_are():
    with pytest.raises(InvalidInput, match=r"cost_fn of Policy .*at least 0\. Got -1\.0"):
        Policy(cost_fn=np.float32(-1), cost_fp=1)
    assert Costs(((0, np.float32(4)), (np.float16(8), 0))).table == ((0.0, 4.0), (8.0, 0.0))


@pytest.mark.parametrize("unit", [1e-60, 1e-14, 1.0, 1e14, 1e90])
@pytest.mark.parametrize("limit", ["12%", "15"])
def test_decisions_within_a_capacity_do_not_depend_on_the_unit_of_costs(unit, limit):
    rng = np.random.default_rng(0)
    y = (rng.random(200) < 0.3).astype(int)
    p = np.clip(0.3 * y + 0.7 * rng.random(200), 0, 1)
    amount = rng.lognormal(4, 1, 200)

    def decide(scale):
        policy = Policy(cost_fn="amount", cost_fp=4 * scale, limit=limit)
        columns = {"amount": amount * scale}
        found = policy.choose(y, p, columns=columns, n_boot=40)
        new = {"amount": amount[::-1] * scale}
        return found, found.apply(p, columns=columns), found.apply(p, columns=new)

    (_, plain, other), (found, scaled, later) = decide(1.0), decide(unit)
    assert 0 < plain.sum() <= 30
    assert np.array_equal(plain, scaled)
    assert np.array_equal(other, later)
    if limit == "12%":
        told = float(found.sentence().split("at least ")[1].split()[0])
        gain = p * amount - (1 - p) * 4
        assert gain[plain == 0].max() * 0.99 < told / unit < gain[plain == 1].min() * 1.01


@given(st.floats(1e-99, 1e100), st.booleans())
def test_a_saving_is_read_back_from_its_score(amount, loses):
    saved = -amount if loses else amount
    score = float(squeezed(np.array([saved]))[0])
    assert 0.0 <= score <= 1.0
    assert (score < 0.5) == loses
    assert saved_at(score) == pytest.approx(saved, rel=1e-11)
