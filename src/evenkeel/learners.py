"""Learners that take any table: ``columns`` turns it into numbers and categories, then a model.

Every learner is a :class:`sklearn.pipeline.Pipeline` of two steps. The first never sees a label;
the second is what a remedy wraps, so resampling and weights sit between the two.
"""

from __future__ import annotations

import re
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from evenkeel._checks import check_choice
from evenkeel._optional import need
from evenkeel.errors import EvenkeelWarning, InvalidInput
from evenkeel.reading.later import kinds_of, like_training, to_pandas

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sklearn.pipeline import Pipeline

LEARNERS = {
    "lightgbm": "gradient boosting on histograms (LightGBM); categories and missing values as such",
    "logistic": "logistic regression on imputed, scaled and one-hot columns",
    "forest": "random forest (scikit-learn) on imputed, scaled and one-hot columns",
    "hist": "histogram gradient boosting (scikit-learn); categories and missing values as such",
    "torch": "small neural network (PyTorch) on imputed, scaled and one-hot columns; needs evenkeel[torch]",
    "prevalence": "predicts the prevalence for every row: what any model has to beat",
}
KEEP_CATEGORIES = ("lightgbm", "hist")  # learners that are given categories as such
_REFUSED = re.compile(r"[^\w.()+/%#-]+")
MANY_LEVELS = 40  # a text column with more distinct values is encoded as text, not as categories


