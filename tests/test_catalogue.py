"""A contract over every row of the catalogue, and over combinations of rows."""

import contextlib
import re
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from lightgbm import LGBMClassifier
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier

from evenkeel import compare
from evenkeel.catalogue import CATALOGUE, SHORTLIST, SIMPLE, find_remedies, find_remedy
from evenkeel.errors import DoesNotApply, EvenkeelWarning, InvalidInput, InvalidType
from evenkeel.remedy import CHANGES, _load
from evenkeel.wrappers import bare

COMBINED = (SHORTLIST[-1], "smote(k=3)+class-weight-sqrt", "random-over(ratio=0.5)+cost-weight",
            "smote(ratio=0.3)+random-under")  # fmt: skip
LEARNERS = [name for name, row in CATALOGUE.items() if row.changes == "learner"]
NETWORKS = [name for name, row in CATALOGUE.items() if row.changes in ("loss", "batches")]
EVERY = [
    name for name in (*CATALOGUE, *COMBINED) if name not in ("smote-nc", *LEARNERS, *NETWORKS)
]  # it wants categories, and these want a network: tests/nn/test_torch_remedies.py
COSTS = {"cost_fn": 30.0, "cost_fp": 2.0}


class Seen(ClassifierMixin, BaseEstimator):
    """Remembers what it was fitted on."""

    def fit(self, X, y, sample_weight=None):
        self.X_, self.y_, self.weight_ = X, np.asarray(y), sample_weight
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.ones((len(X), len(self.classes_))) / len(self.classes_)


def tree(**more):
    """A learner whose splits do not depend on the order of rows of one value."""
    return DecisionTreeClassifier(**({"max_depth": 4, "random_state": 0} | more))


@contextlib.contextmanager
def may_refuse():
    """A remedy may say that it does not apply."""
    with warnings.catch_warnings(), contextlib.suppress(DoesNotApply):
        warnings.filterwarnings("ignore", "No row of class . is in danger", EvenkeelWarning)
        warnings.filterwarnings("ignore", ".* leaves no row of class", EvenkeelWarning)
        yield


@pytest.fixture
def rare():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [270, 30])
    return rng.normal(size=(300, 4)) + y[:, None], y


def fitted_on(spec, X, y, seed=0):
    return bare(find_remedy(spec).treat(Seen(), seed=seed, costs=COSTS).fit(X, y))


def as_numbers(X):
    return X.to_numpy() if hasattr(X, "to_numpy") else np.asarray(X)


@pytest.mark.parametrize("spec", [*EVERY, *LEARNERS])
def test_the_same_seed_gives_the_same_model_bit_by_bit(rare, spec):
    X, y = rare
    models = [
        find_remedy(spec).treat(LogisticRegression(), seed=4, costs=COSTS).fit(X, y)
        for _ in range(2)
    ]
    assert np.array_equal(models[0].predict_proba(X), models[1].predict_proba(X))
    if spec in LEARNERS:
        other = find_remedy(spec).treat(LogisticRegression(), seed=5).fit(X, y)
        assert not np.array_equal(other.predict_proba(X), models[0].predict_proba(X))
    elif re.match("random|smote", spec):
        other = fitted_on(spec, X, y, seed=6)
        assert not np.array_equal(other.X_, fitted_on(spec, X, y, seed=4).X_), "the seed is used"


@pytest.mark.parametrize("spec", [*EVERY, *LEARNERS])
def test_input_may_be_read_only_and_is_not_changed(rare, spec):
    X, y = rare
    base = LogisticRegression()
    before = X.copy(), y.copy()
    X.flags.writeable = y.flags.writeable = False
    treated = find_remedy(spec).treat(base, seed=0, costs=COSTS)
    clone(treated).fit(X, y)
    assert np.array_equal(X, before[0])
    assert np.array_equal(y, before[1])
    assert not hasattr(base, "coef_"), "the estimator given is left as it was"
    frame = pd.DataFrame(X.copy(), columns=list("abcd"), index=np.arange(300)[::-1])
    kept = frame.copy(deep=True)
    clone(treated).fit(frame, pd.Series(y.copy(), index=frame.index))
    pd.testing.assert_frame_equal(frame, kept)


