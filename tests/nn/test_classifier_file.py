"""Files of a network: each one that is not whole is said to be so when it is read."""

import json
import struct

import numpy as np
import pytest

pytest.importorskip("skorch")

import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save
from tests.nn.wide import Wide

from evenkeel.errors import DamagedRun, InvalidInput
from evenkeel.nn import TorchClassifier
from evenkeel.nn.weights_file import _digest, pack, unpack

RNG = np.random.default_rng(0)
Y = (np.arange(200) % 5 == 0).astype(int)
X = (RNG.normal(size=(200, 3)) + Y[:, None]).astype(np.float32)


def fitted(y=Y, **changes):
    options = {"module_options": {"hidden": [4]}, "max_epochs": 1, "random_state": 0} | changes
    return TorchClassifier(**options).fit(X, y)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A model, its file, and what stands in it."""
    path = tmp_path_factory.mktemp("whole") / "model"
    model = fitted()
    model.save(path)
    return model, path, *unpack(path)


def held(**changes):
    return lambda tensors, place: place["held"].update(changes)


def without(name):
    return lambda tensors, place: place["held"].pop(name)


def place(**changes):
    return lambda tensors, place: place.update(changes)


def tensor(change, name="head.weight"):
    return lambda tensors, place: tensors.update({name: change(tensors[name])})


BROKEN = {
    **{f"no {name}": without(name) for name in ("module_options_", "logit_scale_", "history_", "best_score_")},
    "no held": lambda tensors, place: place.pop("held"),
    "held a list": place(held=[]),
    "no classes": lambda tensors, place: place.pop("classes"),
    "classes null": place(classes=None),
    "classes nested": place(classes=[[0], [1]]),
    "classes huge": place(classes=[0, 10**30]),
    "classes mixed": place(classes=[0, "a"]),
    "classes twice": place(classes=[1, 1]),
    "classes of three": place(classes=[0, 1, 2]),
    "one class": place(classes=[0]),
    "classes not finite": place(classes=[0.0, float("nan")]),
    "module a list": place(module=["os:system"]),
    "options a list": held(module_options_=[1]),
    "options unknown": held(module_options_={"depth": 3}),
    "options wrong": held(module_options_={"hidden": "wide"}),
    "options of others": held(module_options_={"hidden": [5]}),
    "features as words": held(n_features_in_="4"),
    "features of others": held(n_features_in_=4),
    "features none": held(n_features_in_=0),
    "features huge": held(n_features_in_=10**30),
    "scale NaN": held(logit_scale_=float("nan")),
    "scale infinite": held(logit_scale_=float("inf")),
    "scale null": held(logit_scale_=None),
    "scale true": held(logit_scale_=True),
    "history a number": held(history_=3),
    "history of lists": held(history_=[[1]]),
    "epoch a word": held(best_epoch_="1"),
    "score a word": held(best_score_="1"),
    "no tensor": lambda tensors, place: tensors.pop("head.weight"),
    "one tensor more": lambda tensors, place: tensors.update(more=torch.zeros(2)),
    "another shape": tensor(lambda value: value[:, :2]),
    "bfloat16": tensor(lambda value: value.bfloat16()),
    "float64": tensor(lambda value: value.double()),
    "whole numbers": tensor(lambda value: value.long()),
    "NaN": tensor(lambda value: value * float("nan")),
    "infinite": tensor(lambda value: value + float("inf"), "head.bias"),
    "another kind": place(kind="evenkeel training"),
}  # fmt: skip


@pytest.mark.parametrize("breaks", BROKEN.values(), ids=BROKEN)
def test_what_is_not_whole_is_said_when_it_is_read(breaks, whole, tmp_path):
    tensors, values = dict(whole[2]), json.loads(json.dumps(whole[3]))
    breaks(tensors, values)
    (tmp_path / "model").write_bytes(pack(tensors, values))
    with pytest.raises(DamagedRun, match=r"model holds no|is not allowed") as error:
        TorchClassifier.load(tmp_path / "model", allowed={"os:system"})
    assert "\n" not in str(error.value)


TEXTS = {
    "deep": "[" * 100_000,
    "no JSON": "{",
    "a list": "[1]",
    "long": "1" * 5000,
    "empty": "",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_text_that_is_no_place_is_said(text, whole, tmp_path):
    tensors = whole[2]
    content = save(tensors, {"evenkeel": text, "sha256": _digest(tensors, text)})
    (tmp_path / "model").write_bytes(content)
    with pytest.raises(DamagedRun, match=r"cannot be read|was not written by evenkeel"):
        TorchClassifier.load(tmp_path / "model")


def test_files_of_others_are_said(whole, tmp_path):
    for metadata in (None, {"format": "pt"}):
        (tmp_path / "model").write_bytes(save(whole[2], metadata))
        with pytest.raises(DamagedRun, match="was not written by evenkeel"):
            TorchClassifier.load(tmp_path / "model")
    with pytest.raises(DamagedRun, match="cannot be read"):
        TorchClassifier.load(tmp_path)
    with pytest.raises(InvalidInput, match=r"There is no file .*modle\. Did you mean 'model'\?"):
        TorchClassifier.load(tmp_path / "modle")


@given(data=st.data())
def test_a_byte_that_was_changed_is_found_or_changes_nothing(data, whole):
    model, path, *_ = whole
    content = bytearray(path.read_bytes())
    # half of the changes in what describes the tensors, which is a small part of a real file
    end = data.draw(st.sampled_from([len(content), 8 + struct.unpack("<Q", content[:8])[0]]))
    for at in data.draw(st.lists(st.integers(0, end - 1), min_size=1, max_size=3)):
        content[at] ^= data.draw(st.integers(1, 255))
    other = path.with_name("changed")
    other.write_bytes(content[: data.draw(st.sampled_from([len(content)] * 3 + [end - 1]))])
    try:
        again = TorchClassifier.load(other)
    except DamagedRun:
        return
    assert np.array_equal(again.predict_proba(X), model.predict_proba(X))
    assert again.predict(X).tolist() == model.predict(X).tolist()


LABELS = {
    "numbers": Y,
    "floats": Y * 2.0 - 3.0,
    "bools": Y == 1,
    "words": np.where(Y == 1, "b", "a"),
    "objects": np.where(Y == 1, "b", "a").astype(object),
}


@pytest.mark.parametrize("y", LABELS.values(), ids=LABELS)
def test_labels_come_back(y, tmp_path):
    model = fitted(y)
    model.save(tmp_path / "model")
    again = TorchClassifier.load(tmp_path / "model")
    assert again.predict(X).tolist() == model.predict(X).tolist()


def test_reading_touches_no_random_state_and_no_letters_of_a_name(tmp_path):
    model = fitted(module="tests.nn.wide:Wide", module_options={"width": np.int64(5)})
    model.save(tmp_path / "model")
    before = torch.get_rng_state()
    again = TorchClassifier.load(tmp_path / "model", allowed="tests.nn.wide:Wide")
    assert torch.equal(torch.get_rng_state(), before)
    assert np.array_equal(again.predict_proba(X), model.predict_proba(X))
    with pytest.raises(DamagedRun, match="is not allowed"):
        TorchClassifier.load(tmp_path / "model", allowed="other:tests.nn.wide:Wide")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"module_options": {"hidden": np.array([8])}}, "module_options of TorchClassifier must be plain"),
        ({"module": "tests.nn.wide:Wide", "module_options": {"width": torch.tensor(3)}}, "Got Tensor"),
        ({"module": Wide, "module_options": None}, "to be saved"),
    ],
    ids=["array", "tensor", "class"],
)  # fmt: skip
def test_what_cannot_be_saved_is_said(changes, words, tmp_path):
    model = fitted(**changes)
    with pytest.raises(InvalidInput, match=words):
        model.save(tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_trained_object_is_saved_by_the_name_of_what_makes_the_same(tmp_path):
    model = fitted(module=Wide(3, 2), module_options=None)
    with pytest.raises(
        InvalidInput, match=r"Got a Wide\. .*set_params\(module='my_networks:make'\)"
    ) as error:
        model.save(tmp_path / "model")
    assert "\n" not in str(error.value)
    model.set_params(module="tests.nn.wide:Wide").save(tmp_path / "model")
    again = TorchClassifier.load(tmp_path / "model", allowed=["tests.nn.wide:Wide"])
    assert np.array_equal(again.predict_proba(X), model.predict_proba(X))


def test_labels_that_are_no_words_cannot_be_saved(tmp_path):
    days = np.where(Y == 1, np.datetime64("2026-01-01"), np.datetime64("2026-01-02"))
    model = fitted()
    model.classes_ = np.unique(days)
    with pytest.raises(InvalidInput, match="labels of TorchClassifier must be numbers or words"):
        model.save(tmp_path / "model")
