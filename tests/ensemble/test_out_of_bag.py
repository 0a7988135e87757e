"""Out-of-bag scores are of rows that the members never saw."""

import warnings

import numpy as np
import pytest
from imblearn.ensemble import BalancedRandomForestClassifier as Peer
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

from evenkeel.ensemble import (
    BalancedBaggingClassifier,
    BalancedRandomForestClassifier,
    ClusteredEnsembleClassifier,
    EasyEnsembleClassifier,
    RUSBoostClassifier,
    SelfPacedEnsembleClassifier,
    UnderBaggingClassifier,
)
from evenkeel.ensemble.draws import Draws
from evenkeel.ensemble.members import Training, log_shares, probabilities_of
from evenkeel.ensemble.rounds import Rounds
from evenkeel.errors import InvalidInput
from evenkeel.resample import SMOTE, Ratio

STUB = DecisionTreeClassifier(max_depth=3)
FORESTS = [
    BalancedRandomForestClassifier(n_estimators=60, oob_score=True),
    BalancedBaggingClassifier(n_estimators=40, oob_score=True),
    UnderBaggingClassifier(DecisionTreeClassifier(), 40, bootstrap=True, oob_score=True),
    EasyEnsembleClassifier(15, bootstrap=True, oob_score=True),
]
CHAINS = [
    RUSBoostClassifier(n_estimators=20, oob_score=True),
    RUSBoostClassifier(STUB, n_estimators=8, oob_score=True),
    RUSBoostClassifier(
        n_estimators=5, resampler=SMOTE(sampling_strategy=Ratio(0.2)), oob_score=True
    ),
    SelfPacedEnsembleClassifier(STUB, 6, oob_score=True),
    ClusteredEnsembleClassifier(STUB, 3, oob_score=True),
    ClusteredEnsembleClassifier(STUB, 3, combine="max", oob_score=True),
]


@pytest.fixture(autouse=True)
def one_thread():
    """K-means on two thousand rows gains nothing by a second one."""
    with threadpool_limits(1):
        yield


def named(one):
    return "-".join([type(one).__name__, *("made" for _ in [1] if getattr(one, "resampler", None))])


def noise(seed, rare):
    random = np.random.default_rng(seed)
    return random.normal(size=(2000, 5)), (random.permutation(2000) < rare).astype(int)


def learnable(seed, n=1500, rare=150):
    """Columns of few values, so that parts of the rows have the same ones."""
    random = np.random.default_rng(seed)
    y = (random.permutation(n) < rare).astype(int)
    return np.round(2.0 * (random.normal(size=(n, 3)) + y[:, None])).clip(-4, 4), y


@pytest.mark.parametrize("forest", FORESTS, ids=named)
def test_on_pure_noise_the_score_is_chance(forest):
    found = []
    for seed in range(10, 16):
        X, y = noise(seed, 200)
        one = clone(forest).set_params(random_state=seed).fit(X, y)
        proba = one.oob_decision_function_[:, 1]
        known = np.isfinite(proba)
        assert known.mean() > 0.99
        found.append(roc_auc_score(y[known], proba[known]))
    # over such tables one AUC has a standard deviation of 0.027, as under cross-validation
    assert abs(np.mean(found) - 0.5) < 3 * 0.027 / 6**0.5


@pytest.mark.parametrize("chain", CHAINS, ids=named)
def test_on_pure_noise_the_score_is_chance_where_members_follow_from_others(chain):
    found = []
    for seed in range(20):
        X, y = noise(seed, 60)
        one = clone(chain).set_params(random_state=seed).fit(X, y)
        found.append(roc_auc_score(y, one.oob_decision_function_[:, 1]))
    # one AUC has a standard deviation of 0.043 at most
    assert abs(np.mean(found) - 0.5) < 3 * 0.043 / 20**0.5


