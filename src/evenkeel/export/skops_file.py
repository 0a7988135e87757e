"""Models as skops files: a zip of JSON and arrays, of allowed types only, never a pickle."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

from evenkeel.errors import DamagedRun, InvalidInput
from evenkeel.store import write_bytes

if TYPE_CHECKING:
    from pathlib import Path

# What a learner of evenkeel is made of. Types that scikit-learn and numpy define are trusted by
# skops itself; everything else in a file has to stand here, or the file is not opened.
ALLOWED = frozenset(
    {
        "collections.OrderedDict",
        "collections.defaultdict",
        "evenkeel.coded.Coded",
        "evenkeel.distribution.strategy.Ratio",
        "evenkeel.ensemble.balanced_bagging_classifier.BalancedBaggingClassifier",
        "evenkeel.ensemble.balanced_random_forest_classifier.BalancedRandomForestClassifier",
        "evenkeel.ensemble.boosted_stumps.BoostedStumps",
        "evenkeel.ensemble.clustered_ensemble_classifier.ClusteredEnsembleClassifier",
        "evenkeel.ensemble.combiner.Combiner",
        "evenkeel.ensemble.easy_ensemble_classifier.EasyEnsembleClassifier",
        "evenkeel.ensemble.hardness.Cuts",
        "evenkeel.ensemble.members.Member",
        "evenkeel.ensemble.rusboost_classifier.RUSBoostClassifier",
        "evenkeel.ensemble.self_paced_ensemble_classifier.SelfPacedEnsembleClassifier",
        "evenkeel.ensemble.stumps.Steps",
        "evenkeel.ensemble.stumps.Stump",
        "evenkeel.ensemble.under_bagging_classifier.UnderBaggingClassifier",
        "evenkeel.isolation_classifier.IsolationClassifier",
        "evenkeel.learners.Columns",
        "evenkeel.nn.torch_classifier.TorchClassifier",
        "evenkeel.objective_classifier.ObjectiveClassifier",
        "evenkeel.objectives.FalseNegativeObjective",
        "evenkeel.objectives.FocalObjective",
        "evenkeel.race.put_back.PutBack",
        "evenkeel.resample.smote.SMOTE",
        "functools.partial",  # around check_array, in histogram boosting
        "lightgbm.basic.Booster",
        "lightgbm.sklearn.LGBMClassifier",
        "numpy.dtype",
        "sklearn._loss.link.Interval",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.link.MultinomialLogit",
        "sklearn._loss.loss.HalfBinomialLoss",
        "sklearn._loss.loss.HalfMultinomialLoss",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.tree._tree.Tree",
        "sklearn.utils.validation.check_array",
        "skrub._apply_to_each_col.ApplyToEachCol",
        "skrub._check_input.CheckInputDataFrame",
        "skrub._clean_categories.CleanCategories",
        "skrub._clean_null_strings.CleanNullStrings",
        "skrub._dataframe._common.is_any_date",
        "skrub._dataframe._common.is_categorical",
        "skrub._dataframe._common.is_numeric",
        "skrub._datetime_encoder.DatetimeEncoder",
        "skrub._drop_uninformative.DropUninformative",
        "skrub._duration_to_float.DurationToFloat",
        "skrub._string_encoder.StringEncoder",
        "skrub._table_vectorizer.PassThrough",
        "skrub._table_vectorizer.ShortReprDict",
        "skrub._table_vectorizer.TableVectorizer",
        "skrub._table_vectorizer._created_by_predicate",
        "skrub._to_categorical.ToCategorical",
        "skrub._to_datetime.ToDatetime",
        "skrub._to_float.ToFloat",
        "skrub._to_str.ToStr",
        "skrub.selectors._base.All",
        "skrub.selectors._base.And",
        "skrub.selectors._base.Cols",
        "skrub.selectors._base.Filter",
        "skrub.selectors._base.Sub",
        "skrub.selectors._selectors._cardinality_below",
    }
)
MOST_BYTES = 8 << 30  # a compressed file may not unfold to more than this
FREE_BYTES = 64 << 20  # up to here no proportion is suspicious
MOST_RATIO = 250  # models unfold to 3 to 30 times their size; a bomb to a thousand times
_PIECE = 1 << 20


def save_model(model: Any, path: Path) -> None:
    """Write a fitted estimator, compressed, in one step.

    Raises
    ------
    InvalidInput
        The estimator holds types that :func:`load_model` would refuse.
    """
    write_bytes(path, model_bytes(model))


def model_bytes(model: Any) -> bytes:
    """A model file's content; of an estimator that is not fitted it tells early what would fail.

    Raises
    ------
    InvalidInput
        The estimator holds types that :func:`load_model` would refuse, or that cannot be written.
    """
    import skops.io

    try:
        content = skops.io.dumps(model, compression=zipfile.ZIP_DEFLATED, compresslevel=6)
        foreign = sorted(set(skops.io.get_untrusted_types(data=content)) - ALLOWED)
    except Exception as error:  # a type of somebody else may refuse in any way
        raise InvalidInput(
            f"model of save must be made of allowed types. {type(model).__name__} cannot be written "
            f"({type(error).__name__}: {error}). Save it with the tools of its own library."
        ) from error
    if foreign:
        raise InvalidInput(
            f"model of save must be made of allowed types. Got {', '.join(foreign[:5])}. "
            "Save it with the tools of the library it comes from."
        )
    return bytes(content)


def unsaved(model: Any) -> str | None:
    """Why no file could hold an estimator, in one sentence; None where one can."""
    try:
        model_bytes(model)
    except InvalidInput as error:
        return str(error)
    return None


def load_model(path: Path) -> Any:
    """Read a fitted classifier; a file with any type outside :data:`ALLOWED` is refused unread.

    Raises
    ------
    DamagedRun
        The file is missing, broken, out of proportion, holds types that are not allowed, or no
        fitted classifier.
    """
    import skops.io

    try:
        content = path.read_bytes()
        _refuse_bomb(content, path)
        foreign = sorted(set(skops.io.get_untrusted_types(data=content)) - ALLOWED)
        if foreign:
            raise DamagedRun(
                f"{path} holds types that are not allowed ({', '.join(foreign[:5])}): "
                "nothing in it was loaded."
            )
        model = skops.io.loads(content, trusted=sorted(ALLOWED))
    except DamagedRun:
        raise
    except Exception as error:
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise DamagedRun(f"{path} cannot be read as a skops file: {reason}.") from error
    if not hasattr(model, "predict_proba") or not hasattr(model, "classes_"):
        raise DamagedRun(f"{path} holds no fitted classifier, but {type(model).__name__}.")
    return model


def _refuse_bomb(content: bytes, path: Path) -> None:
    """Unfold every part piece by piece, and stop as soon as the sum is out of proportion."""
    most = min(MOST_BYTES, max(FREE_BYTES, MOST_RATIO * len(content)))
    unfolded = 0
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        for part in parts.infolist():
            with parts.open(part) as file:
                while piece := file.read(_PIECE):
                    unfolded += len(piece)
                    if unfolded > most:
                        raise DamagedRun(
                            f"{path} unfolds from {len(content):,} to more than {most:,} bytes: "
                            "nothing in it was loaded."
                        )
