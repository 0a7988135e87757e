"""What a resampler tells the tools of scikit-learn and imbalanced-learn about itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from sklearn.utils import InputTags, Tags


@dataclass
class TableTags(InputTags):  # type: ignore[misc]
    """Input tags of scikit-learn, and whether frames are taken; imbalanced-learn's checks read it."""

    dataframe: bool = True


@dataclass
class SamplerTags:
    """Whether ``sample_indices_`` tells the row of each output row; as in imbalanced-learn."""

    sample_indices: bool = False


@dataclass
class ResamplerTags(Tags):  # type: ignore[misc]
    """Tags of scikit-learn, and those of a resampler."""

    sampler_tags: SamplerTags = field(default_factory=SamplerTags)
