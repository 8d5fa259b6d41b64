"""The replayed feeds: real price history posted to the local chain's feeds, faster than life.

Each round is a transaction in a block of its own, and the block's time is the round's time: the replay moves the
market's clock. Between rounds the chain's clock runs at the wall's pace from the last block, so that everybody's
transactions keep rising times; where one of them has gone past a round's time, the round comes a second after it.

`POST /control` on the metrics port steers it, with any of `{"speed": seconds of market time for one of wall time,
"paused": true or false, "pause_at": market time (Unix seconds) after which no round is posted, or null}`, and answers
what then holds. `optionix replay` does the same. A restarted replay goes on from the chain's own rounds and keeps the
speed and the pause; the next `optionix up` begins again with its own `--speed`.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import Counter, Gauge

from optionix import telemetry
from optionix.chain import deployment as deployments
from optionix.chain.abi import load_abi
from optionix.chain.errors import ChainError, RpcError
from optionix.chain.rpc import Rpc
from optionix.data import load_bars
from optionix.errors import UserError
from optionix.local.folder import read_json, write_json
from optionix.local.replay_model import FeedRules, PricePath, Round, next_round
from optionix.settings import Settings
from optionix.telemetry import HealthReport

#: A round this late (wall seconds) means that the machine cannot keep the speed: the schedule begins anew there.
LATE_SECONDS = 2.0
#: A schedule given up this often within `MEASURE_SECONDS` is a machine that is too slow; once is a hiccup.
BEHIND_TIMES = 3
#: The achieved speed is measured over this long, wall seconds.
MEASURE_SECONDS = 15.0
_GAS = 200_000

_rounds = Counter("optionix_replay_rounds_total", "Rounds posted.", ["symbol"])
_market_time = Gauge("optionix_replay_market_time_seconds", "Time of the last round, Unix seconds.")
_speed = Gauge("optionix_replay_speed", "Speed asked for, market seconds per wall second.")
_achieved = Gauge("optionix_replay_achieved_speed", "Speed reached lately, market seconds per wall second.")


@dataclass
class Control:
    """What the replay was told.

    Parameters
    ----------
    speed
        Market seconds per wall second.
    paused
        Whether it stands still.
    pause_at
        Market time (Unix seconds) past which no round is posted; None for no such time.
    """

    speed: float
    paused: bool = False
    pause_at: int | None = None

    def change(self, given: dict[str, Any]) -> None:
        """Takes what a caller sent, all of it or nothing.

        Raises
        ------
        ValueError
            Something in it is not known or not possible; the text says what would be.
        """
        unknown = set(given) - {"speed", "paused", "pause_at"}
        if unknown:
            raise ValueError(f"{', '.join(sorted(unknown))}: known are speed, paused and pause_at")
        speed, paused, pause_at = (given.get(name, getattr(self, name)) for name in ("speed", "paused", "pause_at"))
        if isinstance(speed, bool) or not isinstance(speed, (int, float)) or not 0 < speed <= 100_000:
            raise ValueError("speed is a number above 0 and at most 100000")
        if not isinstance(paused, bool):
            raise ValueError("paused is true or false")
        if pause_at is not None and (isinstance(pause_at, bool) or not isinstance(pause_at, int)):
            raise ValueError("pause_at is a time in whole Unix seconds, or null")
        self.speed, self.paused, self.pause_at = float(speed), paused, pause_at


@dataclass
class Feed:
    """One feed of the chain with the path that it is fed from."""

    symbol: str
    address: str
    owner: str
    path: PricePath
    last: Round | None = None
    posted: int = 0

    def following(self, rules: FeedRules, head: int) -> Round | None:
        """The round to post next, or None at the end of the history.

        The first round of a feed, and one whose time the chain has passed, takes the price of the second after the
        head: an old price is never posted under a new time.
        """
        planned = next_round(self.path, self.last, rules) if self.last is not None else None
        if self.last is not None and planned is None:
            return None
        if planned is not None and planned.timestamp > head:
            return planned
        if not self.path.start <= head + 1 < self.path.end:
            return None
        return Round(head + 1, self.path.at(head + 1))


@dataclass
class Replay:
    """The replay of all feeds of one chain.

    Parameters
    ----------
    rpc
        The local chain.
    feeds
        Its feeds.
    control
        Speed and pause; may be changed at any time through `steer`.
    rules
        When the feeds post.
    """

    rpc: Rpc
    feeds: list[Feed]
    control: Control
    rules: FeedRules = field(default_factory=FeedRules)
    state: str = "starting"
    trouble: str = ""
    head: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _posting: asyncio.Lock = field(default_factory=asyncio.Lock)
    _anchor: tuple[float, int] = (0.0, 0)
    _late: deque[float] = field(default_factory=lambda: deque(maxlen=BEHIND_TIMES))
    _recent: deque[tuple[float, int]] = field(default_factory=deque)

    async def run(self, stop: asyncio.Event) -> None:
        """Posts rounds until `stop` is set; at the end of the history it stays, without posting."""
        while not stop.is_set():
            try:
                await self.read_chain()
                self.trouble = ""
                await self._replay(stop)
            except ChainError as error:
                self.state, self.trouble = "waiting", str(error)
                await _wait(stop, 0.5)

    async def read_chain(self) -> None:
        """Takes the position from the chain: the head's time and each feed's last round."""
        abi = load_abi("ReplayFeed")
        block = await self.rpc.block()
        if block is None:
            raise ChainError("the chain has no head")
        self.head = int(block["timestamp"], 16)
        for feed in self.feeds:
            try:
                data = await self.rpc.eth_call(feed.address, abi.encode("latestRoundData"))
                _, answer, _, updated, _ = abi.decode("latestRoundData", data, 0)
                feed.last = Round(updated, answer)
            except RpcError as error:
                if "No data present" not in str(error) + str(error.data):
                    raise
                feed.last = None
        self._begin_schedule(self.head)

    def steer(self, given: dict[str, Any]) -> dict[str, Any]:
        """Changes speed or pause; answers what then holds. Raises ValueError for what cannot be."""
        self.control.change(given)
        self._begin_schedule(self.head)
        if self.state in ("running", "paused"):
            self.state = "paused" if self.control.paused else "running"
        self._changed.set()
        return self.figures()

    def figures(self) -> dict[str, Any]:
        """State and progress, as `/healthz` shows them."""
        return {
            "state": self.state,
            "market_time": self.head,
            "speed": self.control.speed,
            "achieved_speed": round(self.achieved_speed(), 1),
            "pause_at": self.control.pause_at,
            "end": min((feed.path.end for feed in self.feeds), default=0),
            "rounds": {feed.symbol: feed.posted for feed in self.feeds},
        }

    def health(self) -> HealthReport:
        """Healthy while it does what it was told, also when paused and at the end of the history."""
        figures = self.figures()
        if self.state == "waiting":
            return HealthReport("failed", self.trouble, figures)
        if self.state == "running" and self.behind():
            detail = f"reaches {figures['achieved_speed']:g} of {self.control.speed:g} market seconds per second"
            return HealthReport("degraded", detail, figures)
        if self.state == "ended":
            return HealthReport("ok", "the shipped history has ended; no more rounds are posted", figures)
        return HealthReport("ok", self.state, figures)

    def behind(self) -> bool:
        """Whether the machine does not keep the speed."""
        return len(self._late) == BEHIND_TIMES and time.monotonic() - self._late[0] < MEASURE_SECONDS

    def achieved_speed(self) -> float:
        """Market seconds per wall second over the last quarter of a minute; 0 before two rounds were posted."""
        if len(self._recent) < 2:
            return 0.0
        (wall_0, market_0), (wall_1, market_1) = self._recent[0], self._recent[-1]
        return (market_1 - market_0) / max(wall_1 - wall_0, 1e-3)

    async def _replay(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self._changed.clear()
            candidates = [(feed.following(self.rules, self.head), feed) for feed in self.feeds]
            coming = [(found.timestamp, index) for index, (found, _) in enumerate(candidates) if found is not None]
            if len(coming) < len(self.feeds):
                self.state = "ended"
                await self._sleep(stop, math.inf)
                continue
            due, index = min(coming)
            pause_at = self.control.pause_at
            if self.control.paused or (pause_at is not None and due > pause_at):
                self.state = "paused"
                await self._sleep(stop, math.inf)
                continue
            self.state = "running"
            wait = self._wall_time(due) - time.monotonic()
            if wait > 0 and await self._sleep(stop, wait):
                continue
            if wait < -LATE_SECONDS:
                self._late.append(time.monotonic())
                self._begin_schedule(due)
            chosen, feed = candidates[index]
            if chosen is not None:
                async with self._posting:
                    await self.post(feed, chosen)

    async def settled(self) -> None:
        """Wait for the round that is under way: who pauses finds the chain at rest."""
        async with self._posting:
            pass

    async def post(self, feed: Feed, wanted: Round) -> Round:
        """Posts one round in a block of its own; returns it with the time that it really got."""
        block = await self.rpc.block()
        self.head = max(self.head, int(block["timestamp"], 16)) if block else self.head
        if wanted.timestamp <= self.head:
            late = min(self.head + 1, feed.path.end - 1)
            wanted = Round(self.head + 1, feed.path.at(late))
        # A transaction that slips in between takes this time; ours then comes right after it.
        with contextlib.suppress(RpcError):
            await self.rpc.call("evm_setNextBlockTimestamp", wanted.timestamp)
        abi = load_abi("ReplayFeed")
        request = {
            "from": feed.owner,
            "to": feed.address,
            "gas": hex(_GAS),
            "data": abi.encode("post", wanted.answer),
        }
        receipt = await self.rpc.call("eth_sendTransactionSync", request)
        if int(receipt["status"], 16) != 1:
            raise ChainError(f"the {feed.symbol} feed refused a round")
        # AnswerUpdated carries the time in its data.
        feed.last = Round(int(receipt["logs"][0]["data"], 16), wanted.answer)
        feed.posted += 1
        self.head = max(self.head, feed.last.timestamp)
        now = time.monotonic()
        self._recent.append((now, feed.last.timestamp))
        while len(self._recent) > 2 and now - self._recent[0][0] > MEASURE_SECONDS:
            self._recent.popleft()
        _rounds.labels(feed.symbol).inc()
        _market_time.set(feed.last.timestamp)
        _speed.set(self.control.speed)
        _achieved.set(self.achieved_speed())
        return feed.last

    def _begin_schedule(self, market: int) -> None:
        self._anchor = (time.monotonic(), market)
        self._recent.clear()

    def _wall_time(self, market: int) -> float:
        wall, anchored = self._anchor
        return wall + (market - anchored) / self.control.speed

    async def _sleep(self, stop: asyncio.Event, seconds: float) -> bool:
        """Waits; returns True when something changed meanwhile. Looks up at least each half second."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), min(left, 0.5))
                return True
        return stop.is_set()


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


