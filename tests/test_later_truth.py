"""Later truth: when a share counts as moved, and what is scored."""

import math

import numpy as np
import polars as pl
import pytest

import evenkeel
from evenkeel.errors import InvalidInput
from evenkeel.intervals import wilson
from evenkeel.later_truth import _apart, evaluate_run, score_truth

SHORT = {"quick": True, "remedies": ("none",), "learners": ("logistic",)}


def moved(k_then, n_then, k_now, n_now, *, sure=0.95):
    ends = np.array([wilson(k_now, n_now, confidence=sure)])
    then, now = np.array([k_then / n_then]), np.array([k_now / n_now])
    return bool(_apart(then, n_then, now, ends, sure)[0])


def test_newcombes_own_table():
    # Newcombe (1998), table II, method 10: 56/70 - 48/80 is 0.0524 to 0.3339; 9/10 - 3/10 is
    # 0.1705 to 0.8090; 6/7 - 2/7 is 0.0582 to 0.8062; 5/56 - 0/29 is -0.0381 to 0.1926
    for k_now, n_now, k_then, n_then, apart in (
        (56, 70, 48, 80, True), (9, 10, 3, 10, True), (6, 7, 2, 7, True), (5, 56, 0, 29, False),
    ):  # fmt: skip
        assert moved(k_then, n_then, k_now, n_now) is apart
        assert moved(k_now, n_now, k_then, n_then) is apart, "either way round"


@pytest.mark.parametrize(("n_then", "n_now"), [(400, 2000), (2000, 2000), (20_000, 500)])
def test_rows_of_the_same_kind_look_moved_once_in_twenty(n_then, n_now):
    rng = np.random.default_rng(0)
    then, now = rng.binomial(n_then, 0.1, 2000), rng.binomial(n_now, 0.1, 2000)
    alarms = np.mean([moved(a, n_then, b, n_now) for a, b in zip(then, now, strict=True)])
    assert 0.03 < alarms < 0.065


def test_a_share_that_was_given_is_exact():
    low, high = wilson(100, 1000)
    ends = np.array([(low, high)])
    for share, apart in ((low - 1e-6, True), (low + 1e-6, False), (high + 1e-6, True)):
        found = _apart(np.array([share]), math.inf, np.array([0.1]), ends, 0.95)
        assert bool(found[0]) is apart


def table(n, share, seed):
    rng = np.random.default_rng(seed)
    y = rng.random(n) < share
    day = pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 12, 31), eager=True)[np.arange(n) // 5]
    return pl.DataFrame({
        "a": rng.normal(size=n) + 1.8 * y, "amount": rng.gamma(2, 30, n), "day": day,
        "y": np.where(y, "yes", "no"),
    })  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("later") / "run"
    evenkeel.run(
        table(1000, 0.25, 0), target="y", time="day", cost_fn="amount", cost_fp=5, out=out, **SHORT
    )
    return out


def test_rows_are_scored_with_their_truth_costs_and_days(folder):
    later = table(600, 0.25, 1)
    assert set(score_truth(folder, later, columns=("a",)).columns) == {"a"}
    truth = score_truth(folder, later)
    assert (truth.y == (later["y"] == "yes").to_numpy()).all()
    assert (truth.columns["amount"] == later["amount"].to_numpy()).all(), "of the decision in force"
    assert (truth.times.astype("datetime64[D]") == later["day"].to_numpy()).all()
    text = score_truth(folder, later.cast({"day": pl.String}))
    assert (text.times == truth.times).all()
    model = evenkeel.Run.load(folder).model
    assert truth.proba == pytest.approx(model.predict_proba(later.drop("y")))
    assert (truth.proba_run == truth.proba).all()
    with pytest.raises(InvalidInput, match="nothing"):
        score_truth(folder, later, columns=("nothing",))
    with pytest.raises(InvalidInput, match="It lacks 1: 'amount'"):
        score_truth(folder, later.drop("amount"))


def test_costs_and_alerts_a_day_are_those_of_the_later_rows(folder):
    later = table(600, 0.25, 1)
    told = evaluate_run(folder, later)
    truth = score_truth(folder, later)
    labels = truth.file.decision.apply(truth.proba, columns=truth.columns)
    spent = np.where(labels == 1, 5.0 * (truth.y == 0), later["amount"].to_numpy() * truth.y)
    assert told["test"]["cost"] == pytest.approx(1000 * spent.mean())
    assert told["test"]["alerts_by_period"]["mean"] == pytest.approx(labels.sum() / 120)
    assert told["later"]["rows"] == 600
    assert told["drift"]["todo"] == "nothing"
    without = evaluate_run(folder, later.drop("day"))
    assert without["test"]["alerts_by_period"] is None
    assert without["test"]["cost"] == told["test"]["cost"]


def test_a_counter_for_time_is_no_date_whether_text_or_number(tmp_path):
    def counted(seed):
        rows = table(600, 0.25, seed)
        return rows.drop("day", "amount").with_columns(day=pl.arange(600))

    evenkeel.run(counted(0), target="y", time="day", out=tmp_path / "run", **SHORT)
    counted(1).write_csv(tmp_path / "later.csv")
    for later in (counted(1), tmp_path / "later.csv"):
        assert score_truth(tmp_path / "run", later).times.tolist() == list(range(600))
        assert evaluate_run(tmp_path / "run", later)["test"]["alerts_by_period"] is None