def test_rows_that_rounds_left_out_would_not_be_honest():
    """Heavy rows lie around what earlier rounds saw: later ones say the contrary there."""
    found = []
    for seed in range(20):
        X, y = noise(seed, 60)
        rows_of = [np.flatnonzero(y == code) for code in (0, 1)]
        training = Training(X, y, np.arange(2), None, rows_of, np.bincount(y) / 2000, 0)
        rounds, random = Rounds(training, 1.0, binned=False), np.random.default_rng(seed)
        total = np.zeros(2000)
        for number in range(20):
            bag = [random.choice(rows, rows.size) for rows in rows_of]
            draws = Draws(bag, [60, 60], [False, False], 0)
            rows, weight = rounds.draw(draws, random)
            tree = clone(STUB).fit(X[rows], y[rows], weight)
            if rounds.add(tree, number):
                out = np.setdiff1d(np.arange(2000), np.concatenate(bag))
                total[out] += rounds.votes[-1] * (tree.predict_proba(X[out])[:, 1] - 0.5)
        found.append(roc_auc_score(y, total))
    assert np.mean(found) < 0.5 - 3 * 0.038 / 20**0.5


@pytest.mark.parametrize("member", [FORESTS[-1], *CHAINS], ids=named)
def test_what_can_be_learnt_scores_as_on_fresh_rows(member):
    gains = []
    for seed in range(3):
        (X, y), (X_new, y_new) = learnable(seed), learnable(100 + seed, 6000, 600)
        one = clone(member).set_params(random_state=seed).fit(X, y)
        known = np.isfinite(one.oob_decision_function_[:, 1])
        assert known.mean() > 0.99
        inner = roc_auc_score(y[known], one.oob_decision_function_[known, 1])
        inner -= roc_auc_score(y[known], X[known].sum(axis=1))  # tables are not as easy by chance
        fresh = roc_auc_score(y_new, one.predict_proba(X_new)[:, 1])
        gains.append(inner - fresh + roc_auc_score(y_new, X_new.sum(axis=1)))
    assert abs(np.mean(gains)) < 0.03


@pytest.mark.parametrize("chain", CHAINS, ids=named)
def test_each_fold_is_scored_by_a_fit_on_the_other_rows_alone(chain):
    X, y = learnable(0)
    y[:80] = 2
    if chain.estimator is not None:  # the sums of trees tie, and rounding decides
        chain = clone(chain).set_params(estimator=GaussianNB())
    weight = np.random.default_rng(1).integers(0, 3, len(y)).astype(float)
    one = clone(chain).set_params(random_state=0, cv=4).fit(X, y, sample_weight=weight)
    random, fold = np.random.default_rng([one._seed, 1 << 30, 1]), np.full(len(y), -1)
    for code in range(3):
        rows = np.flatnonzero((y == code) & (weight > 0))
        fold[random.permutation(rows)] = np.arange(rows.size) % 4
    for k in range(4):
        rest = (fold != k) & (weight > 0)
        slow = clone(one).set_params(oob_score=False)
        slow.fit(X[rest], y[rest], sample_weight=weight[rest])
        assert np.allclose(one.oob_decision_function_[fold == k], slow.predict_proba(X[fold == k]))
    assert np.isnan(one.oob_decision_function_[weight == 0]).all()
    assert np.isfinite(one.oob_decision_function_[weight > 0]).all()


@pytest.mark.parametrize("member", [FORESTS[-1], *CHAINS], ids=named)
def test_scores_change_nothing_in_the_model_and_stay_out_of_the_bare_one(member):
    X, y = learnable(0)
    one = clone(member).set_params(random_state=0).fit(X, y)
    plain = clone(one).set_params(oob_score=False).fit(X, y)
    assert np.array_equal(one.predict_proba(X), plain.predict_proba(X))
    assert not hasattr(plain, "oob_score_")
    light = one.bare()
    assert np.array_equal(light.predict_proba(X), one.predict_proba(X))
    held = [value for value in vars(light).values() if isinstance(value, np.ndarray | list)]
    assert max(map(len, held)) < 100


