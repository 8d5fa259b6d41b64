"""What every job is given: the chain, the tables, the risk service and the time."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from keeper.signers import Signer
from keeper.state import MarketState
from optionix.chain.abi import Abi, load_abi
from optionix.chain.deployment import Deployment
from optionix.chain.errors import RpcUnavailable
from optionix.chain.failover import FailoverRpc
from optionix.chain.networks import Network
from optionix.chain.transactions import call_contract

_HEAD_SECONDS = 0.1


class RiskUnavailable(Exception):
    """The risk service does not answer."""


@dataclass
class Context:
    """The surroundings of a keeper's jobs.

    Attributes
    ----------
    signers : who signs surfaces here.
    risk_url : where the risk service is reached.
    """

    rpc: FailoverRpc
    network: Network
    deployment: Deployment
    state: MarketState
    signers: Sequence[Signer]
    risk_url: str
    http: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(timeout=10, trust_env=False))
    _head: tuple[float, int, int] = (-1.0, 0, 0)

    @property
    def chain_id(self) -> int:
        """The chain."""
        return self.deployment.chain_id

    async def head(self, *, fresh: bool = False) -> tuple[int, int]:
        """Number and time (market time) of the head, asked at most ten times a second, or now with `fresh`."""
        asked, number, timestamp = self._head
        if fresh or time.monotonic() - asked > _HEAD_SECONDS:
            block = await self.rpc.block()
            if block is None:
                raise RpcUnavailable(f"{self.rpc.name} has no head")
            number, timestamp = int(block["number"], 16), int(block["timestamp"], 16)
            self._head = time.monotonic(), number, timestamp
        return number, timestamp

    async def now(self) -> int:
        """Market time, seconds."""
        return (await self.head())[1]

    def address(self, contract: str) -> str:
        """Address of a core contract."""
        return self.deployment.address(contract)

    async def read(self, contract: str, function: str, *args: Any, at: str | None = None) -> Any:
        """A view of a contract; `at` is its address where it is not a core contract."""
        return await call_contract(self.rpc, load_abi(contract), at or self.address(contract), function, *args)

    async def read_many(self, contract: str, calls: Sequence[tuple[str, tuple[Any, ...]]]) -> list[Any]:
        """Many views of one core contract in one request."""
        abi: Abi = load_abi(contract)
        to = self.address(contract)
        answers = await self.rpc.batch(
            [("eth_call", [{"to": to, "data": abi.encode(name, *args)}, "latest"]) for name, args in calls]
        )
        return [abi.decode(name, data, len(args)) for (name, args), data in zip(calls, answers, strict=True)]

    async def risk(self, path: str) -> Mapping[str, Any]:
        """A JSON answer of the risk service.

        Raises
        ------
        RiskUnavailable
            When there is none.
        """
        try:
            answer = await self.http.get(f"{self.risk_url}{path}")
            body: Mapping[str, Any] = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise RiskUnavailable(f"{self.risk_url}{path}: {error or type(error).__name__}") from error
        if answer.status_code != 200:
            raise RiskUnavailable(f"{self.risk_url}{path}: {body.get('detail', answer.status_code)}")
        return body

    async def close(self) -> None:
        """Close the connections."""
        await self.http.aclose()
        await self.rpc.close()
