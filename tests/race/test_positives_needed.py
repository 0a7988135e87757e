"""Widths with more positives, against tables that have them."""

import numpy as np
import pytest
from scipy.stats import norm

from evenkeel.influence import average_precision_influence
from evenkeel.race.choice import Field, Rule
from evenkeel.race.positives_needed import needed


def pair(n_positives, seed, lag=0.3):
    rng = np.random.default_rng([n_positives, seed])
    y = np.repeat([0, 1], [20 * n_positives, n_positives])
    shared, one, two = rng.normal(size=(3, y.size))
    scores = 0.8 * shared + 0.6 * np.stack([one, two]) + np.array([[2.0], [2.0 - lag]]) * y
    return y, scores


def field(y, scores):
    found = [average_precision_influence(y, score) for score in scores]
    values, pulls = np.array([v for v, _ in found]), np.stack([h for _, h in found])
    apart = np.sqrt(((pulls - pulls[0]) ** 2).sum(axis=1)) / y.size
    return Field([], values, pulls, 1, Rule(apart, np.zeros((2, 2)), np.arange(2)))


def test_widths_foretold_are_those_of_larger_tables():
    told = [needed(field(*pair(60, seed)), "average-precision", n_rare=60) for seed in range(40)]
    assert told[0].positives == (60, 120, 300, 600)
    for at, n in [(2, 300), (3, 600)]:
        seen = np.array([field(*pair(n, seed)).values for seed in range(120)])
        for width, values in [
            (np.median([one.width[at] for one in told]), seen[:, 0]),
            (np.median([one.difference_width[at] for one in told]), seen[:, 1] - seen[:, 0]),
        ]:
            assert width == pytest.approx(2 * 1.96 * values.std(), rel=0.25)


def test_the_positives_asked_for_show_a_tenth_in_four_tries_of_five():
    found = field(*pair(100, 0))
    told = needed(found, "average-precision", n_rare=100)
    error = found.rule.errors[1] * np.sqrt(100 / told.to_tell_apart)
    power = norm.sf(1.96 - 0.1 * found.values[0] / error)
    assert power == pytest.approx(0.8, abs=0.01)


def test_alone_there_is_nothing_to_tell_apart():
    both = field(*pair(100, 0))
    alone = Field([], both.values[:1], both.pulls[:1], 1, Rule(np.zeros(1), np.zeros((1, 1)), np.zeros(1, int)))  # fmt: skip
    found = needed(alone, "average-precision", n_rare=100)
    assert found.difference_width is None
    assert found.to_tell_apart is None
    assert found.width[0] == pytest.approx(np.sqrt(10) * found.width[3])


@pytest.mark.parametrize(("n", "known"), [(9, False), (10, True)])
def test_fewer_than_ten_positives_tell_nothing_about_how_many_it_takes(n, known):
    assert (
        needed(field(*pair(n, 0)), "average-precision", n_rare=n).to_tell_apart is not None
    ) == known
