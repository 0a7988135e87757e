"""Rows by id through chains of blocks: what is read is what its steps would have stored."""

import numpy as np
import pytest
import scipy.sparse as sp

from evenkeel.made import Between, Elected, Given
from evenkeel.making import Making
from evenkeel.votes import Votes

X = np.array([[0.0, 7.0], [4.0, 7.0], [8.0, 9.0], [1.0, 9.0]])
FIRST = Between(np.array([0, 2]), np.array([1, 3]), np.array([0.25, 0.5]))  # ids 4 and 5
LATER = Between(np.array([4, 1]), np.array([5, 4]), np.array([0.5, 0.5]))  # ids 6 and 7
ROWS = [*X.tolist(), [1.0, 7.0], [4.5, 9.0], [2.75, 8.0], [2.5, 7.0]]


@pytest.mark.parametrize("side_by_side", [True, False])
@pytest.mark.parametrize("kind", [np.asarray, sp.csr_array])
def test_rows_are_read_by_id_in_any_order_through_any_block(kind, side_by_side):
    making = Making(4, (FIRST, LATER), kind(X), side_by_side=side_by_side)
    ids = np.array([7, 0, 6, 4, 5, 4]) if side_by_side else np.array([7, 2, 6, 0, 4, 5, 1, 3])
    found = making.read(ids)
    found = found.toarray() if sp.issparse(found) else found
    assert found.tolist() == [ROWS[row] for row in ids]


def test_what_a_chain_reads_is_rounded_as_its_steps_would_store_it():
    whole = np.array([[0], [5], [9]])
    half = Between(np.array([0]), np.array([1]), np.array([0.5]))  # 2.5, stored as 2
    again = Between(np.array([3]), np.array([2]), np.array([0.5]))  # (2 + 9) / 2, stored as 5
    assert Making(3, (half, again), whole).read(np.array([3, 4])).tolist() == [[2], [5]]


def test_fill_writes_made_rows_alone():
    making = Making(4, (FIRST, LATER), X)
    ids = np.array([3, 6, 0, 5])
    table = np.full((4, 2), -1.0)
    out = making.fill(table, ids, np.array([1, 3]), np.array([3, 0, 0, 2]))
    assert out.tolist() == [[-1, -1], ROWS[6], [-1, -1], ROWS[5]]


def test_votes_decide_categories_and_numbers_that_stand_for_them():
    table = np.array([["a", 1.0], ["b", 2.0], ["b", 3.0], ["c", 5.0]], dtype=object)
    votes = Votes(np.array([[0, 1, 2]]), np.array([0]), columns=(0,))
    making = Making(4, (Elected(np.array([3]), votes),), table)
    assert making.labels == [0]
    assert making.numbers.values_of(0)[making.codes(np.array([4, 3]), 0)].tolist() == ["b", "c"]
    out = making.fill(table[[0, 3]].copy(), np.array([0, 4]), np.array([1]), np.array([0, 3]))
    assert out.tolist() == [["a", 1.0], ["b", 5.0]]


def test_given_rows_are_looked_up_and_built_on():
    centre = Given(np.array([0]), np.array([[2.0, 2.0]]))
    on_top = Between(np.array([4]), np.array([1]), np.array([0.5]))
    assert Making(4, (centre, on_top), X).read(np.array([4, 5])).tolist() == [[2, 2], [3, 4.5]]
