"""The short form runs whole; pictures and thresholds are what the text says."""

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from hypothesis import given
from hypothesis import strategies as st

from examples import rare_pixels


def test_the_short_form_prints_every_arm(capsys):
    torch.set_num_threads(1)
    rare_pixels.main(["--short"])
    lines = capsys.readouterr().out.strip().splitlines()[2:]
    heads, rows = lines[0].split(" | "), [line.strip("| ").split(" | ") for line in lines[2:]]
    assert [row[0] for row in rows] == list(rare_pixels.ARMS)
    assert {len(row) for row in rows} == {len(heads)}
    first = {row[0]: float(row[1]) for row in rows}
    assert first["BCE"] == pytest.approx(np.log(2), abs=0.1)
    assert first["BCE, prior bias"] < 0.1  # about -log(0.99) on all pixels but the rare ones
    assert first["focal, prior bias"] < first["focal"] < first["BCE"]


def test_pictures_have_one_positive_pixel_in_two_hundred():
    images, masks = rare_pixels.pictures(300, np.random.default_rng(0))
    assert images.shape == masks.shape == (300, 1, 48, 48)
    assert 0.004 < float(masks.mean()) < 0.006
    assert set(masks.unique().tolist()) == {0.0, 1.0}
    assert torch.equal(
        rare_pixels.pictures(2, np.random.default_rng(0))[0],
        rare_pixels.pictures(2, np.random.default_rng(0))[0],
    )


@given(st.lists(st.tuples(st.booleans(), st.sampled_from([0.1, 0.2, 0.4, 0.7])), min_size=1))
def test_the_best_threshold_is_that_of_a_slow_search(pixels):
    truth, proba = (np.array(part) for part in zip(*pixels, strict=True))
    found = rare_pixels.best_threshold(truth, proba)
    best = max(rare_pixels.iou(truth, proba >= at) for at in np.unique(proba))
    assert rare_pixels.iou(truth, proba >= found) == pytest.approx(best)


def test_a_head_with_prior_bias_starts_at_the_prior():
    model = rare_pixels.network(0, biased=True)
    assert model[-1].bias.sigmoid().item() == pytest.approx(rare_pixels.PRIOR)
    plain = rare_pixels.network(0, biased=False)
    assert torch.equal(plain[0].weight, model[0].weight)
