"""How the stack of a data folder is: asked of every part now, together with what its supervisor has seen."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel

from optionix.chain.endpoint_name import endpoint_name
from optionix.local import folder, parts, probes
from optionix.local.children import Part
from optionix.local.leftovers import supervisor_of
from optionix.settings import METRICS_PORTS, Settings
from optionix.telemetry import HealthReport, Status

#: A supervisor writes each second: one that has not for this long is frozen.
SILENT_SECONDS = 4.0

#: Shorter than the supervisor's patience: with the command's own start a frozen part is told within 5 s.
ASK_SECONDS = 1.5

_WORST: list[Status] = ["ok", "degraded", "failed"]


class PartStatus(BaseModel):
    """One line of the status: a part, how it is, and its own figures."""

    name: str
    status: Status
    detail: str
    address: str
    pid: int | None
    restarts: int
    figures: dict[str, Any]


class StackStatus(BaseModel):
    """The whole stack.

    Attributes
    ----------
    status : `healthy` when every part is ok and the drift is 0, `starting`, `stopped` or `unhealthy`.
    phase : what the supervisor is doing, in words.
    addresses : where everything is reached; no secrets.
    market_time : time of the chain's head, ISO; None when it does not answer.
    lag_blocks, lag_seconds : how far the indexer is behind the chain, as it says; None when it does not.
    unfinalized_blocks, unfinalized_seconds : what of its tables can still be taken back, in blocks and in market time.
    drift : rows in which the tables differ from the chain, by the last audit; None when there was none.
    """

    status: Literal["healthy", "starting", "stopped", "unhealthy"]
    phase: str
    data_dir: str
    addresses: dict[str, Any]
    market_time: str | None
    lag_blocks: int | None
    lag_seconds: float | None
    unfinalized_blocks: int | None
    unfinalized_seconds: int | None
    drift: int | None
    parts: list[PartStatus]


def addresses(settings: Settings) -> dict[str, Any]:
    """Where everything is reached."""
    stores = settings.layout
    loopback = {"postgres": settings.port("postgres"), "redis": settings.port("redis")} if settings.tcp else {}
    services = {service.name for service in parts.services(settings)}
    return {
        "page": settings.api_url,
        "api": settings.api_url,
        "risk": settings.risk_url,
        "rpc": endpoint_name(settings.rpc_url),
        "ws": ",".join(endpoint_name(url) for url in settings.ws_urls),
        "postgres": settings.database_url,
        "redis": f"unix://{stores.redis_socket}",
        "tcp": {name: f"127.0.0.1:{port}" for name, port in loopback.items()},
        "metrics": {
            name: f"http://{settings.connect_host}:{settings.metrics_port(name)}/metrics"
            for name in METRICS_PORTS
            if name in services
        },
        "logs": str(stores.logs),
        "deployment": str(stores.deployment),
    }


async def collect(settings: Settings) -> StackStatus:
    """Asks every part at once; takes no longer than one probe.

    Raises
    ------
    UserError
        The data folder is damaged.
    """
    layout = settings.layout
    recorded = folder.read_json(layout.state)
    supervisor = supervisor_of(layout)
    known: dict[str, dict[str, Any]] = recorded.get("parts", {}) if supervisor else {}
    wanted = _parts(settings)
    answers = await asyncio.gather(*(probes.ask(part.probe, ASK_SECONDS) for part in wanted))
    lines = [
        _line(part.name, part.address, answer, known.get(part.name))
        for part, answer in zip(wanted, answers, strict=True)
    ]
    if supervisor:
        silent = time.time() - float(recorded.get("beat", 0)) > SILENT_SECONDS
        lines.insert(
            0,
            PartStatus(
                name="supervisor",
                status="failed" if silent else "ok",
                detail="does not give a sign of life" if silent else str(recorded.get("phase", "")),
                address="",
                pid=supervisor.pid,
                restarts=0,
                figures={},
            ),
        )
    return _whole(settings, lines, str(recorded.get("phase", "stopped")), running=supervisor is not None)


def _parts(settings: Settings) -> list[Part]:
    layout = settings.layout
    postgres_address = f"host={settings.postgres_host} port={settings.port('postgres')} user=optionix dbname=postgres"
    return [
        Part("postgres", _never, probes.postgres(postgres_address), settings.postgres_host),
        Part("redis", _never, probes.redis_server(settings.redis_url), str(layout.redis_socket)),
        Part("chain", _never, probes.chain(settings.rpc_url), endpoint_name(settings.rpc_url)),
        *parts.service_parts(settings),
    ]


def _never() -> Any:
    raise RuntimeError("a status starts nothing")


def _line(name: str, address: str, answer: probes.Answer, known: dict[str, Any] | None) -> PartStatus:
    """The worse of what a part says now and what its supervisor has seen lately (a restart, for one)."""
    report = answer.report
    if known is not None and _WORST.index(known["status"]) > _WORST.index(report.status):
        report = HealthReport(known["status"], str(known["detail"]), report.figures)
    return PartStatus(
        name=name,
        status=report.status,
        detail=report.detail,
        address=address,
        pid=known["pid"] if known else None,
        restarts=known["restarts"] if known else 0,
        figures=report.figures,
    )


def _whole(settings: Settings, lines: list[PartStatus], phase: str, *, running: bool) -> StackStatus:
    figures = {line.name: line.figures for line in lines}
    indexer, chain = figures.get("indexer", {}), figures.get("chain", {})
    drift = indexer.get("drift")
    good = all(line.status == "ok" for line in lines) and not drift
    if not running:
        for line in lines:
            line.detail = "not running" if line.status == "failed" else line.detail
        # Parts that answer without a supervisor were left behind by one that was killed.
        left = any(line.status != "failed" for line in lines)
        status: Literal["healthy", "starting", "stopped", "unhealthy"] = "unhealthy" if left else "stopped"
        phase = "its supervisor is gone, parts still run: `optionix down` ends them" if left else "stopped"
    elif phase.startswith("starting"):
        status = "starting"
    else:
        status = "healthy" if good else "unhealthy"
    market = chain.get("market_time")
    return StackStatus(
        status=status,
        phase=phase,
        data_dir=str(settings.data_dir),
        addresses=addresses(settings),
        market_time=datetime.fromtimestamp(market, UTC).isoformat() if market else None,
        lag_blocks=indexer.get("lag_blocks"),
        lag_seconds=indexer.get("lag_seconds"),
        unfinalized_blocks=indexer.get("unfinalized_blocks"),
        unfinalized_seconds=indexer.get("unfinalized_seconds"),
        drift=drift,
        parts=lines,
    )
