"""The prior that reaches a loss, told before training, and what training makes of it."""

import math
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    DistributedSampler,
    RandomSampler,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
)

from evenkeel.errors import EvenkeelWarning, InvalidInput
from evenkeel.nn import (
    BalancedSampler,
    ClassWeightedLoss,
    DeferredReweighting,
    FocalLoss,
    GaussianNoise,
    LogitAdjustedLoss,
    PartialAugment,
    PerClassBatchSampler,
    PlanDataset,
    ProgressiveSampler,
    SigmoidFocalLoss,
    UndersampledSubset,
    VectorScalingLoss,
    WeightedBCE,
    check_prior,
)
from evenkeel.resample import SMOTE, RandomOverSampler

LABELS = np.repeat([0, 1], [950, 50])
COUNTS = [950, 50]
DATA = TensorDataset(torch.randn(1000, 2), torch.as_tensor(LABELS))
INVERSE = torch.tensor([1000 / 1900, 10.0])
WEIGHTED_ROWS = WeightedRandomSampler((INVERSE[torch.as_tensor(LABELS)]).double(), 1000)

SAMPLERS = {
    "ours": BalancedSampler(LABELS),
    "per-class": PerClassBatchSampler(LABELS, 4),
    "progressive": ProgressiveSampler(LABELS, 10),
    "torch": DataLoader(DATA, sampler=WEIGHTED_ROWS, batch_size=10),
    "thinned": UndersampledSubset(DATA),
    "smote": DataLoader(
        PlanDataset(SMOTE(random_state=0).plan(DATA.tensors[0].numpy(), LABELS), *DATA.tensors)
    ),
}
LOSSES = {
    "torch": nn.CrossEntropyLoss(INVERSE),
    "pos_weight": nn.BCEWithLogitsLoss(pos_weight=torch.tensor(19.0)),
    "weighted": ClassWeightedLoss(COUNTS),
    "adjusted": LogitAdjustedLoss(COUNTS),
    "bce": WeightedBCE(COUNTS),
    "focal": FocalLoss(counts=COUNTS),
    "deferred": DeferredReweighting(nn.CrossEntropyLoss(), ClassWeightedLoss(COUNTS), start=5),
}
ALONE = DistributedSampler(DATA, num_replicas=2, rank=0)
PLAIN_ROWS = {
    "shuffled": DataLoader(DATA, shuffle=True),
    "random": RandomSampler(DATA),
    "in order": SequentialSampler(DATA),
    "natural": BalancedSampler(LABELS, power=0),
    "distributed": ALONE,
    "distributed loader": DataLoader(DATA, sampler=ALONE),
    "batches": BatchSampler(SequentialSampler(DATA), 10, drop_last=False),
    "every second": DataLoader(DATA, sampler=SubsetRandomSampler(range(0, 1000, 2))),
    "a list": DataLoader(DATA, sampler=list(range(1000))),
}


@pytest.mark.parametrize("rows", SAMPLERS.values(), ids=SAMPLERS)
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_every_pair_of_two_corrections_is_found(rows, loss):
    with pytest.warns(
        EvenkeelWarning, match=r"5 % of the data, reaches the loss as 95 %\. Keep one"
    ):
        report = check_prior(rows, loss)
    assert report.twice
    np.testing.assert_allclose(report.natural, [0.95, 0.05])
    np.testing.assert_allclose(report.drawn, [0.5, 0.5], atol=1e-6)
    np.testing.assert_allclose(report.reaches, [0.05, 0.95], atol=1e-6)
    with pytest.raises(InvalidInput, match="both correct the imbalance"):
        check_prior(rows, loss, strict=True)


@pytest.mark.parametrize("rows", PLAIN_ROWS.values(), ids=PLAIN_ROWS)
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_a_loss_alone_is_right(rows, loss):
    report = check_prior(rows, loss, strict=True)
    np.testing.assert_allclose(report.reaches, [0.5, 0.5], atol=1e-6)
    assert report.verdict.startswith(f"Corrected by {report.loss}: class 1, 5 %")


