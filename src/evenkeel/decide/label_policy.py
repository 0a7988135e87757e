"""What decisions on several labels are to achieve: label by label, or in one pooled figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from evenkeel._checks import check_choice, did_you_mean
from evenkeel.confusion import beta_of
from evenkeel.decide.policy import Policy
from evenkeel.errors import DamagedRun, EvenkeelError, InvalidInput, InvalidType

if TYPE_CHECKING:
    from collections.abc import Sequence

AVERAGES = ("macro", "micro")


@dataclass(frozen=True, kw_only=True)
class LabelPolicy:
    """What decisions on several labels are to achieve.

    ``"macro"``: every label is served as well as can be by its own threshold, so the mean over
    labels is, too. ``"micro"``: one figure from the decisions of all labels together; F-beta,
    accuracy or costs. Accuracy and costs add up, so there both are the same.

    Parameters
    ----------
    policy
        Of every label that ``by_label`` does not name.
    average
        ``"macro"`` or ``"micro"``.
    by_label
        Policies of single labels, by their name; with ``"macro"`` only.

    Raises
    ------
    InvalidInput, InvalidType
        Another average, a policy of micro that is not F-beta, accuracy or costs, or values that are
        no policies.

    Examples
    --------
    >>> LabelPolicy.micro("f1").sentence()
    'the highest F1 over the decisions of all labels together'
    >>> LabelPolicy.of({"urgent": Policy.min_recall(0.95)}).sentence()
    'for each label the highest F1; urgent: the highest precision with a recall of at least 0.95'
    """

    policy: Policy
    average: str = "macro"
    by_label: Mapping[Any, Policy] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_choice(self.average, AVERAGES, "average", "LabelPolicy")
        for policy in (self.policy, *self.by_label.values()):
            if not isinstance(policy, Policy):
                raise InvalidType(
                    f"LabelPolicy must hold policies. Got {type(policy).__name__}. "
                    "Write Policy.metric('f1'), Policy(cost_fn=10, cost_fp=1), ..."
                )
            policy.check(2)
        if self.average == "macro":
            return
        if self.by_label:
            raise InvalidInput(
                "Policies of single labels and one figure of all labels exclude each other. "
                "Use average='macro', or leave by_label out."
            )
        limited = Policy.metric(self.policy.goal) != self.policy if self.beta else False
        if limited or not (self.beta or self.policy.goal in {"accuracy", "cost"}):
            raise InvalidInput(
                "micro must be F-beta, accuracy or costs without a minimum or a limit. Got "
                f"{self.policy.sentence()!r}. Use average='macro'."
            )

    @classmethod
    def macro(cls, policy: Policy | str = "f1") -> Self:
        """Every label by itself; a word is a decision metric."""
        return cls(policy=_policy(policy))

    @classmethod
    def micro(cls, policy: Policy | str = "f1") -> Self:
        """All labels in one figure; a word is ``"f<beta>"`` or ``"accuracy"``."""
        return cls(policy=_policy(policy), average="micro")

    @classmethod
    def of(cls, given: Any) -> Self:
        """A policy as people write it: None (F1 of each label), a Policy for each, or a dict by label."""
        if isinstance(given, cls):
            return given
        if isinstance(given, Mapping):
            return cls(policy=Policy.metric("f1"), by_label=dict(given))
        return cls(policy=Policy.metric("f1") if given is None else given)

    @property
    def beta(self) -> float | None:
        """The beta of the F-beta that all labels are pooled in; None for anything else."""
        return beta_of(self.policy.goal) if self.average == "micro" else None

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that decisions need besides the scores."""
        every = (self.policy, *self.by_label.values())
        return tuple(dict.fromkeys(name for policy in every for name in policy.columns))

    def of_labels(self, labels: Sequence[Any]) -> tuple[Policy, ...]:
        """The policy of each label, in order; InvalidInput when ``by_label`` names any other."""
        unknown = [name for name in self.by_label if name not in labels]
        if unknown:
            known = [str(label) for label in labels]
            raise InvalidInput(
                f"by_label of LabelPolicy must name labels of Y. Got {unknown[0]!r}. "
                f"{did_you_mean(str(unknown[0]), known)}".rstrip()
            )
        return tuple(self.by_label.get(label, self.policy) for label in labels)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "policy": self.policy.to_dict(),
            "average": self.average,
            "by_label": [
                [plain_label(label), policy.to_dict()] for label, policy in self.by_label.items()
            ],
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """The policy that ``to_dict`` wrote; DamagedRun when it is anything else."""
        try:
            pairs = {label: Policy.from_dict(policy) for label, policy in stored["by_label"]}
            policy = Policy.from_dict(stored["policy"])
            return cls(policy=policy, average=stored["average"], by_label=pairs)
        except (EvenkeelError, KeyError, TypeError, ValueError) as error:
            raise DamagedRun(f"The stored policy cannot be used: {error}") from error

    def sentence(self) -> str:
        """The policy in plain words."""
        if self.average == "micro":
            return f"{self.policy.sentence()} over the decisions of all labels together"
        each = [f"{label}: {policy.sentence()}" for label, policy in self.by_label.items()]
        return "; ".join([f"for each label {self.policy.sentence()}", *each])


def plain_label(label: Any) -> str | int | float | bool:
    """A label as JSON can hold it; InvalidType when it cannot."""
    plain = label.item() if hasattr(label, "item") else label
    if not isinstance(plain, str | int | float):
        raise InvalidType(
            f"label of a stored decision must be text, a number or a truth value. Got {label!r}."
        )
    return plain


def _policy(given: Policy | str) -> Policy:
    return Policy.metric(given) if isinstance(given, str) else given
