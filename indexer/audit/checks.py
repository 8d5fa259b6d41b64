"""What is compared: for each row the question to the contract and the answer that the tables promise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from indexer.audit import absent
from indexer.audit.snapshot import Row, Snapshot
from indexer.derive.listings import DAY, EXPIRY_TIME_OF_DAY
from indexer.derive.requests import DEPOSIT
from indexer.derive.rows import NETTED, PENDING
from indexer.setup import EXCHANGE, FEED, VAULT, ChainSetup

_TOKEN = "TestToken"
"""The ABI by which any ERC-20 token is asked for a balance."""

_NOBODY = f"0x{0:040x}"
"""What a contract answers for an address that is not set yet."""
STORAGE = ""
"""In the place of a function: the check's one argument is the slot of storage that it reads."""
_BASE_SLOT, _BASE_BLOCK_BITS, _BASE_BITS = 3, 32, 144
"""Where an OptionVault keeps what it was re-based to, above the block, in the low bits: it has no getter."""


@dataclass(frozen=True, slots=True)
class Check:
    """One question.

    Attributes
    ----------
    kind : what is compared, for the counts.
    subject : which one, for people.
    expected : what the tables say; `accepts` overrides plain equality.
    """

    kind: str
    subject: str
    abi: str
    to: str
    function: str
    args: tuple[Any, ...]
    expected: Any
    accepts: Callable[[Any], bool] | None = None

    def agrees(self, answer: Any) -> bool:
        """Whether the contract's answer is what the tables promise."""
        return self.accepts(answer) if self.accepts else bool(answer == self.expected)


def all_checks(tables: Snapshot, setup: ChainSetup) -> Iterator[Check]:
    """Every comparison, subject after subject."""
    yield from _ledger(tables, setup)
    yield from _books(tables, setup)
    yield from _options(tables, setup)
    yield from _vaults(tables)
    yield from _requests(tables)
    yield from _prices(tables, setup)
    yield from _orders(tables, setup)
    yield from _custody(tables, setup)
    yield from (Check(*question) for question in absent.questions(tables, setup))


def _ledger(tables: Snapshot, setup: ChainSetup) -> Iterator[Check]:
    house = setup.address("Clearinghouse")

    def check(kind: str, subject: str, function: str, *args: Any, expected: Any) -> Check:
        return Check(kind, subject, "Clearinghouse", house, function, args, expected)

    free = {(row["account"], row["token"]): row["free"] for row in tables.rows("balance")}
    accounts = {account for account, _ in free}
    for name in ("book", "position"):
        accounts |= {row["account"] for row in tables.rows(name)}
    # Every account is asked about every token: a balance that the tables lack is found as well.
    pairs = {(account, token.address) for account in accounts for token in setup.tokens} | free.keys()
    for account, token in sorted(pairs):
        expected = free.get((account, token), 0)
        yield check("balance", f"{account} {token}", "freeBalance", account, token, expected=expected)
    for row in tables.rows("operator"):
        subject = f"{row['account']} {row['operator']}"
        yield check("operator", subject, "operatorFlags", row["account"], row["operator"], expected=row["flags"])
    for row in tables.rows("fee_pot"):
        key = row["book_key"]
        yield check("fee_pot", f"{key}", "feePot", key, expected=row["assets"])
        yield check("fee_pot", f"{key} bounty", "bountyPaid", key, expected=row["bounty_paid"])
    for row in tables.rows("clearinghouse"):
        treasury, wrapped = row["treasury"] or _NOBODY, row["wrapped_native"] or _NOBODY
        yield check("settings", "treasury", "treasury", expected=treasury)
        yield check("settings", "writes paused", "writesPaused", expected=row["writes_paused"])
        yield check("settings", "wrapped native", "wrappedNative", expected=wrapped)
    for row in tables.rows("redeem_for"):
        yield check("operator", row["account"], "redeemForAllowed", row["account"], expected=row["allowed"])
    for row in tables.rows("bounty_cap"):
        yield check("settings", f"bounty cap {row['token']}", "bountyCap", row["token"], expected=row["cap"])


