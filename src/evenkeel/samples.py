"""Tables to try things on: simulated card payments, and scikit-learn's bundled sets made rare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import check_choice, check_number
from evenkeel.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

HOUR, DAY = 3600.0, 86400.0  # seconds
SPAN = 180 * DAY
START = 1_735_689_600  # 2025-01-01, in seconds
FRAUD_SHARE = 0.0045
BURST = 3.0  # fraudulent payments with a stolen card, on average
CARD_LIFE = 30 * DAY  # numbers are virtual: they are replaced often, and at once after fraud
CATEGORIES = {
    # share of honest payments, share of fraud, typical amount
    "grocery": (0.27, 0.11, 32.0),
    "restaurant": (0.17, 0.07, 27.0),
    "online retail": (0.16, 0.27, 48.0),
    "fuel": (0.10, 0.06, 45.0),
    "transport": (0.10, 0.05, 9.0),
    "entertainment": (0.07, 0.08, 19.0),
    "electronics": (0.05, 0.17, 120.0),
    "travel": (0.04, 0.07, 210.0),
    "gift cards": (0.02, 0.09, 40.0),
    "utilities": (0.02, 0.03, 75.0),
}
CHANNELS = ("contactless", "chip", "online", "cash machine")
COUNTRIES = ("DE", "FR", "NL", "PL", "ES", "IT", "GB", "US", "TR", "BR")
DATASETS = ("breast_cancer", "digits", "iris", "wine")


def payments(n_rows: int = 200_000, seed: int = 7) -> pl.DataFrame:
    """Simulated card payments over 180 days, about 0.45 % of them fraud.

    Customers pay at their own pace, with their own amounts and home country. Card numbers are issued
    and retired all the time. A stolen one is used a few times within hours, often abroad, online, from
    a new device and for more money; it is then blocked and replaced. Much fraud looks honest, and
    much that is honest looks odd, so no model separates the two.

    Parameters
    ----------
    n_rows
        Rows, at least 100.
    seed
        Same seed, same table.

    Returns
    -------
    polars.DataFrame
        Sorted by ``ts``. Columns ``ts`` (time), ``card`` (number), ``amount`` (euros),
        ``merchant_category``, ``country``, ``channel``, ``distance_km`` from home (missing for most
        payments online), ``hours_since_last`` and ``payments_24h`` on the same card, ``new_device``,
        ``note`` (free text), ``is_fraud`` (0 or 1).

    Raises
    ------
    InvalidInput, InvalidType
        ``n_rows`` or ``seed`` is no whole number in range.

    Examples
    --------
    >>> table = payments(5_000, seed=1)
    >>> table.height, table["ts"].is_sorted(), int(table["is_fraud"].sum())
    (5000, True, 22)
    """
    check_number(n_rows, "n_rows", "payments", low=100, whole=True)
    check_number(seed, "seed", "payments", low=0, whole=True)
    rng = np.random.default_rng(seed)
    n_customers = max(20, n_rows // 60)
    pace = rng.lognormal(0.0, 0.7, n_customers)
    when, who, fraud, first, blocked = _payments_in_time(rng, n_rows, pace / pace.sum())
    card = _cards(rng, when, who, n_customers, blocked)
    hours, recent = _history(when, card)
    columns = _features(rng, who, fraud, first, n_customers)
    return _frame(rng, when, card, hours, recent, columns, fraud)


def rare(name: str = "breast_cancer", *, ratio: float = 20.0, seed: int = 0) -> pl.DataFrame:
    """One of scikit-learn's bundled data sets with one class cut until it is rare.

    Parameters
    ----------
    name
        ``"breast_cancer"`` (malignant is cut), ``"digits"`` (9), ``"wine"`` (class_2) or ``"iris"``
        (virginica).
    ratio
        Rows of the largest class for each row of the rare one, afterwards.
    seed
        Chooses the rows that stay.

    Returns
    -------
    polars.DataFrame
        Features and, last, ``target``; rows in their first order.

    Raises
    ------
    InvalidInput
        An unknown name, or a ratio that leaves fewer than 2 rows or asks for more than there are.

    Examples
    --------
    >>> rare("iris", ratio=10)["target"].value_counts(sort=True)["count"].to_list()
    [50, 50, 5]
    """
    import polars as pl

    check_choice(name, DATASETS, "name", "rare")
    check_number(ratio, "ratio", "rare", low=1)
    X, y, columns = _load(name)
    scarce = {"breast_cancer": "malignant", "digits": 9, "wine": "class_2", "iris": "virginica"}[
        name
    ]
    at = np.flatnonzero(y == scarce)
    keep = round(np.unique(y, return_counts=True)[1].max() / ratio)
    if not 2 <= keep <= at.size:
        raise InvalidInput(
            f"ratio of rare must leave between 2 and {at.size} rows of class {scarce!r} of {name}. "
            f"Got {ratio:g}, which leaves {keep}."
        )
    gone = np.random.default_rng(seed).permutation(at)[keep:]
    left = np.delete(np.arange(y.size), gone)
    table = pl.DataFrame(X[left], schema=columns)
    return table.with_columns(target=pl.Series(y[left].tolist()))


def _load(name: str) -> tuple[Floats, NDArray[Any], list[str]]:
    from sklearn import datasets

    found = getattr(datasets, f"load_{name}")()
    names = [str(column).replace(" ", "_") for column in found.feature_names]
    labels = found.target if name == "digits" else found.target_names[found.target]
    return found.data, labels, names


def _payments_in_time(
    rng: np.random.Generator, n_rows: int, share: Floats
) -> tuple[Floats, Ints, NDArray[np.bool_], NDArray[np.bool_], tuple[Ints, Floats]]:
    """When, by whom, fraud or not, first of its burst; and the customers and moments of blocking."""
    n_events = max(1, round(FRAUD_SHARE * n_rows / BURST))
    victim = rng.choice(share.size, n_events, p=share)
    burst = 1 + rng.poisson(BURST - 1, n_events)
    excess = int(burst.sum()) - max(1, round(FRAUD_SHARE * n_rows))
    while excess > 0:  # the share of fraud does not hang on a few long bursts
        cut = min(excess, int(burst.max()) - 1)
        burst[burst.argmax()] -= max(1, cut // 2) if burst.max() > 1 else 0
        excess -= max(1, cut // 2)
    event = np.repeat(np.arange(n_events), burst)
    stolen = rng.uniform(0, SPAN - 4 * DAY, n_events)
    order = np.arange(event.size) - np.repeat(np.cumsum(burst) - burst, burst)
    gaps = rng.exponential(2.5 * HOUR, event.size)
    gaps[order == 0] = 0
    used = np.cumsum(gaps)
    used = stolen[event] + used - used[np.cumsum(burst) - burst][event]
    last = np.zeros(n_events)
    np.maximum.at(last, event, used)
    blocked = last + rng.exponential(5 * HOUR, n_events)
    n_honest = n_rows - event.size
    payer = rng.choice(share.size, n_honest, p=share)
    hour_of_day = rng.choice([8.5, 12.5, 18.0, 22.0], n_honest, p=[0.2, 0.28, 0.4, 0.12])
    clock = (hour_of_day + rng.normal(0, 2.0, n_honest)) % 24 * HOUR
    moment = rng.integers(0, int(SPAN // DAY), n_honest) * DAY + clock
    when = np.concatenate([moment, np.minimum(used, SPAN - 1)]).round()
    by_time = np.argsort(when, kind="stable")
    fraud = np.concatenate([np.zeros(n_honest, bool), np.ones(event.size, bool)])
    first = np.concatenate([np.zeros(n_honest, bool), order == 0])
    who = np.concatenate([payer, victim[event]])
    return when[by_time], who[by_time], fraud[by_time], first[by_time], (victim, blocked)


def _cards(
    rng: np.random.Generator,
    when: Floats,
    who: Ints,
    n_customers: int,
    blocked: tuple[Ints, Floats],
) -> Ints:
    """A card number for each payment: a customer's next one from each replacement on."""
    n_regular = rng.poisson(SPAN / CARD_LIFE, n_customers)
    owner = np.concatenate([np.repeat(np.arange(n_customers), n_regular), blocked[0]])
    moment = np.concatenate([rng.uniform(0, SPAN, int(n_regular.sum())), blocked[1]])
    replaced = np.sort(owner * (2 * SPAN) + moment)  # customer after customer, each in time
    serial = np.searchsorted(replaced, who * (2 * SPAN) + when, side="right") + who
    shuffled = rng.permutation(replaced.size + n_customers)
    return np.asarray(shuffled[serial])


