"""Where trials run: what cannot be is said, sizes are read as people write them."""

import sys

import pytest

from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.place import Place
from evenkeel.words import read_bytes


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"backend": "rya"}, "Did you mean 'ray'"),
        ({"address": "10.0.0.5:6379"}, "must go with backend 'ray' or 'dask'"),
        ({"backend": "threading", "trial_timeout": 5}, "process of its own"),
        ({"backend": "dask", "trial_memory": 1 << 30}, "process of its own"),
        ({"trial_timeout": 0}, "above 0"),
        ({"trial_memory": 5}, "of at least"),
    ],
)
def test_a_place_that_cannot_be(options, says):
    with pytest.raises(InvalidInput, match=says):
        Place(**options)


def test_an_address_is_a_text():
    with pytest.raises(InvalidType, match="must be a text"):
        Place("ray", 6379)


def test_only_linux_limits_memory(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(InvalidInput, match="left out on darwin"):
        Place(trial_memory=1 << 30)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("512", 512), ("3B", 3), ("2k", 2048), ("500m", 500 << 20), ("1.5 GiB", 3 << 29)],
)
def test_sizes_as_people_write_them(text, wanted):
    assert read_bytes(text) == wanted


@pytest.mark.parametrize("text", ["", "g", "-4g", "4 gigs", "1e9", "nan"])
def test_what_is_no_size(text):
    with pytest.raises(InvalidInput, match="must be a size such as 500m or 4g"):
        read_bytes(text)
