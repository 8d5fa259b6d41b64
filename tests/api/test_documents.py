"""The API's documents: what clients are generated from is what the API serves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.documents import openapi_document

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi_document()


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method} {path}", operation


class TestOpenApi:
    def test_the_committed_document_is_the_one_served(self, document: dict[str, Any]) -> None:
        committed = json.loads((ROOT / "clients" / "openapi.json").read_text(encoding="utf-8"))
        assert committed == json.loads(json.dumps(document)), "run `make client`"

    def test_each_call_has_a_name_of_its_own(self, document: dict[str, Any]) -> None:
        names = [operation["operationId"] for _, operation in _operations(document)]
        assert len(names) == len(set(names))
        assert all(re.fullmatch(r"[a-z]+([A-Z][a-z0-9]*)+", name) for name in names)

    def test_each_answer_has_a_schema(self, document: dict[str, Any]) -> None:
        for name, operation in _operations(document):
            for status, answer in operation["responses"].items():
                for kind, content in answer.get("content", {}).items():
                    schema = content["schema"]
                    assert "$ref" in schema or schema.get("type") in ("object", "array") or kind == "text/csv", (
                        f"{name} answers {status} without saying what"
                    )

    def test_each_call_says_what_it_is_for(self, document: dict[str, Any]) -> None:
        silent = [name for name, operation in _operations(document) if not operation.get("description")]
        assert silent == []
