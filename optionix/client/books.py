"""Collateral and books: depositing, writing, closing, netting, settling, redeeming."""

from __future__ import annotations

from optionix.chain.abi import load_abi
from optionix.chain.deployment import DeployedToken
from optionix.chain.settlement import settling_call
from optionix.chain.transactions import Receipt
from optionix.client.connection import Connection
from optionix.client.values import Book, BookKind, Leg, Number, Position, contracts, units
from optionix.instruments import Series, Side, pack_book_key, split_book_key

_KINDS: tuple[BookKind, ...] = ("NONE", "PLAIN", "NETTED", "SETTLED")


class Books(Connection):
    """Everything of the Clearinghouse and of settlement."""

    def deposit(self, token: str, amount: Number) -> Receipt:
        """Move tokens from the wallet to the free balance; an allowance is given when missing."""
        entry = self.deployment.token(token)
        assets = units(amount, entry.decimals)
        self.approve(entry, self.deployment.address("Clearinghouse"), assets)
        return self.transact("Clearinghouse", "deposit", entry.address, assets)

    def withdraw(self, token: str, amount: Number, receiver: str | None = None) -> Receipt:
        """Move free balance to a wallet, the own one when absent."""
        entry = self.deployment.token(token)
        assets = units(amount, entry.decimals)
        return self.transact("Clearinghouse", "withdraw", entry.address, assets, receiver or self.address)

    def write(self, series: Series | str, amount: Number, receiver: str | None = None) -> Receipt:
        """Write contracts against free balance and deliver them, to the writer when no receiver is given."""
        size = contracts(amount)
        return self.transact(
            "Clearinghouse", "write", self.address, self.series(series).id, size, receiver or self.address
        )

    def close_written(self, series: Series | str, amount: Number, holder: str | None = None) -> Receipt:
        """Burn contracts of `holder` (the writer when absent) against the written leg and unlock its collateral."""
        size = contracts(amount)
        return self.transact(
            "Clearinghouse", "close", self.address, self.series(series).id, size, holder or self.address
        )

    def net(self, market: str, side: Side, expiry: int) -> Receipt:
        """Turn the book of one (market, side, expiry) into a netted one, which may also hold longs."""
        key = pack_book_key(self.deployment.market(market).market, side, expiry)
        strikes = sorted(leg.series.strike for leg in self.book(key).legs)
        return self.transact("Clearinghouse", "net", self.address, key, strikes)

    def place(self, series: Series | str, amount: Number) -> Receipt:
        """Burn own contracts into the netted book, as a long that lowers what must be locked."""
        return self.transact("Clearinghouse", "place", self.address, self.series(series).id, contracts(amount))

    def take_back(self, series: Series | str, amount: Number, receiver: str | None = None) -> Receipt:
        """Take a placed long out of the netted book again."""
        size = contracts(amount)
        return self.transact(
            "Clearinghouse", "takeBack", self.address, self.series(series).id, size, receiver or self.address
        )

    def transfer(self, series: Series | str, amount: Number, receiver: str) -> Receipt:
        """Send contracts to another account."""
        size = contracts(amount)
        return self.transact(
            "OptionToken", "safeTransferFrom", self.address, receiver, self.series(series).id, size, b""
        )

    def settle(self, market: str | int, expiry: int) -> Receipt | None:
        """Settle an expiry by the feed's last round, or by the fallback that is open; None when it is settled already.

        A window of very many rounds takes several transactions; the last one's receipt is returned.

        Raises
        ------
        NoSettlingRound
            When the feed has no round for it, or not yet.
        Reverted
            When it is too early or the feed's history is refused.
        """
        number = market if isinstance(market, int) else self.deployment.market(market).market
        markets, receipt = self.deployment.address("Markets"), None
        while not self.read("Markets", "settlement", number, expiry)[0]:
            call = self.rpc.run(settling_call, self.rpc.rpc, markets, number, expiry)
            receipt = self.transact("Markets", call.function, *call.args)
        return receipt

    def settle_leg(self, series: Series | str, account: str | None = None) -> Receipt:
        """Settle one leg of a plain book, anybody's."""
        return self.transact("Clearinghouse", "settleLeg", account or self.address, self.series(series).id)

    def settle_book(self, key: int, account: str | None = None) -> Receipt:
        """Settle a netted book, anybody's."""
        return self.transact("Clearinghouse", "settleBook", account or self.address, key)

    def redeem(self, series: Series | str, amount: Number | None = None, receiver: str | None = None) -> Receipt:
        """Redeem settled contracts, all of them when no amount is given, and have them paid out."""
        wanted = self.series(series)
        size = self.balance_of(wanted) if amount is None else contracts(amount)
        return self.transact("Clearinghouse", "redeem", wanted.id, size, receiver or self.address)

    def redeem_for(self, holder: str, series: Series | str) -> Receipt:
        """Redeem a holder's whole balance of a settled series to the holder's free balance."""
        return self.transact("Clearinghouse", "redeemFor", holder, self.series(series).id)

    def balance_of(self, series: Series | str, account: str | None = None) -> int:
        """Contracts in a wallet, WAD."""
        return int(self.read("OptionToken", "balanceOf", account or self.address, self.series(series).id))

    def free_balance(self, token: str, account: str | None = None) -> int:
        """Free balance in the Clearinghouse, token units."""
        entry = self.deployment.token(token)
        return int(self.read("Clearinghouse", "freeBalance", account or self.address, entry.address))

    def wallet_balance(self, token: str, account: str | None = None) -> int:
        """Tokens in a wallet, token units."""
        entry = self.deployment.token(token)
        return int(self.read_at("TestToken", entry.address, "balanceOf", account or self.address))

    def positions(self, account: str | None = None) -> list[Position]:
        """Option tokens that a wallet holds, by series; found from the transfers to it."""
        owner = account or self.address
        token, abi = self.deployment.address("OptionToken"), load_abi("OptionToken")
        ids: set[int] = set()
        for log in self.logs(
            token,
            [
                [self.topic("OptionToken", "TransferSingle"), self.topic("OptionToken", "TransferBatch")],
                None,
                None,
                _word(owner),
            ],
        ):
            decoded = abi.decode_log(log)
            if decoded is not None:
                ids |= {decoded[1]["id"]} if "id" in decoded[1] else set(decoded[1]["ids"])
        found = []
        for number in sorted(ids):
            series = Series.from_id(number)
            amount = self.balance_of(series, owner)
            if amount:
                price, _ = self.read("Markets", "settlement", series.market, series.expiry)
                found.append(Position(series, self.name(series), amount, price or None))
        return found

    def books(self, account: str | None = None) -> list[Book]:
        """An account's books, found from what it wrote and placed; settled ones included."""
        owner = account or self.address
        address, abi = self.deployment.address("Clearinghouse"), load_abi("Clearinghouse")
        keys: set[int] = set()
        events = [self.topic("Clearinghouse", "Written"), self.topic("Clearinghouse", "Placed")]
        for log in self.logs(address, [events, _word(owner)]):
            decoded = abi.decode_log(log)
            if decoded is not None:
                keys.add(decoded[1]["series"] >> 64)
        return [self.book(key, owner) for key in sorted(keys)]

    def book(self, key: int, account: str | None = None) -> Book:
        """One book with its legs."""
        owner = account or self.address
        market, side, expiry = split_book_key(key)
        held = self.read("Clearinghouse", "book", owner, key)
        kind = _KINDS[held["kind"]]
        legs = []
        if kind == "NETTED":
            pairs = [(leg["strike"], leg["amount"]) for leg in self.read("Clearinghouse", "legs", owner, key)]
        else:
            pairs = [
                (series.strike, self.read("Clearinghouse", "leg", owner, series.id))
                for series in self._written(owner, key)
            ]
        for strike, amount in pairs:
            if amount:
                series = Series(market, side, expiry, strike)
                legs.append(Leg(series, self.name(series), int(amount)))
        return Book(key, kind, int(held["locked"]), legs)

    def book_token(self, key: int) -> DeployedToken:
        """The token that a book is collateralised in."""
        market, side, _ = split_book_key(key)
        return self.deployment.settlement_token(market, side)

    def _written(self, owner: str, key: int) -> list[Series]:
        """Series of a book that its owner has ever written."""
        abi, address = load_abi("Clearinghouse"), self.deployment.address("Clearinghouse")
        ids = {
            decoded[1]["series"]
            for log in self.logs(address, [self.topic("Clearinghouse", "Written"), _word(owner)])
            if (decoded := abi.decode_log(log)) is not None and decoded[1]["series"] >> 64 == key
        }
        return [Series.from_id(number) for number in sorted(ids)]


def _word(address: str) -> str:
    return "0x" + address[2:].lower().rjust(64, "0")
