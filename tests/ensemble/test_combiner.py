"""Combining log-odds against each kind of majority."""

import numpy as np
import pytest
from scipy.stats import norm

from evenkeel.ensemble.combiner import Combiner, summed
from evenkeel.ensemble.members import probabilities_of


def test_the_sum_is_exact_where_each_model_is():
    """Two kinds of majority at -3 and 3, the rare class at 0, all densities known."""
    shares = np.array([0.9, 0.1])
    x = np.linspace(-6, 6, 50)
    kinds = [0.3 * norm.pdf(x, -3), 0.6 * norm.pdf(x, 3)]
    rare = 0.1 * norm.pdf(x)
    features = np.log(np.stack([rare / kind for kind in kinds], axis=1))[:, :, None]
    drawn = np.array([[0.75, 0.25], [6 / 7, 1 / 7]])
    found = probabilities_of(Combiner("sum", 0, drawn, shares).apply(features))
    assert np.allclose(found[:, 1], rare / (rare + sum(kinds)))
    assert np.allclose(summed(features)[:, 0], np.log(rare / sum(kinds)))


@pytest.mark.parametrize("how", ["mean", "max"])
def test_mean_and_max_move_each_to_the_prevalence_of_the_table(how):
    shares = np.array([0.9, 0.1])
    drawn = np.array([[0.75, 0.25], [0.5, 0.5]])
    features = np.log(np.array([[[1 / 3], [1.0]]]))  # each model knows nothing but its prevalence
    found = probabilities_of(Combiner(how, 0, drawn, shares).apply(features))
    assert found[0] == pytest.approx(shares)


def test_levels_and_the_stack_are_calibrated_in_the_mean():
    random = np.random.default_rng(0)
    codes = (random.random(5000) < 0.1).astype(int)
    features = random.normal(size=(5000, 3, 1)) + 2.0 * codes[:, None, None]
    shares = np.bincount(codes) / 5000
    drawn = np.full((3, 2), 0.5)
    for how in ("mean", "max", "stacked"):
        combiner = Combiner(how, 0, drawn, shares)
        if how == "stacked":
            combiner.fit(features, codes, np.ones(5000))
        else:
            combiner.level(features, np.ones(5000))
        mean = probabilities_of(combiner.apply(features)).mean(axis=0)
        assert mean == pytest.approx(shares, abs=1e-4)
