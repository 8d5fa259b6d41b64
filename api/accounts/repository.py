"""The rows of one account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import case, func, or_, select, tuple_

from api.reader import Reader
from optionix.store.models import (
    AccountActivity,
    Balance,
    Book,
    Leg,
    Operator,
    Position,
    Series,
    Token,
    Trade,
    VaultShare,
)


async def balances(reader: Reader, account: str) -> Sequence[Any]:
    """Free balances above zero with their tokens."""
    return await reader.rows(
        select(Balance, Token)
        .join(Token, (Token.chain_id == Balance.chain_id) & (Token.address == Balance.token))
        .where(Balance.chain_id == reader.chain_id, Balance.account == account, Balance.free > 0)
        .order_by(Token.symbol)
    )


async def positions(reader: Reader, account: str) -> Sequence[Any]:
    """Option tokens held with their series."""
    return await reader.rows(
        select(Position, Series)
        .join(Series, (Series.chain_id == Position.chain_id) & (Series.series_id == Position.series_id))
        .where(Position.chain_id == reader.chain_id, Position.account == account, Position.amount > 0)
        .order_by(Series.expiry, Series.market, Series.strike)
    )


async def books(reader: Reader, account: str) -> Sequence[Book]:
    """Books that lock something or have a leg."""
    return await reader.all(
        select(Book)
        .where(Book.chain_id == reader.chain_id, Book.account == account, (Book.locked > 0) | (Book.leg_count > 0))
        .order_by(Book.book_key)
    )


async def legs(reader: Reader, account: str) -> Sequence[Any]:
    """Legs that are not zero with their series, ascending."""
    return await reader.rows(
        select(Leg, Series)
        .join(Series, (Series.chain_id == Leg.chain_id) & (Series.series_id == Leg.series_id))
        .where(Leg.chain_id == reader.chain_id, Leg.account == account, Leg.amount != 0)
        .order_by(Series.series_id)
    )


async def shares(reader: Reader, account: str) -> Sequence[VaultShare]:
    """Vault shares held."""
    return await reader.all(
        select(VaultShare).where(
            VaultShare.chain_id == reader.chain_id, VaultShare.account == account, VaultShare.shares > 0
        )
    )


async def operators(reader: Reader, account: str) -> Sequence[Operator]:
    """Operators with rights over the account."""
    return await reader.all(
        select(Operator)
        .where(Operator.chain_id == reader.chain_id, Operator.account == account, Operator.flags != 0)
        .order_by(Operator.operator)
    )


async def premium_paid(reader: Reader, account: str) -> dict[int, int]:
    """Premium and fees paid less received, token units of the settlement asset by series.

    The taker bears the fee, on top of what it pays or out of what it gets; the maker of a signed order pays or gets the
    premium alone.
    """
    taken = case((Trade.is_buy, Trade.premium + Trade.fee), else_=Trade.fee - Trade.premium)
    made = case((Trade.is_buy, -Trade.premium), else_=Trade.premium)
    signed = case((Trade.taker == account, taken), else_=made)
    rows = await reader.rows(
        select(Trade.series_id, func.sum(signed))
        .where(Trade.chain_id == reader.chain_id, or_(Trade.taker == account, Trade.maker == account))
        .group_by(Trade.series_id)
    )
    return {int(row[0]): int(row[1]) for row in rows}


async def activity(
    reader: Reader, account: str, limit: int, before: tuple[int, int] | None
) -> Sequence[AccountActivity]:
    """What happened to the account, newest first."""
    query = select(AccountActivity).where(
        AccountActivity.chain_id == reader.chain_id, AccountActivity.account == account
    )
    if before is not None:
        query = query.where(tuple_(AccountActivity.block_number, AccountActivity.log_index) < before)
    return await reader.all(
        query.order_by(
            AccountActivity.block_number.desc(), AccountActivity.log_index.desc(), AccountActivity.kind
        ).limit(limit)
    )
