"""Clear signing: every user action is described, by a valid document, with paths and tokens that the ABI has."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema
import pytest
from eth_utils.crypto import keccak
from pydantic import ValidationError

from optionix.chain.abi import ABI_FOLDER, REPOSITORY, Item, load_abi
from optionix.chain.deployment import (
    DeployedContract,
    DeployedMarket,
    DeployedToken,
    DeployedVault,
    Deployment,
)
from optionix.chain.roles import FUNCTIONS
from optionix.clear_signing import __main__ as command
from optionix.clear_signing.build import CONTRACTS, MESSAGES, documents, type_of
from optionix.clear_signing.fields import ENUMS
from optionix.clear_signing.schema import PARAMETERS, Document

ADMIN_ALONE = {
    "Clearinghouse": {"setAuthority", "setWrappedNative"},
    "Exchange": {"setAuthority", "setFees"},
    "Markets": {"setAuthority", "addMarket", "setFeed"},
    "OptionVault": {"setAuthority", "setFees", "setParams"},
    "VolatilityOracle": {"setAuthority"},
}
"""Restricted functions that belong to no role but ADMIN, which acts through AccessManager."""
MACHINES_ALONE = {
    "Exchange": {"quoteFill", "simulateFill"},  # asked by eth_call, never sent
    "OptionToken": {"mint", "burn"},  # the Clearinghouse
    "Router": {"onERC1155Received"},  # the option token
    "VaultPricer": {"setFees", "setParams"},  # its vault
}
"""Functions that refuse people, or that no person sends."""
NOT_SIGNED = {
    "AccessManager",
    "AccountLens",
    "ChainLens",
    "OptionRenderer",
    "OrderLens",
    "ReplayFeed",
    "Simulator",
    "SwapExecutor",
    "TestToken",
    "TestWrappedNative",
    "VaultLens",
}
"""Views, OpenZeppelin's own, and what stands in for tokens and feeds on local chains."""


def address(number: int) -> str:
    return "0x" + f"{number:040d}"


@pytest.fixture(scope="module")
def deployment() -> Deployment:
    names = [path.stem for path in ABI_FOLDER.glob("*.json") if path.stem not in NOT_SIGNED]
    return Deployment(
        network="local",
        chain_id=31337,
        genesis_hash="0x00",
        block=0,
        admin=address(9),
        contracts={
            name: DeployedContract(address=address(number), block=0) for number, name in enumerate(sorted(names), 10)
        },
        vaults=[
            DeployedVault(address=address(30), market=1, side="CALL", block=0),
            DeployedVault(address=address(31), market=1, side="PUT", block=0),
        ],
        tokens=[
            DeployedToken(symbol="WETH", address=address(40), decimals=18),
            DeployedToken(symbol="USDC", address=address(41), decimals=6),
        ],
        feeds=[],
        markets=[DeployedMarket(market=1, base="ETH", quote="USDC", base_token=address(40), quote_token=address(41))],
    )


@pytest.fixture(scope="module")
def built(deployment: Deployment) -> dict[str, dict[str, Any]]:
    return documents(deployment)


def contract_of(name: str) -> str:
    return re.split(r"[-.]", name)[1]


def user_functions(contract: str) -> Iterator[Item]:
    restricted = {name for role in FUNCTIONS.values() for name in role.get(contract, ())}
    left_out = restricted | ADMIN_ALONE.get(contract, set()) | MACHINES_ALONE.get(contract, set())
    views = {
        (entry["name"], len(entry["inputs"]))
        for entry in load_abi(contract).entries
        if entry["type"] == "function" and entry["stateMutability"] in ("view", "pure")
    }
    for items in load_abi(contract).functions.values():
        for item in items:
            if item.name not in left_out and (item.name, len(item.inputs)) not in views:
                yield item


# --- every action ---


def test_every_contract_that_people_call_is_described() -> None:
    known = {path.stem for path in ABI_FOLDER.glob("*.json")}
    assert known - NOT_SIGNED == set(CONTRACTS) & known, "describe it, or say why nobody signs for it"


