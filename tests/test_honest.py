"""What a run says against itself: in the facts, on screen and on the page."""

import polars as pl
import pytest

import evenkeel
from evenkeel.report import render_page
from evenkeel.report.screen import screen_lines
from evenkeel.samples import payments


@pytest.fixture(scope="module")
def told():
    short = {"quick": True, "learners": "logistic", "remedies": ("class-weight", "random-over")}
    table = payments(9000, seed=3).drop("note")
    rare, rest = (table.filter(pl.col("is_fraud") == label) for label in (1, 0))
    table = pl.concat([rare, rare.with_columns(pl.col("amount") * 1.01), rest])
    return evenkeel.run(table, target="is_fraud", cost_fn=122, cost_fp=4, **short).told


def test_every_part_has_its_sentence(told):
    assert told["optimism"]["candidates"] == 3
    chosen = next(r for r in told["remedies"] if r["name"] == told["chosen"]["remedy"])
    assert told["optimism"]["seen"] == pytest.approx(chosen["cost"])
    by = told["optimism"]["corrected"] - told["optimism"]["seen"]
    assert told["optimism"]["flattery"] == pytest.approx(by)
    assert told["optimism"]["sentence"].startswith("Chosen of 3: its out-of-fold cost")
    second = told["second_test"]
    assert (second["folds"], second["repeats"]) == (3, 1)
    assert "over 3 folds " in second["sentence"]
    for row in told["remedies"][2:]:
        apart = row["folds_say"] != row["versus_baseline"]
        named = {"remedy": row["name"], "learner": row["learner"]} in second["disagrees"]
        assert apart == named
    assert set(told["agreement"]["metrics"]) == {
        "average_precision", "roc_auc", "log_loss", "balanced_accuracy", "f1", "mcc",
    }  # fmt: skip
    others = [m for m, one in told["agreement"]["metrics"].items() if one["remedy"] != told["chosen"]["remedy"]]  # fmt: skip
    assert told["agreement"]["same"] == (not others)
    assert told["agreement"]["sentence"].count("would choose") == len(others)


def test_the_curve_starts_from_what_there_is(told):
    curve = told["needed"]["curve"]
    assert [row["positives"] // curve[0]["positives"] for row in curve] == [1, 2, 5, 10]
    for name in ("width", "difference_width", "recall_width"):
        widths = [row[name] for row in curve]
        assert widths == sorted(widths, reverse=True)
    assert f"there are {curve[0]['positives']}" in told["needed"]["sentence"]


def test_screen_and_page_show_it(told):
    shown = " ".join(" ".join(screen_lines(told)).split())
    page = " ".join(render_page(told).split())
    for name in ("optimism", "needed", "agreement"):
        start = told[name]["sentence"][:40]
        assert start in shown
        assert start in page
    assert told["canaries"][0]["sentence"] in shown
    assert "no leak in the folds of the baseline" in page
    assert len(screen_lines(told)) <= 50


@pytest.mark.parametrize("n_rare", [12, 30])
def test_few_positives_are_promised_nothing(n_rare):
    """Under 50 no remedy is called best, so nothing is said of optimism or of other metrics."""
    table = payments(6000, seed=0).drop("note")
    rare = table.filter(pl.col("is_fraud") == 1).head(n_rare)
    table = pl.concat([rare, table.filter(pl.col("is_fraud") == 0).head(900)])
    short = {"quick": True, "learners": "logistic", "cost_fn": 50, "cost_fp": 1}
    facts = evenkeel.run(table, target="is_fraud", **short).facts
    assert facts["evidence"]["level"] == "weak"
    assert facts["chosen"]["remedy"] == "none"
    assert facts["optimism"] is None
    assert facts["agreement"] is None
    assert {row["name"] for row in facts["remedies"]} <= {
        "prevalence", "none", "class-weight", "class-weight-sqrt", "cost-weight",
    }  # fmt: skip


@pytest.mark.parametrize(("n_rare", "level"), [(9, None), (30, "weak"), (120, "limited")])
def test_minimum_evidence_is_that_of_the_rarest_class_that_counts(n_rare, level):
    """Three classes: under 10 is refused, under 50 weak, under 200 limited."""
    table = payments(6000, seed=0).drop("note").head(n_rare + 900)
    labels = ["c"] * n_rare + ["a"] * 600 + ["b"] * 300
    if level is None:
        labels = ["c"] * 9 + ["a"] * 900
        table = table.head(909)
    table = table.with_columns(kind=pl.Series(labels)).drop("is_fraud")
    short = {"quick": True, "learners": "logistic", "remedies": ("class-weight",)}
    if level is None:
        with pytest.raises(evenkeel.errors.InvalidInput, match="at least 10 rows"):
            evenkeel.run(table, target="kind", **short)
        return
    facts = evenkeel.run(table, target="kind", **short).facts
    assert facts["evidence"]["level"] == level
    assert facts["evidence"]["positives"] == n_rare
