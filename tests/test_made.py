import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evenkeel.chance import fractions
from evenkeel.errors import InvalidInput
from evenkeel.made import Between, Elected, Given, Jittered, normals
from evenkeel.votes import Votes

X = np.array([[0.0, 1.0], [4.0, 5.0], [8.0, -3.0]])


def get(table):
    return lambda ids: table[ids]


def test_between_is_a_plain_interpolation():
    block = Between(np.array([0, 2]), np.array([1, 1]), np.array([0.25, 0.5]))
    np.testing.assert_array_equal(block.make(get(X), np.array([1, 0])), [[6, 1], [1, 2]])
    made = block.make(get(sp.csr_array(X)), np.array([1, 0]))
    np.testing.assert_array_equal(made.toarray(), [[6, 1], [1, 2]])


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, bool])
def test_between_whole_numbers_do_not_wrap_around(dtype):
    low, high = (0, 1) if dtype is bool else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    table = np.array([[low], [high]], dtype=dtype)
    block = Between(np.array([0, 1]), np.array([1, 0]), np.array([0.5, 1.0]))
    np.testing.assert_allclose(
        block.make(get(table), np.arange(2)).ravel(), [(low + high) / 2, low]
    )


def test_between_serves_images():
    images = np.arange(24.0).reshape(2, 3, 2, 2)
    block = Between(np.array([0]), np.array([1]), np.array([0.5]))
    np.testing.assert_array_equal(block.make(get(images), np.array([0])), images[:1] + 6)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("kind", [np.asarray, sp.csr_array])
def test_between_the_ends_of_a_type_is_finite_and_on_the_line(dtype, kind):
    if dtype is np.float16 and kind is sp.csr_array:
        pytest.skip("scipy has no sparse matrices of half precision")
    top = float(np.finfo(dtype).max)
    table = np.array([[top, 1.0, -top], [-top, 3.0, -top]], dtype)
    block = Between(np.array([0, 0, 0]), np.array([1, 1, 1]), np.array([0.25, 1.0, -0.5]))
    made = block.make(get(kind(table)), np.arange(3))
    made = made.toarray() if kind is sp.csr_array else made
    np.testing.assert_allclose(made[0], [top / 2, 1.5, -top], rtol=1e-3)
    np.testing.assert_allclose(made[1], [-top, 3.0, -top], rtol=1e-3)
    assert np.isfinite(made[:2]).all()
    assert np.isfinite(made[2].astype(np.float64)).all() or dtype is not np.float64


def test_where_a_parent_has_a_gap_so_has_its_child_however_far_the_others_lie():
    table = np.array([[np.nan, 1.7e308, np.inf], [1.0, -1.7e308, 2.0]])
    made = Between(np.array([0]), np.array([1]), np.array([0.5])).make(get(table), np.array([0]))
    assert np.isnan(made[0, 0])
    assert made[0, 1] == 0.0
    assert not np.isfinite(made[0, 2])


def test_bits_of_ordinary_rows_do_not_depend_on_far_ones():
    rng = np.random.default_rng(0)
    near = rng.normal(size=(40, 3))
    far = np.vstack([near, np.full((1, 3), 1.7e308), np.full((1, 3), -1.7e308)])
    ends, steps = rng.integers(0, 40, size=(2, 30)), rng.random(31)
    block = Between(np.append(ends[0], 40), np.append(ends[1], 41), steps)
    alone = Between(ends[0], ends[1], steps[:30]).make(get(near), np.arange(30))
    np.testing.assert_array_equal(block.make(get(far), np.arange(31))[:30], alone)


def test_lists_are_taken_for_arrays():
    block = Between([0], [1], [0.5])
    np.testing.assert_array_equal(block.make(get(X), np.array([0])), [[2, 3]])


def test_given_looks_up():
    block = Given(np.array([0, 1]), np.array([[1.0], [2.0]]))
    np.testing.assert_array_equal(block.make(get(X), np.array([1, 1])), [[2.0], [2.0]])


def test_jittered_adds_its_noise_by_group():
    spread = np.array([[0.0, 0.0], [1.0, 0.1]])
    block = Jittered(np.array([1, 1, 1]), 5, spread, np.array([0, 1, 1]))
    made = block.make(get(X), np.array([2, 0, 1]))
    noise = normals(5, np.array([2, 1]), 2) * spread[1]
    np.testing.assert_array_equal(made, [X[1] + noise[0], X[1], X[1] + noise[1]])
    sparse = block.make(get(sp.csr_array(X)), np.array([2, 0, 1]))
    np.testing.assert_allclose(sparse.toarray(), made, rtol=1e-15)