@pytest.mark.parametrize("spec", EVERY)
@pytest.mark.parametrize("kind", ["pandas", "polars", "float32"])
def test_a_frame_stays_a_frame_with_its_columns(rare, spec, kind):
    X, y = rare
    given = {
        "pandas": lambda: pd.DataFrame(X, columns=list("abcd")),
        "polars": lambda: pl.DataFrame(X, schema=list("abcd")),
        "float32": lambda: X.astype(np.float32),
    }[kind]()
    seen = fitted_on(spec, given, y)
    assert type(seen.X_) is type(given)
    if kind == "float32":
        assert seen.X_.dtype == np.float32
    else:
        assert list(seen.X_.columns) == list("abcd")
        expected = fitted_on(spec, X, y)
        assert np.allclose(as_numbers(seen.X_), expected.X_)
        assert np.array_equal(seen.y_, expected.y_)
    assert len(seen.X_) == len(seen.y_)


@pytest.mark.parametrize("spec", EVERY)
@pytest.mark.parametrize(
    "names",
    [("no", "yes"), (-1, 1), (False, True), (10.0, 20.0)],
    ids=lambda n: type(n[0]).__name__,
)
def test_the_names_of_the_labels_do_not_matter(rare, spec, names):
    X, y = rare
    plain = fitted_on(spec, X, y)
    named = fitted_on(spec, X, np.asarray(names)[y])
    assert np.array_equal(named.X_, plain.X_)
    assert np.array_equal(named.y_, np.asarray(names)[plain.y_])
    assert (named.weight_ is None) == (plain.weight_ is None)
    if plain.weight_ is not None:
        assert np.array_equal(named.weight_, plain.weight_)


@pytest.mark.parametrize("spec", EVERY)
def test_repeated_rows_are_no_special_case(rare, spec):
    X, y = rare
    with may_refuse():
        seen = fitted_on(spec, np.repeat(X[::3], 3, axis=0), np.repeat(y[::3], 3))
        assert np.isfinite(seen.X_).all()
        assert set(seen.y_) == {0, 1} or spec in ("one-sided-selection", "smote-enn"), "they warn"
    with may_refuse():
        same = fitted_on(spec, np.zeros((300, 2)), y)
        assert np.all(same.X_ == 0) or spec == "gaussian-noise"


@pytest.mark.parametrize("spec", EVERY)
def test_a_class_with_one_row_is_never_dropped_silently(rare, spec):
    X, _ = rare
    y = np.repeat([0, 1, 2], [200, 99, 1])
    if "cost-weight" in spec:
        y = np.repeat([0, 1], [299, 1])
    with warnings.catch_warnings(record=True) as told, may_refuse():
        warnings.simplefilter("always", EvenkeelWarning)
        seen = fitted_on(spec, X, y)
        if "smote" in spec:
            assert any("class 2" in str(warning.message).lower() for warning in told)
        assert set(seen.y_) == set(y)
        assert (seen.X_[seen.y_ == y[-1]] == X[-1]).all(), "made of the row itself, if of anything"


@pytest.mark.parametrize("spec", EVERY)
def test_weights_are_positive_and_have_mean_1(rare, spec):
    seen = fitted_on(spec, *rare)
    if "weight" in spec or spec == "effective-number":
        assert seen.weight_.shape == seen.y_.shape
        assert np.all(seen.weight_ > 0)
        assert seen.weight_.mean() == pytest.approx(1)
        if len(set(np.bincount(seen.y_))) > 1:
            assert seen.weight_[seen.y_ == 1][0] > seen.weight_[seen.y_ == 0][0]
    else:
        assert seen.weight_ is None


@pytest.mark.parametrize("spec", EVERY)
def test_what_changes_is_what_the_row_says(rare, spec):
    X, y = rare
    remedy, seen = find_remedy(spec), fitted_on(spec, X, y)
    same_rows = seen.X_.shape == X.shape and np.array_equal(seen.X_, X)
    assert same_rows != ("rows" in remedy.changes)
    assert (seen.weight_ is None) != ("weights" in remedy.changes)


def test_cleaning_goes_with_an_ensemble(rare):
    X, y = rare
    cleaned = find_remedy("tomek-links+under-bagging").treat(tree(), seed=1).fit(X, y)
    assert cleaned.n_rows_ < len(X)
    assert len(bare(cleaned).estimators_) == 10


