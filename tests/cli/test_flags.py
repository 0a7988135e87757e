"""Messages on the command line name what was typed."""

import pytest

from evenkeel.cli import app
from evenkeel.cli.flags import in_flags, options_of

DECIDE = options_of(app, ["decide", "runs/1", "--metric", "f1"])


def test_the_options_are_those_of_the_command():
    assert {"--cost-fn", "--min-precision", "--recalibrate", "--json"} <= set(DECIDE)
    assert "--map-target" not in DECIDE
    assert "--map-target" in options_of(app, ["run"])
    assert options_of(app, ["--version"]) == options_of(app, []) == []


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("cost_fn and cost_fp of run must be given together.", "--cost-fn and --cost-fp must be given together."),
        ("Give cost_fn and cost_fp (--cost-fn and --cost-fp).", "Give --cost-fn and --cost-fp."),
        ("Drop them with drop_missing_target=True (--drop-missing-target).", "Drop them with --drop-missing-target."),
        ("capacity of Policy must be above 0. Got 'capacity of Policy'.", "--capacity must be above 0. Got 'capacity of Policy'."),
        ("The column 'cost_fn' is not there.", "The column 'cost_fn' is not there."),
        ("a capacity and a metric go together", "a capacity and a metric go together"),
        ("map_target is no option here", "map_target is no option here"),
        ("my_cost_fn_2 is a name of its own", "my_cost_fn_2 is a name of its own"),
    ],
)  # fmt: skip
def test_parameters_become_flags_and_words_stay_words(said, told):
    assert in_flags(said, DECIDE) == told
    assert in_flags(said, []) == said
