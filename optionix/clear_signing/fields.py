"""The fields of a description: where a value stands in the call and how it is shown.

A path names parameters as the ABI does, with `[]` for every element of an array and `[start:end]` for bytes of a
number, counted from its last: so a packed series shows its side, expiry and strike without trust in any server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ASSET = "$.metadata.constants.asset"
"""A vault's one asset: the document's own constant, from the deployment."""
OPTION_TOKEN = "$.metadata.constants.optionToken"
"""The ERC-1155 collection whose token ids are series."""
CALLED = "@.to"
"""The contract called: a vault is its own share token."""

ENUMS: dict[str, dict[str, str]] = {
    "side": {"0": "Call", "1": "Put"},
    "operatorFlags": {"0": "Nothing", "1": "Trade", "2": "Withdraw to you", "3": "Trade, and withdraw to you"},
    "funds": {"0": "Free balance", "1": "Wallet"},
    "limitKind": {"0": "Premium a contract", "1": "Implied volatility"},
}
"""Texts of enums and flags by value."""


@dataclass(frozen=True)
class Field:
    """One line on the wallet's screen.

    Attributes
    ----------
    path : where the value stands.
    format : ERC-7730's name of the form; none hides the field.
    """

    path: str
    label: str
    format: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The field as it stands in a document."""
        shown: dict[str, Any] = {"path": self.path, "label": self.label}
        if self.format is None:
            return shown | {"visible": "never"}
        shown["format"] = self.format
        if self.params:
            shown["params"] = dict(self.params)
        return shown | {"visible": "always"}


@dataclass(frozen=True)
class Action:
    """What a call or a message shows: its intent in a few words, and its fields in order."""

    intent: str
    fields: tuple[Field, ...]


def action(intent: str, *fields: Field | tuple[Field, ...]) -> Action:
    """An action of fields and groups of fields."""
    flat: list[Field] = []
    for entry in fields:
        flat += [entry] if isinstance(entry, Field) else entry
    return Action(intent, tuple(flat))


def tokens(path: str, label: str, token_path: str) -> Field:
    """Units of the token whose address another parameter names."""
    return Field(path, label, "tokenAmount", {"tokenPath": token_path})


def assets(path: str, label: str) -> Field:
    """Units of a vault's asset."""
    return Field(path, label, "tokenAmount", {"token": ASSET})


def shares(path: str, label: str) -> Field:
    """Shares of the vault called."""
    return Field(path, label, "tokenAmount", {"tokenPath": CALLED})


def contracts(path: str, label: str = "Amount") -> Field:
    """Option contracts: WAD, whatever the token's decimals."""
    return Field(path, label, "unit", {"base": "contracts", "decimals": 18})


def price(path: str, label: str) -> Field:
    """A price in WAD of quote per base."""
    return Field(path, label, "unit", {"base": "quote per base", "decimals": 18})


def percent(path: str, label: str, decimals: int = 16) -> Field:
    """A fraction whose hundredth has this many decimals, in percent."""
    return Field(path, label, "unit", {"base": "%", "decimals": decimals})


def account(path: str, label: str) -> Field:
    """A person's or a contract's address."""
    return Field(path, label, "addressName", {"types": ["wallet", "eoa", "contract"]})


def token(path: str, label: str = "Token") -> Field:
    """A token's address as its ticker."""
    return Field(path, label, "tokenTicker")


def date(path: str, label: str) -> Field:
    """Seconds since 1970."""
    return Field(path, label, "date", {"encoding": "timestamp"})


def choice(path: str, label: str, enum: str) -> Field:
    """A value of one of `ENUMS`."""
    return Field(path, label, "enum", {"$ref": f"$.metadata.enums.{enum}"})


def flag(path: str, label: str) -> Field:
    """True or false."""
    return Field(path, label, "raw")


def raw(path: str, label: str) -> Field:
    """A number or text as it stands."""
    return Field(path, label, "raw")


def hidden(path: str, label: str) -> Field:
    """A value that says nothing to a person: signatures, salts, data without meaning here."""
    return Field(path, label)


def series(path: str) -> tuple[Field, ...]:
    """An option: its name from the token, and side, expiry and strike from the id itself."""
    return (
        Field(path, "Option", "nftName", {"collection": OPTION_TOKEN}),
        choice(f"{path}.[-14:-13]", "Side", "side"),
        date(f"{path}.[-13:-8]", "Expiry"),
        Field(f"{path}.[-8:]", "Strike", "unit", {"base": "quote per base", "decimals": 8}),
    )


def book(path: str) -> tuple[Field, ...]:
    """A book: market, side and expiry."""
    return (
        raw(f"{path}.[-8:-6]", "Market"),
        choice(f"{path}.[-6:-5]", "Side", "side"),
        date(f"{path}.[-5:]", "Expiry"),
    )
