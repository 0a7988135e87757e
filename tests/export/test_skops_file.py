"""Model files: what we write comes back the same, and nothing else is let in."""

import io
import json
import pickle
import warnings
import zipfile

import numpy as np
import polars as pl
import pytest
import skops.io
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

from evenkeel.catalogue import CATALOGUE, find_remedy
from evenkeel.errors import CannotWrite, DamagedRun, DoesNotApply, EvenkeelWarning, InvalidInput
from evenkeel.export import load_model, save_model
from evenkeel.export.skops_file import ALLOWED
from evenkeel.learners import LEARNERS, make_learner
from evenkeel.wrappers import bare


class Foreign(ClassifierMixin, BaseEstimator):
    """A type of somebody else; being made leaves a trace."""

    made = 0

    def __new__(cls, *args, **kwargs):
        cls.made += 1
        return super().__new__(cls)

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.ones((len(X), 2)) / 2


@pytest.fixture(autouse=True)
def one_thread():
    """More threads than cores make histogram boosting wait for itself."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def rows():
    """Every kind of column that the learners take."""
    rng = np.random.default_rng(0)
    n = 240
    y = rng.integers(0, 2, n)
    words = np.array(["late", "card", "shop", "refund", "blue", "night"])
    X = pl.DataFrame(
        {
            "number": np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n) + y),
            "whole": rng.integers(0, 9, n),
            "flag": rng.random(n) < 0.3,
            "few": rng.choice(["a", "b", "c"], n),
            "text": [" ".join(rng.choice(words, 4)) + f" {i}" for i in range(n)],
            "day": pl.Series(rng.integers(0, 10**9, n) * 10**6).cast(pl.Datetime("us")),
            "gap": pl.Series(rng.integers(0, 10**9, n)).cast(pl.Duration("us")),
            "empty": pl.Series([None] * n, dtype=pl.Float64),
        }
    )
    return X, y


@pytest.fixture(scope="module")
def mixed():
    """Numbers with gaps and categories; a rare class of 24 rows."""
    rng = np.random.default_rng(1)
    y = (np.arange(240) % 10 == 0).astype(int)
    a = np.where(rng.random(240) < 0.1, np.nan, rng.normal(size=240) + 2 * y)
    few = rng.choice(["a", "b", "c"], 240)
    return pl.DataFrame({"a": a, "b": rng.normal(size=240) + y, "few": few}), y


@pytest.mark.parametrize("name", LEARNERS)
def test_every_learner_comes_back_and_predicts_the_same_bits(tmp_path, rows, name):
    X, y = rows
    model = make_learner(name).fit(X, y)
    save_model(model, tmp_path / "model.skops")
    again = load_model(tmp_path / "model.skops")
    assert np.array_equal(again.predict_proba(X), model.predict_proba(X))
    assert np.array_equal(again.predict_proba(X[:7]), model.predict_proba(X[:7]))
    assert np.array_equal(again.classes_, model.classes_)


LEARNING = [name for name, row in CATALOGUE.items() if row.changes == "learner"]
NETWORKS = [name for name, row in CATALOGUE.items() if row.changes in ("loss", "batches")]


@pytest.mark.parametrize("learner", ["lightgbm", "logistic"])
@pytest.mark.parametrize("spec", [name for name in CATALOGUE if name not in ("smote-n", *NETWORKS)])
def test_the_model_of_every_remedy_comes_back_and_predicts_the_same_bits(
    tmp_path, mixed, spec, learner
):
    X, y = mixed
    row = find_remedy(spec)
    if learner == "logistic" and spec not in LEARNING:
        pytest.skip("below every other remedy lies the learner itself")
    base = make_learner(learner)
    if learner == "lightgbm":
        base.set_params(model__n_estimators=5)
    treated = row.treat(base, seed=1, costs={"cost_fn": 9.0, "cost_fp": 1.0})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EvenkeelWarning)
        try:
            treated.fit(X, y)
        except DoesNotApply:  # it measures distances, and there are none between words
            X = X.drop("few")
            treated.fit(X, y)
    save_model(bare(treated), tmp_path / "model.skops")
    again = load_model(tmp_path / "model.skops")
    assert np.array_equal(again.predict_proba(X), treated.predict_proba(X))


@pytest.mark.parametrize("spec", LEARNING)
def test_knobs_of_ensembles_can_be_saved_too(tmp_path, mixed, spec):
    X, y = mixed
    knobs = ",".join(f"{name}={knob.search[0]:g}" for name, knob in find_remedy(spec).knobs.items()
                     if knob.search)  # fmt: skip
    named = f"{spec}({knobs})" if knobs else spec
    treated = find_remedy(named).treat(make_learner("logistic"), seed=1).fit(X, y)
    save_model(bare(treated), tmp_path / "model.skops")
    again = load_model(tmp_path / "model.skops")
    assert np.array_equal(again.predict_proba(X), treated.predict_proba(X))


@pytest.mark.parametrize("spec", ["under-bagging", "self-paced", "clustered", "balanced-forest"])
def test_no_row_of_the_training_table_is_in_the_file(tmp_path, spec):
    rng = np.random.default_rng(0)
    sizes = []
    for n in (4000, 16_000):
        X, y = np.round(rng.normal(size=(n, 2))), np.arange(n) < 40
        X[y] += 1
        limited = DecisionTreeClassifier(max_leaf_nodes=4, random_state=0)
        treated = find_remedy(f"{spec}(members=4)").treat(limited, seed=1).fit(X, y)
        save_model(bare(treated), tmp_path / "model.skops")
        sizes.append((tmp_path / "model.skops").stat().st_size)
    assert sizes[1] < sizes[0] + 8000, "12,000 rows more, of which none is written"


@pytest.mark.parametrize("name", ["lightgbm", "hist", "forest"])
def test_three_classes_come_back_too(tmp_path, rows, name):
    X, _ = rows
    y = np.arange(len(X)) % 3
    model = make_learner(name).fit(X, y)
    save_model(model, tmp_path / "model.skops")
    assert np.array_equal(
        load_model(tmp_path / "model.skops").predict_proba(X), model.predict_proba(X)
    )


def test_a_foreign_type_is_neither_written_nor_read_nor_made(tmp_path):
    model = Foreign().fit(None, [0, 1])
    with pytest.raises(InvalidInput, match=r"must be made of allowed types. Got .*Foreign"):
        save_model(model, tmp_path / "model.skops")
    assert not (tmp_path / "model.skops").exists()
    skops.io.dump(model, tmp_path / "model.skops")
    before = Foreign.made
    with pytest.raises(DamagedRun, match=r"not allowed \(.*Foreign\): nothing in it was loaded"):
        load_model(tmp_path / "model.skops")
    assert Foreign.made == before


@pytest.mark.parametrize("where", ["model", "parameter", "deep"])
def test_a_foreign_type_is_found_wherever_it_hides(tmp_path, where):
    inside = Foreign()
    hiding = {
        "model": inside,
        "parameter": LogisticRegression(penalty=inside),
        "deep": DummyClassifier(constant=[{"a": [inside]}]),
    }[where]
    skops.io.dump(hiding, tmp_path / "model.skops")
    before = Foreign.made
    with pytest.raises(DamagedRun, match="not allowed"):
        load_model(tmp_path / "model.skops")
    assert Foreign.made == before


@pytest.mark.parametrize(
    "trap", ["os.system", "builtins.eval", "subprocess.Popen", "pathlib.Path", "operator.methodcaller"]
)  # fmt: skip
def test_functions_that_act_are_refused(tmp_path, trap):
    module, name = trap.rsplit(".", 1)
    skops.io.dump(DummyClassifier(), tmp_path / "model.skops")
    content = {}
    with zipfile.ZipFile(tmp_path / "model.skops") as archive:
        for part in archive.namelist():
            content[part] = archive.read(part)
    schema = json.loads(content["schema.json"])
    text = {"__class__": name, "__module__": module, "__loader__": "FunctionNode", "__id__": 9}
    schema["content"]["content"]["strategy"] = text
    content["schema.json"] = json.dumps(schema).encode()
    with zipfile.ZipFile(tmp_path / "model.skops", "w") as archive:
        for part, data in content.items():
            archive.writestr(part, data)
    with pytest.raises(DamagedRun, match=f"not allowed \\({trap}\\)"):
        load_model(tmp_path / "model.skops")


def test_a_list_of_allowed_types_names_no_open_door():
    modules = {name.split(".")[0] for name in ALLOWED}
    assert modules == {
        "collections",
        "evenkeel",
        "functools",
        "lightgbm",
        "numpy",
        "sklearn",
        "skrub",
    }
    assert not {"builtins.eval", "builtins.exec", "os.system", "operator.methodcaller"} & ALLOWED


def test_what_is_no_classifier(tmp_path):
    for thing in ({"a": 1}, np.zeros(3), DummyClassifier()):
        skops.io.dump(thing, tmp_path / "model.skops")
        with pytest.raises(DamagedRun, match="holds no fitted classifier"):
            load_model(tmp_path / "model.skops")


def packed(parts, **options):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


BROKEN = {
    "empty": b"",
    "no zip": b"not a zip",
    "a pickle": pickle.dumps({"a": 1}),
    "an empty zip": packed({}),
    "no schema": packed({"other.json": b"{}"}),
    "a schema that is no JSON": packed({"schema.json": b"{"}),
    "a schema of nothing": packed({"schema.json": b"{}"}),
    "a schema that is a list": packed({"schema.json": b"[]"}),
    "a schema without end": packed({"schema.json": b"[" * 200_000}),
    "an unknown loader": packed(
        {"schema.json": b'{"__class__": "dict", "__module__": "builtins", "__loader__": "X", '
                        b'"protocol": 1, "_skops_version": "0"}'}
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_files_that_are_broken(tmp_path, what):
    (tmp_path / "model.skops").write_bytes(BROKEN[what])
    with pytest.raises(DamagedRun, match=r"model\.skops"):
        load_model(tmp_path / "model.skops")


def test_a_file_that_is_cut_or_flipped_somewhere(tmp_path):
    path = tmp_path / "model.skops"
    save_model(DummyClassifier().fit([[0]] * 4, [0, 1, 1, 1]), path)
    whole = path.read_bytes()
    for cut in range(0, len(whole), 97):
        path.write_bytes(whole[:cut])
        with pytest.raises(DamagedRun):
            load_model(path)
    (tmp_path / "model.skops").unlink()
    with pytest.raises(DamagedRun, match="No such file"):
        load_model(path)


def test_bombs_are_not_opened(tmp_path):
    path = tmp_path / "model.skops"
    bomb = packed({"schema.json": bytes(80 << 20)}, compression=zipfile.ZIP_DEFLATED)
    assert len(bomb) < 1 << 20
    path.write_bytes(bomb)
    with pytest.raises(DamagedRun, match=r"unfolds from [\d,]+ to more than 67,108,864 bytes"):
        load_model(path)
    many = packed({f"{i}.npy": bytes(10 << 20) for i in range(8)}, compression=zipfile.ZIP_DEFLATED)
    path.write_bytes(many)
    with pytest.raises(DamagedRun, match="unfolds from"):
        load_model(path)
    lying = bomb.replace((80 << 20).to_bytes(4, "little"), (9).to_bytes(4, "little"))
    assert lying != bomb
    path.write_bytes(lying)
    with pytest.raises(DamagedRun, match="cannot be read as a skops file"):
        load_model(path)


def test_a_folder_that_refuses(tmp_path):
    with pytest.raises(CannotWrite):
        save_model(DummyClassifier().fit([[0]], [0]), tmp_path / "none" / "model.skops")
