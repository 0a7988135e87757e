"""What a model has to know about its columns to read new rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from evenkeel._checks import did_you_mean, listed
from evenkeel.errors import InvalidInput
from evenkeel.reading.tidy import Tidy, cast_like, kind_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

MOST_CATEGORIES = 200


@dataclass(frozen=True)
class Schema:
    """The columns of a model: their kinds, the categories it saw, and where they came from.

    Parameters
    ----------
    kinds
        Feature to ``"number"``, ``"boolean"``, ``"text"`` or ``"datetime"``, in order.
    target
        Name of the target column.
    source_columns
        All columns of the training source in order, the target and dropped ones too.
    categories
        Text feature to the values seen, for features of at most 200 values.

    Examples
    --------
    >>> schema = Schema({"age": "number"}, "y", ("age", "y"))
    >>> Schema.from_dict(schema.to_dict()) == schema
    True
    """

    kinds: dict[str, str]
    target: str
    source_columns: tuple[str, ...]
    categories: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, X: pl.DataFrame, target: str, source_columns: Sequence[str]) -> Schema:
        """The schema of a clean table of features."""
        kinds = {name: kind_of(dtype) for name, dtype in X.schema.items()}
        texts = [name for name, kind in kinds.items() if kind == "text"]
        categories = {}
        for name in texts:
            if X[name].n_unique() <= min(MOST_CATEGORIES, max(10, X.height // 10)):
                categories[name] = tuple(X[name].drop_nulls().unique().sort().to_list())
        return cls(kinds, target, tuple(source_columns), categories)

    def to_dict(self) -> dict[str, Any]:
        """Plain types for a JSON file."""
        return {
            "kinds": dict(self.kinds),
            "target": self.target,
            "source_columns": list(self.source_columns),
            "categories": {name: list(values) for name, values in self.categories.items()},
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Schema:
        """The inverse of :meth:`to_dict`.

        Raises
        ------
        InvalidInput
            A part is absent or of the wrong kind.
        """
        try:
            return cls(
                {str(name): str(kind) for name, kind in values["kinds"].items()},
                str(values["target"]),
                tuple(str(name) for name in values["source_columns"]),
                {str(k): tuple(map(str, v)) for k, v in values["categories"].items()},
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise InvalidInput(f"The stored schema of the model is damaged: {error!r}.") from error

    def require(self, columns: Sequence[str], source: str) -> None:
        """Raise unless a later table holds every feature.

        Raises
        ------
        InvalidInput
            Columns are missing; near names are offered.
        """
        missing = [name for name in self.kinds if name not in columns]
        if not missing:
            return
        spare = [name for name in columns if name not in self.kinds]
        hints = [did_you_mean(name, spare) for name in missing[:3]]
        if all(name.startswith("column_") for name in columns):
            words = f"The file has no header and {len(columns)} columns; training had "
            hints = [f"{words}{len(self.source_columns)}: name them with names."]
        raise InvalidInput(
            f"{source} must hold the columns of training. It lacks {len(missing)}: "
            f"{listed(map(repr, missing), most=10)}. {' '.join(filter(None, hints))}".rstrip()
        )

    def select(self, frame: pl.DataFrame, source: str, *, decimal_comma: bool = False) -> Tidy:
        """The features of a later table, cleaned and of the kinds seen in training.

        Raises
        ------
        InvalidInput
            Columns are missing, or cells do not fit their column.
        """
        self.require(frame.columns, source)
        return cast_like(frame, self.kinds, decimal_comma=decimal_comma)

    def spare(self, frame: pl.DataFrame) -> tuple[str, ...]:
        """Columns of a later table that the training source did not have."""
        return tuple(name for name in frame.columns if name not in self.source_columns)

    def unseen(self, X: pl.DataFrame) -> dict[str, dict[str, int]]:
        """Text features to the values that training never saw, with their counts."""
        found = {}
        for name, values in self.categories.items():
            column = X[name].drop_nulls().rename("value")
            new = column.filter(~column.is_in(list(values)))
            if len(new):
                counts = new.value_counts().sort(["count", "value"], descending=[True, False])
                found[name] = {str(value): int(count) for value, count in counts.iter_rows()}
        return found
