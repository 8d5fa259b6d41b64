"""Settings of every part of Optionix: one prefix, `OPTIONIX_`, and defaults that run on one machine.

Where a value comes from, first wins: an argument, an `OPTIONIX_` environment variable, the addresses that the local
stack wrote into the data folder when it started (so that a second terminal finds a stack that was moved by
`--port-base`), the default given here.
"""

from __future__ import annotations

import json
import os
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from optionix.errors import UserError
from optionix.local.paths import Layout

#: The checkout that this package runs from, or the current folder when it was installed without one.
PROJECT_ROOT = next(
    (folder for folder in (Path(__file__).resolve().parents[1],) if (folder / "package.json").is_file()), Path.cwd()
)

METRICS_PORTS = {"indexer": 9100, "keeper": 9101, "risk": 9102, "api": 9103, "replay": 9104}
"""Port of `/metrics` and `/healthz` of each service, before `port_base` is added."""


class _StackAddresses(PydanticBaseSettingsSource):
    """What the local stack that owns the data folder said about where it listens."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        raise NotImplementedError("this source answers as a whole")

    def __call__(self) -> dict[str, Any]:
        data_dir = self.current_state.get("data_dir") or Settings.model_fields["data_dir"].default
        try:
            known = json.loads(Layout(Path(data_dir)).addresses.read_text())
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            return {}
        shared = ("port_base", "tcp", "without", "postgres_host", "stack_password")
        return {name: known[name] for name in shared if name in known}


class Settings(BaseSettings):
    """All settings. Each is also an environment variable: `port_base` is `OPTIONIX_PORT_BASE`."""

    model_config = SettingsConfigDict(env_prefix="OPTIONIX_", extra="ignore", use_attribute_docstrings=True)

    data_dir: Path = PROJECT_ROOT / ".optionix"
    """Folder with everything that a local stack keeps: chain state, database, logs, sockets, addresses."""

    network: str = "local"
    """Name of the chain, as `optionix.chain` lists it."""

    networks: str = ""
    """Networks, separated by commas, that one indexer follows. Empty: `network` alone.

    `network` has the endpoints of `rpc_url`; of each other its own variable (`networks.toml` names it) lists them."""

    deployments_dir: Path = PROJECT_ROOT / "deployments"
    """Folder with the deployments of public networks, `<network>.json` each."""

    port_base: int = Field(default=0, ge=0, le=65535 - 9199)
    """Added to every port below, so that several stacks run on one machine."""

    tcp: bool = False
    """Whether the local Postgres and Redis also listen on loopback ports (5433 and 6380, password protected)."""

    without: str = ""
    """Services, separated by commas, that the local stack leaves out: somebody runs them by hand, say in a debugger."""

    host: str = "127.0.0.1"
    """Address that every HTTP server of the stack binds. Loopback unless told otherwise."""

    api_port: int = Field(default=8000, ge=1, le=65535)
    """Port of the page and the API, before `port_base`."""

    risk_port: int = Field(default=8010, ge=1, le=65535)
    """Port of the risk service, before `port_base`."""

    anvil_port: int = Field(default=8545, ge=1, le=65535)
    """Port of the local chain, before `port_base`."""

    postgres_port: int = Field(default=5433, ge=1, le=65535)
    """Port of the local Postgres, before `port_base`; without `tcp` it only names the Unix socket."""

    redis_port: int = Field(default=6380, ge=1, le=65535)
    """Port of the local Redis with `tcp`, before `port_base`."""

    postgres_host: str = ""
    """Folder of the local Postgres socket. Empty: as the stack wrote it, else the run folder of `data_dir`."""

    stack_password: str = Field(default="", repr=False)
    """Password of the local Postgres and Redis, written by the stack where `tcp` opens ports; not needed on sockets."""

    rpc_url: str = Field(default="", repr=False)
    """JSON-RPC endpoint over HTTP. Empty: the local chain."""

    rpc_fallback_urls: str = Field(default="", repr=False)
    """Further JSON-RPC endpoints of the network, separated by commas: compared with the first, asked where it fails."""

    verify_backfill: Literal["none", "sample", "all"] = "sample"
    """How much of the final past the indexer proves where one endpoint alone tells it; a second one is compared with.

    `sample`: two blocks a second by their receipts, which finds an endpoint that holds back or alters much. `all`:
    every block before it is in the tables, for a header of each and the receipts of those that may have events."""

    ws_url: str = Field(default="", repr=False)
    """JSON-RPC endpoints over WebSocket, separated by commas: the next is taken where one fails.

    Empty: the local chain where `rpc_url` is empty too, else none."""

    database_url: str = Field(default="", repr=False)
    """SQLAlchemy URL of Postgres through psycopg 3. Empty: the local Postgres."""

    redis_url: str = Field(default="", repr=False)
    """URL of Redis. Empty: the local Redis."""

    api_url: str = ""
    """Where the API is reached. Empty: the local one."""

    risk_url: str = ""
    """Where the risk service is reached. Empty: the local one."""

    cors_origins: str = ""
    """Origins, separated by commas, whose pages may read the API. Empty: only the page that it serves itself."""

    sign_in_domain: str = ""
    """Host, with its port where there is one, that wallets sign in to. Empty: that of `api_url`."""

    token_keys: Path | None = None
    """Folder with the keys that sign access tokens, see `optionix token-keys`. None: in `data_dir`."""

    node_modules: Path = PROJECT_ROOT / "node_modules"
    """Folder with the npm packages: anvil, forge and solc come from there."""

    speed: float = Field(default=600.0, gt=0, le=100_000)
    """Seconds of market time that the replayed feeds let pass in one second of wall time."""

    replay_from: str = "2023-03-06"
    """First day (UTC, ISO) of the replayed history: the genesis of a new local chain."""

    seed: str = "optionix"
    """Seed of the path of replayed prices inside each bar: the same seed posts the same rounds."""

    audit_seconds: float = Field(default=15.0, gt=0)
    """Wall time between two of the indexer's own audits of its tables against the contracts."""

    price_history: Literal["csv", "feed"] = "csv"
    """Where the risk service takes prices before the chain's own: the shipped bars, or the feeds' rounds alone."""

    venue_chain: str = ""
    """File or http(s) address of a venue's option chain for surfaces, CSV or Parquet in Deribit's columns. Empty: none.

    It is read again every ten seconds; of many snapshots the newest at or before market time counts."""

    keeper_keystore: str = Field(default="", repr=False)
    """Who pays for the keeper's transactions: an encrypted keystore file, `ape:NAME`, or `ADDRESS@URL` of a remote
    signer. Empty: the local chain's own account."""

    surface_keystores: str = Field(default="", repr=False)
    """Who signs surfaces, named in the same way, separated by commas. Empty: the local chain's own signer."""

    keystore_password_file: Path | None = None
    """File whose first line opens the keystore files."""

    keeper_jobs: str = ""
    """Jobs that the keeper runs, separated by commas. Empty: all."""

    keeper_max_fee_gwei: float = Field(default=300.0, gt=0)
    """The most that the keeper pays for a unit of gas."""

    keeper_daily_spend: Decimal = Field(default=Decimal(0), ge=0)
    """The most that the keeper pays within a day, in the network's coin. 0: no limit."""

    keeper_private_url: str = Field(default="", repr=False)
    """Endpoint that takes the keeper's transactions and shows them to nobody until they are mined. Empty: `rpc_url`."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe level that is logged."""

    debug: bool = False
    """Show tracebacks of errors that are otherwise told in one line."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _StackAddresses(settings_cls)

    @model_validator(mode="after")
    def _fill_local_addresses(self) -> Settings:
        self.data_dir = self.data_dir.expanduser().absolute()
        local = self.connect_host
        if not self.rpc_url:
            self.rpc_url = f"http://{local}:{self.port('anvil')}"
            self.ws_url = self.ws_url or f"ws://{local}:{self.port('anvil')}"
        self.api_url = self.api_url or f"http://{local}:{self.port('api')}"
        self.risk_url = self.risk_url or f"http://{local}:{self.port('risk')}"
        self.postgres_host = self.postgres_host or str(self.layout.run)
        if not self.database_url:
            where = quote(self.postgres_host, safe="")
            self.database_url = f"postgresql+psycopg://optionix@/optionix?host={where}&port={self.port('postgres')}"
        if not self.redis_url:
            secret = f":{quote(self.stack_password, safe='')}@" if self.tcp and self.stack_password else ""
            self.redis_url = f"unix://{secret}{self.layout.redis_socket}"
        return self

    @property
    def layout(self) -> Layout:
        """Where things lie in the data folder."""
        return Layout(self.data_dir)

    @property
    def token_keys_folder(self) -> Path:
        """`token_keys`, or its place in `data_dir`."""
        return self.token_keys or self.data_dir / "token-keys"

    @property
    def cors_list(self) -> list[str]:
        """`cors_origins` taken apart."""
        return [origin.strip() for origin in self.cors_origins.split(",") if origin.strip()]

    @property
    def connect_host(self) -> str:
        """The address at which this machine reaches its own servers."""
        return "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host

    @property
    def rpc_urls(self) -> list[str]:
        """`rpc_url` and `rpc_fallback_urls`, the preferred first."""
        return [self.rpc_url, *(url.strip() for url in self.rpc_fallback_urls.split(",") if url.strip())]

    @property
    def ws_urls(self) -> list[str]:
        """`ws_url` taken apart, the preferred first."""
        return [url for part in self.ws_url.split(",") if (url := part.strip())]

    def port(self, part: Literal["api", "risk", "anvil", "postgres", "redis"]) -> int:
        """The port of a part with `port_base` added."""
        ports = {
            "api": self.api_port,
            "risk": self.risk_port,
            "anvil": self.anvil_port,
            "postgres": self.postgres_port,
            "redis": self.redis_port,
        }
        return ports[part] + self.port_base

    def metrics_port(self, service: str) -> int:
        """The port of `/metrics` and `/healthz` of a service (indexer, keeper, risk, api, replay)."""
        return METRICS_PORTS[service] + self.port_base

    def environment(self) -> dict[str, str]:
        """These settings as environment variables: what a child process needs to see the same values."""
        env = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if value is not None:
                env[f"OPTIONIX_{name.upper()}"] = (
                    str(value) if not isinstance(value, (list, tuple)) else json.dumps(value)
                )
        return env


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read once.

    Raises
    ------
    UserError
        One of them is not possible.
    """
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'settings'}: {e['msg']}" for e in error.errors())
        raise UserError(
            f"A setting is not possible: {wrong}.", "See the options, or the OPTIONIX_ variables."
        ) from error


def override(**values: Any) -> None:
    """Sets settings for this process and its children, as command-line options do; call before anything reads them."""
    for name, value in values.items():
        if value is not None:
            os.environ[f"OPTIONIX_{name.upper()}"] = str(value)
    settings.cache_clear()
