"""A run directory that lost, altered or gained something: refused with a reason, never executed."""

import hashlib
import io
import json
import os
import pickle
import shutil
import zipfile
from pathlib import Path

import pytest

import evenkeel
from evenkeel.errors import DamagedRun
from evenkeel.store import NEEDED

READ_BY_REPORT = {"decision.json", "metrics.json", "predictions_test.parquet"}


def rewrite(path, change):
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def forge_decision(path, change):
    """Alter the decision, and the checksum that it holds of itself."""
    stored = json.loads(path.read_text())
    change(stored)
    content = {name: value for name, value in stored.items() if name != "sha256"}
    text = json.dumps(content, sort_keys=True)
    path.write_text(json.dumps(content | {"sha256": hashlib.sha256(text.encode()).hexdigest()}))


def forge(path, content):
    """Alter a file, and its checksums with it: an attacker can do both."""
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    rewrite(path.parent / "run.json", lambda run: run["files"].update({path.name: digest}))
    if path.name == "metrics.json":
        forge_decision(path.with_name("decision.json"), lambda stored: stored.update(of=digest))


def predict(refused):
    return refused("predict", "done", "tx.csv", "-o", "scored.csv")


@pytest.mark.parametrize("name", sorted(NEEDED - READ_BY_REPORT))
def test_what_only_predict_reads_is_missed_by_predict_alone(refused, cli, done, name):
    (done / name).unlink()
    assert f"{name} is missing" in predict(refused)
    assert cli("report", "done").code == 0


@pytest.mark.parametrize("name", sorted(READ_BY_REPORT))
def test_a_file_that_is_gone(refused, done, name):
    (done / name).unlink()
    assert f"{name} is missing" in predict(refused)
    assert f"{name} is missing" in refused("report", "done")
    assert f"{name} is missing" in refused("decide", "done", "--metric", "f2")


@pytest.mark.parametrize("name", sorted(NEEDED - {"decision.json"}))
def test_a_file_that_is_not_what_the_run_wrote(refused, done, name):
    with (done / name).open("ab") as file:
        file.write(b" ")
    assert f"{name} is not what the run wrote" in predict(refused)


