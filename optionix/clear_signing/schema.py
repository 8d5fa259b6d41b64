"""The form of a document: the part of ERC-7730 version 2 that ours use, strictly, as pydantic models.

Nothing beyond it is accepted, so a misspelt key or a parameter of another format is an error here and not on a wallet.
Source: ERC-7730, "Structured Data Clear Signing Format".
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from eth_utils.address import is_checksum_address
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Path = Annotated[str, StringConstraints(pattern=r"^(@\.(to|from|value)|\$\.[\w.]+|#?[\w.\[\]:-]+)$")]
Label = Annotated[str, StringConstraints(min_length=1, max_length=40)]
EnumReference = Annotated[str, StringConstraints(pattern=r"^\$\.metadata\.enums\.\w+$")]
ConstantReference = Annotated[str, StringConstraints(pattern=r"^\$\.metadata\.constants\.\w+$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class TokenAmount(_Part):
    """A token named by a path or by a constant, never both."""

    token: ConstantReference | None = None
    token_path: Path | None = Field(None, alias="tokenPath")

    @model_validator(mode="after")
    def _one_token(self) -> Self:
        if (self.token is None) == (self.token_path is None):
            raise ValueError("tokenAmount needs either token or tokenPath")
        return self


class NftName(_Part):
    """The collection of a token id."""

    collection: ConstantReference


class Unit(_Part):
    """Symbol and decimals of a number."""

    base: str
    decimals: int = Field(ge=0, le=77)


class Date(_Part):
    """What a time counts."""

    encoding: Literal["timestamp"]


class EnumOf(_Part):
    """The enum that names a value."""

    reference: EnumReference = Field(alias="$ref")


class AddressName(_Part):
    """What an address may be."""

    types: Annotated[list[Literal["wallet", "eoa", "contract", "token", "collection"]], Field(min_length=1)]


class Calldata(_Part):
    """Whom an embedded call calls."""

    callee_path: Path = Field(alias="calleePath")


PARAMETERS: dict[str, type[_Part] | None] = {
    "addressName": AddressName,
    "amount": None,
    "calldata": Calldata,
    "date": Date,
    "duration": None,
    "enum": EnumOf,
    "nftName": NftName,
    "raw": None,
    "tokenAmount": TokenAmount,
    "tokenTicker": None,
    "unit": Unit,
}
"""Formats and their parameters; none where a format takes none."""


class FieldFormat(_Part):
    """One field: shown with a format, or hidden without one."""

    path: Path
    label: Label
    format: str | None = None
    params: dict[str, Any] | None = None
    visible: Literal["always", "never"]

    @model_validator(mode="after")
    def _fitting_parameters(self) -> Self:
        if self.visible == "never":
            if self.format or self.params:
                raise ValueError("a hidden field has no format")
            return self
        if self.format not in PARAMETERS:
            raise ValueError(f"unknown format {self.format}")
        model = PARAMETERS[self.format]
        if model is None:
            if self.params is not None:
                raise ValueError(f"{self.format} takes no parameters")
        else:
            model.model_validate(self.params or {})
        return self


class Format(_Part):
    """What one function or message shows."""

    intent: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    fields: list[FieldFormat]


class DeploymentEntry(_Part):
    """One address."""

    chain_id: int = Field(alias="chainId", gt=0)
    address: str

    @model_validator(mode="after")
    def _checksummed(self) -> Self:
        if not is_checksum_address(self.address):
            raise ValueError(f"{self.address} is not a checksummed address")
        return self


class ContractContext(_Part):
    """Calls to a contract."""

    deployments: list[DeploymentEntry]


class Domain(_Part):
    """The EIP-712 domain that must match."""

    name: str
    version: str


class Eip712Context(_Part):
    """Messages of a domain."""

    domain: Domain
    deployments: list[DeploymentEntry]


class Context(_Part):
    """What a document is bound to: calls or messages."""

    contract: ContractContext | None = None
    eip712: Eip712Context | None = None

    @model_validator(mode="after")
    def _one_binding(self) -> Self:
        if (self.contract is None) == (self.eip712 is None):
            raise ValueError("a document is bound to calls or to messages")
        return self


class Metadata(_Part):
    """Names, constants and enums."""

    owner: str
    contract_name: str = Field(alias="contractName")
    constants: dict[str, str] = Field(default_factory=dict)
    enums: dict[str, dict[str, str]] = Field(default_factory=dict)


FUNCTION_OR_TYPE = re.compile(r"^[A-Za-z_]\w*\((.*)\)([A-Za-z_]\w*\([^()]*\))*$")


class Display(_Part):
    """Formats by function with its parameters' names, or by EIP-712's encodeType."""

    formats: dict[str, Format]

    @model_validator(mode="after")
    def _keys(self) -> Self:
        for key in self.formats:
            if not FUNCTION_OR_TYPE.match(key):
                raise ValueError(f"{key} is neither a function nor a type")
        return self


class Document(_Part):
    """A whole description."""

    schema_: str = Field(alias="$schema")
    context: Context
    metadata: Metadata
    display: Display
