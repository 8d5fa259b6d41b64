"""The Clearinghouse's ledger: who has, wrote, holds and may do what."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from optionix.store.models.base import Amount, Base, ChainKey, Flag, Int16, Int64, Int256Key, TextKey


class Balance(Base):
    """Free balance of an account, token units."""

    __tablename__ = "balance"

    chain_id: Mapped[ChainKey]
    account: Mapped[TextKey]
    token: Mapped[TextKey]
    free: Mapped[Amount]


class Book(Base):
    """A book: all legs of one account in one (market, side, expiry), which `book_key` packs.

    `kind` is numbered as in the contracts: 1 plain, 2 netted, 3 settled. `locked` in token units.
    """

    __tablename__ = "book"

    chain_id: Mapped[ChainKey]
    account: Mapped[TextKey]
    book_key: Mapped[Int256Key]
    kind: Mapped[Int16]
    leg_count: Mapped[Int64]
    locked: Mapped[Amount]

    __table_args__ = (Index(None, "chain_id", "book_key"),)


class Leg(Base):
    """A leg of a book in WAD contracts: negative written, positive placed. A leg that came to zero keeps its row."""

    __tablename__ = "leg"

    chain_id: Mapped[ChainKey]
    account: Mapped[TextKey]
    series_id: Mapped[Int256Key]
    amount: Mapped[Amount]

    __table_args__ = (Index(None, "chain_id", "series_id"),)


class Position(Base):
    """Option tokens (ERC-1155) of an account, WAD contracts. A position that came to zero keeps its row."""

    __tablename__ = "position"

    chain_id: Mapped[ChainKey]
    account: Mapped[TextKey]
    series_id: Mapped[Int256Key]
    amount: Mapped[Amount]

    __table_args__ = (Index(None, "chain_id", "series_id"),)


class Operator(Base):
    """Rights of an operator over an account: 1 TRADE, 2 WITHDRAW."""

    __tablename__ = "operator"

    chain_id: Mapped[ChainKey]
    account: Mapped[TextKey]
    operator: Mapped[TextKey]
    flags: Mapped[Int16]


class TokenApproval(Base):
    """Whether an operator may move all option tokens of an account (ERC-1155 ApprovalForAll)."""

    __tablename__ = "token_approval"

    chain_id: Mapped[ChainKey]
    account: Mapped[TextKey]
    operator: Mapped[TextKey]
    approved: Mapped[Flag]


class RedeemFor(Base):
    """Whether anybody may redeem for an account that has code."""

    __tablename__ = "redeem_for"

    chain_id: Mapped[ChainKey]
    account: Mapped[TextKey]
    allowed: Mapped[Flag]


class FeePot(Base):
    """Fees of a (market, side, expiry), token units: what is in the pot now, all that came in, what bounties took."""

    __tablename__ = "fee_pot"

    chain_id: Mapped[ChainKey]
    book_key: Mapped[Int256Key]
    assets: Mapped[Amount]
    accrued: Mapped[Amount]
    bounty_paid: Mapped[Amount]


class BountyCap(Base):
    """The most that bounties are paid from one pot in a token, token units; 0 is no cap."""

    __tablename__ = "bounty_cap"

    chain_id: Mapped[ChainKey]
    token: Mapped[TextKey]
    cap: Mapped[Amount]
