from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.report import render_card
from evenkeel.report.card import code, escape

Facts = dict[str, Any]


@pytest.fixture(params=["binary_facts", "multiclass_facts"])
def facts(request: pytest.FixtureRequest) -> Facts:
    found: Facts = request.getfixturevalue(request.param)
    return found


def cells(line: str) -> int:
    return len(re.findall(r"(?<!\\)\|", line)) - 1


def test_the_card_tells_what_a_card_must(facts: Facts) -> None:
    card = render_card(facts)
    parts = re.findall(r"^## (.+)$", card, re.MULTILINE)
    assert parts == [
        "Intended use",
        "Data",
        "Model and decision",
        "Results on untouched test rows",
        "Calibration",
        "Limits",
        "How to predict",
    ]
    for sentence in facts["verdict"]:
        assert sentence in card
    assert "evenkeel predict RUN new.csv -o scored.csv" in card
    assert "\n\n\n" not in card
    assert card.endswith("`metrics.json`.\n")


def test_rates_come_with_counts_and_intervals(binary_facts: Facts) -> None:
    card = render_card(binary_facts)
    hit, positives = binary_facts["test"]["recall_count"]
    assert f"| Recall | 0.785 (0.725 to 0.835) | {hit}/{positives} |" in card
    assert "| `1` | 46 | 168 |" in card


def test_tables_are_rectangles_even_with_hostile_names(facts: Facts) -> None:
    nasty = "a|b`c](x)<script>\n# y"
    for one in facts["data"]["classes"]:
        one["label"] = nasty + str(one["label"])
    facts["data"]["name"] = facts["data"]["target"] = nasty
    facts["verdict"] = [nasty, "# not a heading", "- not a list"]
    card = render_card(facts)
    assert "<script>" not in re.sub("`[^`\n]*`", "", card)
    tables = re.findall(r"(?:^\|.*\n)+", card, re.MULTILINE)
    assert len(tables) >= 3
    for table in tables:
        assert len({cells(line) for line in table.splitlines()}) == 1
    assert len(re.findall(r"^# ", card, re.MULTILINE)) == 1
    assert "\n\\# not a heading" in card
    assert "\n\\- not a list" in card


def test_an_assumed_policy_and_a_failed_demand_are_said(multiclass_facts: Facts) -> None:
    multiclass_facts["decision"]["reached"] = False
    card = render_card(multiclass_facts)
    assert "- Policy (assumed): General" in card
    assert "could not be reached" in card
    assert "**These are not deployment figures.**" in card


def test_a_card_of_little_facts_is_a_card() -> None:
    assert render_card({}).startswith("# Model card")


@given(st.text(max_size=80))
def test_escaped_text_has_no_sign_left(text: str) -> None:
    escaped = escape(text)
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*_\[\]#|~]", escaped)
    assert not re.search("^>|[<\n]", escaped)


@given(st.text(min_size=1, max_size=80))
def test_a_name_is_one_code_span(text: str) -> None:
    span = code(text)
    assert span[0] == span[-1] == "`"
    assert "`" not in span[1:-1]
    assert not re.search(r"(?<!\\)\|", span)
