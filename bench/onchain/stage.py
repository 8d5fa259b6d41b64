"""A market to measure on: deployed as everywhere, ten expiries with surfaces, a funded vault, warm accounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from eth_account import Account

from optionix.chain.abi import load_abi
from optionix.chain.operator import LightOperator
from optionix.chain.transactions import Receipt, local_account
from optionix.instruments import DAY, Series, Side
from optionix.local.chain import NOTICE, START, LocalChain, local_chain

EXPIRIES = tuple(START + days * DAY + 8 * 3600 for days in (1, 2, 3, 4, 11, 18, 25, 53, 81, 116))
"""Three dailies, then Fridays to the end of a quarter."""
SPOT = 1500
WAD = 10**18
SIGNERS = tuple(sorted((local_account(index) for index in (2, 3, 20)), key=lambda account: int(account.address, 16)))
"""As the contract wants them: ascending."""
VOLATILITY = 0.6
_LIQUIDITY = 2_000 * WAD
_GAS = 5_000_000


class Person:
    """An account with its own nonces, whose transactions are measured."""

    def __init__(self, stage: Stage, index: int) -> None:
        self._stage = stage
        self._key = local_account(index)
        self._operator = LightOperator(stage.chain.rpc, self._key)
        self.address = self._operator.address

    def sign(self, digest: bytes) -> bytes:
        """A signature of a digest."""
        return bytes(Account.unsafe_sign_hash(digest, self._key.key).signature)

    def submit(self, contract: str, function: str, *args: Any, at: str | None = None) -> str:
        """Sends without waiting; the transaction's hash."""
        data = load_abi(contract).encode(function, *args)
        sender = self._operator.sender
        to = at or self._stage.chain.deployment.address(contract)
        return str(self._stage.chain.rpc.run(_submit, sender, to, data))

    def confirm(self, transaction: str) -> Receipt:
        """Waits for it."""
        receipt: Receipt = self._stage.chain.rpc.run(self._operator.sender.confirm, transaction)
        return receipt

    def send(self, contract: str, function: str, *args: Any, at: str | None = None) -> Receipt:
        """Sends and waits."""
        return self.confirm(self.submit(contract, function, *args, at=at))


async def _submit(sender: Any, to: str, data: str) -> str:
    return str(await sender.submit(to, data, gas=_GAS))


class Stage:
    """The market and what measurements do to it."""

    def __init__(self, chain: LocalChain) -> None:
        self.chain = chain
        self.vault = chain.deployment.vault(1, Side.CALL).address
        self.weth = chain.deployment.token("WETH").address
        # One second a block, whatever the machine's clock says meanwhile: guards count seconds.
        chain.rpc.call("anvil_setBlockTimestampInterval", 1)

    def person(self, index: int) -> Person:
        """A known account."""
        return Person(self, index)

    def series(self, expiry: int, strike: int) -> int:
        """Id of a call."""
        return Series(1, Side.CALL, expiry, strike * 10**8).id

    def report(self, expiries: Sequence[int]) -> tuple[dict[str, Any], list[bytes]]:
        """A surface of these expiries at the head's time with two of three signatures, the arguments of `post`."""
        now = self.chain.now
        slices = [
            {
                "expiry": expiry,
                "theta": int(VOLATILITY**2 * (expiry - now) / (365 * DAY) * 10**16),
                "phi": 10**15,
                "rho": -(10**11),
                "carry": 0,
            }
            for expiry in expiries
        ]
        report = {"market": 1, "timestamp": now, "slices": slices}
        digest = self.chain.read("VolatilityOracle", "hashReport", report)
        return report, [bytes(Account.unsafe_sign_hash(digest, signer.key).signature) for signer in SIGNERS[:2]]

    def refresh(self, keeper: Person) -> None:
        """A round of the feed and a report of every expiry that is not over."""
        self.chain.post(SPOT)
        now = self.chain.now
        keeper.send("VolatilityOracle", "post", *self.report([expiry for expiry in EXPIRIES if expiry > now]))

    def names(self) -> dict[str, str]:
        """What contracts are called, by lower-case address."""
        deployment = self.chain.deployment
        found = {contract.address: name for name, contract in deployment.contracts.items()}
        found |= {vault.address: f"vault {vault.market} {vault.side}" for vault in deployment.vaults}
        found |= {token.address: token.symbol for token in deployment.tokens}
        found |= {feed.address: f"{feed.symbol} feed" for feed in deployment.feeds}
        return {address.lower(): name for address, name in found.items()}

    @contextmanager
    def one_block(self) -> Iterator[None]:
        """Transactions submitted inside are mined together."""
        self.chain.rpc.call("evm_setAutomine", False)
        try:
            yield
        finally:
            self.chain.rpc.call("evm_mine")
            self.chain.rpc.call("evm_setAutomine", True)


@contextmanager
def staged(listed: Mapping[int, Sequence[int]], *, traced: bool = False) -> Iterator[Stage]:
    """The market with nothing open yet; its call vault holds 2,000 WETH.

    Parameters
    ----------
    listed : strikes by expiry, whole quote; the other expiries have none.
    traced : the chain keeps every step of every transaction, which costs memory and time.
    """
    with local_chain(options=("--steps-tracing",) if traced else ()) as chain:
        stage = Stage(chain)
        chain.post(SPOT)
        for expiry in EXPIRIES:
            chain.list_series(expiry, [strike * 10**8 for strike in listed.get(expiry, ())])
        chain.mint(1_000_000)
        chain.send("VolatilityOracle", "setSigners", [signer.address for signer in SIGNERS], 2)
        provider = stage.person(5)
        provider.send("TestToken", "approve", stage.vault, 2**256 - 1, at=stage.weth)
        provider.send("OptionVault", "requestDeposit", _LIQUIDITY, provider.address, provider.address, at=stage.vault)
        chain.at(chain.now + NOTICE)
        provider.send("OptionVault", "process", 1, at=stage.vault)
        provider.send(
            "OptionVault", "deposit(uint256,address,address)", _LIQUIDITY, provider.address, provider.address,
            at=stage.vault,
        )  # fmt: skip
        yield stage
