from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from evenkeel.report import print_screen, screen_lines
from evenkeel.report.screen import print_decision

Facts = dict[str, Any]

NASTY = st.one_of(
    st.text(max_size=300),
    st.sampled_from(
        ["", "語" * 200, "[red]x[/red]", "\x1b[2J", "a\nb\r\n" * 40, "wort " * 300, "\ud800"]
    ),
    st.integers(),
    st.booleans(),
)
ANYTHING = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def finding(level: str, words: str) -> Facts:
    return {"code": "x", "level": level, "message": words, "todo": words, "columns": [], "rows": []}


@ANYTHING
@given(
    labels=st.lists(NASTY, min_size=2, max_size=80),
    findings=st.lists(
        st.tuples(st.sampled_from(["blocker", "warning", "note"]), NASTY), max_size=60
    ),
    remedies=st.integers(0, 80),
    words=NASTY,
    width=st.integers(20, 240),
)
def test_fifty_lines_always_suffice(
    multiclass_facts: Facts,
    labels: list[Any],
    findings: list[tuple[str, Any]],
    remedies: int,
    words: Any,
    width: int,
) -> None:
    facts = json.loads(json.dumps(multiclass_facts))
    text = str(words)
    facts["data"]["classes"] = [{"label": one, "count": 10, "share": 0.1} for one in labels]
    facts["data"] |= {"name": text, "target": text, "notes": [text] * 5}
    facts["audit"] = [finding(level, str(message)) for level, message in findings]
    facts["remedies"] += [facts["remedies"][2] | {"name": f"{text} {at}"} for at in range(remedies)]
    facts["remedies"] += [{"name": text, "status": "failed", "reason": text}] * 9
    facts["chosen"] = {"remedy": "class-weight-sqrt", "learner": "lightgbm", "why": text}
    facts["decision"] |= {
        "offsets": {str(one): 0.5 for one in labels},
        "reached": False,
        "notes": [text] * 4,
    }
    facts["policy"] |= {"sentence": text, "request": text}
    facts["assessment"] = {"level": "useless", "sentences": [text] * 6}
    facts["files"] = [f"runs/{text}/{at}" for at in range(30)]
    facts["advice"] = [{"what": text, "why": text}] * 9
    for shown in (facts, {key: facts[key] for key in ("data", "advice", "audit")}):
        lines = screen_lines(shown, width=width)
        assert 1 <= len(lines) <= 50
        assert max(map(cell_len, lines)) <= max(60, width)
        assert not re.search("[\x00-\x1f\x7f-\x9f]", "".join(lines))
    assert "class-weight-sqrt" in "\n".join(screen_lines(facts, width=max(100, width)))


def test_a_run_shows_counts_intervals_differences_and_files(binary_facts: Facts) -> None:
    binary_facts["files"] = ["runs/payments-1/report.html", "runs/payments-1/metrics.json"]
    screen = "\n".join(screen_lines(binary_facts))
    hit, positives = binary_facts["test"]["recall_count"]
    right, alerts = binary_facts["test"]["precision_count"]
    for told in (
        "is_fraud = 1: 1,071 (0.536 %, 1 in 187)",
        f"recall {hit}/{positives} = ",
        f"precision {right}/{alerts} = ",
        "67.1 [59.6, 75.2]",
        "−4.1 [−7.7, −0.2]",
        "no clear difference",
        "Threshold    0.0312 (spread 0.0255 to 0.0381)",
        "predicted 0.465 % against observed 0.535 % (ratio 0.868)",
        "Not run      smote-nc",
        "runs/payments-1: report.html, metrics.json",
    ):
        assert told in screen
    assert re.search(r"→ class-weight-sqrt +67\.1", screen)
    assert "random-under(ratio=0.1)+cl…  72.2" in screen


def test_several_classes_show_the_rarest_first_with_counts(multiclass_facts: Facts) -> None:
    screen = "\n".join(screen_lines(multiclass_facts))
    assert "recall u2r 7/67 · probe 2,087/2,421" in screen
    assert "u2r +2.050" in screen
    assert "Not deployment figures." in screen
    assert "Limited evidence" in screen
    assert "Weak. One class" in screen
    assert "No costs were given" in screen


