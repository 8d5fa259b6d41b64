"""`optionix api-documents`: the documents that clients of the API are generated from."""

from __future__ import annotations

import json
from pathlib import Path

import click

from api import documents
from optionix.cli.output import emit_json, json_option


@click.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default="clients",
    show_default=True,
    help="Folder to write to.",
)
@json_option
def api_documents(out: Path, as_json: bool) -> None:
    """Write the API's OpenAPI document and the stream's AsyncAPI document."""
    out.mkdir(parents=True, exist_ok=True)
    written = {
        out / "openapi.json": documents.openapi_document(),
        out / "asyncapi.json": documents.asyncapi_document(),
    }
    for path, document in written.items():
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    if as_json:
        emit_json({"written": list(written)})
    else:
        for path in written:
            click.echo(f"wrote {path}")
