"""Masks have the widths and places of the paper."""

from collections import Counter

import torch

from evenkeel.nn import SpecMasking

X = torch.randn(2, 6, 9, generator=torch.Generator().manual_seed(0)) + 5


def masked(transform, seed):
    """Rows and columns that are wholly masked, of the first channel."""
    out = transform(X, torch.Generator().manual_seed(seed))
    hit = out == transform.fill
    assert torch.equal(out[~hit], X[~hit])
    assert torch.equal(hit[0], hit[1])
    return [*hit[0].all(1).nonzero().ravel().tolist()], [*hit[0].all(0).nonzero().ravel().tolist()]


def test_frequency_masks_are_runs_with_even_widths_and_starts():
    transform = SpecMasking(frequencies=2, n_time=0, fill=-1.0)
    seen = Counter()
    for seed in range(3000):
        rows, columns = masked(transform, seed)
        assert columns == []
        assert rows == list(range(rows[0], rows[0] + len(rows))) if rows else True
        seen[len(rows), rows[0] if rows else None] += 1
    assert len(seen) == 1 + 6 + 5  # f = 0; f0 in 0..5; f0 in 0..4
    widths = Counter()
    for (width, _), n in seen.items():
        widths[width] += n
    assert all(abs(widths[width] - 1000) < 120 for width in range(3))
    assert all(abs(n - 1000 / 6) < 60 for (width, _), n in seen.items() if width == 1)


def test_time_masks_are_no_wider_than_their_share():
    transform = SpecMasking(n_frequency=0, frames=8, most=0.34, fill=-1.0)
    widths = {len(masked(transform, seed)[1]) for seed in range(200)}
    assert widths == {0, 1, 2, 3}  # 0.34 * 9 = 3.06


def test_masks_of_both_kinds_and_the_mean_as_filling():
    out = SpecMasking(3, 3, n_frequency=2, n_time=2)(X, torch.Generator().manual_seed(1))
    changed = out != X
    assert changed.any()
    torch.testing.assert_close(out[changed], X.mean().expand(int(changed.sum())))
