"""Which of a network's endpoints may be asked now: who failed, lagged or lied waits on the bench for a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import structlog
from prometheus_client import Counter, Gauge

from indexer.errors import SourceLies
from indexer.source.endpoint import Endpoint
from optionix.chain.endpoint_name import endpoint_name
from optionix.chain.errors import RateLimited

_FAULTS = Counter("optionix_indexer_endpoint_faults", "Faults of an endpoint by kind", ["network", "endpoint", "kind"])
_BENCHED = Gauge("optionix_indexer_endpoint_benched", "1 while an endpoint is not asked", ["network", "endpoint"])


class Fault(StrEnum):
    """Why an endpoint is not asked for a while."""

    UNAVAILABLE = "unavailable"
    RATE_LIMITED = "rate_limited"
    CONTRADICTED = "contradicted"
    STALE = "stale"
    OTHER_CHAIN = "other_chain"
    LIED = "lied"


_SECONDS = {
    Fault.UNAVAILABLE: 1.0,
    Fault.RATE_LIMITED: 0.5,
    Fault.CONTRADICTED: 1.0,
    Fault.STALE: 30.0,
    Fault.OTHER_CHAIN: 600.0,
    Fault.LIED: 3600.0,
}
"""How long for the first time; each further fault in a row doubles it."""
_MOST_SECONDS = {Fault.UNAVAILABLE: 60.0, Fault.RATE_LIMITED: 60.0, Fault.CONTRADICTED: 60.0, Fault.STALE: 300.0}
_DISTRUSTED = frozenset({Fault.OTHER_CHAIN, Fault.LIED})
"""Not asked before the time is over even where nobody else is left."""


@dataclass(eq=False)
class Member:
    """An endpoint of a network.

    Attributes
    ----------
    name : what to call it where others can read it, with a number where several would be called the same.
    identified : whether it was seen to serve the right chain since it last failed.
    faults : in a row.
    blamed : how often it was benched: it only grows.
    benched_until : by the bench's clock.
    """

    name: str
    endpoint: Endpoint
    identified: bool = False
    faults: int = 0
    blamed: int = 0
    benched_until: float = 0.0
    fault: Fault | None = None
    reason: str = ""


class Bench:
    """The endpoints of a network, the preferred first.

    Parameters
    ----------
    clock : seconds that only grow.
    """

    def __init__(
        self, network: str, endpoints: Sequence[Endpoint], clock: Callable[[], float] = time.monotonic
    ) -> None:
        if not endpoints:
            raise ValueError("a network needs an endpoint")
        self._network = network
        self._clock = clock
        self._log = structlog.get_logger("indexer").bind(network=network)
        names = _names([endpoint.rpc.url for endpoint in endpoints])
        self.members = [Member(name, endpoint) for name, endpoint in zip(names, endpoints, strict=True)]

    def ready(self) -> list[Member]:
        """Who may be asked now, the preferred first; where all are benched, those that may only have been down.

        Raises
        ------
        RateLimited
            Everybody asked for fewer requests.
        SourceLies
            Nobody is left who is trusted; says why of each.
        """
        now = self._clock()
        self._release(now)
        well = [member for member in self.members if member.benched_until <= now]
        if well:
            return well
        weak = [member for member in self.members if member.fault not in _DISTRUSTED]
        if not weak:
            told = "; ".join(f"{member.name}: {member.reason}" for member in self.members)
            raise SourceLies(
                f"no endpoint of {self._network} is left to be asked ({told}).", "Name others in OPTIONIX_RPC_URL."
            )
        asked = [member for member in weak if member.fault is not Fault.RATE_LIMITED]
        if not asked:
            wait = min(member.benched_until for member in weak) - now
            raise RateLimited(f"{weak[0].name}: too many requests", wait)
        return sorted(asked, key=lambda member: member.benched_until)

    @property
    def trusted(self) -> int:
        """How many endpoints there are that were not seen to lie or to serve another chain."""
        return sum(member.fault not in _DISTRUSTED for member in self.members)

    def distrusts(self, member: Member) -> bool:
        """Whether an endpoint waits for having lied or for serving another chain."""
        return member.fault in _DISTRUSTED and member.benched_until > self._clock()

    def put(self, member: Member, fault: Fault, reason: str, seconds: float | None = None) -> None:
        """Ask an endpoint nothing for a while. Who is distrusted stays so: a lighter fault does not shorten it.

        Parameters
        ----------
        seconds : how long; by kind and number of faults when absent.
        """
        if self.distrusts(member) and fault not in _DISTRUSTED:
            return
        if seconds is None:
            first = _SECONDS[fault]
            seconds = min(first * 2.0 ** min(member.faults, 16), _MOST_SECONDS.get(fault, first))
        member.faults += 1
        member.blamed += 1
        member.identified = False
        member.fault, member.reason, member.benched_until = fault, reason, self._clock() + seconds
        _FAULTS.labels(self._network, member.name, fault.value).inc()
        _BENCHED.labels(self._network, member.name).set(1)
        said = self._log.error if fault in _DISTRUSTED else self._log.warning
        said("endpoint benched", endpoint=member.name, kind=fault.value, reason=reason, seconds=round(seconds, 1))

    def answered(self, member: Member) -> None:
        """An endpoint answered well."""
        if member.faults:
            self._log.info("endpoint answers again", endpoint=member.name)
            _BENCHED.labels(self._network, member.name).set(0)
        member.faults, member.fault, member.reason, member.benched_until = 0, None, "", 0.0

    def states(self) -> list[dict[str, Any]]:
        """For `/healthz`: each endpoint, whether it is asked, and why not."""
        now = self._clock()
        return [
            {
                "endpoint": member.name,
                "benched": member.benched_until > now,
                "seconds_left": round(max(member.benched_until - now, 0.0), 1),
                "fault": member.fault.value if member.fault else None,
                "reason": member.reason,
            }
            for member in self.members
        ]

    def _release(self, now: float) -> None:
        for member in self.members:
            if member.fault is not None and member.benched_until <= now:
                _BENCHED.labels(self._network, member.name).set(0)


def _names(urls: Sequence[str]) -> Iterator[str]:
    seen: dict[str, int] = {}
    for url in urls:
        name = endpoint_name(url)
        seen[name] = seen.get(name, 0) + 1
        yield name if seen[name] == 1 else f"{name}#{seen[name]}"
