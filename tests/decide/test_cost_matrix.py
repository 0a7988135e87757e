"""Cost matrices from files: labels in any order, rows with or without them, and what is no matrix."""

from itertools import permutations

import numpy as np
import pytest

from evenkeel.decide.cost_matrix import in_order, read_cost_matrix
from evenkeel.decide.request import Request
from evenkeel.errors import InvalidInput
from evenkeel.settings import Settings

COST = {("calm", "calm"): 0, ("calm", "storm"): 1, ("calm", "busy"): 2, ("storm", "storm"): 0,
        ("storm", "calm"): 50, ("storm", "busy"): 5, ("busy", "busy"): 0, ("busy", "calm"): 7,
        ("busy", "storm"): 3}  # fmt: skip
CLASSES = ("busy", "calm", "storm")
WANTED = tuple(tuple(float(COST[true, decided]) for decided in CLASSES) for true in CLASSES)


@pytest.mark.parametrize("decided", list(permutations(CLASSES)), ids="-".join)
@pytest.mark.parametrize("between", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
def test_rows_and_columns_find_their_classes_whatever_their_order(tmp_path, decided, between):
    path = tmp_path / "costs.csv"
    for trues in permutations(CLASSES):
        lines = [between.join(["true", *decided])]
        lines += [between.join([true, *(str(COST[true, to]) for to in decided)]) for true in trues]
        path.write_text("\ufeff" + "\r\n".join(lines) + "\r\n\r\n", encoding="utf-8")
        assert in_order(read_cost_matrix(path), CLASSES) == WANTED
        path.write_text("\n".join([between.join(decided), *lines[1:]]))
        assert in_order(read_cost_matrix(path), CLASSES) == WANTED, "no cell above the labels"
    lines = [between.join(decided)]
    lines += [between.join(str(COST[true, to]) for to in decided) for true in decided]
    path.write_text("\n".join(lines))
    assert in_order(read_cost_matrix(path), CLASSES) == WANTED, "rows in the order of the header"


def test_a_run_and_a_request_take_it(tmp_path):
    path = tmp_path / "costs.csv"
    path.write_text("true,1,0\n1,0,amount\n0,4,0\n")
    settings = Settings("y", cost_matrix=str(path))
    assert settings.cost_columns == ("amount",)
    assert settings.differences(settings.to_dict()) == []
    policy, assumed = settings.policy(2, classes=(0, 1))
    assert not assumed
    assert policy.cost_matrix == ((0.0, 4.0), ("amount", 0.0))
    assert Request(cost_matrix=read_cost_matrix(path)).policy(2, classes=[0, 1]) == policy
    assert Settings("y", cost_matrix=((0, 4), (9, 0))).policy(2)[0].cost_matrix == ((0, 4), (9, 0))
    with pytest.raises(InvalidInput, match=r"must name the classes 'no', 'yes'\. Got '1', '0'"):
        settings.policy(2, classes=("no", "yes"))


def test_caught_cases_may_cost_time():
    asked = Request(cost_fn=30, cost_fp=4, cost_tp=3, cost_tn=1)
    assert asked.policy().cost_tp == 3
    # Elkan: (fp - tn) / ((fp - tn) + (fn - tp))
    assert np.isclose(asked.policy().costs.threshold, 3 / 30)
    settings = Settings("y", cost_fn=30, cost_fp=4, cost_tp="minutes")
    assert settings.cost_columns == ("minutes",)
    with pytest.raises(InvalidInput, match="must go with cost_fn and cost_fp"):
        Request(cost_tp=3)


BAD = {
    "nothing": ("", "has nothing"),
    "a header": ("a,b\n", "0 rows of no cells"),
    "one class": ("a\n0\n", "1 rows of 1 cells"),
    "ragged": ("a,b\n0,1\n1\n", "2 rows of 1, 2 cells"),
    "too wide": ("a,b,c,d\na,1,2,3\nb,1,2,3\n", "2 rows of 4 cells"),
    "twice": ("a,a\n0,1\n1,0\n", "a header of 'a', 'a'"),
    "other rows": ("true,a,b\na,0,1\nc,1,0\n", "rows of 'a', 'c'"),
    "bytes": (b"\xff\xfe\x00", "no UTF-8"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_no_matrix_is_refused(tmp_path, what):
    content, said = BAD[what]
    path = tmp_path / "costs.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InvalidInput, match=said):
        read_cost_matrix(path)
    with pytest.raises(InvalidInput, match="There is no file"):
        read_cost_matrix(tmp_path / "none.csv")
