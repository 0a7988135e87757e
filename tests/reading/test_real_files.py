"""The real files, as messy as they lie there: counts as their README measured them."""

import csv
from pathlib import Path

import polars as pl
import pytest

from evenkeel.errors import InvalidInput
from evenkeel.table import read_features, read_table

GROUPS = Path(__file__).resolve().parents[2] / "examples" / "nsl-kdd-groups.csv"


@pytest.mark.parametrize(
    ("path", "options", "n_columns", "counts"),
    [
        ("tables/mammography.csv", {"target": -1}, 6, {-1: 10923, 1: 260}),
        ("tables/oil-spill.csv", {"target": -1}, 49, {0: 896, 1: 41}),
        ("tables/phoneme.csv", {"target": -1}, 5, {0: 3818, 1: 1586}),
        ("tables/pima-indians-diabetes.csv", {"target": "-1"}, 8, {0: 500, 1: 268}),
        ("tables/healthcare-dataset-stroke-data.csv", {"target": "stroke"}, 11, {0: 4861, 1: 249}),
        ("tables/Telco-Customer-Churn.csv", {"target": "Churn"}, 20, {"No": 5174, "Yes": 1869}),
        ("tables/bank-additional-full.csv", {"target": "y"}, 20, {"no": 36548, "yes": 4640}),
        ("tables/dataset_diabetes.zip", {"target": "readmitted"}, 49, {"<30": 11357, ">30": 35545, "NO": 54864}),
        ("tables/dataset_diabetes.zip", {"target": "readmitted", "positive": "<30", "group": "patient_nbr"}, 48, {"rest": 90409, "<30": 11357}),
        ("large/10_cover.npz", {"target": "y"}, 10, {0: 283301, 1: 2747}),
        ("large/8_celeba.npz", {"target": "y"}, 39, {0: 198052, 1: 4547}),
        ("large/16_http.npz", {"target": "y"}, 3, {0: 565287, 1: 2211}),
        ("text/sms-spam/SMSSpamCollection", {"target": 0}, 1, {"ham": 4827, "spam": 747}),
        ("multilabel/yeast.arff", {"target": -1}, 116, {0: 2383, 1: 34}),
    ],
)  # fmt: skip
def test_counts_are_those_of_the_readme(data_dir, path, options, n_columns, counts):
    table = read_table(data_dir / path, **options)
    assert dict(zip(table.classes, table.counts.tolist(), strict=True)) == counts
    assert table.X.width == n_columns


def test_adult_train_and_test_agree(data_dir):
    train = read_table(data_dir / "tables/adult-train.csv", target=-1)
    test = read_table(data_dir / "tables/adult-test.csv", like=train)
    assert train.classes == test.classes == ("<=50K", ">50K")
    assert (train.counts + test.counts).tolist() == [37155, 11687]
    assert train.X.schema == test.X.schema
    assert train.X["column_2"].null_count() == 1836
    assert any("closing dots: ' <=50K.' is '<=50K'" in note for note in test.notes)


def test_satimage_is_two_files_separated_by_spaces(data_dir):
    train = read_table(data_dir / "tables/satimage/sat.trn", target=-1, positive=4)
    test = read_table(data_dir / "tables/satimage/sat.tst", like=train)
    assert (train.X.width, train.n_rows + test.n_rows) == (36, 6435)
    assert int(train.counts[1] + test.counts[1]) == 626


def test_text_in_a_number_column_is_read_as_missing_and_said(data_dir):
    table = read_table(data_dir / "tables/Telco-Customer-Churn.csv", target="Churn")
    assert table.X["TotalCharges"].dtype == pl.Float64
    assert table.X["TotalCharges"].null_count() == 11
    assert "blank read as missing in TotalCharges (11 cells)" in table.notes


@pytest.fixture(scope="module")
def kdd(data_dir):
    folder = data_dir / "tables/nsl-kdd"
    options = {"names": folder / "field_names.csv", "target": "column_42", "drop": [-1]}
    return folder, options


def test_nsl_kdd_maps_to_five_groups_in_both_files(kdd):
    folder, options = kdd
    train = read_table(folder / "KDDTrain+.txt.gz", map_target=GROUPS, **options)
    assert train.X.width == 41
    assert dict(zip(train.classes, train.counts.tolist(), strict=True)) == {
        "dos": 45927, "normal": 67343, "probe": 11656, "r2l": 995, "u2r": 52,
    }  # fmt: skip
    test = read_table(folder / "KDDTest+.txt", like=train)
    assert test.counts.tolist() == [7460, 9711, 2421, 2885, 67]


def test_the_groups_file_holds_every_attack_of_both_files_and_agrees_with_theirs(kdd):
    folder, options = kdd
    with GROUPS.open() as file:
        ours = {row["label"]: row["group"] for row in csv.DictReader(file)}
    raw = read_table(folder / "KDDTrain+.txt.gz", **options)
    with pytest.raises(InvalidInput, match="holds 17 labels that training never saw"):
        read_table(folder / "KDDTest+.txt", like=raw)
    later = read_table(folder / "KDDTest+.txt", **options)
    assert set(ours) == {*raw.labels, *later.labels}
    assert len(ours) == 40
    theirs = (folder / "attack_types.csv").read_text().replace("\r", "\n").split()
    pairs = dict(line.split(",") for line in theirs)
    assert all(ours[label] == group for label, group in pairs.items() if label != "unknown")


def test_quotes_in_messages_are_kept(data_dir):
    table = read_table(data_dir / "text/sms-spam/SMSSpamCollection", target=0)
    lines = (data_dir / "text/sms-spam/SMSSpamCollection").read_bytes().decode().split("\n")
    texts = [line.split("\t")[1].strip() for line in lines if line]
    assert table.X["column_2"].to_list() == texts


def test_a_training_file_without_its_labels_is_read_for_prediction(data_dir):
    path = data_dir / "tables/pima-indians-diabetes.csv"
    table = read_table(path, target=-1)
    new = read_features(table.X.to_numpy(), schema=table.schema)
    assert new.X.cast(pl.Float64).equals(table.X.cast(pl.Float64))
