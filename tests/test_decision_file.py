"""decision.json: what is written comes back; what was altered does not."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.decide import Chained, Decision, Platt, Policy, PriorShift, Unchanged
from evenkeel.decision_file import FORMAT, DecisionFile, _digest
from evenkeel.errors import DamagedRun

PLATT = Platt.fit([0, 1] * 20, [[0.6, 0.4], [0.3, 0.7], [0.7, 0.3], [0.5, 0.5]] * 10)
DECISION = Decision(
    policy=Policy(cost_fn="amount", cost_fp=4),
    n_classes=2,
    threshold=0.4,
    threshold_low=0.3,
    threshold_high=0.5,
    confusion=((90.0, 5.0), (1.0, 4.0)),
    prevalence=0.05,
    notes=("a note",),
)
THREE = Decision(
    policy=Policy.metric("f1"),
    n_classes=3,
    offsets=(0.0, 0.5, 1.0),
    confusion=((5.0, 0.0, 0.0), (0.0, 5.0, 0.0), (0.0, 0.0, 5.0)),
)
FILES = {
    "two classes": DecisionFile(["no", "yes"], PLATT, DECISION),
    "another prevalence": DecisionFile(
        [0, 1], PLATT, DECISION, PriorShift((0.9, 0.1), (0.99, 0.01)), "all rows"
    ),
    "three classes": DecisionFile([1.5, 2.5, 3.5], Unchanged(3), THREE),
    "odd labels": DecisionFile(["ja \u2028\"'", "nein\n"], PLATT, DECISION),
    "booleans": DecisionFile([False, True], PLATT, DECISION),
}


@pytest.mark.parametrize("what", FILES)
def test_what_is_written_comes_back(what, tmp_path):
    path = tmp_path / "decision [1].json"
    FILES[what].write(path)
    assert DecisionFile.read(path) == FILES[what]
    assert json.loads(path.read_text())["format"] == FORMAT == "evenkeel.decision/3"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_new_decision_puts_the_old_one_into_the_history(tmp_path):
    first = FILES["two classes"]
    better = Decision(**{**DECISION.__dict__, "policy": Policy.metric("f1"), "threshold": 0.6})
    second = first.then(better, adjustment=None, chosen_on="some rows")
    third = second.then(DECISION, adjustment=PLATT, chosen_on="other rows")
    assert first.history == ()
    assert second.decision == better
    assert second.page_is_older
    assert [past["policy"] for past in third.history] == [
        DECISION.policy.sentence(), "the highest F1",
    ]  # fmt: skip
    assert [past["chosen_on"] for past in third.history] == [first.chosen_on, "some rows"]
    assert third.history[0]["sentence"] == DECISION.sentence()
    assert third.history[0]["until"].endswith("Z")
    third.write(tmp_path / "decision.json")
    assert DecisionFile.read(tmp_path / "decision.json") == third
    assert (third.calibrator, third.labels) == (first.calibrator, first.labels)


def test_the_whole_calibrator_is_that_of_the_run_and_what_came_after():
    assert FILES["two classes"].whole is PLATT
    file = FILES["another prevalence"]
    assert isinstance(file.whole, Chained)
    p = [[0.4, 0.6], [0.9, 0.1]]
    assert (file.whole.apply(p) == file.adjustment.apply(PLATT.apply(p))).all()


ALTERED = {
    "format": lambda stored: stored.update(format="evenkeel.decision/1"),
    "no format": lambda stored: stored.pop("format"),
    "no labels": lambda stored: stored.pop("labels"),
    "labels as a mapping": lambda stored: stored.update(labels={"no": 0, "yes": 1}),
    "labels of lists": lambda stored: stored.update(labels=[["no"], ["yes"]]),
    "null labels": lambda stored: stored.update(labels=[None, None]),
    "one label": lambda stored: stored.update(labels=["no"]),
    "labels as a number": lambda stored: stored.update(labels=2),
    "no calibrator": lambda stored: stored.update(calibrator=None),
    "an unknown calibrator": lambda stored: stored["calibrator"].update(kind="exec"),
    "no adjustment": lambda stored: stored.pop("adjustment"),
    "an adjustment in text": lambda stored: stored.update(adjustment="platt"),
    "history of words": lambda stored: stored.update(history=["before"]),
    "history as a number": lambda stored: stored.update(history=7),
    "history without its parts": lambda stored: stored.update(history=[{"until": "now"}]),
    "history of other things": lambda stored: stored.update(
        history=[{"until": 3, "policy": None, "sentence": [], "chosen_on": {}}]
    ),
    "page_is_older in text": lambda stored: stored.update(page_is_older="no"),
    "chosen_on a number": lambda stored: stored.update(chosen_on=3),
    "no decision": lambda stored: stored.update(decision={}),
    "a threshold above 1": lambda stored: stored["decision"].update(threshold=3.0),
    "three classes": lambda stored: stored["decision"].update(n_classes=3),
    "no rows": lambda stored: stored["decision"].update(confusion=[[0, 0], [0, 0]]),
    "too many rows": lambda stored: stored["decision"].update(confusion=[[1e308] * 2] * 2),
    "a count without end": lambda stored: stored["decision"].update(
        confusion=[[10**400, 5], [1, 4]]
    ),
    "the same label twice": lambda stored: stored.update(labels=["yes", "yes"]),
}


@pytest.mark.parametrize("what", ALTERED)
def test_an_altered_file_is_refused_whether_its_checksum_was_mended_or_not(what, tmp_path):
    path = tmp_path / "decision.json"
    FILES["two classes"].write(path)
    stored = json.loads(path.read_text())
    ALTERED[what](stored)
    path.write_text(json.dumps(stored))
    with pytest.raises(DamagedRun, match=r"decision\.json is (damaged|not a decision)"):
        DecisionFile.read(path)
    path.write_text(json.dumps(stored | {"sha256": _digest(stored)}))
    with pytest.raises(DamagedRun, match=r"decision\.json is (damaged|not a decision)"):
        DecisionFile.read(path)


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{", b"\xff\xfe", b'{"a": NaN}', b"3"])
def test_what_is_no_decision_at_all(content, tmp_path):
    path = tmp_path / "decision.json"
    path.write_bytes(content)
    with pytest.raises(DamagedRun, match="decision"):
        DecisionFile.read(path)
    path.unlink()
    with pytest.raises(DamagedRun, match="is missing"):
        DecisionFile.read(path)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)


@given(
    st.sampled_from(
        ["labels", "decision", "calibrator", "adjustment", "chosen_on", "history", "page_is_older"]
    ),
    JUNK,
)
def test_whatever_stands_there_it_is_a_file_or_damage(tmp_path_factory, name, junk):
    path = tmp_path_factory.getbasetemp() / "decision-junk.json"
    FILES["two classes"].write(path)
    stored = copy.deepcopy(json.loads(path.read_text()))
    stored[name] = junk
    path.write_text(json.dumps(stored | {"sha256": _digest(stored)}))
    try:
        found = DecisionFile.read(path)
    except DamagedRun:
        return
    assert found.whole.apply([[0.5, 0.5]]).shape == (1, 2)
    found.write(path)
    assert DecisionFile.read(path) == found


def test_the_decision_of_another_run_is_refused(tmp_path):
    for run, content in (("one", "1"), ("other", "2"), ("alone", None)):
        (tmp_path / run).mkdir()
        if content is not None:
            (tmp_path / run / "metrics.json").write_text(content)
        FILES["two classes"].write(tmp_path / run / "decision.json")
        assert DecisionFile.read(tmp_path / run / "decision.json") == FILES["two classes"]
    for run in ("other", "alone"):
        taken = (tmp_path / run / "decision.json").read_bytes()
        (tmp_path / "one" / "decision.json").write_bytes(taken)
        with pytest.raises(DamagedRun, match="is the decision of another run"):
            DecisionFile.read(tmp_path / "one" / "decision.json")


def test_a_file_that_holds_more_than_is_read_can_still_be_replaced(tmp_path):
    path = tmp_path / "decision.json"
    FILES["two classes"].write(path)
    stored = json.loads(path.read_text()) | {"later": 1}
    stored["decision"]["threshold"] = 1
    path.write_text(json.dumps(stored | {"sha256": _digest(stored)}))
    file = DecisionFile.read(path)
    again = file.then(DECISION, adjustment=None, chosen_on="all rows")
    assert again.replace_in(path, file)
    assert not again.replace_in(path, file), "another decision is in its place"
