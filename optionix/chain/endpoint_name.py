"""How an endpoint is called where others can read it: its path, its query and its user are often a key.

Errors, logs, `/healthz`, metrics and `--json` name an endpoint by `endpoint_name` alone. What a node or a library says
of it goes through `without_secrets`: some repeat the address that they were asked at.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

UNREADABLE = "an endpoint whose address cannot be read"
HIDDEN = "…"
_SHORTEST_SECRET = 8
"""Shorter parts of a path or a query are words (`v2`, `mainnet`), which a sentence may well need."""
_URL = re.compile(r"\b(?:https?|wss?)://[^\s\"'<>()\[\]{}]+", re.IGNORECASE)


def endpoint_name(url: str) -> str:
    """Scheme, host and port of an endpoint's address."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return UNREADABLE
    if not parts.scheme or not host:
        return UNREADABLE
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port else "")


def without_secrets(text: str, url: str) -> str:
    """What somebody says of an endpoint, with every address in it named and every part that may be a key left out."""
    named = _URL.sub(lambda found: endpoint_name(found[0]), text.replace(url, endpoint_name(url)))
    for secret in _secrets(url):
        named = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", HIDDEN, named)
    return named


def _secrets(url: str) -> list[str]:
    """Parts of an address that may be a key, the longest first."""
    rest = url.partition("://")[2] or url
    place, _, after = rest.partition("/")
    user = place.rpartition("@")[0]
    name, _, password = user.partition(":")
    parts = [user, name, *re.split(r"[/?&=#;]", after), *re.split(r"[?&=#]", place)[1:]]
    # A password is a secret however short it is.
    found = {password, *(part for part in parts if len(part) >= _SHORTEST_SECRET)} - {""}
    return sorted(found | {unquote(part) for part in found}, key=len, reverse=True)
