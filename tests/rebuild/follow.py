"""All contracts of a deployment, rebuilt from the logs of the whole chain and from nothing else."""

from __future__ import annotations

from optionix.chain.abi import load_abi
from optionix.chain.deployment import Deployment
from optionix.chain.rpc import BlockingRpc
from optionix.instruments import Side
from tests.rebuild.access import AccessReplica
from tests.rebuild.clearinghouse import ClearinghouseReplica, OptionTokenReplica
from tests.rebuild.exchange import ExchangeReplica, PricerReplica
from tests.rebuild.markets import MarketsReplica
from tests.rebuild.oracle import OracleReplica
from tests.rebuild.replica import Replica
from tests.rebuild.vault import VaultReplica


def follow(rpc: BlockingRpc, deployment: Deployment) -> list[Replica]:
    """Every contract as the logs tell it, up to the head."""
    markets = MarketsReplica(deployment.address("Markets"), load_abi("Markets"))
    found: list[Replica] = [
        AccessReplica(deployment.address("AccessManager"), load_abi("AccessManager")),
        markets,
        ClearinghouseReplica(deployment.address("Clearinghouse"), load_abi("Clearinghouse"), markets=markets),
        OptionTokenReplica(deployment.address("OptionToken"), load_abi("OptionToken")),
        OracleReplica(deployment.address("VolatilityOracle"), load_abi("VolatilityOracle")),
        ExchangeReplica(deployment.address("Exchange"), load_abi("Exchange")),
        PricerReplica(deployment.address("VaultPricer"), load_abi("VaultPricer")),
    ]
    for vault in deployment.vaults:
        side = Side[vault.side]
        decimals = deployment.settlement_token(vault.market, side).decimals
        found.append(
            VaultReplica(vault.address, load_abi("OptionVault"), side=int(side is Side.PUT), decimals=decimals)
        )
    head = rpc.call("eth_getBlockByNumber", "latest", False)
    by_address = {replica.address: replica for replica in found}
    for replica in found:
        replica.time = int(head["timestamp"], 16)
    wanted = {"address": list(by_address), "fromBlock": "0x0", "toBlock": head["number"]}
    for log in rpc.call("eth_getLogs", wanted):
        replica = by_address[log["address"].lower()]
        told = replica.abi.decode_log(log)
        assert told is not None, f"{type(replica).__name__} has no event for {log['topics'][0]}"
        replica.moment = int(log["blockTimestamp"], 16)
        replica.place = (int(log["blockNumber"], 16), int(log["logIndex"], 16))
        replica.apply(*told)
    return found
