from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.report import wording

FINITE = st.floats(allow_nan=False, allow_infinity=False, width=64)


@given(st.floats(min_value=0.0, max_value=1.0))
def test_a_share_reads_0_or_100_only_when_it_is(value: float) -> None:
    percent = 100 * value
    assert (wording.share(value) == "100 %") == (percent == 100)
    assert (float(wording.share(value).removesuffix(" %")) == 0) == (percent == 0)


@given(st.floats(min_value=0.0, max_value=0.999999))
def test_a_number_below_one_never_reads_one(value: float) -> None:
    assert float(wording.number(value)) < 1


@given(FINITE.filter(lambda value: 1e-3 < abs(value) < 1e12))
def test_a_number_reads_back_within_half_a_percent_or_half_a_unit(value: float) -> None:
    read = float(wording.number(value).replace(",", "").replace(wording.MINUS, "-"))
    assert math.isclose(read, value, rel_tol=0.05, abs_tol=0.0006)


@given(FINITE, FINITE)
def test_a_difference_keeps_its_sign_and_never_shrinks_to_nothing(
    value: float, like: float
) -> None:
    text = wording.signed(value, like=like)
    assert text[0] == ("+" if value > 0 else wording.MINUS if value < 0 else "0")
    assert (float(text.replace(",", "").strip("+" + wording.MINUS)) == 0) == (value == 0)


@pytest.mark.parametrize("value", [None, "1", True, float("nan"), float("inf")])
def test_what_is_no_number_reads_as_absent(value: object) -> None:
    forms = (wording.number, wording.signed, wording.share, wording.count, wording.threshold)
    assert {form(value) for form in forms} == {wording.ABSENT}


def test_an_interval_needs_both_ends() -> None:
    assert wording.spread({"recall_low": 0.1, "recall_high": None}, "recall") == ""
    assert wording.spread(None, "recall") == ""
    assert wording.out_of([3]) == ""


@given(st.text(max_size=200))
def test_tidied_text_is_printable_utf8_of_bounded_length(text: str) -> None:
    tidied = wording.tidy(text, most=50)
    assert len(tidied) <= 50
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", tidied)
    tidied.encode()


@given(st.lists(st.text(max_size=60), max_size=12))
def test_distinct_labels_are_distinct(values: list[str]) -> None:
    names = wording.distinct(values)
    assert len(set(names)) == len(names) == len(values)


def test_every_metric_of_the_table_has_its_own_name() -> None:
    from evenkeel.metrics import METRICS

    for metric in METRICS.values():
        assert wording.metric(metric.key) == metric.title