def _books(tables: Snapshot, setup: ChainSetup) -> Iterator[Check]:
    house = setup.address("Clearinghouse")
    for row in tables.rows("book"):
        yield Check(
            "book",
            f"{row['account']} {row['book_key']}",
            "Clearinghouse",
            house,
            "book",
            (row["account"], row["book_key"]),
            {"kind": row["kind"], "legCount": row["leg_count"], "locked": row["locked"]},
        )
    legs: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in tables.rows("leg"):
        subject = f"{row['account']} {row['series_id']}"
        args = (row["account"], row["series_id"])
        yield Check("leg", subject, "Clearinghouse", house, "leg", args, row["amount"])
        if row["amount"]:
            legs[row["account"], row["series_id"] >> 64].append(row)
    for row in tables.rows("book"):
        if row["kind"] == NETTED:
            # A netted book says its legs as a whole: one that the tables lack is found as well.
            held = sorted(legs[row["account"], row["book_key"]], key=lambda leg: leg["series_id"])
            expected = tuple({"strike": leg["series_id"] & (1 << 64) - 1, "amount": leg["amount"]} for leg in held)
            args = (row["account"], row["book_key"])
            subject = f"{row['account']} {row['book_key']} legs"
            yield Check("book", subject, "Clearinghouse", house, "legs", args, expected)


def _options(tables: Snapshot, setup: ChainSetup) -> Iterator[Check]:
    token = setup.address("OptionToken")
    held: dict[int, int] = defaultdict(int)
    for row in tables.rows("position"):
        held[row["series_id"]] += row["amount"]
        args = (row["account"], row["series_id"])
        subject = f"{row['account']} {row['series_id']}"
        yield Check("position", subject, "OptionToken", token, "balanceOf", args, row["amount"])
    for row in tables.rows("series"):
        series = row["series_id"]
        yield Check("supply", row["name"], "OptionToken", token, "totalSupply", (series,), row["supply"])
        # A holder that the tables lack would be missing from this sum.
        yield Check("supply", f"{row['name']} by holder", "OptionToken", token, "totalSupply", (series,), held[series])
    for row in tables.rows("token_approval"):
        args = (row["account"], row["operator"])
        subject = f"{row['account']} {row['operator']} options"
        yield Check("operator", subject, "OptionToken", token, "isApprovedForAll", args, row["approved"])


def _vaults(tables: Snapshot) -> Iterator[Check]:
    shares: dict[str, int] = defaultdict(int)
    for row in tables.rows("vault_share"):
        shares[row["vault"]] += row["shares"]
        subject = f"{row['vault']} {row['account']}"
        yield Check("vault_share", subject, VAULT, row["vault"], "balanceOf", (row["account"],), row["shares"])
    open_series: dict[str, set[int]] = defaultdict(set)
    for row in tables.rows("vault_series"):
        if row["amount"]:
            open_series[row["vault"]].add(row["series_id"])
        subject = f"{row['vault']} {row['series_id']}"
        yield Check("vault_series", subject, VAULT, row["vault"], "written", (row["series_id"],), row["amount"])
    for row in tables.rows("vault"):
        address, symbol = row["address"], row["symbol"]
        queues = (row["pending_assets"], row["pending_shares"], row["claimable_assets"], row["claimable_shares"])
        expected: dict[str, Any] = {
            "totalSupply": row["total_supply"],
            "idleAssets": row["idle_assets"],
            "lockedAssets": row["locked"],
            "shortVegaWad": row["short_vega"],
            "queueTotals": queues,
            "tradesPaused": row["trades_paused"],
            "depositsPaused": row["deposits_paused"],
            "params": {name: int(value) for name, value in row["params"].items()},
            "fees": {name: int(value) for name, value in row["fees"].items()},
        }
        for function, value in expected.items():
            yield Check("vault", f"{symbol} {function}", VAULT, address, function, (), value)
        yield Check("vault_share", f"{symbol} by holder", VAULT, address, "totalSupply", (), shares[address])
        if row["rebased_block"] is not None:
            base = row["base_net_assets"] << _BASE_BLOCK_BITS | row["rebased_block"]
            yield Check(
                "vault", f"{symbol} base", VAULT, address, STORAGE, (_BASE_SLOT,), base, partial(_is_base, base)
            )
        held = open_series[address]
        yield Check(
            "vault_series",
            f"{symbol} open",
            VAULT,
            address,
            "openSeries",
            (),
            sorted(held),
            partial(_holds, held),
        )

    for row in tables.rows("vault_operator"):
        args = (row["controller"], row["operator"])
        subject = f"{row['vault']} {row['controller']} {row['operator']}"
        yield Check("operator", subject, VAULT, row["vault"], "isOperator", args, row["approved"])


