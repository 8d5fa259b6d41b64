"""Watching what no job can mend: it is said in the log and in a metric until it is well again."""

from __future__ import annotations

import structlog

from keeper import metrics
from keeper.actions import Action
from keeper.context import Context
from keeper.jobs.surfaces import cutoff
from keeper.lane import Lane

log = structlog.get_logger("keeper")

MIN_BALANCE = 5 * 10**16
"""Below 0.05 of the native coin the sending account is nearly empty."""
SPENT_SHARE = 0.8
"""From this share of the day's limit on it is said."""
INDEX_LAG_SECONDS = 6 * 3600
"""Market time by which the tables may trail the head."""
UNSETTLED_SECONDS = 2 * 3600
"""Market time after an expiry by which it should be settled."""


class Watch:
    """Looks at feeds, surfaces, the tables, the balance and unsettled expiries.

    Parameters
    ----------
    lane : whose account pays for transactions.
    """

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self.alerts: dict[str, str] = {}

    async def watch(self, context: Context) -> list[Action]:
        """Nothing is to be sent; what is wrong is kept in `alerts`."""
        found = await self._look(context)
        for what in found.keys() - self.alerts.keys():
            log.warning("alert", what=what, detail=found[what])
        for what in self.alerts.keys() - found.keys():
            log.info("alert is over", what=what)
            metrics.ALERTS.labels(what).set(0)
        for what in found:
            metrics.ALERTS.labels(what).set(1)
        self.alerts = found
        return []

    async def _spending(self) -> dict[str, str]:
        limit, spent = self._lane.policy.daily_spend, await self._lane.spent()
        metrics.SPENT_TODAY.set(spent)
        if limit is None or spent < SPENT_SHARE * limit:
            return {}
        return {"spending": f"{spent / 10**18:.6f} of the day's {limit / 10**18:g} are spent or pledged"}

    async def _look(self, context: Context) -> dict[str, str]:
        now = await context.now()
        found: dict[str, str] = {}
        sender = self._lane.address
        balance = int(await context.rpc.call("eth_getBalance", sender, "latest"), 16)
        metrics.BALANCE.set(balance)
        if balance < MIN_BALANCE:
            found["balance"] = f"{sender} has {balance} wei left: fund it"
        found |= await self._spending()
        block, indexed_at = await context.state.indexed()
        if block and now - indexed_at > INDEX_LAG_SECONDS:
            found["index"] = f"the tables are {now - indexed_at} s of market time behind the head"
        drift = await context.state.drift()
        if drift:
            found["drift"] = f"the last audit found {drift} differences"
        heartbeat = await context.read("VolatilityOracle", "heartbeat")
        for market in await context.state.markets():
            spot = await context.state.spot(market.market)
            if spot is not None:
                metrics.FEED_AGE.labels(market.symbol).set(now - spot[1])
                if now - spot[1] > market.feed_max_age:
                    found[f"feed {market.symbol}"] = f"the newest round is {now - spot[1]} s old"
            times = await context.state.slice_times(market.market, now + cutoff(market))
            old = [expiry for expiry, posted in times.items() if now - posted > heartbeat]
            if old:
                found[f"surface {market.symbol}"] = f"no fresh slice for {', '.join(map(str, old))}"
        late = await context.state.unsettled(now - UNSETTLED_SECONDS)
        if late:
            found["settlement"] = ", ".join(f"market {row.market} expiry {row.expiry}" for row in late)
        return found
