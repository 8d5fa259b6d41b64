"""A chain with traffic on it: made once for a version of the contracts and of the traffic, then loaded from a file."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from bench.traffic.market import Market
from bench.traffic.scene import Pace
from optionix.chain.artifacts import BUILD_FOLDER, compile_contracts
from optionix.chain.deployment import Deployment
from optionix.chain.rpc import BlockingRpc
from optionix.local.anvil import Anvil
from optionix.local.chain import START, LocalChain, local_chain

_OPTIONS = ("--block-base-fee-per-gas", "0", "--gas-limit", "3000000000", "--order", "fifo")
_HISTORY = 4
"""Past states that are kept: the chain's whole state is copied for each."""
_SLOTS = 1
"""The final block lags the head by twice this."""


@dataclass(frozen=True)
class Traffic:
    """A chain that has lived.

    Attributes
    ----------
    seconds : that making it took; 0 where it was there.
    """

    chain: LocalChain
    market: Market
    seconds: float


Say = Callable[[str], None]


@contextmanager
def traffic(pace: Pace, blocks: int, say: Say) -> Iterator[Traffic]:
    """A chain with so many blocks of traffic, and the market to go on with.

    What was made is kept in the build folder, under a name of what it was made from.
    """
    folder = BUILD_FOLDER / "traffic" / _name(pace, blocks)
    state, facts = folder / "state.json", folder / "deployment.json"
    seconds = 0.0
    if not facts.exists():
        seconds = _make(pace, blocks, state, facts, say)
    say("loading the chain")
    deployment = Deployment.model_validate_json(facts.read_bytes())
    options = (*_OPTIONS, "--load-state", str(state))
    with (
        Anvil(timestamp=START, slots_in_an_epoch=_SLOTS, history=_HISTORY, options=options) as anvil,
        BlockingRpc(anvil.url) as rpc,
    ):
        chain = LocalChain(anvil, rpc, deployment)
        try:
            market = Market(chain, pace, seed=2)
            market.resume()
            yield Traffic(chain, market, seconds)
        finally:
            chain.forget_senders()


def _make(pace: Pace, blocks: int, state: Path, facts: Path, say: Say) -> float:
    folder, began = state.parent, time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    said = began
    options = (*_OPTIONS, "--dump-state", str(state))
    with local_chain(slots_in_an_epoch=_SLOTS, history=_HISTORY, options=options) as chain:
        market = Market(chain, pace)
        market.prepare()
        while chain.head < blocks:
            market.block()
            if time.monotonic() - said > 5:
                said = time.monotonic()
                say(f"making the chain: block {chain.head} of {blocks}")
        deployment = chain.deployment
    facts.write_text(deployment.model_dump_json())
    return time.monotonic() - began


def _name(pace: Pace, blocks: int) -> str:
    """What a chain is made from, hashed."""
    digest = hashlib.sha256(orjson.dumps([asdict(pace), blocks]))
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    for name, artifact in sorted(compile_contracts().items()):
        digest.update(name.encode() + str(artifact).encode())
    return digest.hexdigest()[:16]
