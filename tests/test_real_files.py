"""The whole line on real tables, in a short form; the full figures stand in docs/results.md."""

import json

import numpy as np
import polars as pl
import pytest

import evenkeel

SHORT = {"quick": True, "remedies": ("class-weight",)}


def check(run, rows, positives):
    facts = run.facts
    assert facts["data"]["rows"] == rows
    assert min(row["count"] for row in facts["data"]["classes"]) == positives
    split = facts["split"]
    if split["kind"] == "nested":
        assert split["train_rows"] == split["test_rows"] == rows
    else:
        assert split["train_rows"] + split["test_rows"] + split["set_aside"] == rows
    assert len(facts["verdict"]) == 3
    test = facts["test"]
    assert test["average_precision"] > 1.5 * positives / rows
    json.dumps(facts, allow_nan=False)
    return facts


def test_mammography_with_quoted_labels_and_no_header(data_dir):
    run = evenkeel.run(data_dir / "tables/mammography.csv", target=-1, positive="1", **SHORT)
    facts = check(run, 11_183, 260)
    assert facts["data"]["severity"] == "significant"
    assert 0.6 < facts["calibration"]["ratio"] < 1.6
    assert "quote" in " ".join(facts["data"]["notes"])


def test_oil_spill_has_too_few_positives_for_a_claim(data_dir):
    run = evenkeel.run(data_dir / "tables/oil-spill.csv", target=-1, drop=(0,), **SHORT)
    facts = check(run, 937, 41)
    assert facts["evidence"]["level"] == "weak"
    assert facts["chosen"]["remedy"] == "none"


def test_satimage_with_its_test_file_and_one_class_against_the_rest(data_dir):
    folder = data_dir / "tables/satimage"
    run = evenkeel.run(folder / "sat.trn", test=folder / "sat.tst", target=-1, positive=4, **SHORT)
    facts = run.facts
    assert facts["split"]["kind"] == "file"
    assert facts["split"]["test_rows"] == 2000
    assert facts["test"]["positives"] == 211
    assert facts["test"]["average_precision"] > 0.5


def test_stroke_with_missing_values(data_dir, tmp_path):
    source = data_dir / "tables/healthcare-dataset-stroke-data.csv"
    run = evenkeel.run(source, target="stroke", drop=("id",), out=tmp_path / "run", **SHORT)
    check(run, 5110, 249)
    rows = pl.read_parquet(tmp_path / "run/predictions_test.parquet")
    again = evenkeel.Run.load(tmp_path / "run")
    again.predict_file(source, tmp_path / "scored.parquet")
    scored = pl.read_parquet(tmp_path / "scored.parquet")[rows["row"]]
    assert np.array_equal(scored["probability"].to_numpy(), rows["probability"].to_numpy())
    assert scored["decision"].to_list() == rows["decision"].to_list()


@pytest.mark.slow
def test_diabetes_by_patient(data_dir):
    run = evenkeel.run(
        data_dir / "tables/dataset_diabetes.zip", target="readmitted", positive="<30",
        group="patient_nbr", drop=("encounter_id",), **SHORT,
    )  # fmt: skip
    check(run, 101_766, 11_357)


@pytest.mark.slow
def test_intrusion_in_five_groups(data_dir):
    folder = data_dir / "tables/nsl-kdd"
    run = evenkeel.run(
        folder / "KDDTrain+.txt.gz", test=folder / "KDDTest+.txt", target=-2, drop=(-1,),
        names=folder / "field_names.csv", map_target="examples/nsl-kdd-groups.csv", **SHORT,
    )  # fmt: skip
    counts = {row["label"]: row["count"] for row in run.facts["data"]["classes"]}
    assert counts["u2r"] == 52
    assert counts["r2l"] == 995
    assert not run.facts["test"]["deployment"]
