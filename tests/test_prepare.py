"""What is settled before the first fit."""

import pytest

from evenkeel.prepare import make_settings, prepare

ROWS = 200
NUMBERS = {"a": list(range(ROWS)), "b": [(7 * i) % 13 for i in range(ROWS)]}
WORDS = {"shop": ["u", "v", "w", "x"] * (ROWS // 4)}
TEXT = {"note": [f"text number {i}" for i in range(ROWS)]}
Y = {"y": [int(i % 3 == 0) for i in range(ROWS)]}


@pytest.mark.parametrize(
    ("columns", "options", "smotes"),
    [
        (NUMBERS, {}, ["smote"]),
        (NUMBERS | WORDS, {}, ["smote-nc"]),
        (NUMBERS | TEXT, {}, ["smote"]),
        (NUMBERS | WORDS, {"learners": "logistic"}, ["smote"]),
        (NUMBERS | WORDS, {"learners": ("lightgbm", "logistic")}, ["smote", "smote-nc"]),
        (NUMBERS | WORDS, {"remedies": "smote"}, ["smote"]),
    ],
)
def test_smote_takes_the_form_that_suits_the_columns(columns, options, smotes):
    kept = tuple({"a", "note"} & set(columns))
    ready = prepare(columns | Y, None, make_settings(target="y", keep=kept, **options))
    assert [name for name in ready.course.remedies if "smote" in name] == smotes
