import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from evenkeel.errors import DoesNotApply, InvalidInput, InvalidType
from evenkeel.resample.category_columns import category_columns

KINDS = {
    "number": [1.5, 2.5],
    "word": ["a", "b"],
    "flag": [True, False],
    "whole": [1, 2],
    "other": ["x", "y"],
}
PANDAS = pd.DataFrame(KINDS).astype({"other": "category"})


@pytest.mark.parametrize(
    "X",
    [
        PANDAS,
        PANDAS.astype({"word": object, "flag": "boolean"}),
        PANDAS.assign(whole=np.array([1, None], dtype=object)),
        PANDAS.convert_dtypes(dtype_backend="pyarrow"),
        pl.DataFrame(
            KINDS, schema_overrides={"word": pl.Categorical, "other": pl.Enum(["x", "y"])}
        ),
        pa.table({**KINDS, "other": pa.array(KINDS["other"]).dictionary_encode()}),
    ],
)
def test_auto_finds_categories_words_and_booleans(X):
    assert category_columns(X, "auto", "SMOTENC").tolist() == [1, 2, 4]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ([1, 2], [1, 2]),
        ((2, 1), [2, 1]),
        ([-1, 4, 0], [4, 0]),
        (np.array([3]), [3]),
        (1, [1]),
        ([False, True, False, False, True], [1, 4]),
        (np.array([0, 1, 0, 0, 0], bool), [1]),
        (["other", "word"], [4, 1]),
        (np.array(["word"]), [1]),
        ("word", [1]),
        ([], []),
        ([1, "other"], [1, 4]),
    ],
)
def test_columns_by_position_name_and_mask(wanted, found):
    assert category_columns(PANDAS, wanted, "SMOTENC").tolist() == found


@pytest.mark.parametrize(
    ("X", "wanted", "error", "message"),
    [
        (
            np.eye(3),
            "auto",
            DoesNotApply,
            "the input data should be a pandas.DataFrame.*Got ndarray",
        ),
        (np.eye(3), ["a"], InvalidInput, "It has no names: give positions"),
        (PANDAS, ["wrd"], InvalidInput, "Did you mean 'word'?"),
        (PANDAS, [0, 10], InvalidInput, "all features must be in .*Got 10"),
        (PANDAS, [-6], InvalidInput, "Got -6"),
        (PANDAS, [True], InvalidInput, "must hold 5 values.*Got 1"),
        (PANDAS, [1.5], InvalidType, "positions, names or a mask of columns. Got 1.5"),
        (PANDAS, [0, True], InvalidType, "Got True"),
    ],
)
def test_refusals(X, wanted, error, message):
    with pytest.raises(error, match=message):
        category_columns(X, wanted, "SMOTENC")
