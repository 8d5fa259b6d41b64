"""Plays every transaction through the model and says what everybody must own at the end."""

from __future__ import annotations

from typing import Any

from . import calls
from .exchange import ExchangeModel
from .feeds import Feed
from .ledger import Asset, Ledger
from .prices import Slice
from .series import Series
from .vault import Interval, Smiles, Vault, VaultModel

WALLET = 1


class Replay:
    """The whole exchange, fed with one transaction after the other.

    Parameters
    ----------
    setting
        `contracts` (addresses by name), `markets` (base, quote, their decimals, feed, band_bps, max_age), `vaults`
        (address, market, side, params, fees), `heartbeat`, `volatility_per_day`, `carry_per_day`, `treasury`,
        `wrapped_native`, `exchange_fees` where there is an Exchange; all addresses lower-case.
    """

    def __init__(self, setting: dict[str, Any]) -> None:
        contracts = setting["contracts"]
        self.feeds: dict[int, Feed] = {}
        self._feed_market: dict[str, int] = {}
        assets: dict[tuple[int, int], Asset] = {}
        tokens: set[str] = set()
        for market in setting["markets"]:
            number = int(market["market"])
            self.feeds[number] = Feed(max_age=int(market["max_age"]))
            self._feed_market[market["feed"]] = number
            for side, which in ((0, "base"), (1, "quote")):
                assets[number, side] = Asset(market[which], 10 ** int(market[f"{which}_decimals"]))
                tokens.add(market[which])
        self.ledger = Ledger(contracts["Clearinghouse"], assets, self.feeds)
        self.ledger.treasury = setting.get("treasury", "")
        self._wrapped_native = setting.get("wrapped_native", "")
        self.slices: dict[tuple[int, int], Smiles] = {}
        self.vaults: dict[str, VaultModel] = {}
        reads = {market["market"]: market for market in setting["markets"]}
        for each in setting["vaults"]:
            market = reads[each["market"]]
            vault = Vault(
                address=each["address"],
                market=each["market"],
                side=each["side"],
                asset=assets[each["market"], each["side"]],
                params={name: int(value) for name, value in each["params"].items()},
                fees={name: int(value) for name, value in each["fees"].items()},
                band_bps=int(market["band_bps"]),
                heartbeat=int(setting["heartbeat"]),
                volatility_per_day=int(setting["volatility_per_day"]),
                carry_per_day=int(setting["carry_per_day"]),
                max_age=int(market["max_age"]),
            )
            self.vaults[vault.address] = VaultModel(vault, self.ledger, lambda m, e: self.slices.get((m, e)))
        self.checks: list[dict[str, Any]] = []
        readers = {
            contracts["Clearinghouse"]: (calls.Reader(*calls.CLEARINGHOUSE), self._clearinghouse),
            contracts["Markets"]: (calls.Reader(*calls.MARKETS), self._markets),
            contracts["OptionToken"]: (calls.Reader(*calls.OPTION_TOKEN), self._option_token),
            contracts["VolatilityOracle"]: (calls.Reader(*calls.VOLATILITY_ORACLE), self._volatility),
        }
        if "exchange_fees" in setting:
            fees = {name: int(value) for name, value in setting["exchange_fees"].items()}
            self.exchange = ExchangeModel(self.ledger, fees)
            readers[contracts["Exchange"]] = (calls.Reader(*calls.EXCHANGE), self._exchange)
        readers |= {token: (calls.Reader(*calls.TOKEN), self._token) for token in tokens}
        readers |= {feed: (calls.Reader(*calls.FEED), self._feed) for feed in self._feed_market}
        readers |= {vault: (calls.Reader(*calls.VAULT), self._vault) for vault in self.vaults}
        self._readers = readers

    def apply(self, transaction: dict[str, Any]) -> None:
        """One successful transaction: block, time, from, to, value, input, hash, and what was seen of prices."""
        entry = self._readers.get(transaction["to"])
        if entry is None:
            return
        reader, handler = entry
        data = bytes.fromhex(transaction["input"].removeprefix("0x"))
        try:
            signature, arguments = reader.read(data)
        except calls.Unknown:
            if transaction.get("setup"):
                return
            raise ValueError(f"{transaction['hash']}: a call to {transaction['to']} without a rule") from None
        if signature in calls.NEUTRAL:
            return
        try:
            handler(transaction, signature.partition("(")[0], arguments)
        except (ValueError, KeyError, AssertionError) as error:
            where = f"{transaction['hash']} in block {transaction['block']}"
            raise ValueError(f"{where}, {signature}: {error!r}") from error

    # --- one contract each ---

    def _token(self, tx: dict[str, Any], name: str, a: tuple[Any, ...]) -> None:
        if name == "mint":
            self.ledger.mint_token(tx["to"], a[0], a[1])
        elif name == "transfer":
            self.ledger.move_token(tx["to"], tx["from"], a[0], a[1])
        elif name == "deposit":
            self.ledger.mint_token(tx["to"], tx["from"], tx["value"])
        elif name == "withdraw":
            self.ledger.burn_token(tx["to"], tx["from"], a[0])
        else:
            self.ledger.move_token(tx["to"], a[0], a[1], a[2])

    def _feed(self, tx: dict[str, Any], name: str, a: tuple[Any, ...]) -> None:
        feed = self.feeds[self._feed_market[tx["to"]]]
        if name == "startPhase":
            feed.start_phase()
        else:
            feed.post(tx["time"], a[0])

    def _markets(self, tx: dict[str, Any], name: str, a: tuple[Any, ...]) -> None:
        feed, now = self.feeds[a[0]], tx["time"]
        if name in ("checkpoint", "listExpiry"):
            feed.checkpoint(now)
        elif name == "settle":
            self.ledger.settle(a[0], a[1], feed.settle(a[1], a[2], now), tx["from"])
        elif name == "settleAtLastRound":
            self.ledger.settle(a[0], a[1], feed.settle_at_last_round(a[1], a[2], now), tx["from"])
        else:
            self.ledger.settle(a[0], a[1], feed.settle_at_checkpoint(a[1], now), tx["from"])

    def _option_token(self, tx: dict[str, Any], name: str, a: tuple[Any, ...]) -> None:
        ids, amounts = ([a[2]], [a[3]]) if name == "safeTransferFrom" else (a[2], a[3])
        for series, amount in zip(ids, amounts, strict=True):
            self.ledger.move_option(series, a[0], a[1], amount)

    def _exchange(self, tx: dict[str, Any], name: str, a: tuple[Any, ...]) -> None:
        if name == "fill":
            self.exchange.fill(tx["from"], a[0], a[2], tx["time"])
        elif name == "cancel":
            self.exchange.cancel(tx["from"], a[0])
        else:
            self.exchange.cancel_below(tx["from"], a[0])

    def _volatility(self, tx: dict[str, Any], name: str, a: tuple[Any, ...]) -> None:
        market, timestamp, reports = a[0]
        clipped = {int(each["expiry"]): each for each in tx.get("clipped", ())}
        for expiry, theta, phi, rho, carry in reports:
            # What a move beyond the bound is clipped to is the contract's choice; else it is the report.
            taken = clipped.get(expiry)
            if taken is not None:
                theta, phi, rho, carry = (int(taken[part]) for part in ("theta", "phi", "rho", "carry"))
            before = self.slices.get((market, expiry))
            newest = Slice(theta, phi, rho, carry, timestamp)
            self.slices[market, expiry] = Smiles(newest, before.newest if before else None)

    def _clearinghouse(self, tx: dict[str, Any], name: str, a: tuple[Any, ...]) -> None:
        ledger, sender, now = self.ledger, tx["from"], tx["time"]
        match name:
            case "multicall":
                if tx.get("value"):
                    ledger.mint_token(self._wrapped_native, sender, tx["value"])
                    ledger.deposit(sender, self._wrapped_native, tx["value"])
                for data in a[0]:
                    self.apply({**tx, "input": data.hex(), "value": 0})
            case "deposit" | "depositWithPermit":
                ledger.deposit(sender, a[0], a[1])
            case "withdraw":
                ledger.withdraw(sender, a[0], a[1], a[2])
            case "withdrawFor":
                ledger.withdraw(a[0], a[1], a[2], a[0])
            case "pay":
                ledger.pay(a[0], a[1], a[2], a[3])
            case "write":
                ledger.write(a[0], a[1], a[2], a[3])
            case "close":
                ledger.close(a[0], a[1], a[2], a[3])
            case "net":
                ledger.net(a[0], a[1])
            case "place":
                ledger.place(a[0], a[1], a[2])
            case "takeBack":
                ledger.take_back(a[0], a[1], a[2], a[3])
            case "settleLeg":
                ledger.settle_leg(a[0], a[1], sender, now)
            case "settleBook":
                ledger.settle_book(a[0], a[1], sender, now)
            case "settleMany":
                ledger.settle_many(a[0], sender, now)
            case "redeem":
                ledger.redeem(sender, a[0], a[1], a[2])
            case "redeemFor":
                ledger.redeem_for(a[0], a[1], sender, now)
            case "redeemMany":
                ledger.redeem_many(a[0], sender, now)
            case "accrueFee":
                ledger.accrue_fee(sender, a[0], a[1])
            case "collectFees":
                ledger.collect_fees(a[0], now)
            case "setTreasury":
                ledger.treasury = a[0]
            case "setBountyCap":
                ledger.caps[a[0]] = a[1]

    def _vault(self, tx: dict[str, Any], name: str, a: tuple[Any, ...]) -> None:
        model, sender, now = self.vaults[tx["to"]], tx["from"], tx["time"]
        match name:
            case "buy":
                series, seen = Series(a[0]), tx["seen"]
                self.feeds[series.market].checkpoint(now)
                premium, fee = model.quote_buy(series, a[1], tx["block"], now)
                self._check(tx, "premium", premium, seen["premium"])
                self._check(tx, "fee", fee, seen["fee"])
                model.buy(series, a[1], now, sender, a[3], a[5] == WALLET, seen)
            case "sell":
                series, paid = Series(a[0]), tx["seen"]["premium"]
                self.feeds[series.market].checkpoint(now)
                self._check(tx, "proceeds", model.quote_sell(series, a[1], tx["block"], now), paid)
                model.sell(series, a[1], now, sender, a[3], a[5] == WALLET, paid)
            case "release":
                model.release(a[0])
            case "requestDeposit":
                model.request_deposit(a[2], a[1], a[0], now)
            case "requestRedeem":
                model.request_redeem(a[2], a[1], a[0], now)
            case "cancelDeposit":
                model.cancel_deposit(a[0])
            case "cancelRedeem":
                model.cancel_redeem(a[0])
            case "process":
                for what, interval, got in model.process(a[0], now, tx["seen"]["fills"]):
                    self._check(tx, what, interval, got)
            case "deposit":
                model.claim_deposit(a[2] if len(a) == 3 else sender, a[1], a[0], None)
            case "mint":
                model.claim_deposit(a[2] if len(a) == 3 else sender, a[1], None, a[0])
            case "withdraw":
                model.claim_redemption(a[2], a[1], a[0], None)
            case "redeem":
                model.claim_redemption(a[2], a[1], None, a[0])
            case "transfer":
                model._move_shares(sender, a[0], a[1])
            case "transferFrom":
                model._move_shares(a[0], a[1], a[2])

    # --- the result ---

    def _check(self, tx: dict[str, Any], what: str, interval: Interval, got: int) -> None:
        self.checks.append(
            {
                "hash": tx["hash"],
                "what": what,
                "low": str(interval.low),
                "high": str(interval.high),
                "chain": str(got),
                "ok": interval.holds(got),
            }
        )

    def result(self) -> dict[str, Any]:
        """Every balance that is not zero, as text integers, and the checks of prices."""
        ledger = self.ledger
        return {
            "tokens": _table({(account, token): n for (token, account), n in ledger.tokens.items()}),
            "free": _table(ledger.free),
            "options": _table({(account, str(series)): n for (account, series), n in ledger.options.items()}),
            "locked": _table({(account, str(key)): book.locked for (account, key), book in ledger.books.items()}),
            "pots": {str(key): str(pot.assets) for key, pot in ledger.pots.items() if pot.assets},
            "shares": {
                address: {account: str(n) for account, n in model.v.shares.items() if n}
                for address, model in self.vaults.items()
            },
            "vaults": {
                address: {"idle": str(model.v.idle), "locked": str(model.v.locked), "supply": str(model.v.supply)}
                for address, model in self.vaults.items()
            },
            "settlements": {f"{market}.{expiry}": str(p) for (market, expiry), (p, _) in ledger.settled.items()},
            "checks": self.checks,
        }


def _table(purse: dict[tuple[str, str], int]) -> dict[str, dict[str, str]]:
    table: dict[str, dict[str, str]] = {}
    for (account, what), units in purse.items():
        if units:
            table.setdefault(account, {})[what] = str(units)
    return table
