"""Several networks in one process: the settings of each, and how they all are."""

from __future__ import annotations

from collections.abc import Sequence

from indexer.progress import Progress
from optionix.chain.networks import network
from optionix.settings import Settings
from optionix.telemetry import HealthReport

_WORST_FIRST = ("failed", "degraded", "ok")


def each_network(config: Settings) -> list[Settings]:
    """The settings of each network that `networks` names, or of `network` alone.

    Raises
    ------
    UnknownNetwork
        A name that there is not, or a network without an endpoint.
    """
    names = list(dict.fromkeys(name for part in config.networks.split(",") if (name := part.strip())))
    return [_of(config, name) for name in names] or [config]


def _of(config: Settings, name: str) -> Settings:
    if name == config.network:
        return config
    chain = network(name)
    first, *others = chain.rpc_urls()
    sockets = chain.rpc_urls(scheme="ws")
    endpoints = {"rpc_url": first, "rpc_fallback_urls": ",".join(others), "ws_url": ",".join(sockets)}
    return config.model_copy(update={"network": name, **endpoints})


def report_of(networks: Sequence[Progress]) -> HealthReport:
    """For `/healthz`: one network's report as it is; of several the worst status, and each under its name."""
    reports = [progress.report() for progress in networks]
    if len(reports) == 1:
        return reports[0]
    worst = min((report.status for report in reports), key=_WORST_FIRST.index)
    told = "; ".join(f"{each.network}: {report.detail}" for each, report in zip(networks, reports, strict=True))
    figures = {
        each.network: {"status": report.status, **report.figures}
        for each, report in zip(networks, reports, strict=True)
    }
    return HealthReport(worst, told, {"networks": figures}, ready=all(report.is_ready for report in reports))
