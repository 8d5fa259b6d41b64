"""The registry of what `optionix up` runs: stores, the chain and every service, in the order of their start."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from optionix.errors import UserError
from optionix.local import probes
from optionix.local.anvil import Anvil
from optionix.local.children import Part
from optionix.local.launch import Launch
from optionix.local.postgres import EmbeddedPostgres
from optionix.local.redis import EmbeddedRedis
from optionix.settings import PROJECT_ROOT, Settings


@dataclass(frozen=True)
class Service:
    """A service of the stack: a module run by `python -m`, whose health stands on its metrics port.

    Parameters
    ----------
    name
        Name in tables and of its metrics port (`optionix.settings.METRICS_PORTS`).
    module
        What `python -m` runs.
    """

    name: str
    module: str


SERVICES: tuple[Service, ...] = (
    Service("replay", "optionix.local.replay"),
    Service("indexer", "indexer"),
    Service("risk", "ml"),
    Service("keeper", "keeper"),
    Service("api", "api"),
)
"""In the order of their start. A service adds its line here when it lands."""

#: anvil is read back whole at a warm start; a kill of anvil itself loses at most this much of the market.
CHAIN_STATE_SECONDS = 60


@dataclass(frozen=True)
class Stores:
    """The servers under the services, as one set of settings describes them."""

    postgres: EmbeddedPostgres
    redis: EmbeddedRedis
    chain: Anvil


def stores(settings: Settings, password: str, genesis: int) -> Stores:
    """The embedded servers of a data folder.

    Parameters
    ----------
    settings
        Says which folder and ports.
    password
        Asked where `tcp` opens ports.
    genesis
        Market time of a new chain's first block, Unix seconds.
    """
    layout = settings.layout
    return Stores(
        postgres=EmbeddedPostgres(
            layout.postgres,
            socket_dir=layout.run,
            port=settings.port("postgres"),
            tcp=settings.tcp,
            password=password,
            durable=True,
        ),
        redis=EmbeddedRedis(
            layout.redis,
            socket=layout.redis_socket,
            port=settings.port("redis"),
            tcp=settings.tcp,
            password=password,
        ),
        chain=Anvil(
            settings.port("anvil"),
            timestamp=genesis,
            state=layout.anvil / "state.json",
            state_interval=CHAIN_STATE_SECONDS,
            node_modules=settings.node_modules,
        ),
    )


def store_parts(settings: Settings, given: Stores) -> dict[str, Part]:
    """Postgres, Redis and the chain as supervised parts."""
    tcp_note = f" and 127.0.0.1:{settings.port('postgres')}" if settings.tcp else ""
    redis_note = f" and 127.0.0.1:{settings.port('redis')}" if settings.tcp else ""
    return {
        "postgres": Part(
            "postgres",
            given.postgres.launch,
            probes.postgres(given.postgres.conninfo("postgres")),
            f"{given.postgres.socket_dir}{tcp_note}",
        ),
        "redis": Part(
            "redis", given.redis.launch, probes.redis_server(given.redis.url), f"{given.redis.socket}{redis_note}"
        ),
        "chain": Part("chain", given.chain.launch, probes.chain(given.chain.url), given.chain.url),
    }


def services(settings: Settings) -> list[Service]:
    """The services that the settings ask for.

    Raises
    ------
    UserError
        `without` names something that is not a service.
    """
    left_out = {name.strip() for name in settings.without.split(",") if name.strip()}
    unknown = left_out - {service.name for service in SERVICES}
    if unknown:
        known = ", ".join(service.name for service in SERVICES)
        raise UserError(f"There is no service {', '.join(sorted(unknown))} to leave out.", f"Services are {known}.")
    return [service for service in SERVICES if service.name not in left_out]


def service_parts(settings: Settings) -> list[Part]:
    """Those services as supervised parts."""
    return [_service(settings, service) for service in services(settings)]


def _service(settings: Settings, service: Service) -> Part:
    port = settings.metrics_port(service.name)
    addresses = {"api": settings.api_url, "risk": settings.risk_url}
    return Part(
        service.name,
        lambda: python(settings, service.name, "-m", service.module),
        probes.service(port, settings.connect_host),
        addresses.get(service.name, f"http://{settings.connect_host}:{port}/metrics"),
    )


def python(settings: Settings, name: str, *words: str) -> Launch:
    """A Python command of this checkout that sees the same settings."""
    env = settings.environment() | {"PYTHONUNBUFFERED": "1"}
    return Launch(name=name, argv=(sys.executable, *words), env=env, cwd=PROJECT_ROOT)


def used_ports(settings: Settings) -> dict[str, int]:
    """Every TCP port that the stack is going to listen on, by what it is for."""
    names = {service.name for service in services(settings)}
    used = {"local chain": settings.port("anvil")}
    if "api" in names:
        used["page and API"] = settings.port("api")
    if "risk" in names:
        used["risk service"] = settings.port("risk")
    if settings.tcp:
        used |= {"Postgres": settings.port("postgres"), "Redis": settings.port("redis")}
    return used | {f"{name}'s metrics": settings.metrics_port(name) for name in sorted(names)}
