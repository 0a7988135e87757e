"""Settings are chosen on training rows alone, on equal terms, with every rare row there is."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

import evenkeel
from evenkeel.catalogue import find_remedy
from evenkeel.errors import DoesNotApply, InvalidInput, InvalidType
from evenkeel.race import Course, Trial, fit_whole, run_race, run_trial
from evenkeel.race.fold_rows import inner_parts, not_searched
from evenkeel.race.put_back import PutBack
from evenkeel.race.search import MOST_ROWS, Searched, _Inner
from evenkeel.race.trial import tried_by
from evenkeel.report.screen import screen_lines
from evenkeel.resample import RandomUnderSampler
from evenkeel.resampled import Resampled
from evenkeel.split import Folds, make_folds
from evenkeel.wrappers import bare

FITS = []  # row numbers (first column) and setting of each fit


class Spy(ClassifierMixin, BaseEstimator):
    """Scores by ``quality`` parts of the truth in column 1, and notes the rows it is fitted on."""

    def __init__(self, quality=0.0, error=None):
        self.quality = quality
        self.error = error

    def fit(self, X, y, sample_weight=None):
        FITS.append((self.quality, X[:, 0].astype(int)))
        if self.error is not None:
            raise self.error
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        noise = np.modf(np.abs(np.sin(X[:, 0] * 78.233) * 43758.5453))[0]
        p = np.clip(self.quality * X[:, 1] + (1 - self.quality) * noise, 0, 1)
        return np.column_stack([1 - p, p])


@pytest.fixture(autouse=True)
def forget():
    FITS.clear()


def rows(n=1200, n_rare=90, seed=0):
    y = np.random.default_rng(seed).permutation(np.repeat([0, 1], [n - n_rare, n_rare]))
    return np.column_stack([np.arange(n), y]).astype(float), y


def make_course(learner, *names, n_folds=4, search=8, space=None, **more):
    X, y = rows()
    remedies = {name: find_remedy(name) for name in ("none", *names)}
    folds = more.pop("folds", None) or make_folds(y, n_folds=n_folds, n_repeats=1)
    return Course(
        X, y, 2, folds, {"mine": learner}, remedies, search=search, spaces={"mine": space or {}}
    )


QUALITY = {"quality": [0.0, 0.1, 0.2]}


def test_every_remedy_gets_the_same_number_of_fits():
    space = {"quality": np.linspace(0, 0.9, 50).tolist()}
    names = (
        "class-weight",
        "random-under",
        "smote",
        "effective-number",
        "random-over+class-weight",
    )
    course = make_course(Spy(), *names, space=space)
    counts = {}
    for name in ("none", *names):
        FITS.clear()
        assert run_trial(Trial(name, "mine", 0, 0), course).status == "ok"
        counts[name] = len(FITS)
    assert counts == dict.fromkeys(counts, 8 + 4 + 2 + 1), "three rungs, and the winner on all rows"


def test_the_learner_s_settings_are_the_same_for_every_remedy_and_fold():
    space = {"quality": np.linspace(0, 0.9, 50).tolist()}
    course = make_course(Spy(), "smote", "class-weight", space=space)
    drawn = {
        tuple(one.learner.get("quality") for one in tried_by(Trial(name, "mine", 0, fold), course))
        for name in course.remedies
        for fold in range(4)
    }
    assert len(drawn) == 1
    assert len(set(next(iter(drawn)))) == 8


def test_no_row_that_is_scored_reaches_a_candidate():
    course = make_course(Spy(), "random-under", space=QUALITY)
    for fold in range(4):
        FITS.clear()
        run_trial(Trial("random-under", "mine", 0, fold), course)
        train, valid = course.folds.rows(0, fold)
        seen = np.unique(np.concatenate([rows for _, rows in FITS]))
        assert not np.isin(seen, valid).any()
        assert np.isin(seen, train).all()


@pytest.mark.parametrize("n_folds", [2, 4])
def test_groups_stay_whole_in_inner_folds(n_folds):
    _, y = rows()
    groups = np.random.default_rng(3).integers(0, 200, len(y))
    folds = make_folds(y, groups=groups, n_folds=n_folds, n_repeats=1)
    course = make_course(Spy(), folds=folds)
    train, _ = folds.rows(0, 0)
    parts = inner_parts(course, 0, train)["parts"]
    assert len(np.unique(parts)) == (4 if n_folds == 2 else 3)
    table = np.unique(np.column_stack([groups[train], parts]), axis=0)
    assert len(table) == len(np.unique(groups[train])), "each group lies in one part"


def test_the_search_keeps_the_gap_that_the_folds_keep():
    n, gap = 1200, 60
    _, y = rows(n)
    folds = make_folds(y, time=np.arange(n), gap=gap, n_folds=4, n_repeats=1)
    course = make_course(Spy(), folds=folds, space=QUALITY, search=3)
    train, _ = folds.rows(0, 1)
    given = inner_parts(course, 0, train)
    inner = _Inner(course.X[train], y[train], given["parts"], {}, 0, given["left_out"])
    assert len(inner.parts) == 3
    for part in inner.parts:
        fit_on, judged = inner._rows(part, 1.0)
        apart = np.abs(train[fit_on.rows][:, None] - train[judged.rows])
        assert apart.min() >= gap
    for fold in (1, None):
        FITS.clear()
        if fold is None:
            fit_whole("none", "mine", course)
        else:
            assert run_trial(Trial("none", "mine", 0, fold), course).status == "ok"
        assert len(FITS) > 2
        for _, seen in FITS[:-1]:
            (part,) = set(range(4)) - {fold} - set(folds.part[0][seen])
            assert np.abs(seen[:, None] - np.flatnonzero(folds.part[0] == part)).min() >= gap


def test_inside_one_of_two_folds_the_gap_is_kept_or_it_is_said_that_nothing_is_searched():
    n, gap = 1200, 40
    _, y = rows(n)
    folds = make_folds(y, time=np.arange(n), gap=gap, n_folds=2, n_repeats=1)
    course = make_course(Spy(), folds=folds, space=QUALITY, search=3)
    assert not_searched(course) == ""
    FITS.clear()
    assert run_trial(Trial("none", "mine", 0, 0), course).settings is not None
    train, _ = folds.rows(0, 0)
    given = inner_parts(course, 0, train)
    part_of = dict(zip(train.tolist(), given["parts"].tolist(), strict=True))
    assert len(FITS) > 2
    for _, seen in FITS[:-1]:
        (judged,) = set(range(4)) - {part_of[row] for row in seen.tolist()}
        inside = train[given["parts"] == judged]
        assert np.abs(seen[:, None] - inside).min() >= gap

    far = make_folds(y, time=np.arange(n), gap=400, n_folds=2, n_repeats=1)
    stuck = make_course(Spy(), folds=far, space=QUALITY, search=3)
    assert not_searched(stuck) == (
        "In 2 of 2 folds the training rows cannot be split again with a gap of 400: there the default "
        "stands."
    )
    FITS.clear()
    assert run_trial(Trial("none", "mine", 0, 0), stuck).settings == {}
    assert len(FITS) == 1


def test_a_part_beside_which_a_gap_leaves_nothing_judges_nothing():
    X, y = rows(400, 80)
    parts = np.arange(400) // 100
    left_out = np.zeros((4, 400), bool)
    left_out[2] = parts != 2
    assert _Inner(X, y, parts, {}, 0, left_out).parts == [0, 1, 3]


def test_blocks_that_cannot_be_dealt_again_leave_the_default():
    _, y = rows()
    blocks = np.arange(len(y)) % 2
    course = make_course(
        Spy(), space=QUALITY, folds=Folds(blocks[None].astype(np.int16), 2, blocks=blocks)
    )
    outcome = run_trial(Trial("none", "mine", 0, 0), course)
    assert outcome.status == "ok"
    assert outcome.settings == {}
    assert len(FITS) == 1


def test_rare_rows_are_kept_in_every_rung():
    X, y = rows(n=6000, n_rare=120)
    parts = np.arange(6000) % 4
    Searched([Spy(quality=q) for q in np.linspace(0, 0.3, 8)]).fit(X, y, parts=parts)
    rare = np.flatnonzero(y)
    for _, seen in FITS[:-1]:
        (left_out,) = set(range(4)) - set(parts[seen])
        assert np.isin(rare[parts[rare] != left_out], seen).all()
    sizes = [len(seen) for _, seen in FITS[:-1]]
    assert sizes[0] < sizes[8] < sizes[12], "each rung sees more rows of the larger class"


def test_an_inner_fit_of_a_large_table_is_capped_beside_its_rare_rows():
    n = 100_000
    X, y = rows(n=n, n_rare=150)
    Searched([Spy(), Spy(quality=0.1)]).fit(X, y, parts=np.arange(n) % 4)
    assert max(len(seen) for _, seen in FITS[:-1]) <= MOST_ROWS + 150
    assert len(FITS[-1][1]) == n


def test_a_rung_judges_by_fewer_rows_that_count_for_all_and_by_all_rare_ones():
    X, y = rows(n=8000, n_rare=240)
    parts = np.arange(8000) % 4
    inner = _Inner(X, y, parts, {}, 0)
    inside = parts == inner.parts[0]
    train, few = inner._rows(inner.parts[0], 0.125)
    assert not inside[train.rows].any()
    assert inside[few.rows].all()
    assert y[few.rows].sum() == y[inside].sum()
    assert few.rows.size < inside.sum() / 3
    by_class = np.bincount(y[few.rows], weights=few.weight)
    assert by_class == pytest.approx(np.bincount(y[inside]))
    # average precision on them is that on all, within what drawing an eighth of the rows may do
    model = Spy(quality=0.3).fit(X, y)
    score, pull = inner.score(model, inner.parts[0], 0.125)
    whole = average_precision_score(y[inside], model.predict_proba(X[inside])[:, 1])
    assert score == pytest.approx(whole, abs=4 * np.sqrt(pull @ pull))


def test_a_planted_better_setting_is_found_and_refitted_on_all_rows():
    X, y = rows()
    found = Searched([Spy(quality=q) for q in (0.1, 0.0, 0.05, 0.9, 0.2)]).fit(X, y)
    assert found.chosen_ == 3
    assert found.best_.quality == 0.9
    assert FITS[-1][0] == 0.9
    assert len(FITS[-1][1]) == len(y)
    assert {note["rung"] for note in found.history_} == {0, 1, 2}


def test_the_default_wins_on_noise():
    kept = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(600, 4)), np.arange(600) % 10 == 0
        trees = [DecisionTreeClassifier(max_depth=d, random_state=seed) for d in (3, 1, 2, 5)]
        kept += Searched(trees, random_state=seed).fit(X, y).chosen_ == 0
    # one standard error is exceeded by chance in 16 of 100 cases: P(fewer than 26 of 40) < 0.001
    assert kept >= 26


def test_equal_candidates_tie_and_the_default_is_kept():
    X, y = rows()
    assert Searched([Spy(quality=0.3)] * 6).fit(X, y).chosen_ == 0


def test_a_candidate_that_fails_is_noted_and_the_others_go_on():
    X, y = rows()
    candidates = [Spy(), Spy(error=ValueError("too\n  deep")), Spy(quality=0.9)]
    found = Searched(candidates).fit(X, y)
    assert found.chosen_ == 2
    (note,) = [note for note in found.history_ if "reason" in note]
    assert (note["candidate"], note["reason"]) == (1, "ValueError: too deep")


def test_where_the_default_fails_on_few_rows_another_takes_its_place():
    X, y = rows()
    found = Searched([Spy(error=ValueError("no")), Spy(quality=0.9)]).fit(X, y)
    assert found.chosen_ == 1


def test_where_all_fail_the_trial_says_why_the_default_does():
    course = make_course(Spy(error=DoesNotApply("no such rows")), space=QUALITY)
    outcome = run_trial(Trial("none", "mine", 0, 0), course)
    assert (outcome.status, outcome.reason) == ("skipped", "no such rows")


def test_a_trial_tells_what_was_chosen_and_its_journal_can_hold_it():
    space = {"quality": [0.9, 0.85, 0.8]}
    course = make_course(Spy(), "random-under", space=space)
    outcome = run_trial(Trial("random-under", "mine", 0, 0), course)
    assert outcome.settings["quality"] in space["quality"]
    assert set(outcome.settings) <= {"quality", "ratio"}
    assert outcome.facts()["settings"] == outcome.settings
    plain = run_trial(Trial("none", "mine", 0, 0), make_course(Spy(), search=1, space=space))
    assert plain.settings is None


def test_trials_are_the_same_with_one_job_and_two():
    X, y = make_classification(900, weights=[0.9], random_state=0)
    names = ("none", "random-under", "smote")
    course = Course(
        X, y, 2, make_folds(y, n_folds=3, n_repeats=1), {"mine": LogisticRegression()},
        {name: find_remedy(name) for name in names}, search=4,
        spaces={"mine": {"C": [0.01, 0.1, 10]}},
    )  # fmt: skip
    pairs = [(name, "mine") for name in names]
    one, two = (run_race(course, pairs, jobs=jobs).outcomes for jobs in (1, 2))
    assert len(one) == 9
    assert set(one) == set(two)
    for trial, outcome in one.items():
        assert outcome.status == "ok", outcome.reason
        assert np.array_equal(outcome.proba, two[trial].proba)
        assert outcome.settings == two[trial].settings


def test_the_last_fit_searches_alike_and_leaves_no_search_behind():
    course = make_course(Spy(), space={"quality": [0.9, 0.8, 0.85]}, search=4)
    fitted, settings = fit_whole("none", "mine", course)
    assert isinstance(fitted, Spy)
    assert settings == {"quality": fitted.quality}
    assert len(FITS[-1][1]) == len(course.y)


def test_candidates_at_other_ratios_are_put_back_on_one_scale():
    X, y = make_classification(4000, n_features=5, weights=[0.95], class_sep=0.7, random_state=1)
    under = [RandomUnderSampler(sampling_strategy=ratio, random_state=0) for ratio in (1.0, 0.2)]
    ends = [Searched([Resampled(LogisticRegression(), one)]).fit(X, y) for one in under]
    assert all(isinstance(bare(one), PutBack) for one in ends)
    true = y.mean() / (1 - y.mean())
    for one, ratio in zip(ends, (1.0, 0.2), strict=True):
        raw, put = (model.predict_proba(X)[:, 1] for model in (one.best_.estimator, one))
        # Elkan 2001, theorem 2: odds change by the factor by which the odds of the shares do
        assert put / (1 - put) == pytest.approx(raw / (1 - raw) * true / ratio, rel=1e-3)
        assert put.mean() == pytest.approx(y.mean(), rel=0.3)


def test_nothing_is_put_back_where_the_fit_saw_the_shares_as_they_are():
    X, y = make_classification(300, random_state=0)
    found = Searched([LogisticRegression(), LogisticRegression(C=0.1)]).fit(X, y)
    assert isinstance(found.best_, LogisticRegression)


def test_several_classes_are_judged_by_the_mean_over_classes():
    X, y = make_classification(
        1500, n_classes=3, n_informative=4, weights=[0.8, 0.15], random_state=0
    )
    trees = [DecisionTreeClassifier(max_depth=d, random_state=0) for d in (30, 4)]
    found = Searched(trees).fit(X, np.array(["a", "b", "c"])[y])
    assert found.chosen_ == 1
    assert found.predict(X[:5]).dtype.kind == "U"


@pytest.mark.parametrize(
    "candidates", [[], None, LogisticRegression()], ids=["empty", "none", "one"]
)
def test_candidates_must_be_a_list(candidates):
    with pytest.raises(InvalidType, match="candidates of Searched must be a list"):
        Searched(candidates).fit(*rows())


def test_parts_must_be_one_for_each_row():
    with pytest.raises(InvalidInput, match="parts of Searched"):
        Searched([Spy(), Spy()]).fit(*rows(), parts=[0, 1])


CHECKED = [
    Searched([LogisticRegression(), LogisticRegression(C=0.1)]),
    Searched([DecisionTreeClassifier(max_depth=d, random_state=0) for d in (None, 3)]),
]


@parametrize_with_checks(CHECKED)
def test_scikit_learn_s_own_checks(estimator, check):
    check(estimator)


def test_a_run_tells_what_was_searched_and_ships_the_best_alone():
    X, y = make_classification(1500, n_features=6, weights=[0.9], random_state=2)
    table = {f"x{at}": column for at, column in enumerate(X.T)} | {"y": y}
    options = {"target": "y", "learners": "logistic", "remedies": "random-under", "repeats": 1}
    done = evenkeel.run(table, search=3, **options)
    facts = done.facts
    assert facts["search"].startswith("3 configurations")
    assert isinstance(facts["chosen"]["settings"], dict)
    dummy, none, under = facts["remedies"]
    assert dummy["settings"] is None
    assert none["settings"]["of"] == facts["split"]["folds"]
    assert 1 <= under["settings"]["fits"] <= under["settings"]["of"]
    model = done.model.estimator_ if hasattr(done.model, "estimator_") else done.model
    assert "Searched" not in repr(model)
    assert any(line.startswith("Settings") for line in screen_lines(facts))
