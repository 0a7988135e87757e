"""New rows for a model: its columns, their kinds, what it never saw."""

import json

import numpy as np
import polars as pl
import pytest

from evenkeel.errors import InvalidInput
from evenkeel.reading.features import read_features
from evenkeel.reading.schema import Schema
from evenkeel.table import read_table

TRAIN = {
    "id": [f"r{i}" for i in range(60)],
    "age": [str(20 + i) for i in range(60)],
    "city": ["Rom", "Ulm", "Bonn"] * 20,
    "y": ["no"] * 50 + ["yes"] * 10,
}


@pytest.fixture(scope="module")
def schema():
    return read_table(TRAIN, target="y", drop=["id"]).schema


def test_a_schema_survives_json_and_refuses_a_damaged_one(schema):
    stored = json.loads(json.dumps(schema.to_dict()))
    assert Schema.from_dict(stored) == schema
    assert schema.kinds == {"age": "number", "city": "text"}
    assert schema.categories == {"city": ("Bonn", "Rom", "Ulm")}
    assert schema.source_columns == ("id", "age", "city", "y")
    for broken in ({}, {**stored, "kinds": 3}, {**stored, "source_columns": None}):
        with pytest.raises(InvalidInput, match="schema of the model is damaged"):
            Schema.from_dict(broken)


def test_columns_of_many_values_are_not_kept_as_categories():
    table = read_table({"name": [f"n{i}" for i in range(60)], "y": [0, 1] * 30}, target="y")
    assert table.schema.categories == {}


def test_features_come_in_the_order_of_the_model_whatever_the_file(schema):
    new = read_features({"city": ["Ulm", "Ulm"], "z": [1, 2], "age": ["?", "31"]}, schema=schema)
    assert new.X.columns == ["age", "city"]
    assert new.X.rows() == [(None, "Ulm"), (31, "Ulm")]
    assert new.extra == ("z",)
    assert new.labels is None
    assert any("training did not have are ignored: z" in note for note in new.notes)


def test_columns_dropped_in_training_are_no_surprise(schema):
    new = read_features({"id": ["a"], "city": ["Ulm"], "age": [3], "y": ["yes"]}, schema=schema)
    assert new.extra == ()
    assert new.labels.to_list() == ["yes"]
    assert new.frame.columns == ["id", "city", "age", "y"]


def test_unseen_categories_are_counted(schema):
    new = read_features(
        {"city": ["Ulm", "Paris", "Paris", "Oslo"], "age": [1, 2, 3, 4]}, schema=schema
    )
    assert new.unseen == {"city": {"Paris": 2, "Oslo": 1}}
    assert "city holds 2 values that training never saw: Paris, Oslo (3 rows)" in new.notes


def test_missing_columns_are_named_with_near_ones(schema):
    with pytest.raises(InvalidInput, match=r"It lacks 1: 'city'. Did you mean 'citty'\?"):
        read_features({"citty": ["Ulm"], "age": [3]}, schema=schema)
    with pytest.raises(InvalidInput, match=r"no header and 1 columns; training had 4"):
        read_features(np.array([[1.0]]), schema=schema)
    with pytest.raises(InvalidInput, match=r"'age' must hold numbers.*'old' in row 1"):
        read_features({"city": ["Ulm"] * 2, "age": ["1", "old"]}, schema=schema)


def test_files_without_header_take_the_names_of_training(tmp_path):
    path = tmp_path / "train.csv"
    path.write_text("".join(f"{'spam' if i % 5 == 0 else 'ham'}\tword {i}\n" for i in range(50)))
    table = read_table(path, target=0)
    (tmp_path / "new.csv").write_text("some text\nmore text, here\nlast\n")
    new = read_features(tmp_path / "new.csv", schema=table.schema, header=False)
    assert new.X.columns == ["column_2"]
    assert new.X["column_2"].to_list() == ["some text", "more text, here", "last"]
    both = read_features(path, schema=table.schema)
    assert both.X.height == 50
    assert both.labels is not None


def test_an_empty_column_keeps_its_kind(schema):
    new = read_features({"city": [None], "age": [None]}, schema=schema)
    assert new.X.schema == {"age": pl.Float64, "city": pl.String}
