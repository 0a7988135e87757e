"""Frames as codes, against scikit-learn's own encoder."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import OrdinalEncoder

from evenkeel.coded import Coded
from evenkeel.errors import DoesNotApply

LEVELS = st.sampled_from(["a", "b", "cc", "d", np.nan])


@given(st.lists(LEVELS, min_size=1), st.lists(LEVELS, min_size=1))
def test_codes_are_those_of_the_ordinal_encoder(train, later):
    frames = [pd.DataFrame({"kind": pd.Series(rows, dtype=object)}) for rows in (train, later)]
    gaps = {"handle_unknown": "use_encoded_value", "unknown_value": np.nan}
    oracle = OrdinalEncoder(**gaps, encoded_missing_value=np.nan).fit(frames[0])
    coded = Coded().fit(frames[0])
    for frame in frames:
        assert np.array_equal(coded.transform(frame), oracle.transform(frame), equal_nan=True)


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_numbers_keep_their_values_and_columns_their_order(kind):
    columns = {"word": ["b", "a", None], "x": [1.5, None, 3.0], "flag": [True, False, True]}
    frame = pl.DataFrame(columns)
    if kind == "pandas":
        frame = frame.to_pandas().astype({"word": "category"})
    expected = [[1.0, 1.5, 1.0], [0.0, np.nan, 0.0], [np.nan, 3.0, 1.0]]
    assert np.array_equal(Coded().fit_transform(frame), expected, equal_nan=True)
    assert Coded().fit(frame).levels_ == {"word": ["a", "b"]}


def test_what_is_no_frame_stays_what_it_is():
    X = np.ones((3, 2), np.float32)
    assert Coded().fit_transform(X) is X


def test_distances_between_words_are_refused_by_the_name_of_the_remedy():
    with pytest.raises(DoesNotApply, match=r"smoteboost does not apply to columns .* 'shop'"):
        Coded(refuse="smoteboost").fit(pd.DataFrame({"shop": ["a", "b"]}))
    numbers = pd.DataFrame({"km": [1.0, 2.0]})
    assert Coded(refuse="smoteboost").fit_transform(numbers).tolist() == [[1.0], [2.0]]


def test_a_column_that_is_all_gaps_is_all_gaps():
    frame = pd.DataFrame({"word": pd.Series([None, None], dtype=object), "x": [1.0, 2.0]})
    found = Coded().fit_transform(frame)
    assert np.isnan(found[:, 0]).all()
    assert found[:, 1].tolist() == [1.0, 2.0]
