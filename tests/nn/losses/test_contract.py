"""What every loss must hold, over all of them."""

import copy
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from transformers.modeling_outputs import SequenceClassifierOutput

from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.nn import (
    AsymmetricLoss,
    ClassWeightedLoss,
    FalseNegativeLoss,
    FocalLoss,
    LDAMLoss,
    LogitAdjustedLoss,
    SigmoidFocalLoss,
    VectorScalingLoss,
    WeightedBCE,
    asymmetric_loss,
    class_weighted_loss,
    false_negative_loss,
    focal_loss,
    ldam_loss,
    logit_adjusted_loss,
    sigmoid_focal_loss,
    vector_scaling_loss,
    weighted_bce,
)

torch.set_num_threads(1)
COUNTS = [400, 50, 7, 90, 12]
PAIRS = [[400, 5], [30, 30], [90, 10], [500, 1], [8, 80]]
GAMMAS = (0.0, 0.5, 1.0, 2.0, 5.0)
CLASSES = {
    "weighted": lambda **k: ClassWeightedLoss(COUNTS, **k),
    "weighted-given": lambda **k: ClassWeightedLoss(weight=[1.0, 2.0, 0.0, 5.0, 1.0], **k),
    "weighted-effective": lambda **k: ClassWeightedLoss(COUNTS, scheme="effective", **k),
    **{f"focal-{g}": lambda g=g, **k: FocalLoss(g, **k) for g in GAMMAS},
    "focal-counts": lambda **k: FocalLoss(2.0, counts=COUNTS, **k),
    "logit-adjusted": lambda **k: LogitAdjustedLoss(COUNTS, **k),
    "ldam": lambda **k: LDAMLoss(COUNTS, scale=2.0, **k),
    "ldam-weighted": lambda **k: LDAMLoss(COUNTS, weight=[1, 2, 3, 4, 5], **k),
    "vector-scaling": lambda **k: VectorScalingLoss(COUNTS, **k),
}
CELLS = {
    "bce": lambda **k: WeightedBCE(PAIRS, **k),
    "bce-given": lambda **k: WeightedBCE(pos_weight=7.0, **k),
    **{f"sigmoid-focal-{g}": lambda g=g, **k: SigmoidFocalLoss(g, 0.25, **k) for g in GAMMAS},
    "sigmoid-focal-counts": lambda **k: SigmoidFocalLoss(2.0, counts=PAIRS, **k),
    "asymmetric": lambda **k: AsymmetricLoss(**k),
    "asymmetric-no-clip": lambda **k: AsymmetricLoss(2.0, 1.0, clip=0.0, **k),
    "asymmetric-half": lambda **k: AsymmetricLoss(0.5, 0.5, clip=0.1, **k),
    "false-negative": lambda **k: FalseNegativeLoss(10.0, **k),
}
ALL = {**CLASSES, **CELLS}
CLIPPED = ("asymmetric", "asymmetric-half")
NEUTRAL_CLASSES = {
    "weighted": ClassWeightedLoss,
    "focal": lambda **k: FocalLoss(0.0, **k),
    "logit-adjusted": lambda **k: LogitAdjustedLoss(COUNTS, 0.0, **k),
    "ldam": lambda **k: LDAMLoss(COUNTS, 0.0, scale=1.0, **k),
    "vector-scaling": lambda **k: VectorScalingLoss(COUNTS, 0.0, tau=0.0, **k),
}
NEUTRAL_CELLS = {
    "bce": WeightedBCE,
    "sigmoid-focal": lambda **k: SigmoidFocalLoss(0.0, **k),
    "asymmetric": lambda **k: AsymmetricLoss(0.0, 0.0, clip=0.0, **k),
    "false-negative": lambda **k: FalseNegativeLoss(1.0, **k),
}
every = pytest.mark.parametrize("name", ALL)
# Dynamo makes an instance of autograd.Function while it traces one.
compiles = pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")
REDUCTIONS = ("none", "sum", "mean")
devices = pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])


