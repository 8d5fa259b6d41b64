"""The whole protocol on a local chain of one's own, for tests and benchmarks, and what they do to it: rounds, surfaces,
time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from eth_account import Account

from optionix.chain.abi import load_abi
from optionix.chain.artifacts import compile_contracts
from optionix.chain.deploy import deploy
from optionix.chain.deployment import Deployment
from optionix.chain.networks import network, network_of_chain
from optionix.chain.operator import LightOperator, read
from optionix.chain.roles import Role
from optionix.chain.rpc import BlockingRpc
from optionix.chain.transactions import local_account
from optionix.client import Client
from optionix.instruments import Series, Side
from optionix.local.anvil import CHAIN_ID, Anvil

START = 1_678_060_800
"""Monday 6 March 2023, 00:00 UTC."""
EXPIRY = START + 86_400 + 8 * 3600
"""Tuesday, 08:00."""
STRIKES = tuple(strike * 10**8 for strike in (1400, 1500, 1600, 1700, 1800))
NOTICE = 900
"""Notice of requests to a local vault, seconds."""

ADMIN, LISTER, SIGNER, FEED_OWNER = (local_account(index) for index in (0, 1, 2, 4))
TRADERS = tuple(local_account(index) for index in range(5, 10))
"""Those whom `mint` gives tokens to."""


class LocalChain:
    """A deployed chain and those who act on it. Senders count their nonces themselves: see `forget_senders`."""

    def __init__(self, anvil: Anvil, rpc: BlockingRpc, deployment: Deployment) -> None:
        self.anvil = anvil
        self.rpc = rpc
        self.deployment = deployment
        self.admin = LightOperator(rpc, ADMIN)
        self.feed_owner = LightOperator(rpc, FEED_OWNER)
        self._clients: dict[int, Client] = {}

    def client(self, index: int) -> Client:
        """The SDK of a known account."""
        if index not in self._clients:
            self._clients[index] = Client(
                "local", local_account(index), rpc_url=self.anvil.url, deployment=self.deployment
            )
        return self._clients[index]

    def forget_senders(self) -> None:
        """Close all clients and ask nonces anew: needed where a reorg or a snapshot took transactions back."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        self.admin = LightOperator(self.rpc, ADMIN)
        self.feed_owner = LightOperator(self.rpc, FEED_OWNER)

    @contextmanager
    def undone(self) -> Iterator[LocalChain]:
        """Whatever happens inside is taken back at the end."""
        snapshot = self.rpc.call("evm_snapshot")
        self.forget_senders()
        try:
            yield self
        finally:
            self.forget_senders()
            self.rpc.call("evm_revert", snapshot)

    # --- calls ---

    def send(self, contract: str, function: str, *args: Any, at: str | None = None) -> None:
        """A call by the admin."""
        self.admin.send(at or self.deployment.address(contract), load_abi(contract).encode(function, *args))

    def read(self, contract: str, function: str, *args: Any, at: str | None = None) -> Any:
        """What a view answers at the head."""
        return read(self.rpc, load_abi(contract), at or self.deployment.address(contract), function, *args)

    # --- time ---

    def at(self, timestamp: int) -> None:
        """A block at this time."""
        self.rpc.call("evm_setNextBlockTimestamp", timestamp)
        self.rpc.call("evm_mine")

    def mine(self, count: int) -> None:
        """Empty blocks."""
        self.rpc.call("anvil_mine", hex(count), hex(1))

    @property
    def now(self) -> int:
        """The head's time."""
        return int(self.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    @property
    def head(self) -> int:
        """The head's number."""
        return int(self.rpc.call("eth_blockNumber"), 16)

    # --- the market ---

    def post(self, price: float, market: int = 1) -> None:
        """A new round of a market's feed, whole quote units."""
        feed = self.deployment.feed(market).address
        self.feed_owner.send(feed, load_abi("ReplayFeed").encode("post", round(price * 10**8)))

    def latest_round(self, market: int = 1) -> int:
        """Id of the newest round of a market's feed."""
        return int(self.read("ReplayFeed", "latestRoundData", at=self.deployment.feed(market).address)[0])

    def set_signer(self) -> None:
        """One known account signs surfaces."""
        self.send("VolatilityOracle", "setSigners", [SIGNER.address], 1)

    def post_surface(self, volatility: float = 0.6, expiry: int = EXPIRY) -> None:
        """A slice of market 1, signed by the signer."""
        self.at(self.now + 1)  # a report must be newer than the one before
        theta = int(volatility**2 * (expiry - self.now) / (365 * 86_400) * 10**16)
        report: dict[str, Any] = {
            "market": 1,
            "timestamp": self.now,
            "slices": [{"expiry": expiry, "theta": theta, "phi": 10**15, "rho": -(10**11), "carry": 0}],
        }
        signature = Account.unsafe_sign_hash(self.read("VolatilityOracle", "hashReport", report), SIGNER.key).signature
        self.client(1).transact("VolatilityOracle", "post", report, [bytes(signature)])

    def list_series(self, expiry: int = EXPIRY, strikes: Iterable[int] = STRIKES) -> None:
        """An expiry of market 1 with these strikes (1e-8) on both sides."""
        self.send("Markets", "listExpiry", 1, expiry)
        listed = list(strikes)
        self.send("Markets", "listSeries", [Series(1, side, expiry, strike).id for side in Side for strike in listed])

    def mint(self, whole: int = 1_000_000) -> None:
        """Whole units of every token for every trader."""
        for token in self.deployment.tokens:
            for trader in TRADERS:
                self.send("TestToken", "mint", trader.address, whole * 10**token.decimals, at=token.address)


@contextmanager
def local_chain(
    *,
    slots_in_an_epoch: int | None = None,
    history: int = 256,
    options: tuple[str, ...] = (),
    chain_id: int = CHAIN_ID,
) -> Iterator[LocalChain]:
    """A new chain with the contracts and two markets; no price, nothing listed, no signer.

    Parameters
    ----------
    slots_in_an_epoch
        anvil's finalised block lags the head by twice this.
    history
        Past blocks at which contracts can be read.
    options
        More of anvil's command-line options.
    chain_id
        That of another network stands in for it, with the local network's tokens, feeds and parameters.
    """
    entry = network("local").model_copy(update={"name": network_of_chain(chain_id).name, "chain_id": chain_id})
    epoch = slots_in_an_epoch
    with (
        Anvil(timestamp=START, chain_id=chain_id, slots_in_an_epoch=epoch, history=history, options=options) as anvil,
        BlockingRpc(anvil.url) as rpc,
    ):
        report = deploy(
            LightOperator(rpc, ADMIN),
            entry,
            compile_contracts(),
            admin=ADMIN.address,
            holders={Role.LISTER: [LISTER.address]},
            feed_owner=FEED_OWNER.address,
        )
        chain = LocalChain(anvil, rpc, report.deployment)
        try:
            yield chain
        finally:
            chain.forget_senders()
