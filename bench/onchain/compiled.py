"""The formulas behind calls of their own, compiled for speed alone, put on a chain and metered there."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from optionix.chain.abi import REPOSITORY, Abi
from optionix.chain.operator import LightOperator
from optionix.chain.rpc import BlockingRpc
from optionix.chain.transactions import local_account
from optionix.errors import UserError
from optionix.local.anvil import native_binary

PROFILE = "bench"
_SOURCES = tuple(f"tests/contracts/harness/{name}.sol" for name in ("Formulas", "Meter", "Peers"))
_OUT = REPOSITORY / ".build" / "bench" / "out"
_INPUTS_PER_CALL = 200
_COMPILE_SECONDS = 600
_ACCOUNT = 29
"""Nobody else sends from it: senders count their nonces themselves."""


def compile_formulas() -> None:
    """By forge, in the profile that keeps nothing small; what has not changed is not compiled again.

    Raises
    ------
    UserError
        With the compiler's complaint.
    """
    forge = native_binary("forge", REPOSITORY / "node_modules")
    done = subprocess.run(
        (str(forge), "build", *_SOURCES), cwd=REPOSITORY, env={**os.environ, "FOUNDRY_PROFILE": PROFILE},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_COMPILE_SECONDS, check=False,
    )  # fmt: skip
    if done.returncode:
        raise UserError("The formulas do not compile.", (done.stdout + done.stderr).strip())


@dataclass(frozen=True)
class Formula:
    """A contract with one function `run`."""

    address: str
    abi: Abi

    def input(self, *args: Any) -> bytes:
        """Call data."""
        return bytes.fromhex(self.abi.encode("run", *args)[2:])

    def answer(self, data: bytes) -> Any:
        """What it returned."""
        return self.abi.decode("run", data)


class Bench:
    """Formulas on a chain and the meter beside them."""

    nobody = "0x" + "11" * 20
    """Where no contract stands: a call to it costs what calling costs."""

    def __init__(self, rpc: BlockingRpc) -> None:
        self._rpc = rpc
        self._operator = LightOperator(rpc, local_account(_ACCOUNT))
        self._meter = self.formula("Meter", "Meter")

    def formula(self, name: str, source: str = "Formulas") -> Formula:
        """Deploys one."""
        artifact = json.loads((_OUT / f"{source}.sol" / f"{name}.json").read_text(encoding="utf-8"))
        sender = self._operator.sender
        receipt = self._rpc.run(sender.send, None, artifact["bytecode"]["object"])
        return Formula(str(receipt.contract_address), Abi(name, artifact["abi"]))

    def gas(self, formula: str, nothing: str, inputs: Sequence[bytes]) -> tuple[list[int], list[bytes]]:
        """Gas and answers by input: warm calls of the contract at `formula`, less the same to `nothing`."""
        gas: list[int] = []
        answers: list[bytes] = []
        for start in range(0, len(inputs), _INPUTS_PER_CALL):
            data = self._meter.abi.encode("measure", formula, nothing, inputs[start : start + _INPUTS_PER_CALL])
            found = self._rpc.call("eth_call", {"to": self._meter.address, "data": data, "gas": hex(10**9)}, "latest")
            part, answered = self._meter.abi.decode("measure", found)
            gas += part
            answers += [bytes(answer) for answer in answered]
        return gas, answers