def test_run_json_decides_whether_it_is_a_run(refused, done):
    run = done / "run.json"
    whole = run.read_text()
    run.write_text(whole[: len(whole) // 2])
    assert "run.json cannot be read as JSON" in predict(refused)
    run.write_text("[]")
    assert "is not the description of an evenkeel run" in predict(refused)
    run.write_text(whole.replace('"done"', '"running"'))
    assert "done is not finished. Go on with it by --resume --out done" in predict(refused)
    run.write_text(whole)
    rewrite(run, lambda found: found.update(files={}))
    assert "does not list the files of the run" in predict(refused)
    run.write_text(whole)
    rewrite(run, lambda found: found["schema"].pop("kinds"))
    assert "schema of the model is damaged" in predict(refused)
    run.unlink()
    assert "is not a finished run: run.json is missing" in predict(refused)


@pytest.mark.parametrize("name", ["../tx.csv", "/etc/hostname", "journal/../tx.csv", ".."])
def test_names_that_lead_out_of_the_run_are_not_followed(refused, done, name):
    rewrite(done / "run.json", lambda run: run["files"].update({name: "0" * 64}))
    assert "which is no file of the run" in predict(refused)


@pytest.mark.parametrize("name", [*sorted(NEEDED), "run.json", "report.html"])
def test_links_are_not_followed(refused, done, name):
    (done / name).replace(f"elsewhere-{name}")
    (done / name).symlink_to(Path(f"elsewhere-{name}").absolute())
    assert "is a link" in predict(refused)


def test_a_pipe_in_place_of_a_file_does_not_hang(refused, done):
    (done / "run.json").unlink()
    os.mkfifo(done / "run.json")
    with pytest.raises(DamagedRun, match=r"run\.json is missing"):
        evenkeel.Run.load(done)


DECISIONS = {
    "no JSON": lambda stored: None,
    "no decision": lambda stored: stored.clear(),
    "another format": lambda stored: stored.update(format="evenkeel.decision/9"),
    "no labels": lambda stored: stored.pop("labels"),
    "labels that are no labels": lambda stored: stored.update(labels=[["no"], {"yes": 1}]),
    "one label too many": lambda stored: stored["labels"].append("maybe"),
    "threshold above 1": lambda stored: stored["decision"].update(threshold=7.0),
    "threshold that is text": lambda stored: stored["decision"].update(threshold="0.5"),
    "threshold that is no number": lambda stored: stored["decision"].update(threshold=float("nan")),
    "no policy": lambda stored: stored["decision"].pop("policy"),
    "policy of another kind": lambda stored: stored["decision"].update(policy=["f1"]),
    "slope below 0": lambda stored: stored["calibrator"].update(slope=-1.0),
    "calibrator of three classes": lambda stored: stored["calibrator"].update(
        intercepts=[0, 0, 0], floors=[0.1, 0.1, 0.1]
    ),
}


@pytest.mark.parametrize("what", DECISIONS)
def test_a_decision_that_is_garbage(refused, done, what):
    path = done / "decision.json"
    whole = path.read_text()
    rewrite(path, DECISIONS[what])
    if what in {"no decision", "another format"}:
        assert "decision.json is not a decision of evenkeel in the form" in predict(refused)
    elif what != "no JSON":
        assert "decision.json is damaged: it is not what evenkeel wrote" in predict(refused)
    path.write_text(whole)
    forge_decision(path, DECISIONS[what])
    if what == "no JSON":
        path.write_bytes(b"\x00\xff{")
    for said in (
        predict(refused),
        refused("report", "done"),
        refused("decide", "done", "--metric", "f2"),
        refused("evaluate", "done", "tx.csv"),
    ):
        assert (
            "decision.json is damaged" in said
            or "decision.json cannot be read" in said
            or "decision.json is not a decision of evenkeel" in said
        )


def test_facts_and_scores_that_are_garbage_in_spite_of_a_right_checksum(refused, done):
    whole = (done / "metrics.json").read_bytes()
    forge(done / "metrics.json", b"[1, 2]")
    assert "does not hold the facts" in refused("report", "done")
    assert "does not hold the facts" in predict(refused)
    forge(done / "metrics.json", whole)
    forge(done / "predictions_oof.parquet", b"PAR1 and nothing")
    assert "predictions_oof.parquet cannot be read as Parquet" in predict(refused)
    again = ("decide", "done", "--metric", "f2")
    assert "predictions_oof.parquet is not what a run writes" in refused(*again)
    forge(done / "predictions_test.parquet", b"PAR1 and nothing")
    assert "predictions_test.parquet is not what a run writes" in refused(*again)


FACTS = {
    "no classes": lambda facts: facts["data"].pop("classes"),
    "one class": lambda facts: facts["data"]["classes"].pop(),
    "classes without labels": lambda facts: facts["data"]["classes"][0].pop("label"),
    "no data": lambda facts: facts.pop("data"),
    "no choice": lambda facts: facts.pop("chosen"),
    "another choice": lambda facts: facts["chosen"].update(remedy="smote"),
    "rows in words": lambda facts: facts["data"].update(rows="many"),
    "no split": lambda facts: facts.update(split=[]),
    "no figures": lambda facts: facts.pop("test"),
    "another schema": lambda facts: facts.update(schema="facts/1"),
}


@pytest.mark.parametrize("what", FACTS)
def test_facts_that_lost_what_a_decision_reads(refused, done, what):
    facts = json.loads((done / "metrics.json").read_text())
    FACTS[what](facts)
    forge(done / "metrics.json", json.dumps(facts).encode())
    said = refused("decide", "done", "--metric", "f2")
    other = "does not hold whole repeats of the chosen remedy"
    assert (other if what == "another choice" else "does not hold the facts") in said


class Opens:
    """Unpickling it would make a file."""

    def __reduce__(self):
        return (Path.touch, (Path("executed"),))


def test_a_pickle_in_place_of_the_model_is_never_executed(refused, done):
    forge(done / "model.skops", pickle.dumps(Opens()))
    assert "model.skops cannot be read as a skops file" in predict(refused)
    assert not Path("executed").exists()


def test_a_model_with_a_foreign_type_is_refused_unread(refused, done, monkeypatch):
    """The type lives in a module whose import alone would leave a trace."""
    Path("hostile.py").write_text("from pathlib import Path\nPath('executed').touch()\n")
    monkeypatch.syspath_prepend(".")
    buffer = io.BytesIO()
    with zipfile.ZipFile(done / "model.skops") as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "schema.json":
                schema = json.loads(content)
                schema |= {"__class__": "Trap", "__module__": "hostile"}
                content = json.dumps(schema).encode()
            new.writestr(name, content)
    forge(done / "model.skops", buffer.getvalue())
    said = predict(refused)
    assert "holds types that are not allowed (hostile.Trap): nothing in it was loaded" in said
    assert not Path("executed").exists()


def test_a_model_that_would_fill_the_memory_is_not_opened(refused, done):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr("schema.json", bytes(100 << 20))
    forge(done / "model.skops", buffer.getvalue())
    assert "nothing in it was loaded" in predict(refused)


def test_folders_that_are_no_run(refused, payments):
    payments().write_csv("tx.csv")
    Path("empty").mkdir()
    assert "nowhere is not a folder" in refused("predict", "nowhere", "tx.csv", "-o", "s.csv")
    assert "tx.csv is not a folder" in refused("predict", "tx.csv", "tx.csv", "-o", "s.csv")
    assert "run.json is missing" in refused("predict", "empty", "tx.csv", "-o", "s.csv")
    assert "nowhere is not a folder" in refused("report", "nowhere")


def test_the_page_comes_back_when_it_was_lost(cli, done):
    page = (done / "report.html").read_bytes()
    (done / "report.html").unlink()
    (done / "MODEL_CARD.md").unlink()
    assert cli("predict", "done", "tx.csv", "-o", "s.csv").code == 0
    answer = cli("report", "done")
    assert answer == (0, "Wrote done/report.html\n", "")
    assert (done / "report.html").read_bytes() == page


def test_a_copied_run_is_whole(cli, done):
    shutil.move("done", "moved [1]")
    assert cli("predict", "moved [1]", "tx.csv", "-o", "s.csv").code == 0
    assert Path("s.csv").exists()


def test_a_run_of_other_versions_says_so(cli, refused, done, monkeypatch):
    rewrite(done / "run.json", lambda run: run["versions"].update({"scikit-learn": "1.2.3"}))
    answer = cli("predict", "done", "tx.csv", "-o", "s.csv")
    assert answer.code == 0, "what can be read is read"
    assert "it was made with scikit-learn 1.2.3 (here " in answer.err
    with monkeypatch.context() as patched:

        def changed(*args):
            raise AttributeError("'Tree' object has no attribute 'missing'")

        patched.setattr("evenkeel.finished.DecidedClassifier.predict_proba", changed)
        answer = cli("predict", "done", "tx.csv", "-o", "other.csv")
        assert answer.code == 2
        assert "cannot be used: it was made with scikit-learn 1.2.3" in answer.err
        assert not Path("other.csv").exists()
    forge(done / "model.skops", b"PK no zip")
    assert "Note that it was made with scikit-learn 1.2.3" in predict(refused)
