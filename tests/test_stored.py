"""Scores as a run stored them, read back; names that scores took first; files that are no such thing."""

import numpy as np
import polars as pl
import pytest

from evenkeel.errors import DamagedRun, InvalidInput
from evenkeel.store import write_json
from evenkeel.stored import OOF, TESTED, read_facts, read_stored


def facts_of(labels=("no", "yes"), *, remedy="none"):
    return {
        "schema": "evenkeel.facts/1",
        "data": {"rows": 9, "classes": [{"label": label} for label in labels]},
        "chosen": {"remedy": remedy, "learner": "logistic", "why": "It was alone."},
        "split": {"kind": "random"},
        "test": {"notes": []},
        "audit": [],
    }


def oof(y, raw, labels=("no", "yes"), *, remedies=("none", "smote"), **beside):
    """Rows as ``oof_frame`` lays them: repeats and remedies of one row together."""
    n_repeats, n_rows, _ = raw.shape
    parts = []
    for remedy in remedies:
        for repeat in range(n_repeats):
            scores = raw[repeat] if remedy == remedies[0] else 1 - raw[repeat]
            parts.append(
                pl.DataFrame(
                    {
                        "row": range(n_rows),
                        "target": [labels[code] for code in y],
                        "at": range(n_rows),
                        "repeat": [repeat] * n_rows,
                        "fold": [0] * n_rows,
                        "remedy": pl.Series([remedy] * n_rows, dtype=pl.Categorical),
                        "learner": pl.Series(["logistic"] * n_rows, dtype=pl.Categorical),
                        **{f"raw_{label}": scores[:, at] for at, label in enumerate(labels)},
                        **{
                            f"probability_{label}": scores[:, at] for at, label in enumerate(labels)
                        },
                        **beside,
                    }
                )
            )
    return pl.concat(parts).sort("at", maintain_order=True)


def made(n=12, n_repeats=2, n_classes=2, seed=0):
    rng = np.random.default_rng(seed)
    raw = rng.dirichlet(np.ones(n_classes), (n_repeats, n))
    return np.arange(n) % n_classes, raw


@pytest.mark.parametrize(
    "labels", [("no", "yes"), (0, 1), (False, True), (1.5, 2.5), ("a b", "[x]")]
)
@pytest.mark.parametrize("n_repeats", [1, 3])
def test_scores_of_the_chosen_remedy_come_back_by_repeat(tmp_path, labels, n_repeats):
    y, raw = made(n_repeats=n_repeats)
    amount = np.arange(12) * 1.5
    oof(y, raw, labels, amount=amount).write_parquet(tmp_path / OOF)
    found = read_stored(tmp_path, OOF, facts=facts_of(labels), columns=("amount",))
    assert (found.y == y).all()
    assert (found.scores == raw).all()
    assert (found.columns["amount"] == amount).all()
    assert found.times is None
    other = read_stored(tmp_path, OOF, facts=facts_of(labels, remedy="smote"))
    assert (other.scores == 1 - raw).all()
    assert other.columns == {}


def test_of_the_untouched_rows_two_classes_have_one_probability(tmp_path):
    p = np.linspace(0, 1, 6)
    days = pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 1, 6), eager=True)
    frame = pl.DataFrame({
        "row": range(6), "target": ["no", "yes"] * 3, "probability": p, "decision": ["no"] * 6,
        "day": days.cast(pl.Datetime("ms")),
    })  # fmt: skip
    frame.write_parquet(tmp_path / TESTED)
    found = read_stored(tmp_path, TESTED, facts=facts_of(), time="day")
    assert (found.scores == np.stack([1 - p, p], axis=1)[None]).all()
    assert (found.y == [0, 1] * 3).all()
    assert found.times.dtype.kind == "M"
    assert found.times[0] == np.datetime64("2024-01-01")


def test_of_several_classes_each_has_one(tmp_path):
    p = np.random.default_rng(0).dirichlet([1, 1, 1], 6)
    frame = pl.DataFrame({
        "row": range(6), "target": [1, 2, 3] * 2,
        **{f"probability_{label}": p[:, at] for at, label in enumerate((1, 2, 3))},
        "decision": [1] * 6, "probability": np.arange(6.0),
    })  # fmt: skip
    frame.write_parquet(tmp_path / TESTED)
    found = read_stored(tmp_path, TESTED, facts=facts_of((1, 2, 3)), time="probability")
    assert (found.scores[0] == p).all()
    assert (found.times == np.arange(6.0)).all(), "a name that several classes leave free"