@pytest.mark.parametrize("rows", SAMPLERS.values(), ids=SAMPLERS)
def test_a_sampler_alone_is_right(rows):
    for loss in (nn.CrossEntropyLoss(), nn.BCEWithLogitsLoss(), FocalLoss()):
        report = check_prior(rows, loss, strict=True)
        np.testing.assert_allclose(report.reaches, [0.5, 0.5], atol=1e-6)
        assert report.verdict.startswith("Corrected by ")


def test_nothing_corrected_is_said_and_two_halves_make_a_whole():
    report = check_prior(None, nn.CrossEntropyLoss(), labels=LABELS, strict=True)
    assert report.verdict.startswith(
        "Nothing is corrected: class 1, 5 % of the data, reaches the loss as 5"
    )
    halves = check_prior(BalancedSampler(LABELS, 0.5), ClassWeightedLoss(COUNTS, scheme="sqrt"), strict=True)  # fmt: skip
    np.testing.assert_allclose(halves.reaches, [0.5, 0.5], atol=1e-3)
    assert "BalancedSampler and ClassWeightedLoss" in halves.verdict
    with pytest.warns(EvenkeelWarning, match="both correct"):
        check_prior(BalancedSampler(LABELS), ClassWeightedLoss(COUNTS, scheme="sqrt"))


def test_a_balanced_sampler_over_thinned_data_knows_both():
    subset = UndersampledSubset(DATA, 0.5)
    loader = DataLoader(subset, sampler=BalancedSampler(subset))
    with pytest.warns(
        EvenkeelWarning, match="UndersampledSubset with BalancedSampler and CrossEntropy"
    ):
        report = check_prior(loader, LOSSES["torch"])
    np.testing.assert_allclose(report.natural, [0.95, 0.05])


def resampled():
    """Rows that were balanced up front: nothing says so any more."""
    X, y = RandomOverSampler(random_state=0).fit_resample(DATA.tensors[0].numpy(), LABELS)
    return TensorDataset(torch.as_tensor(X), torch.as_tensor(y))


def test_weights_of_other_counts_than_the_rows_have_are_found():
    data, few = resampled(), np.repeat([0, 1, 2], [520, 500, 480])
    mixed = np.repeat([0, 1], [200, 100])  # balanced half way
    for rows, loss in (
        (DataLoader(data, shuffle=True), ClassWeightedLoss(COUNTS)),
        (DataLoader(data), nn.CrossEntropyLoss(INVERSE)),
        (BalancedSampler(data), LogitAdjustedLoss(COUNTS)),
        (data, WeightedBCE(COUNTS)),
        (few, FocalLoss(counts=[900, 90, 10])),
        (few, nn.CrossEntropyLoss(torch.tensor([1.0, 1.0, 9.0]))),
        (data, SigmoidFocalLoss(2.0, 0.25)),
        (np.repeat([0, 1], [530, 470]), ClassWeightedLoss(COUNTS)),
    ):
        with pytest.warns(EvenkeelWarning, match="are balanced as they are.* of other counts"):
            report = check_prior(rows, loss)
        assert report.verdict == report.fault
        with pytest.raises(InvalidInput, match="of other counts than these rows"):
            check_prior(rows, loss, strict=True)
    with pytest.warns(EvenkeelWarning, match="33.3 % .* as 90.5 %. Give it the counts of the rows"):
        check_prior(mixed, ClassWeightedLoss(COUNTS))
    report = check_prior(mixed, nn.CrossEntropyLoss(INVERSE), strict=True)  # costs may be meant
    assert report.verdict.startswith("Corrected by CrossEntropyLoss: class 1, 33.3 %")


def test_a_loss_of_the_rows_own_counts_is_no_fault_however_little_is_left():
    for counts in ([500, 500], [505, 495], [540, 460]):
        rows = np.repeat([0, 1], counts)
        own = check_prior(rows, ClassWeightedLoss(counts), strict=True)
        assert not own.fault
        np.testing.assert_allclose(own.reaches, 0.5, atol=1e-6)
        plain = check_prior(BalancedSampler(rows), nn.CrossEntropyLoss(), strict=True)
        np.testing.assert_allclose(plain.reaches, 0.5, atol=1e-6)
    near = check_prior(LABELS, ClassWeightedLoss([960, 40]), strict=True)  # of the whole, not train
    assert near.verdict.startswith("Corrected by ClassWeightedLoss")
    even = check_prior([0, 1] * 50, nn.CrossEntropyLoss())
    assert even.verdict.startswith("Nothing is corrected: class 0, 50 % of the data")


