"""Write the clear-signing documents: without arguments those under `clear-signing/`, which name no address."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import orjson

from optionix.chain.abi import REPOSITORY
from optionix.chain.deployment import Deployment
from optionix.clear_signing.build import documents

FOLDER = REPOSITORY / "clear-signing"


def files(deployment: Deployment | None = None) -> dict[str, bytes]:
    """File names and contents."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return {name: orjson.dumps(document, option=options) for name, document in documents(deployment).items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the documents; with `--check` only say what differs (exit code 1)."""
    parser = argparse.ArgumentParser(prog="python -m optionix.clear_signing", description=__doc__)
    parser.add_argument("--deployment", type=Path, help="a deployment's file: documents with its addresses")
    parser.add_argument("--output", type=Path, default=FOLDER, help="the folder to write to")
    parser.add_argument("--check", action="store_true", help="change nothing")
    given = parser.parse_args(arguments)
    if given.deployment and given.output == FOLDER:
        parser.error("--deployment needs --output: the documents in the repository name no address")
    deployment = Deployment.model_validate_json(given.deployment.read_bytes()) if given.deployment else None
    wanted = files(deployment)
    present = {path.name: path.read_bytes() for path in given.output.glob("*.json")}
    stale = sorted(name for name in present.keys() | wanted.keys() if present.get(name) != wanted.get(name))
    for name in stale:
        path = given.output / name
        if given.check:
            sys.stdout.write(f"{path} is not current: run python -m optionix.clear_signing\n")
            continue
        given.output.mkdir(parents=True, exist_ok=True)
        if name in wanted:
            path.write_bytes(wanted[name])
        else:
            path.unlink()
        sys.stdout.write(f"{path}\n")
    return 1 if given.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
