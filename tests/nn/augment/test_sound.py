"""Speed, pitch, time shift and noise against what they say of themselves, and SciPy."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal

from evenkeel.nn import PitchChange, SoundNoise, SpeedChange, TimeShift
from evenkeel.nn.augment.pitch_change import stretched
from evenkeel.nn.augment.resampling import resampled

RATE = 8000


def tone(frequency, seconds=0.5):
    return torch.sin(2 * math.pi * frequency * torch.arange(int(RATE * seconds)) / RATE)


def peak(sound):
    """The frequency with most power, in Hz."""
    power = torch.fft.rfft(sound * torch.hann_window(len(sound))).abs()
    return int(power.argmax()) * RATE / len(sound)


@given(n=st.integers(1, 60), length=st.integers(1, 60))
def test_resampling_is_scipy_s(n, length):
    x = np.random.default_rng(n).normal(size=(2, n))
    out = resampled(torch.from_numpy(x), length)
    np.testing.assert_allclose(out, signal.resample(x, length, axis=-1), atol=1e-12)


@pytest.mark.parametrize("factor", [0.5, 1.25, 2.0])
def test_speed_divides_the_length_and_multiplies_the_pitch(factor):
    out = SpeedChange(factor)(tone(500))
    assert len(out) == round(4000 / factor)
    assert peak(out) == pytest.approx(500 * factor, abs=RATE / len(out))


@pytest.mark.parametrize(("semitones", "ratio"), [(12, 2.0), (-12, 0.5), (7, 2 ** (7 / 12))])
def test_pitch_multiplies_the_frequency_and_keeps_length_and_loudness(semitones, ratio):
    for frequency in (300, 700):
        sound = tone(frequency)
        out = PitchChange((semitones, semitones))(sound)
        assert len(out) == len(sound)
        assert peak(out) == pytest.approx(frequency * ratio, abs=2 * RATE / len(out))
        inner = slice(800, -800)
        assert out[inner].square().mean() == pytest.approx(0.5, rel=0.15)


def test_pitch_keeps_where_things_happen():
    sound = tone(400, 1.0)
    sound[:4000] = 0.0  # silence, then a tone
    out = PitchChange((4, 4))(sound)
    assert out[:3500].square().mean() < 0.01
    assert out[4500:7500].square().mean() == pytest.approx(0.5, rel=0.2)


def test_stretching_by_one_gives_the_sound_back():
    sound = torch.randn(3, 3000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    torch.testing.assert_close(stretched(sound, 1.0, 256), sound, atol=1e-9, rtol=0)


def test_stretching_keeps_the_pitch():
    out = stretched(tone(600), 1.5, 512)
    assert len(out) == 6000
    assert peak(out) == pytest.approx(600, abs=2 * RATE / 6000)


def test_time_shift_moves_and_leaves_silence():
    sound = torch.arange(1.0, 11.0)
    assert TimeShift((0.3, 0.3))(sound).tolist() == [0, 0, 0, 1, 2, 3, 4, 5, 6, 7]
    assert TimeShift((-0.3, -0.3))(sound).tolist() == [4, 5, 6, 7, 8, 9, 10, 0, 0, 0]


@given(snr=st.floats(-20, 60), seed=st.integers(0, 50))
def test_noise_meets_its_distance_exactly(snr, seed):
    sound = tone(440).double()
    noise = SoundNoise((snr, snr))(sound, torch.Generator().manual_seed(seed)) - sound
    reached = 10 * math.log10(sound.square().mean() / noise.square().mean())
    assert reached == pytest.approx(snr, abs=1e-6)


def test_noise_is_drawn_within_its_range_and_silence_stays():
    sound = tone(440).double()
    drawn = []
    for seed in range(200):
        noise = SoundNoise((5, 25))(sound, torch.Generator().manual_seed(seed)) - sound
        drawn.append(10 * math.log10(sound.square().mean() / noise.square().mean()))
    assert 5 <= min(drawn) < 7
    assert 23 < max(drawn) <= 25
    assert (SoundNoise()(torch.zeros(50)) == 0).all()
