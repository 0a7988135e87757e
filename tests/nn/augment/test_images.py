"""Flip, shift, rotation and crop against torch's own moves and slow loops."""

import math

import numpy as np
import pytest
import torch

from evenkeel.nn import Crop, Flip, Rotation, Shift
from evenkeel.nn.augment.warp import warp

RNG = torch.Generator().manual_seed(0)
SQUARE = torch.randn(3, 7, 7, generator=RNG)
WIDE = torch.randn(2, 5, 9, generator=RNG)


def looked_up(image, rows, fill):
    """Slow loop: bilinear look-up, pixels about the centre."""
    height, width = image.shape
    out = np.full((height, width), 0.0)

    def pixel(i, j):
        return image[i, j] if 0 <= i < height and 0 <= j < width else fill

    for i in range(height):
        for j in range(width):
            u, v = j - (width - 1) / 2, i - (height - 1) / 2
            x = rows[0][0] * u + rows[0][1] * v + rows[0][2] + (width - 1) / 2
            y = rows[1][0] * u + rows[1][1] * v + rows[1][2] + (height - 1) / 2
            left, top = math.floor(x), math.floor(y)
            a, b = x - left, y - top
            out[i, j] = (
                (1 - a) * (1 - b) * pixel(top, left) + a * (1 - b) * pixel(top, left + 1)
                + (1 - a) * b * pixel(top + 1, left) + a * b * pixel(top + 1, left + 1)
            )  # fmt: skip
    return out


@pytest.mark.parametrize("fill", [0.0, -2.5])
@pytest.mark.parametrize(
    "rows",
    [
        ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
        ((0.6, 0.0, 0.3), (0.0, 0.6, -0.8)),
        ((0.8, -0.6, 1.5), (0.6, 0.8, 0.0)),
    ],
)
def test_warp_is_the_bilinear_look_up(rows, fill):
    for image in (SQUARE, WIDE):
        out = warp(image.double(), rows, fill)
        for before, after in zip(image.double().numpy(), out, strict=True):
            np.testing.assert_allclose(after, looked_up(before, rows, fill), atol=1e-12)


@pytest.mark.parametrize("turns", [-1, 1, 2, 3])
def test_rotation_by_right_angles_is_rot90(turns):
    out = Rotation((90.0 * turns, 90.0 * turns))(SQUARE)
    torch.testing.assert_close(out, torch.rot90(SQUARE, turns, (-2, -1)), atol=1e-5, rtol=0)


def test_rotation_turns_wide_images_without_squeezing_them():
    bar = torch.zeros(9, 21)
    bar[4, 7:14] = 1.0  # seven pixels long, lying
    out = Rotation((90, 90))(bar)
    expected = torch.zeros(9, 21)
    expected[1:8, 10] = 1.0  # seven pixels high, standing
    torch.testing.assert_close(out, expected, atol=1e-5, rtol=0)


def test_shift_moves_whole_pixels_and_fills():
    out = Shift((2 / 7, 2 / 7), fill=9.0)(SQUARE)
    assert torch.equal(out[:, 2:, 2:], SQUARE[:, :-2, :-2])
    assert (out[:, :2] == 9.0).all()
    assert (out[:, :, :2] == 9.0).all()
    back = Shift((-2 / 7, -2 / 7))(SQUARE)
    assert torch.equal(back[:, :-2, :-2], SQUARE[:, 2:, 2:])
    assert (Shift((1.0, 1.0))(SQUARE) == 0).all()


def test_shifts_reach_both_ways_and_no_farther():
    dot = torch.zeros(11, 11)
    dot[5, 5] = 1.0
    at = {
        tuple(Shift(0.2)(dot, torch.Generator().manual_seed(seed)).nonzero()[0].tolist())
        for seed in range(300)
    }
    assert at == {(row, column) for row in range(3, 8) for column in range(3, 8)}


def test_flip_mirrors_an_axis_as_often_as_asked():
    assert torch.equal(Flip(1.0)(WIDE), WIDE.flip(-1))
    assert torch.equal(Flip(1.0, axis="vertical")(WIDE), WIDE.flip(-2))
    generator = torch.Generator().manual_seed(0)
    flipped = sum(not torch.equal(Flip(0.3)(WIDE, generator), WIDE) for _ in range(1000))
    assert abs(flipped - 300) < 4 * math.sqrt(1000 * 0.3 * 0.7)


def test_crop_enlarges_a_part_that_lies_inside():
    down, right = torch.meshgrid(torch.arange(20.0), torch.arange(30.0), indexing="ij")
    both = torch.stack([down, right])
    for seed in range(30):
        out = Crop((0.5, 0.5))(both, torch.Generator().manual_seed(seed))
        # a ramp of half the slope, none of it from outside
        np.testing.assert_allclose(out[0].diff(dim=0)[1:-1], 0.5, atol=1e-4)
        np.testing.assert_allclose(out[1].diff(dim=1)[:, 1:-1], 0.5, atol=1e-4)
        assert out[0][1:-1, 1:-1].min() >= 0
        assert out[0].max() <= 19
        assert out[1].max() <= 29
