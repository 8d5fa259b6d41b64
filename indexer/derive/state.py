"""All derived tables of one chain, and what a batch adds to those that only grow."""

from __future__ import annotations

from typing import Any, TypeVar

from indexer.decode.catalogue import Event
from indexer.derive import rows
from indexer.derive.due import Due
from indexer.derive.parts import WHOLE, Part
from indexer.derive.table import Before, Key, Loader, Table, TableSpec
from indexer.setup import ChainSetup
from optionix.instruments import Side, split_book_key

R = TypeVar("R")
Known = dict[str, dict[Key, Any]]
"""Rows of tables that are in memory whole, by table and key."""
CACHED_ROWS = 200_000
"""Most rows of one table that are kept in memory from one batch to the next."""


class State:
    """Derived tables, with the batch that is being built.

    Attributes
    ----------
    part : what of the tables it derives.
    appended : rows for the tables that only grow, by table, as dicts by column.
    topics : names of what changed, for live messages.
    quiet : the blocks are final: nothing is kept to take them back, and nobody waits for messages that name changes.
    """

    def __init__(self, setup: ChainSetup, loader: Loader, part: Part = WHOLE) -> None:
        self.setup = setup
        self.part = part
        self._tables: list[Table[Any]] = []
        self._loader = loader
        self.appended: dict[str, list[dict[str, Any]]] = {}
        self.topics: dict[str, None] = {}
        self.quiet = False
        self._assets: dict[int, str] = {}
        self.clearinghouse = self._table("clearinghouse", rows.Clearinghouse)
        self.volatility_oracle = self._table("volatility_oracle", rows.VolatilityOracle)
        self.market = self._table("market", rows.Market)
        self.feed_version = self._table("feed_version", rows.FeedVersion)
        self.expiry = self._table("expiry", rows.Expiry)
        self.feed_checkpoint = self._table("feed_checkpoint", rows.FeedCheckpoint)
        self.settlement_progress = self._table("settlement_progress", rows.SettlementProgress)
        self.series = self._table("series", rows.Series)
        self.surface = self._table("surface", rows.Surface)
        self.spot = self._table("spot", rows.Spot)
        self.spot_candle = self._table("spot_candle", rows.SpotCandle)
        self.feed_outage = self._table("feed_outage", rows.FeedOutage)
        self.exchange = self._table("exchange", rows.Exchange)
        self.order_state = self._table("order_state", rows.OrderState)
        self.nonce_floor = self._table("nonce_floor", rows.NonceFloor)
        self.balance = self._table("balance", rows.Balance)
        self.book = self._table("book", rows.Book)
        self.leg = self._table("leg", rows.Leg)
        self.position = self._table("position", rows.Position)
        self.operator = self._table("operator", rows.Operator)
        self.token_approval = self._table("token_approval", rows.TokenApproval)
        self.redeem_for = self._table("redeem_for", rows.RedeemFor)
        self.fee_pot = self._table("fee_pot", rows.FeePot)
        self.bounty_cap = self._table("bounty_cap", rows.BountyCap)
        self.vault = self._table("vault", rows.Vault)
        self.vault_series = self._table("vault_series", rows.VaultSeries)
        self.vault_share = self._table("vault_share", rows.VaultShare)
        self.vault_claim = self._table("vault_claim", rows.VaultClaim)
        self.vault_operator = self._table("vault_operator", rows.VaultOperator)
        self.lp_request = self._table("lp_request", rows.LpRequest)
        self.candle = self._table("candle", rows.Candle)
        self.daily_stats = self._table("daily_stats", rows.DailyStats)
        self.daily_volume = self._table("daily_volume", rows.DailyVolume)
        self.account_profit = self._table("account_profit", rows.AccountProfit)
        # Within one transaction only: trades that are not delivered yet, and whose contracts the Router has.
        self.due: dict[tuple[str, int], Due] = {}
        self.routed: dict[int, str] = {}

    def _table(self, name: str, row: type[R]) -> Table[R]:
        table: Table[R] = Table(TableSpec(name, row), self._loader)
        self._tables.append(table)
        return table

    @property
    def tables(self) -> list[Table[Any]]:
        """Every table that has a newest state."""
        return self._tables

    def known(self) -> Known:
        """What is in memory whole."""
        return {table.spec.name: table.rows for table in self._tables if table.complete}

    def learn(self, known: Known) -> None:
        """Take what another state had in memory, which may not go on with it."""
        for table in self._tables:
            if table.spec.name in known:
                table.take(known[table.spec.name])

    def append(self, table: str, **columns: Any) -> dict[str, Any]:
        """Add a row to a table that only grows; the row."""
        self.appended.setdefault(table, []).append(columns)
        return columns

    def topic(self, *names: str) -> None:
        """Say what changed."""
        if self.quiet:
            return
        for name in names:
            self.topics[name] = None

    def asset(self, market: int, side: int) -> str:
        """The settlement asset of a side: base for calls, quote for puts."""
        row = self.market.require(market)
        return row.base_token if side == Side.CALL else row.quote_token

    def asset_of_key(self, book_key: int) -> str:
        """The settlement asset of a book."""
        found = self._assets.get(book_key)
        if found is None:
            market, side, _ = split_book_key(book_key)
            found = self._assets[book_key] = self.asset(market, side)
        return found

    def record(
        self,
        event: Event,
        account: str,
        kind: str,
        *,
        part: int = 0,
        series_id: int | None = None,
        book_key: int | None = None,
        vault: str | None = None,
        counterparty: str | None = None,
        token: str | None = None,
        amount: int | None = None,
        assets: int | None = None,
    ) -> dict[str, Any]:
        """Add to an account's history; the row."""
        if not self.quiet:
            self.topic(f"account:{account}")
        row = {
            "account": account,
            "block_number": event.block_number,
            "log_index": event.log_index,
            "kind": kind,
            "part": part,
            "tx_hash": event.tx_hash,
            "timestamp": event.timestamp,
            "series_id": series_id,
            "book_key": book_key,
            "vault": vault,
            "counterparty": counterparty,
            "token": token,
            "amount": amount,
            "assets": assets,
        }
        self.appended.setdefault("account_activity", []).append(row)
        return row

    def begin_block(self, *, final: bool) -> None:
        """The next events are of another block; what they change need not be kept where it is final."""
        if self.quiet != final:
            self.quiet = final
            for table in self._tables:
                table.recording = not final

    def end_block(self) -> list[Before]:
        """What every row that the block changed was before it."""
        self.due.clear()
        self.routed.clear()
        return [before for table in self._tables for before in table.end_block()]

    def committed(self) -> None:
        """The batch is in the database, or on its way."""
        self.appended = {}
        self.topics = {}
        for table in self._tables:
            table.committed(CACHED_ROWS)
