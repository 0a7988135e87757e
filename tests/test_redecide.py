"""A new decision from stored scores: what it must equal, what it leaves alone, what it refuses."""

import json
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.decide import Decision, Platt, Policy, PriorShift, Request, choose
from evenkeel.decision_file import DecisionFile
from evenkeel.errors import DamagedRun, EvenkeelWarning, InvalidInput, InvalidType
from evenkeel.finished import rewrite_report
from evenkeel.redecide import decide_again
from evenkeel.store import seal, write_bytes, write_json
from evenkeel.stored import OOF, TESTED


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def again(folder, request, **more):
    """What the command line makes of its options: a policy, or the one in force."""
    return decide_again(folder, request.policy() if request.given else None, **more)


class Made:
    """A run directory with calibrated scores and no model: what `decide` may read, and no more."""

    def __init__(self, folder, *, n=4000, n_repeats=2, seed=0, centre=-3.0, labels=("no", "yes"),
                 time=None, raw=None, y=None, kind="stratified", rows=None, impure=0, **beside):  # fmt: skip
        rng = np.random.default_rng(seed)
        p = sigmoid(centre + 1.6 * rng.normal(size=n))
        self.y = (rng.random(n) < p).astype(int) if y is None else y
        self.y[np.argsort(-p)[:impure]] = 0
        if raw is None:
            raw = np.stack([1 - p, p], axis=1)[None].repeat(n_repeats, axis=0)
        self.raw, self.labels, self.folder, self.columns = raw, labels, folder, beside
        n_train = n * 3 // 4
        self.train, self.test = slice(0, n_train), slice(n_train, n)
        self.calibrator = Platt.fit(self.y, self.raw[0])
        n_classes = len(labels)
        decision = choose(
            Policy.scenario("general", n_classes), self.y[self.train],
            self.calibrator.apply(self.raw[:, self.train]), classes=labels, n_boot=0,
        )  # fmt: skip
        folder.mkdir(parents=True)
        counts = np.bincount(self.y, minlength=n_classes)
        write_json(folder / "metrics.json", {
            "schema": "evenkeel.facts/1",
            "data": {"rows": n if rows is None else rows, "target": "y", "imbalance_ratio": 9.0,
                     "severity": "moderate", "task": "binary" if n_classes == 2 else "multiclass",
                     "classes": [{"label": label, "count": int(count), "share": count / n}
                                 for label, count in zip(labels, counts, strict=True)]},
            "chosen": {"remedy": "none", "learner": "logistic", "why": "It was alone."},
            "split": {"kind": kind}, "test": {"notes": [], "few": None}, "audit": [],
        })  # fmt: skip
        DecisionFile(list(labels), self.calibrator, decision).write(folder / "decision.json")
        self.oof().write_parquet(folder / OOF)
        self.tested().write_parquet(folder / TESTED)
        write_bytes(folder / "model.skops", b"never opened")
        seal(folder, {"settings": {"time": time}})

    def oof(self):
        n = self.raw[:, self.train].shape[1]
        frames = [
            pl.DataFrame(
                {"row": range(n), "target": np.array(self.labels)[self.y[self.train]],
                 "at": range(n), "repeat": [repeat] * n, "fold": [0] * n, "remedy": ["none"] * n,
                 "learner": ["logistic"] * n}
                | {f"raw_{label}": scores[self.train, code]
                   for code, label in enumerate(self.labels)}
                | {name: values[self.train] for name, values in self.columns.items()}
            )
            for repeat, scores in enumerate(self.raw)
        ]  # fmt: skip
        return pl.concat(frames).sort("at", maintain_order=True)

    def tested(self):
        p = self.calibrator.apply(self.raw[0, self.test])
        two = {"probability": p[:, 1]}
        each = {f"probability_{label}": p[:, code] for code, label in enumerate(self.labels)}
        target = np.array(self.labels)[self.y[self.test]]
        return pl.DataFrame(
            {"row": range(len(target)), "target": target}
            | (two if len(self.labels) == 2 else each)
            | {"decision": target}
            | {name: values[self.test] for name, values in self.columns.items()}
        )

    def oof_proba(self):
        return self.calibrator.apply(self.raw[:, self.train])

    def test_proba(self):
        return self.calibrator.apply(self.raw[0, self.test])

    def file(self):
        return DecisionFile.read(self.folder / "decision.json")

    def forge(self, frame, name=OOF):
        """Other scores, with their checksum in run.json: an attacker can do both."""
        frame.write_parquet(self.folder / name)
        info = json.loads((self.folder / "run.json").read_text())
        seal(self.folder, {key: info[key] for key in ("settings",)})