async def feeds_of(rpc: Rpc, settings: Settings) -> list[Feed]:
    """The feeds of the local deployment, each with its owner, which the node signs for."""
    abi = load_abi("ReplayFeed")
    found = []
    for entry in deployments.load(settings.network, settings).feeds:
        owner = abi.decode("owner", await rpc.eth_call(entry.address, abi.encode("owner")), 0)
        found.append(Feed(entry.symbol, entry.address, str(owner), PricePath(load_bars(entry.symbol), settings.seed)))
    return found


async def main(settings: Settings) -> None:
    """Runs the replay with its health and control until it is told to stop."""
    log = telemetry.configure_logging("replay", settings.log_level)
    stop = telemetry.stop_event()
    control = Control(settings.speed)
    with contextlib.suppress(ValueError):
        control.change(read_json(settings.layout.replay))
    async with Rpc(settings.rpc_url, timeout=15) as rpc:
        replay = Replay(rpc, await feeds_of(rpc, settings), control)

        async def steer(given: dict[str, Any]) -> dict[str, Any]:
            replay.steer(given)
            await replay.settled()
            answer = replay.figures()
            write_json(settings.layout.replay, vars(control))
            log.info("steered", **vars(control))
            return answer

        port = settings.metrics_port("replay")
        async with telemetry.TelemetryServer(port, replay.health, host=settings.host, routes={"/control": steer}):
            log.info("replaying", speed=control.speed, feeds=[feed.symbol for feed in replay.feeds])
            await replay.run(stop)
    log.info("stopped")


if __name__ == "__main__":
    try:
        asyncio.run(main(Settings()))
    except UserError as error:
        raise SystemExit(f"optionix: {error}") from None
