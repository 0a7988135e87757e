"""What holds for every transform: kinds and types kept, nothing done at strength zero, chance by seed."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.nn import (
    Crop,
    Flip,
    GaussianNoise,
    InOrder,
    PitchChange,
    Remix,
    Rotation,
    Shift,
    Sometimes,
    SoundNoise,
    SpecMasking,
    SpeedChange,
    TimeShift,
)

STRONG = {
    "noise": GaussianNoise(0.5),
    "flip": Flip(p=0.5),
    "shift": Shift(0.5),
    "rotation": Rotation(90),
    "crop": Crop((0.3, 0.9)),
    "speed": SpeedChange((0.7, 1.4)),
    "pitch": PitchChange(6, window=16),
    "time": TimeShift(0.6),
    "sound-noise": SoundNoise((0, 10)),
    "masking": SpecMasking(4, 6),
    "in-order": InOrder(Flip(), GaussianNoise(0.1)),
    "sometimes": Sometimes(GaussianNoise(0.1)),
}
NEUTRAL = {
    "noise": GaussianNoise(0.0),
    "flip": Flip(p=0.0),
    "shift": Shift(0.0),
    "rotation": Rotation(0.0),
    "crop": Crop((1.0, 1.0)),
    "speed": SpeedChange((1.0, 1.0)),
    "pitch": PitchChange(0.0),
    "time": TimeShift(0.0),
    "masking": SpecMasking(0, 0),
    "in-order": InOrder(),
    "sometimes": Sometimes(GaussianNoise(0.5), p=0.0),
}
strong = pytest.mark.parametrize("transform", STRONG.values(), ids=STRONG)
X = torch.randn(2, 12, 20, generator=torch.Generator().manual_seed(0))


def made(transform, x, seed):
    return transform(x, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("transform", NEUTRAL.values(), ids=NEUTRAL)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.uint8])
def test_strength_zero_is_the_identity(transform, dtype):
    x = (X * 20).clamp(0, 255).to(dtype)
    assert torch.equal(made(transform, x, 1), x)
    assert made(transform, x, 1).dtype == dtype


@strong
def test_chance_comes_from_the_generator_alone(transform):
    state = torch.get_rng_state()
    first = made(transform, X, 3)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(made(transform, X, 3), first)
    others = [made(transform, X, seed) for seed in range(4, 12)]
    assert any(one.shape != first.shape or not torch.equal(one, first) for one in others)


@strong
def test_without_a_generator_torch_s_own_is_used(transform):
    torch.manual_seed(5)
    first = transform(X)
    torch.manual_seed(5)
    assert torch.equal(transform(X), first)


@strong
def test_inputs_stay_as_they_are_and_kinds_are_kept(transform):
    for x in (X.clone(), X.numpy().copy(), X.tolist()):
        kept = torch.as_tensor(np.asarray(x)).clone()
        out = made(transform, x, 7)
        assert torch.equal(torch.as_tensor(np.asarray(x)), kept)
        assert type(out) is type(x)
        assert np.isfinite(np.asarray(out)).all()
    read_only = X.numpy().copy()
    read_only.flags.writeable = False
    np.testing.assert_array_equal(made(transform, read_only, 7), made(transform, X.numpy(), 7))


@strong
@pytest.mark.parametrize(
    "dtype", [torch.float64, torch.float16, torch.bfloat16, torch.uint8, torch.int32, torch.bool]
)
def test_types_are_kept_and_whole_numbers_stay_in_their_range(transform, dtype):
    x = (X * 60 + 100).clamp(0, 255).to(dtype)
    out = made(transform, x, 2)
    assert out.dtype == dtype
    if dtype == torch.uint8:
        wide = made(transform, x.float(), 2)
        assert torch.equal(out, wide.round().clamp(0, 255).to(torch.uint8))


@pytest.mark.filterwarnings("ignore:GaussianNoise leaves an item as it is")
@strong
@given(height=st.integers(1, 9), width=st.integers(1, 9), seed=st.integers(0, 99))
def test_any_size_is_served(transform, height, width, seed):
    x = torch.arange(float(height * width)).reshape(height, width)
    out = made(transform, x, seed)
    assert out.isfinite().all()
    assert out.shape[:-1] == x.shape[:-1]
    if not isinstance(transform, SpeedChange):
        assert out.shape == x.shape


@pytest.mark.parametrize("transform", [Flip(), SpeedChange(), SpecMasking(), GaussianNoise()])
def test_what_is_no_numbers_or_too_flat_is_refused(transform):
    name = type(transform).__name__
    for wrong in ("word", ["a", "b"], object(), torch.ones(3, 3, dtype=torch.complex64)):
        with pytest.raises(InvalidType, match=f"x of {name} must be a tensor, an array or a list"):
            transform(wrong)
    if transform.axes:
        with pytest.raises(InvalidInput, match=rf"x of {name} must have the shape \(\.\.\., "):
            transform(torch.ones(()))


def test_reprs_say_the_settings():
    assert repr(GaussianNoise(0.3)) == "GaussianNoise(scale=0.3)"
    assert repr(GaussianNoise(spread=[1.0, 2.0])) == "GaussianNoise(scale=0.1, spread=[1.0, 2.0])"
    assert repr(GaussianNoise(spread=[1.0] * 99)).endswith("spread=of shape (99,))")
    assert repr(InOrder(Rotation(15), Sometimes(Flip()))) == (
        "InOrder(Rotation(degrees=(-15.0, 15.0), fill=0.0), "
        "Sometimes(transform=Flip(p=0.5, axis='horizontal'), p=0.5))"
    )
    assert repr(Remix([9, 1])) == "Remix(counts=[9.0, 1.0], alpha=1.0, kappa=3.0, tau=0.5)"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GaussianNoise(-1), "scale of GaussianNoise must be a number of at least 0"),
        (lambda: GaussianNoise(spread=[-1.0]), "spread of GaussianNoise must be finite"),
        (lambda: GaussianNoise(spread=[1.0] * 3)(X), "spread of GaussianNoise must broadcast"),
        (lambda: Flip(2), "p of Flip must be"),
        (lambda: Flip(axis="left"), "axis of Flip must be one of"),
        (lambda: Shift(1.5), "share of Shift must be"),
        (lambda: Shift(-0.1), "share of Shift must be a number of at least 0"),
        (lambda: Shift((0.5, 0.1)), "share of Shift must be a pair of lowest and highest"),
        (lambda: Rotation("x"), "degrees of Rotation must be a number, or a pair"),
        (lambda: Crop((0.0, 1.0)), "share of Crop must be"),
        (lambda: SpeedChange((0.0, 1.0)), "factor of SpeedChange must be"),
        (lambda: PitchChange(99), "semitones of PitchChange must be"),
        (lambda: PitchChange(window=3), "window of PitchChange must be"),
        (lambda: TimeShift(2), "share of TimeShift must be"),
        (lambda: SoundNoise("loud"), "snr of SoundNoise must be"),
        (lambda: SpecMasking(-1), "frequencies of SpecMasking must be"),
        (lambda: SpecMasking(most=2), "most of SpecMasking must be"),
        (lambda: InOrder(3), "transforms of InOrder must be callable"),
        (lambda: Sometimes(None), "transform of Sometimes must be callable"),
        (lambda: Sometimes(Flip(), -0.1), "p of Sometimes must be"),
    ],
)
def test_errors_say_what_must_be(make, message):
    with pytest.raises((InvalidInput, InvalidType), match=message):
        make()
