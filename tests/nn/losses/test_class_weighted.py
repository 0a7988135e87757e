"""ClassWeightedLoss: torch's weighted cross-entropy as the oracle, and where torch is wrong."""

import pytest
import torch
import torch.nn.functional as F

from evenkeel import class_weights
from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.nn import ClassWeightedLoss, WeightedBCE

torch.set_num_threads(1)
X = torch.randn(30, 3, generator=torch.Generator().manual_seed(0))
Y = torch.arange(30) % 3


def test_rows_are_weighed_as_torch_weighs_them():
    weight = torch.tensor([0.2, 3.0, 1.0])
    mine = ClassWeightedLoss(weight=weight, reduction="none")(X, Y)
    torch.testing.assert_close(mine, F.cross_entropy(X, Y, weight=weight, reduction="none"))
    mean = ClassWeightedLoss(weight=weight)(X, Y)
    torch.testing.assert_close(mean, mine.sum() / 30)


@pytest.mark.parametrize("scheme", ["inverse", "sqrt", "effective", "class-weight"])
def test_schemes_are_those_of_class_weights(scheme):
    loss = ClassWeightedLoss([70, 20, 10], scheme=scheme)
    wanted = torch.from_numpy(class_weights(scheme=scheme, counts=[70, 20, 10])).float()
    torch.testing.assert_close(loss.weight, wanted)


def test_costs_weigh_classes():
    cost = [[0, 1, 1], [5, 0, 5], [1, 1, 0]]
    loss = ClassWeightedLoss([10, 10, 10], scheme="cost", cost=cost)
    torch.testing.assert_close(loss.weight, torch.tensor([2.0, 10.0, 2.0]) * 3 / 14)


def test_the_batch_does_not_change_the_weights():
    """Ten to one: torch's mean over a batch of one row cancels the weight, this one does not."""
    loss = ClassWeightedLoss(weight=[1.0, 10.0])
    row, label = torch.zeros(1, 2), torch.tensor([1])
    torch_mean = F.cross_entropy(row, label, weight=loss.weight)
    assert loss(row, label).item() == pytest.approx(10 * torch_mean.item())


def test_smoothed_and_weighted_rows_have_their_minimum_where_smoothing_puts_it():
    """torch's minimum for a row of class 0 is at p = 0.16 with weights 1 and 100; here at 0.95."""
    p = torch.linspace(0.001, 0.999, 999, dtype=torch.float64)
    z = torch.stack([p.log(), (1 - p).log()], 1)
    zeros = torch.zeros(999, dtype=torch.int64)
    weight = torch.tensor([1.0, 100.0], dtype=torch.float64)
    how = {"weight": weight, "label_smoothing": 0.1, "reduction": "none"}
    assert p[F.cross_entropy(z, zeros, **how).argmin()].item() == pytest.approx(0.16, abs=0.01)
    assert p[ClassWeightedLoss(**how)(z, zeros).argmin()].item() == pytest.approx(0.95, abs=0.001)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"counts": [5, 0]}, "counts of ClassWeightedLoss .* Got 0 for class 1"),
        ({"counts": [5]}, "two or more classes"),
        ({"counts": [5.5, 2]}, "whole numbers"),
        ({"counts": [5, 2], "weight": [1, 2]}, "one of counts and weight"),
        ({"weight": [1.0, -1.0]}, "weight of ClassWeightedLoss"),
        ({"weight": [0.0, 0.0]}, "some above 0"),
        ({"weight": [1.0, float("nan")]}, "finite"),
        ({"weight": 3.0}, "one finite weight"),
        ({"counts": [5, 2], "scheme": "square"}, "scheme"),
    ],
)
def test_weights_that_cannot_be_are_named(given, message):
    with pytest.raises(InvalidInput, match=message):
        ClassWeightedLoss(**given)


def test_kinds_and_lengths_are_named():
    with pytest.raises(InvalidType, match="must hold numbers"):
        ClassWeightedLoss({"a": 3})
    with pytest.raises(InvalidInput, match=r"each of the 3 classes of the logits\. Got 2"):
        ClassWeightedLoss([5, 2])(X, Y)
    with pytest.raises(InvalidType, match="mix two losses"):
        ClassWeightedLoss()(X, F.one_hot(Y).float())
    with pytest.raises(InvalidInput, match="class_dim=-1"):
        ClassWeightedLoss()(torch.zeros(2, 7, 3), torch.zeros(2, 7, dtype=torch.int64))
    with pytest.raises(InvalidInput, match="axis of rows"):
        ClassWeightedLoss()(torch.zeros(3), torch.tensor(1))
    with pytest.raises(InvalidInput, match=r"must be finite\. Got inf"):
        ClassWeightedLoss()(torch.tensor([[3e38, -3e38]]), torch.tensor([1]))


def test_the_correction_is_told():
    assert ClassWeightedLoss().prior_correction is None
    loss = ClassWeightedLoss([90, 10])
    torch.testing.assert_close(loss.prior_correction, loss.weight.log())


def test_print_shows_what_it_holds():
    assert "weight=[0.5556, 5]" in repr(ClassWeightedLoss([90, 10]))
    assert " and 2 more]" in repr(ClassWeightedLoss(range(1, 11)))
    with torch.device("meta"):
        assert "weight=(2,)" in repr(ClassWeightedLoss([90, 10]))
    assert "up=3, down=1" in repr(WeightedBCE(pos_weight=3.0))
    assert "up=[" in repr(WeightedBCE(counts=[[90, 10], [99, 1]]))
