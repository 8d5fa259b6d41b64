"""Several endpoints of one chain behind the interface of one: the preferred answers while it can.

One that fails is left alone for a while and the next is asked. Each is asked for its chain before its first answer
counts, and again after it failed: who serves another chain is left alone for much longer. Errors of the chain (a
revert, a refused transaction) are answers, not failures: they are not asked for twice. Asking again is safe for reads,
and for a signed transaction, which can be mined once only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import structlog

from optionix.chain.errors import ChainError, RpcUnavailable, WrongChain
from optionix.chain.rpc import Rpc

log = structlog.get_logger("chain")

FAILED_SECONDS = 5.0
WRONG_SECONDS = 600.0


class FailoverRpc(Rpc):
    """An `Rpc` over several addresses.

    Parameters
    ----------
    urls : the preferred first.
    chain_id : the chain that each has to serve.
    transports : one for each, for tests.
    """

    def __init__(
        self,
        urls: Sequence[str],
        chain_id: int,
        *,
        timeout: float = 10.0,
        transports: Sequence[httpx.AsyncBaseTransport | None] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not urls:
            raise ValueError("a network needs an endpoint")
        super().__init__(urls[0], timeout=timeout)
        each = [*transports, *[None] * (len(urls) - len(transports))]
        self.endpoints = [Rpc(url, timeout=timeout, transport=one) for url, one in zip(urls, each, strict=True)]
        self._chain_id = chain_id
        self._clock = clock
        self._trusted: set[int] = set()
        self._back_at = [0.0] * len(urls)

    async def close(self) -> None:
        """Close the connections."""
        await super().close()
        for endpoint in self.endpoints:
            await endpoint.close()

    def doubt(self, reason: str) -> bool:
        """Leave the endpoint that answers now alone, because of what it said; whether there is another to ask."""
        place = next(self._order())
        others = any(self._back_at[other] <= self._clock() for other in range(len(self.endpoints)) if other != place)
        if others:
            self._bench(place, FAILED_SECONDS * 12, reason)
        return others

    async def _post(self, body: Any) -> Any:
        failure: ChainError | None = None
        for place in self._order():
            endpoint = self.endpoints[place]
            try:
                if place not in self._trusted:
                    await endpoint.require_chain(self._chain_id)
                    self._trusted.add(place)
                answer = await endpoint._post(body)
            except WrongChain as error:
                failure = error
                self._bench(place, WRONG_SECONDS, str(error))
            except RpcUnavailable as error:
                failure = failure or error
                self._bench(place, FAILED_SECONDS, str(error))
            else:
                self.url = endpoint.url
                return answer
        raise failure or RpcUnavailable("there is no endpoint to ask")

    def _order(self) -> Any:
        """Places of endpoints to ask: those that work by preference, then the others, for one must be asked."""
        now = self._clock()
        working = [place for place in range(len(self.endpoints)) if self._back_at[place] <= now]
        resting = [place for place in range(len(self.endpoints)) if place not in working]
        return iter(working + sorted(resting, key=lambda place: self._back_at[place]))

    def _bench(self, place: int, seconds: float, reason: str) -> None:
        self._trusted.discard(place)
        if self._back_at[place] <= self._clock() and len(self.endpoints) > 1:
            log.warning(
                "an endpoint is left alone", endpoint=self.endpoints[place].name, seconds=seconds, reason=reason
            )
        self._back_at[place] = self._clock() + seconds
