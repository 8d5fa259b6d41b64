"""Reading a sign-in message: the grammar is the library's, what it has to say is ours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from eth_account.messages import encode_defunct
from eth_utils.crypto import keccak
from pydantic import ValidationError
from siwe import SiweMessage

from api.auth.errors import BadMessage

OLDEST = timedelta(minutes=10)
"""A message is as old at most, and its nonce lives as long."""
SKEW = timedelta(minutes=2)
"""So far the clock of a wallet may go ahead."""


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
    try:
        message = SiweMessage.from_message(text)
        is_canonical = message.prepare_message() == text
    except (ValidationError, ValueError) as error:
        raise BadMessage("This is no sign-in message of EIP-4361: take the text that the wallet was given.") from error
    if not is_canonical:
        raise BadMessage("The message does not read the same when it is written again: send it as it was signed.")
    if message.domain != place.domain:
        raise BadMessage(f"The message is for {message.domain}, this is {place.domain}.")
    if str(message.uri).rstrip("/") != place.uri and not str(message.uri).startswith(f"{place.uri}/"):
        raise BadMessage(f"The message is for {message.uri}, this is {place.uri}.")
    if message.chain_id != place.chain_id:
        raise BadMessage(f"The message names chain {message.chain_id}, this API speaks for {place.chain_id}.")
    _require_in_time(message, now)
    signed = encode_defunct(text=text)
    digest = keccak(b"\x19" + signed.version + signed.header + signed.body)
    return SignInMessage(str(message.address).lower(), message.nonce, digest)


def _require_in_time(message: SiweMessage, now: datetime) -> None:
    issued = _moment(message.issued_at)
    if not now - OLDEST <= issued <= now + SKEW:
        raise BadMessage(f"The message was issued at {issued.isoformat()}: sign one of the last ten minutes.")
    if message.expiration_time is not None and _moment(message.expiration_time) <= now:
        raise BadMessage("The message has expired: sign another.")
    if message.not_before is not None and _moment(message.not_before) > now:
        raise BadMessage("The message is not valid yet.")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
