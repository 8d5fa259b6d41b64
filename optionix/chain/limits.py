"""What nodes say when they are asked for too much: in many words, since JSON-RPC has none for it."""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import parsedate_to_datetime

_RATE = re.compile(
    r"rate.?limit|rate exceeded|request count exceeded|too many requests|requests? per (second|minute|day)"
    r"|compute units per second|throughput limit|capacity exceeded|exceeded its .*capacity|\bcups\b",
    re.IGNORECASE,
)
_TOO_LARGE = re.compile(
    r"returned more than|more than [\d,.]+ (results|logs)|too many (results|logs|blocks)|exceeds? max(imum)? results"
    r"|query exceeds|matched by query exceeds|response (size|is too (large|big))|response too (large|big)"
    r"|(block )?range.{0,20}(too (large|wide|big)|exceed|limit|greater|allowed)|block range|max(imum)? range"
    r"|range is too|number of requested blocks|blocks distance|limited to a? ?[\d,.]+|most [\d,.]+ blocks"
    r"|smaller than size|exceeds the range|limit exceeded|query timeout|too large",
    re.IGNORECASE,
)
_NUMBER = r"([\d][\d,.]*)(k?)"
_MOST = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"maximum is set to {_NUMBER}",
        rf"max(?:imum)?(?: block)? range:? (?:is )?{_NUMBER}",
        rf"requested blocks is {_NUMBER}",
        rf"limited to a? ?{_NUMBER}[ -]blocks?",
        rf"up to a? ?{_NUMBER}[ -]blocks?",
        rf"at most {_NUMBER} blocks",
        rf"max(?:imum)? is {_NUMBER} blocks",
        rf"\(\d+ > {_NUMBER}\)",
        rf"(?:greater than|exceeds) {_NUMBER}(?: max| blocks?|$)",
        rf"\(maximum {_NUMBER}\)",
        rf"smaller than size {_NUMBER}",
        rf"distance:? {_NUMBER}",
    )
)
_SUGGESTED = re.compile(r"\[0x([0-9a-f]+),\s*0x([0-9a-f]+)\]", re.IGNORECASE)


def is_rate_limit(message: str) -> bool:
    """Whether a node's words ask for fewer requests."""
    return _RATE.search(message) is not None


def is_too_large(message: str) -> bool:
    """Whether a node's words, in answer to a question for logs, ask for a smaller range of blocks."""
    return not is_rate_limit(message) and _TOO_LARGE.search(message) is not None


def most_blocks(message: str) -> int | None:
    """How many blocks a node says that it would answer at once, None where it does not say."""
    suggested = _SUGGESTED.search(message)
    if suggested is not None:
        first, last = (int(text, 16) for text in suggested.groups())
        return last - first + 1 if last >= first else None
    for pattern in _MOST:
        found = pattern.search(message)
        if found is not None:
            number = int(re.sub(r"\D", "", found[1])) * (1000 if found[2] else 1)
            return number or None
    return None


def seconds_to_wait(retry_after: str, now: float) -> float | None:
    """A `Retry-After` header in seconds: it is a number of them, or a date.

    Parameters
    ----------
    now : seconds since 1970.
    """
    try:
        return max(float(retry_after), 0.0)
    except ValueError:
        pass
    try:
        date = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now, 0.0)
