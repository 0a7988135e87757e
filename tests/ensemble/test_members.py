"""Members: what they are fitted on, and what they say about the population."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from evenkeel.ensemble.members import (
    Member,
    Training,
    fit_member,
    log_shares,
    probabilities_of,
    seeded,
    stretch,
    table_for,
    takes_weights,
)


def training(weight=None, n_classes=2):
    random = np.random.default_rng(0)
    codes = np.resize(np.arange(n_classes), 120)
    X = random.normal(size=(120, 3)) + codes[:, None]
    rows_of = [np.flatnonzero(codes == code) for code in range(n_classes)]
    shares = np.bincount(codes) / 120
    return Training(X, codes, np.arange(n_classes), weight, rows_of, shares, 0)


def test_a_row_drawn_twice_is_one_row_of_weight_two():
    table, rows = training(), np.sort(np.random.default_rng(1).integers(0, 120, 80))
    ours = fit_member(GaussianNB(), table, rows, np.random.default_rng(0))
    plain = GaussianNB().fit(table.X[rows], table.codes[rows])
    assert np.allclose(ours.estimator.predict_proba(table.X), plain.predict_proba(table.X))
    assert ours.n_rows == np.unique(rows).size
    assert ours.shares == pytest.approx(np.bincount(table.codes[rows]) / 80)


def test_weights_count_in_the_shares_and_class_weights_do_not():
    weight = np.where(np.resize([0, 1], 120) == 1, 3.0, 1.0)
    table = training(weight)
    random = np.random.default_rng(0)
    member = fit_member(GaussianNB(), table, np.arange(120), random)
    assert member.shares == pytest.approx([0.25, 0.75])
    costly = fit_member(
        GaussianNB(), table, np.arange(120), random, class_weight=np.array([9.0, 1])
    )
    assert costly.shares == pytest.approx([0.25, 0.75])
    assert costly.estimator.class_prior_ == pytest.approx([0.75, 0.25])


def test_a_class_that_was_never_seen_keeps_its_share():
    table = training(n_classes=3)
    rows = np.flatnonzero(table.codes < 2)
    member = fit_member(GaussianNB(), table, rows, np.random.default_rng(0))
    now = np.array([0.5, 0.3, 0.2])
    said = probabilities_of(log_shares(member, table.X, now))
    assert said[:, 2] == pytest.approx(np.full(120, 0.2))
    odds = said[:, 1] / said[:, 0]
    p = (80 * member.estimator.predict_proba(table.X) + 0.25) / 80.5
    assert odds == pytest.approx(p[:, 1] / p[:, 0] * 0.3 / 0.5)


def test_a_single_class_teaches_nothing():
    table = training()
    member = fit_member(LogisticRegression(), table, table.rows_of[1], np.random.default_rng(0))
    said = probabilities_of(log_shares(member, table.X, np.array([0.9, 0.1])))
    assert said == pytest.approx(np.tile([0.9, 0.1], (120, 1)))


def test_leaves_of_few_rows_are_drawn_further_to_the_shares():
    X, codes = np.array([[0.0], [1.0], [1.0], [1.0]]), np.array([1, 0, 0, 0])
    tree = DecisionTreeClassifier().fit(X, codes)
    member = Member(tree, np.array([0.5, 0.5]), 4)
    said = probabilities_of(log_shares(member, np.array([[0.0], [1.0]]), np.array([0.5, 0.5])))
    assert said[:, 1] == pytest.approx([1.25 / 1.5, 0.25 / 3.5])


def test_votes_stand_in_for_probabilities():
    table = training()
    member = fit_member(LinearSVC(), table, np.arange(120), np.random.default_rng(0))
    said = log_shares(member, table.X, table.shares)
    assert np.array_equal(said.argmax(axis=1), member.estimator.predict(table.X))
    assert np.isfinite(said).all()


def test_weights_are_taken_by_the_last_step_of_a_pipeline():
    pipe = make_pipeline(StandardScaler(), LogisticRegression())
    assert takes_weights(pipe)
    table = training(np.linspace(0.5, 1.5, 120))
    ours = fit_member(pipe, table, np.arange(120), np.random.default_rng(0)).estimator
    plain = pipe.fit(table.X, table.codes, logisticregression__sample_weight=table.weight)
    assert np.allclose(ours.predict_proba(table.X), plain.predict_proba(table.X))


def test_seeds_go_to_steps_that_have_none():
    pipe = make_pipeline(StandardScaler(), DecisionTreeClassifier())
    given = [seeded(pipe, np.random.default_rng(3))[-1].random_state for _ in range(2)]
    assert given[0] == given[1] is not None
    assert (
        seeded(DecisionTreeClassifier(random_state=5), np.random.default_rng(0)).random_state == 5
    )


def test_frames_stay_frames_but_for_lightgbm():
    from lightgbm import LGBMClassifier

    frame = pl.DataFrame({"a": [1.0, 2.0, 3.0], "b": ["x", "y", "x"]})
    rows = np.array([2, 0])
    assert table_for(GaussianNB(), frame, rows).to_dicts() == [
        {"a": 3.0, "b": "x"},
        {"a": 1.0, "b": "x"},
    ]
    assert isinstance(table_for(LGBMClassifier(), frame, rows), pd.DataFrame)
    assert table_for(GaussianNB(), frame, None, np.array([1])).columns == ["b"]
    array = np.arange(12.0).reshape(4, 3)
    assert table_for(GaussianNB(), array, rows, np.array([0, 2])).tolist() == [
        [6.0, 8.0],
        [0.0, 2.0],
    ]
    assert np.shares_memory(stretch(array, 1, 9), array)
    assert stretch(frame, 1, 9)["a"].to_list() == [2.0, 3.0]
