"""Everything an account has on the exchange, valued at one block."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from api.accounts import repository
from api.accounts.schemas import (
    Account,
    Activity,
    BookLeg,
    BookView,
    History,
    Position,
    TokenBalance,
    VaultHolding,
)
from api.money import STRIKE_DECIMALS, WAD_DECIMALS, decimal_string
from api.paging import decode_cursor, encode_cursor
from api.reader import Reader
from api.valuation.repository import MarketState, market_state, markets
from api.valuation.service import STRIKE_UNIT, Valuation
from api.vaults.service import requests_of
from optionix.instruments import Side, split_book_key
from optionix.pricing import book as book_rules
from optionix.pricing import vault as vault_pricing
from optionix.pricing.payoff import WAD, collateral_up, payoff_down, scale_of
from optionix.pricing.vault import QuoteRefused
from optionix.store.models import AccountActivity, Book, Leg, Series, Token

KINDS = ("NONE", "PLAIN", "NETTED", "SETTLED")
PLAIN = 1


async def account(reader: Reader, address: str) -> Account:
    """Balances, positions, books, vault shares and requests of an account."""
    valuations = {market.market: Valuation(await market_state(reader, market)) for market in await markets(reader)}
    paid = await repository.premium_paid(reader, address)
    return Account(
        block=await reader.head(),
        account=address,
        balances=[
            TokenBalance(
                token=token.address,
                symbol=token.symbol,
                decimals=token.decimals,
                free=decimal_string(balance.free, token.decimals),
            )
            for balance, token in await repository.balances(reader, address)
        ],
        positions=[
            _position(valuations[series.market], series, position.amount, paid.get(series.series_id, 0))
            for position, series in await repository.positions(reader, address)
        ],
        books=_books(valuations, await repository.books(reader, address), await repository.legs(reader, address)),
        vaults=await _holdings(reader, valuations.values(), address),
        requests=await requests_of(reader, None, address),
        operators={row.operator: row.flags for row in await repository.operators(reader, address)},
    )


async def history(reader: Reader, address: str, limit: int, cursor: str | None) -> History:
    """What happened to an account, newest first."""
    before = decode_cursor(cursor) if cursor else None
    rows = await repository.activity(reader, address, limit + 1, before)
    names = {
        row.series_id: row.name
        for row in await reader.all(
            select(Series).where(
                Series.chain_id == reader.chain_id,
                Series.series_id.in_({row.series_id for row in rows if row.series_id is not None}),
            )
        )
    }
    tokens = {
        token.address: token for token in await reader.all(select(Token).where(Token.chain_id == reader.chain_id))
    }
    last = rows[limit - 1] if len(rows) > limit else None
    return History(
        block=await reader.head(),
        account=address,
        activity=[_activity(row, names, tokens) for row in rows[:limit]],
        next_cursor=encode_cursor(last.block_number, last.log_index) if last else None,
    )


def _position(valuation: Valuation, series: Series, amount: int, paid: int) -> Position:
    state = valuation.state
    side, strike = Side(series.side), series.strike * STRIKE_UNIT
    asset, _, decimals = state.asset(series.side)
    settlement = state.expiries[series.expiry].settlement_price
    mark = value = payoff = None
    delta = vega = None
    if settlement is not None:
        scale = scale_of(decimals)
        owed = payoff_down(side, strike, settlement, amount, scale)
        payoff = value = decimal_string(owed, decimals)
        mark = decimal_string(payoff_down(side, strike, settlement, WAD, scale), decimals)
    else:
        try:
            priced = valuation.value(series)
        except QuoteRefused:
            priced = None
        if priced is not None:
            mark = decimal_string(priced.mid, WAD_DECIMALS)
            value = decimal_string(amount * priced.mid // (WAD * scale_of(decimals)), decimals)
            delta = priced.delta * amount / WAD**2
            vega = priced.vega * amount / WAD**2 / 100
    return Position(
        name=series.name,
        series_id=str(series.series_id),
        market=state.symbol,
        side=side.name,
        strike=decimal_string(series.strike, STRIKE_DECIMALS),
        expiry=series.expiry,
        amount=decimal_string(amount, WAD_DECIMALS),
        asset=asset,
        mark=mark,
        value=value,
        delta=delta,
        vega=vega,
        settled=settlement is not None,
        payoff=payoff,
        premium_paid=decimal_string(paid, decimals),
    )


def _books(
    valuations: dict[int, Valuation], books: Iterable[Book], legs: Iterable[tuple[Leg, Series]]
) -> list[BookView]:
    by_key: dict[int, list[tuple[Leg, Series]]] = {}
    for leg, series in legs:
        by_key.setdefault(series.series_id >> 64, []).append((leg, series))
    return [_book(valuations, book, by_key.get(book.book_key, [])) for book in books]


def _book(valuations: dict[int, Valuation], book: Book, legs: list[tuple[Leg, Series]]) -> BookView:
    market, side, expiry = split_book_key(book.book_key)
    state = valuations[market].state
    asset, _, decimals = state.asset(int(side))
    scale = scale_of(decimals)
    if book.kind == PLAIN:
        required = sum(collateral_up(side, series.strike * STRIKE_UNIT, -leg.amount, scale) for leg, series in legs)
    else:
        required = book_rules.required(side, [book_rules.Leg(series.strike, leg.amount) for leg, series in legs], scale)
    return BookView.model_validate(
        {
            "key": str(book.book_key),
            "market": state.symbol,
            "side": side.name,
            "expiry": expiry,
            "kind": KINDS[book.kind],
            "asset": asset,
            "locked": decimal_string(book.locked, decimals),
            "required": decimal_string(required, decimals),
            "legs": [
                BookLeg(
                    name=series.name,
                    series_id=str(series.series_id),
                    strike=decimal_string(series.strike, STRIKE_DECIMALS),
                    amount=decimal_string(leg.amount, WAD_DECIMALS),
                )
                for leg, series in legs
            ],
        }
    )


async def _holdings(reader: Reader, valuations: Iterable[Valuation], address: str) -> list[VaultHolding]:
    held = {row.vault: row.shares for row in await repository.shares(reader, address)}
    return [
        _holding(valuation, valuation.state, side, held[vault.address])
        for valuation in valuations
        for side, vault in sorted(valuation.state.vaults.items())
        if vault.address in held
    ]


def _holding(valuation: Valuation, state: MarketState, side: int, shares: int) -> VaultHolding:
    vault = state.vaults[side]
    legs = valuation.marks(vault)
    net_assets = vault.idle_assets + vault.locked - vault_pricing.total(marks for _, _, marks, _ in legs).mid
    priced = all(known for _, _, _, known in legs)
    worth = net_assets * shares // vault.total_supply if vault.total_supply else 0
    return VaultHolding(
        vault=vault.address,
        symbol=vault.symbol,
        asset=state.asset(side)[0],
        shares=decimal_string(shares, vault.decimals),
        value=decimal_string(worth, vault.asset_decimals) if priced else None,
    )


def _activity(row: AccountActivity, names: dict[int, str], tokens: dict[str, Token]) -> Activity:
    token = tokens.get(row.token) if row.token else None
    return Activity(
        id=f"{row.block_number}.{row.log_index}.{row.kind}",
        block_number=row.block_number,
        timestamp=row.timestamp,
        transaction=row.tx_hash,
        kind=row.kind,
        name=names.get(row.series_id) if row.series_id is not None else None,
        amount=decimal_string(row.amount, WAD_DECIMALS) if row.amount is not None else None,
        assets=decimal_string(row.assets, token.decimals) if token and row.assets is not None else None,
        asset=token.symbol if token else None,
        vault=row.vault,
        counterparty=row.counterparty,
    )
