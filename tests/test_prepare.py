"""What is settled before the first fit, and what of a user's own code runs when, and where."""

import os

import numpy as np
import pandas as pd
import pytest

from evenkeel import compare, run
from evenkeel.errors import EvenkeelWarning, InvalidInput
from evenkeel.prepare import make_settings, prepare

ROWS = 200
NUMBERS = {"a": list(range(ROWS)), "b": [(7 * i) % 13 for i in range(ROWS)]}
WORDS = {"shop": ["u", "v", "w", "x"] * (ROWS // 4)}
TEXT = {"note": [f"text number {i}" for i in range(ROWS)]}
Y = {"y": [int(i % 3 == 0) for i in range(ROWS)]}


@pytest.mark.parametrize(
    ("columns", "options", "smotes"),
    [
        (NUMBERS, {}, ["smote"]),
        (NUMBERS | WORDS, {}, ["smote-nc"]),
        (NUMBERS | TEXT, {}, ["smote"]),
        (NUMBERS | WORDS, {"learners": "logistic"}, ["smote"]),
        (NUMBERS | WORDS, {"learners": ("lightgbm", "logistic")}, ["smote", "smote-nc"]),
        (NUMBERS | WORDS, {"remedies": "smote"}, ["smote"]),
    ],
)
def test_smote_takes_the_form_that_suits_the_columns(columns, options, smotes):
    kept = tuple({"a", "note"} & set(columns))
    ready = prepare(columns | Y, None, make_settings(target="y", keep=kept, **options))
    assert [name for name in ready.course.remedies if "smote" in name] == smotes


OWN = """
import os, sys, time
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

class Strange(LogisticRegression):
    pass

class Noted:
    def treat(self, estimator):
        with open("pids", "a") as file:
            print(os.getpid(), file=file)
        return Strange()

class Slow:
    def treat(self, estimator):
        time.sleep(60)

class Gone:
    def treat(self, estimator):
        os._exit(9)

class Left:
    def treat(self, estimator):
        sys.exit(3)

class Unmade:
    def __init__(self):
        sys.exit(3)

    def treat(self, estimator):
        return estimator

class Unshown(Left):
    def __repr__(self):
        sys.exit(0)
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "own_for_prepare.py").write_text(OWN)
    (tmp_path / "exits_for_prepare.py").write_text("raise SystemExit(0)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return lambda name: f"own_for_prepare:{name}"


def asked(*names, **options):
    rng = np.random.default_rng(0)
    y = (np.arange(300) % 6 == 0).astype(int)
    rows = pd.DataFrame({"a": rng.normal(size=300) + y, "b": rng.normal(size=300), "y": y})
    return run(rows, target="y", quick=True, learners="logistic", remedies=names, **options)


def test_no_treat_runs_in_this_process_where_trials_have_limits(own):
    """Nor does one that hangs, kills its process or asks it to exit take the run with it."""
    says = r"Should own_for_prepare:Noted be chosen, .*Strange"
    names = [own(name) for name in ("Noted", "Slow", "Gone", "Left")]
    with pytest.warns(EvenkeelWarning, match=says):
        done = asked(*names, trial_timeout=8.0)  # of a busy machine, too
    with open("pids") as file:
        pids = {int(line) for line in file}
    told = {row["name"]: row["reason"] or row["status"] for row in done.facts["remedies"]}
    assert told[names[0]] == "ok"
    assert told[names[1]] == "took longer than 8 s"
    assert told[names[2]].startswith("the process died (out of memory?)")
    assert told[names[3]] == "it asked Python to exit"
    assert pids
    assert done.facts["chosen"]["remedy"] == own("Noted") or os.getpid() not in pids


@pytest.mark.parametrize("options", [{"jobs": 1}, {"jobs": 2, "backend": "threading"}], ids=str)
def test_a_model_that_no_file_can_hold_is_said_once_and_again_on_resume(own, options):
    def stop(done, every, name):
        if done >= 3 + every // 2:
            raise KeyboardInterrupt

    says = r"Should own_for_prepare:Noted be chosen, .*Strange"
    with pytest.warns(EvenkeelWarning, match=says) as told:
        asked(own("Noted"), **options)
    assert len([one for one in told if "Should" in str(one.message)]) == 1
    with pytest.raises(KeyboardInterrupt), pytest.warns(EvenkeelWarning):
        asked(own("Noted"), out="r", progress=stop, jobs=1)
    with pytest.warns(EvenkeelWarning, match=says):
        asked(own("Noted"), out="r", resume=True, **options)


@pytest.mark.parametrize("name", ["exits_for_prepare:Any", "own_for_prepare:Unmade"])
def test_a_remedy_that_exits_where_it_is_made_is_bad_input(own, name):
    with pytest.raises(InvalidInput, match=r"remedies of run must not end Python\. Got sys\.exit"):
        asked(name, out="r")
    with pytest.raises(InvalidInput, match=r"remedies of compare must not end Python"):
        compare(np.zeros((100, 1)), [0, 1] * 50, remedies=[name])
    assert not os.path.exists("r")


def test_a_remedy_that_exits_where_it_is_described_is_bad_input(own):
    with pytest.raises(InvalidInput, match=r"remedies of run must not end Python\. Got sys\.exit"):
        asked(own("Unshown"), out="r")
    assert not os.path.exists("r")
