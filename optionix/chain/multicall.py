"""Many views in one `eth_call`: a few instructions that call one contract after another, put at an unused address.

The address has that code in the call alone (a state override, which Geth, Erigon, Nethermind, Reth and anvil know), so
nothing has to be deployed. An endpoint that refuses overrides is asked in batches of single calls instead.

Input: for each call two words, its address and the length of its data, then the data. Output: for each two words,
whether it succeeded and the length of what it returned, then that.
"""

from __future__ import annotations

from collections.abc import Sequence

from optionix.chain.errors import RpcError
from optionix.chain.rpc import Rpc

REVERTED = 3
"""JSON-RPC's code of a call that the contract refused."""
_CALLS = 400
"""Most calls in one `eth_call`; each costs some 10,000 gas, and nodes allow 30,000,000 and more."""
_ADDRESS = "0x00000000000000000000000000006d756c746963"
_WORD = 32


def _code() -> str:
    """The instructions. The stack is `[input place, output place]` at the start of each round."""
    loop, body = 0x02, 0x0B
    parts = (
        "5f5f",  # both places are 0
        "5b",  # loop:
        f"36821060{body:02x}57",  # if the input place is below calldatasize, go on at body
        "5ff3",  # return memory from 0 to the output place
        "5b",  # body:
        "8160200135",  # length of the data
        "80836040018360400137",  # copy it to 64 bytes after the output place
        "5f5f828460400186355afa",  # staticcall(gas, address, that place, length, 0, 0)
        "8252",  # whether it succeeded
        "3d8260200152",  # length of the answer
        "3d5f836040013e",  # the answer
        "8201604001",  # the next input place
        "9150",
        "3d01604001",  # the next output place
        f"60{loop:02x}56",
    )
    return "0x" + "".join(parts)


CODE = _code()


async def read_many(rpc: Rpc, calls: Sequence[tuple[str, str]], block: object) -> list[str | RpcError]:
    """Answers of views in the order of the calls; an `RpcError` in the place of one that failed.

    Parameters
    ----------
    calls : address and call data, 0x text.
    block : the block parameter of `eth_call`: a tag, a hex number, or `{"blockHash": hash}`.

    Returns
    -------
    Return data, 0x text. A revert is an error with the code `REVERTED`; any other says that the node could not answer.
    """
    packs = [calls[start : start + _CALLS] for start in range(0, len(calls), _CALLS)]
    overrides = {_ADDRESS: {"code": CODE}}
    found: list[str | RpcError] = []
    for place, pack in enumerate(packs):
        data = "0x" + b"".join(_packed(to, data) for to, data in pack).hex()
        try:
            answer = await rpc.call("eth_call", {"to": _ADDRESS, "data": data}, block, overrides)
            found += _unpacked(bytes.fromhex(answer.removeprefix("0x")), len(pack))
        except (RpcError, ValueError):
            # Refused as a whole, or answered without the override: one by one says why.
            rest = [call for pack in packs[place:] for call in pack]
            return found + await rpc.try_batch([("eth_call", [{"to": to, "data": data}, block]) for to, data in rest])
    return found


def _packed(to: str, data: str) -> bytes:
    content = bytes.fromhex(data.removeprefix("0x"))
    return int(to, 16).to_bytes(_WORD, "big") + len(content).to_bytes(_WORD, "big") + content


def _unpacked(answer: bytes, count: int) -> list[str | RpcError]:
    """The answers; `ValueError` where it is not the output of `CODE`."""
    found: list[str | RpcError] = []
    place = 0
    for _ in range(count):
        if len(answer) < place + 2 * _WORD:
            raise ValueError(f"{len(answer)} bytes are no {count} answers")
        success = int.from_bytes(answer[place : place + _WORD], "big")
        length = int.from_bytes(answer[place + _WORD : place + 2 * _WORD], "big")
        place += 2 * _WORD
        data = "0x" + answer[place : place + length].hex()
        place += length
        found.append(data if success else RpcError("eth_call", REVERTED, "execution reverted", data))
    if place != len(answer):
        raise ValueError(f"{len(answer)} bytes are more than {count} answers")
    return found
