"""FocalLoss: the paper's numbers and a slow loop in float64."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.nn import FocalLoss, focal_loss

torch.set_num_threads(1)


def by_hand(z, y, gamma, alpha):
    top = max(z)
    p = math.exp(z[y] - top) / sum(math.exp(v - top) for v in z)
    return -alpha[y] * (1 - p) ** gamma * math.log(p)


@given(
    st.lists(st.floats(-8, 8), min_size=3, max_size=3),
    st.integers(0, 2),
    st.floats(0, 5),
    st.lists(st.floats(0.1, 9), min_size=3, max_size=3),
)
def test_is_the_formula(z, y, gamma, alpha):
    loss = FocalLoss(gamma, torch.tensor(alpha, dtype=torch.float64))
    got = loss(torch.tensor([z], dtype=torch.float64), torch.tensor([y])).item()
    assert got == pytest.approx(by_hand(z, y, gamma, alpha), rel=1e-9, abs=1e-12)


def test_a_well_classified_row_counts_a_hundredth():
    z = torch.tensor([[0.0, math.log(9.0)]])
    plain, focal = (FocalLoss(g)(z, torch.tensor([1])).item() for g in (0.0, 2.0))
    assert plain / focal == pytest.approx(100, rel=1e-5)


def test_one_number_is_the_weight_of_the_positive_class():
    z = torch.zeros(2, 2)
    losses = FocalLoss(0.0, 0.25, reduction="none")(z, torch.tensor([0, 1]))
    torch.testing.assert_close(losses / math.log(2), torch.tensor([0.75, 0.25]))
    assert torch.equal(focal_loss(z, torch.tensor([0, 1]), gamma=0.0, alpha=0.25), losses.mean())
    with pytest.raises(InvalidInput, match="each of the 3 classes"):
        FocalLoss(2.0, 0.25)(torch.zeros(1, 3), torch.tensor([0]))


@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_smoothing_mixes_the_losses_of_the_labels(gamma):
    z = torch.tensor([[1.0, -2.0, 0.5]], dtype=torch.float64)
    label = [0.1 / 3, 0.9 + 0.1 / 3, 0.1 / 3]
    wanted = sum(q * by_hand(z[0].tolist(), j, gamma, [4.0] * 3) for j, q in enumerate(label))
    got = FocalLoss(gamma, [1.0, 4.0, 9.0], label_smoothing=0.1)(z, torch.tensor([1]))
    assert got.item() == pytest.approx(wanted, rel=1e-7)


@pytest.mark.parametrize("alpha", [0, 1.0, -0.5, 2, float("nan"), [0.5, -1.0], "0.25"])
def test_alpha_out_of_range_is_named(alpha):
    with pytest.raises((InvalidInput, InvalidType), match="alpha of FocalLoss"):
        FocalLoss(2.0, alpha)


def test_gamma_and_two_sources_are_named():
    with pytest.raises(InvalidInput, match="gamma of FocalLoss must be a number of at least 0"):
        FocalLoss(-1.0)
    with pytest.raises(InvalidInput, match="one of alpha and counts"):
        FocalLoss(2.0, 0.25, counts=[5, 5])
