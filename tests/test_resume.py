"""A run goes on only as the run that it was: its rows, its options, and its remedies."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import BaggingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

from evenkeel import run
from evenkeel.catalogue.own import own_remedy
from evenkeel.errors import CannotGoOn, InvalidInput

OPTIONS = {"target": "y", "quick": True, "learners": "logistic", "jobs": 1}
REMEDY = """
from sklearn.tree import DecisionTreeClassifier
class Tree:
    def treat(self, estimator, *, seed=0):
        return DecisionTreeClassifier(max_depth={depth}, random_state=seed)
"""


def table(seed, rows=300):
    rng = np.random.default_rng(seed)
    y = (np.arange(rows) % 6 == 0).astype(int)
    return pd.DataFrame({"a": rng.normal(size=rows) + y, "b": rng.normal(size=rows), "y": y})


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def stopped(**options):
    """A run that is stopped at its third trial."""

    def stop(done, every, name):
        if done >= 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(table(0), out="r", progress=stop, **OPTIONS, **options)


def gone_on(**options):
    return run(table(0), out="r", resume=True, **OPTIONS, **options)


def test_it_goes_on_with_an_equal_object_and_ends_the_same(here):
    whole = run(table(0), remedies=[DecisionTreeClassifier(max_depth=1)], **OPTIONS)
    stopped(remedies=[DecisionTreeClassifier(max_depth=1)])
    kept = len(list((here / "r" / "journal").glob("*.npz")))
    assert kept >= 2
    done = gone_on(remedies=[DecisionTreeClassifier(max_depth=1)])
    assert done.facts == whole.facts
    assert done.info["own_remedies"] == whole.info["own_remedies"]


def test_an_object_with_other_settings_is_another_remedy(here):
    stopped(remedies=[DecisionTreeClassifier(max_depth=1)])
    said = r"Changed: the remedy 'decision-tree-classifier \(object\)'\. Start"
    with pytest.raises(InvalidInput, match=said):
        gone_on(remedies=[DecisionTreeClassifier(max_depth=8)])
    assert gone_on(remedies=[DecisionTreeClassifier(max_depth=1)]).facts


def test_a_module_edited_between_is_another_remedy(here):
    path = here / "edited_between.py"
    path.write_text(REMEDY.format(depth=1))
    stopped(remedies=["edited_between:Tree"])
    path.write_text(REMEDY.format(depth=8))
    with pytest.raises(InvalidInput, match=r"Changed: the remedy 'edited_between:Tree'\. Start"):
        gone_on(remedies=["edited_between:Tree"])
    path.write_text(REMEDY.format(depth=1))
    assert gone_on(remedies=["edited_between:Tree"]).facts


def test_other_test_rows_in_the_same_file_are_other_rows(here):
    table(1).to_csv("test.csv", index=False)
    stopped(remedies="class-weight", test="test.csv")
    table(2).to_csv("test.csv", index=False)
    with pytest.raises(InvalidInput, match=r"Changed: the test rows\. Start"):
        gone_on(remedies="class-weight", test="test.csv")
    table(1).to_csv("test.csv", index=False)
    assert gone_on(remedies="class-weight", test="test.csv").info["test_hash"]


@pytest.mark.parametrize("name", ["own_remedies", "test_hash", "data_hash"])
def test_a_description_that_lost_something_is_of_another_run(here, name):
    table(1).to_csv("test.csv", index=False)
    options = {"remedies": [DecisionTreeClassifier()], "test": "test.csv"}
    stopped(**options)
    path = here / "r" / "run.json"
    known = json.loads(path.read_text())
    del known[name]
    path.write_text(json.dumps(known))
    with pytest.raises(InvalidInput, match=r"Changed: the [a-z' ()-]+\. Start"):
        gone_on(**options)


def test_a_module_that_only_the_file_names_is_never_imported(here):
    (here / "evil.py").write_text("open('imported', 'w').close()\nThing = None\n")
    stopped(remedies="class-weight")
    path = here / "r" / "run.json"
    known = json.loads(path.read_text())
    known["settings"]["remedies"] = ["evil:Thing"]
    path.write_text(json.dumps(known))
    with pytest.raises(InvalidInput, match=r"remedies: \('evil:Thing',\) before, \('class-weight'"):
        gone_on(remedies="class-weight")
    assert "evil" not in sys.modules
    assert not (here / "imported").exists()


def test_a_baseline_that_exceeds_a_limit_keeps_the_run_and_says_how_to_go_on(here):
    limited = {**OPTIONS, "remedies": ["class-weight"], "out": "r"}
    says = (
        r"could not be fitted with logistic: took longer than 0\.001 s\. Give it a larger "
        r"trial_timeout\. What is done is kept: go on with the same command and --resume --out r\."
    )
    with pytest.raises(CannotGoOn, match=says):
        run(table(0), trial_timeout=0.001, **limited)
    assert (here / "r" / "run.json").exists()
    with pytest.raises(CannotGoOn, match=says):
        run(table(0), trial_timeout=0.001, resume=True, **limited)
    done = run(table(0), trial_timeout=60, resume=True, **limited)
    assert [row["status"] for row in done.facts["remedies"]] == ["ok"] * 3


class Held:
    """A remedy that holds whatever it is given."""

    def __init__(self, held):
        self.held = held

    def treat(self, estimator):
        return estimator


def itself():
    one = Held([])
    one.held.append(one)
    return one


@pytest.mark.parametrize(
    "make",
    [
        lambda: Held(np.arange(5000.0)),
        lambda: Held({"a": [1, {Held, len}], "b": (object(), np, len, table)}),
        lambda: Held(BaggingClassifier(DecisionTreeClassifier(), n_estimators=3)),
        lambda: make_pipeline(FunctionTransformer(np.log1p), LogisticRegression()),
        lambda: Held(table(0)),
        itself,
    ],
    ids=["array", "mixed", "nested", "pipeline", "frame", "itself"],
)
def test_equal_things_have_one_fingerprint(make):
    assert own_remedy(make()).fingerprint == own_remedy(make()).fingerprint


def test_every_part_counts_for_the_fingerprint():
    long = np.arange(5000.0)
    other = long.copy()
    other[2500] = 0
    frame = pd.DataFrame({"a": long})
    things = [
        Held(long), Held(other), Held(long.reshape(2, -1)), Held(1), Held("1"), Held(len), Held(max),
        Held(frame), Held(frame.assign(a=other)), Held(frame["a"]), Held({1, 2}), Held({1, 3}),
        Held(BaggingClassifier(DecisionTreeClassifier(max_depth=2))),
        Held(BaggingClassifier(DecisionTreeClassifier(max_depth=3))),
    ]  # fmt: skip
    assert len({own_remedy(thing).fingerprint for thing in things}) == len(things)


SCRIPT = """
class Mine:
    def treat(self, estimator):
        return estimator.set_params(C={c})

from evenkeel.catalogue.own import own_remedy
print(own_remedy(Mine()).fingerprint{more})
"""


def test_a_script_may_change_around_its_remedy_and_other_processes_agree(here):
    def printed(**parts):
        (here / "script.py").write_text(SCRIPT.format(**parts))
        ran = subprocess.run(
            [sys.executable, "script.py"], capture_output=True, text=True, check=True
        )
        return ran.stdout.split()[0]

    first = printed(c=1, more="")
    assert printed(c=1, more=", 'resume=True'") == first
    assert printed(c=2, more="") != first
