"""Documents from descriptions: keys and paths by the committed ABIs, addresses and tokens by a deployment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optionix.chain.abi import ABI_FOLDER, Item, load_abi
from optionix.chain.deployment import DeployedVault, Deployment
from optionix.clear_signing.clearinghouse import CLEARINGHOUSE, OPTION_TOKEN_ACTIONS
from optionix.clear_signing.exchange import EXCHANGE, ORDER
from optionix.clear_signing.fields import ASSET, ENUMS, OPTION_TOKEN, Action
from optionix.clear_signing.markets import MARKETS, ORACLE, PRICER, REPORT
from optionix.clear_signing.router import ROUTER
from optionix.clear_signing.vault import VAULT
from optionix.instruments import Side

SCHEMA = "https://raw.githubusercontent.com/LedgerHQ/clear-signing-erc7730-registry/master/specs/erc7730-v2.schema.json"
OWNER = "Optionix"

CONTRACTS: dict[str, tuple[str, Mapping[str, Action]]] = {
    "Clearinghouse": ("Optionix Clearinghouse", CLEARINGHOUSE),
    "Exchange": ("Optionix Exchange", EXCHANGE),
    "Markets": ("Optionix Markets", MARKETS),
    "OptionToken": ("Optionix Options", OPTION_TOKEN_ACTIONS),
    "OptionVault": ("Optionix Vault", VAULT),
    "Router": ("Optionix Router", ROUTER),
    "VaultPricer": ("Optionix Vault Pricer", PRICER),
    "VolatilityOracle": ("Optionix Volatility Oracle", ORACLE),
}
"""Contracts whose calls people sign: the name shown, and what each action shows."""


@dataclass(frozen=True)
class Message:
    """An EIP-712 message: its domain's name, the view whose argument it is, and what it shows."""

    domain: str
    function: str
    shows: Action


MESSAGES: dict[str, Message] = {
    "Exchange": Message("Optionix Exchange", "hashOrder", ORDER),
    "VolatilityOracle": Message("Optionix VolatilityOracle", "hashReport", REPORT),
}
"""Messages that people sign, by the contract that checks them."""


@dataclass(frozen=True)
class Place:
    """Where a contract stands, and the constants of its document."""

    chain_id: int
    address: str
    constants: Mapping[str, str]


def documents(deployment: Deployment | None = None) -> dict[str, dict[str, Any]]:
    """Every document by file name; without a deployment they name no address."""
    found: dict[str, dict[str, Any]] = {}
    for name, (shown, actions) in CONTRACTS.items():
        if not (ABI_FOLDER / f"{name}.json").is_file():
            continue
        abi = load_abi(name)
        formats = {_key(abi.function(wanted)): entry for wanted, entry in actions.items()}
        for label, places in _places(name, deployment).items():
            found[f"calldata-{name}{label}.json"] = _document(
                shown, {"contract": _deployments(places)}, formats, places
            )
        if name in MESSAGES:
            message = MESSAGES[name]
            places = _places(name, deployment)[""]
            bound = {"domain": {"name": message.domain, "version": "1"}} | _deployments(places)
            types = {type_of(abi.function(message.function)): message.shows}
            found[f"eip712-{name}.json"] = _document(shown, {"eip712": bound}, types, places)
    return found


def type_of(function: Item) -> str:
    """EIP-712's encodeType of a view's one struct: the struct, then those it uses, by name."""
    entry = function.inputs[0]
    structs: dict[str, str] = {}
    _collect(entry, structs)
    first = _struct_name(entry)
    return structs.pop(first) + "".join(structs[name] for name in sorted(structs))


def _collect(entry: Mapping[str, Any], structs: dict[str, str]) -> None:
    members = []
    for part in entry["components"]:
        kind = str(part["type"])
        if kind.startswith("tuple"):
            _collect(part, structs)
            kind = _struct_name(part) + kind.removeprefix("tuple")
        members.append(f"{kind} {part['name']}")
    structs[_struct_name(entry)] = f"{_struct_name(entry)}({','.join(members)})"


def _struct_name(entry: Mapping[str, Any]) -> str:
    return re.sub(r"^struct (?:\w+\.)?|\[\d*\]$", "", str(entry["internalType"]))


def _key(function: Item) -> str:
    """A function with its parameters' names, as version 2 keys its formats."""
    return f"{function.name}({_parameters(function.inputs)})"


def _parameters(entries: Iterable[Mapping[str, Any]]) -> str:
    return ",".join(f"{_kind(entry)} {entry['name']}" for entry in entries)


def _kind(entry: Mapping[str, Any]) -> str:
    kind = str(entry["type"])
    if not kind.startswith("tuple"):
        return kind
    return f"({_parameters(entry['components'])}){kind.removeprefix('tuple')}"


def _places(name: str, deployment: Deployment | None) -> dict[str, list[Place]]:
    """Where a contract stands, by what is added to its file's name: each vault has a document of its own."""
    if deployment is None:
        return {"": []}
    collection = {"optionToken": deployment.address("OptionToken")}
    if name == "OptionVault":
        return {f"-{vault.market}-{vault.side}": [_vault(deployment, vault, collection)] for vault in deployment.vaults}
    return {"": [Place(deployment.chain_id, deployment.address(name), collection)]}


def _vault(deployment: Deployment, vault: DeployedVault, collection: Mapping[str, str]) -> Place:
    asset = deployment.settlement_token(vault.market, Side[vault.side]).address
    return Place(deployment.chain_id, vault.address, {**collection, "asset": asset})


def _deployments(places: Sequence[Place]) -> dict[str, Any]:
    return {"deployments": [{"chainId": place.chain_id, "address": place.address} for place in places]}


def _document(
    shown: str, context: Mapping[str, Any], formats: Mapping[str, Action], places: Sequence[Place]
) -> dict[str, Any]:
    display = {
        key: {"intent": entry.intent, "fields": [field.document() for field in entry.fields]}
        for key, entry in formats.items()
    }
    used = str(display)
    metadata: dict[str, Any] = {"owner": OWNER, "contractName": shown}
    enums = {name: texts for name, texts in ENUMS.items() if f"$.metadata.enums.{name}'" in used}
    if enums:
        metadata["enums"] = enums
    constants = {name: value for place in places for name, value in place.constants.items()}
    wanted = [path.rpartition(".")[2] for path in (ASSET, OPTION_TOKEN) if path in used]
    if places and wanted:
        metadata["constants"] = {name: constants[name] for name in wanted}
    return {"$schema": SCHEMA, "context": dict(context), "metadata": metadata, "display": {"formats": display}}
