"""Rounds of AdaBoost.M2: weights, losses and levels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeClassifier

from evenkeel.ensemble.draws import Draws
from evenkeel.ensemble.members import Training, probabilities_of
from evenkeel.ensemble.rounds import Rounds, levels


def training(n=400, rare=40):
    random = np.random.default_rng(0)
    codes = (random.permutation(n) < rare).astype(np.int64)
    X = random.normal(size=(n, 3)) + codes[:, None]
    rows_of = [np.flatnonzero(codes == code) for code in (0, 1)]
    shares = np.bincount(codes) / n
    return Training(X, codes, np.array([0, 1]), None, rows_of, shares, 0)


def test_a_stump_and_a_tree_of_the_same_split_go_in_alike():
    table = training()
    binned, plain = Rounds(table, 0.7, binned=True), Rounds(table, 0.7, binned=False)
    every = np.arange(400)
    weight = np.where(table.codes == 1, 9.0, 1.0)
    stump = binned.stump(every, weight)
    tree = DecisionTreeClassifier(max_depth=1, random_state=0).fit(table.X, table.codes, weight)
    assert binned.add(stump, 0)
    assert plain.add(tree, 0)
    assert np.allclose(binned.weight, plain.weight)
    assert binned.votes == pytest.approx(plain.votes)
    # the paper's formula, slowly
    p = tree.predict_proba(table.X)
    loss = sum((1 - p[i, c] + p[i, 1 - c]) / 400 for i, c in enumerate(table.codes)) / 2
    assert binned.errors == [pytest.approx(loss)]
    slow = [
        (loss / (1 - loss)) ** (0.7 * (1 + p[i, c] - p[i, 1 - c]) / 2)
        for i, c in enumerate(table.codes)
    ]
    assert np.allclose(binned.weight, np.array(slow) / np.sum(slow))


def test_what_is_worse_than_chance_stays_out():
    table = training()
    rounds = Rounds(table, 1.0, binned=False)
    wrong = DecisionTreeClassifier(max_depth=2).fit(table.X, 1 - table.codes)
    assert not rounds.add(wrong, 0)
    assert rounds.members == []


def test_heavy_rows_are_drawn_in_proportion_and_the_class_keeps_its_weight():
    table = training()
    rounds = Rounds(table, 1.0, binned=False)
    heavy = table.rows_of[0][:4]
    rounds.weight[heavy] *= 90.0
    rounds.weight /= rounds.weight.sum()
    draws = Draws(table.rows_of, [40, 40], [False, False], 0)
    rows, weight = rounds.draw(draws, np.random.default_rng(0))
    majority = table.codes[rows] == 0
    share = rounds.weight[heavy].sum() / rounds.weight[table.rows_of[0]].sum()
    assert np.isin(rows[majority], heavy).mean() == pytest.approx(share, abs=0.1)
    expected = rounds.weight[table.rows_of[0]].sum() * 40 / 360
    assert weight[majority].sum() == pytest.approx(expected)
    assert np.array_equal(rows[~majority], table.rows_of[1])


@given(st.integers(0, 999), st.integers(2, 4), st.floats(0.1, 8.0))
def test_levels_bring_the_mean_to_the_shares(seed, n_classes, spread):
    random = np.random.default_rng(seed)
    total = random.normal(size=(200, n_classes)) * spread
    weight = random.random(200) + 0.1
    shares = random.dirichlet(np.full(n_classes, 2.0)) * 0.96 + 0.04 / n_classes
    found = levels(total, weight, shares)
    mean = weight @ probabilities_of(total + found) / weight.sum()
    assert mean == pytest.approx(shares, abs=1e-4)