class Columns(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Any table to numbers and categories, learnt from training rows only.

    skrub's ``TableVectorizer`` does the work: dates become parts of dates, texts with many values
    become ``n_components`` latent columns (seeded: unseeded, two fits differ), and the rest
    becomes numbers. Signs that LightGBM refuses in column names, as in ``Torque [Nm]``, become
    underscores.

    Parameters
    ----------
    output
        ``"category"``: text with few values becomes pandas categories with the levels seen in
        training (an unseen one is missing). ``"dense"``: one-hot columns, the median in place of
        what is missing, every column with mean 0 and standard deviation 1.
    n_components
        Columns made of each free-text column.
    random_state
        Seed of the text encoder.

    Attributes
    ----------
    feature_names_in_
        Column names of the training table.
    feature_names_out_
        What each output column is, in words of the training table.
    kinds_
        ``"number"``, ``"boolean"`` or ``"datetime"`` by column; columns of text are absent.
    levels_
        For ``"category"``: the levels of each category column, by output name.

    References
    ----------
    TableVectorizer and StringEncoder of skrub, https://skrub-data.org

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"Torque [Nm]": [1.0, None, 3.0], "shop": ["a", "b", "a"]})
    >>> Columns().fit_transform(frame).columns.tolist()
    ['Torque_Nm_', 'shop']
    """

    def __init__(
        self, *, output: str = "category", n_components: int = 30, random_state: int = 0
    ) -> None:
        self.output = output
        self.n_components = n_components
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Columns:
        """Learn levels, text components, medians and scales from training rows."""
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        """Learn from training rows and return them as numbers and categories."""
        check_choice(self.output, ("category", "dense"), "output", "Columns")
        frame = to_pandas(X)
        if frame.shape[1] == 0:
            raise InvalidInput("X of Columns must hold at least one column. Got none.")
        self.feature_names_in_ = np.array(frame.columns, dtype=object)
        self.n_features_in_ = frame.shape[1]
        self.kinds_ = kinds_of(frame)
        self.vectorizer_ = self._vectorizer()
        with _quiet():
            out = self.vectorizer_.fit_transform(frame)
        self.feature_names_out_ = [str(name) for name in out.columns]
        out.columns = self._plain_names()
        if self.output == "category":
            kinds = out.select_dtypes("category")
            self.levels_ = {name: list(kinds[name].cat.categories) for name in kinds.columns}
            return out
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        self.scaler_ = make_pipeline(
            SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler()
        )
        return self.scaler_.fit_transform(out.to_numpy(np.float64))

    def transform(self, X: Any) -> Any:
        """Turn further rows of the same table into numbers and categories.

        Raises
        ------
        InvalidInput, InvalidType
            No table, no rows, columns that are missing, or cells that are no number (boolean,
            date) in a column that held these in training.
        """
        check_is_fitted(self, "vectorizer_")
        frame = to_pandas(X)
        if isinstance(X, np.ndarray):  # columns without names keep their order
            if frame.shape[1] != self.n_features_in_:
                raise InvalidInput(
                    f"X of Columns must have {self.n_features_in_} columns, as in training. "
                    f"Got {frame.shape[1]}."
                )
            frame.columns = list(self.feature_names_in_)
        frame = like_training(frame, list(self.feature_names_in_), self.kinds_)
        with _quiet():
            out = self.vectorizer_.transform(frame)
        out.columns = self._plain_names()
        if self.output == "dense":
            return self.scaler_.transform(out.to_numpy(np.float64))
        for name, levels in self.levels_.items():
            out[name] = out[name].cat.set_categories(levels)
        return out

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """What each output column is, in words of the training table."""
        return np.array(self.feature_names_out_, dtype=object)

    def _plain_names(self) -> list[str]:
        """Names without the signs that LightGBM and XGBoost refuse, still told apart."""
        names: dict[str, None] = {}
        for name in self.feature_names_out_:
            plain = _REFUSED.sub("_", name) or "_"
            while plain in names:
                plain += "_"
            names[plain] = None
        return list(names)

    def _vectorizer(self) -> Any:
        from skrub import StringEncoder, TableVectorizer, ToCategorical

        if self.output == "category":
            few: Any = ToCategorical()
        else:
            from sklearn.preprocessing import OneHotEncoder

            few = OneHotEncoder(
                drop="if_binary", handle_unknown="ignore", sparse_output=False, dtype=np.float32
            )
        return TableVectorizer(
            cardinality_threshold=MANY_LEVELS,
            low_cardinality=few,
            high_cardinality=StringEncoder(
                n_components=self.n_components, random_state=self.random_state
            ),
        )


def make_learner(name: str, *, random_state: int = 0, n_jobs: int = 1) -> Pipeline:
    """A learner of :data:`LEARNERS` by name: ``Pipeline([("columns", ...), ("model", ...)])``.

    Parameters
    ----------
    name
        A key of :data:`LEARNERS`.
    random_state
        Seed of the model and of the text encoder.
    n_jobs
        Threads of the model. LightGBM and the forest give the same bits with any number.

    Raises
    ------
    InvalidInput
        Unknown name; near names are offered.

    Examples
    --------
    >>> make_learner("logistic").named_steps["model"]
    LogisticRegression(max_iter=1000)
    """
    from sklearn.pipeline import Pipeline

    check_choice(name, LEARNERS, "learner", "run")
    if name == "lightgbm" and (reason := why_no_lightgbm()):
        warnings.warn(reason, EvenkeelWarning, stacklevel=2)
        name = "hist"
    output = "category" if name in KEEP_CATEGORIES else "dense"
    columns: Any = Columns(output=output, random_state=random_state)
    if name == "prevalence":
        columns = "passthrough"
    return Pipeline([("columns", columns), ("model", _model(name, random_state, n_jobs))])


def why_no_lightgbm() -> str | None:
    """Why LightGBM cannot be loaded here, with what to install; None when it can."""
    try:
        import lightgbm  # noqa: F401  (the import itself is the question)
    except (ImportError, OSError) as error:
        return (
            f"LightGBM cannot be loaded ({error}): its system library is missing. Install libgomp1 "
            "(Debian, Ubuntu), libgomp (Fedora, Alpine) or libomp (macOS). Going on with "
            "scikit-learn's histogram gradient boosting."
        )
    return None


def _model(name: str, random_state: int, n_jobs: int) -> Any:
    if name == "prevalence":
        from sklearn.dummy import DummyClassifier

        return DummyClassifier(strategy="prior")
    if name == "logistic":
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(max_iter=1000)
    if name == "forest":
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(
            n_estimators=300, min_samples_leaf=3, random_state=random_state, n_jobs=n_jobs
        )
    if name == "hist":
        from sklearn.ensemble import HistGradientBoostingClassifier

        return HistGradientBoostingClassifier(
            learning_rate=0.1,
            max_iter=100,
            categorical_features="from_dtype",
            early_stopping=False,
            random_state=random_state,
        )
    if name == "torch":
        need("skorch", extra="torch")
        from evenkeel.nn import TorchClassifier

        return TorchClassifier(random_state=random_state, n_jobs=n_jobs)
    from lightgbm import LGBMClassifier

    return LGBMClassifier(
        n_estimators=100,
        learning_rate=0.1,
        reg_lambda=1.0,
        deterministic=True,
        force_row_wise=True,
        random_state=random_state,
        n_jobs=n_jobs,
        verbose=-1,
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence skrub and scikit-learn notes on single columns (unseen levels, odd dates)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield
