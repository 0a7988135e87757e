from __future__ import annotations

import base64
import copy
import hashlib
import itertools
import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any

import pytest

from evenkeel.report import render_page, screen_lines
from evenkeel.report.figures import folds_matter

Facts = dict[str, Any]

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>'\"`{{ 7*7 }}"
NUMBER = re.compile(r"[+−-]?\d[\d,]*(?:\.\d+)?(?:e[+-]\d+)?")


class Page(HTMLParser):
    """What a browser would see: tags with attributes, scripts, visible text, and whether tags close."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "img"}:
            self.open.append(tag)
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["script"]:
            self.scripts[-1] += data
        elif self.open[-1:] != ["style"]:
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())

    @property
    def policy(self) -> str:
        return next(str(a["content"]) for _, a in self.tags if a.get("http-equiv"))


def numbers(value: Any) -> list[float]:
    """Every number of a document, those inside its sentences too."""
    if isinstance(value, dict):
        return [n for key, item in value.items() for n in [*numbers(key), *numbers(item)]]
    if isinstance(value, list):
        return [float(len(value)), *(n for item in value for n in numbers(item))]
    if isinstance(value, str):
        return [read(token) for token in NUMBER.findall(value)]
    return [float(value)] if isinstance(value, int | float) else []


def read(token: str) -> float:
    return float(token.replace(",", "").replace("−", "-"))


@pytest.fixture(scope="module")
def pages(examples: dict[str, Facts]) -> dict[str, str]:
    return {kind: render_page(facts) for kind, facts in examples.items()}


@pytest.fixture(params=["binary", "multiclass"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def html(pages: dict[str, str], kind: str) -> str:
    return pages[kind]


@pytest.fixture
def facts(examples: dict[str, Facts], kind: str) -> Facts:
    return copy.deepcopy(examples[kind])


def test_the_page_is_one_small_well_formed_file(html: str) -> None:
    page = Page(html)
    assert len(html.encode()) < 3_000_000
    assert page.open == []
    assert html.lower().startswith("<!doctype html>")
    headings = [tag for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert headings.count("h1") == 1
    assert all(int(b[1]) - int(a[1]) <= 1 for a, b in itertools.pairwise(headings))
    ids = [attrs["id"] for _, attrs in page.tags if attrs.get("id")]
    assert len(set(ids)) == len(ids)
    for _, attrs in page.tags:
        if (attrs.get("href") or "").startswith("#"):
            assert str(attrs["href"])[1:] in ids


def test_the_page_asks_the_network_for_nothing(html: str) -> None:
    page = Page(html)
    for tag, attrs in page.tags:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "form"}
        assert "src" not in attrs
        assert (attrs.get("href") or "#").startswith("#")
        assert not [name for name in attrs if name.startswith("on")]
    css = files("evenkeel.report").joinpath("templates/report.css").read_text()
    assert "url(" not in css
    assert "@import" not in css
    assert page.policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in page.policy
    assert not re.search(r"script-src[^;]*unsafe-inline", page.policy)


def test_the_policy_allows_exactly_the_scripts_of_the_page(html: str) -> None:
    page = Page(html)
    document, library, own = page.scripts
    digests = {
        "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        for script in (library, own)
    }
    assert set(re.findall(r"'(sha256-[^']+)'", page.policy)) == digests
    assert "vegaEmbed" in library
    assert set(json.loads(document)) == {
        str(attrs["id"]).removeprefix("chart-")
        for tag, attrs in page.tags
        if tag == "div" and attrs.get("class") == "chart"
    }


def test_hostile_names_stay_text(facts: Facts) -> None:
    def poison(value: Any) -> Any:
        if isinstance(value, dict):
            # The words that the templates decide by keep their meaning; all else is hostile.
            fixed = {
                "schema",
                "task",
                "level",
                "status",
                "severity",
                "objective",
                "versus_baseline",
            }
            return {key: item if key in fixed else poison(item) for key, item in value.items()}
        if isinstance(value, list):
            return [poison(item) for item in value]
        return HOSTILE + value if isinstance(value, str) else value

    bad = poison(facts)
    for part, key in ((bad["test"], "per_class"), (bad["curves"], "precision_recall")):
        part[key] = {
            HOSTILE + name if len(part[key]) > 1 else name: v for name, v in part[key].items()
        }
    page = Page(render_page(bad))
    assert len(page.scripts) == 3
    assert not [tag for tag, _ in page.tags if tag == "img"]
    assert not [a for _, attrs in page.tags for a in attrs if a.startswith("on")]
    assert "<script>alert(1)</script>" in page.words
    assert "{{ 7*7 }}" in page.words
    assert "<" not in page.scripts[0]
    if bad["data"]["task"] == "multiclass":
        assert "</script>" in json.dumps(json.loads(page.scripts[0])["confusion"])


def test_every_number_shown_comes_from_the_facts(html: str, facts: Facts) -> None:
    words = Page(html).words
    # The page's own: names of metrics, "per 1,000", 1 and 0 as references of slope and intercept.
    for own in ("per 1,000", "F1", "F2"):
        words = words.replace(own, "")
    known = {0.0, 1.0, *numbers(facts)}
    for token in NUMBER.findall(words):
        value, text = read(token), token.lower()
        digits = len(text.partition(".")[2].partition("e")[0])
        unit = 0.51 * 10.0 ** (int(text.partition("e")[2] or 0) - digits)
        assert any(
            abs(abs(value) - abs(scale * number)) <= unit + 1e-9
            for number in known
            for scale in (1, 100)
        ), token


CHANGES: list[tuple[str, Any, str]] = [
    ("test.recall_count", [7, 13], "7/13 caught"),
    ("test.recall", 0.538, "53.8 %"),
    ("test.confusion", [[111, 222], [333, 444]], "444 caught"),
    ("calibration.ratio", 1.77, "a ratio of 1.770"),
    ("decision.threshold", 0.0456, "0.0456, spread"),
    ("decision.reached", False, "could not be reached"),
    ("decision.optimism", {"f1": {"in_sample": 0.61}}, "in F1 0.610 on the rows"),
    ("verdict", ["Only this."], "Only this."),
    ("evidence", {"level": "weak", "sentence": "12 positives."}, "is weak. 12 positives."),
    ("test.deployment", False, "These are not deployment figures."),
    ("policy", {"assumed": True, "request": "Say costs."}, "was assumed. Say costs."),
    ("interval", 0.9, "90 % intervals"),
    ("versions", {"numpy": "2.4.0"}, "numpy 2.4.0"),
    ("audit", [], "Nothing was found"),
]


def test_changed_facts_change_the_page(pages: dict[str, str], binary_facts: Facts) -> None:
    for path, value, _ in CHANGES:
        place, *rest = [binary_facts, *path.split(".")]
        for key in rest[:-1]:
            place = place[key]
        place[rest[-1]] = value
    before, after = Page(pages["binary"]).words, Page(render_page(binary_facts)).words
    for _, _, shown in CHANGES:
        assert shown not in before
        assert shown in after


def test_the_verdict_comes_first(html: str, facts: Facts) -> None:
    words = Page(html).words
    places = [words.index(sentence) for sentence in facts["verdict"]]
    assert places == sorted(places)
    assert places[-1] < words.index("Classes of")


def test_charts_have_their_numbers_in_tables_for_readers_without_javascript(
    html: str, facts: Facts
) -> None:
    without = re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)
    words = Page(without).words
    for row in facts["calibration"]["reliability"]:
        assert f"{row['positives']:,} {row['count']:,}" in words
    for row in facts["remedies"]:
        assert row["name"] in words
    for row in facts["test"]["confusion"]:
        for cell in row:
            assert f"{cell:,}" in words


def test_many_long_classes_findings_and_remedies_stay_below_three_megabytes(
    multiclass_facts: Facts,
) -> None:
    n = 500
    names = [f"class {at} " + "x" * 2000 for at in range(n)]
    one = next(iter(multiclass_facts["test"]["per_class"].values()))
    curve = multiclass_facts["curves"]["precision_recall"]["u2r"] * 10
    classes = [{"label": x, "count": 10 + at, "share": 0.002} for at, x in enumerate(names)]
    multiclass_facts["data"]["classes"] = classes
    multiclass_facts["test"]["confusion"] = [[1] * n for _ in names]
    multiclass_facts["test"]["per_class"] = dict.fromkeys(names, one)
    multiclass_facts["curves"]["precision_recall"] = dict.fromkeys(names, curve)
    multiclass_facts["audit"] = multiclass_facts["audit"] * 1000
    for row in multiclass_facts["remedies"]:
        row["per_class"] = dict.fromkeys(names, one)
    multiclass_facts["remedies"] += multiclass_facts["remedies"] * 20
    html = render_page(multiclass_facts)
    assert len(html.encode()) < 3_000_000
    words = Page(html).words
    assert "440 larger classes are not shown" in words
    assert "The 9 rarest of 500 classes are drawn." in words
    assert "485 larger classes stand together." in words
    assert "940 more findings are in metrics.json." in words


def test_facts_with_little_in_them_still_make_a_page() -> None:
    page = Page(
        render_page({"data": {"name": "t", "target": "y"}, "remedies": None, "audit": None})
    )
    assert page.open == []
    assert json.loads(page.scripts[0]) == {}


def test_text_stands_out_from_its_ground_in_light_and_dark() -> None:
    css = files("evenkeel.report").joinpath("templates/report.css").read_text()
    light, dark = (
        dict(re.findall(r"--(\w+): (#\w{6})", block))
        for block in re.findall(r":root \{(.*?)\}", css, flags=re.DOTALL)
    )
    for theme in (light, dark):
        for ground in ("paper", "panel", "tint", "alarm"):
            for ink in ("ink", "muted", "main", "second"):
                assert contrast(theme[ink], theme[ground]) >= 4.5, (ink, ground)
        for mark in ("main", "second", "neutral"):
            assert contrast(theme[mark], theme["paper"]) >= 3


def contrast(one: str, other: str) -> float:
    """Ratio of relative luminances, WCAG 2.1."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def test_a_nested_run_shows_no_test_part(binary_facts):
    plain = render_page(binary_facts)
    assert '<th scope="col">Training</th>' in plain
    split = binary_facts["split"] | {"kind": "nested", "sentence": "train 9 rows, no test part"}
    page = render_page(binary_facts | {"split": split, "verdict": []})
    words = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert ">Nested</a>" in words
    for wrong in ("test rows", "training rows", ">Training<", ">Test<", ">Test rows<"):
        assert wrong not in words.replace("did to the training rows", ""), wrong
    assert "This is the decision to put to work." in words
    assert "This is the decision to put to work." not in plain


