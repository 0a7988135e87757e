"""The verdict: judged by what was asked for, and by no more rows than there are."""

import re

import numpy as np
import polars as pl
import pytest

import evenkeel
from evenkeel.evidence import few_tested
from evenkeel.headline import floor_of, headline, judged
from evenkeel.intervals import wilson
from evenkeel.report import render_card, render_page, screen_lines

SHORT = {"quick": True, "remedies": "none", "learners": "logistic"}


def facts_of(hits, alerts, positives, *, name="precision", least=0.99, few=None, reached=True):
    """A run whose untouched rows gave these counts under a minimum precision or recall."""
    policy = {"assumed": False} | ({} if name is None else {"floor_of": name, "floor": least})
    test = {"cost": None, "few": few, "rows": 1000}
    for key, of in (("precision", alerts), ("recall", positives)):
        low, high = wilson(hits, of)
        test |= {f"{key}_count": [hits, of], f"{key}_low": low, f"{key}_high": high}
    test["floor"] = floor_of(policy, test)
    data = {"target": "y", "rows": 5000, "imbalance_ratio": 9.0, "severity": "moderate",
            "task": "binary", "classes": [{"label": "a", "count": 9}, {"label": "b", "count": 1}]}  # fmt: skip
    chosen = {"remedy": "none", "learner": "logistic", "why": "Nothing else was compared."}
    return {"policy": policy, "test": test, "decision": {"reached": reached}, "data": data,
            "audit": [], "chosen": chosen}  # fmt: skip


@pytest.mark.parametrize(
    ("counts", "given", "level", "says"),
    [
        ((40, 40, 200), "unacceptable", "acceptable", r"40/40 = 1.000 .* 0.99 .* is kept"),
        ((198, 200, 800), "unacceptable", "acceptable", r"is kept\."),
        ((6, 6, 64), "unacceptable", "acceptable", "is kept, on too few rows to be sure"),
        ((197, 200, 800), "acceptable", "weak", "is missed, by no more than chance explains"),
        ((150, 200, 160), "acceptable", "unacceptable", "is clearly missed"),
        ((0, 0, 200), "useless", "useless", "No alert was raised"),
    ],
)
def test_a_filter_that_had_to_be_precise_is_judged_by_its_precision(counts, given, level, says):
    found = judged(facts_of(*counts), given, ["as assessed"])
    assert found["level"] == level
    assert re.search(says, found["sentences"][0])


def test_a_screening_is_judged_by_its_recall_and_its_alerts_are_counted():
    facts = facts_of(97, 2000, 100, name="recall", least=0.95)
    found = judged(facts, "weak", ["as assessed"])
    assert found["level"] == "acceptable"
    assert found["sentences"][1] == "At that, 97 of 2,000 alerts are right."
    assert headline(facts)[2].endswith("are right: the minimum recall of 0.95 is kept.")
    missed = facts_of(80, 2000, 100, name="recall", least=0.95, reached=False)
    told = judged(missed, "acceptable", [])
    assert told["level"] == "unacceptable"
    assert "could not be kept on the training rows either" in told["sentences"][0]
    assert headline(missed)[2].endswith("the minimum recall of 0.95 is clearly missed.")


def test_flagging_everything_stays_useless_though_the_minimum_is_kept():
    facts = facts_of(100, 1000, 100, name="recall", least=0.95)
    found = judged(facts, "useless", ["Accuracy is 10 %.", "This is useless."])
    assert found["level"] == "useless"
    assert found["sentences"][1:] == ["Accuracy is 10 %.", "This is useless."]


def test_without_a_minimum_the_assessment_stands():
    found = judged(facts_of(9, 10, 90, name=None), "unacceptable", ["as assessed"])
    assert found == {"level": "unacceptable", "sentences": ["as assessed"]}


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        ((990, 10), None),
        ((998, 2), "Only 2 of the 1,000 untouched rows are positive: too few"),
        ((999, 1), "Only 1 of the 1,000 untouched rows is positive"),
        ((3, 40), "Only 3 of the 43 untouched rows are negative"),
        ((500, 40, 3, 0), "Too few untouched rows to judge these classes by: 0 of 'd', 3 of 'c'."),
        ((500, 40, 30), None),
    ],
)
def test_too_few_untouched_rows_are_counted(counts, says):
    found = few_tested(np.array(counts), "abcd"[: len(counts)])
    assert (found or "").startswith(says or "") and (found is None) is (says is None)  # noqa: PT018


def table(n_rows, n_rare, seed=0, shift=2.0):
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1], [n_rows - n_rare, n_rare])
    return pl.DataFrame(
        {"a": rng.normal(size=n_rows) + shift * y, "b": rng.normal(size=n_rows), "y": y}
    )


def test_a_small_test_file_is_called_too_small_wherever_a_level_stands():
    run = evenkeel.run(table(2000, 300), target="y", test=table(60, 4, 1), **SHORT)
    few = run.facts["test"]["few"]
    assert few.startswith("Only 4 of the 60 untouched rows are positive: too few to judge by")
    assert few.endswith("Use a larger test file, or collect more.")
    assert run.facts["assessment"]["sentences"][0] == few
    assert run.facts["verdict"][2].endswith(few)
    screen = "\n".join(screen_lines(run.told))
    assert "Only 4 of the 60 untouched rows are positive" in screen
    assert few in render_page(run.told)
    assert few.split(":")[0] in render_card(run.facts)


def test_a_minimum_is_told_on_screen_page_and_card():
    run = evenkeel.run(table(3000, 400, shift=3.0), target="y", scenario="spam", **SHORT)
    floor = run.facts["test"]["floor"]
    assert (floor["of"], floor["least"], type(floor["kept"])) == ("precision", 0.99, bool)
    assert floor["count"] == run.facts["test"]["precision_count"]
    assert re.search(r"none +0\.\d+ \[.*\] ", "\n".join(screen_lines(run.told))), (
        "no rival, a figure"
    )
    told = run.facts["assessment"]["sentences"][0]
    assert told.startswith(f"Precision is {floor['count'][0]}/{floor['count'][1]} = ")
    assert told.split(" = ")[0] in "\n".join(screen_lines(run.told))
    assert told in render_page(run.told)
    assert "minimum precision of 0.99 is" in render_card(run.facts)
    assert run.facts["test"]["few"] is None


def test_a_blocker_stands_before_everything_else():
    rng = np.random.default_rng(0)
    y = (rng.random(600) < 0.2).astype(int)
    leak = pl.DataFrame({"a": rng.normal(size=600), "leak": 2 * y + 1, "y": y})
    run = evenkeel.run(leak, target="y", quick=True, remedies="none", learners="logistic")
    found = run.facts["assessment"]
    assert found["level"] == "unacceptable"
    assert found["sentences"][0].startswith("Not to be used as it is: leak ")
    assert "what blocks an honest result: leak" in run.facts["verdict"][0]
