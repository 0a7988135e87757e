import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from imblearn.metrics import geometric_mean_score, specificity_score
from sklearn import metrics as sk

from evenkeel.confusion import (
    DECISION_METRICS,
    Counts,
    beta_of,
    confusion_table,
    from_confusion,
    from_counts,
    one_against_rest,
)
from evenkeel.errors import InvalidInput

CODES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60)
ORACLES = {
    "precision": lambda y, d, a: sk.precision_score(y, d, average=a, zero_division=0),
    "recall": lambda y, d, a: sk.recall_score(y, d, average=a),
    "specificity": lambda y, d, a: specificity_score(y, d, average=a),
    "f1": lambda y, d, a: sk.f1_score(y, d, average=a),
    "f2": lambda y, d, a: sk.fbeta_score(y, d, beta=2, average=a),
    "f0.5": lambda y, d, a: sk.fbeta_score(y, d, beta=0.5, average=a),
    "balanced-accuracy": lambda y, d, a: sk.balanced_accuracy_score(y, d),
    "g-mean": lambda y, d, a: geometric_mean_score(y, d),
    "mcc": lambda y, d, a: sk.matthews_corrcoef(y, d),
    "accuracy": lambda y, d, a: sk.accuracy_score(y, d),
}


@pytest.mark.parametrize("name", ORACLES)
@pytest.mark.parametrize("n_classes", [2, 4])
def test_equals_scikit_learn_and_imbalanced_learn(name, n_classes):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        y = rng.integers(0, n_classes, 80)
        decided = np.where(rng.random(80) < 0.5, y, rng.integers(0, n_classes, 80))
        found = from_confusion(name, confusion_table(y, decided, n_classes=n_classes))
        want = ORACLES[name](y, decided, "binary" if n_classes == 2 else "macro")
        assert float(found) == pytest.approx(want, abs=1e-12)


def test_youden_is_recall_plus_specificity_less_one():
    counts = Counts(*map(np.array, (8.0, 10.0, 2.0, 80.0)))
    assert float(from_counts("youden", counts)) == pytest.approx(0.8 + 80 / 90 - 1)


@given(CODES)
def test_the_table_counts_every_row_once(rows):
    y, decided = (np.array(column) for column in zip(*rows, strict=True))
    table = confusion_table(y, decided, n_classes=4)
    assert table.tolist() == [
        [float(((y == a) & (decided == b)).sum()) for b in range(4)] for a in range(4)
    ]
    counts = one_against_rest(table)
    assert sum(counts).tolist() == [len(rows)] * 4


@given(CODES, st.sampled_from(DECISION_METRICS))
def test_metrics_stay_in_their_range_and_never_warn(rows, name):
    y, decided = (np.array(column) for column in zip(*rows, strict=True))
    value = float(from_confusion(name, confusion_table(y, decided, n_classes=4)))
    low = -1.0 if name in {"mcc", "youden"} else 0.0
    assert np.isnan(value) or low - 1e-12 <= value <= 1 + 1e-12


@given(CODES)
def test_two_class_metrics_do_not_change_with_the_name_of_the_classes(rows):
    y, decided = (np.array(column) % 2 for column in zip(*rows, strict=True))
    assume(0 < y.sum() < len(y))
    for name in ("mcc", "g-mean", "balanced-accuracy", "accuracy", "youden"):
        one = from_confusion(name, confusion_table(y, decided))
        other = from_confusion(name, confusion_table(1 - y, 1 - decided))
        assert float(one) == pytest.approx(float(other))


def test_arrays_of_tables_give_arrays_of_metrics():
    rng = np.random.default_rng(0)
    tables = rng.integers(1, 9, (5, 3, 3))
    for name in (*DECISION_METRICS, "f3"):
        each = [float(from_confusion(name, table)) for table in tables]
        assert from_confusion(name, tables).tolist() == pytest.approx(each)


def test_zero_over_zero_is_what_the_module_says():
    nothing = Counts(*map(np.array, (0.0, 0.0, 5.0, 95.0)))
    assert float(from_counts("precision", nothing)) == 0.0
    assert float(from_counts("mcc", nothing)) == 0.0
    assert float(from_counts("f1", nothing)) == 0.0
    empty = Counts(*map(np.array, (0.0, 0.0, 0.0, 95.0)))
    assert np.isnan(from_counts("recall", empty))
    assert np.isnan(from_counts("f1", empty))
    assert float(from_counts("balanced-accuracy", empty)) == 1.0
    # a class without rows leaves the macro average
    absent = [[4, 1, 0], [1, 4, 0], [0, 0, 0]]
    assert float(from_confusion("recall", absent)) == pytest.approx(0.8)
    assert float(from_confusion("g-mean", absent)) == pytest.approx(0.8)


def test_always_negative_at_one_percent():
    y = np.array([0] * 990 + [1] * 10)
    table = confusion_table(y, np.zeros(1000, int))
    assert float(from_confusion("accuracy", table)) == 0.99
    assert float(from_confusion("balanced-accuracy", table)) == 0.5


def test_weights_count_rows():
    assert confusion_table([0, 1], [1, 1], weight=[2.0, 0.5]).tolist() == [[0, 2], [0, 0.5]]


@pytest.mark.parametrize("name", ["f0", "fx", "F1", "f1e3", "f-1"])
def test_only_positive_betas_are_betas(name):
    assert beta_of(name) is None


def test_unknown_metrics_and_codes_are_refused():
    with pytest.raises(InvalidInput, match=r"Did you mean 'recall'\?"):
        from_confusion("recal", np.eye(2))
    with pytest.raises(InvalidInput, match="labels of confusion_table"):
        confusion_table([0, 1], [0, 2])
