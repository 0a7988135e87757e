import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    matthews_corrcoef,
    precision_score,
    recall_score,
)

from evenkeel.errors import InvalidInput
from evenkeel.verdict import Assessment, assess


def test_known_always_negative_is_useless():
    found = assess([0] * 990 + [1] * 10, [0] * 1000)
    assert found.level == "useless"
    assert found.numbers["accuracy"] == 0.99
    assert found.numbers["balanced_accuracy"] == 0.5
    assert (found.numbers["caught"], found.numbers["support"]) == (0, 10)
    text = " ".join(found.sentences)
    for words in ("99.0 %", "0 of 10", "balanced accuracy is 0.50", "useless"):
        assert words in text


def test_known_accuracy_95_with_recall_40_is_unacceptable():
    # 1,000 rows, 50 of them rare: 20 caught, 30 missed, 20 false alarms
    found = Assessment.of_confusion([[930, 20], [30, 20]], ["ok", "fraud"])
    assert found.numbers["accuracy"] == 0.95
    assert found.numbers["recall"] == 0.40
    assert found.level == "unacceptable"
    text = " ".join(found.sentences)
    for words in ("unacceptable", "0.40", "threshold", "weights", "'fraud'"):
        assert words in text


@pytest.mark.parametrize(
    ("matrix", "level"),
    [
        ([[900, 0], [31, 69]], "weak"),
        ([[900, 0], [30, 70]], "acceptable"),
        ([[900, 0], [51, 49]], "unacceptable"),
        ([[900, 9000], [1, 99]], "weak"),
        ([[50, 50], [50, 50]], "useless"),
        ([[0, 100], [100, 0]], "useless"),
        ([[0, 100], [0, 50]], "useless"),
    ],
)
def test_levels(matrix, level):
    found = Assessment.of_confusion(matrix, [0, 1], positive=1)
    assert found.level == level
    assert level in " ".join(found.sentences)


def test_many_false_alarms_are_called_weak_and_counted():
    found = Assessment.of_confusion([[9000, 900], [5, 95]], [0, 1])
    assert found.level == "weak"
    assert "95 of 995 decisions" in found.sentences[1]


def test_of_several_classes_the_worst_recall_counts():
    found = assess(list("aaaabbbbcc"), list("aaaabbbacb"))
    assert found.worst == "c"
    assert found.numbers["recall"] == 0.5
    assert found.level == "weak"


def test_positive_names_the_class():
    y, said = [0] * 4 + [1] * 6, [0] * 2 + [1] * 8
    assert assess(y, said).worst == 0
    assert assess(y, said, positive=1).numbers["recall"] == 1.0
    with pytest.raises(InvalidInput, match="Got 2"):
        assess(y, said, positive=2)


def test_a_decided_class_that_the_truth_lacks_is_an_error_but_not_a_class():
    found = assess(["a", "a", "b", "b"], ["a", "c", "b", "b"])
    assert found.numbers["balanced_accuracy"] == 0.75
    assert found.worst == "a"


@pytest.mark.parametrize(
    ("y", "said", "message"),
    [
        ([0, 1], [0, 1, 1], "as long as y_true"),
        ([0, 0], [0, 1], "at least two classes"),
        ([0, None], [0, 1], "missing"),
        ([0, 1], ["0", "1"], "y_pred of assess must hold labels of y_true. Got '0', '1', where"),
        (["a", "b"], ["c", "c"], "write both alike"),
    ],
)
def test_refusals(y, said, message):
    with pytest.raises(InvalidInput, match=message):
        assess(y, said)


@pytest.mark.parametrize("matrix", [[[1, 2]], [[1, -1], [3, 4]], [[1, 2, 3]] * 3])
def test_of_confusion_refuses_other_shapes(matrix):
    with pytest.raises(InvalidInput, match="must hold counts of shape"):
        Assessment.of_confusion(matrix, [0, 1])


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=2, max_size=60))
def test_numbers_equal_scikit_learn(pairs):
    y, said = map(np.array, zip(*pairs, strict=True))
    if len(set(y.tolist())) < 2 or not set(y.tolist()) & set(said.tolist()):
        return
    found = assess(y, said)
    only = {"labels": [found.worst], "average": "micro"}
    assert found.numbers["accuracy"] == pytest.approx(accuracy_score(y, said))
    assert found.numbers["recall"] == pytest.approx(recall_score(y, said, **only))
    assert found.numbers["mcc"] == pytest.approx(matthews_corrcoef(y, said), abs=1e-12)
    recalls = recall_score(y, said, labels=np.unique(y), average=None)
    assert found.numbers["balanced_accuracy"] == pytest.approx(recalls.mean())
    if set(said.tolist()) <= set(y.tolist()):
        assert found.numbers["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(y, said))
    if found.numbers["decided"]:
        assert found.numbers["precision"] == pytest.approx(precision_score(y, said, **only))
    else:
        assert found.numbers["precision"] is None