def test_costs_reach_the_weights_and_only_where_they_are_asked_for(rare):
    weight = fitted_on("cost-weight", *rare).weight_
    assert weight[-1] / weight[0] == pytest.approx(15)
    after = fitted_on("random-over(ratio=0.5)+cost-weight", *rare)
    rate = after.weight_[after.y_ == 1][0] / after.weight_[after.y_ == 0][0]
    assert rate == pytest.approx(15), "row costs do not depend on how many rows there are"


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_row_is_complete(name):
    row = CATALOGUE[name]
    assert row.name == name
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
    assert row.changes in CHANGES
    assert row.doc.endswith(".")
    assert "\n" not in row.doc
    assert re.search(r"(19|20)\d\d", row.source), "a paper and its year"
    assert row.target == "" or _load(row.target).__name__ == row.class_name
    assert find_remedy(name) is row
    for knob, about in row.knobs.items():
        middle = (about.low + min(about.high, about.low + 10)) / 2
        middle = round(middle) if about.whole else middle
        found = find_remedy(f"{name}({knob}={middle:g})")
        assert found.name == f"{name}({knob}={middle:g})"
        assert find_remedy(found.name) == found, "its name in a report can be asked for again"
        with pytest.raises(InvalidInput, match=f"{knob} of {name}"):
            find_remedy(f"{name}({knob}={about.high + 1:g})")


@pytest.mark.parametrize("spec", LEARNERS)
@pytest.mark.parametrize("kind", ["pandas", "polars", "named"])
def test_ensembles_are_the_same_on_frames_and_with_labels_of_any_name(rare, spec, kind):
    X, y = rare
    labels = np.array(["no", "yes"])[y] if kind == "named" else y
    table = {
        "pandas": lambda: pd.DataFrame(X, columns=list("abcd")),
        "polars": lambda: pl.DataFrame(X, schema=list("abcd")),
        "named": lambda: X,
    }[kind]()
    plain = find_remedy(spec).treat(tree(), seed=1).fit(X, y)
    other = find_remedy(spec).treat(tree(), seed=1).fit(table, labels)
    assert other.classes_.tolist() == np.unique(labels).tolist()
    assert np.array_equal(other.predict_proba(table), plain.predict_proba(X))


@pytest.mark.parametrize("spec", [name for name in LEARNERS if name != "isolation-forest"])
def test_ensembles_take_what_columns_give_lightgbm(rare, spec):
    X, y = rare
    frame = pd.DataFrame(X, columns=list("abcd"))
    frame.iloc[::7, 0] = np.nan
    frame["b"] = pd.cut(X[:, 1], [-9, -1, 0, 1, 9], labels=list("wxyz"))
    frame.loc[::11, "b"] = None
    model = find_remedy(spec).treat(LGBMClassifier(n_estimators=5, verbose=-1, n_jobs=1), seed=1)
    if spec == "smoteboost":
        with pytest.raises(DoesNotApply, match="smoteboost does not apply to columns that hold no"):
            model.fit(frame, y)
        frame = frame.drop(columns="b")
    proba = model.fit(frame, y).predict_proba(frame)
    assert np.isfinite(proba).all()
    assert roc_auc_score(y, proba[:, 1]) > 0.8


@pytest.mark.parametrize("spec", [name for name in LEARNERS if name != "isolation-forest"])
def test_ensembles_keep_a_class_with_one_row_and_rows_that_repeat(rare, spec):
    X, _ = rare
    y = np.repeat([0, 1, 2], [200, 99, 1])
    treated = find_remedy(spec).treat(tree(), seed=1)
    if spec == "clustered":
        with pytest.raises(InvalidInput, match="single row"):
            treated.fit(X, y)
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", EvenkeelWarning)
            proba = treated.fit(X, y).predict_proba(X)
        assert proba.shape == (300, 3)
        assert proba[-1, 2] > 0
    same = (
        find_remedy(spec)
        .treat(tree(), seed=1)
        .fit(np.zeros((300, 2)), np.repeat([0, 1], [270, 30]))
    )
    assert np.allclose(same.predict_proba(np.zeros((1, 2)))[0, 1], 0.1, atol=0.02)


@pytest.mark.parametrize("spec", LEARNERS)
def test_members_are_the_learner_or_the_remedy_says_that_it_brings_its_own(rare, spec):
    row = CATALOGUE[spec]
    model = bare(row.treat(tree(max_leaf_nodes=7), seed=1).fit(*rare))
    if row.own_learner:
        assert isinstance(model, Pipeline)
        return
    assert {one.get_params()["max_leaf_nodes"] for one in model.estimators_} == {7}
    few = find_remedy(f"{spec}(members=3)").treat(tree(), seed=1).fit(*rare)
    assert len(few.estimators_) == 3