def _history(when: Floats, card: Ints) -> tuple[Floats, Ints]:
    """Hours since the last payment with the card (NaN for the first), and how many in 24 hours."""
    order = np.lexsort((when, card))
    key = card[order] * (2 * SPAN) + when[order]
    gap = np.diff(when[order], prepend=np.nan)
    gap[np.flatnonzero(np.diff(card[order], prepend=-1))] = np.nan
    before = np.arange(key.size) - np.searchsorted(key, key - DAY)
    hours, recent = np.empty(key.size), np.empty(key.size, np.int64)
    hours[order], recent[order] = gap / HOUR, before
    return hours, recent


def _features(
    rng: np.random.Generator,
    who: Ints,
    fraud: NDArray[np.bool_],
    first: NDArray[np.bool_],
    n_customers: int,
) -> dict[str, NDArray[Any]]:
    n = who.size
    honest_share, fraud_share, typical = np.array(list(CATEGORIES.values())).T
    category = _draw(rng, np.where(fraud[:, None], fraud_share, honest_share))
    level = np.log(typical)[category] + rng.normal(0, 0.35, n_customers)[who]
    amount = np.exp(level + rng.normal(0, 0.75, n) + np.where(fraud, 0.75, 0.0))
    tried = first & fraud & (rng.random(n) < 0.3)  # a thief may try the card with next to nothing
    amount[tried] = rng.uniform(0.5, 5.0, n)[tried]
    home = rng.choice(len(COUNTRIES), n_customers, p=_falling(len(COUNTRIES)))[who]
    abroad = rng.random(n) < np.where(fraud, 0.30, 0.05)
    country = np.where(abroad, rng.integers(0, len(COUNTRIES), n), home)
    online = np.isin(category, [2, 5, 7, 8])
    by_kind = np.where(online[:, None], [0.06, 0.09, 0.85, 0.0], [0.60, 0.28, 0.05, 0.07])
    by_thief = np.where(online[:, None], [0.02, 0.03, 0.95, 0.0], [0.35, 0.10, 0.45, 0.10])
    channel = _draw(rng, np.where(fraud[:, None], by_thief, by_kind))
    reach = np.where(abroad, 900.0, 6.0) * np.where(fraud, 2.0, 1.0)
    distance = reach * rng.lognormal(0, 1.0, n)
    distance[rng.random(n) < np.where(channel == 2, 0.85, 0.03)] = np.nan
    return {
        "amount": amount.round(2).clip(0.01),
        "category": category,
        "country": country,
        "channel": channel,
        "distance": distance.round(1),
        "new_device": rng.random(n) < np.where(fraud, 0.40, 0.04),
        "hurried": rng.random(n) < np.where(fraud, 0.15, 0.03),
    }