def copies():
    return PartialAugment(DATA, GaussianNoise(0.1), limit=20)


COPIES = {
    "copies": copies,
    "part of copies": lambda: Subset(copies(), range(0, 1900, 2)),
    "copies in a loader": lambda: DataLoader(Subset(copies(), range(0, 1900, 2)), shuffle=True),
    "copies twice": lambda: ConcatDataset([copies(), copies()]),
    "copies and plan": lambda: ConcatDataset([copies(), Subset(DATA, []), SAMPLERS["smote"].dataset]),
}  # fmt: skip


@pytest.mark.parametrize("rows", COPIES.values(), ids=COPIES)
def test_copies_are_followed_through_parts_and_chains(rows):
    report = check_prior(rows(), nn.CrossEntropyLoss(), strict=True)
    np.testing.assert_allclose(report.natural, [0.95, 0.05], atol=1e-9)
    np.testing.assert_allclose(report.reaches, [0.5, 0.5], atol=1e-9)
    assert report.verdict.startswith("Corrected by ")
    with pytest.warns(
        EvenkeelWarning, match=r"5 % of the data, reaches the loss as 95 %\. Keep one"
    ):
        check_prior(rows(), ClassWeightedLoss(COUNTS))


def test_a_chain_with_rows_as_they_are_counts_both():
    report = check_prior(ConcatDataset([copies(), DATA]), nn.CrossEntropyLoss())
    np.testing.assert_allclose(report.natural, [0.95, 0.05])
    np.testing.assert_allclose(report.drawn, [1900 / 2900, 1000 / 2900])


def test_a_choice_of_rows_is_counted():
    chosen = SubsetRandomSampler(np.flatnonzero(LABELS == 1).tolist() + list(range(50)))
    with pytest.warns(EvenkeelWarning, match="SubsetRandomSampler and ClassWeightedLoss both"):
        report = check_prior(chosen, ClassWeightedLoss(COUNTS), labels=LABELS)
    np.testing.assert_allclose(report.drawn, [0.5, 0.5])
    with pytest.raises(InvalidInput, match="one for each row that SubsetRandomSampler draws from"):
        check_prior(chosen, ClassWeightedLoss(COUNTS), labels=LABELS[:960])
    with pytest.raises(InvalidInput, match="labels of check_prior must be given: SubsetRandom"):
        check_prior(chosen, ClassWeightedLoss(COUNTS))
    for labels in (None, LABELS):
        found = check_prior(ALONE, ClassWeightedLoss(COUNTS), labels=labels, strict=True)
        np.testing.assert_allclose(found.reaches, [0.5, 0.5], atol=1e-6)


@pytest.mark.parametrize(
    ("loss", "says"),
    [
        (LogitAdjustedLoss([90, 10], weight=[0.5556, 5.0]), "twice, by logit adjustment and by"),
        (VectorScalingLoss([90, 10], weight=[0.5556, 5.0]), "twice, by logit adjustment and by"),
        (LogitAdjustedLoss([90, 10], 2.0), "LogitAdjustedLoss goes beyond balance.*and tau=1"),
        (
            DeferredReweighting(nn.CrossEntropyLoss(), LogitAdjustedLoss([90, 10], 2.0), start=3),
            "LogitAdjustedLoss goes beyond balance",
        ),
    ],
    ids=["weight", "stretched", "tau", "later"],
)
def test_two_corrections_inside_one_loss_are_found(loss, says):
    rows = [0] * 90 + [1] * 10
    with pytest.warns(EvenkeelWarning, match=says):
        report = check_prior(rows, loss)
    np.testing.assert_allclose(report.reaches, [0.1, 0.9], atol=1e-4)
    with pytest.raises(InvalidInput, match="class 1, 10 % of the data, reaches the loss as 90 %"):
        check_prior(rows, loss, strict=True)


