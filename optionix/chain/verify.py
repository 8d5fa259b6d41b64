"""Whether a chain runs what the sources say: runtime code compared byte by byte, immutables value by value.

The compiler leaves zeros where a constructor writes immutables; those places are compared with what this deployment's
addresses and figures make of them, so a contract of ours that points to somebody else's is found too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from optionix.chain.artifacts import Artifact, Immutable
from optionix.chain.deploy import TOKEN_NAMES
from optionix.chain.deployment import Deployment
from optionix.chain.networks import Network
from optionix.chain.rpc import BlockingRpc
from optionix.instruments import Side

_DOMAIN_TYPE = keccak(text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
_DOMAINS = {"VolatilityOracle": ("Optionix VolatilityOracle", "1"), "Exchange": ("Optionix Exchange", "1")}
"""EIP-712 name and version of our contracts; a test token's name is its own."""


@dataclass(frozen=True)
class Finding:
    """One contract's verdict.

    Attributes
    ----------
    contract : its name, with market and side for a vault.
    detail : what differs, or empty.
    """

    contract: str
    address: str
    detail: str

    @property
    def ok(self) -> bool:
        """Whether nothing differs."""
        return not self.detail


@dataclass(frozen=True)
class _Subject:
    """A contract to compare and the values that its own immutables should have."""

    label: str
    artifact: Artifact
    address: str
    values: Mapping[str, bytes]


def verify(
    rpc: BlockingRpc, network: Network, deployment: Deployment, artifacts: Mapping[str, Artifact]
) -> list[Finding]:
    """Compare every contract of a deployment with its sources.

    Raises
    ------
    WrongChain
        When the endpoint serves another chain.
    """
    rpc.run(rpc.rpc.require_chain, deployment.chain_id)
    subjects = _subjects(network, deployment, artifacts)
    codes = rpc.batch([("eth_getCode", [subject.address, "latest"]) for subject in subjects])
    return [
        Finding(subject.label, subject.address, _difference(subject, bytes.fromhex(str(code).removeprefix("0x"))))
        for subject, code in zip(subjects, codes, strict=True)
    ]


def _subjects(network: Network, deployment: Deployment, artifacts: Mapping[str, Artifact]) -> list[_Subject]:
    chain_id = deployment.chain_id
    addresses = {
        "markets": _word(deployment.address("Markets")),
        "clearinghouse": _word(deployment.address("Clearinghouse")),
        "optionToken": _word(deployment.address("OptionToken")),
        "renderer": _word(deployment.address("OptionRenderer")),
        "volatilityOracle": _word(deployment.address("VolatilityOracle")),
        "pricer": _word(deployment.address("VaultPricer")),
        "_markets": _word(deployment.address("Markets")),
        "_optionToken": _word(deployment.address("OptionToken")),
        "exchange": _word(deployment.address("Exchange")),
        "accountLens": _word(deployment.address("AccountLens")),
        "router": _word(deployment.address("Router")),
        "executor": _word(_first_created(deployment.address("Router"))),
        "_cachedChainId": _word(chain_id),
    }

    def subject(label: str, name: str, address: str, values: Mapping[str, bytes]) -> _Subject:
        own = {"_cachedThis": _word(address), "SELF": _word(address)} | _domain(
            *_DOMAINS.get(name, ("", "")), chain_id, address
        )
        return _Subject(label, artifacts[name], address, {**addresses, **own, **values})

    subjects = [subject(name, name, contract.address, {}) for name, contract in deployment.contracts.items()]
    # What the Router's constructor made: every swap runs a copy of it.
    executor = _first_created(deployment.address("Router"))
    subjects.append(subject("SwapExecutor", "SwapExecutor", executor, {}))
    for vault in deployment.vaults:
        side = Side[vault.side]
        token = deployment.settlement_token(vault.market, side)
        values = {
            "market": _word(vault.market),
            "side": _word(int(side)),
            "asset": _word(token.address),
            "scale": _word(10 ** (18 - token.decimals)),
        }
        subjects.append(subject(f"OptionVault {vault.market} {vault.side}", "OptionVault", vault.address, values))
    for token in deployment.tokens:
        if network.tokens[token.symbol].address is None:
            name = TOKEN_NAMES.get(token.symbol, token.symbol)
            values = {"_decimals": _word(token.decimals)} | _domain(name, "1", chain_id, token.address)
            kind = "TestWrappedNative" if token.symbol == network.wrapped_native else "TestToken"
            subjects.append(subject(f"{kind} {token.symbol}", kind, token.address, values))
    for feed, market in zip(deployment.feeds, network.markets, strict=True):
        if market.feed.address is None:
            values = {"decimals": _word(market.feed.decimals)}
            subjects.append(subject(f"ReplayFeed {feed.symbol}", "ReplayFeed", feed.address, values))
    return subjects


def _domain(name: str, version: str, chain_id: int, address: str) -> dict[str, bytes]:
    """OpenZeppelin's cached EIP-712 values of a name and version."""
    hashed = keccak(text=name), keccak(text=version)
    fields = encode(["bytes32", "bytes32", "bytes32", "uint256", "address"], [_DOMAIN_TYPE, *hashed, chain_id, address])
    return {
        "_hashedName": hashed[0],
        "_hashedVersion": hashed[1],
        "_cachedDomainSeparator": keccak(fields),
        "_name": _short_string(name),
        "_version": _short_string(version),
    }


def _short_string(text: str) -> bytes:
    """OpenZeppelin's ShortString: the text and, in the last byte, its length."""
    raw = text.encode()
    return raw.ljust(31, b"\0") + bytes([len(raw)])


def _first_created(creator: str) -> str:
    """Where a contract's first own contract stands: the hash of the RLP list of creator and nonce 1."""
    return "0x" + keccak(b"\xd6\x94" + bytes.fromhex(creator[2:]) + b"\x01")[12:].hex()


def _word(value: int | str) -> bytes:
    return (int(value, 16) if isinstance(value, str) else value).to_bytes(32, "big")


def _difference(subject: _Subject, code: bytes) -> str:
    """What is wrong with the code on chain, empty when nothing is."""
    wanted = subject.artifact.runtime
    if not code:
        return "there is no contract at this address"
    if len(code) != len(wanted):
        return f"runtime code has {len(code)} bytes, the sources give {len(wanted)}"
    masked = bytearray(code)
    for immutable in subject.artifact.immutables:
        for start in immutable.starts:
            masked[start : start + 32] = bytes(32)
    if bytes(masked) != wanted:
        place = next(index for index, (here, there) in enumerate(zip(masked, wanted, strict=True)) if here != there)
        return f"runtime code differs from the sources at byte {place}"
    wrong = [_immutable_difference(subject, immutable, code) for immutable in subject.artifact.immutables]
    return "; ".join(text for text in wrong if text)


def _immutable_difference(subject: _Subject, immutable: Immutable, code: bytes) -> str:
    if immutable.name not in subject.values:
        return f"nothing says what the immutable {immutable.name} should be"
    wanted = subject.values[immutable.name]
    for start in immutable.starts:
        found = code[start : start + 32]
        if found != wanted:
            return f"immutable {immutable.name} is 0x{found.hex()}, should be 0x{wanted.hex()}"
    return ""
