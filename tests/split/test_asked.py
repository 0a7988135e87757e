"""Options of a split that exclude or need each other."""

import pytest

from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.settings import Settings


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"gap": "7d"}, InvalidInput, "gap of run must go with a column of time"),
        ({"label_delay": "30d"}, InvalidInput, "label_delay of run must go with a column of time"),
        ({"nested": True, "test_size": 0.2}, InvalidInput, "nested of run must stand alone"),
        ({"nested": True, "test": "t.csv"}, InvalidInput, "nested of run must stand alone"),
        ({"nested": 1}, InvalidType, "nested of run must be True, False or None"),
        ({"repeats": 0}, InvalidInput, "repeats of run must be a whole number of at least 1"),
        ({"repeats": 2, "time": "ts"}, InvalidInput, "repeats of run must be 1 with time"),
        ({"test_size": 0.0}, InvalidInput, "test_size of run"),
    ],
)
def test_options_at_odds_are_refused(options, error, match):
    with pytest.raises(error, match=match):
        Settings("y", **options)


def test_options_that_go_together_are_taken():
    asked = Settings("y", time="ts", gap="7d", label_delay="30d", nested=False, test_size=0.3)
    assert (asked.gap, asked.label_delay, asked.repeats) == ("7d", "30d", None)
    assert asked.differences(asked.to_dict()) == []