def test_halves_inside_one_loss_make_a_whole():
    loss = LogitAdjustedLoss([90, 10], 0.5, weight=[1.0, 3.0])
    report = check_prior([0] * 90 + [1] * 10, loss, strict=True)
    np.testing.assert_allclose(report.reaches, [0.5, 0.5], atol=1e-6)


def test_a_tau_that_one_searches_is_no_fault():
    report = check_prior([0] * 90 + [1] * 10, LogitAdjustedLoss([90, 10], 1.5), strict=True)
    assert report.verdict.startswith("Corrected by LogitAdjustedLoss: class 1, 10 %")
    np.testing.assert_allclose(report.reaches, [0.25, 0.75], atol=1e-6)


def test_a_class_without_weight_is_no_nothing():
    with pytest.warns(EvenkeelWarning, match="ClassWeightedLoss leaves one class alone.*as 100 %"):
        report = check_prior([0] * 90 + [1] * 10, ClassWeightedLoss(weight=[0.0, 1.0]))
    assert report.reaches.tolist() == [0.0, 1.0]
    loss = ClassWeightedLoss(weight=[1.0, 9.0, 0.0])
    report = check_prior([0] * 90 + [1] * 10 + [2] * 20, loss, strict=True)
    assert report.verdict.endswith("reaches the loss as 50 %. Without weight: class 2.")


def test_a_move_away_from_balance_is_no_correction():
    report = check_prior([0] * 80 + [1] * 20, SigmoidFocalLoss(2.0, 0.25))
    assert report.verdict.startswith("Moved by SigmoidFocalLoss: class 1, 20 %")
    report = check_prior([0] * 80 + [1] * 10 + [2] * 10, ClassWeightedLoss(weight=[1.0, 0.2, 5.0]))
    assert report.verdict.startswith("Moved by ClassWeightedLoss: class 1, 10 %")


def test_the_report_prints_a_table():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = check_prior(BalancedSampler(LABELS), LOSSES["weighted"])
    lines = str(report).splitlines()
    assert lines[0].split() == ["class", "data", "drawn", "weight", "reaches", "the", "loss"]
    assert lines[1].split() == ["0", "95", "%", "50", "%", "x1", "5", "%"]
    assert lines[2].split() == ["1", "5", "%", "50", "%", "x19", "95", "%"]
    assert lines[3] == report.verdict


def test_classes_without_rows_or_weight_break_nothing():
    labels = np.repeat([0, 1], [950, 50])
    loss = nn.CrossEntropyLoss(torch.tensor([1.0, 19.0, 0.0]))
    report = check_prior(BalancedSampler(labels, 0, n_classes=3), loss, strict=True)
    np.testing.assert_allclose(report.reaches, [0.5, 0.5, 0], atol=1e-6)
    rows = WeightedRandomSampler([1.0] * 1000, 10)
    report = check_prior(rows, loss, labels=labels, n_classes=3)
    np.testing.assert_allclose(report.drawn, [0.95, 0.05, 0])


class Foreign(DistributedSampler):
    """A sampler of others that draws as it likes."""

    def __iter__(self):
        return iter([0])


@pytest.mark.parametrize(
    ("rows", "loss", "more", "says"),
    [
        (WEIGHTED_ROWS, LOSSES["torch"], {}, "labels of check_prior must be given: WeightedRandom"),
        (WEIGHTED_ROWS, LOSSES["torch"], {"labels": [0, 1]}, "one for each of 1,000 weights"),
        (None, LOSSES["torch"], {}, "labels of check_prior must be given: plain shuffling"),
        (BalancedSampler([0, 1, 2]), LOSSES["torch"], {}, "must be for 3 classes, as the rows are"),
        (iter([1]), LOSSES["torch"], {}, "rows of check_prior must be a sampler"),
        (
            DataLoader(DATA, batch_sampler=[[0, 1], [2]]),
            LOSSES["torch"],
            {},
            "rows of check_prior must be a sampler .* Got list, whose draws cannot be known",
        ),
        (Foreign(DATA, 2, 0), LOSSES["torch"], {}, "Got Foreign, whose draws cannot be known"),
        (SAMPLERS["ours"], F.cross_entropy, {}, "or have prior_correction. Got cross_entropy"),
        (SAMPLERS["ours"], nn.BCEWithLogitsLoss(pos_weight=torch.ones(3)), {}, "for one label"),
        (SAMPLERS["ours"], WeightedBCE(pos_weight=[2.0, 3.0]), {}, "for one label"),
    ],
    ids=["no labels", "other labels", "nothing", "classes", "rows", "batches", "foreign", "loss", "labels", "our labels"],
)  # fmt: skip
def test_what_cannot_be_followed_is_said(rows, loss, more, says):
    with pytest.raises(InvalidInput, match=says):
        check_prior(rows, loss, **more)