def test_lists_are_whole_and_without_repeats():
    assert set(SIMPLE) <= set(SHORTLIST)
    assert SHORTLIST[0] == "none"
    for spec in SHORTLIST:
        find_remedy(spec)
    everything = find_remedies("all")
    assert set(CATALOGUE) <= set(everything)
    assert len(everything) == len(set(everything))
    assert find_remedies("smote,smote,none") == ["none", "smote"]
    assert find_remedies("smote(k=3), smote(k=5)") == ["none", "smote(k=3)", "smote(k=5)"]


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("", "must be written name"),
        ("SMOTE", r"Got 'SMOTE'. Did you mean 'smote'\? See"),
        ("SMOTENC(k=3)", r"Did you mean 'smote-nc'\?"),
        ("EditedNearestNeighbours", r"Did you mean 'edited-nn'\?"),
        ("smotenc", r"Got 'smotenc'. Did you mean 'smote-nc'\?"),
        ("Random_Under", r"Did you mean 'random-under'"),
        ("Smote(", r"name\(knob=number\). Got 'Smote\('. Did you mean 'smote'\?"),
        ("smotes", "Did you mean 'smote'"),
        ("foo", r"a name of the catalogue. Got 'foo'. See: evenkeel remedies$"),
        ("json:X+class-weight", r"nobody knows what json:X changes.* Got 'json:X\+class-weight'"),
        ("random-under+ json:X", "Let its own treat do both"),
        ("smote(k=five)", "must be written knob=number"),
        ("smote(k)", "must be written knob=number"),
        ("smote(k=3,k=4)", r"knob k of smote must be given once. Got 'smote\(k=3,k=4\)'"),
        (
            "class-weight(power=1)",
            "knob of class-weight must be left out: it has none. Got 'power'",
        ),
        ("ldam+logit-adjusted", "must name one loss: .* which names ldam and logit-adjusted"),
        ("logit-adjusted+focal", "must name one loss"),
        ("smote(k=nan)", "whole number"),
        ("smote(k=1e9)", "k of smote"),
        ("smote(ratio=-1)", "ratio of smote"),
        ("smote+smote(k=3)", "different remedies"),
        ("class-weight+smote", "name weights last"),
        ("class-weight+effective-number", "at most one part that changes weights"),
        ("none+smote", "stands alone"),
        ("under-bagging+class-weight", "in which under-bagging and class-weight both do"),
        ("class-weight+under-bagging", "in which under-bagging and class-weight both do"),
        ("random-under+balanced-forest", "in which balanced-forest and random-under both do"),
        ("smote(ratio=0.3)+self-paced", "settle once how much each class counts"),
        ("under-bagging+self-paced", "in which under-bagging and self-paced both do"),
        ("isolation-forest+class-weight", "Keep one of them"),
        ("under-bagging+tomek-links", "must name under-bagging last"),
        ("smote+", "must be written name"),
        ("no_such_module_here:X", "There is no module 'no_such_module_here'"),
        ("json:Remedy", "It has no 'Remedy'"),
        ("json:JSONEncoder", r"objects that have treat\(estimator\)"),
        ("collections:namedtuple", "Got <function namedtuple"),
        ("smote(k=3", "must be written name"),
        ("smote(k=__import__('os'))", "must be written"),
    ],
)
def test_what_cannot_be_meant_is_refused(spec, says):
    with pytest.raises((InvalidInput, InvalidType), match=says):
        find_remedy(spec)


@pytest.mark.parametrize(
    "spec", ["foo", "SMOTE", "smote+smote", "class-weight+smote", "balanced-forest+smote", "json:No",
             "json:X+smote", "class-weight+effective-number", "under-bagging+tomek-links", "nomod:X"],
)  # fmt: skip
def test_the_owner_of_a_remedy_is_what_was_called(spec):
    rows = [[0.0], [1.0]] * 20
    for call, owner in ((compare, "compare"), (find_remedy, "run")):
        given = (rows, [0, 1] * 20) if call is compare else (spec,)
        with pytest.raises(InvalidInput, match=f"of {owner} must"):
            call(*given, **({"remedies": [spec]} if call is compare else {}))


def test_a_network_has_one_loss_and_one_sampler():
    losses = [name for name, row in CATALOGUE.items() if row.changes == "loss"]
    batches = [name for name, row in CATALOGUE.items() if row.changes == "batches"]
    for kind in (losses, batches):
        for first in kind:
            for second in kind:
                with pytest.raises(InvalidInput):
                    find_remedy(f"{first}+{second}")
    assert find_remedy(f"focal+{batches[0]}").changes == "loss+batches"
