import pytest

from evenkeel.decide import Policy
from evenkeel.decide.label_policy import LabelPolicy
from evenkeel.errors import InvalidInput, InvalidType


def test_policies_as_people_write_them():
    f1, recall = Policy.metric("f1"), Policy.min_recall(0.9)
    assert LabelPolicy.of(None) == LabelPolicy.macro("f1") == LabelPolicy(policy=f1)
    assert LabelPolicy.of(recall) == LabelPolicy(policy=recall)
    assert LabelPolicy.of({"a": recall}).of_labels(("a", "b")) == (recall, f1)
    micro = LabelPolicy.micro("f2")
    assert LabelPolicy.of(micro) is micro
    assert micro.beta == 2.0
    assert LabelPolicy.macro("f2").beta is None


def test_columns_of_all_labels_are_named_once():
    paid = Policy(cost_fn="loss", cost_fp=1)
    both = LabelPolicy(policy=paid, by_label={"a": Policy(cost_fn="loss", cost_fp="work")})
    assert both.columns == ("loss", "work")
    assert LabelPolicy.micro().columns == ()


def test_costs_and_accuracy_may_be_pooled():
    assert LabelPolicy.micro(Policy(cost_fn=3, cost_fp=1)).beta is None
    assert LabelPolicy.micro("accuracy").beta is None


@pytest.mark.parametrize("policy", [Policy.min_precision(0.8), Policy.metric("mcc")])
def test_what_cannot_be_pooled_is_refused(policy):
    with pytest.raises(InvalidInput, match=r"micro must be F-beta, accuracy or costs"):
        LabelPolicy.micro(policy)


def test_one_figure_and_policies_of_single_labels_exclude_each_other():
    with pytest.raises(InvalidInput, match="exclude each other"):
        LabelPolicy(policy=Policy.metric("f1"), average="micro", by_label={0: Policy.metric("f2")})


def test_other_values_are_refused():
    with pytest.raises(InvalidType, match=r"must hold policies. Got str"):
        LabelPolicy.of("f1")
    with pytest.raises(InvalidInput, match="average of LabelPolicy must be one of"):
        LabelPolicy(policy=Policy.metric("f1"), average="weighted")
    with pytest.raises(
        InvalidInput, match=r"must name labels of Y. Got 'urgnt'. Did you mean 'urgent'"
    ):
        LabelPolicy.of({"urgnt": Policy.metric("f1")}).of_labels(("urgent", "b"))
    with pytest.raises(InvalidInput, match="Costs for 3 classes"):
        LabelPolicy.of(Policy.matrix([[0, 1, 1], [1, 0, 1], [1, 1, 0]]))
