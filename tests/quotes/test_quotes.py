"""The API's quotes beside the vault's own at the same block of a living market: every part, to the last unit."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from optionix.chain.errors import Reverted
from optionix.demo.actors import Actor
from optionix.demo.stack import market_paused
from optionix.settings import PROJECT_ROOT, Settings
from tests.support.ports import free_base

pytestmark = pytest.mark.timeout(600)

PARTS = ("mark", "spread", "skew", "use", "guard", "floor", "fee", "total", "collateral")
LIMIT_SECONDS = 60.0


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    """A stack of its own, far from the ports of the others."""
    folder = Path(tempfile.mkdtemp(prefix="ox-quotes-"))
    folder.chmod(0o755)
    data = folder / "data"

    def optionix(*words: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "optionix", "--data-dir", str(data), *words],
            cwd=PROJECT_ROOT,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )
        assert done.returncode == 0, done.stderr or done.stdout

    optionix("up", "--detach", "--port-base", str(free_base()))
    try:
        yield Settings(data_dir=data)
    finally:
        optionix("down")
        shutil.rmtree(folder, ignore_errors=True)


def _get(settings: Settings, path: str, **params: str) -> dict[str, Any]:
    answer = httpx.get(f"{settings.api_url}/v1/{path}", params=params, timeout=10)
    answer.raise_for_status()
    body: dict[str, Any] = answer.json()
    return body


def _options(settings: Settings, symbol: str, expiry: int) -> list[dict[str, Any]]:
    rows = _get(settings, f"markets/{symbol}/chain", expiry=str(expiry))["rows"]
    return [option for row in rows for option in (row["call"], row["put"]) if option is not None]


def _until(what: str, condition: Any) -> None:
    end = time.monotonic() + LIMIT_SECONDS
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.2)


def test_every_part_of_every_quote_is_the_vaults(settings: Settings) -> None:
    trader = Actor("trader", settings)
    trader.get_tokens("WETH", "20")
    trader.get_tokens("USDC", "50000")

    def live() -> list[int]:
        expiries: list[int] = _get(settings, "markets")["markets"][0]["expiries"]
        return expiries[1:4]

    def asked() -> list[str]:
        return [each["name"] for each in _options(settings, "ETH", live()[0]) if each["ask"] is not None]

    _until("no option has an ask", lambda: len(asked()) >= 8)
    bought = 0
    for name in asked():
        try:
            trader.client.buy(name, "1", slippage=Decimal(1), limit="5000" if name.endswith("P") else "1")
        except Reverted:
            continue  # moved out of the vault's band since it was listed
        bought += 1
    assert bought >= 4

    compared = 0
    with market_paused(settings):
        head = trader.client.head().number
        _until("the tables do not reach the head", lambda: _get(settings, "status")["networks"][0]["indexed"] >= head)
        for expiry in live():
            for option in _options(settings, "ETH", expiry):
                for action in ("buy", "sell"):
                    compared += _same(settings, trader, option["name"], action)
    trader.close()
    assert compared >= 40


def _same(settings: Settings, trader: Actor, name: str, action: str) -> int:
    shown = _get(settings, f"instruments/{name}/quote", action=action, amount="0.37")
    try:
        own = trader.client.quote(name, "0.37", "buy" if action == "buy" else "sell")
    except Reverted as refusal:
        assert not shown["executable"], f"{name} {action}: the vault refuses with {refusal}"
        return 0
    if shown["block"]["number"] != own.block.number:
        return 0  # a keeper's transaction came in between
    for part in PARTS:
        exact = Decimal(int(getattr(own, part))).scaleb(-own.decimals)
        assert Decimal(shown[part]) == exact, f"{part} of {name}, {action}"
    return 1
