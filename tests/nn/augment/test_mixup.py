"""Mixup and its labels, against the formula row by row."""

import numpy as np
import pytest
import torch
from scipy import stats
from torch.nn import functional

from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.nn import ClassWeightedLoss, FocalLoss, MixedLabels, Mixup

RNG = torch.Generator().manual_seed(0)
X, Y = torch.randn(64, 3, 4, generator=RNG), torch.randint(5, (64,), generator=RNG)


def mixed(seed=0, alpha=0.4, x=X):
    return Mixup(alpha)(x, Y, torch.Generator().manual_seed(seed))


def test_rows_are_mixed_with_partners_by_their_share():
    x, labels = mixed()
    order = torch.randperm(64, generator=torch.Generator().manual_seed(0))
    assert torch.equal(labels.first, Y)
    assert torch.equal(labels.second, Y[order])
    for row in range(64):
        share = labels.share[row]
        torch.testing.assert_close(x[row], share * X[row] + (1 - share) * X[order[row]])
    assert torch.equal(mixed()[0], x)
    assert not torch.equal(mixed(seed=1)[0], x)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_shares_are_beta_distributed(alpha):
    big = torch.zeros(20_000, 1, dtype=torch.float64)  # shares near 1 would be rounded to it
    labels = Mixup(alpha)(big, torch.zeros(20_000, dtype=torch.long), torch.Generator())[1]
    assert stats.kstest(labels.share, stats.beta(alpha, alpha).cdf).pvalue > 1e-3


def test_alpha_zero_mixes_nothing():
    x, labels = mixed(alpha=0.0)
    assert torch.equal(x, X)
    assert torch.equal(labels.soft(5), functional.one_hot(Y, 5).float())


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_types_are_kept(dtype):
    assert mixed(x=X.to(dtype))[0].dtype == dtype


def test_soft_labels_are_what_cross_entropy_takes():
    logits = torch.randn(64, 5, generator=RNG, requires_grad=True)
    labels = mixed()[1]
    soft = labels.soft(5)
    torch.testing.assert_close(soft.sum(1), torch.ones(64))
    slow = torch.stack([
        -(labels.share[i] * logits[i].log_softmax(0)[labels.first[i]]
          + (1 - labels.share[i]) * logits[i].log_softmax(0)[labels.second[i]])
        for i in range(64)
    ]).mean()  # fmt: skip
    torch.testing.assert_close(functional.cross_entropy(logits, soft), slow)
    torch.testing.assert_close(labels.loss(ClassWeightedLoss(reduction="none"), logits), slow)


def test_losses_of_class_codes_are_mixed_row_by_row():
    logits = torch.randn(64, 5, generator=RNG)
    labels = mixed()[1]
    loss = FocalLoss(gamma=2.0, reduction="none")
    per_class = torch.stack([loss(logits, torch.full((64,), code)) for code in range(5)], 1)
    torch.testing.assert_close(
        labels.loss(loss, logits), (labels.soft(5) * per_class).sum(1).mean()
    )
    with pytest.raises(InvalidInput, match=r"one number for each of 64 rows.*reduction='none'"):
        labels.loss(FocalLoss(), logits)


def test_no_generator_means_torch_s_own():
    torch.manual_seed(3)
    first = Mixup()(X, Y)[0]
    torch.manual_seed(3)
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    assert torch.equal(Mixup()(X, Y)[0], first)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_what_cannot_be_mixed_is_said():
    with pytest.raises(InvalidInput, match="alpha of Mixup must be"):
        Mixup(-1)
    with pytest.raises(InvalidType, match="x of Mixup must be a floating-point tensor"):
        Mixup()(torch.ones(4, dtype=torch.uint8), torch.zeros(4, dtype=torch.long))
    with pytest.raises(InvalidInput, match="y of Mixup must be one class code for each of 64"):
        Mixup()(X, Y[:3])
    with pytest.raises(InvalidInput, match="y of Mixup must be one class code"):
        Mixup()(X, Y.float())
    assert MixedLabels(Y, Y, torch.ones(64)).soft(5).shape == (64, 5)


@pytest.mark.parametrize("kind", [torch.bool, torch.uint8, torch.int32])
def test_codes_of_any_whole_type_have_shares(kind):
    codes = torch.tensor([0, 1, 1])
    share = torch.tensor([1.0, 0.75, 0.25])
    mixed = MixedLabels(codes.to(kind), codes.flip(0).to(kind), share)
    assert torch.equal(mixed.soft(2), MixedLabels(codes, codes.flip(0), share).soft(2))
