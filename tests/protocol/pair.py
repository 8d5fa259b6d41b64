"""Two markets on a chain through ape, and the plain model of them: each action is done on both."""

from __future__ import annotations

import ast
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from ape.exceptions import ContractLogicError
from eth_account.messages import encode_typed_data

from optionix.chain.abi import decode_revert
from tests.oracle.feeds import DAY, Feed, day_of
from tests.oracle.ledger import NETTED, NONE, PLAIN, SETTLED, Asset
from tests.oracle.refusals import Refused
from tests.oracle.series import Series
from tests.protocol.conftest import container
from tests.protocol.model import ENDLESS, NOBODY, Model, World

WAD = 10**18
HEARTBEAT, MAX_AGE = 300, 3600
STRIKES = {1: (1500 * 10**8, 161_234_567_891, 200_000_000_001), 2: (18_000 * 10**8, 2_033_333_333_333, 1)}
OPENING = {1: 1587 * 10**8, 2: 20_311 * 10**8}
LEAST, MOST = 100 * WAD, 10**6 * WAD
KINDS = (NONE, PLAIN, NETTED, SETTLED)
#: Whose function it is where it is not the Clearinghouse's.
ELSEWHERE = {
    "safeTransferFrom": "options",
    "setApprovalForAll": "options",
    "checkpoint": "markets",
    "settle": "markets",
    "settleAtLastRound": "markets",
    "settleAtCheckpoint": "markets",
}


@dataclass(frozen=True)
class Action:
    """A call by somebody; `value` and `calls` are a multicall's, `permit` is whose signature comes with a deposit."""

    name: str
    caller: str
    arguments: tuple[Any, ...] = ()
    value: int = 0
    calls: tuple[Action, ...] = ()
    permit: str = ""

    def __str__(self) -> str:
        inside = ", ".join(str(each) for each in self.calls)
        return f"{self.caller[:8]}: {self.name}{self.arguments}{f' [{inside}] value {self.value}' * bool(self.calls)}"


