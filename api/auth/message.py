"""Reading a sign-in message of EIP-4361.

The grammar is one expression that reads each character once. Parsers made from the standard's ABNF backtrack: a few
kilobytes from anybody would hold a service for half a minute.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from eth_account.messages import encode_defunct
from eth_utils.address import is_checksum_address
from eth_utils.crypto import keccak

from api.auth.errors import BadMessage

OLDEST = timedelta(minutes=10)
"""A message is as old at most, and its nonce lives as long."""
SKEW = timedelta(minutes=2)
"""So far the clock of a wallet may go ahead."""

_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)"
_URI = r"[A-Za-z][A-Za-z0-9+.-]*:[!#-;=?-\[\]_a-z~%]*"
# Every part ends at a character that it cannot hold, so there is one way to read a text.
_MESSAGE = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?P<domain>[^\s/?#@]+)"
    r" wants you to sign in with your Ethereum account:\n"
    r"(?P<address>0x[0-9a-fA-F]{40})\n\n"
    r"(?:[ -~]+\n)?\n"
    rf"URI: (?P<uri>{_URI})\n"
    r"Version: 1\n"
    r"Chain ID: (?P<chain_id>[1-9]\d{0,18})\n"
    r"Nonce: (?P<nonce>[A-Za-z0-9]{8,64})\n"
    rf"Issued At: (?P<issued>{_TIME})"
    rf"(?:\nExpiration Time: (?P<expires>{_TIME}))?"
    rf"(?:\nNot Before: (?P<begins>{_TIME}))?"
    r"(?:\nRequest ID: [!$&-;=@-Z_a-z~%]*)?"
    rf"(?:\nResources:(?:\n- {_URI})*)?",
    re.ASCII,
)


@dataclass(frozen=True)
class Place:
    """Where one signs in: what a message has to name."""

    domain: str
    uri: str
    chain_id: int


@dataclass(frozen=True)
class SignInMessage:
    """A message that fits its place and time; who signed it is still to be seen."""

    account: str
    nonce: str
    digest: bytes


def read(text: str, place: Place, now: datetime) -> SignInMessage:
    """Parse a message and hold it to its place and time.

    Raises
    ------
    BadMessage
    """
    message = _MESSAGE.fullmatch(text)
    if message is None or not is_checksum_address(message["address"]):
        raise BadMessage("This is no sign-in message of EIP-4361: take the text that the wallet was given.")
    if message["domain"] != place.domain:
        raise BadMessage(f"The message is for {message['domain']}, this is {place.domain}.")
    if message["scheme"] is not None and not place.uri.startswith(f"{message['scheme']}://"):
        raise BadMessage(f"The message is for {message['scheme']}://{message['domain']}, this is {place.uri}.")
    if message["uri"].rstrip("/") != place.uri and not message["uri"].startswith(f"{place.uri}/"):
        raise BadMessage(f"The message is for {message['uri']}, this is {place.uri}.")
    if int(message["chain_id"]) != place.chain_id:
        raise BadMessage(f"The message names chain {message['chain_id']}, this API speaks for {place.chain_id}.")
    _require_in_time(message, now)
    signed = encode_defunct(text=text)
    digest = keccak(b"\x19" + signed.version + signed.header + signed.body)
    return SignInMessage(message["address"].lower(), message["nonce"], digest)


def _require_in_time(message: re.Match[str], now: datetime) -> None:
    issued = _moment(message["issued"])
    if not now - OLDEST <= issued <= now + SKEW:
        raise BadMessage(f"The message was issued at {issued.isoformat()}: sign one of the last ten minutes.")
    if message["expires"] is not None and _moment(message["expires"]) <= now:
        raise BadMessage("The message has expired: sign another.")
    if message["begins"] is not None and _moment(message["begins"]) > now:
        raise BadMessage("The message is not valid yet.")


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise BadMessage(f"{text} is no time.") from error