def _requests(tables: Snapshot) -> Iterator[Check]:
    claims = {(row["vault"], row["controller"]): row for row in tables.rows("vault_claim")}
    for (vault, controller), row in claims.items():
        expected = {
            "maxDeposit": row["deposit_assets"],
            "maxMint": row["deposit_shares"],
            "maxRedeem": row["redeem_shares"],
            "maxWithdraw": row["redeem_assets"],
        }
        for function, value in expected.items():
            subject = f"{vault} {controller} {function}"
            yield Check("claim", subject, VAULT, vault, function, (controller,), value)
    for row in tables.rows("lp_request"):
        name, args = row["kind"].capitalize(), (row["request_id"], row["controller"])
        waiting = row["requested"] - row["processed"] - row["cancelled"] if row["status"] == PENDING else 0
        ready = claimable_of(row, claims.get((row["vault"], row["controller"])))
        subject = f"{row['vault']} {row['kind']} {row['request_id']}"
        yield Check("request", subject, VAULT, row["vault"], f"pending{name}Request", args, waiting)
        yield Check("request", f"{subject} claimable", VAULT, row["vault"], f"claimable{name}Request", args, ready)
        asked = (row["kind"] != DEPOSIT, row["request_id"])
        kept = (row["controller"], row["ready_at"], waiting, row["processed"])
        yield Check("request", f"{subject} whole", VAULT, row["vault"], "request", asked, kept, partial(_begins, kept))


def claimable_of(request: Row, claim: Row | None) -> int:
    """How much of a request is processed and not claimed: a controller's oldest request is claimed first."""
    if claim is None:
        return 0
    if request["kind"] == DEPOSIT:
        claimed = claim["deposit_total"] - claim["deposit_assets"]
    else:
        claimed = claim["redeem_total"] - claim["redeem_shares"]
    return int(max(request["start"] + request["processed"] - max(request["start"], claimed), 0))


def _prices(tables: Snapshot, setup: ChainSetup) -> Iterator[Check]:
    oracle, markets = setup.address("VolatilityOracle"), setup.address("Markets")
    fields = ("theta", "phi", "rho", "carry", "timestamp")
    for row in tables.rows("volatility_oracle"):
        settings = {
            "signers": tuple(row["signers"]),
            "threshold": row["threshold"],
            "heartbeat": row["heartbeat"],
            "volatilityPerDay": row["volatility_per_day"],
            "carryPerDay": row["carry_per_day"],
            "maxMoveSeconds": row["max_move_seconds"],
        }
        for function, value in settings.items():
            yield Check("settings", f"oracle {function}", "VolatilityOracle", oracle, function, (), value)
    for row in tables.rows("market"):
        told = {
            "base": row["base_token"],
            "baseDecimals": row["base_decimals"],
            "quote": row["quote_token"],
            "quoteDecimals": row["quote_decimals"],
            "feedVersion": row["feed_version"],
        }
        market = (row["market"],)
        yield Check("market", f"{row['market']}", "Markets", markets, "market", market, told)
        yield Check("market", f"{row['market']} anchor", "VolatilityOracle", oracle, "anchor", market, row["anchor"])
    versions = {(row["market"], row["version"]): row for row in tables.rows("feed_version")}
    for row in tables.rows("surface"):
        args, subject = (row["market"], row["expiry"]), f"{row['market']} {row['expiry']}"
        newest = {name: row[name] for name in fields}
        previous = {name: row[f"previous_{name}"] for name in fields}
        yield Check("surface", subject, "VolatilityOracle", oracle, "slice", args, newest)
        yield Check("surface", f"{subject} previous", "VolatilityOracle", oracle, "previousSlice", args, previous)
    checkpoints = {(row["market"], row["feed_version"], row["day"]): row for row in tables.rows("feed_checkpoint")}
    for row in tables.rows("expiry"):
        args, subject = (row["market"], row["expiry"]), f"{row['market']} {row['expiry']}"
        nobody = "0x" + "0" * 40
        expected = (row["settlement_price"] or 0, row["settler"] or nobody)
        yield Check("settlement", subject, "Markets", markets, "settlement", args, expected)
        config = _feed_config(versions[row["market"], row["feed_version"]])
        yield Check("market", f"{subject} feed", "Markets", markets, "feedConfig", args, config)
        if row["settlement_price"]:
            rule = row["settlement_rule"]
            yield Check("settlement", f"{subject} rule", "Markets", markets, "settlementRule", args, rule)
        day = (row["expiry"] - EXPIRY_TIME_OF_DAY) // DAY
        kept = checkpoints.get((row["market"], row["feed_version"], day))
        names = {"roundId": "round_id", "timestamp": "timestamp", "price": "price"}
        last = {field: kept[column] if kept else 0 for field, column in names.items()}
        yield Check("checkpoint", subject, "Markets", markets, "lastCheckpoint", args, last)
    for row in tables.rows("settlement_progress"):
        proof = (row["market"], row["expiry"], row["last_round_id"])
        names = {"nextRoundId": "next_round_id", "secondsLeft": "seconds_left", "weighted": "weighted"}
        progress = {field: row[column] for field, column in names.items()}
        subject = f"{row['market']} {row['expiry']} progress"
        yield Check("settlement", subject, "Markets", markets, "settlementProgress", proof, progress)
    for row in tables.rows("feed_outage"):
        args, subject = (row["market"], row["expiry"]), f"{row['market']} {row['expiry']}"
        pricer = setup.address("VaultPricer")
        yield Check("outage", subject, "VaultPricer", pricer, "outages", args, (row["since"], row["seen"]))
    for row in tables.rows("series"):
        yield Check("listing", row["name"], "Markets", markets, "isListed", (row["series_id"],), True)
    for row in tables.rows("spot"):
        expected = (row["round_id"], row["updated_at"])
        yield Check(
            "spot",
            f"{row['market']}",
            FEED,
            row["feed"],
            "latestRoundData",
            (),
            expected,
            partial(_is_round, expected),
        )