def test_blocks_are_frozen_but_their_callers_arrays_are_not():
    parents = np.array([0, 1])
    block = Between(parents, parents, np.zeros(2))
    with pytest.raises(ValueError, match="read-only"):
        block.parents[0] = 1
    parents[0] = 1


def test_moved_renames_every_id():
    block = Between(np.array([0, 1]), np.array([2, 3]), np.array([0.1, 0.2]))
    moved = block.moved(lambda ids: ids * 10)
    assert moved.parents.tolist() == [0, 10]
    assert moved.partners.tolist() == [20, 30]
    assert moved.steps.tolist() == [0.1, 0.2]


def test_moved_renames_voters_too():
    votes = Votes(np.array([[4, 5], [6, 7]]), np.array([1, 0]), (2,), 3)
    for block in (
        Between(np.array([0, 1]), np.array([2, 3]), np.zeros(2), votes),
        Elected(np.array([0, 1]), votes),
    ):
        moved = block.moved(lambda ids: ids * 10)
        assert moved.election.voters.tolist() == [[40, 50], [60, 70]]
        assert moved.election.voter_of is not None
        assert (moved.election.columns, moved.election.seed) == ((2,), 3)
        names = dict(moved.references())
        assert names["voters"].tolist() == [40, 50, 60, 70]
        assert names["parents"].tolist() == [0, 10]
        with pytest.raises(ValueError, match="read-only"):
            block.election.voters[0] = 1


def test_elected_copies_what_is_not_voted_on():
    block = Elected(np.array([2, 0]), Votes(np.array([[0]]), np.array([0, 0]), (5,)))
    np.testing.assert_array_equal(block.make(get(X), np.array([1, 0])), X[[0, 2]])


def test_memory_of_votes():
    ids = np.arange(1000, dtype=np.int32)
    votes = Votes(np.zeros((70, 5), np.int32), np.zeros(1000, np.int32), (0,))
    assert Between(ids, ids, np.zeros(1000), votes).nbytes == (16 + 4) * 1000 + 4 * 5 * 70


def test_memory_of_an_interpolation():
    ids = np.arange(1000, dtype=np.int32)
    assert Between(ids, ids, np.zeros(1000)).nbytes == 16 * 1000


@pytest.mark.parametrize(
    "make",
    [
        lambda: Between(np.arange(2), np.arange(3), np.zeros(2)),
        lambda: Between(np.arange(2), np.arange(2), np.zeros(3)),
        lambda: Jittered(np.arange(2), 0, np.zeros((1, 1)), np.zeros(1, int)),
        lambda: Given(np.arange(2), np.zeros((3, 1))),
        lambda: Elected(np.arange(2), Votes(np.zeros((1, 1), int), np.zeros(3, int), (0,))),
    ],
)
def test_lengths_must_agree(make):
    with pytest.raises(InvalidInput, match="one value for each of 2 parents"):
        make()


def test_normals_are_splitmix64_through_the_normal_quantile():
    def mix(z):
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) % 2**64
        return z ^ (z >> 31)

    golden = 0x9E3779B97F4A7C15
    # reference values of the public C code of SplitMix64 for seed 0
    assert mix(golden) == 0xE220A8397B1DCDAF
    assert mix(2 * golden % 2**64) == 0x6E789E6AA1B965F4
    start = mix((7 + golden) % 2**64)
    slow = [
        [
            ((mix((start + (row * 3 + j + 1) * golden) % 2**64) >> 11) + 0.5) / 2**53
            for j in range(3)
        ]
        for row in (4, 0)
    ]
    np.testing.assert_allclose(normals(7, np.array([4, 0]), 3), stats.norm.ppf(slow), rtol=1e-12)


def test_fractions_are_uniform_and_never_0_or_1():
    values = fractions(3, np.arange(50_000, dtype=np.uint64))
    assert stats.kstest(values, "uniform").pvalue > 0.001
    assert 0 < values.min() < values.max() < 1


def test_normals_look_normal_and_unrelated():
    values = normals(1, np.arange(20_000), 4)
    assert stats.kstest(values.ravel(), "norm").pvalue > 0.001
    assert np.abs(np.corrcoef(values.T) - np.eye(4)).max() < 0.03
    assert np.abs(np.corrcoef(values[:-1, 0], values[1:, 0])[0, 1]) < 0.03
    other = normals(2, np.arange(20_000), 4)
    assert np.abs(np.corrcoef(values.ravel(), other.ravel())[0, 1]) < 0.02


@given(st.integers(0, 2**31), st.lists(st.integers(0, 10**9), min_size=1, max_size=8))
def test_normals_depend_on_seed_and_row_only(seed, rows):
    together = normals(seed, np.array(rows), 3)
    alone = np.vstack([normals(seed, np.array([row]), 3) for row in rows])
    np.testing.assert_array_equal(together, alone)
    assert np.isfinite(together).all()