@pytest.mark.parametrize(
    "name", ["target", "row", "fold", "raw_yes", "probability_no", "at", "remedy"]
)
def test_a_column_whose_name_the_scores_took_is_found_under_its_new_name(tmp_path, name):
    y, raw = made()
    oof(y, raw, **{f"{name}_": np.arange(12.0)}).write_parquet(tmp_path / OOF)
    found = read_stored(tmp_path, OOF, facts=facts_of(), columns=(name,))
    assert (found.columns[name] == np.arange(12.0)).all()
    both = {f"{name}_": np.arange(12.0), f"{name}__": np.arange(12.0) + 1}
    oof(y, raw, **both).write_parquet(tmp_path / OOF)
    for asked in (name, f"{name}_", f"{name}__"):
        with pytest.raises(InvalidInput, match=f"'{asked}' cannot be told from others"):
            read_stored(tmp_path, OOF, facts=facts_of(), columns=(asked,))


@pytest.mark.parametrize(
    "name", ["target", "raw_no", "remedy", "row", "card", "day", "flag", "amuont"]
)
def test_costs_are_numbers_of_the_table_and_nothing_else(tmp_path, name):
    y, raw = made()
    days = (np.datetime64("2024-01-01") + np.arange(12)).astype("datetime64[us]")
    more = {"card": ["x"] * 12, "day": days, "flag": [True] * 12, "amount": [1.0] * 12}
    oof(y, raw, **more).write_parquet(tmp_path / OOF)
    with pytest.raises(InvalidInput, match="must be a numeric column of the run's table") as caught:
        read_stored(tmp_path, OOF, facts=facts_of(), columns=(name,))
    assert "There are: amount." in str(caught.value)
    assert ("Did you mean 'amount'?" in str(caught.value)) == (name == "amuont")


def test_a_table_without_numbers_has_none_to_offer(tmp_path):
    y, raw = made()
    oof(y, raw).write_parquet(tmp_path / OOF)
    with pytest.raises(InvalidInput, match="There are: none"):
        read_stored(tmp_path, OOF, facts=facts_of(), columns=("amount",))


def test_brackets_in_the_path_are_no_pattern(tmp_path):
    folder = tmp_path / "run [a-z]* {1}"
    folder.mkdir()
    y, raw = made()
    oof(y, raw).write_parquet(folder / OOF)
    assert (read_stored(folder, OOF, facts=facts_of()).y == y).all()


BROKEN = {
    "no rows": lambda frame: frame.head(0),
    "half a repeat": lambda frame: frame[:-3],
    "another remedy": lambda frame: frame.with_columns(remedy=pl.lit("smite")),
    "no remedy": lambda frame: frame.drop("remedy"),
    "no scores": lambda frame: frame.drop("raw_yes"),
    "no target": lambda frame: frame.drop("target"),
    "labels of no class": lambda frame: frame.with_columns(target=pl.lit("maybe")),
    "labels of another type": lambda frame: frame.with_columns(target=pl.lit(1)),
    "missing labels": lambda frame: frame.with_columns(target=pl.lit(None, pl.String)),
    "scores in words": lambda frame: frame.with_columns(raw_yes=pl.lit("high")),
    "scores in lists": lambda frame: frame.with_columns(raw_yes=pl.lit([0.5])),
    "repeats in words": lambda frame: frame.with_columns(repeat=pl.lit("first")),
    "repeats without a number": lambda frame: frame.with_columns(repeat=pl.lit(None, pl.Int16)),
    "repeats out of range": lambda frame: frame.with_columns(repeat=pl.lit(10**6)),
    "repeats below 0": lambda frame: frame.with_columns(repeat=pl.lit(-1)),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_file_that_no_run_wrote(tmp_path, what):
    y, raw = made()
    BROKEN[what](oof(y, raw)).write_parquet(tmp_path / OOF)
    with pytest.raises(DamagedRun, match=OOF.replace(".", r"\.")):
        read_stored(tmp_path, OOF, facts=facts_of())


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1 and nothing PAR1", b"a,b\n1,2\n"])
def test_a_file_that_is_no_parquet(tmp_path, content):
    (tmp_path / OOF).write_bytes(content)
    with pytest.raises(DamagedRun, match="is not what a run writes"):
        read_stored(tmp_path, OOF, facts=facts_of())
    with pytest.raises(DamagedRun, match="is not what a run writes"):
        read_stored(tmp_path, TESTED, facts=facts_of())


@pytest.mark.parametrize(
    "stored",
    [
        None, [], {}, {"schema": "evenkeel.facts/1"}, facts_of() | {"schema": "other"},
        facts_of(("one",)), facts_of() | {"data": {"rows": 9, "classes": 5}},
        facts_of() | {"data": {"rows": 9, "classes": ["no", "yes"]}},
        facts_of() | {"chosen": "none"}, facts_of() | {"test": None},
        facts_of() | {"split": {"kind": None}},
    ],
    ids=range(11),
)  # fmt: skip
def test_facts_must_be_those_of_a_run(tmp_path, stored):
    write_json(tmp_path / "metrics.json", stored)
    with pytest.raises(DamagedRun, match=r"metrics\.json does not hold the facts"):
        read_facts(tmp_path)


def test_facts_of_a_run_are_read(tmp_path):
    write_json(tmp_path / "metrics.json", facts_of())
    assert read_facts(tmp_path) == facts_of()