def _orders(tables: Snapshot, setup: ChainSetup) -> Iterator[Check]:
    exchange = setup.address(EXCHANGE)
    for row in tables.rows("exchange"):
        expected = {"ofNotional": row["of_notional"], "ofPremium": row["of_premium"], "ofCaller": row["of_caller"]}
        yield Check("settings", "exchange fees", EXCHANGE, exchange, "fees", (), expected)
    for row in tables.rows("order_state"):
        args, subject = (row["maker"], row["nonce"]), f"{row['maker']} {row['nonce']}"
        bound = int(row["order_hash"], 16) & (1 << 128) - 1 if row["order_hash"] else 0
        state = (row["filled"], bound, row["cancelled"])
        yield Check("order", subject, EXCHANGE, exchange, "nonceState", args, state)
    for row in tables.rows("nonce_floor"):
        yield Check("order", f"{row['maker']} floor", EXCHANGE, exchange, "nonceFloor", (row["maker"],), row["floor"])


def _custody(tables: Snapshot, setup: ChainSetup) -> Iterator[Check]:
    """Every token that the ledger owes is there: free balances, what is locked, what is in the pots.

    Who redeems before the books of a series are settled is paid out of what these have locked: payouts are counted
    with those who gained by them and, below zero, with those who owed them.
    """
    owed: dict[str, int] = defaultdict(int)
    for row in tables.rows("balance"):
        owed[row["token"]] += row["free"]
    tokens = {row["market"]: (row["base_token"], row["quote_token"]) for row in tables.rows("market")}
    for name, column in (("book", "locked"), ("fee_pot", "assets")):
        for row in tables.rows(name):
            market, side = row["book_key"] >> 48, row["book_key"] >> 40 & 0xFF
            owed[tokens[market][side]] += row[column]
    for row in tables.rows("account_profit"):
        owed[tokens[row["series_id"] >> 112][row["series_id"] >> 104 & 0xFF]] -= row["payout"]
    house = setup.address("Clearinghouse")
    for token, assets in owed.items():
        if not assets:
            continue
        yield Check(
            "custody",
            token,
            _TOKEN,
            token,
            "balanceOf",
            (house,),
            assets,
            partial(_covers, assets),
        )


def _feed_config(row: Row) -> dict[str, Any]:
    return {
        "feed": row["feed"],
        "decimals": row["decimals"],
        "heartbeat": row["heartbeat"],
        "maxAge": row["max_age"],
        "deviationBps": row["deviation_bps"],
        "minPrice": row["min_price"],
        "maxPrice": row["max_price"],
        "sequencerFeed": row["sequencer_feed"] or _NOBODY,
        "sequencerGrace": row["sequencer_grace"],
    }


def _is_base(expected: int, word: int) -> bool:
    return word % (1 << _BASE_BITS) == expected


def _begins(expected: tuple[Any, ...], answer: tuple[Any, ...]) -> bool:
    return answer[: len(expected)] == expected


def _holds(series: set[int], answer: tuple[int, ...]) -> bool:
    return set(answer) == series


def _is_round(expected: tuple[int, int], answer: tuple[int, ...]) -> bool:
    return (answer[0], answer[3]) == expected


def _covers(assets: int, held: int) -> bool:
    return held >= assets
