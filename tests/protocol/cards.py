"""A deployed market whose option cards can be asked for, and a reader of cards that trusts nothing in them."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from optionix.chain.abi import load_abi
from optionix.chain.artifacts import compile_contracts
from optionix.chain.deploy import deploy, feed_config
from optionix.chain.deployment import Deployment
from optionix.chain.networks import network
from optionix.chain.operator import LightOperator, read
from optionix.chain.rpc import BlockingRpc
from optionix.chain.transactions import local_account
from optionix.instruments import DAY, Series
from optionix.local.anvil import Anvil

START = 1_790_000_000
EXPIRY = START // DAY * DAY + 5 * DAY + 8 * 3600
GAS = 1_000_000
"""No card may need more, whatever its tokens do."""
SVG_NAMESPACE = "{http://www.w3.org/2000/svg}"
SVG_PARTS = {
    "svg": {"viewBox", "width", "height", "role", "font-family", "font-weight"},
    "title": set(),
    "linearGradient": {"id", "x2", "y2"},
    "stop": {"offset", "stop-color", "stop-opacity"},
    "path": {"d", "fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin"},
    "rect": {"x", "y", "width", "height", "rx", "fill"},
    "circle": {"cx", "cy", "r", "fill", "stroke", "stroke-width"},
    "text": {"x", "y", "fill", "font-size", "font-weight", "letter-spacing", "text-anchor"},
    "tspan": {"dx", "fill", "font-size"},
}
"""Every element that a card may have, with every attribute; nothing here runs, links or loads."""


@dataclass
class Card:
    """Metadata of one option token, taken apart."""

    uri: str
    metadata: dict[str, Any]
    svg: str
    root: ElementTree.Element

    @property
    def traits(self) -> dict[str, Any]:
        """Attributes by their names."""
        return {entry["trait_type"]: entry["value"] for entry in self.metadata["attributes"]}

    @property
    def texts(self) -> list[str]:
        """Every text on the picture."""
        return ["".join(text.itertext()) for text in self.root.iter(f"{SVG_NAMESPACE}text")]


def parse_card(uri: str) -> Card:
    """Take a data URI apart; strict base64, UTF-8, JSON and XML, and nothing in the picture that is not expected."""
    text = _decoded(uri, "data:application/json;base64,")
    metadata = json.loads(text, object_pairs_hook=_once)
    svg = _decoded(metadata["image"], "data:image/svg+xml;base64,")
    # No document type, entity, comment, CDATA or processing instruction: the parser has nothing to expand or to fetch.
    assert "<!" not in svg
    assert "<?" not in svg
    assert "&" not in svg
    root = ElementTree.fromstring(svg)
    for element in root.iter():
        assert element.tag.startswith(SVG_NAMESPACE), element.tag
        assert set(element.attrib) <= SVG_PARTS[element.tag.removeprefix(SVG_NAMESPACE)], element.attrib
        for value in element.attrib.values():
            assert "url(" not in value or re.fullmatch(r"url\(#g[0-9a-z]\)", value), value
    return Card(uri, metadata, svg, root)


def _decoded(uri: str, head: str) -> str:
    assert uri.startswith(head)
    return base64.b64decode(uri.removeprefix(head), validate=True).decode("utf-8", errors="strict")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    assert len(set(names)) == len(names), names
    return dict(pairs)


class CardMarket:
    """A whole deployment on a chain of its own."""

    def __init__(self, anvil: Anvil, rpc: BlockingRpc) -> None:
        self.anvil = anvil
        self.rpc = rpc
        self.admin = LightOperator(rpc, local_account(0))
        self.network = network("local")
        self.deployment: Deployment = deploy(
            self.admin,
            self.network,
            compile_contracts(),
            admin=self.admin.address,
            holders={},
            feed_owner=self.admin.address,
        ).deployment
        self._anybodys = 0

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Whatever happens on the chain inside is gone afterwards."""
        snapshot = self.anvil.rpc("evm_snapshot")
        # A sender counts its nonces itself, and those of before are gone as well.
        self.admin = LightOperator(self.rpc, local_account(0))
        yield
        assert self.anvil.rpc("evm_revert", snapshot)

    def send(self, contract: str, function: str, *args: Any) -> None:
        self.admin.send(self.deployment.address(contract), load_abi(contract).encode(function, *args))

    def list(self, series: Sequence[Series]) -> None:
        """List expiries and series that are not there yet."""
        for market, expiry in sorted({(entry.market, entry.expiry) for entry in series}):
            if not read(self.rpc, load_abi("Markets"), self._markets, "isExpiryListed", market, expiry):
                # Listing reads spot; markets that a test adds read the first feed.
                place, dollars = (2, 20_000) if market == 2 else (1, 1500)
                feed = self.deployment.feed(place).address
                self.admin.send(feed, load_abi("ReplayFeed").encode("post", dollars * 10**8))
                self.send("Markets", "listExpiry", market, expiry)
        self.send("Markets", "listSeries", [entry.id for entry in series])

    def add_market(self, base_code: bytes, quote_code: bytes) -> int:
        """A market of two tokens of any code; its id."""
        tokens = []
        for code in (base_code, quote_code):
            self._anybodys += 1
            tokens.append(f"0x{0xABCDEF << 136 | self._anybodys:040x}")
            self.anvil.rpc("anvil_setCode", tokens[-1], "0x" + code.hex())
        feed = self.deployment.feed(1).address
        self.send("Markets", "addMarket", *tokens, feed_config(self.network, self.network.markets[0], feed))
        return int(read(self.rpc, load_abi("Markets"), self._markets, "marketCount"))

    def settle(self, market: int, expiry: int, price: int) -> None:
        """Settle at one price, in units of the feed (1e-8), in force through the whole window."""
        feed = self.deployment.feed(market).address
        self.anvil.rpc("evm_setNextBlockTimestamp", expiry - 1800)
        self.admin.send(feed, load_abi("ReplayFeed").encode("post", price))
        self.go_to(expiry + 60)
        last = read(self.rpc, load_abi("ReplayFeed"), feed, "latestRoundData")[0]
        self.send("Markets", "settle", market, expiry, last)

    def go_to(self, timestamp: int) -> None:
        self.anvil.rpc("evm_setNextBlockTimestamp", timestamp)
        self.anvil.rpc("evm_mine")

    def cards(self, series: Iterable[Series]) -> list[Card]:
        """Cards as a wallet gets them: from the token, for no more gas than any card may need."""
        return [parse_card(uri) for uri in self._texts("OptionToken", "uri", series)]

    def card(self, series: Series) -> Card:
        return self.cards([series])[0]

    def names(self, series: Iterable[Series]) -> list[str]:
        return self._texts("OptionRenderer", "name", series)

    def _texts(self, contract: str, function: str, series: Iterable[Series]) -> list[str]:
        abi, to = load_abi(contract), self.deployment.address(contract)
        calls = [
            ("eth_call", [{"to": to, "data": abi.encode(function, entry.id), "gas": hex(GAS)}, "latest"])
            for entry in series
        ]
        return [str(abi.decode(function, answer)) for answer in self.rpc.batch(calls)]

    @property
    def _markets(self) -> str:
        return self.deployment.address("Markets")


@contextmanager
def card_market() -> Iterator[CardMarket]:
    """A deployment just made."""
    with Anvil(timestamp=START) as anvil, BlockingRpc(anvil.url) as rpc:
        yield CardMarket(anvil, rpc)


def token_code(answer: bytes, *, reverts: bool = False) -> bytes:
    """Runtime code of a token of 18 decimals that answers everything else with these bytes.

    It compares the selector with that of `decimals()`; the answer stands behind the code.
    """
    size, end = f"{len(answer):04x}", "fd" if reverts else "f3"
    head = "60003560e01c63313ce56714601e57" + f"61{size}6100296000396" + f"1{size}6000{end}"
    return bytes.fromhex(head + "5b601260005260206000f3") + answer


def burning_code() -> bytes:
    """Runtime code of a token that answers `decimals()` and spends all gas on anything else."""
    head = "60003560e01c63313ce56714601e57" + "5b600f56" + "00" * 11
    return bytes.fromhex(head + "5b601260005260206000f3")


def abi_text(raw: bytes) -> bytes:
    """The ABI's form of a string of any bytes."""
    return (32).to_bytes(32, "big") + len(raw).to_bytes(32, "big") + raw + bytes(-len(raw) % 32)