@pytest.fixture(scope="module")
def amounts():
    return np.random.default_rng(5).lognormal(3, 1, 4000)


def hours(n=4000):
    return np.datetime64("2024-01-01", "us") + np.arange(n) * np.timedelta64(1, "h")


REQUESTS = {
    "costs": Request(cost_fn=300, cost_fp=4),
    "by amount": Request(cost_fn="amount", cost_fp=4),
    "by amount, within a share": Request(cost_fn="amount", cost_fp=4, capacity="2%"),
    "a share": Request(capacity="1.5%"),
    "top": Request(top=40),
    "precision": Request(min_precision=0.5),
    "recall": Request(min_recall=0.7),
    "precision, guaranteed": Request(min_precision=0.3, confidence=0.9),
    "f2": Request(metric="f2"),
    "mcc": Request(metric="mcc"),
    "scenario": Request(scenario="screening"),
    "bands": Request(bands="0.02,0.4"),
}


@pytest.mark.parametrize("what", REQUESTS)
def test_the_decision_is_what_choose_finds_on_the_stored_scores(tmp_path, amounts, what):
    made = Made(tmp_path / "run [1]", amount=amounts)
    request, before = REQUESTS[what], made.file()
    told = again(made.folder, request)
    policy, columns = request.policy(), {"amount": amounts[made.train]}
    file = made.file()
    wanted = choose(policy, made.y[made.train], made.oof_proba(), columns=columns)
    assert file.decision == wanted
    assert file.page_is_older
    assert (file.labels, file.calibrator, file.adjustment) == (
        before.labels, before.calibrator, None,
    )  # fmt: skip
    assert file.history[0]["policy"] == before.decision.policy.sentence()
    assert told["before"] == before.decision.sentence()
    assert told["policy"]["sentence"] == policy.sentence()
    assert told["policy"]["assumed"] is False
    labels = wanted.apply(made.test_proba(), columns={"amount": amounts[made.test]})
    truth = made.y[made.test]
    assert told["test"]["recall_count"] == [int((labels & truth).sum()), int(truth.sum())]
    assert told["test"]["precision_count"] == [int((labels & truth).sum()), int(labels.sum())]
    assert told["decision"]["sentence"] == wanted.sentence()
    json.dumps(told, allow_nan=False)


def test_elkans_formula_on_calibrated_scores(tmp_path):
    made = Made(tmp_path / "run", n=40_000, n_repeats=1)
    for cost_fn, cost_fp in ((122, 4), (20, 1), (5, 1)):
        again(made.folder, Request(cost_fn=cost_fn, cost_fp=cost_fp))
        assert made.file().decision.threshold == pytest.approx(
            cost_fp / (cost_fp + cost_fn), rel=0.35
        )


def test_only_decision_json_is_written_and_only_three_files_are_read(tmp_path, amounts):
    made = Made(tmp_path / "run", amount=amounts)
    (made.folder / "model.skops").unlink()
    others = {p.name: p.read_bytes() for p in made.folder.iterdir() if p.name != "decision.json"}
    for request in REQUESTS.values():
        again(made.folder, request)
    after = {p.name: p.read_bytes() for p in made.folder.iterdir() if p.name != "decision.json"}
    assert after == others
    assert len(made.file().history) == len(REQUESTS)


