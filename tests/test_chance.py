"""One generator for a call, and a sentence for what cannot be a seed; the numbers are in test_made."""

import numpy as np
import pytest
from sklearn.utils import check_random_state

from evenkeel.chance import fractions, generator_of, normals
from evenkeel.errors import InvalidInput


def test_seeds_generators_and_none():
    own = np.random.RandomState(3)
    assert generator_of(own, "SMOTE") is own
    for seed in (3, np.int64(3)):
        assert generator_of(seed, "SMOTE").randint(10**6) == np.random.RandomState(3).randint(10**6)
    assert generator_of(None, "SMOTE") is check_random_state(None)


@pytest.mark.parametrize("seed", [-1, 2**32, "a", 1.5, np.random.default_rng(0), [1, 2]])
def test_anything_else_is_refused_in_a_sentence(seed):
    with pytest.raises(InvalidInput, match="random_state of SMOTE must be a whole number from 0"):
        generator_of(seed, "SMOTE")


def test_a_new_generator_is_told_how_to_be_an_old_one():
    new = np.random.default_rng(0)
    with pytest.raises(InvalidInput, match=r"RandomState\(generator\.bit_generator\)"):
        generator_of(new, "SMOTE")
    assert generator_of(np.random.RandomState(new.bit_generator), "SMOTE").randint(5) < 5


def test_numbers_are_the_same_in_any_order_and_any_batch():
    rows = np.array([7, 0, 3, 7])
    whole = normals(1, np.arange(8), 2)
    np.testing.assert_array_equal(normals(1, rows, 2), whole[rows])
    counter = np.arange(6, dtype=np.uint64)
    np.testing.assert_array_equal(fractions(2, counter[::-1]), fractions(2, counter)[::-1])