# Menon et al. 2021, section 6.1: two Gaussians at -(1, 1) and (1, 1), identity covariance, 5 %
# positives. Bayes balanced error: Phi(-sqrt 2).
BAYES = 0.5 * math.erfc(1.0)
N, TRIALS = 10_000, 20
DOUBLE = {
    "sampler and weights": ("sampler", "weighted"),
    "sampler and adjustment": ("sampler", "adjusted"),
}
SINGLE = {
    "adjustment": (None, "adjusted"),
    "weights": (None, "weighted"),
    "sampler": ("sampler", None),
}


def gaussians(seed):
    rng = np.random.default_rng(seed)
    y = (rng.random(N) < 0.05).astype(np.int64)
    x = rng.normal(size=(N, 2)) + np.where(y[:, None] == 1, 1.0, -1.0)
    return torch.as_tensor(x, dtype=torch.float32), torch.as_tensor(y)


def balanced_errors(sampler, loss):
    """Balanced error of a logistic model on fresh rows, for each trial."""
    found = []
    for trial in range(TRIALS):
        x, y = gaussians(trial)
        counts = torch.bincount(y)
        criterion = {
            None: nn.CrossEntropyLoss(),
            "weighted": ClassWeightedLoss(counts),
            "adjusted": LogitAdjustedLoss(counts),
        }[loss]
        rows = list(BalancedSampler(y, seed=trial)) if sampler else slice(None)
        x_seen, y_seen = x[rows], y[rows]
        model = nn.Linear(2, 2)
        nn.init.zeros_(model.weight)
        nn.init.zeros_(model.bias)
        optimiser = torch.optim.LBFGS(
            model.parameters(), max_iter=30, line_search_fn="strong_wolfe"
        )

        def step(model=model, x=x_seen, y=y_seen, criterion=criterion, optimiser=optimiser):
            optimiser.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            return loss

        optimiser.step(step)
        x_new, y_new = gaussians(1_000 + trial)
        wrong = (model(x_new).argmax(1) != y_new).float()
        found.append(0.5 * (wrong[y_new == 0].mean() + wrong[y_new == 1].mean()).item())
    return np.array(found)


@pytest.mark.parametrize(("sampler", "loss"), SINGLE.values(), ids=SINGLE)
def test_one_correction_reaches_the_bayes_error(sampler, loss):
    errors = balanced_errors(sampler, loss)
    assert abs(errors.mean() - BAYES) < 3 * errors.std(ddof=1) / math.sqrt(TRIALS)


@pytest.mark.parametrize(
    ("sampler", "loss"), [(None, None), *DOUBLE.values()], ids=["plain", *DOUBLE]
)
def test_none_or_two_corrections_do_not(sampler, loss):
    errors = balanced_errors(sampler, loss)
    error = errors.std(ddof=1) / math.sqrt(TRIALS)
    assert errors.mean() - BAYES > 10 * error
    # the optimum for a prior of 5 % or 95 %: a threshold at log 19 in place of 0
    gaps = (2.0 - math.log(19) / 2, 2.0 + math.log(19) / 2)  # of x1 + x2, whose sd is sqrt 2
    expected = 0.5 * sum(_tail(gap / math.sqrt(2)) for gap in gaps)  # 18.06 %
    assert errors.mean() == pytest.approx(expected, abs=4 * error)


def _tail(z):
    return 0.5 * math.erfc(z / math.sqrt(2))
