"""The short form runs whole; large groups are thinned out evenly, small ones stay."""

import pytest

pytest.importorskip("skorch")

import numpy as np

from examples import intrusions


def test_the_short_form_prints_a_row_for_each_arm(capsys):
    intrusions.main(["--short"])
    table, why = capsys.readouterr().out.strip().split("\n\n")
    lines = table.splitlines()
    heads, rows = lines[0].split(" | "), [line.strip("| ").split(" | ") for line in lines[2:]]
    assert [row[0] for row in rows] == [*(f"network, {arm}" for arm in intrusions.ARMS), "lightgbm"]
    assert {len(row) for row in rows} == {len(heads)}
    for row in rows:
        assert 0.6 < float(row[1]) <= 1.0
        assert 0.6 < float(row[2]) <= 1.0
    seen = {row[0]: int(row[7].replace(",", "")) for row in rows}
    assert seen["lightgbm"] == 500
    assert 400 <= seen["network, none"] <= 4 * 500
    assert why.endswith(".")


def test_only_large_groups_are_thinned_out(data_dir):
    folder = data_dir / "tables" / "nsl-kdd"
    X, groups = intrusions.connections(folder, 10_000)
    names, counts = np.unique(groups, return_counts=True)
    found = dict(zip(names.tolist(), counts.tolist(), strict=True))
    assert (found["u2r"], found["r2l"]) == (52, 995)
    assert 9_990 <= X.height == sum(counts) <= 10_000
    assert found["normal"] / found["dos"] == pytest.approx(67_343 / 45_927, rel=0.01)
