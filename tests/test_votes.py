from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.errors import InvalidInput
from evenkeel.votes import Votes


@st.composite
def elections(draw):
    rng = np.random.default_rng(draw(st.integers(0, 9999)))
    n_lines, k, n = draw(st.tuples(st.integers(1, 4), st.integers(1, 6), st.integers(1, 9)))
    held = rng.integers(0, draw(st.integers(1, 4)), 12)
    if draw(st.booleans()):
        held = np.where(held == 0, np.nan, held)
    voters = rng.integers(0, 12, (n_lines, k))
    return held, voters, rng.integers(0, n_lines, n), draw(st.sampled_from([None, 5]))


@settings(max_examples=60, deadline=None)
@given(elections())
def test_the_most_common_category_wins(election):
    held, voters, lines, seed = election
    votes = Votes(voters, lines, (0, 2), seed)
    won = votes.elect(lambda ids: held[ids], np.arange(len(lines)), 2)
    for line, winner in zip(lines, won, strict=True):
        names = Counter(repr(float(value)) for value in held[voters[line]])
        most = max(names.values())
        best = {name for name, count in names.items() if count == most}
        assert repr(float(winner)) in best
        if seed is None:  # the least one, gaps last
            assert repr(float(winner)) == min(best, key=lambda name: (name == "nan", name))


@settings(max_examples=30, deadline=None)
@given(elections(), st.randoms())
def test_a_row_is_decided_alone(election, shuffler):
    held, voters, lines, seed = election
    votes = Votes(voters, lines, (0, 2), seed)
    order = list(range(len(lines)))
    shuffler.shuffle(order)
    together = votes.elect(lambda ids: held[ids], np.arange(len(lines)), 0)
    alone = [votes.elect(lambda ids: held[ids], np.array([place]), 0)[0] for place in order]
    np.testing.assert_array_equal(together[order], alone)


def test_ties_are_broken_evenly_and_by_column_apart():
    votes = Votes(np.array([[0, 1, 2, 2, 3, 1]]), np.zeros(30_000, int), (0, 1), seed=1)
    codes = np.array([9, 4, 7, 1])  # 4 and 7 are tied; the others trail
    both = [votes.elect(lambda ids: codes[ids], np.arange(30_000), j) for j in (0, 1)]
    for won in both:
        assert set(won.tolist()) == {4, 7}
        assert abs((won == 4).mean() - 0.5) < 0.015
    assert abs((both[0] == both[1]).mean() - 0.5) < 0.015
    three = Votes(np.array([[0, 1, 2]]), np.zeros(30_000, int), (0,), seed=2)
    shares = np.bincount(three.elect(lambda ids: ids, np.arange(30_000), 0)) / 30_000
    np.testing.assert_allclose(shares, 1 / 3, atol=0.015)


def test_words_and_booleans_may_vote():
    votes = Votes(np.array([[0, 1, 2]]), np.array([0]), (0,))
    held = np.array([True, False, True])
    assert votes.elect(lambda ids: held[ids], np.array([0]), 0).tolist() == [True]


@pytest.mark.parametrize(
    ("voters", "lines", "message"),
    [
        (np.zeros(3, int), np.zeros(1, int), "must have shape"),
        (np.zeros((3, 0), int), np.zeros(1, int), "k of at least 1"),
        (np.zeros((3, 1), int), np.array([3]), "from 0 to 2, the lines of voters. Got 3"),
        (np.zeros((3, 1), int), np.array([-1]), "Got -1"),
    ],
)
def test_refusals(voters, lines, message):
    with pytest.raises(InvalidInput, match=message):
        Votes(voters, lines, (0,))