def test_deciding_imports_no_learning_library(tmp_path, amounts):
    made = Made(tmp_path / "run", amount=amounts)
    code = (
        "import sys\n"
        "from evenkeel.cli import main\n"
        "for args in (['--cost-fn', 'amount', '--cost-fp', '4'], ['--capacity', '1%'],\n"
        "             ['--min-recall', '0.5', '--confidence', '0.9'], ['--bands', '0.1,0.2'],\n"
        "             ['--deploy-prevalence', '0.01']):\n"
        "    try:\n"
        f"        main(['decide', {str(made.folder)!r}, *args])\n"
        "    except SystemExit as left:\n"
        "        assert not left.code, left.code\n"
        "heavy = {'sklearn', 'lightgbm', 'skops', 'skrub', 'torch', 'pandas', 'altair'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.parametrize("prevalence", [0.002, 0.2])
def test_another_prevalence_keeps_the_ranking_and_moves_the_probabilities(tmp_path, prevalence):
    made = Made(tmp_path / "run", n=20_000, n_repeats=1)
    y, p = made.y[made.train], made.oof_proba()
    again(made.folder, Request(min_recall=0.8))
    first = made.file()
    told = again(made.folder, Request(), deploy_prevalence=prevalence)
    file = made.file()
    share = y.mean()
    by_hand = PriorShift((1 - share, share), (1 - prevalence, prevalence))
    assert file.adjustment == by_hand
    # p' = p w1 / (p w1 + (1 - p) w0) with w = now / then
    ratio = (prevalence / share) / ((1 - prevalence) / (1 - share))
    q = p[0, :, 1] * ratio / (p[0, :, 1] * ratio + 1 - p[0, :, 1])
    assert by_hand.apply(p)[0, :, 1] == pytest.approx(q)
    weight = np.where(y == 1, prevalence / share, (1 - prevalence) / (1 - share))
    assert np.average(q, weights=weight) == pytest.approx(prevalence, rel=0.1)
    # recall does not depend on the prevalence: the same rows are flagged
    assert (file.decision.apply(q) == first.decision.apply(p[0, :, 1])).all()
    assert file.decision.prevalence == pytest.approx(prevalence)
    assert "weighed to a prevalence of" in file.chosen_on
    assert file.decision.policy == first.decision.policy, "the policy in force was kept"
    assert told["test"]["deployment"] is False
    with pytest.raises(InvalidInput, match="rows that count once each"):
        again(
            made.folder,
            Request(min_recall=0.5, confidence=0.9),
            deploy_prevalence=prevalence,
        )
    # and without it the next decision is at home again
    with pytest.warns(EvenkeelWarning, match="back on the scale of the run"):
        again(made.folder, Request(metric="f1"))
    assert made.file().adjustment is None


def test_costs_at_another_prevalence_are_those_of_rows_resampled_to_it(tmp_path):
    made = Made(tmp_path / "run", n=40_000, n_repeats=1, centre=-1.5)
    request = Request(cost_fn=10, cost_fp=1)
    again(made.folder, request, deploy_prevalence=0.02)
    file, y = made.file(), made.y[made.train]
    q = file.adjustment.apply(made.oof_proba()[0])[:, 1]
    rng = np.random.default_rng(0)
    hits, others = np.flatnonzero(y == 1), np.flatnonzero(y == 0)
    rows = np.append(rng.choice(hits, 4000), rng.choice(others, 196_000))
    costs = request.policy().row_costs(y[rows])
    at = np.arange(rows.size)
    mine = costs[at, file.decision.apply(q[rows])].mean()
    best = min(costs[at, (q[rows] >= t).astype(int)].mean() for t in np.geomspace(0.01, 0.9, 80))
    assert mine <= best * 1.03


def test_a_capacity_by_day_counts_all_days_of_the_table(tmp_path):
    made = Made(tmp_path / "run", n=4000, n_repeats=2, time="ts", ts=hours(), kind="time")
    told = again(made.folder, Request(capacity="2/day"))
    # 4,000 hours, and a row in each: 2 of 24 rows may be flagged
    wanted = choose(Policy.capacity(2 / 24, "row"), made.y[made.train], made.oof_proba())
    assert made.file().decision.threshold == wanted.threshold
    periods = told["test"]["alerts_by_period"]
    flagged = wanted.apply(made.test_proba())
    assert periods["per"] == "day"
    assert periods["mean"] == pytest.approx(flagged.sum() / (1000 / 24))
    days = ((np.arange(3000, 4000)) // 24)[flagged == 1]
    assert periods["most"] == np.bincount(days).max()
    assert periods["over"] == np.count_nonzero(np.bincount(days) > 2)
    # rows that were left out to keep groups whole happened too
    other = Made(tmp_path / "fewer", time="ts", ts=hours(), kind="time and group", rows=8000)
    again(other.folder, Request(capacity="4/day"))
    assert other.file().decision.threshold == wanted.threshold


@pytest.mark.parametrize("values", ["counter", "dates as numbers", "none"])
def test_a_capacity_by_day_needs_dates(tmp_path, values):
    ts = {"counter": np.arange(4000), "none": None, "dates as numbers": np.arange(4000.0)}[values]
    more = {} if ts is None else {"time": "ts", "ts": ts}
    made = Made(tmp_path / "run", **more)
    before = (made.folder / "decision.json").read_bytes()
    with pytest.raises(InvalidInput, match="capacity per day needs a time column with dates; got"):
        again(made.folder, Request(capacity="2/day"))
    assert (made.folder / "decision.json").read_bytes() == before
    told = again(made.folder, Request(capacity="2%"))
    assert told["test"]["alerts_by_period"] is None


REFUSED = {
    "precision that is not reached": (
        Request(min_precision=0.999),
        r"precision 0.999 is not reached at any threshold; the best is 0\.\d+ at recall 0\.\d+ \(\d+/\d+\)",
    ),
    "what cannot be guaranteed": (
        Request(min_recall=0.999, confidence=0.99),
        "cannot be guaranteed at 99 % with",
    ),
    "an unknown column": (Request(cost_fn="amuont", cost_fp=4), "Did you mean 'amount'"),
    "a day without time": (Request(capacity="3/day"), "needs a time column"),
    "a matrix of three": (
        Request(cost_matrix=((0, 1, 2), (3, 0, 4), (5, 6, 0))),
        "Costs for 3 classes cannot decide between 2",
    ),
    "recall by class": (Request(min_recall="yes=0.5"), "needs several classes. Got two"),
}


def test_words_in_place_of_a_policy_are_refused(tmp_path, amounts):
    made = Made(tmp_path / "run", amount=amounts)
    before = (made.folder / "decision.json").read_bytes()
    with pytest.raises(
        InvalidType, match=r"policy of decide_again .* Write Policy\.metric\('f1'\)"
    ):
        decide_again(made.folder, "f1")
    assert (made.folder / "decision.json").read_bytes() == before


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_served_is_refused_and_nothing_changes(tmp_path, amounts, what):
    made = Made(tmp_path / "run", amount=amounts, impure=20)
    before = {path.name: path.read_bytes() for path in made.folder.iterdir()}
    request, said = REFUSED[what]
    for more in ({}, {"deploy_prevalence": 0.3}):
        if request.confidence and more:
            said = "rows that count once each"
        with pytest.raises(InvalidInput, match=said):
            again(made.folder, request, **more)
        assert {path.name: path.read_bytes() for path in made.folder.iterdir()} == before


@pytest.mark.parametrize("prevalence", [0, 1, -0.1, 1.5, float("nan"), "ten", "120%"])
def test_a_prevalence_is_a_share(tmp_path, prevalence):
    made = Made(tmp_path / "run", n=400)
    with pytest.raises((InvalidInput, TypeError), match="deploy_prevalence of a decision"):
        again(made.folder, Request(metric="f1"), deploy_prevalence=prevalence)
    with pytest.raises(InvalidInput, match="exclude each other"):
        again(made.folder, Request(metric="f1"), deploy_prevalence=0.1, recalibrate="later.csv")


FORGED = {
    "scores above 1": (lambda f: f.with_columns(raw_yes=pl.lit(1.5)), "lie in"),
    "missing scores": (lambda f: f.with_columns(raw_yes=pl.lit(None, pl.Float64)), "finite"),
    "NaN": (lambda f: f.with_columns(raw_yes=pl.lit(float("nan"))), "finite"),
    "infinity": (lambda f: f.with_columns(raw_yes=pl.lit(float("inf"))), "finite|lie in"),
    "one class": (lambda f: f.with_columns(target=pl.lit("no")), "at least two classes"),
    "negative costs": (lambda f: f.with_columns(amount=-pl.col("amount")), "at least 0"),
    "missing costs": (lambda f: f.with_columns(amount=pl.lit(None, pl.Float64)), "at least 0"),
    "no costs": (lambda f: f.drop("amount"), "must be a numeric column"),
}


@pytest.mark.parametrize("what", FORGED)
@pytest.mark.parametrize("name", [OOF, TESTED])
def test_stored_scores_that_no_run_wrote(tmp_path, amounts, what, name):
    made = Made(tmp_path / "run", n=4000, amount=amounts)
    change, said = FORGED[what]
    frame = pl.read_parquet(made.folder / name).rename({"probability": "raw_yes"}, strict=False)
    frame = change(frame)
    made.forge(frame if name == OOF else frame.rename({"raw_yes": "probability"}), name)
    before = (made.folder / "decision.json").read_bytes()
    with pytest.raises((InvalidInput, DamagedRun), match=said):
        again(made.folder, Request(cost_fn="amount", cost_fp=4))
    assert (made.folder / "decision.json").read_bytes() == before


@pytest.mark.parametrize("request_", [REQUESTS["f2"], REQUESTS["costs"], REQUESTS["a share"]])
def test_scores_that_are_all_equal_are_decided_alike_and_it_is_said(tmp_path, request_):
    raw = np.full((1, 400, 2), 0.5)
    made = Made(tmp_path / "run", n=400, raw=raw, y=np.arange(400) % 10 // 9)
    told = again(made.folder, request_)
    assert any("flags" in note for note in told["decision"]["notes"])
    assert told["test"]["alerts_per_1000"] in {0, 1000}


def test_one_positive_and_one_row_of_it(tmp_path):
    y = np.zeros(100, dtype=int)
    y[[40, 90]] = 1
    p = np.linspace(0.01, 0.5, 100)
    made = Made(tmp_path / "run", n=100, raw=np.stack([1 - p, p], axis=1)[None], y=y)
    told = again(made.folder, Request(cost_fn=50, cost_fp=1))
    assert told["test"]["recall_count"][1] == 1
    said = "cannot be guaranteed at 95 % with 1 positives"
    with pytest.raises(InvalidInput, match=said):
        again(made.folder, Request(min_recall=0.5, confidence=0.95))


@pytest.mark.parametrize(
    "labels", [("no", "yes"), (0, 1), (False, True), (1.5, 2.5), ("[0-9]", "*")]
)
def test_labels_of_any_kind(tmp_path, labels):
    made = Made(tmp_path / "run", n=800, labels=labels)
    told = again(made.folder, Request(metric="f1"))
    assert made.file().labels == list(labels)
    assert told["test"]["rows"] == 200


def test_columns_named_like_those_of_the_scores(tmp_path, amounts):
    made = Made(tmp_path / "run", target_=amounts, row_=amounts + 1)
    for name, values in (("target", amounts), ("row", amounts + 1)):
        again(made.folder, Request(cost_fn=name, cost_fp=4))
        wanted = choose(
            Policy(cost_fn=name, cost_fp=4),
            made.y[made.train],
            made.oof_proba(),
            columns={name: values[made.train]},
        )
        assert made.file().decision == wanted


def several(n=3000, seed=0):
    rng = np.random.default_rng(seed)
    shares = np.array([0.75, 0.18, 0.07])
    y = rng.choice(3, n, p=shares)
    logs = np.log(shares) + rng.normal(size=(2, n, 3)) + 1.5 * np.eye(3)[y]
    raw = np.exp(logs)
    return y, raw / raw.sum(axis=2, keepdims=True)


@pytest.mark.parametrize(
    "request_",
    [
        Request(metric="f1"),
        Request(min_recall="busy=0.5,storm=0.7"),
        Request(cost_matrix=((0, 1, 1), (5, 0, 5), (30, 30, 0))),
    ],
    ids=["f1", "recall by class", "matrix"],
)
def test_several_classes(tmp_path, request_):
    y, raw = several()
    labels = ("calm", "busy", "storm")
    made = Made(tmp_path / "run", n=3000, y=y, raw=raw, labels=labels)
    told = again(made.folder, request_)
    wanted = choose(request_.policy(3), y[made.train], made.oof_proba(), classes=labels)
    assert made.file().decision == wanted
    assert told["decision"]["offsets"] == pytest.approx(
        dict(zip(labels, wanted.offsets, strict=True))
    )
    if request_.min_recall:
        table = np.asarray(wanted.confusion)
        recall = table.diagonal() / table.sum(axis=1)
        assert recall[1] >= 0.5 - 1e-9
        assert recall[2] >= 0.7 - 1e-9


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (Request(min_recall="strom=0.5"), "Did you mean 'storm'"),
        (Request(min_recall="calm=1,busy=1,storm=1"), "no offsets keep every minimum recall"),
        (Request(min_recall=0.5), "needs two classes"),
        (Request(capacity="1%"), "needs two classes"),
        (Request(bands="0.1,0.2"), "needs two classes"),
        (Request(cost_fn=3, cost_fp=1), "Costs for 2 classes cannot decide between 3"),
        (Request(scenario="spam"), "needs a positive class"),
    ],
    ids=str,
)
def test_what_several_classes_do_not_have(tmp_path, request_, said):
    y, raw = several(n=600)
    made = Made(tmp_path / "run", n=600, y=y, raw=raw, labels=("calm", "busy", "storm"))
    before = (made.folder / "decision.json").read_bytes()
    with pytest.raises(InvalidInput, match=said):
        again(made.folder, request_)
    with pytest.raises(InvalidInput, match="needs two classes"):
        again(made.folder, Request(metric="f1"), deploy_prevalence=0.1)
    assert (made.folder / "decision.json").read_bytes() == before


def test_a_written_page_is_no_longer_older(tmp_path, amounts, monkeypatch):
    made = Made(tmp_path / "run", amount=amounts)
    seen = {}
    monkeypatch.setattr("evenkeel.finished.render_page", lambda facts: seen.update(facts) or "p")
    monkeypatch.setattr("evenkeel.finished.render_card", lambda facts: "card")
    again(made.folder, REQUESTS["by amount"])
    assert made.file().page_is_older
    rewrite_report(made.folder)
    file = made.file()
    assert not file.page_is_older
    assert seen["decision"]["sentence"] == file.decision.sentence()
    assert seen["decision"]["history"] == list(file.history)
    assert seen["policy"]["sentence"].startswith("cost: a miss amount")
    assert file.history[0]["sentence"] != file.decision.sentence()


@given(st.integers(0, 200), st.floats(0.01, 0.3))
@settings(max_examples=15)
def test_decisions_come_back_from_the_file_as_they_were(tmp_path_factory, seed, share):
    made = Made(tmp_path_factory.mktemp("r") / "run", n=300, seed=seed, centre=-1.0, n_repeats=1)
    again(made.folder, Request(capacity=f"{100 * share:.4f}%"))
    decision = made.file().decision
    assert Decision.from_dict(decision.to_dict()) == decision
    assert decision.apply(made.oof_proba()[0]).mean() <= share + 1e-9


def test_of_two_decisions_at_once_the_second_is_refused_and_nothing_is_lost(tmp_path, monkeypatch):
    from evenkeel import redecide

    done = Made(tmp_path / "run").folder
    real = redecide.facts_in_force

    def meanwhile(*given):
        monkeypatch.setattr(redecide, "facts_in_force", real)
        redecide.decide_again(done, Policy.metric("mcc"))
        return real(*given)

    monkeypatch.setattr(redecide, "facts_in_force", meanwhile)
    with pytest.raises(InvalidInput, match="was changed while this one was made"):
        redecide.decide_again(done, Policy.metric("f2"))
    file = DecisionFile.read(done / "decision.json")
    assert file.decision.policy == Policy.metric("mcc")
    assert len(file.history) == 1


def test_a_decision_made_while_the_page_is_drawn_stays_in_force(tmp_path, monkeypatch):
    from evenkeel import finished

    done = Made(tmp_path / "run").folder
    real = finished.render_page

    def meanwhile(facts):
        decide_again(done, Policy.metric("mcc"))
        return real(facts)

    monkeypatch.setattr(finished, "render_page", meanwhile)
    finished.rewrite_report(done)
    file = DecisionFile.read(done / "decision.json")
    assert file.decision.policy == Policy.metric("mcc")
    assert file.page_is_older
