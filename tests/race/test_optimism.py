"""Best of twelve equal remedies: the corrected figure is close to the truth, the measured one is not."""

import numpy as np
import pytest

from evenkeel.race.choice import Field, Rule
from evenkeel.race.optimism import flattery

K = 12


class Best:
    """The largest gain, whatever the evidence."""

    def pick(self, gains):
        return int(np.argmax(gains))


def measured(rng, truth, n=400, sign=1):
    """K remedies whose per-row figures share half of their spread, and a mean of ``truth``."""
    shared = rng.normal(size=n)
    rows = (shared + rng.normal(size=(K, n))) / np.sqrt(2) + np.asarray(truth)[:, None]
    values = rows.mean(axis=1)
    return values, rows - values[:, None], sign


@pytest.mark.parametrize("sign", [1, -1])
def test_best_of_twelve_equal_remedies_is_corrected_to_the_truth(sign):
    rng = np.random.default_rng(0)
    seen, corrected = [], []
    for seed in range(150):
        values, pulls, _ = measured(rng, np.full(K, 0.3))
        found = flattery(Field([], values, pulls, sign, Best()), seed=seed)
        seen.append(found.seen)
        corrected.append(found.corrected)
    error = np.std(corrected) / np.sqrt(len(corrected))
    assert np.mean(corrected) == pytest.approx(0.3, abs=3 * error)
    assert sign * (np.mean(seen) - 0.3) > 6 * error, "else there was nothing to correct"


def test_a_clear_winner_is_not_flattered():
    rng = np.random.default_rng(1)
    values, pulls, _ = measured(rng, np.append(np.zeros(K - 1), 5.0))
    found = flattery(Field([], values, pulls, 1, Best()))
    assert found.seen == values[-1]
    assert found.corrected == pytest.approx(found.seen, abs=0.01)


def test_a_rule_that_asks_for_evidence_is_hardly_flattered():
    rng = np.random.default_rng(2)
    gaps = []
    for seed in range(60):
        values, pulls, _ = measured(rng, np.full(K, 0.3))
        spread = np.sqrt(((pulls - pulls[0]) ** 2).sum(axis=1)) / pulls.shape[1]
        rule = Rule(spread, np.zeros((K, K)), np.arange(K))
        found = flattery(Field([], values, pulls, 1, rule), seed=seed)
        gaps.append(found.seen - found.corrected)
    assert abs(np.mean(gaps)) < 0.02


def test_it_is_bootstrap_bias_corrected_cross_validation():
    """The slow form: choose on the rows drawn, measure on the rest, for per-row figures."""
    values, pulls, _ = measured(np.random.default_rng(3), np.linspace(0, 0.1, K))
    rows = values[:, None] + pulls
    rng, own = np.random.default_rng(9), []
    for _ in range(2000):
        at = rng.integers(0, rows.shape[1], rows.shape[1])
        left = np.setdiff1d(np.arange(rows.shape[1]), at)
        own.append(rows[np.argmax(rows[:, at].mean(axis=1)), left].mean())
    assert flattery(Field([], values, pulls, 1, Best())).corrected == pytest.approx(
        np.mean(own), abs=0.006
    )
