"""Test files that know the training rows: their figures are no deployment figures."""

import numpy as np
import polars as pl

import evenkeel
from evenkeel.audit import audit, not_deployment
from evenkeel.table import read_table

RNG = np.random.default_rng(7)


def frame(n_rows, n_rare, first_group=0):
    y = np.repeat([0, 1], [n_rows - n_rare, n_rare])
    return pl.DataFrame(
        {
            "a": RNG.normal(size=n_rows) + y,
            "b": RNG.normal(size=n_rows),
            "g": first_group + np.arange(n_rows) // 2,
            "y": y,
        }
    )


def doubts(train, test, **options):
    table = read_table(train, target="y", **options)
    return not_deployment(audit(table, read_table(test, like=table)))


def test_rare_rows_taken_from_training_give_no_deployment_figures():
    train = frame(2000, 200).drop("g")
    fresh = frame(1000, 0).drop("g")
    rare_again = pl.concat([fresh, train.filter(pl.col("y") == 1)[:100]])
    assert doubts(train, rare_again) == ["test-shares-rows"]
    run = evenkeel.run(train, target="y", test=rare_again, quick=True, remedies="none",
                       learners="logistic")  # fmt: skip
    assert run.facts["test"]["deployment"] is False
    assert run.facts["test"]["notes"] == ["test-shares-rows"]


def test_groups_that_training_knows_give_no_deployment_figures():
    train = frame(2000, 200)
    assert doubts(train, frame(1000, 100, first_group=990), group="g") == ["test-shares-groups"]
    assert doubts(train, frame(1000, 100, first_group=2000), group="g") == []


def test_a_handful_of_rows_in_both_files_is_a_note():
    train, test = frame(2000, 200).drop("g"), frame(1000, 100).drop("g")
    table = read_table(train, target="y")
    found = audit(table, read_table(pl.concat([test, train[:3]]), like=table))
    assert [f.level for f in found if f.code == "test-shares-rows"] == ["note"]
    assert not_deployment(found) == []
