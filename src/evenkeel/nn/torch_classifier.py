"""A network as a scikit-learn classifier: losses and samplers of this package, trained by skorch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from evenkeel._arrays import as_weights
from evenkeel._optional import need
from evenkeel.errors import DamagedRun, InvalidInput
from evenkeel.nn.classifier_file import build, read_classifier, write_classifier
from evenkeel.nn.device import apart, find_device
from evenkeel.nn.monitor import probabilities
from evenkeel.nn.parts import CROSS_ENTROPY, OWNER, class_logits, filled
from evenkeel.nn.training_rows import AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_NOT_SAVED = ("prior_", "validation_rows_")
_FOR_TRAINING = ("loss", "loss_options", "sampler", "sampler_options", "augment", "checkpoint")


class TorchClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Train a network on rows that fit into memory, with any loss and sampler of :mod:`evenkeel.nn`.

    **Columns are not scaled here**: put a ``StandardScaler`` before it, or the MLP sees little of them.

    A share of the rows is put aside, each class in proportion; after each epoch they are judged by
    ``monitor``, and the weights of the best epoch are what the fitted classifier predicts with. Before
    training :func:`evenkeel.nn.check_prior` looks whether sampler and loss correct twice.

    With a loss or sampler that corrects the imbalance, probabilities are at the prior that reached the
    loss (``prior_.reaches``), not at that of the data: too high for rare classes. Use
    ``DecidedClassifier(model, policy)``, which calibrates, or move them by :func:`evenkeel.nn.to_prior`.

    The same seed gives the same bits on the same machine. Nothing global is left changed.

    Parameters
    ----------
    module
        Class, function or ``"module:Name"``, called as ``module(n_features, n_classes,
        **module_options)``, or a ``torch.nn.Module``, which is copied. It gives one logit for each class,
        two for two, as a tensor or in a dict, a tuple or a ``ModelOutput``.
        None: an MLP for tables. Only None and ``"module:Name"`` can be written by :meth:`save`.
    module_options
        Keywords of the module; of the MLP ``hidden=(128, 64)``, ``dropout=0.1``,
        ``head="linear"`` (with LDAM ``"cosine"``).
    loss
        ``"cross-entropy"``, a loss of :mod:`evenkeel.nn` or torch: object, class, function or
        ``"module:Name"``. One that takes ``counts`` is given those of the training rows, unless
        ``loss_options`` names ``counts``, ``weight`` or ``alpha``.
    loss_options
        Keywords of the loss, when it is not an object.
    sampler
        Class, function or ``"module:Name"``, called with the training labels as codes, and with
        ``seed``, ``n_classes`` and ``n_epochs`` where it takes them. None: plain shuffling.
    sampler_options
        Keywords of the sampler.
    augment
        A function of the training rows, a data set of items ``(x, ...)`` with ``labels``, that gives
        another; None: the rows as they are.
    monitor
        ``"average_precision"``, ``"balanced_accuracy"``, ``"f1"`` (two classes: of the second one; more:
        the mean over classes) or ``"log_loss"``.
    validation
        Share of the rows that choose the epoch, in [0, 1). 0, or where these would be of one class
        only: all rows are trained on, and the last epoch stays.
    patience
        Epochs without a better one after which training ends, at least 1.
    max_epochs
        Epochs at most, at least 1.
    batch_size
        Rows of a batch; None: 32 to 512, by the number of rows. A sampler that makes whole batches
        decides by itself.
    lr, weight_decay
        Of AdamW.
    amp
        ``"bf16"`` or, on CUDA, ``"fp16"``: forward passes of the training in half precision.
    device
        ``"auto"`` (CUDA where there is one), ``"cpu"``, ``"cuda"`` or ``"cuda:1"``.
    checkpoint
        A file that holds the training after each epoch. Where it exists, ``fit`` goes on from it
        and ends exactly as if it had never stopped.
    strict
        Raise, rather than warn, when sampler and loss correct twice.
    n_jobs
        Threads on the CPU, within what this process may use.
    random_state
        Seed of the first weights, of dropout, the sampler and the rows put aside.

    Attributes
    ----------
    classes_
        Labels, sorted.
    history_
        One dict for each epoch: ``epoch``, ``train_loss``, ``valid_loss``, ``score``.
    best_epoch_, best_score_
        The epoch whose weights were kept, and its score; None without validation rows.
    validation_rows_
        Row numbers that chose the epoch, ``(n_valid,)``.
    prior_
        What the guard found: a :class:`evenkeel.nn.PriorReport`, until the classifier is saved.

    Raises
    ------
    InvalidInput, InvalidType
        When fitted: parameters out of range, columns with gaps, one class only, a loss or sampler that
        cannot be used, a checkpoint of other rows, a training that diverged.

    Warns
    -----
    EvenkeelWarning
        When fitted: fewer than 5 rows of a class to choose the epoch by; for the MLP, columns that
        nobody scaled; a correction made twice.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = np.where(rng.random(400) < 0.1, "rare", "common")
    >>> X = rng.normal(size=(400, 3)) + 2.0 * (y == "rare")[:, None]
    >>> model = TorchClassifier(
    ...     loss="evenkeel.nn:LogitAdjustedLoss", max_epochs=8, random_state=0
    ... )
    >>> model.fit(X, y).predict_proba(X).shape
    (400, 2)
    >>> model.best_score_ > 0.8
    True
    """

    def __init__(
        self,
        module: Any = None,
        *,
        module_options: dict[str, Any] | None = None,
        loss: Any = CROSS_ENTROPY,
        loss_options: dict[str, Any] | None = None,
        sampler: Any = None,
        sampler_options: dict[str, Any] | None = None,
        augment: Any = None,
        monitor: str = "average_precision",
        validation: float = 0.15,
        patience: int = 8,
        max_epochs: int = 60,
        batch_size: int | None = None,
        lr: float = 2e-3,
        weight_decay: float = 1e-3,
        amp: str | None = None,
        device: str = "auto",
        checkpoint: Any = None,
        strict: bool = False,
        n_jobs: int = 1,
        random_state: Any = None,
    ) -> None:
        self.module = module
        self.module_options = module_options
        self.loss = loss
        self.loss_options = loss_options
        self.sampler = sampler
        self.sampler_options = sampler_options
        self.augment = augment
        self.monitor = monitor
        self.validation = validation
        self.patience = patience
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.lr = lr
        self.weight_decay = weight_decay
        self.amp = amp
        self.device = device
        self.checkpoint = checkpoint
        self.strict = strict
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> TorchClassifier:
        """Train.

        Parameters
        ----------
        X
            Numbers ``(n_rows, n_features)`` without gaps; with an own module any ``(n_rows, ...)``.
        y
            Labels ``(n_rows,)``.
        sample_weight
            ``(n_rows,)``: each row's loss is multiplied by its weight over the mean weight.
        """
        need("skorch", extra="torch")
        from evenkeel.nn.fitting import check_parameters, train

        check_parameters(self)
        X, y = self._rows(X, y)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise InvalidInput(
                f"y of TorchClassifier must hold at least two classes. Got one class: {self.classes_[0]!r}."
            )
        weight = as_weights(sample_weight, len(codes), owner="TorchClassifier")
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        with apart(self._device(), self.n_jobs, seed):
            train(self, X, codes.astype(np.int64), weight, seed)
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Probabilities ``(n_rows, n_classes)``, at the prior that loss and sampler trained on."""
        check_is_fitted(self, "weights_")
        X = self._rows(X)
        device = self._device()
        with torch.inference_mode(), apart(device, self.n_jobs):
            module = filled(build(self), self.weights_).to(device).eval()
            batches = torch.split(torch.from_numpy(np.require(X, None, ["C", "W"])), AT_ONCE)
            n = len(self.classes_)
            each = [class_logits(module(rows.to(device)), len(rows), n) for rows in batches]
            return probabilities(torch.cat(each).float(), self.logit_scale_)

    def predict(self, X: Any) -> Any:
        """The likeliest label of each row, ``(n_rows,)``."""
        chosen = self.predict_proba(X).argmax(axis=1)
        return self.classes_[chosen]

    def save(self, path: Any) -> None:
        """Write weights and configuration as one safetensors file; see :meth:`load`.

        Raises
        ------
        InvalidInput
            The module is an object or a class: ``set_params(module="module:Name")``, a name for the
            same layers, needs no new training. Or options or labels are more than numbers and words.
        """
        check_is_fitted(self, "weights_")
        write_classifier(self, path)

    @classmethod
    def load(cls, path: Any, *, allowed: Collection[str] = ()) -> TorchClassifier:
        """Read what :meth:`save` wrote; it predicts the same bits, and knows no more of training.

        Parameters
        ----------
        path
            The file. Nothing in it acts: it holds tensors and JSON.
        allowed
            Names of modules (``"module:Name"``) that the file may ask for. Only these are imported.

        Raises
        ------
        DamagedRun
            The file is broken or was changed, or wants a module that is not allowed.
        InvalidInput
            There is no such file, or an allowed module cannot be imported.
        """
        model: TorchClassifier = read_classifier(cls, path, allowed)
        return model

    def bare(self) -> TorchClassifier:
        """A copy that predicts the same, without what only training needs."""
        default = TorchClassifier().get_params()
        plain = {name: default[name] for name in (*_FOR_TRAINING, "random_state")}
        return _unpickled(type(self), {**self.__getstate__(), **plain})

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles, which act anyway when they are read, keep any module; other files do not."""
        return _unpickled, (type(self), dict(vars(self)))

    def __getstate__(self) -> dict[str, Any]:
        """What skops writes."""
        held = super().__getstate__()
        return {name: value for name, value in held.items() if name not in _NOT_SAVED}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """What skops calls: its files are read without trust, so no name in them is imported."""
        if state.get("module") is not None:
            raise DamagedRun(
                "module of a TorchClassifier in a model file must be None. Got "
                f"{state['module']!r}. Use TorchClassifier.save and TorchClassifier.load(allowed=...)."
            )
        super().__setstate__(state)

    def _rows(self, X: Any, *y: Any) -> Any:
        nd = self.module is not None
        return validate_data(self, X, *y, reset=bool(y), dtype=np.float32, order="C", allow_nd=nd)

    def _device(self) -> torch.device:
        return find_device(self.device, OWNER)


def _unpickled(kind: type[TorchClassifier], state: dict[str, Any]) -> TorchClassifier:
    made = kind.__new__(kind)
    made.__dict__.update(state)
    return made
