"""Cost matrices reach the weights: each class weighs the sum of the costs of its errors."""

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

import evenkeel
from evenkeel import Policy, compare
from evenkeel.catalogue import find_remedy
from evenkeel.class_costs import ClassCostWeighted
from evenkeel.errors import DoesNotApply, InvalidInput
from evenkeel.race import cost_numbers
from evenkeel.reweight import class_cost_weights, class_weights
from evenkeel.wrappers import bare

MATRIX = ((0, 1, 2), (8, 0, 9), (30, 25, 0))


def data(n_classes, n=900):
    rng = np.random.default_rng(3)
    y = rng.choice(n_classes, n, p=[0.8, 0.2] if n_classes == 2 else [0.7, 0.2, 0.1])
    return rng.normal(size=(n, 3)) + 1.2 * np.eye(n_classes, 3)[y], y


def test_weights_are_the_row_sums_off_the_diagonal_by_a_slow_loop():
    _, y = data(3)
    costs = cost_numbers(Policy(cost_matrix=((7, 1, 2), (8, 0, 9), (30, 25, 0))), y)
    assert costs == {"class_costs": (3.0, 17.0, 55.0)}, "what lies on the diagonal is no error"
    slow = np.array([sum(c for d, c in enumerate(MATRIX[k]) if d != k) for k in y.tolist()], float)
    found = class_cost_weights(y, costs["class_costs"])
    assert found == pytest.approx(slow / slow.mean())
    assert found == pytest.approx(class_weights(y, "cost", cost=MATRIX)[y])


def test_a_matrix_of_two_classes_is_the_cost_of_a_miss_and_of_a_false_alarm():
    _, y = data(2)
    asked = Policy(cost_matrix=((0, 4), (122, 0)))
    assert cost_numbers(asked, y) == cost_numbers(Policy(cost_fn=122, cost_fp=4), y)
    fees = {"fee": np.arange(len(y), dtype=float)}
    by_column = cost_numbers(Policy(cost_matrix=((0, 4), ("fee", 0))), y, fees)
    assert by_column == {"cost_fn": fees["fee"][y == 1].mean(), "cost_fp": 4.0}
    assert cost_numbers(Policy.metric("f1"), y) == {}


@pytest.mark.parametrize("remedy", ["cost-weight", "random-over+cost-weight"])
@pytest.mark.parametrize("matrix", [((0, 4), (122, 0)), MATRIX], ids=["two", "three"])
def test_compare_runs_cost_weight_under_a_matrix(matrix, remedy):
    X, y = data(len(matrix))
    found = compare(X, y, estimator=LogisticRegression(), remedies=[remedy], cv=3,
                    policy=Policy(cost_matrix=matrix))  # fmt: skip
    row = found.entries[-1]
    assert (row.status, row.reason) == ("ok", None)
    assert row.figures["cost"] > 0
    assert found.objective == "cost"


def test_run_takes_a_matrix_and_judges_by_what_deciding_alike_costs():
    X, y = data(3)
    frame = pl.DataFrame({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2], "y": np.array([*"nop"])[y]})
    run = evenkeel.run(frame, target="y", cost_matrix=MATRIX, quick=True, remedies="cost-weight",
                       learners="logistic")  # fmt: skip
    rows = {row["name"]: row for row in run.facts["remedies"]}
    assert rows["cost-weight"]["status"] == "ok"
    test = run.facts["test"]
    counts = np.array(test["confusion"])
    paid = 1000 * (counts * np.array(MATRIX)).sum() / counts.sum()
    assert test["cost"] == pytest.approx(paid)
    alike = 1000 * (counts.sum(axis=1) @ np.array(MATRIX)).min() / counts.sum()
    assert test["cost_deciding_alike"] == pytest.approx(alike)
    assert "deciding alike for every row costs" in run.facts["assessment"]["sentences"][0]
    assert evenkeel.Policy.from_dict(run.decision.to_dict()["policy"]).cost_matrix == MATRIX


def test_it_wraps_like_the_others():
    X, y = data(3)
    treated = find_remedy("cost-weight").treat(
        LogisticRegression(), costs={"class_costs": (1, 2, 4)}
    )
    fitted = treated.fit(X, y)
    by_hand = LogisticRegression().fit(X, y, class_cost_weights(y, (1, 2, 4)))
    assert np.array_equal(fitted.predict_proba(X), by_hand.predict_proba(X))
    assert type(bare(fitted)) is LogisticRegression
    own = np.linspace(0.5, 1.5, len(y))
    twice = ClassCostWeighted(LogisticRegression(), class_costs=(1, 1, 1)).fit(X, y, own)
    assert np.array_equal(twice.coef_ if hasattr(twice, "coef_") else twice.estimator_.coef_,
                          LogisticRegression().fit(X, y, own).coef_)  # fmt: skip
    with pytest.raises(DoesNotApply, match="takes no sample_weight"):
        ClassCostWeighted(KNeighborsClassifier(), class_costs=(1, 2, 4)).fit(X, y)


@pytest.mark.parametrize(
    "costs", [(1, 2), (1, -2, 3), (0, 0, 0), (1, float("nan"), 1), ((1, 2, 3),)]
)
def test_costs_that_fit_no_class_are_refused(costs):
    with pytest.raises(InvalidInput, match=r"class_cost_weights|one for each weight"):
        class_cost_weights([0, 1, 2], costs)


@pytest.mark.parametrize(
    ("remedy", "scheme"),
    [("class-weight", "inverse"), ("class-weight-sqrt", "sqrt"), ("effective-number", "effective")],
)
def test_class_weights_know_the_names_of_the_catalogue(remedy, scheme):
    _, y = data(3)
    assert np.array_equal(class_weights(y, remedy), class_weights(y, scheme))