def test_a_check_shows_every_finding_with_what_to_do(binary_facts: Facts) -> None:
    facts = {key: binary_facts[key] for key in ("schema", "version", "data", "advice", "audit")}
    screen = " ".join(" ".join(screen_lines(facts)).split())
    for row in facts["audit"]:
        assert row["message"] in screen
        assert row["todo"] in screen
    for one in facts["advice"]:
        assert one["why"] in screen
    assert "Threshold" not in screen


def test_blockers_stand_first_and_the_rest_is_counted(binary_facts: Facts) -> None:
    binary_facts["audit"] = [finding("note", "small")] * 9 + [finding("blocker", "stop here")]
    lines = screen_lines(binary_facts)
    audit = next(line for line in lines if line.startswith("Audit"))
    assert audit.split()[1:] == ["X", "stop", "here", "stop", "here"]
    assert any(re.search(r"and \d more findings", line) for line in lines)


def test_the_baseline_and_the_chosen_remedy_survive_the_cut(binary_facts: Facts) -> None:
    rows = binary_facts["remedies"]
    rows[3:3] = [rows[2] | {"name": f"other-{at}"} for at in range(50)]
    screen = "\n".join(screen_lines(binary_facts))
    assert re.search(r"^  none .*baseline", screen, re.MULTILINE)
    assert re.search(r"^→ class-weight-sqrt", screen, re.MULTILINE)
    shown = len(re.findall(r"^  other-", screen, re.MULTILINE))
    told = re.search(r"and (\d+) more, in the report", screen)
    assert told is not None
    ok = [row for row in rows if row["status"] == "ok"]
    table = screen.split("Remedy")[1].split("\n  and ")[0].splitlines()[1:]
    assert len(table) + int(told[1]) == len(ok)
    assert shown


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "ascii", "latin-1"])
def test_old_encodings_get_plain_signs_rather_than_an_error(
    binary_facts: Facts, encoding: str
) -> None:
    binary_facts["data"]["name"] = "Zahlungen ü 語 \x1b[31m [bold]x[/bold]"
    stream = io.BytesIO()
    file = io.TextIOWrapper(stream, encoding=encoding, newline="\n")
    print_screen(binary_facts, Console(file=file))
    file.flush()
    printed = stream.getvalue().decode(encoding)
    assert "[bold]x[/bold]" in printed
    assert "\x1b" not in printed
    assert max(map(len, printed.splitlines())) <= 104
    assert re.search(r"[−-]4\.1 \[[−-]7\.7, [−-]0\.2\]", printed)


def test_a_terminal_gets_colour_and_its_own_width(binary_facts: Facts) -> None:
    file = io.StringIO()
    print_screen(
        binary_facts, Console(file=file, force_terminal=True, width=80, legacy_windows=False)
    )
    printed = file.getvalue()
    assert "\x1b[" in printed
    plain = re.sub(r"\x1b\[[0-9;]*m", "", printed)
    assert max(map(cell_len, plain.splitlines())) <= 80
    assert [line.rstrip() for line in plain.splitlines()] == screen_lines(binary_facts, width=80)


def test_nothing_known_says_nothing_wrong() -> None:
    assert screen_lines({"data": {}})[0].startswith("Data")


def test_a_cost_column_shows_the_rule_instead_of_a_threshold(binary_facts: Facts) -> None:
    binary_facts["policy"]["cost_fn"] = "amount"
    binary_facts["decision"] |= {
        "sentence": "Act when p x amount > (1 - p) x 4.",
        "notes": ["mind this"],
    }
    screen = "\n".join(screen_lines(binary_facts))
    assert "Threshold    Act when p x amount > (1 - p) x 4.\n             mind this" in screen
    assert "spread" not in screen


