"""Best of twelve equal remedies: the corrected figure is close to the truth, the measured one is not."""

import numpy as np
import pytest

from evenkeel.race.choice import Field, Rule
from evenkeel.race.optimism import flattery
from evenkeel.widening import group_sums

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


def test_groups_of_copies_are_flattered_like_the_rows_they_are_copies_of():
    values, pulls, _ = measured(np.random.default_rng(4), np.full(K, 0.3))
    once = flattery(Field([], values, pulls, 1, Best()))
    copies = Field([], values, 5 * pulls, 1, Best(), np.full(pulls.shape[1], 5))
    assert flattery(copies).corrected == pytest.approx(once.corrected, rel=1e-9)
    rows = flattery(Field([], values, np.repeat(pulls, 5, axis=1), 1, Best()))
    assert rows.seen - rows.corrected < 0.7 * (once.seen - once.corrected), "what rows would say"


def test_groups_of_any_size_are_drawn_whole_and_the_rest_is_weighed_by_rows():
    """The slow form: choose on the groups drawn, measure on the rows of those left out."""
    rng = np.random.default_rng(5)
    groups = np.repeat(np.arange(120), rng.integers(1, 9, 120))
    n = groups.size
    rows = rng.normal(size=(K, 120))[:, groups] + rng.normal(size=(K, n))
    rows += np.linspace(0, 0.1, K)[:, None]
    values = rows.mean(axis=1)
    sums, sizes = group_sums(rows - values[:, None], groups)
    own = []
    for _ in range(3000):
        times = np.bincount(rng.integers(0, 120, 120), minlength=120)[groups]
        picked = np.argmax(rows @ times / times.sum())
        own.append(rows[picked, times == 0].mean() - rows[:, times == 0].mean())
    found = flattery(Field([], values, sums, 1, Best(), sizes))
    assert found.corrected == pytest.approx(values.mean() + np.mean(own), abs=0.012)
    by_rows = flattery(Field([], values, rows - values[:, None], 1, Best()))
    assert by_rows.corrected > found.corrected + 0.03, "rows alone hide the luck"
