"""Asks the independent model what everybody must own, and reads from the chain what they do."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address

from optionix.chain.abi import load_abi
from optionix.client import Client
from optionix.errors import UserError
from optionix.settings import PROJECT_ROOT

READS_A_BATCH = 500
MODEL_SECONDS = 300


class ModelRefused(UserError):
    """The model found a transaction that the protocol does not allow."""


@dataclass(frozen=True)
class Difference:
    """One number of the chain that is not what it must be."""

    what: str
    expected: str
    chain: str


def expected_state(transcript: dict[str, Any]) -> dict[str, Any]:
    """The model's answer. It runs as a program of its own, so that it can import nothing of ours.

    Raises
    ------
    ModelRefused
        With the transaction and the reason.
    """
    done = subprocess.run(
        [sys.executable, "-m", "oracle"],
        input=json.dumps(transcript),
        capture_output=True,
        text=True,
        cwd=PROJECT_ROOT / "tests",
        timeout=MODEL_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise ModelRefused(done.stderr.strip()[-2_000:] or "the model ended without an answer")
    state: dict[str, Any] = json.loads(done.stdout)
    return state


def differences(client: Client, expected: dict[str, Any], block: int) -> tuple[int, list[Difference]]:
    """How many numbers were compared at a block, and those that differ."""
    found = [
        Difference(f"{check['what']} of {check['hash']}", f"{check['low']} to {check['high']}", check["chain"])
        for check in expected["checks"]
        if not check["ok"]
    ]
    compared = len(expected["checks"])
    reads = list(_reads(client, expected))
    for first in range(0, len(reads), READS_A_BATCH):
        part = reads[first : first + READS_A_BATCH]
        answers = client.rpc.batch([("eth_call", [read.request, hex(block)]) for read in part])
        for read, answer in zip(part, answers, strict=True):
            got = read.decode(answer)
            compared += 1
            if got != read.expected:
                found.append(Difference(read.what, str(read.expected), str(got)))
    return compared, found


@dataclass(frozen=True)
class _Read:
    """One view call and what it must return."""

    what: str
    abi: str
    function: str
    to: str
    arguments: tuple[Any, ...]
    expected: int

    @property
    def request(self) -> dict[str, str]:
        return {"to": self.to, "data": load_abi(self.abi).encode(self.function, *self.arguments)}

    def decode(self, answer: str) -> int:
        result = load_abi(self.abi).decode(self.function, answer)
        return int(result["locked"]) if isinstance(result, dict) else int(result)


def _reads(client: Client, expected: dict[str, Any]) -> Iterator[_Read]:
    house = client.deployment.address("Clearinghouse")
    option_token = client.deployment.address("OptionToken")
    for account, held in expected["tokens"].items():
        for token, units in held.items():
            owner, place = to_checksum_address(account), to_checksum_address(token)
            yield _Read(f"{token} of {account}", "TestToken", "balanceOf", place, (owner,), int(units))
    for account, held in expected["free"].items():
        for token, units in held.items():
            arguments: tuple[Any, ...] = (to_checksum_address(account), to_checksum_address(token))
            yield _Read(f"free {token} of {account}", "Clearinghouse", "freeBalance", house, arguments, int(units))
    for account, held in expected["options"].items():
        for series, amount in held.items():
            arguments = (to_checksum_address(account), int(series))
            yield _Read(
                f"options {series} of {account}", "OptionToken", "balanceOf", option_token, arguments, int(amount)
            )
    for account, held in expected["locked"].items():
        for key, units in held.items():
            arguments = (to_checksum_address(account), int(key))
            yield _Read(f"book {key} of {account}", "Clearinghouse", "book", house, arguments, int(units))
    for key, units in expected["pots"].items():
        yield _Read(f"fee pot {key}", "Clearinghouse", "feePot", house, (int(key),), int(units))
    for vault, shares in expected["shares"].items():
        for account, amount in shares.items():
            owner, place = to_checksum_address(account), to_checksum_address(vault)
            yield _Read(f"shares of {account} in {vault}", "OptionVault", "balanceOf", place, (owner,), int(amount))
    for vault, state in expected["vaults"].items():
        place = to_checksum_address(vault)
        views = (("idle", "idleAssets"), ("locked", "lockedAssets"), ("supply", "totalSupply"))
        for name, function in views:
            yield _Read(f"{name} of vault {vault}", "OptionVault", function, place, (), int(state[name]))
    markets = client.deployment.address("Markets")
    for name, price in expected["settlements"].items():
        market, _, expiry = name.partition(".")
        arguments = (int(market), int(expiry))
        yield _Read(f"settlement {name}", "Markets", "settlementPrice", markets, arguments, int(price))