@pytest.mark.parametrize("contract", sorted(path.stem for path in ABI_FOLDER.glob("*.json") if path.stem in CONTRACTS))
def test_every_user_action_has_a_description(contract: str) -> None:
    actions = set(CONTRACTS[contract][1])
    missing = [item.signature for item in user_functions(contract) if not {item.name, item.signature} & actions]
    assert missing == [], f"{contract}: describe these in optionix/clear_signing"
    wanted = {name for item in user_functions(contract) for name in (item.name, item.signature)}
    assert actions <= wanted, f"{contract}: described, but nobody can call them"


def test_every_key_has_the_selector_of_its_function(built: Mapping[str, Any]) -> None:
    for name, document in built.items():
        if name.startswith("calldata"):
            known = {item.selector: item for item in user_functions(contract_of(name))}
            for key in document["display"]["formats"]:
                assert selector(key) in known, key


def selector(key: str) -> str:
    """The selector of a key: parameters' names dropped, then hashed."""
    return "0x" + keccak(text=re.sub(r"\s+\w+(?=[,)])", "", key))[:4].hex()


def test_messages_have_the_type_that_the_contract_hashes() -> None:
    sources = "".join(path.read_text() for path in (REPOSITORY / "contracts").rglob("*.sol"))
    # A type may stand in several pieces of text.
    joined = re.sub(r'"\s*"', "", sources)
    for contract, message in MESSAGES.items():
        if (ABI_FOLDER / f"{contract}.json").is_file():
            assert f'"{type_of(load_abi(contract).function(message.function))}"' in joined, contract
            assert f'EIP712("{message.domain}", "1")' in joined, contract


# --- valid ---


def test_every_document_is_valid(built: Mapping[str, Any]) -> None:
    assert len(built) >= 8
    schema = Document.model_json_schema(by_alias=True)
    for document in (*built.values(), *documents().values()):
        jsonschema.validate(document, schema)
        Document.model_validate(document)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"format": "tokenAmount", "params": {"base": "x"}},
        {"format": "tokenAmount", "params": {"token": "$.metadata.constants.asset", "tokenPath": "token"}},
        {"format": "unit"},
        {"format": "raw", "params": {"decimals": 1}},
        {"format": "amountOfToken"},
        {"visible": "never"},
        {"label": ""},
        {"colour": "red"},
    ],
)
def test_a_spoilt_field_is_refused(built: Mapping[str, Any], spoilt: Mapping[str, Any]) -> None:
    document = Document.model_validate(built["calldata-Clearinghouse.json"]).model_dump(
        by_alias=True, exclude_none=True
    )
    fields = next(iter(document["display"]["formats"].values()))["fields"]
    fields[0] = {**fields[0], **spoilt}
    with pytest.raises(ValidationError):
        Document.model_validate(document)


# --- paths, tokens, enums ---


def shown(built: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], Item, Mapping[str, Any]]]:
    """Each field with its document's name, the document, and the function whose arguments it shows."""
    for name, document in built.items():
        contract = contract_of(name)
        for key, entry in document["display"]["formats"].items():
            if name.startswith("eip712"):
                struct = load_abi(contract).function(MESSAGES[contract].function).inputs[0]
                function = Item(key, tuple(struct["components"]))
            else:
                function = next(item for item in user_functions(contract) if item.selector == selector(key))
            for field in entry["fields"]:
                yield f"{name} {key} {field['path']}", document, function, field


def resolve(function: Item, path: str) -> str:
    """The ABI type at a path; fails where there is none."""
    entries, kind = function.inputs, ""
    for step in path.split("."):
        if step == "[]":
            assert kind.endswith("[]"), f"{path}: {kind} is no array"
            kind = kind[:-2]
        elif step.startswith("["):
            assert re.fullmatch(r"\[-\d+:(-\d+)?\]", step), path
            assert kind.startswith("uint") and not kind.endswith("]"), f"{path}: bytes of {kind}"
            kind = f"{kind} bytes"
        else:
            found = [entry for entry in entries if entry["name"] == step]
            assert found, f"{path}: {function.name} has no {step}"
            kind, entries = found[0]["type"], found[0].get("components", ())
    return kind


