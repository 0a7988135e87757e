"""The short form runs whole; recordings are read and shared out by speaker as the text says."""

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from examples import spoken_digits as spoken


def test_the_short_form_prints_every_arm(capsys):
    torch.set_num_threads(1)
    spoken.main(["--short"])
    lines = capsys.readouterr().out.strip().splitlines()[2:]
    heads, rows = lines[0].split(" | "), [line.strip("| ").split(" | ") for line in lines[2:]]
    assert [row[0] for row in rows] == list(spoken.ARMS)
    assert {len(row) for row in rows} == {len(heads)}
    assert {row[-4] for row in rows} == {"318"}  # every arm sees as many recordings


def test_recordings_are_read_and_no_speaker_is_in_two_parts(data_dir):
    sounds = spoken.read_zip(data_dir / "audio" / "free-spoken-digit.zip")
    assert len(sounds) == 3000
    assert all(0 < sound.abs().max() <= 1 for _, _, sound in sounds[::100])
    by_sound = {id(sound): speaker for speaker, _, sound in sounds}
    judged = set()
    for seed in range(3):
        task = spoken.task_of(sounds, seed)
        speakers = [{by_sound[id(sound)] for sound, _ in part} for part in
                    (task.train, task.choose, task.judge)]  # fmt: skip
        assert [len(one) for one in speakers] == [4, 1, 1]
        assert len(set.union(*speakers)) == 6
        judged |= speakers[2]
        assert (
            np.bincount([digit for _, digit in task.train]).tolist() == [200] * 7 + [15] + [200] * 2
        )
        assert np.bincount([digit for _, digit in task.judge]).tolist() == [50] * 10
    assert len(judged) == 3


def test_mel_bands_are_triangles_in_order():
    bands = spoken.mel_bands()
    assert bands.shape == (spoken.BANDS, spoken.WINDOW // 2 + 1)
    assert (bands >= 0).all()
    assert (bands <= 1).all()
    middle = (bands @ torch.arange(129.0)) / bands.sum(1).clamp_min(1e-9)
    heard = bands.sum(1) > 0
    assert (middle[heard].diff() > 0).all()
    high = bands[:, 20:-9].sum(0)
    torch.testing.assert_close(high, torch.ones_like(high))  # neighbours share a frequency


def test_a_tone_is_loudest_in_the_band_that_holds_it():
    sound = torch.sin(2 * np.pi * 1000 * torch.arange(spoken.SAMPLES) / spoken.RATE)
    loud = spoken.log_mel(sound[None])[0, 0].mean(1)
    middle = spoken.mel_bands().argmax(1)[int(loud.argmax())] * spoken.RATE / spoken.WINDOW
    assert abs(float(middle) - 1000) < 100
