"""WeightedBCE: torch's pos_weight as the oracle; weights from counts by hand."""

import pytest
import torch
import torch.nn.functional as F

from evenkeel.errors import InvalidInput
from evenkeel.nn import WeightedBCE

torch.set_num_threads(1)
GEN = torch.Generator().manual_seed(0)
X = 3 * torch.randn(20, 3, generator=GEN)
Y = (torch.rand(20, 3, generator=GEN) < 0.3).float()


@pytest.mark.parametrize("weight", [4.0, [1.0, 9.0, 0.5]])
def test_is_torch_with_pos_weight(weight):
    wanted = F.binary_cross_entropy_with_logits(X, Y, pos_weight=torch.tensor(weight))
    torch.testing.assert_close(WeightedBCE(pos_weight=weight)(X, Y), wanted)


def test_counts_give_capped_weights_of_mean_one():
    loss = WeightedBCE([[90, 10], [9995, 5]], cap=50.0)
    torch.testing.assert_close(loss.up / loss.down, torch.tensor([9.0, 50.0]))
    torch.testing.assert_close(loss.down, torch.tensor([100 / 180, 10000 / (9995 + 250)]))
    one = WeightedBCE([90, 10])
    assert (one.up, one.down) == pytest.approx((5.0, 100 / 180))
    torch.testing.assert_close(one.prior_correction.exp(), torch.tensor([100 / 180, 5.0]))
    assert WeightedBCE().prior_correction is None


def test_a_small_weight_keeps_its_digits():
    loss = WeightedBCE(pos_weight=1e-4)
    got = loss(torch.zeros(1), torch.ones(1)).item()
    assert got == pytest.approx(1e-4 * 0.6931471805599453, rel=1e-6)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"counts": [5, 0]}, "counts of WeightedBCE .* Got 0 for class 1"),
        ({"counts": [[5, 1], [0, 3]]}, "class 1, 0"),
        ({"counts": [5, 2, 3]}, "negative and the positive"),
        ({"counts": [5, 2], "pos_weight": 2.0}, "one of counts and pos_weight"),
        ({"pos_weight": 0.0}, "pos_weight"),
        ({"pos_weight": [1.0, -2.0]}, "pos_weight"),
        ({"cap": 0.0}, "cap"),
    ],
)
def test_weights_that_cannot_be_are_named(given, message):
    with pytest.raises(InvalidInput, match=message):
        WeightedBCE(**given)


def test_labels_and_lengths_are_named():
    with pytest.raises(InvalidInput, match="each of the 3 labels"):
        WeightedBCE(pos_weight=[1.0, 2.0])(X, Y)
    with pytest.raises(InvalidInput, match=r"Got 0\.5\. For mixed labels"):
        WeightedBCE()(X, Y.clamp_min(0.5))
