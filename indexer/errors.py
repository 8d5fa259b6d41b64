"""Why the indexer stops; each says how to go on."""

from __future__ import annotations

from optionix.errors import UserError


class IndexerError(UserError):
    """Base of what ends the indexing of a chain."""


class WrongGenesis(IndexerError):
    """The database, the deployment and the node do not speak of one chain."""


class DeepReorg(IndexerError):
    """The chain took back a block that it had called final."""


class ContractsChanged(IndexerError):
    """The deployment has contracts whose past events were never asked for."""


class LogsMissing(IndexerError):
    """The tables were built without keeping the logs that they would be derived from again."""


class DecodeError(IndexerError):
    """A log that does not fit the event of its first topic."""


class SourceLies(IndexerError):
    """The node's answers contradict one another: asked again, and another endpoint may be needed."""


class Stopped(IndexerError):
    """Told to stop before there was anything to index from."""


class Malformed(SourceLies):
    """An answer without the form that it has to have, as of a node that starts or is overloaded."""


class NotLeader(IndexerError):
    """Another indexer works on the chain in this database."""


class TablesReplaced(NotLeader):
    """The tables that this indexer wrote were replaced by others, which were built beside them."""


class DerivationOutdated(IndexerError):
    """The tables were derived by the rules of another version."""


class BuildRunning(IndexerError):
    """Another process builds the tables of this database anew."""


class NotReplaced(IndexerError):
    """The tables that were built could not take the place of those that are read."""


class DeriverLost(IndexerError):
    """A process that derived rows has ended before its answer: begun again from what is committed."""