def _frame(
    rng: np.random.Generator,
    when: Floats,
    card: Ints,
    hours: Floats,
    recent: Ints,
    columns: dict[str, NDArray[Any]],
    fraud: NDArray[np.bool_],
) -> pl.DataFrame:
    import polars as pl

    table = pl.DataFrame(
        {
            "ts": (when.astype(np.int64) + START) * 1000,
            "card": card,
            "amount": columns["amount"],
            "merchant_category": _words(tuple(CATEGORIES), columns["category"]),
            "country": _words(COUNTRIES, columns["country"]),
            "channel": _words(CHANNELS, columns["channel"]),
            "distance_km": columns["distance"],
            "hours_since_last": hours.round(3),
            "payments_24h": recent,
            "new_device": columns["new_device"],
            "note": _notes(rng, columns["category"], columns["hurried"]),
            "is_fraud": fraud.astype(np.int8),
        }
    )
    return table.with_columns(
        pl.col("ts").cast(pl.Datetime("ms")),
        pl.format("card-{}", pl.col("card").cast(pl.String).str.zfill(7)).alias("card"),
        pl.col("distance_km", "hours_since_last").fill_nan(None),
    )


def _notes(rng: np.random.Generator, category: Ints, hurried: NDArray[np.bool_]) -> Any:
    """Short free texts, a fifth of them missing; haste is a weak sign of fraud."""
    import polars as pl

    shops = ("north", "corner", "station", "harbour", "market", "old town", "airport", "mill")
    things = (
        "thank you",
        "weekly",
        "for two",
        "order",
        "ref",
        "monthly",
        "gift for anna",
        "invoice",
    )
    n = category.size
    parts = pl.DataFrame(
        {
            "shop": _words(shops, rng.integers(0, len(shops), n)),
            "kind": _words(tuple(CATEGORIES), category),
            "thing": _words(things, rng.integers(0, len(things), n)),
            "number": rng.integers(1, 10_000, n),
            "haste": _words(("", " express same day"), hurried.astype(np.int64)),
            "given": rng.random(n) < 0.8,
        }
    )
    text = pl.format(
        "{} {} {} {}{}", "shop", "kind", "thing", pl.col("number").cast(pl.String), "haste"
    )
    return parts.select(note=pl.when("given").then(text)).to_series()


def _words(words: tuple[str, ...], codes: NDArray[Any]) -> Any:
    import polars as pl

    return pl.Series(words).gather(codes)


def _draw(rng: np.random.Generator, shares: Floats) -> Ints:
    """One category for each row of shares ``(n, k)``."""
    reach = np.cumsum(shares, axis=1)
    return np.asarray((rng.random((len(shares), 1)) * reach[:, -1:] > reach).sum(axis=1))


def _falling(n: int) -> Floats:
    """Shares that halve about every second place."""
    weight = 0.7 ** np.arange(n)
    return np.asarray(weight / weight.sum())
