import pytest

from evenkeel.errors import DoesNotApply, EvenkeelError, EvenkeelWarning
from evenkeel.resample.offer import NothingOffered, neighbors_offered
from evenkeel.resample.smote import SMOTE


def test_enough_rows_give_what_was_asked_for():
    assert neighbors_offered(SMOTE(k_neighbors=5), "k_neighbors", 6, "rare") == 5


@pytest.mark.parametrize(
    ("n_rows", "label", "within", "offered", "message"),
    [
        (5, "rare", "", 4, r"Class 'rare' has 5 rows, too few for k_neighbors=5 of SMOTE: .* is 4"),
        (1, 0, "", 0, "Class 0 has 1 row, .*: it has no neighbours"),
        (3, None, "", 2, "The table has 3 rows, too few"),
        (3, 1, "its largest cluster", 2, "Class 1 has 3 rows in its largest cluster, too few"),
    ],
)
def test_too_few_rows(n_rows, label, within, offered, message):
    with pytest.warns(EvenkeelWarning, match=message):
        assert neighbors_offered(SMOTE(), "k_neighbors", n_rows, label, within=within) == offered
    with pytest.raises(DoesNotApply, match="Lower k_neighbors"):
        neighbors_offered(SMOTE(strict=True), "k_neighbors", n_rows, label, within=within)


def test_nothing_offered_is_what_either_library_would_raise():
    for kind in (EvenkeelError, ValueError, RuntimeError, DoesNotApply):
        assert issubclass(NothingOffered, kind)