def test_a_sentence_is_cut_between_words(binary_facts: Facts) -> None:
    told = "Column of the file holds what training never saw " * 12
    binary_facts["audit"] = [finding("warning", told)] * 3
    cut = [line for line in screen_lines(binary_facts) if line.endswith("…")]
    words = set(told.split()) | {"!", "Audit"}
    assert cut
    assert all(line.removesuffix("…").split()[-1] in words for line in cut if "holds" in line)


def test_with_several_learners_the_remedy_is_cut_and_the_learner_stays(binary_facts: Facts) -> None:
    rows = binary_facts["remedies"]
    rows += [row | {"learner": "logistic"} for row in rows[1:10]]
    rows[-1]["versus_baseline"] = "better"
    binary_facts["chosen"] = {"remedy": rows[-1]["name"], "learner": "logistic", "why": "So."}
    for width in (70, 100, 110):
        lines = screen_lines(binary_facts, width=width)
        chosen = next(line for line in lines if line.startswith("→"))
        assert re.search(r"^→ random-.*… · logistic  ", chosen), chosen
        shown = [line for line in lines if re.search(r" · (lightgbm|logistic)  ", line)]
        assert len(shown) >= 10
    idle = next(line for line in screen_lines(binary_facts) if line.startswith("Not run"))
    assert "smote-nc · lightgbm (needs" in idle


def test_of_several_classes_the_worst_calibrated_is_told(multiclass_facts: Facts) -> None:
    classes = [one["label"] for one in multiclass_facts["data"]["classes"]]
    each = [{"predicted": 0.2, "observed": 0.2, "ratio": 1.0} for _ in classes]
    each[1] = {"predicted": 0.1, "observed": 0.2, "ratio": 0.5}
    multiclass_facts["calibration"]["per_class"] = each
    told = next(line for line in screen_lines(multiclass_facts) if line.startswith("Calibration"))
    assert f"worst for {classes[1]}: predicted 10.0 % against observed 20.0 % (ratio 0.500)" in told


def test_a_short_table_keeps_what_is_clear_or_close(binary_facts: Facts) -> None:
    base = next(row for row in binary_facts["remedies"] if row["name"] == "none")
    extra = [
        base | {"name": f"extra-{at}", "versus_baseline": "no clear difference", "objective_p": 1.0}
        for at in range(40)
    ]
    extra[-1] |= {"versus_baseline": "worse", "objective_p": 0.001}
    extra[-2] |= {"objective_p": 0.06}
    binary_facts["remedies"] += extra
    shown = " ".join(screen_lines(binary_facts))
    assert "extra-39" in shown
    assert "extra-38" in shown
    assert "more, in the report" in shown


def printed(facts: Facts) -> str:
    told = io.StringIO()
    print_decision(facts, Console(file=told, width=100))
    return told.getvalue()


def test_a_rule_by_row_is_printed_once(binary_facts: Facts) -> None:
    sentence = "Act when p x amount > 1.46 x (1 - p) x 4: 12.2 alerts per 1,000 rows."
    binary_facts["decision"] |= {"sentence": sentence, "chosen_on": "out-of-fold scores of the run"}
    assert printed(binary_facts).count(sentence) == 1
    assert "Threshold    0.0312" in printed(binary_facts)
    binary_facts["policy"] |= {"cost_fn": "amount", "cost_fp": 4.0}
    assert printed(binary_facts).count(sentence) == 1
    assert f"Threshold    {sentence}" in printed(binary_facts)
    assert "Chosen on    out-of-fold scores of the run" in printed(binary_facts)


def test_without_alerts_the_precision_is_undefined(binary_facts: Facts) -> None:
    positives = binary_facts["test"]["recall_count"][1]
    binary_facts["test"] |= {
        "recall": 0.0, "recall_count": [0, positives], "recall_low": 0.0, "recall_high": 0.02,
        "precision": 0.0, "precision_count": [0, 0], "precision_low": 0.0, "precision_high": 1.0,
    }  # fmt: skip
    for told in (printed(binary_facts), "\n".join(screen_lines(binary_facts))):
        assert f"recall 0/{positives} = 0 % [0 %, 2.00 %]" in told
        assert "precision undefined (0/0) ·" in told
