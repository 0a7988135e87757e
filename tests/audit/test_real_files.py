"""The audit of the real files: no blocker, few warnings, the known suspect found."""

from pathlib import Path

import pytest

from evenkeel.audit import audit, not_deployment
from evenkeel.table import read_table

GROUPS = Path(__file__).resolve().parents[2] / "examples" / "nsl-kdd-groups.csv"


@pytest.mark.parametrize(
    ("path", "options", "expected"),
    [
        ("tables/mammography.csv", {"target": -1}, {"conflicting-rows"}),
        ("tables/oil-spill.csv", {"target": -1}, {"few-positives"}),
        ("tables/phoneme.csv", {"target": -1}, set()),
        ("tables/pima-indians-diabetes.csv", {"target": -1}, set()),
        ("tables/adult-train.csv", {"target": -1}, set()),
        ("tables/healthcare-dataset-stroke-data.csv", {"target": "stroke"}, {"id-column"}),
        ("tables/Telco-Customer-Churn.csv", {"target": "Churn"}, {"id-column", "conflicting-rows"}),
        ("tables/bank-additional-full.csv", {"target": "y"}, {"suspicious-column"}),
        ("tables/dataset_diabetes.zip", {"target": "readmitted", "group": "patient_nbr"}, {"id-column"}),
        ("large/16_http.npz", {"target": "y"}, {"leaking-column", "conflicting-rows", "duplicate-rows"}),
        ("large/8_celeba.npz", {"target": "y"}, {"conflicting-rows", "duplicate-rows"}),
        ("large/10_cover.npz", {"target": "y"}, {"suspicious-column"}),
        ("text/sms-spam/SMSSpamCollection", {"target": 0}, set()),
    ],
)  # fmt: skip
def test_real_files_raise_no_blocker_and_few_warnings(data_dir, path, options, expected):
    found = audit(read_table(data_dir / path, **options))
    assert [f.code for f in found if f.level == "blocker"] == []
    assert {f.code for f in found if f.level == "warning"} == expected


def test_the_call_duration_of_the_bank_table_is_the_suspect(data_dir):
    table = read_table(data_dir / "tables/bank-additional-full.csv", target="y")
    assert [f.columns for f in audit(table) if f.code == "suspicious-column"] == [("duration",)]


def test_adult_comes_with_a_fair_test_file_and_nsl_kdd_does_not(data_dir):
    train = read_table(data_dir / "tables/adult-train.csv", target=-1)
    test = read_table(data_dir / "tables/adult-test.csv", like=train)
    assert not_deployment(audit(train, test)) == []
    options = {"names": data_dir / "tables/nsl-kdd/field_names.csv", "target": -2, "drop": [-1]}
    options["map_target"] = GROUPS
    train = read_table(data_dir / "tables/nsl-kdd/KDDTrain+.txt.gz", **options)
    test = read_table(data_dir / "tables/nsl-kdd/KDDTest+.txt", like=train)
    findings = audit(train, test)
    assert not_deployment(findings) == ["test-prevalence", "test-shares-rows"]
    assert {f.code: f for f in findings}["test-shares-rows"].n_rows == 664
