import numpy as np
import pytest
from sklearn.metrics import recall_score

from evenkeel.confusion import confusion_table
from evenkeel.decide.class_goal import Goal
from evenkeel.errors import InvalidInput


def test_recalls_and_shortfall_are_those_of_another_library():
    rng = np.random.default_rng(0)
    y, labels = rng.integers(0, 4, 200), rng.integers(0, 4, 200)
    weight = rng.random(200)
    table = confusion_table(y, labels, n_classes=4, weight=weight)
    floors = np.array([np.nan, 0.5, 0.0, 0.9])
    goal = Goal("f1", np.bincount(y, weights=weight), floors=floors)
    expected = recall_score(y, labels, average=None, sample_weight=weight)
    assert goal.recalls(table) == pytest.approx(expected)
    assert float(goal.shortfall(table)) == pytest.approx(max(0.5 - expected[1], 0.9 - expected[3]))
    many = np.stack([table, np.diag(goal.support)])
    assert goal.shortfall(many).tolist() == [float(goal.shortfall(table)), 0.0]


def test_a_class_without_rows_falls_short_of_nothing():
    goal = Goal("f1", np.array([3.0, 0.0]), floors=np.array([0.5, 0.9]))
    table = np.array([[2.0, 1.0], [0.0, 0.0]])
    assert np.isnan(goal.recalls(table)[1])
    assert float(goal.shortfall(table)) == 0.0


def test_without_floors_nothing_falls_short():
    assert float(Goal("f1", np.ones(3)).shortfall(np.zeros((3, 3)))) == 0.0


@pytest.mark.parametrize("floors", [[0.5, 0.5], [0.5, -0.1, 0.0], [0.5, 1.1, 0.0]])
def test_floors_must_be_recalls_of_every_class(floors):
    with pytest.raises(InvalidInput, match=r"floors of Goal must be 3 recalls in \[0, 1\]"):
        Goal("f1", np.ones(3), floors=np.array(floors))
