"""What is listed, from the chain's own events."""

from __future__ import annotations

from optionix.chain.abi import load_abi
from optionix.client.connection import Connection
from optionix.instruments import Series


class Listings(Connection):
    """Listed series, without an indexer."""

    def listed_series(self, market: int) -> list[Series]:
        """Every series of a market ever listed, in the order of their ids."""
        abi = load_abi("Markets")
        topic = next(item.hash for item in abi.events.values() if item.name == "SeriesListed")
        request = {
            "address": self.deployment.address("Markets"),
            "topics": [topic],
            "fromBlock": hex(self.deployment.block),
            "toBlock": "latest",
        }
        ids = (int(log["topics"][1], 16) for log in self.rpc.call("eth_getLogs", request))
        return [series for series in map(Series.from_id, sorted(ids)) if series.market == market]
