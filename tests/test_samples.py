import time

import lightgbm as lgb
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from sklearn.metrics import average_precision_score

from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.samples import payments, rare
from evenkeel.samples.cards import CATEGORIES, CHANNELS, COUNTRIES
from evenkeel.split import hold_out


@pytest.fixture(scope="module")
def table():
    return payments(60_000)


def test_full_size_is_quick():
    start = time.perf_counter()
    assert payments().height == 200_000
    assert time.perf_counter() - start < 5  # 0.5 s on a free core; machines are busy at times


def test_columns_and_their_kinds(table):
    assert dict(table.schema) == {
        "ts": pl.Datetime("ms"),
        "card": pl.String,
        "amount": pl.Float64,
        "merchant_category": pl.String,
        "country": pl.String,
        "channel": pl.String,
        "distance_km": pl.Float64,
        "hours_since_last": pl.Float64,
        "payments_24h": pl.Int64,
        "new_device": pl.Boolean,
        "note": pl.String,
        "is_fraud": pl.Int8,
    }
    assert table["ts"].is_sorted()
    assert 175 < (table["ts"].max() - table["ts"].min()).days <= 180
    assert set(table["merchant_category"]) == set(CATEGORIES)
    assert set(table["channel"]) == set(CHANNELS)
    assert set(table["country"]) == set(COUNTRIES)
    assert table["amount"].min() > 0
    with_gaps = {name for name in table.columns if table[name].null_count()}
    assert with_gaps == {"distance_km", "hours_since_last", "note"}
    assert table["note"].n_unique() > 1_000


@pytest.mark.parametrize(("n_rows", "seed"), [(100, 0), (5_000, 3), (40_000, 11)])
def test_share_of_fraud_and_number_of_rows(n_rows, seed):
    table = payments(n_rows, seed)
    assert table.height == n_rows
    assert table["is_fraud"].sum() == max(1, round(0.0045 * n_rows))


def test_same_seed_same_table(table):
    assert_frame_equal(payments(60_000, 7), table)
    assert not payments(60_000, 8).equals(table)


def test_history_columns_equal_a_slow_loop():
    table = payments(3_000, seed=5)
    by_card = {}
    for row in table.iter_rows(named=True):
        earlier = by_card.setdefault(row["card"], [])
        hours = (row["ts"] - earlier[-1]).total_seconds() / 3600 if earlier else None
        assert row["hours_since_last"] == (
            None if hours is None else pytest.approx(hours, abs=1e-3)
        )
        recent = sum((row["ts"] - moment).total_seconds() <= 86_400 for moment in earlier)
        assert row["payments_24h"] == recent
        earlier.append(row["ts"])


def test_cards_come_and_go_and_stolen_ones_are_blocked(table):
    lives = table.group_by("card").agg(
        pl.len(), (pl.col("ts").max() - pl.col("ts").min()).alias("life")
    )
    assert 5 < lives["len"].mean() < 20
    assert lives["life"].mean().days < 60
    stolen = table.filter(is_fraud=1).group_by("card").agg(last=pl.col("ts").max())
    after = table.join(stolen, on="card").filter(pl.col("ts") > pl.col("last"))
    assert after.height < 0.3 * stolen.height
    assert after.filter(pl.col("ts") > pl.col("last") + pl.duration(days=4)).height == 0


def test_fraud_can_be_learnt_but_not_read_off_and_group_with_time_works():
    table = payments()
    columns = ["amount", "merchant_category", "country", "channel", "distance_km",
               "hours_since_last", "payments_24h", "new_device"]  # fmt: skip
    codes = [pl.col(name).cast(pl.Categorical).to_physical() for name in columns[1:4]]
    X = table.select(columns).with_columns(codes).to_numpy().astype(float)
    y = table["is_fraud"].to_numpy().astype(np.int64)
    cards = table["card"].rank("dense").to_numpy().astype(np.int64)
    split = hold_out(y, groups=cards, time=table["ts"].to_physical().to_numpy())
    assert split.set_aside < 0.25 * table.height
    assert y[split.test].sum() >= 100
    model = lgb.LGBMClassifier(
        n_estimators=100, num_leaves=15, learning_rate=0.05, min_child_samples=40,
        n_jobs=1, verbose=-1,
    ).fit(X[split.train], y[split.train])  # fmt: skip
    found = average_precision_score(y[split.test], model.booster_.predict(X[split.test]))
    assert 0.4 < found < 0.7
    for j in range(X.shape[1]):  # no column gives it away
        alone = np.nan_to_num(X[:, j], nan=-1)
        best = max(average_precision_score(y, alone), average_precision_score(y, -alone))
        assert best < 0.2


@pytest.mark.parametrize("given", [{"n_rows": 99}, {"n_rows": 150.5}, {"seed": -1}])
def test_payments_refuses(given):
    with pytest.raises(InvalidInput, match="payments must be a whole number"):
        payments(**{"n_rows": 200, **given})
    with pytest.raises(InvalidType):
        payments("many")


@pytest.mark.parametrize(
    ("name", "label", "ratio", "counts"),
    [
        ("breast_cancer", "malignant", 20, (357, 18)),
        ("digits", 9, 30, (183, 6)),
        ("wine", "class_2", 71 / 5, (71, 5)),
        ("iris", "virginica", 25, (50, 2)),
    ],
)
def test_rare_cuts_one_class(name, label, ratio, counts):
    table = rare(name, ratio=ratio)
    found = dict(table["target"].value_counts().iter_rows())
    assert (max(found.values()), found[label]) == counts
    assert table.columns[-1] == "target"
    assert_frame_equal(rare(name, ratio=ratio), table)
    if counts[1] > 2:
        assert not rare(name, ratio=ratio, seed=1).equals(table)


def test_rare_refuses():
    with pytest.raises(InvalidInput, match="Did you mean 'digits'"):
        rare("digit")
    with pytest.raises(InvalidInput, match="leaves 1"):
        rare("iris", ratio=50)
    with pytest.raises(InvalidInput, match="between 2 and 212 rows"):
        rare("breast_cancer", ratio=1)
