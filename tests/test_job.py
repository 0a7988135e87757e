"""The whole line from Python: what goes in, what comes out, what is written, what leaks."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import average_precision_score, confusion_matrix

import evenkeel
from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.job import look

SHORT = {"quick": True, "remedies": "class-weight", "learners": "logistic", "test_size": 0.2}
N = 500


def make_table(seed=0):
    rng = np.random.default_rng(seed)
    y = rng.random(N) < 0.2
    return pl.DataFrame(
        {
            "a": rng.normal(size=N) + 1.5 * y,
            "b": rng.normal(size=N),
            "shop": rng.choice(["u", "v", "w"], N),
            "card": rng.integers(0, 120, N),
            "fee": rng.gamma(2, 50, N).round(2),
            "ts": pl.datetime_range(
                pl.datetime(2024, 1, 1), pl.datetime(2024, 12, 31), "1h", eager=True
            )[:N],
            "y": np.where(y, "yes", "no"),
        }
    )


@pytest.fixture(scope="module")
def plain():
    """One run in memory, on two columns of each kind."""
    return evenkeel.run(make_table().drop("card", "fee", "ts"), target="y", **SHORT)


@pytest.fixture(scope="module")
def rich():
    """One run with time, groups and costs by row, and remedies that add rows."""
    options = SHORT | {"remedies": ("random-over", "class-weight", "cost-weight")}
    return evenkeel.run(make_table(), target="y", time="ts", group="card",
                        cost_fn="fee", cost_fp=10, **options)  # fmt: skip


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_nothing_is_written_unless_it_is_asked_for(plain, tmp_path):
    evenkeel.run(make_table().drop("card", "fee", "ts"), target="y", **SHORT)
    assert list(tmp_path.iterdir()) == []
    assert plain.folder is None
    assert plain.files == []


def test_a_run_shows_its_table_decision_and_page(plain, tmp_path):
    assert plain.table["name"].to_list() == ["prevalence", "none", "class-weight"]
    assert plain.table.height == len(plain.facts["remedies"])
    assert plain.decision.threshold == pytest.approx(plain.facts["decision"]["threshold"])
    assert repr(plain) == "Run(chosen 'none' with 'logistic', folder None)"
    page = plain.report(tmp_path / "page.html")
    assert page.read_text().lstrip().lower().startswith("<!doctype html>")
    assert page.stat().st_size < 3 << 20


def test_the_model_is_a_classifier_whose_figures_are_those_of_the_facts(plain):
    table = make_table()
    rows = plain.tested["row"].to_numpy()
    X, y = table[rows], table["y"].to_numpy()[rows]
    proba, labels = plain.model.predict_proba(X), plain.model.predict(X)
    assert plain.model.classes_.tolist() == ["no", "yes"]
    assert np.allclose(proba.sum(axis=1), 1)
    assert np.array_equal(proba[:, 1], plain.tested["probability"].to_numpy())
    assert labels.tolist() == plain.tested["decision"].to_list()
    assert np.array_equal(labels == "yes", proba[:, 1] >= plain.decision.threshold)
    test = plain.facts["test"]
    assert test["confusion"] == confusion_matrix(y, labels, labels=["no", "yes"]).tolist()
    expected = average_precision_score(y == "yes", proba[:, 1])
    assert test["average_precision"] == pytest.approx(expected)
    assert y.tolist() == plain.tested["target"].to_list()


def test_test_rows_and_training_rows_share_nothing_and_hold_everything(plain, rich):
    for run in (plain, rich):
        train, test = set(run.oof["row"]), set(run.tested["row"])
        assert not train & test
        set_aside = run.facts["split"]["set_aside"]
        assert len(train) + len(test) + set_aside == N
        per_remedy = run.oof.group_by("remedy", "repeat").len()["len"]
        assert set(per_remedy) == {len(train)}, "every training row is scored once by each remedy"


def test_the_calibrator_and_the_threshold_never_saw_the_test_rows(plain):
    """Labels of the test rows may be anything: nothing but their figures changes."""
    table = make_table().drop("card", "fee", "ts")
    rows = plain.tested["row"].to_numpy()
    flipped = table["y"].to_list()
    for row in rows:
        flipped[row] = "no" if flipped[row] == "yes" else "yes"
    train = table.filter(~pl.int_range(N).is_in(rows.tolist()))
    test = table[rows]
    lies = test.with_columns(y=pl.Series([flipped[row] for row in rows]))
    honest = evenkeel.run(train, target="y", test=test, **SHORT)
    lied_to = evenkeel.run(train, target="y", test=lies, **SHORT)
    assert honest.decision == lied_to.decision
    assert honest.model.calibrator_ == lied_to.model.calibrator_
    assert honest.facts["remedies"] == lied_to.facts["remedies"]
    assert honest.facts["test"] != lied_to.facts["test"]
    assert honest.facts["split"]["kind"] == "file"


def test_time_groups_and_costs_reach_split_scores_and_decision(rich):
    table = make_table()
    train, test = sorted(set(rich.oof["row"])), rich.tested["row"].to_list()
    assert table["ts"][train].max() < table["ts"][test].min()
    assert not set(table["card"][train]) & set(table["card"][test])
    assert {"ts", "card", "fee", "a", "b"} <= set(rich.oof.columns)
    assert "shop" not in rich.oof.columns, "numbers, the time and the group only"
    assert rich.facts["policy"]["assumed"] is False
    assert rich.facts["test"]["cost"] > 0
    fee = table["fee"].to_numpy()[test]
    y = np.array(rich.tested["target"].to_list()) == "yes"
    alarm = np.array(rich.tested["decision"].to_list()) == "yes"
    paid = fee[y & ~alarm].sum() + 10 * np.sum(~y & alarm)
    assert rich.facts["test"]["cost"] == pytest.approx(1000 * paid / len(test))
    p = rich.tested["probability"].to_numpy()
    assert np.any(np.diff(alarm[np.argsort(p)].astype(int)) < 0), "a costly row earlier than p says"


def test_run_json_tells_what_each_remedy_added(rich):
    added = {row["name"]: row for row in rich.info["remedies"]}
    assert added["none"]["added_fit_rows"] == 0
    assert added["class-weight"]["added_fit_rows"] == 0
    assert added["random-over"]["added_fit_rows"] > 0
    assert added["random-over"]["seconds"] > 0
    assert rich.info["settings"]["cost_fn"] == "fee"
    assert set(rich.info["versions"]) >= {"evenkeel", "python", "numpy", "scikit-learn"}
    assert len(rich.info["data_hash"]) == 64
    assert len(rich.info["trials"]) == rich.facts["split"]["folds"] * 5
    json.dumps(rich.info, allow_nan=False)


@pytest.mark.parametrize("which", ["plain", "rich"])
def test_a_stored_run_comes_back_the_same(which, request, tmp_path):
    run = request.getfixturevalue(which)
    folder = run.save(tmp_path / "deep" / "run")
    again = evenkeel.Run.load(folder)
    assert again.facts == run.facts
    assert again.decision == run.decision
    assert again.schema == run.schema
    assert again.oof.equals(run.oof)
    assert again.tested.equals(run.tested)
    assert again.folder == folder
    table = make_table(seed=9)
    for X in (table, table.to_pandas(), table.select(reversed(table.columns))):
        assert np.array_equal(again.model.predict_proba(X), run.model.predict_proba(X))
        assert np.array_equal(again.model.predict(X), run.model.predict(X))
    with pytest.raises(InvalidInput, match="exists"):
        run.save(folder)
    before = (folder / "metrics.json").read_bytes()
    assert json.loads(before) == run.facts
    run.folder, run.files = None, []


def test_saving_twice_gives_the_same_bytes(plain, tmp_path):
    for name in ("one", "two"):
        plain.save(tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        if path.name not in ("model.skops", "run.json"):  # a zip holds times, and run.json its sum
            assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name
    plain.folder, plain.files = None, []


def test_the_same_seed_gives_the_same_facts_from_any_kind_of_table(plain):
    table = make_table().drop("card", "fee", "ts")
    before = table.clone()
    frames = {
        "pandas": table.to_pandas(),
        "arrow": table.to_arrow(),
        "dict": table.to_dict(as_series=False),
    }
    for kind, frame in frames.items():
        run = evenkeel.run(frame, target="y", **SHORT)
        same = {key: value for key, value in run.facts.items() if key != "data"}
        expected = {key: value for key, value in plain.facts.items() if key != "data"}
        assert same == expected, kind
    assert table.equals(before)
    assert frames["pandas"].equals(table.to_pandas()), "what was given is not changed"


def test_another_seed_is_another_split(plain):
    run = evenkeel.run(make_table().drop("card", "fee", "ts"), target="y", seed=1, **SHORT)
    assert set(run.tested["row"]) != set(plain.tested["row"])


def test_a_matrix_with_the_target_last(tmp_path):
    rng = np.random.default_rng(0)
    y = rng.random(N) < 0.2
    matrix = np.column_stack([rng.normal(size=(N, 2)) + y[:, None], y])
    matrix.flags.writeable = False
    run = evenkeel.run(matrix, target=-1, **SHORT)
    assert run.facts["data"]["positive"] == 1
    labels = run.model.predict(matrix[:, :2])
    assert set(labels) == {0, 1}
    assert labels[y].mean() > 2 * labels[~y].mean()
    named = pl.DataFrame(matrix[:, :2], schema=["column_1", "column_2"])
    assert np.array_equal(run.model.predict(named), labels)
    with pytest.raises(InvalidInput, match="columns"):
        run.model.predict(matrix)


def test_labels_may_be_mapped_and_one_set_against_the_rest():
    table = make_table().with_columns(y=pl.col("shop") + pl.col("y")).drop("card", "fee", "ts")
    mapping = {
        f"{shop}{y}": ("bad" if y == "yes" else "good") for shop in "uvw" for y in ("no", "yes")
    }
    run = evenkeel.run(table, target="y", map_target=mapping, **SHORT)
    assert run.facts["data"]["positive"] == "bad"
    run = evenkeel.run(table, target="y", positive="uyes", force=True, **SHORT)
    assert [row["label"] for row in run.facts["data"]["classes"]] == ["rest", "uyes"]


def test_scores_for_a_table_in_memory(plain, tmp_path):
    new = make_table(seed=3).to_pandas().assign(extra=1)
    notes = plain.predict_file(new, tmp_path / "scored.parquet")
    assert any("extra" in note for note in notes)
    scored = pl.read_parquet(tmp_path / "scored.parquet")
    assert scored.columns == [*new.columns, "probability", "decision"]
    assert scored["decision"].to_list() == plain.model.predict(new).tolist()


def test_looking_fits_nothing_and_needs_no_learner(monkeypatch):
    monkeypatch.setattr("evenkeel.job.run_race", None)
    facts = look(make_table(), target="y", time="ts", drop="card")
    assert set(facts) == {"schema", "version", "data", "advice", "audit"}
    json.dumps(facts, allow_nan=False)


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"target": "yy"}, InvalidInput, "Did you mean 'y'|The columns are"),
        ({"target": "y", "remedy": "smote"}, InvalidInput, "Did you mean 'remedies'"),
        ({"target": "y", "learners": LookupError}, InvalidType, "must be a list of names"),
        ({"target": "y", "remedies": [object()]}, InvalidType, "or of objects that have treat"),
        ({"target": "y", "test": pl.DataFrame({"q": [1]})}, InvalidInput, "lacks"),
        ({"target": "y", "resume": True}, InvalidInput, "name it with --out"),
    ],
    ids=["target", "option", "learner", "remedy", "test", "resume"],
)  # fmt: skip
def test_what_python_may_get_wrong(options, error, says, tmp_path):
    with pytest.raises(error, match=says):
        evenkeel.run(make_table(), **options)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InvalidType, match="must be a path, a data frame"):
        evenkeel.run(3, target="y")


def test_progress_is_told_and_an_out_folder_is_kept(tmp_path):
    steps = []
    run = evenkeel.run(make_table().drop("card", "fee", "ts"), target="y", out=Path("runs/a"),
                       progress=lambda *step: steps.append(step), **SHORT)  # fmt: skip
    assert run.folder == Path("runs/a")
    assert [done for done, _, _ in steps] == list(range(len(steps)))
    assert steps[-1][0] == steps[-1][1]
    assert sorted(run.files) == sorted(str(path) for path in Path("runs/a").iterdir())
