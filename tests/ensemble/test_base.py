"""What every ensemble promises, whatever its members are."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

import evenkeel.ensemble
from evenkeel.decide import PriorShift
from evenkeel.ensemble import (
    BalancedBaggingClassifier,
    BalancedRandomForestClassifier,
    BoostedStumps,
    ClusteredEnsembleClassifier,
    EasyEnsembleClassifier,
    RUSBoostClassifier,
    SelfPacedEnsembleClassifier,
    UnderBaggingClassifier,
)
from evenkeel.errors import DoesNotApply, InvalidInput, InvalidType

SMALL = DecisionTreeClassifier(max_depth=3)
MEMBERS = [
    BalancedBaggingClassifier(SMALL, n_estimators=4, random_state=0),
    BalancedRandomForestClassifier(n_estimators=8, random_state=0),
    EasyEnsembleClassifier(n_estimators=3, random_state=0),
    RUSBoostClassifier(n_estimators=15, random_state=0),
    SelfPacedEnsembleClassifier(SMALL, n_estimators=4, random_state=0),
    UnderBaggingClassifier(SMALL, n_estimators=4, random_state=0),
    ClusteredEnsembleClassifier(SMALL, n_estimators=3, random_state=0),
]
DEFAULTS = [
    SelfPacedEnsembleClassifier(n_estimators=2, random_state=0),
    UnderBaggingClassifier(n_estimators=2, random_state=0),
    ClusteredEnsembleClassifier(n_estimators=2, combine="sum", random_state=0),
]
DENSE = "check_sample_weight_equivalence_on_dense_data"
NOT_REPEATED = dict.fromkeys(  # as scikit-learn's own bagging: rows are drawn at random, by number
    (DENSE, "check_sample_weight_equivalence_on_sparse_data"),
    "weights are not repetitions where rows are drawn at random",
)
each_member = pytest.mark.parametrize("member", MEMBERS, ids=lambda one: type(one).__name__)
rng = np.random.default_rng(0)


def expected(member):
    if isinstance(member, BoostedStumps):
        return {DENSE: "the least error, half a row, is of rows and not of weights"}
    if isinstance(member, EasyEnsembleClassifier | RUSBoostClassifier):
        return {DENSE: NOT_REPEATED[DENSE]}
    return NOT_REPEATED


def made(n=3000, rare=150, classes=2, seed=0):
    """Classes whose centres differ, the first by far the largest."""
    random = np.random.default_rng(seed)
    y = np.zeros(n, dtype=np.int64)
    for code in range(1, classes):
        y[(code - 1) * rare : code * rare] = code
    y = random.permutation(y)
    X = random.normal(size=(n, 4))
    X[:, 0] += 1.5 * y
    X[:, 1] -= 1.0 * (y == 1)
    return X, y


@parametrize_with_checks(
    [*MEMBERS, *DEFAULTS, BoostedStumps()],
    expected_failed_checks=expected,
)
def test_scikit_learn_checks(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the checks hand names to LightGBM that it then misses
        check(estimator)


def test_every_ensemble_is_checked():
    exported = {getattr(evenkeel.ensemble, name) for name in evenkeel.ensemble.__all__}
    assert exported == {type(member) for member in MEMBERS} | {BoostedStumps}


@each_member
def test_the_mean_probability_is_near_the_prevalence(member):
    X, y = made(n=6000, rare=300)
    X_new, y_new = made(n=6000, rare=300, seed=1)
    proba = clone(member).fit(X, y).predict_proba(X_new)
    assert np.allclose(proba.sum(axis=1), 1.0)
    assert proba[:, 1].mean() == pytest.approx(y_new.mean(), rel=0.35)
    assert roc_auc_score(y_new, proba[:, 1]) > 0.85


@each_member
def test_the_same_seed_gives_the_same_with_any_number_of_jobs(member):
    X, y = made()
    first = clone(member).fit(X, y).predict_proba(X)
    jobs = {"n_jobs": 2} if "n_jobs" in member.get_params() else {}
    again = clone(member).set_params(**jobs).fit(X, y).predict_proba(X)
    assert np.array_equal(first, again)
    other = clone(member).set_params(random_state=1).fit(X, y).predict_proba(X)
    assert not np.array_equal(first, other)


@each_member
def test_labels_of_any_name_and_several_classes(member):
    X, y = made(classes=3)
    words = np.array(["much", "few", "also few"])[y]
    by_number = clone(member).fit(X, y)
    by_word = clone(member).fit(X, words)
    assert by_word.classes_.tolist() == ["also few", "few", "much"]
    assert by_word.predict_proba(X).shape == (len(y), 3)
    assert np.mean(by_word.predict(X) == words) > 0.6
    assert np.allclose(by_number.shares_[[2, 1, 0]], by_word.shares_)
    one_hot = np.eye(3)[y]
    assert by_number.predict_proba(X).mean(axis=0) == pytest.approx(one_hot.mean(axis=0), rel=0.6)


@each_member
def test_rows_that_weigh_nothing_are_not_there(member):
    X, y = made()
    X[:, 3] = np.where(y == 1, 5.0, -5.0)
    weight = np.ones(len(y))
    heavy = np.flatnonzero(y == 1)[75:]
    weight[heavy] = 0.0
    X[heavy, 3] = -5.0
    fitted = clone(member).fit(X, y, sample_weight=weight)
    assert fitted.shares_[1] == pytest.approx(75 / 2925)
    assert (fitted.predict(X[np.flatnonzero(y == 1)[:75]]) == 1).all()


@each_member
def test_weights_move_the_prevalence(member):
    X, y = made()
    plain = clone(member).fit(X, y).predict_proba(X)[:, 1].mean()
    heavy = clone(member).fit(X, y, sample_weight=np.where(y == 1, 5.0, 1.0))
    assert heavy.predict_proba(X)[:, 1].mean() > 1.5 * plain
    assert heavy.shares_[1] == pytest.approx(5 * 150 / (5 * 150 + 2850))


@each_member
def test_gaps_pass_through(member):
    X, y = made()
    X[rng.random(X.shape) < 0.1] = np.nan
    fitted = clone(member).fit(X, y)
    assert np.isfinite(fitted.predict_proba(X)).all()


@each_member
@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def test_frames_of_numbers_give_what_arrays_give(member, frame):
    X, y = made()
    names = list("abcd")
    table = frame(dict(zip(names, X.T, strict=True)))
    whole = clone(member).fit(X, y).predict_proba(X)
    assert np.allclose(clone(member).fit(table, y).predict_proba(table), whole)


@pytest.mark.parametrize(
    "member",
    [
        BalancedBaggingClassifier(n_estimators=2, random_state=0),
        EasyEnsembleClassifier(n_estimators=2, random_state=0),
        RUSBoostClassifier(n_estimators=3, random_state=0),
        SelfPacedEnsembleClassifier(n_estimators=3, random_state=0),
        UnderBaggingClassifier(n_estimators=2, random_state=0),
        ClusteredEnsembleClassifier(n_estimators=2, random_state=0),
    ],
    ids=lambda one: type(one).__name__,
)
def test_categories_pass_through_to_learners_that_read_them(member):
    X, y = made(n=1500, rare=200)
    words = np.where(y == 1, "red", np.array(["blue", "green", "red"])[rng.integers(0, 3, len(y))])
    table = pd.DataFrame({"size": X[:, 2], "colour": pd.Categorical(words)})
    learner = HistGradientBoostingClassifier(max_iter=5, categorical_features="from_dtype")
    fitted = clone(member).set_params(estimator=learner).fit(table, y)
    red = fitted.predict_proba(table)[words == "red", 1].mean()
    assert red > 1.5 * fitted.predict_proba(table)[words != "red", 1].mean()
    assert all(one.is_categorical_.tolist() == [False, True] for one in fitted.estimators_)


def test_log_odds_are_averaged_after_the_shift_of_the_prior():
    X, y = made()
    bag = BalancedBaggingClassifier(GaussianNB(), n_estimators=3, random_state=0).fit(X, y)
    now = tuple(np.bincount(y) / len(y))
    total = np.zeros((len(X), 2))
    for one, rows in zip(bag.estimators_, bag.estimators_samples_, strict=True):
        n = len(np.unique(rows))
        p = (n * one.predict_proba(X) + 0.25) / (n + 0.5)
        total += np.log(PriorShift(was=(0.5, 0.5), now=now).apply(p))
    mean = np.exp(total / 3)
    assert np.allclose(bag.predict_proba(X), mean / mean.sum(axis=1, keepdims=True))
    assert np.allclose(bag.predict_log_proba(X), np.log(bag.predict_proba(X)))


def test_the_label_is_the_class_that_gained_most():
    X, y = made()
    bag = UnderBaggingClassifier(SMALL, random_state=0).fit(X, y)
    gained = bag.predict_proba(X) / bag.shares_
    assert np.array_equal(bag.predict(X), gained.argmax(axis=1))
    assert np.mean(bag.predict(X)[y == 1]) > 0.7


@pytest.mark.parametrize(
    "member",
    [
        BalancedBaggingClassifier(n_estimators=5, random_state=0),
        BalancedRandomForestClassifier(n_estimators=5, random_state=0),
        EasyEnsembleClassifier(n_estimators=5, random_state=0),
        RUSBoostClassifier(n_estimators=5, random_state=0),
        UnderBaggingClassifier(SMALL, n_estimators=5, random_state=0),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_warm_start_gives_what_one_fit_gives(member):
    X, y = made()
    whole = clone(member).fit(X, y)
    warm = clone(member).set_params(n_estimators=2, warm_start=True).fit(X, y)
    kept = warm.estimators_[:2]
    warm.set_params(n_estimators=5).fit(X, y)
    assert all(old is new for old, new in zip(kept, warm.estimators_, strict=False))
    assert np.allclose(warm.predict_proba(X), whole.predict_proba(X))
    with pytest.raises(InvalidInput, match=r"n_estimators of .* must be at least 5"):
        warm.set_params(n_estimators=3).fit(X, y)
    with pytest.raises(InvalidInput, match="must have the classes of the first fit"):
        warm.set_params(n_estimators=6).fit(X, y + 1)
    warm = clone(member).set_params(n_estimators=2, warm_start=True).fit(X, y)
    with pytest.raises(
        InvalidInput, match=r"columns of the first fit, with warm_start=True\. Got 1"
    ):
        warm.set_params(n_estimators=5).fit(X[:, :1], y)


def test_a_self_paced_warm_start_goes_on():
    X, y = made()
    paced = SelfPacedEnsembleClassifier(SMALL, 2, warm_start=True, random_state=0).fit(X, y)
    first = paced.estimators_[0]
    paced.set_params(n_estimators=4).fit(X, y)
    assert paced.estimators_[0] is first
    assert len(paced.estimators_) == len(paced.estimators_samples_) == 4


def test_members_without_weights_get_repeated_rows_and_refuse_weights():
    X, y = made(n=400, rare=60)
    bag = BalancedBaggingClassifier(KNeighborsClassifier(), n_estimators=2, random_state=0)
    bag.fit(X, y)
    assert [one.n_samples_fit_ for one in bag.estimators_] == [120, 120]
    with pytest.raises(DoesNotApply, match="Row weights do not apply to KNeighborsClassifier"):
        bag.fit(X, y, sample_weight=np.ones(len(y)))


def test_a_seed_of_its_own_stays_and_others_get_one():
    X, y = made(n=400, rare=60)
    given = UnderBaggingClassifier(
        estimators=[DecisionTreeClassifier(random_state=7), DecisionTreeClassifier()],
        n_estimators=4, random_state=0,
    ).fit(X, y)  # fmt: skip
    seeds = [one.random_state for one in given.estimators_]
    assert seeds[0] == seeds[2] == 7
    assert len({*seeds}) == 3


@pytest.mark.parametrize(
    ("member", "match"),
    [
        (UnderBaggingClassifier(n_estimators=0), "n_estimators of UnderBaggingClassifier must be"),
        (
            UnderBaggingClassifier(oob_score=True),
            "oob_score of UnderBaggingClassifier must be False",
        ),
        (UnderBaggingClassifier(estimators=[]), "must be a list of at least one classifier"),
        (UnderBaggingClassifier(SMALL, estimators=[SMALL]), "must be None where estimators"),
        (UnderBaggingClassifier(sampling_strategy="split", warm_start=True), "must not be 'split'"),
        (BalancedBaggingClassifier(max_samples=0.0), "max_samples of .* must be a number above 0"),
        (BalancedBaggingClassifier(max_features=0), "max_features of .* must be a whole number"),
        (BalancedBaggingClassifier(sampling_strategy="smal"), "sampling_strategy of Balanced"),
        (BalancedRandomForestClassifier(max_samples=1.5), "max_samples of .* at most 1"),
        (RUSBoostClassifier(learning_rate=0.0), "learning_rate of RUSBoostClassifier must be"),
        (SelfPacedEnsembleClassifier(hardness="soft"), "hardness of .* must be one of"),
        (SelfPacedEnsembleClassifier(k_bins=0), "k_bins of .* must be a whole number"),
        (ClusteredEnsembleClassifier(combine="vote"), "combine of .* must be one of"),
        (ClusteredEnsembleClassifier(cv=1), "cv of .* must be a whole number"),
        (RUSBoostClassifier(cv=1), "cv of RUSBoost.* must be a whole number"),
        (SelfPacedEnsembleClassifier(cv=1), "cv of SelfPaced.* must be a whole number"),
        (
            EasyEnsembleClassifier(replacement=True, oob_score=True),
            "oob_score of EasyEnsembleClassifier must be False",
        ),
    ],
    ids=range(17),
)
def test_bad_parameters_are_named(member, match):
    X, y = made(n=200, rare=20)
    with pytest.raises(InvalidInput, match=match):
        member.fit(X, y)


def test_what_is_no_classifier_and_what_has_one_class():
    X, y = made(n=200, rare=20)
    with pytest.raises(InvalidType, match="must be a classifier of scikit-learn's kind"):
        UnderBaggingClassifier(estimators=[LogisticRegression(), "tree"]).fit(X, y)
    with pytest.raises(InvalidInput, match="Got one class"):
        UnderBaggingClassifier().fit(X, np.zeros(200))
    with pytest.raises(InvalidInput, match="must leave every class a row"):
        UnderBaggingClassifier().fit(X, y, sample_weight=(y == 0).astype(float))
