"""Who may call what: the roles behind AccessManager, role by role and function by function.

The order matters: functions first (they belong to ADMIN until told otherwise), then holders, and on public networks the
delays last of all, since from then on nothing is changed at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum

from optionix.chain.abi import load_abi
from optionix.chain.deployment import Deployment
from optionix.chain.networks import Network
from optionix.chain.operator import Operator, read


class Role(IntEnum):
    """Role ids, as protocol.md section 8 names them."""

    ADMIN = 0
    LISTER = 1
    SIGNER_ADMIN = 2
    GUARDIAN = 3
    TREASURY = 4


FUNCTIONS: dict[Role, dict[str, tuple[str, ...]]] = {
    # Choosing feeds stays with ADMIN: a keeper's key can list expiries and strikes, and nothing worse.
    Role.LISTER: {"Markets": ("listExpiry", "listSeries")},
    Role.SIGNER_ADMIN: {"VolatilityOracle": ("setSigners", "setAnchor", "setBounds")},
    Role.GUARDIAN: {"Clearinghouse": ("setWritesPaused",), "OptionVault": ("setTradesPaused", "setDepositsPaused")},
    Role.TREASURY: {"Clearinghouse": ("setTreasury", "setBountyCap")},
}
"""Functions of each role by contract; everything restricted that is not here belongs to ADMIN."""

DELAYED = frozenset({Role.ADMIN, Role.SIGNER_ADMIN, Role.TREASURY})
"""Roles whose calls wait on public networks. A listing must be in time and a pause at once."""

Holders = Mapping[Role, Sequence[str]]


def function_calls(operator: Operator, deployment: Deployment) -> list[tuple[str, str]]:
    """What is missing so that each function belongs to its role: (description, call data for AccessManager)."""
    access, manager = load_abi("AccessManager"), deployment.address("AccessManager")
    calls = []
    for role, contracts in FUNCTIONS.items():
        for contract, functions in contracts.items():
            for target in _targets(deployment, contract):
                selectors = [bytes.fromhex(load_abi(contract).function(name).selector[2:]) for name in functions]
                wrong = [
                    selector
                    for selector in selectors
                    if read(operator.rpc, access, manager, "getTargetFunctionRole", target, selector) != role
                ]
                if wrong:
                    data = access.encode("setTargetFunctionRole", target, wrong, int(role))
                    calls.append((f"{role.name} for {contract} {target}", data))
    return calls


def holder_calls(operator: Operator, deployment: Deployment, holders: Holders) -> list[tuple[str, str]]:
    """What is missing so that every role has its holders, without a delay yet."""
    access, manager = load_abi("AccessManager"), deployment.address("AccessManager")
    calls = []
    for role, accounts in holders.items():
        for account in accounts:
            held, _ = read(operator.rpc, access, manager, "hasRole", int(role), account)
            if not held:
                calls.append((f"{role.name} to {account}", access.encode("grantRole", int(role), account, 0)))
    return calls


def delay_calls(
    operator: Operator, deployment: Deployment, network: Network, holders: Holders
) -> list[tuple[str, str]]:
    """What is missing so that delayed roles wait. Once ADMIN waits, this and all else can only be scheduled."""
    access, manager, delay = load_abi("AccessManager"), deployment.address("AccessManager"), network.delay_seconds
    if delay == 0:
        return []
    # A delay on each target as well would start only after AccessManager's set-back of five days, and says nothing that
    # ADMIN's own delay does not.
    calls = []
    by_role = {role: accounts for role, accounts in holders.items() if role in DELAYED and role is not Role.ADMIN}
    for role, accounts in (*by_role.items(), (Role.ADMIN, (deployment.admin,))):
        for account in accounts:
            held, current = read(operator.rpc, access, manager, "hasRole", int(role), account)
            if held and current < delay:
                calls.append((f"delay of {role.name}", access.encode("grantRole", int(role), account, delay)))
    return calls


def _targets(deployment: Deployment, contract: str) -> Iterable[str]:
    if contract == "OptionVault":
        return [vault.address for vault in deployment.vaults]
    return [deployment.address(contract)]
