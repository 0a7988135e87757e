"""Columns that know the target: found, and honest strong ones left alone."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score

from evenkeel.audit import audit
from evenkeel.audit.leaks import (
    Evidence,
    _logistic,
    average_precision,
    codes_of,
    draw,
    out_of_fold,
)
from evenkeel.table import read_table

N = 6000
SUSPECT = {"leaking-column", "suspicious-column", "target-copy"}


def made(seed=0, share=0.05):
    """Six honest columns of middling strength, and the target."""
    rng = np.random.default_rng(seed)
    y = (rng.random(N) < share).astype(int)
    columns = {f"x{i}": rng.normal(size=N) + 0.6 * y for i in range(6)}
    columns["job"] = rng.choice(["a", "b", "c"], N)
    return rng, y, columns


def suspects(columns, y, **options):
    table = read_table({**columns, "y": y}, target="y", positive=1, **options)
    return {f.columns[0]: (f.code, f.level) for f in audit(table) if f.code in SUSPECT}


def test_honest_columns_are_left_alone():
    for seed in range(3):
        _, y, columns = made(seed)
        assert suspects(columns, y) == {}


@pytest.mark.parametrize("kind", ["numbers", "words", "middle", "gaps"])
def test_a_column_that_tells_the_target_is_a_blocker(kind):
    rng, y, columns = made()
    leak = {
        "numbers": np.where(y == 1, rng.uniform(5, 6, N), rng.uniform(0, 4, N)),
        "words": np.where(y == 1, rng.choice(["p", "q"], N), rng.choice(["r", "s", "t"], N)),
        "middle": np.where(y == 1, rng.uniform(4, 5, N), rng.choice([1.0, 9.0], N) + rng.random(N)),
        "gaps": [None if label == 0 else float(i) for i, label in enumerate(y)],
    }[kind]
    assert suspects({**columns, "leak": leak}, y) == {"leak": ("leaking-column", "blocker")}
    assert suspects({**columns, "leak": leak}, y, keep=["leak"]) == {
        "leak": ("leaking-column", "note")
    }


def test_a_leak_with_few_errors_is_a_warning():
    rng, y, columns = made()
    noisy = np.where(rng.random(N) < 0.001, 1 - y, y) + rng.random(N) * 0.5
    assert suspects({**columns, "leak": noisy}, y)["leak"] == ("leaking-column", "warning")


def test_a_column_that_adds_more_than_all_others_is_suspicious():
    rng, y, columns = made()
    late = rng.normal(size=N) + 2.2 * y
    assert suspects({**columns, "late": late}, y) == {"late": ("suspicious-column", "warning")}
    assert suspects({**columns, "late": late}, y, keep=["late"]) == {}


def test_one_good_column_among_noise_is_no_suspect():
    rng, y, _ = made()
    columns = {f"x{i}": rng.normal(size=N) for i in range(8)}
    assert suspects({**columns, "good": rng.normal(size=N) + 2.2 * y}, y) == {}


def test_a_thousand_columns_hide_no_suspect():
    rng, y, columns = made()
    noise = {f"n{i}": rng.normal(size=N) for i in range(1000)}
    late = rng.normal(size=N) + 2.2 * y
    found = suspects({**noise, **columns, "late": late}, y)
    assert found == {"late": ("suspicious-column", "warning")}


def test_names_of_single_rows_do_not_pass_for_knowledge():
    rng, y, columns = made()
    assert suspects({**columns, "note": [f"text {i} here" for i in range(N)]}, y) == {}
    assert (
        suspects({**columns, "pairs": [f"text {i // 2} here" for i in rng.permutation(N)]}, y) == {}
    )


def test_one_class_of_several_may_be_given_away():
    rng, _, columns = made()
    y = rng.choice(["a", "b", "c"], N, p=[0.6, 0.3, 0.1])
    columns["leak"] = np.where(y == "c", 1.0, 0.0) + rng.random(N) * 0.5
    found = [
        f for f in audit(read_table({**columns, "y": y}, target="y")) if f.code == "leaking-column"
    ]
    assert [(f.columns, f.level) for f in found] == [(("leak",), "blocker")]
    assert "'c'" in found[0].message


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(0, 5), st.integers(1, 4)), min_size=1, max_size=40
    )
)
def test_average_precision_is_that_of_scikit_learn(rows):
    y = np.array([1, *(int(label) for label, *_ in rows)])
    score = np.array([2.0, *(float(s) for _, s, _ in rows)])
    weight = np.array([1.0, *(float(w) for *_, w in rows)])
    evidence = Evidence(np.arange(len(y)), y, weight, np.zeros(len(y), dtype=np.int64))
    expected = average_precision_score(y, score, sample_weight=weight)
    assert average_precision(evidence, score) == pytest.approx(expected)


def test_shares_come_from_the_other_folds_only():
    y = np.array([1, 0, 1, 0, 1])
    fold = np.array([0, 1, 2, 3, 4])
    evidence = Evidence(np.arange(5), y, np.ones(5), fold)
    codes = np.array([0, 0, 0, 1, 1])
    expected = [(1 + 0.6) / 3, (2 + 0.6) / 3, (1 + 0.6) / 3, (1 + 0.6) / 2, (0 + 0.6) / 2]
    assert out_of_fold(codes, evidence) == pytest.approx(expected)


def test_codes_keep_order_equality_and_gaps():
    y = np.array([0, 1, 0, 1, 0])
    codes = codes_of(pl.Series([3.0, 1.0, None, 1.0, 2.0]), y)
    assert codes[2] == 0
    assert codes[1] == codes[3] < codes[4] < codes[0]
    assert codes_of(pl.Series(["b", None, "a", "b"]), y[:4]).tolist() == [2, 0, 1, 2]
    assert codes_of(pl.Series([None, None], dtype=pl.Float64), y[:2]).tolist() == [0, 0]
    values = np.random.default_rng(0).normal(size=5000)
    many = codes_of(pl.Series(values), (values > 1).astype(int))
    assert 50 < len(np.unique(many)) < 300
    assert many[values <= 1].max() < many[values > 1].min()


def test_rows_are_drawn_and_weighted_back():
    positive = np.arange(100_000) % 10 == 0
    evidence = draw(positive, 0)
    assert (evidence.y == positive[evidence.at]).all()
    assert np.bincount(evidence.y).tolist() == [15_000, 5_000]
    assert evidence.weight[evidence.y == 1].sum() == pytest.approx(10_000)
    assert evidence.weight[evidence.y == 0].sum() == pytest.approx(90_000)
    assert (draw(positive, 0).at == evidence.at).all()


def test_the_small_logistic_regression_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3))
    y = (rng.random(400) < 1 / (1 + np.exp(-X @ [1.0, -2.0, 0.5] - 0.3))).astype(float)
    model = LogisticRegression(C=1.0, tol=1e-10, max_iter=1000).fit(X, y)
    beta = _logistic(np.column_stack([np.ones(400), X]), y)
    assert beta == pytest.approx([*model.intercept_, *model.coef_[0]], abs=1e-5)
