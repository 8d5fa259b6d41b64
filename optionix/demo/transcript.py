"""Every transaction that touched the exchange since its deployment, with what the chain took or paid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from optionix.chain.abi import load_abi
from optionix.client import Client
from optionix.instruments import Side

BLOCKS_A_CALL = 200
LOGS_A_CALL = 2_000


def transcript(client: Client, last: int) -> dict[str, Any]:
    """What the independent model needs, up to and with block `last`; addresses lower-case."""
    return {"setting": setting(client, last), "transactions": list(transactions(client, last))}


def setting(client: Client, last: int) -> dict[str, Any]:
    """Addresses and parameters."""
    deployment = client.deployment
    vaults = []
    for entry in deployment.vaults:
        vaults.append(
            {
                "address": entry.address.lower(),
                "market": entry.market,
                "side": int(Side.parse(entry.side)),
                "params": _texts(client.read_at("OptionVault", entry.address, "params")),
                "fees": _texts(client.read_at("OptionVault", entry.address, "fees")),
            }
        )
    markets = []
    for market in deployment.markets:
        feed = deployment.feed(market.market)
        config = _newest_feed(client, market.market)
        markets.append(
            {
                "market": market.market,
                "base": market.base_token.lower(),
                "base_decimals": deployment.token(market.base_token).decimals,
                "quote": market.quote_token.lower(),
                "quote_decimals": deployment.token(market.quote_token).decimals,
                "feed": feed.address.lower(),
                "band_bps": config["deviationBps"],
                "max_age": config["maxAge"],
            }
        )
    return {
        "contracts": {name: entry.address.lower() for name, entry in deployment.contracts.items()},
        "markets": markets,
        "vaults": vaults,
        "exchange_fees": _texts(client.read("Exchange", "fees")),
        "heartbeat": client.read("VolatilityOracle", "heartbeat"),
        "volatility_per_day": client.read("VolatilityOracle", "volatilityPerDay"),
        "carry_per_day": client.read("VolatilityOracle", "carryPerDay"),
        "treasury": client.read("Clearinghouse", "treasury").lower(),
        "wrapped_native": client.read("Clearinghouse", "wrappedNative").lower(),
    }


def transactions(client: Client, last: int) -> Iterator[dict[str, Any]]:
    """Successful transactions to our contracts in the order of the chain."""
    deployment = client.deployment
    ours = _our_addresses(client)
    feeds = {feed.address.lower() for feed in deployment.feeds}
    seen = _seen(client, last)
    admin = deployment.admin.lower()
    for first in range(deployment.block, last + 1, BLOCKS_A_CALL):
        numbers = range(first, min(first + BLOCKS_A_CALL, last + 1))
        blocks = client.rpc.batch([("eth_getBlockByNumber", [hex(number), True]) for number in numbers])
        found = [(block, tx) for block in blocks for tx in block["transactions"] if (tx["to"] or "").lower() in ours]
        # A feed's post cannot fail: only the others need their receipts.
        asked = [tx["hash"] for _, tx in found if tx["to"].lower() not in feeds]
        receipts = client.rpc.batch([("eth_getTransactionReceipt", [each]) for each in asked]) if asked else []
        failed = {receipt["transactionHash"] for receipt in receipts if int(receipt["status"], 16) != 1}
        for block, tx in found:
            if tx["hash"] in failed:
                continue
            yield {
                "block": int(block["number"], 16),
                "time": int(block["timestamp"], 16),
                "hash": tx["hash"],
                "from": tx["from"].lower(),
                "to": tx["to"].lower(),
                "value": int(tx["value"], 16),
                "input": tx["input"],
                "setup": tx["from"].lower() == admin,
                **seen.get(tx["hash"], {}),
            }


def _seen(client: Client, last: int) -> dict[str, dict[str, Any]]:
    """Prices and fills as the vaults' events tell them, and slices that the oracle clipped."""
    seen: dict[str, dict[str, Any]] = {}
    addresses = [entry.address for entry in client.deployment.vaults]
    vault_abi, oracle_abi = load_abi("OptionVault"), load_abi("VolatilityOracle")
    for log in _logs(client, addresses, last):
        decoded = vault_abi.decode_log(log)
        if decoded is None:
            continue
        name, fields = decoded
        entry = seen.setdefault(log["transactionHash"], {"seen": {"fills": []}})["seen"]
        if name in ("Bought", "SoldBack"):
            entry["premium"], entry["fee"] = fields["premium"], fields.get("fee", 0)
        elif name in ("DepositProcessed", "RedeemProcessed"):
            kind = "deposit" if name == "DepositProcessed" else "redeem"
            entry["fills"].append({"kind": kind, "assets": fields["assets"], "shares": fields["shares"]})
    for log in _logs(client, [client.deployment.address("VolatilityOracle")], last):
        decoded = oracle_abi.decode_log(log)
        if decoded is not None and decoded[0] == "SlicePosted" and decoded[1]["clipped"]:
            fields = {part: decoded[1][part] for part in ("expiry", "theta", "phi", "rho", "carry")}
            seen.setdefault(log["transactionHash"], {}).setdefault("clipped", []).append(fields)
    return seen


def _logs(client: Client, addresses: list[str], last: int) -> Iterator[dict[str, Any]]:
    for first in range(client.deployment.block, last + 1, LOGS_A_CALL):
        until = min(first + LOGS_A_CALL - 1, last)
        request = {"address": addresses, "fromBlock": hex(first), "toBlock": hex(until)}
        yield from client.rpc.call("eth_getLogs", request)


def _our_addresses(client: Client) -> set[str]:
    deployment = client.deployment
    return {
        address.lower()
        for address in (
            *(entry.address for entry in deployment.contracts.values()),
            *(entry.address for entry in deployment.vaults),
            *(entry.address for entry in deployment.tokens),
            *(entry.address for entry in deployment.feeds),
        )
    }


def _newest_feed(client: Client, market: int) -> dict[str, Any]:
    """The feed settings of the market's newest listing; the local ones never change."""
    series = client.listed_series(market)
    config: dict[str, Any] = client.read("Markets", "feedConfig", market, series[-1].expiry)
    return config


def _texts(struct: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in struct.items()}