@pytest.mark.parametrize("member", [FORESTS[-1], CHAINS[0]], ids=named)
def test_after_a_warm_start_scores_are_those_of_one_fit(member):
    X, y = learnable(0)
    whole = clone(member).set_params(n_estimators=6, random_state=0).fit(X, y)
    warm = clone(whole).set_params(n_estimators=3, warm_start=True).fit(X, y)
    warm.set_params(n_estimators=6).fit(X, y)
    assert np.allclose(warm.oob_decision_function_, whole.oob_decision_function_, equal_nan=True)
    assert warm.oob_score_ == whole.oob_score_


@pytest.mark.parametrize(
    ("chain", "rare", "cv", "needed"),
    [(CHAINS[0], 1, 3, 1), (CHAINS[3], 1, 3, 1), (CHAINS[4], 3, 2, 2), (CHAINS[5], 1, 3, 1)],
)
def test_a_class_of_too_few_rows_has_no_scores(chain, rare, cv, needed):
    X, y = learnable(0, 200, rare)
    chain = clone(chain).set_params(cv=cv, random_state=0)
    match = rf"has {rare} row\(s\) in .* need {needed} row\(s\) of each class"
    with pytest.raises(InvalidInput, match=match):
        chain.fit(X, y)
    X, y = learnable(0, 200, rare + 2)
    proba = chain.fit(X, y).oob_decision_function_
    assert np.isfinite(proba).all()


def test_the_peer_is_not_honest_there():
    random = np.random.default_rng(0)
    X, y = random.normal(size=(2000, 5)), (random.permutation(2000) < 200).astype(int)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that some rows have no score
        peer = Peer(n_estimators=200, bootstrap=True, oob_score=True, random_state=0).fit(X, y)
    said = peer.oob_decision_function_[:, 1]
    known = np.isfinite(said)
    assert roc_auc_score(y[known], said[known]) > 0.8


def test_scores_are_averages_over_the_members_that_left_the_row_out():
    random = np.random.default_rng(0)
    X, y = random.normal(size=(300, 3)), (random.permutation(300) < 60).astype(int)
    bag = BalancedBaggingClassifier(n_estimators=6, oob_score=True, random_state=0).fit(X, y)
    for row in range(0, 300, 7):
        said = [
            log_shares(member, X[[row]], bag.shares_)[0]
            for member, rows in zip(bag._members, bag.estimators_samples_, strict=True)
            if row not in rows
        ]
        if said:
            slow = probabilities_of(np.mean(said, axis=0)[None])[0]
            assert np.allclose(bag.oob_decision_function_[row], slow)
        else:
            assert np.isnan(bag.oob_decision_function_[row]).all()


def test_the_score_is_accuracy_or_what_a_function_says():
    random = np.random.default_rng(0)
    X, y = random.normal(size=(300, 3)), (random.permutation(300) < 60).astype(int)
    X[:, 0] += 3 * y
    words = np.array(["no", "yes"])[y]
    forest = BalancedRandomForestClassifier(40, oob_score=True, random_state=0).fit(X, words)
    assert forest.oob_score_ > 0.85
    forest.set_params(oob_score=lambda truth, said: float(np.mean(said[truth == "yes"] == "yes")))
    assert forest.fit(X, words).oob_score_ > 0.8


def test_a_strategy_that_counts_sees_the_rows_of_its_fold():
    X, y = learnable(0)
    seen = []

    def all_of_them(y):
        seen.append(len(y))
        return {0: int(np.sum(y == 0))}

    boost = RUSBoostClassifier(n_estimators=3, sampling_strategy=all_of_them, oob_score=True)
    assert np.isfinite(boost.fit(X, y).oob_decision_function_).all()
    assert set(seen) == {1500, 1000}
