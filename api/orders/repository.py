"""Signed orders that were sent in, and what the chain's tables know of them and of their makers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, exists, or_, select, tuple_
from sqlalchemy.sql import ColumnElement

from api.errors import Unavailable
from api.reader import Reader
from optionix.instruments import Series as SeriesKey
from optionix.orders.funding import Ledger
from optionix.pricing.book import Leg as BookLeg
from optionix.store.models import (
    Balance,
    Book,
    Clearinghouse,
    Exchange,
    Leg,
    NonceFloor,
    Operator,
    OrderState,
    Position,
    Series,
    SignedOrder,
    TokenApproval,
    WatchedContract,
)

TRADE = 1
"""The Clearinghouse's flag."""
NETTED = 2


@dataclass(frozen=True)
class Known:
    """What the Exchange said of the nonces of some makers."""

    states: dict[tuple[str, int], OrderState]
    floors: dict[str, int]


async def exchange_address(reader: Reader) -> str:
    """The Exchange that signatures are for.

    Raises
    ------
    Unavailable
        Before the indexer has written which contracts it follows.
    """
    contract = await reader.first(
        select(WatchedContract).where(WatchedContract.chain_id == reader.chain_id, WatchedContract.name == "Exchange")
    )
    if contract is None:
        raise Unavailable("The Exchange of this network is not indexed yet. Try again in a moment.")
    return contract.address


async def fees(reader: Reader) -> Exchange | None:
    """The fees in force."""
    return await reader.first(select(Exchange).where(Exchange.chain_id == reader.chain_id))


async def series_by_id(reader: Reader, series_id: int) -> Series | None:
    """A listed series."""
    return await reader.first(select(Series).where(Series.chain_id == reader.chain_id, Series.series_id == series_id))


async def by_hash(reader: Reader, order_hash: str) -> SignedOrder | None:
    """One order."""
    return await reader.first(
        select(SignedOrder).where(SignedOrder.chain_id == reader.chain_id, SignedOrder.order_hash == order_hash)
    )


async def of_maker(
    reader: Reader, maker: str, limit: int, before: tuple[datetime, str] | None
) -> Sequence[SignedOrder]:
    """A maker's orders, newest first."""
    query = select(SignedOrder).where(SignedOrder.chain_id == reader.chain_id, SignedOrder.maker == maker)
    if before is not None:
        query = query.where(tuple_(SignedOrder.received_at, SignedOrder.order_hash) < before)
    return await reader.all(query.order_by(SignedOrder.received_at.desc(), SignedOrder.order_hash.desc()).limit(limit))


async def live_of_series(reader: Reader, series_id: int, limit: int) -> Sequence[SignedOrder]:
    """Orders of a series that may fill yet, by what is never taken back: their deadline, nonce and floor."""
    now = (await reader.head()).timestamp
    return await reader.all(
        select(SignedOrder)
        .where(SignedOrder.series_id == series_id, live(reader.chain_id, now))
        .order_by(SignedOrder.received_at, SignedOrder.order_hash)
        .limit(limit)
    )


def live(chain_id: int, now: int) -> ColumnElement[bool]:
    """Of a chain, in time, and not cancelled."""
    cancelled = exists().where(
        OrderState.chain_id == SignedOrder.chain_id,
        OrderState.maker == SignedOrder.maker,
        OrderState.nonce == SignedOrder.nonce,
        or_(
            OrderState.cancelled,
            and_(OrderState.order_hash.is_not(None), OrderState.order_hash != SignedOrder.order_hash),
        ),
    )
    below_floor = exists().where(
        NonceFloor.chain_id == SignedOrder.chain_id,
        NonceFloor.maker == SignedOrder.maker,
        NonceFloor.floor > SignedOrder.nonce,
    )
    return and_(SignedOrder.chain_id == chain_id, SignedOrder.deadline >= now, ~cancelled, ~below_floor)


async def known_of(reader: Reader, nonces: Collection[tuple[str, int]]) -> Known:
    """States of nonces, and floors of their makers."""
    states = await reader.all(
        select(OrderState).where(
            OrderState.chain_id == reader.chain_id, tuple_(OrderState.maker, OrderState.nonce).in_(nonces)
        )
    )
    floors = await reader.all(
        select(NonceFloor).where(
            NonceFloor.chain_id == reader.chain_id, NonceFloor.maker.in_({maker for maker, _ in nonces})
        )
    )
    return Known({(row.maker, row.nonce): row for row in states}, {row.maker: row.floor for row in floors})


class Ledgers:
    """What the Clearinghouse knows of some makers and of their books for one series; read once."""

    def __init__(self, series: SeriesKey, collateral: str) -> None:
        self._series = series
        self._collateral = collateral
        self._may_write = True
        self._traders: set[str] = set()
        self._deliverers: set[str] = set()
        self._free: dict[tuple[str, str], int] = {}
        self._held: dict[str, int] = {}
        self._netted: set[str] = set()
        self._legs: dict[str, list[BookLeg]] = {}

    @classmethod
    async def read(
        cls, reader: Reader, exchange: str, series: SeriesKey, collateral: str, makers: Collection[str]
    ) -> Ledgers:
        """Of these makers."""
        made, chain_id = cls(series, collateral), reader.chain_id
        house = await reader.first(select(Clearinghouse).where(Clearinghouse.chain_id == chain_id))
        made._may_write = house is None or not house.writes_paused
        for operator in await reader.all(
            select(Operator).where(
                Operator.chain_id == chain_id, Operator.account.in_(makers), Operator.operator == exchange
            )
        ):
            if operator.flags & TRADE:
                made._traders.add(operator.account)
        for approval in await reader.all(
            select(TokenApproval).where(
                TokenApproval.chain_id == chain_id,
                TokenApproval.account.in_(makers),
                TokenApproval.operator == exchange,
                TokenApproval.approved,
            )
        ):
            made._deliverers.add(approval.account)
        for balance in await reader.all(
            select(Balance).where(Balance.chain_id == chain_id, Balance.account.in_(makers))
        ):
            made._free[balance.account, balance.token] = balance.free
        for position in await reader.all(
            select(Position).where(
                Position.chain_id == chain_id, Position.account.in_(makers), Position.series_id == series.id
            )
        ):
            made._held[position.account] = position.amount
        await made._read_books(reader, makers)
        return made

    async def _read_books(self, reader: Reader, makers: Collection[str]) -> None:
        key = self._series.book_key
        for book in await reader.all(
            select(Book).where(
                Book.chain_id == reader.chain_id, Book.account.in_(makers), Book.book_key == key, Book.kind == NETTED
            )
        ):
            self._netted.add(book.account)
        for leg in await reader.all(
            select(Leg)
            .where(
                Leg.chain_id == reader.chain_id,
                Leg.account.in_(makers),
                Leg.series_id >= key << 64,
                Leg.series_id < key + 1 << 64,
                Leg.amount != 0,
            )
            .order_by(Leg.series_id)
        ):
            strike = SeriesKey.from_id(leg.series_id).strike
            self._legs.setdefault(leg.account, []).append(BookLeg(strike, leg.amount))

    def of(self, maker: str, premium_token: str) -> Ledger:
        """Of one maker, for an order in a token."""
        return Ledger(
            may_trade=maker in self._traders,
            may_deliver=maker in self._deliverers,
            may_write=self._may_write,
            free_premium=self._free.get((maker, premium_token), 0),
            free_collateral=self._free.get((maker, self._collateral), 0),
            held=self._held.get(maker, 0),
            is_netted=maker in self._netted,
            legs=self._legs.get(maker, ()),
        )
