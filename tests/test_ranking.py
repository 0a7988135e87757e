import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.ranking import average_precision, ranked, roc_auc


def sample(seed, n=300, *, ties=True, weighted=False):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.2).astype(int)
    y[:2] = [0, 1]
    p = np.clip(0.3 * y + 0.7 * rng.random(n), 0, 1)
    weight = rng.integers(0, 4, n).astype(float) + 0.5 * y if weighted else None
    return y, np.round(p, 1) if ties else p, weight


@pytest.mark.parametrize("ties", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("scale", [1.0, -3.0])  # negative scores take the path of an argsort
def test_equals_scikit_learn(ties, weighted, scale):
    for seed in range(8):
        y, p, weight = sample(seed, ties=ties, weighted=weighted)
        p = p * scale
        assert average_precision(y, p, weight=weight) == pytest.approx(
            average_precision_score(y, p, sample_weight=weight), abs=1e-12
        )
        assert roc_auc(y, p, weight=weight) == pytest.approx(
            roc_auc_score(y, p, sample_weight=weight), abs=1e-12
        )


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 6)), min_size=1, max_size=40))
def test_counts_are_those_of_a_loop_over_scores(rows):
    y, p = np.array([row[0] for row in rows]), np.array([row[1] / 6 for row in rows])
    for found in (ranked(y, p), ranked(y, p, weight=np.ones(len(y)))):
        assert found.scores.tolist() == sorted(set(p.tolist()), reverse=True)
        assert found.tp.tolist() == [float(y[p >= score].sum()) for score in found.scores]
        assert found.fp.tolist() == [float((1 - y)[p >= score].sum()) for score in found.scores]


@given(st.integers(0, 10**6))
@settings(max_examples=30)
def test_row_order_and_rising_maps_of_the_score_do_not_matter(seed):
    y, p, _ = sample(seed, n=60)
    order = np.random.default_rng(seed).permutation(60)
    assert average_precision(y[order], p[order]) == average_precision(y, p)
    assert roc_auc(y, np.exp(5 * p)) == pytest.approx(roc_auc(y, p))


def test_a_weight_of_two_is_the_row_twice():
    y, p, _ = sample(3)
    weight = np.random.default_rng(0).integers(1, 3, len(y))
    twice = np.repeat(y, weight), np.repeat(p, weight)
    assert average_precision(y, p, weight=weight) == pytest.approx(average_precision(*twice))
    assert ranked(y, p, weight=weight).fp.tolist() == ranked(*twice).fp.tolist()


def test_values_are_summed_with_weights():
    found = ranked([0, 1, 1], [0.2, 0.9, 0.9], weight=[1, 2, 3], values=[10.0, 1.0, 5.0])
    assert found.values.tolist() == [17.0, 27.0]


def test_negative_zero_is_zero_and_no_class_is_nan():
    assert ranked([0, 1], [0.0, -0.0]).scores.tolist() == [0.0]
    assert np.isnan(average_precision([0, 0], [0.1, 0.2]))
    assert np.isnan(roc_auc([1, 1], [0.1, 0.2]))
    assert np.isnan(roc_auc([], []))


@pytest.mark.parametrize(
    ("y", "p", "said"),
    [
        ([0, 1], [0.1, np.nan], "p of ranked must be finite. Got 1 missing"),
        ([0, 2], [0.1, 0.2], "y of ranked must be class codes from 0 to 1. Got 0 to 2"),
        ([0, 0.5], [0.1, 0.2], "whole class codes"),
        ([0, 1, 1], [0.1, 0.2], "same number of rows: y has 3, p has 2"),
        ([[0, 1]], [0.1, 0.2], "shape"),
    ],
)
def test_bad_arrays_are_refused(y, p, said):
    with pytest.raises(InvalidInput, match=said):
        ranked(y, p)


def test_bad_weights_and_words_are_refused():
    with pytest.raises(InvalidInput, match=r"must not be negative\. Got -1"):
        ranked([0, 1], [0.1, 0.2], weight=[1, -1])
    with pytest.raises(InvalidInput, match="one per row"):
        ranked([0, 1], [0.1, 0.2], weight=[1, 1, 1])
    with pytest.raises(InvalidType, match="must hold numbers"):
        ranked([0, 1], ["a", "b"])
    with pytest.raises(InvalidType, match="must hold class codes"):
        ranked(["no", "yes"], [0.1, 0.2])
