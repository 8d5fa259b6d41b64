"""All tables. Every key starts with the chain id; amounts are exact integers in the contracts' own units.

Addresses and hashes are lower-case 0x text. Two kinds of tables: those that only grow (`event`, `trade`,
`feed_round`, `surface_history`, `vault_history`, `account_activity`), whose rows go with their block in a reorg, and
those that hold the newest state, whose rows are set back from `undo`.
"""

from optionix.store.models.base import Base, Int256
from optionix.store.models.chain import (
    Audit,
    Block,
    Chain,
    Checkpoint,
    Clearinghouse,
    Event,
    Undo,
    VolatilityOracle,
    WatchedContract,
)
from optionix.store.models.keeper import KeeperIntent, KeeperTransaction
from optionix.store.models.ledger import (
    Balance,
    Book,
    BountyCap,
    FeePot,
    Leg,
    Operator,
    Position,
    RedeemFor,
    TokenApproval,
)
from optionix.store.models.markets import (
    Expiry,
    FeedCheckpoint,
    FeedOutage,
    FeedRound,
    FeedVersion,
    Market,
    Series,
    SettlementProgress,
    Spot,
    SpotCandle,
    Surface,
    SurfaceHistory,
    Token,
)
from optionix.store.models.orders import Exchange, NonceFloor, OrderState
from optionix.store.models.trading import AccountActivity, Candle, DailyStats, Trade
from optionix.store.models.vaults import (
    LpRequest,
    Vault,
    VaultClaim,
    VaultHistory,
    VaultOperator,
    VaultSeries,
    VaultShare,
)

__all__ = [
    "AccountActivity",
    "Audit",
    "Balance",
    "Base",
    "Block",
    "Book",
    "BountyCap",
    "Candle",
    "Chain",
    "Checkpoint",
    "Clearinghouse",
    "DailyStats",
    "Event",
    "Exchange",
    "Expiry",
    "FeePot",
    "FeedCheckpoint",
    "FeedOutage",
    "FeedRound",
    "FeedVersion",
    "Int256",
    "KeeperIntent",
    "KeeperTransaction",
    "Leg",
    "LpRequest",
    "Market",
    "NonceFloor",
    "Operator",
    "OrderState",
    "Position",
    "RedeemFor",
    "Series",
    "SettlementProgress",
    "Spot",
    "SpotCandle",
    "Surface",
    "SurfaceHistory",
    "Token",
    "TokenApproval",
    "Trade",
    "Undo",
    "Vault",
    "VaultClaim",
    "VaultHistory",
    "VaultOperator",
    "VaultSeries",
    "VaultShare",
    "VolatilityOracle",
    "WatchedContract",
]
