"""What a search may try: drawn once for all remedies, spread over its range, pinned by the user."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from evenkeel.catalogue import CATALOGUE, SHORTLIST, find_remedy
from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.learners import LEARNERS, make_learner
from evenkeel.race.space import Span, asked_space, configurations, how_many, space_of


@given(st.integers(2, 40), st.integers(0, 2**31))
def test_a_range_is_cut_into_pieces_and_each_is_drawn_from_once(n, seed):
    found = configurations({"rate": Span(0.01, 1)}, find_remedy("none"), n, seed)
    assert found[0].learner == {}
    drawn = np.log10([one.learner["rate"] for one in found[1:]])
    if len(found) == n:  # three digits may make two of many pieces equal
        pieces = np.clip((drawn / 2 + 1) * (n - 1), 0, n - 1 - 1e-9)
        assert np.allclose(np.sort(pieces), np.arange(n - 1) + 0.5, atol=0.5 + 0.03 * n)
    again = configurations({"rate": Span(0.01, 1)}, find_remedy("smote"), n, seed)
    assert [one.learner for one in again] == [one.learner for one in found]


def test_a_knob_is_tried_at_its_values_and_at_its_default():
    space = {"rate": Span(0.01, 1)}
    found = configurations(space, find_remedy("random-under"), 7, 0)
    ratios = [one.knobs.get((0, "ratio")) for one in found[1:]]
    assert sorted(ratios, key=str) == [0.1, 0.1, 0.3, 0.3, None, None]


def test_a_knob_that_the_user_set_stays_as_it_is():
    remedy = find_remedy("random-under(ratio=0.1)+class-weight")
    for one in configurations({"rate": Span(0.01, 1)}, remedy, 8, 0):
        assert one.knobs == {}
        assert one.remedy(remedy) is remedy
    half = find_remedy("smote(k=3)")
    tried = {knob for one in configurations({}, half, 8, 0) for knob in one.knobs}
    assert tried == {(0, "ratio")}


def test_knobs_of_each_part_are_set_and_told_apart():
    remedy = find_remedy("random-over+random-under")
    found = configurations({"model__C": Span(0.01, 1)}, remedy, 9, 3)
    one = next(one for one in found if len({at for at, _ in one.knobs}) == 2)
    parts = one.remedy(remedy).parts
    for (at, knob), value in one.knobs.items():
        assert f"{knob}={value:g}" in parts[at].name
        assert one.words(remedy)[f"{remedy.parts[at].name} {knob}"] == value
    assert one.words(remedy)["C"] == one.learner["model__C"]


def test_a_learner_of_the_remedy_s_own_makes_the_learner_s_settings_idle():
    remedy = find_remedy("balanced-forest")
    found = configurations({"rate": Span(0.01, 1)}, remedy, 8, 0)
    assert all(one.learner == {} for one in found)
    assert 1 < len(found) < 8, "as many as there are different ones"


@pytest.mark.parametrize("name", [name for name in LEARNERS if name != "prevalence"])
def test_every_setting_of_a_learner_is_one_that_it_takes(name):
    learner = make_learner(name)
    space = space_of(learner)
    assert space
    for one in configurations(space, find_remedy("none"), 20, 0):
        learner.set_params(**one.learner)


@pytest.mark.parametrize("name", [*CATALOGUE, SHORTLIST[-1]])
def test_every_value_of_a_knob_is_one_that_it_takes(name):
    remedy = find_remedy(name)
    for one in configurations({}, remedy, 12, 0):
        one.remedy(remedy)


def test_a_remedy_that_is_any_object_keeps_its_own_settings():
    class Mine:
        name = "mine"

        def treat(self, estimator, *, seed=0, costs=None):
            return estimator

    mine = Mine()
    found = configurations({"C": [0.1, 1, 10]}, mine, 4, 0)
    assert sorted(one.learner["C"] for one in found[1:]) == [0.1, 1, 10]
    assert found[1].remedy(mine) is mine


@pytest.mark.parametrize(
    ("space", "error", "words"),
    [
        ([1], InvalidType, "must hold a list of values"),
        ({"C": 3}, InvalidType, "must hold a list of values"),
        ({"C": []}, InvalidType, "must hold a list of values"),
        ({"c": [3]}, InvalidInput, "must be one of"),
    ],
)
def test_a_space_that_cannot_be_tried_is_refused(space, error, words):
    with pytest.raises(error, match=words):
        asked_space(space, LogisticRegression())


def test_steps_before_the_last_are_not_searched():
    line = make_pipeline(StandardScaler(), LogisticRegression())
    assert asked_space({"logisticregression__C": [1, 2]}, line)
    with pytest.raises(InvalidInput, match=re.escape("parameters of the last step")):
        asked_space({"standardscaler__with_mean": [True, False]}, line)


def test_how_many_are_searched():
    assert how_many(None, 500)[0] == 8
    assert how_many(None, 500, quick=True)[0] == 1
    assert how_many(5, 500, quick=True)[0] == 5
    assert how_many(5, 49)[0] == 1
    assert how_many(5, 50)[0] == 5
    assert "fewer than 50" in how_many(16, 20)[1]
