"""Remix: the label shares of the paper's three cases."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.errors import InvalidInput
from evenkeel.nn import Mixup, Remix

COUNTS = [1000, 400, 100, 30]


@given(
    kappa=st.sampled_from([1.5, 3.0, 10.0, 50.0]),
    tau=st.sampled_from([0.0, 0.3, 0.5, 1.0]),
    seed=st.integers(0, 1000),
)
def test_label_shares_follow_the_three_cases(kappa, tau, seed):
    generator = torch.Generator().manual_seed(seed)
    x, y = torch.randn(40, 2, generator=generator), torch.randint(4, (40,), generator=generator)
    mixed, labels = Remix(COUNTS, kappa=kappa, tau=tau)(x, y, torch.Generator().manual_seed(seed))
    plain, like = Mixup(1.0)(x, y, torch.Generator().manual_seed(seed))
    assert torch.equal(mixed, plain)
    for i in range(40):
        n_i, n_j, share = COUNTS[labels.first[i]], COUNTS[labels.second[i]], float(like.share[i])
        expected = share
        if n_i / n_j >= kappa and share < tau:
            expected = 0.0
        elif n_i / n_j <= 1 / kappa and 1 - share < tau:
            expected = 1.0
        assert float(labels.share[i]) == expected


def test_the_rare_class_gains_and_never_loses():
    generator = torch.Generator().manual_seed(0)
    y = torch.multinomial(
        torch.tensor(COUNTS, dtype=torch.float), 20_000, True, generator=generator
    )
    x = torch.zeros(20_000, 1)
    plain = Mixup(1.0)(x, y, torch.Generator().manual_seed(1))[1].soft(4).mean(0)
    lean = Remix(COUNTS)(x, y, torch.Generator().manual_seed(1))[1].soft(4).mean(0)
    assert lean[3] > 1.2 * plain[3]
    assert lean[0] < plain[0]
    natural = Remix(COUNTS, tau=0.0)(x, y, torch.Generator().manual_seed(1))[1].soft(4).mean(0)
    assert torch.equal(natural, plain)


def test_what_cannot_be_mixed_is_said():
    for wrong in ([5], [5, 0], [[1, 2]], [1, float("nan")]):
        with pytest.raises(InvalidInput, match="counts of Remix must be at least 1"):
            Remix(wrong)
    with pytest.raises(InvalidInput, match="kappa of Remix must be a number above 1"):
        Remix(COUNTS, kappa=1.0)
    with pytest.raises(InvalidInput, match="tau of Remix must be"):
        Remix(COUNTS, tau=2)
    with pytest.raises(InvalidInput, match="y of Remix must be class codes from 0 to 3"):
        Remix(COUNTS)(torch.zeros(2, 1), torch.tensor([0, 4]))