def test_every_path_stands_in_the_abi(built: Mapping[str, Any]) -> None:
    for where, _, function, field in shown(built):
        if not field["path"].startswith("@."):
            assert not resolve(function, field["path"]).startswith("tuple"), where


def test_every_parameter_is_shown_or_hidden_on_purpose(built: Mapping[str, Any]) -> None:
    fields = list(shown(built))
    paths: dict[str, set[str]] = {}
    functions: dict[str, Item] = {}
    for where, _, function, field in fields:
        key = where.rpartition(" ")[0]
        functions[key] = function
        paths.setdefault(key, set()).add(re.sub(r"\.\[-\d+:(-\d+)?\]$", "", field["path"]))
    for key, function in functions.items():
        for path in leaves(function.inputs):
            # The token of an amount is shown with it.
            tokens = {
                f["params"].get("tokenPath") for w, _, _, f in shown(built) if w.startswith(key) and "params" in f
            }
            assert path in paths[key] | tokens, f"{key} does not show {path}"


def leaves(entries: Any, prefix: str = "") -> Iterator[str]:
    for entry in entries:
        path = prefix + entry["name"] + ".[]" * entry["type"].count("[]")
        if entry["type"].startswith("tuple"):
            yield from leaves(entry["components"], f"{path}.")
        else:
            yield path


KINDS = {
    "addressName": r"address",
    "tokenTicker": r"address",
    "tokenAmount": r"uint\d+",
    "nftName": r"uint256",
    "date": r"uint\d+( bytes)?",
    "duration": r"uint\d+",
    "unit": r"u?int\d+( bytes)?",
    "enum": r"uint\d+( bytes)?",
    "raw": r".*",
    "calldata": r"bytes",
}


def test_every_format_fits_its_type(built: Mapping[str, Any]) -> None:
    for where, _, function, field in shown(built):
        if "format" in field and not field["path"].startswith("@."):
            kind = resolve(function, field["path"])
            assert re.fullmatch(KINDS[field["format"]], kind), f"{where}: {field['format']} of {kind}"
    assert set(KINDS) | {"amount"} == set(PARAMETERS)


def test_every_token_is_an_address(built: Mapping[str, Any]) -> None:
    for where, document, function, field in shown(built):
        params = field.get("params", {})
        path = params.get("tokenPath")
        if path is not None and path != "@.to":
            assert resolve(function, path) == "address", where
        for reference in (params.get("token"), params.get("collection")):
            if reference is not None:
                name = reference.rpartition(".")[2]
                assert re.fullmatch("0x[0-9a-fA-F]{40}", document["metadata"]["constants"][name]), where


def test_addresses_come_from_the_deployment(built: Mapping[str, Any], deployment: Deployment) -> None:
    puts = built["calldata-OptionVault-1-PUT.json"]
    assert puts["context"]["contract"]["deployments"] == [{"chainId": 31337, "address": address(31)}]
    assert puts["metadata"]["constants"] == {"asset": address(41), "optionToken": deployment.address("OptionToken")}
    house = built["calldata-Clearinghouse.json"]["context"]["contract"]["deployments"]
    assert house == [{"chainId": 31337, "address": deployment.address("Clearinghouse")}]


def test_every_enum_is_defined_and_whole(built: Mapping[str, Any]) -> None:
    for where, document, _, field in shown(built):
        reference = field.get("params", {}).get("$ref")
        if reference is not None:
            assert reference.rpartition(".")[2] in document["metadata"]["enums"], where
    sources = "".join(path.read_text() for path in (REPOSITORY / "contracts").rglob("*.sol"))
    for enum, solidity in {"side": "Side", "funds": "Funds", "limitKind": "LimitKind"}.items():
        members = re.search(rf"enum {solidity} \{{([^}}]*)\}}", sources)
        assert members, solidity
        assert list(ENUMS[enum]) == [str(index) for index in range(members[1].count(",") + 1)], enum


def test_the_committed_documents_are_current() -> None:
    assert command.main(["--check"]) == 0
