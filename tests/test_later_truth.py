"""Later truth: what is scored, what is left out, and which rows were seen before."""

import numpy as np
import polars as pl
import pytest

import evenkeel
from evenkeel.errors import InvalidInput
from evenkeel.later_truth import evaluate_run, score_truth

SHORT = {"quick": True, "remedies": ("none",), "learners": ("logistic",)}


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
