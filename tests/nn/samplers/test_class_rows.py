"""Rows by class, whatever the labels are made of."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.errors import InvalidInput
from evenkeel.nn.samplers.class_rows import ClassRows


@given(st.lists(st.integers(-3, 3), min_size=2, max_size=60).filter(lambda y: len(set(y)) > 1))
def test_each_class_has_its_rows_and_no_others(labels):
    found = ClassRows(np.array(labels, np.int8), "BalancedSampler")
    assert list(found.classes) == sorted(set(labels))
    for code, label in enumerate(found.classes):
        assert sorted(found.of(code).tolist()) == [i for i, y in enumerate(labels) if y == label]
    same = ClassRows([str(label) for label in labels], "BalancedSampler")
    assert sorted(same.rows.tolist()) == list(range(len(labels)))


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 40), st.integers(0, 99)), min_size=2, max_size=5)
)  # fmt: skip
def test_a_window_goes_round_and_round(classes):
    labels = np.repeat(np.arange(len(classes)), [n for n, _, _ in classes])
    found = ClassRows(labels, "BalancedSampler")
    quotas, first = (
        np.array(column) for column in zip(*[(q, f) for _, q, f in classes], strict=True)
    )
    out = np.empty(quotas.sum(), np.int32)
    found.window(first, quotas, out)
    expected = [
        found.of(code)[(first[code] + i) % found.counts[code]]
        for code in range(len(classes))
        for i in range(quotas[code])
    ]
    assert out.tolist() == expected


def test_a_class_without_rows_is_a_class():
    found = ClassRows([0, 2, 2], "BalancedSampler", n_classes=4)
    assert found.classes == (0, 1, 2, 3)
    assert found.counts.tolist() == [1, 0, 2, 0]
    assert found.of(1).tolist() == []


def test_wide_labels_and_short_types_are_counted_right():
    assert ClassRows(np.array([-100 + 1, 100, 100], np.int8), "S").classes == (-99, 100)
    assert ClassRows(np.array([0, 2**40]), "S").classes == (0, 2**40)
    assert ClassRows(np.array([0, 1], np.uint64), "S", n_classes=2).counts.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("labels", "n_classes", "says"),
    [
        ([0, 1, 5], 3, "from 0 to 2, as n_classes says. Got 5"),
        (np.array([0, -1, 1]), 2, "from 0 to 1, as n_classes says. Got -1"),
        (["a", "b"], 2, "from 0 to 1, as n_classes says. Got a, b"),
        ([0, 1, -100], None, "Got -100, torch's mark"),
        ([1, 1, 1], None, "at least two classes. Got only 1"),
        ([], None, "at least one label"),
        ([0.0, float("nan")], None, "missing"),
        ([0.5, 0.25], None, "labels of BalancedSampler must hold class labels"),
        (
            np.array([[1, 1], [1, 0]]),
            None,
            "labels of BalancedSampler must name one class for each row",
        ),
    ],
    ids=lambda value: str(value)[:30],
)
def test_labels_outside_the_classes(labels, n_classes, says):
    with pytest.raises(InvalidInput, match=says.replace(".", r"\.")):
        ClassRows(labels, "BalancedSampler", n_classes=n_classes)


def test_four_bytes_a_row():
    found = ClassRows(np.arange(1000) % 3, "BalancedSampler")
    assert found.rows.nbytes == 4000
    assert found.digest != ClassRows(np.arange(1000) % 4, "BalancedSampler").digest
    assert found.digest == ClassRows(list(np.arange(1000) % 3), "BalancedSampler").digest