def test_what_says_nothing_new_is_not_said(binary_facts):
    rows = binary_facts["remedies"]
    rivals = [row for row in rows if row.get("versus_baseline") not in (None, "baseline")]
    one = [row for row in rows if row not in rivals[1:]]
    assert "Holm's correction), so" in render_page(binary_facts)
    assert "Holm's correction), so" not in render_page(binary_facts | {"remedies": one})
    second = {"disagrees": [], "sentence": "The test says the same."}
    assert second["sentence"] not in render_page(binary_facts | {"second_test": second})

    first = rivals[0]
    apart = {"remedy": first["name"], "learner": first.get("learner")}
    second = {"disagrees": [apart], "sentence": "The test says otherwise."}
    for rows_say, folds_say, told in (
        ("worse", "no clear difference", False),
        ("better", "no clear difference", True),
        ("no clear difference", "better", True),
    ):
        changed = first | {"versus_baseline": rows_say, "folds_say": folds_say}
        facts = binary_facts | {"second_test": second, "remedies": [changed]}
        assert folds_matter(facts) is told


def test_the_page_says_what_each_remedy_did_and_cost(binary_facts):
    costs = [
        {"name": "none", "learner": "lightgbm", "fit_rows": 800.0, "added_fit_rows": 0.0, "seconds": 0.5, "peak_bytes": None},
        {"name": "smote", "learner": "lightgbm", "fit_rows": 1500.0, "added_fit_rows": 700.0, "seconds": 0.75, "peak_bytes": 3 << 20},
    ]  # fmt: skip
    page = render_page(binary_facts | {"costs": costs})
    assert "Rows fitted on" in page
    assert "<td>1,500</td><td>+700</td><td>0.750</td><td>3.000</td>" in page
    assert "Rows fitted on" not in render_page(binary_facts)
    told = " ".join(" ".join(screen_lines(binary_facts | {"costs": costs})).split())
    assert (
        "A fit took 0.500 s with none (800 rows); 0.750 s with smote, the slowest (1,500 rows)"
        in told
    )
    assert "A fit took" not in " ".join(screen_lines(binary_facts | {"costs": costs[:1]}))
