"""The same real servers and chains as the indexer's own tests."""

from tests.indexer.conftest import chain, make_database, postgres

__all__ = [
    "chain",
    "make_database",
    "postgres",
]
