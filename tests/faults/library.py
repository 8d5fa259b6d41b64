"""Every fault of an endpoint that the indexer has to live with, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.faults.proxy import Fault, Wire
from tests.support.rpc_faults import Fault as Alter
from tests.support.rpc_faults import (
    Json,
    Refused,
    another_chain,
    another_genesis,
    both,
    empty_blooms,
    head_at,
    hide_logs,
    no_receipts,
)

LOGS = frozenset({"eth_getLogs"})


def transient() -> list[Fault]:
    """What goes by: every second request or so meets it, and trying again is all that is needed."""
    return [
        Fault("delay", wire=Wire(delay_seconds=0.05), chance=0.5),
        Fault("drop", wire=Wire(dropped=True), chance=0.4),
        Fault("too many requests", wire=Wire(status=429, headers=(("retry-after", "0.1"),)), chance=0.4),
        Fault("server error", wire=Wire(status=500, body=b"<html>Internal Server Error</html>"), chance=0.4),
        Fault("error as JSON", wire=Wire(status=200, body=b'{"message":"no healthy upstream"}'), chance=0.4),
        Fault("truncated", wire=Wire(kept=0.5), chance=0.4),
        Fault("wrong id", wire=Wire(id_offset=1_000_000), chance=0.4),
        Fault("other order", wire=Wire(reversed_order=True)),
        Fault("rate limit in words", alter=refuse(-32005, "daily request count exceeded, request rate limited"),
              chance=0.15),
        Fault("internal error", alter=refuse(-32603, "internal error"), chance=0.3),
        Fault("null", alter=nothing, chance=0.3),
        Fault("too large", alter=at_most(7, "block range is too wide (maximum {most})")),
        Fault("too large, in no numbers", alter=at_most(5, "query returned more than 10000 results")),
        Fault("no socket", socket="refuse"),
        Fault("dropped socket", socket="drop"),
        Fault("silent socket", socket="silent"),
        Fault("garbage on the socket", socket="garbage"),
    ]  # fmt: skip


def lies(node: Callable[..., Json]) -> list[Fault]:
    """What looks like a good answer and is none. `node` asks the node itself.

    In each case somebody has to notice before the block is final.
    """
    return [
        Fault("empty logs", alter=hide_logs(lambda _: True)),
        Fault("one hidden log", alter=hide_logs(one_in(7))),
        Fault("one hidden log, in receipts too", alter=hide_logs(one_in(7), in_receipts=True)),
        Fault("one hidden log, no receipts", alter=both(hide_logs(one_in(7)), no_receipts)),
        Fault("empty logs and empty blooms", alter=both(hide_logs(lambda _: True), empty_blooms)),
        Fault("altered data", alter=altered_data),
        Fault("stale head", alter=stale_at(node)),
        Fault("other chain", alter=another_chain),
        Fault("other genesis", alter=another_genesis),
    ]


# --- what they are made of ---


def refuse(code: int, message: str) -> Alter:
    """Answers every call with an error."""

    def served(*_: Json) -> Json:
        raise Refused(code, message)

    return served


def nothing(method: str, *_: Json) -> Json:
    """Has no block and no log."""
    return [] if method == "eth_getBlockReceipts" else None


def at_most(most: int, words: str) -> Alter:
    """Serves logs of so many blocks at once, and else says so in some provider's words."""

    def served(method: str, params: list[Json], result: Json) -> Json:
        if method == "eth_getLogs" and "fromBlock" in params[0]:
            first, last = (int(params[0][name], 16) for name in ("fromBlock", "toBlock"))
            if last - first + 1 > most:
                raise Refused(-32602, words.format(most=most))
        return result

    return served


def one_in(count: int) -> Callable[[Json], bool]:
    """One of so many logs, always the same."""
    return lambda log: (int(log["transactionHash"], 16) + int(log["logIndex"], 16)) % count == 0


def altered_data(method: str, _: list[Json], result: Json) -> Json:
    """Tells another amount than was emitted."""
    if method != "eth_getLogs":
        return result
    return [_with_other_data(log) if one_in(5)(log) else log for log in result]


def _with_other_data(log: dict[str, Any]) -> dict[str, Any]:
    data = log["data"]
    # The lowest bits of the first word: an amount that is off by a little.
    return {**log, "data": data[:64] + ("00" if data[64:66] != "00" else "01") + data[66:]} if len(data) >= 66 else log


def stale_at(node: Callable[..., Json]) -> Alter:
    """Knows nothing above the block that is the head when it is first asked."""
    stands: list[Alter] = []

    def served(method: str, params: list[Json], result: Json) -> Json:
        if not stands:
            stands.append(head_at(int(node("eth_blockNumber"), 16), node))
        return stands[0](method, params, result)

    return served