class Pair:
    """The contracts, who acts, and the model that must agree."""

    def __init__(self, chain: Any, accounts: Any) -> None:
        self.chain = chain
        self.admin = accounts[0]
        self.actors = list(accounts[3:8])
        self.who = {str(each.address): each for each in (self.admin, *self.actors)}
        deploy = self.admin.deploy
        access = deploy(container("AccessManager"), self.admin)
        self.markets = deploy(container("Markets"), access)
        renderer = deploy(container("OptionRenderer"), self.markets)
        self.house = deploy(container("Clearinghouse"), access, self.markets, renderer)
        self.options = container("OptionToken").at(self.house.optionToken())
        weth = deploy(container("TestWrappedNative"), "Wrapped Ether", "WETH")
        self.house.setWrappedNative(weth, sender=self.admin)
        usdc, wbtc = (deploy(container("TestToken"), name, name, digits) for name, digits in (("USDC", 6), ("WBTC", 8)))
        self.tokens = {str(each.address): each for each in (weth, usdc, wbtc)}
        self.units = dict(zip(self.tokens, (WAD, 5000 * 10**6, 10**8), strict=True))
        self.feeds = {market: deploy(container("ReplayFeed"), 8, "feed", self.admin) for market in (1, 2)}
        model_feeds = {market: Feed(MAX_AGE, LEAST, MOST) for market in (1, 2)}
        now = chain.pending_timestamp
        first = now - now % DAY + 2 * DAY + DAY // 3
        self.expiries = (first, first + DAY)
        self.series = [
            market << 112 | side << 104 | expiry << 64 | strike
            for market in STRIKES
            for expiry in self.expiries
            for side in (0, 1)
            for strike in STRIKES[market]
        ]
        at = list(self.tokens)
        assets = {(1, 0): Asset(at[0], WAD), (2, 0): Asset(at[2], 10**8)}
        assets |= {(market, 1): Asset(at[1], 10**6) for market in (1, 2)}
        listed = frozenset((market, expiry) for market in STRIKES for expiry in self.expiries)
        world = World(str(self.house.address), str(self.admin.address), frozenset(self.series), listed, at[0])
        self.model = Model(world, assets, model_feeds)
        self.compared = 0
        for market, base in ((1, weth), (2, wbtc)):
            self.post(market, OPENING[market])
            config = (self.feeds[market], 8, HEARTBEAT, MAX_AGE, 10, LEAST, MOST, NOBODY, 0)
            self.markets.addMarket(base, usdc, config, sender=self.admin)
            for expiry in self.expiries:
                self.markets.listExpiry(market, expiry, sender=self.admin)
                model_feeds[market].checkpoint(chain.blocks.head.timestamp)
        self.markets.listSeries(self.series, sender=self.admin)
        for actor in self.actors:
            for address, token in self.tokens.items():
                token.mint(actor, 40 * self.units[address], sender=actor)
                self.model.ledger.mint_token(address, str(actor.address), 40 * self.units[address])
                # The last of them deposits by permit or not at all.
                if actor is not self.actors[-1]:
                    token.approve(self.house, ENDLESS, sender=actor)
                    self.model.approve(str(actor.address), address, ENDLESS)

    # --- the world goes on ---

    def travel(self, timestamp: int) -> None:
        """The chain's time, never backwards."""
        if timestamp > self.chain.blocks.head.timestamp:
            self.chain.mine(timestamp=timestamp)

    def post(self, market: int, answer: int) -> None:
        """A round, at whatever time its block has."""
        self.feeds[market].post(answer, sender=self.admin)
        self.model.feeds[market].post(self.chain.blocks.head.timestamp, answer)

    def start_phase(self, market: int) -> None:
        """The feed's next round is the first of another phase."""
        self.feeds[market].startPhase(sender=self.admin)
        self.model.feeds[market].start_phase()

    # --- both at once ---

    def do(self, action: Action) -> str:
        """Does it twice and says how it ended: empty when it was done, else the error that both name."""
        trial = deepcopy(self.model)
        trial.now = self.chain.pending_timestamp
        try:
            self._model(trial, action)
            expected = ""
        except Refused as refused:
            expected = refused.name
        try:
            self._chain(action)
            found = ""
        except ContractLogicError as error:
            found = self._name(error)
        assert found == expected, f"{action}: {found or 'done'}, the model says {expected or 'done'}"
        if not expected:
            assert self.chain.blocks.head.timestamp == trial.now, "the model knew the time"
            before, self.model = self._flat(self.model), trial
            after = self._flat(trial)
            self.compare({place for place in before.keys() | after.keys() if before.get(place) != after.get(place)})
        return found

    def _model(self, model: Model, action: Action) -> None:
        if action.name == "multicall":
            if action.value:
                model.wrap(action.caller, action.value)
            for each in action.calls:
                self._model(model, each)
        elif action.permit:
            model.depositWithPermit(action.caller, *action.arguments, valid=action.permit == action.caller)
        else:
            getattr(model, action.name)(action.caller, *action.arguments)

    def _chain(self, action: Action) -> None:
        sender = self.who[action.caller]
        if action.name == "multicall":
            self.house.multicall([self._encoded(each) for each in action.calls], sender=sender, value=action.value)
        elif action.name == "approve":
            token, assets = action.arguments
            self.tokens[token].approve(self.house, assets, sender=sender)
        else:
            target = getattr(self, ELSEWHERE.get(action.name, "house"))
            getattr(target, action.name)(*self._with_permit(action), sender=sender)

    def _encoded(self, action: Action) -> Any:
        return getattr(self.house, action.name).encode_input(*self._with_permit(action))

    def _with_permit(self, action: Action) -> tuple[Any, ...]:
        """The arguments, and the signature of whoever signs for the caller."""
        if not action.permit:
            return action.arguments
        address, assets = action.arguments
        token, deadline = self.tokens[address], self.chain.blocks.head.timestamp + DAY
        fields = (("owner", "address"), ("spender", "address"), ("value", "uint256"))
        permit = encode_typed_data(
            {"name": token.name(), "version": "1", "chainId": self.chain.chain_id, "verifyingContract": address},
            {
                "Permit": [
                    {"name": name, "type": type_}
                    for name, type_ in (*fields, ("nonce", "uint256"), ("deadline", "uint256"))
                ]
            },
            {
                "owner": action.caller,
                "spender": self.model.world.house,
                "value": assets,
                "nonce": token.nonces(action.caller),
                "deadline": deadline,
            },
        )
        signature = self.who[action.permit].sign_message(permit)
        return address, assets, deadline, signature.v, signature.r, signature.s

    def _name(self, error: ContractLogicError) -> str:
        """The error of ours that a revert carries, whichever of our contracts gave it."""
        name = type(error).__name__
        if name != "ContractLogicError":
            return name
        data = str(error.message)
        if data.startswith(("b'", 'b"')):  # the in-process EVM gives some reverts as the text of bytes
            data = f"0x{ast.literal_eval(data).hex()}"
        if not data.startswith("0x"):
            return data.removeprefix("execution reverted: ")
        return decode_revert(data).name

    # --- looking ---

    def compare_all(self) -> None:
        """Everything that the model ever touched, every balance beside it, and longs against shorts."""
        people = [self.model.world.house, *self.who]
        places = set(self._flat(self.model))
        places |= {(purse, who, token) for purse in ("tokens", "free") for who in people for token in self.tokens}
        places |= {("options", who, series) for who in people[1:] for series in self.series}
        places |= {("pots", series >> 64) for series in self.series}
        self.compare(places)
        books = self.model.ledger.books
        for series in self.series:
            supply = sum(n for (_, each), n in self.model.ledger.options.items() if each == series)
            assert self.options.totalSupply(series) == supply, f"the supply of {series}"
            signed = sum(book.legs.get(series, 0) for book in books.values())
            if Series(series).expiry > self.chain.blocks.head.timestamp:
                assert supply == -signed, f"longs and shorts of {series}"

    def compare(self, places: set[tuple[Any, ...]]) -> None:
        """Getters against the model."""
        flat = self._flat(self.model)
        for place in sorted(places, key=repr):
            found, expected = self._read(place), flat.get(place)
            # What the model never touched is zero, or zeros.
            same = found == expected if expected is not None else found in (0, (0, 0))
            assert same, f"{place} is {found}, by the model {expected}"
            self.compared += 1

    def _read(self, place: tuple[Any, ...]) -> Any:
        house, key = self.house, place[1:]
        match place[0]:
            case "tokens":
                return self.tokens[key[1]].balanceOf(key[0])
            case "allowance":
                return self.tokens[key[1]].allowance(key[0], house)
            case "free":
                return house.freeBalance(*key)
            case "options":
                return self.options.balanceOf(*key)
            case "book":
                book = house.book(*key)
                legs = {each: house.leg(key[0], each) for each in self.series if each >> 64 == key[1]}
                listed = tuple(sorted((each, n) for each, n in legs.items() if n))
                return KINDS[book.kind], book.legCount, book.locked, listed
            case "pots":
                return house.feePot(*key), house.bountyPaid(*key)
            case "cap":
                return house.bountyCap(*key)
            case "flags":
                return house.operatorFlags(*key)
            case "approved":
                return self.options.isApprovedForAll(*key)
            case "settled":
                return tuple(self.markets.settlement(*key))
            case "kept":
                kept = self.markets.lastCheckpoint(*key)
                return kept.roundId, kept.timestamp, kept.price
            case "treasury":
                return house.treasury()
            case "paused":
                return house.writesPaused()
        raise LookupError(place)

    def _flat(self, model: Model) -> dict[tuple[Any, ...], Any]:
        """Everything that the model knows, under the name of its getter."""
        ledger = model.ledger
        flat: dict[tuple[Any, ...], Any] = {("tokens", who, at): n for (at, who), n in ledger.tokens.items()}
        flat |= {("free", *place): n for place, n in ledger.free.items()}
        flat |= {("options", *place): n for place, n in ledger.options.items()}
        flat |= {
            ("book", *place): (book.kind, len(book.legs), book.locked, tuple(sorted(book.legs.items())))
            for place, book in ledger.books.items()
        }
        flat |= {("pots", key): (pot.assets, pot.to_settler + pot.to_callers) for key, pot in ledger.pots.items()}
        flat |= {("cap", token): cap for token, cap in ledger.caps.items()}
        flat |= {("allowance", *place): n for place, n in model.allowances.items()}
        flat |= {("flags", *place): n for place, n in model.flags.items()}
        flat |= {("approved", *place): True for place in model.approvals}
        flat |= {("settled", *place): settled for place, settled in ledger.settled.items()}
        for market, feed in model.feeds.items():
            for expiry in self.expiries:
                kept = feed.checkpoints.get(day_of(expiry))
                if kept is not None:
                    flat["kept", market, expiry] = (kept.round_id, kept.time, kept.price)
        return flat | {("treasury",): ledger.treasury or NOBODY, ("paused",): model.paused}