def batch(name, n=12, *, spread=3.0, dtype=torch.float32, seed=0, offset=0.0, device="cpu"):
    """Logits ``(n, 5)`` and labels that fit the loss."""
    gen = torch.Generator().manual_seed(seed)
    x = offset + spread * torch.randn(n, 5, generator=gen, dtype=torch.float64)
    if name in CLASSES:
        y = torch.randint(0, 5, (n,), generator=gen)
    else:
        y = (torch.rand(n, 5, generator=gen) < 0.3).float()
    return x.to(device, dtype).requires_grad_(), y.to(device)


def run(loss, x, y, **more):
    x.grad = None
    value = loss(x, y, **more)
    (grad,) = torch.autograd.grad(value.sum(), x)
    return value.detach(), grad


def ignored(y, pattern):
    y = y.clone()
    if pattern == "some":
        y[1::3] = -100
    elif pattern == "all":
        y[:] = -100
    return y


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("pattern", ["none", "some"])
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", NEUTRAL_CLASSES)
@devices
def test_neutral_is_cross_entropy(name, reduction, pattern, smoothing, device):
    x, y = batch("weighted", device=device)
    y = ignored(y, pattern)
    mine = NEUTRAL_CLASSES[name](reduction=reduction, label_smoothing=smoothing)
    value, grad = run(mine, x, y)
    wanted = F.cross_entropy(x, y, reduction=reduction, label_smoothing=smoothing)
    torch.testing.assert_close(value, wanted.detach(), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(grad, torch.autograd.grad(wanted.sum(), x)[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("pattern", ["none", "some"])
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", NEUTRAL_CELLS)
@devices
def test_neutral_is_binary_cross_entropy(name, reduction, pattern, smoothing, device):
    x, y = batch("bce", device=device)
    y = ignored(y, pattern)
    mine = NEUTRAL_CELLS[name](reduction=reduction, label_smoothing=smoothing)
    value, grad = run(mine, x, y)
    counted = y != -100
    soft = y.where(counted, 0.0) * (1 - smoothing) + smoothing / 2
    cells = F.binary_cross_entropy_with_logits(x, soft, reduction="none") * counted
    wanted = {"none": cells, "sum": cells.sum(), "mean": cells.sum() / counted.sum()}[reduction]
    torch.testing.assert_close(value, wanted.detach(), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(grad, torch.autograd.grad(wanted.sum(), x)[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("reduction", REDUCTIONS)
@every
@devices
def test_a_batch_in_which_nothing_counts_is_zero(name, reduction, smoothing, device):
    x, y = batch(name, device=device)
    loss = ALL[name](reduction=reduction, label_smoothing=smoothing)
    value, grad = run(loss, x, ignored(y, "all"))
    assert torch.equal(value, torch.zeros_like(value))
    assert torch.equal(grad, torch.zeros_like(grad))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@every
@devices
def test_extreme_logits_stay_finite(name, smoothing, dtype, device):
    loss = ALL[name](reduction="none", label_smoothing=smoothing)
    for size in (1e-4, 20.0, 90.0, 1e4):
        x, y = batch(name, dtype=dtype, device=device)
        x = (size * x.detach().sign()).requires_grad_()
        value, grad = run(loss, x, y)
        assert value.dtype == torch.float32
        assert grad.dtype == dtype
        assert bool(value.isfinite().all())
        assert bool(grad.isfinite().all())
        assert bool((value >= 0).all())


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize(
    ("spread", "offset"),
    [(0.1, 0.0), (3.0, 0.0), (12.0, 0.0), (0.1, 1e3), (3.0, 1e3), (3.0, 9e3), (3.0, -9e3)],
)
@every
@devices
def test_float32_is_float64_to_five_digits(name, spread, offset, smoothing, device):
    loss = ALL[name](reduction="none", label_smoothing=smoothing)
    x, y = batch(name, 200, spread=spread, offset=offset, device=device)
    value, grad = run(loss, x, y)
    exact, exact_grad = run(loss, x.detach().double().requires_grad_(), y)
    assert exact.dtype == torch.float64
    # A softmax subtracts logits and a clip a probability: what is tiny beside its batch has lost
    # digits there. A cell on its own has not.
    alone = name in CELLS and not smoothing and name not in CLIPPED
    for got, wanted in ((value, exact), (grad, exact_grad)):
        assert (got - wanted).norm() <= 1e-5 * wanted.norm()
        floor = 1e-36 if alone else 1e-5 * wanted.abs().mean().item()
        torch.testing.assert_close(got.double(), wanted, rtol=1e-5, atol=floor)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("reduction", REDUCTIONS)
@every
def test_gradients_are_those_of_differences(name, reduction, smoothing):
    x, y = batch(name, 6, dtype=torch.float64)
    y[1] = -100
    loss = ALL[name](reduction=reduction, label_smoothing=smoothing)
    assert torch.autograd.gradcheck(lambda z: loss(z, y), (x,))


@pytest.mark.parametrize("name", CLASSES)
def test_a_sure_row_keeps_its_digits(name):
    """Far below where ``1 - p`` is rounded to 0, each row's loss and gradient are still right."""
    sure = torch.tensor([3.0, 10.0, 20.0, 40.0, 60.0], dtype=torch.float64)
    x = torch.zeros(5, 5, dtype=torch.float64)
    x[:, 0] = sure
    x[:, 1] = 0.5
    y = torch.zeros(5, dtype=torch.int64)
    loss = CLASSES[name](reduction="none")
    value, grad = run(loss, x.float().requires_grad_(), y)
    exact, exact_grad = run(loss, x.requires_grad_(), y)
    torch.testing.assert_close(value.double(), exact, rtol=1e-5, atol=1e-37)
    torch.testing.assert_close(grad.double(), exact_grad, rtol=1e-5, atol=1e-37)


@every
@devices
def test_half_precision_is_computed_in_float32(name, device):
    loss = ALL[name]()
    x, y = batch(name, dtype=torch.bfloat16, device=device)
    value, grad = run(loss, x, y)
    wide, wide_grad = run(loss, x.detach().float().requires_grad_(), y)
    torch.testing.assert_close(value, wide)
    torch.testing.assert_close(grad, wide_grad.bfloat16())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
@pytest.mark.parametrize("name", CELLS)
def test_sigmoid_losses_keep_no_more_than_logits_and_targets(name, dtype):
    x, y = batch(name, 2000, dtype=dtype)
    kept = {}

    def pack(tensor):
        kept[tensor.data_ptr()] = tensor.numel() * tensor.element_size()
        return tensor

    loss = ALL[name]()
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        loss(x, y)
    sizes = sum(one.numel() * one.element_size() for one in (x, y))
    assert 0 < sum(kept.values()) <= sizes + 64


@compiles
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@every
def test_compiles_whole(name, smoothing):
    torch._dynamo.reset()
    x, y = batch(name)
    y[2] = -100
    loss = ALL[name](label_smoothing=smoothing)
    value, grad = run(loss, x, y)
    compiled = torch.compile(loss, backend="aot_eager", fullgraph=True)
    got, got_grad = run(compiled, x, y)
    torch.testing.assert_close(got, value)
    torch.testing.assert_close(got_grad, grad)


@every
def test_grad_mode_inputs_and_random_state_are_left_alone(name):
    x, y = batch(name)
    before, labels, state = x.detach().clone(), y.clone(), torch.get_rng_state()
    loss = ALL[name]()
    with torch.no_grad():
        assert not loss(x, y).requires_grad
        assert not torch.is_grad_enabled()
    with torch.inference_mode():
        loss(x, y)
    value = loss(x, y)
    value.backward(retain_graph=True)
    first = x.grad.clone()
    value.backward()
    assert torch.is_grad_enabled()
    assert torch.equal(x.grad, 2 * first)
    assert torch.equal(x.detach(), before)
    assert torch.equal(y, labels)
    assert torch.equal(torch.get_rng_state(), state)
    x.requires_grad_(False)
    loss(x, y)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
@every
@devices
def test_what_is_ignored_may_hold_anything(name, bad, smoothing, device):
    """Padding that a model made NaN of is no error, spreads nowhere, and gets no gradient."""
    x, y = batch(name, device=device)
    y[3] = -100
    broken = x.detach().clone()
    broken[3] = bad
    for reduction in REDUCTIONS:
        loss = ALL[name](reduction=reduction, label_smoothing=smoothing)
        value, grad = run(loss, x, y)
        got, got_grad = run(loss, broken.clone().requires_grad_(), y)
        torch.testing.assert_close(got, value)
        torch.testing.assert_close(got_grad, grad)
        assert torch.equal(got_grad[3], torch.zeros_like(got_grad[3]))
    broken[5, 2] = torch.nan
    with pytest.raises(InvalidInput, match=r"Got 1 NaN, the first at \(5, 2\)"):
        ALL[name]()(broken, y)


@compiles
@every
def test_what_is_ignored_may_hold_anything_compiled_too(name):
    torch._dynamo.reset()
    x, y = batch(name)
    y[3] = -100
    value, grad = run(ALL[name](), x, y)
    broken = x.detach().clone()
    broken[3] = torch.nan
    compiled = torch.compile(ALL[name](), backend="aot_eager", fullgraph=True)
    got, got_grad = run(compiled, broken.requires_grad_(), y)
    torch.testing.assert_close(got, value)
    torch.testing.assert_close(got_grad, grad)


@every
def test_a_second_derivative_is_refused_and_not_wrong(name):
    x, y = batch(name)
    owner = type(ALL[name]()).__name__
    with pytest.raises(InvalidInput, match=f"create_graph .* for {owner}.*use torch.nn.functional"):
        ALL[name]()(x, y).backward(create_graph=True)


@every
def test_micro_batches_make_the_same_update(name):
    _, y = batch(name, 64)
    y[5:20] = -100
    features = torch.randn(64, 8, generator=torch.Generator().manual_seed(3))
    head = torch.nn.Linear(8, 5)
    loss = ALL[name]()
    updates = []
    for parts in (1, 2, 8, 64):
        model = copy.deepcopy(head)
        items = (y != -100).sum()
        for rows, labels in zip(features.chunk(parts), y.chunk(parts), strict=True):
            loss(model(rows), labels, num_items_in_batch=items).backward()
        torch.optim.SGD(model.parameters(), lr=1.0).step()
        updates.append(model.weight.detach() - head.weight.detach())
    for update in updates[1:]:
        assert (update - updates[0]).abs().max() <= 1e-6 * max(1.0, updates[0].abs().max().item())


@every
def test_equal_micro_batches_need_no_count(name):
    x, y = batch(name, 64)
    loss = ALL[name]()
    whole, grad = run(loss, x, y)
    for parts in (2, 8, 64):
        pieces = [loss(a, b) / parts for a, b in zip(x.chunk(parts), y.chunk(parts), strict=True)]
        torch.testing.assert_close(sum(pieces).detach(), whole, rtol=1e-5, atol=1e-6)
        got = torch.autograd.grad(sum(pieces), x)[0]
        torch.testing.assert_close(got, grad, rtol=1e-5, atol=1e-7)


@every
def test_logits_are_found_in_what_models_return(name):
    x, y = batch(name)
    loss = ALL[name]()
    wanted = loss(x, y)
    scalar = torch.tensor(3.0)
    outputs = (SequenceClassifierOutput(logits=x), {"logits": x}, (x,), [scalar, x, x])
    for output in (*outputs, SimpleNamespace(logits=x)):
        assert torch.equal(loss(output, y), wanted)


@pytest.mark.parametrize(
    "items", [7, 7.0, torch.tensor(7), torch.tensor([[7], [7]]), np.array(7), np.float32(7)]
)
@every
def test_the_mean_divides_by_the_items_it_is_given(name, items):
    x, y = batch(name)
    total = ALL[name](reduction="sum")(x, y)
    loss = ALL[name]()
    torch.testing.assert_close(loss(x, y, num_items_in_batch=items), total / 7)
    assert torch.equal(loss(x, ignored(y, "all"), num_items_in_batch=0), torch.tensor(0.0))


@every
def test_no_number_of_items_is_named(name):
    x, y = batch(name)
    owner = type(ALL[name]()).__name__
    with pytest.raises(InvalidInput, match=f"num_items_in_batch of {owner} must .* empty tensor"):
        ALL[name]()(x, y, num_items_in_batch=torch.zeros(0))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("name", CLASSES)
def test_images_and_tokens_are_rows(name, smoothing):
    x, y = batch(name, 24)
    y[3] = -100
    rows = CLASSES[name](reduction="none", label_smoothing=smoothing)(x, y)
    tokens = CLASSES[name](reduction="none", class_dim=-1, label_smoothing=smoothing)
    torch.testing.assert_close(tokens(x.view(2, 12, 5), y.view(2, 12)), rows.view(2, 12))
    image = x.view(2, 3, 4, 5).permute(0, 3, 1, 2)
    dense = CLASSES[name](reduction="none", label_smoothing=smoothing)
    torch.testing.assert_close(dense(image, y.view(2, 3, 4)), rows.view(2, 3, 4))


@pytest.mark.parametrize("name", CELLS)
def test_cells_have_any_shape_and_labels_any_type(name):
    x, y = batch(name, 24)
    wanted = CELLS[name](reduction="none")(x, y)
    dense = CELLS[name](reduction="none", class_dim=1)
    image, masks = (one.view(2, 3, 4, 5).permute(0, 3, 1, 2) for one in (x, y))
    torch.testing.assert_close(dense(image, masks), wanted.view(2, 3, 4, 5).permute(0, 3, 1, 2))
    for kind in (torch.bool, torch.int64, torch.float16):
        assert torch.equal(CELLS[name](reduction="none")(x, y.to(kind)), wanted)
    if "counts" not in name and name != "bce":
        flat = CELLS[name](reduction="none")
        torch.testing.assert_close(flat(x[:, 0], y[:, 0]), wanted[:, 0])
        torch.testing.assert_close(flat(x[:, :1], y[:, 0]), wanted[:, 0])
        two = torch.stack([torch.ones(24), 1 + x[:, 0]], 1)
        torch.testing.assert_close(flat(two, y[:, 0]), wanted[:, 0])


@pytest.mark.parametrize("name", CELLS)
def test_many_pieces_are_one_batch(name, monkeypatch):
    x, y = batch(name, 50)
    y[7] = -100
    loss, rows = CELLS[name](), CELLS[name](reduction="none")
    wanted, cells = run(loss, x, y), run(rows, x, y)
    monkeypatch.setattr("evenkeel.nn.losses.cells.PIECE", 35)
    for got, other in zip((*run(loss, x, y), *run(rows, x, y)), (*wanted, *cells), strict=True):
        torch.testing.assert_close(got, other)


@every
def test_weights_are_kept_whole_in_half_models_and_in_checkpoints(name):
    x, y = batch(name)
    loss = ALL[name]()
    other = copy.deepcopy(loss).half().bfloat16()
    other.load_state_dict(loss.state_dict())
    assert torch.equal(other(x, y), loss(x, y))
    assert str(loss)


@every
def test_an_empty_batch_is_zero(name):
    x, y = batch(name)
    assert ALL[name]()(x[:0], y[:0]).item() == 0.0


@every
def test_wrong_labels_logits_and_shapes_are_named(name):
    x, y = batch(name)
    loss, owner = ALL[name](), type(ALL[name]()).__name__
    for bad in (5, -1):
        wrong = y.clone()
        wrong[3] = bad
        with pytest.raises(InvalidInput, match=rf"target of {owner} must be .* Got {bad}"):
            loss(x, wrong)
    # An infinite logit is a certain cell; in a softmax it is a contradiction.
    values = {torch.nan: "NaN", torch.inf: "infinite"} if name in CLASSES else {torch.nan: "NaN"}
    for value, word in values.items():
        broken = x.detach().clone()
        broken[2, 1] = value
        with pytest.raises(InvalidInput, match=rf"logits of {owner} .*Got 1 {word}.*\(2, 1\)"):
            loss(broken, y)
    with pytest.raises(InvalidInput, match=f"target of {owner} must have"):
        loss(x, y[:-1])
    with pytest.raises(InvalidType, match=f"logits of {owner} must be a tensor"):
        loss({"scores": x}, y)
    with pytest.raises(InvalidType, match="labels"):
        loss(x, None)
    with pytest.raises(InvalidType, match="floating-point"):
        loss(x.long(), y)


@pytest.mark.parametrize(
    "options",
    [{"reduction": "avg"}, {"label_smoothing": 1.0}, {"label_smoothing": -0.1}, {"class_dim": 0.5}],
)
@every
def test_options_out_of_range_are_named(name, options):
    with pytest.raises((InvalidInput, InvalidType), match=next(iter(options))):
        ALL[name](**options)


@compiles
@every
def test_compiled_and_later_device_batches_poison_wrong_labels(name):
    torch._dynamo.reset()
    x, y = batch(name)
    y[3] = 9
    compiled = torch.compile(ALL[name](), backend="aot_eager", fullgraph=True)
    assert compiled(x, y).isnan().item()


FUNCTIONS = {
    "weighted": (class_weighted_loss, {"weight": ClassWeightedLoss(COUNTS).weight}),
    "focal-2.0": (focal_loss, {"gamma": 2.0}),
    "logit-adjusted": (logit_adjusted_loss, {"prior": torch.tensor(COUNTS)}),
    "ldam": (ldam_loss, {"margin": LDAMLoss(COUNTS).margin, "scale": 2.0}),
    "vector-scaling": (
        vector_scaling_loss,
        {
            "stretch": VectorScalingLoss(COUNTS).stretch,
            "shift": VectorScalingLoss(COUNTS).shift,
        },
    ),
    "bce-given": (weighted_bce, {"pos_weight": 7.0}),
    "sigmoid-focal-2.0": (sigmoid_focal_loss, {"gamma": 2.0, "alpha": 0.25}),
    "asymmetric": (asymmetric_loss, {}),
    "false-negative": (false_negative_loss, {"cost": 10.0}),
}


@compiles
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_their_modules(name):
    x, y = batch(name)
    y[4] = -100
    function, given = FUNCTIONS[name]
    for reduction in REDUCTIONS:
        how = {"reduction": reduction, "label_smoothing": 0.1}
        torch.testing.assert_close(function(x, y, **given, **how), ALL[name](**how)(x, y))
    torch.testing.assert_close(
        function(x, y, num_items_in_batch=4, **given), ALL[name]()(x, y, num_items_in_batch=4)
    )
    torch._dynamo.reset()
    compiled = torch.compile(function, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(x, y, **given), function(x, y, **given))


@pytest.mark.parametrize("scheme", ["inverse", "sqrt", "effective"])
def test_weights_from_counts_have_training_mean_one(scheme):
    counts = torch.tensor(COUNTS, dtype=torch.float64)
    for loss in (ClassWeightedLoss(COUNTS, scheme=scheme), FocalLoss(counts=COUNTS, scheme=scheme)):
        assert (loss.weight.double() @ counts / counts.sum()).item() == pytest.approx(1.0, abs=1e-6)
    pairs = torch.tensor(PAIRS, dtype=torch.float64)
    for loss in (WeightedBCE(PAIRS, cap=20.0), SigmoidFocalLoss(counts=PAIRS)):
        mean = (loss.down.double() * pairs[:, 0] + loss.up.double() * pairs[:, 1]) / pairs.sum(1)
        torch.testing.assert_close(mean, torch.ones(5, dtype=torch.float64), rtol=1e-6, atol=0)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_smoothing_and_weights_never_teach_a_mistake(gamma):
    """The least loss of a row of class 0 keeps class 0 first, whatever the weights."""
    z = torch.zeros(1, 2, dtype=torch.float64, requires_grad=True)
    loss = FocalLoss(gamma, alpha=torch.tensor([0.01, 0.99]), label_smoothing=0.1)
    optimizer = torch.optim.LBFGS([z], max_iter=200, tolerance_grad=1e-12, tolerance_change=0)

    def step():
        optimizer.zero_grad()
        value = 100 * loss(z, torch.tensor([0]))
        value.backward()
        return value

    optimizer.step(step)
    best = z.softmax(1)[0, 0].item()
    assert best > 0.5
    if gamma == 0.0:
        assert best == pytest.approx(0.95, abs=1e-4)
