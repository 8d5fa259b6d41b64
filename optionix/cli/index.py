"""`optionix index`: bring the tables of a network to its head, or index it anew."""

from __future__ import annotations

import asyncio
import sys
import time

import click
import structlog

from optionix.cli.output import emit_json, json_option
from optionix.settings import override, settings
from optionix.store import migrate
from optionix.store.engine import conninfo

_SAY_EVERY_SECONDS = 2.0


@click.command("index")
@click.option("--network", metavar="NAME", help="The network to index. Default: that of the settings.")
@click.option("--fresh", is_flag=True, help="Forget what the tables hold of this network and index it anew.")
@click.option("--rederive", is_flag=True, help="Make the tables again from the logs that are kept; asks no node.")
@click.option("--build", is_flag=True, help="The same beside the tables that are read, which it then replaces at once.")
@click.option("--drop-retired", is_flag=True, help="Drop the tables that the last --build replaced.")
@click.option("--follow", is_flag=True, help="Go on at the head until Ctrl-C, as the service does.")
@click.option("--migrate-only", is_flag=True, help="Bring the database to this version's tables and stop.")
@json_option
def index_command(
    network: str | None,
    fresh: bool,
    rederive: bool,
    build: bool,
    drop_retired: bool,
    follow: bool,
    migrate_only: bool,
    as_json: bool,
) -> None:
    """Mirror every event of a network's contracts into Postgres.

    Without options it goes on from where the tables are and ends at the head. While another indexer works on the same
    network this one refuses, or with --follow waits for the lead. A --rederive that was cut off is taken up by the next
    run, with the option or without.

    --build is for a running system: all networks of the database are derived anew while the tables are read and
    written, and readers go over to the new ones from one moment to the next. The service does it by itself when the
    tables were derived by the rules of another version.
    """
    if build and (fresh or follow or rederive):
        raise click.UsageError("--build goes alone: it reads the kept logs, beside whatever else is done.")
    if rederive and (fresh or follow):
        raise click.UsageError("--rederive goes with neither --fresh nor --follow: it reads the kept logs alone.")
    override(network=network)
    config = settings()
    # What happens on the way is for people: stdout belongs to the result.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr), cache_logger_on_first_use=False)
    migrate.upgrade(config.database_url)
    if migrate_only:
        version = migrate.head()
        emit_json({"schema": version}) if as_json else click.echo(f"schema version {version}")
        return
    if build or drop_retired:
        told = _build() if build else {}
        if drop_retired:
            told["dropped"] = _drop_retired()
        emit_json(told) if as_json else click.echo(", ".join(f"{name} {value}" for name, value in told.items()))
        return
    result = _rederive() if rederive else asyncio.run(_index(fresh, follow))
    if as_json:
        emit_json(result)
    else:
        click.echo(
            f"{result['network']}: block {result['indexed']}, {result['events']} events in {result['seconds']} s"
        )


async def _index(fresh: bool, follow: bool) -> dict[str, object]:
    # The services import the ground floor; only this command goes the other way, when it is called.
    from indexer.service import open_service, progress_of
    from optionix.telemetry import stop_event

    config, stop = settings(), stop_event()
    progress, began = progress_of(config), time.monotonic()
    async with open_service(config, progress) as service:
        if fresh:
            await service.sync.erase()
        await service.sync.run(stop, until_head=not follow)
    return {
        "network": config.network,
        "indexed": progress.indexed,
        "finalized": progress.finalized,
        "events": progress.events,
        "reorgs": progress.reorgs,
        "seconds": round(time.monotonic() - began, 3),
    }


def _rederive() -> dict[str, object]:
    from indexer.rederive import rederive
    from optionix.chain.networks import network

    config = settings()
    log = structlog.get_logger("indexer").bind(network=config.network)

    def say(done: int, total: int, seconds: float) -> None:
        log.info("deriving", blocks=done, of=total, left=round((total - done) * seconds / max(done, 1)))

    found = rederive(conninfo(config.database_url), network(config.network).chain_id, say)
    return {
        "network": config.network,
        "indexed": found.block.number,
        "events": found.events,
        "continued": found.continued,
        "seconds": round(found.seconds, 3),
    }


def _build() -> dict[str, object]:
    from indexer.build import build

    log = structlog.get_logger("indexer")
    said = time.monotonic()

    def say(chain_id: int, block: int, wanted: int) -> None:
        nonlocal said
        if time.monotonic() - said >= _SAY_EVERY_SECONDS:
            said = time.monotonic()
            log.info("building", chain_id=chain_id, block=block, of=wanted)

    built = build(conninfo(settings().database_url), say)
    return {
        "indexed": {str(chain_id): block for chain_id, block in built.blocks.items()},
        "continued": built.continued,
        "seconds": round(built.seconds, 2),
        "held_seconds": round(built.held_seconds, 3),
    }


def _drop_retired() -> bool:
    from indexer.build import drop_retired

    return drop_retired(conninfo(settings().database_url))
