"""Simulated card payments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from evenkeel._checks import check_number

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
    share = rng.lognormal(0.0, 0.7, n_customers)
    share /= share.sum()
    thefts = _thefts(rng, max(1, round(FRAUD_SHARE * n_rows)), share)
    n_fraud = thefts.when.size
    when = np.concatenate([thefts.when, _moments(rng, n_rows - n_fraud)]).round()
    who = np.concatenate([thefts.who, rng.choice(n_customers, n_rows - n_fraud, p=share)])
    order = np.argsort(when, kind="stable")
    fraud, first = order < n_fraud, np.isin(order, np.flatnonzero(thefts.first))
    when, who = when[order], who[order]
    card = _cards(rng, when, who, n_customers, thefts)
    columns = _features(rng, who, fraud, first, n_customers)
    return _frame(rng, when, card, columns, fraud)


class _Thefts(NamedTuple):
    when: Floats  # (n_fraud,), seconds
    who: Ints  # (n_fraud,), customers
    first: NDArray[np.bool_]  # (n_fraud,), the first payment with a stolen card
    victim: Ints  # (n_thefts,), customers
    blocked: Floats  # (n_thefts,), seconds


def _thefts(rng: np.random.Generator, n_fraud: int, share: Floats) -> _Thefts:
    """Bursts of payments with stolen cards, exactly ``n_fraud`` in all."""
    burst = 1 + rng.poisson(BURST - 1, n_fraud)
    burst = burst[: int(np.searchsorted(np.cumsum(burst), n_fraud)) + 1]
    burst[-1] -= int(burst.sum()) - n_fraud  # the last card is blocked in time
    victim = rng.choice(share.size, burst.size, p=share)
    start = np.cumsum(burst) - burst
    theft = np.repeat(np.arange(burst.size), burst)
    first = np.arange(n_fraud) == start[theft]
    passed = np.cumsum(np.where(first, 0.0, rng.exponential(2.5 * HOUR, n_fraud)))
    stolen = rng.uniform(0, SPAN - 4 * DAY, burst.size)
    when = np.minimum(stolen[theft] + passed - passed[start][theft], SPAN - 1)
    blocked = when[start + burst - 1] + rng.exponential(5 * HOUR, burst.size)
    return _Thefts(when, victim[theft], first, victim, blocked)


def _moments(rng: np.random.Generator, n: int) -> Floats:
    """Times of honest payments: any day, mostly around breakfast, lunch, shopping and late."""
    around = rng.choice([8.5, 12.5, 18.0, 22.0], n, p=[0.2, 0.28, 0.4, 0.12])
    clock = (around + rng.normal(0, 2.0, n)) % 24 * HOUR
    return np.asarray(rng.integers(0, int(SPAN // DAY), n) * DAY + clock)


def _cards(
    rng: np.random.Generator,
    when: Floats,
    who: Ints,
    n_customers: int,
    thefts: _Thefts,
) -> Ints:
    """A card number for each payment: a customer's next one from each replacement on."""
    n_regular = rng.poisson(SPAN / CARD_LIFE, n_customers)
    owner = np.concatenate([np.repeat(np.arange(n_customers), n_regular), thefts.victim])
    moment = np.concatenate([rng.uniform(0, SPAN, int(n_regular.sum())), thefts.blocked])
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
    amount = np.exp(level + rng.normal(0, 0.75, n) + np.where(fraud, 1.0, 0.0))
    tried = first & fraud & (rng.random(n) < 0.3)  # a thief may try the card with next to nothing
    amount[tried] = rng.uniform(0.5, 5.0, n)[tried]
    home = rng.choice(len(COUNTRIES), n_customers, p=_falling(len(COUNTRIES)))[who]
    abroad = rng.random(n) < np.where(fraud, 0.50, 0.04)
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
        "new_device": rng.random(n) < np.where(fraud, 0.65, 0.03),
        "hurried": rng.random(n) < np.where(fraud, 0.15, 0.03),
    }


def _frame(
    rng: np.random.Generator,
    when: Floats,
    card: Ints,
    columns: dict[str, NDArray[Any]],
    fraud: NDArray[np.bool_],
) -> pl.DataFrame:
    import polars as pl

    hours, recent = _history(when, card)
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
