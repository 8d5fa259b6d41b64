"""The trading commands on a real chain: what they print for people, and the JSON that scripts read."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from eth_account import Account

from optionix.chain import deployment as deployments
from optionix.chain.abi import load_abi
from optionix.chain.transactions import local_account
from optionix.cli import cli
from optionix.client import Client
from optionix.settings import settings
from tests.support.chain import EXPIRY, LocalChain

CALL = "ETH-7MAR23-1600-C"
Run = Callable[..., Result]


@pytest.fixture
def run(market: LocalChain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """`optionix` with the test's chain as the local network."""
    monkeypatch.setenv("OPTIONIX_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("OPTIONIX_RPC_URL", market.anvil.url)
    settings.cache_clear()
    deployments.save(market.deployment, settings())
    runner = CliRunner(mix_stderr=False)
    yield lambda *words, **options: runner.invoke(cli, words, **options)
    settings.cache_clear()


def answer(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_trade_from_the_command_line(run: Run, market: LocalChain, provider: Client) -> None:
    quote = answer(run("quote", CALL, "2", "--json"))
    assert (quote["amount"], quote["token"], quote["side"]) == ("2", "WETH", "buy")
    bought = answer(run("buy", CALL, "2", "--account", "6", "--json"))
    assert (bought["amount"], bought["series"]) == ("2", CALL)
    shown = answer(run("account", "show", "--account", "6", "--json"))
    assert [(entry["name"], entry["amount"]) for entry in shown["positions"]] == [(CALL, "2")]
    sold = run("sell", CALL, "0.5", "--account", "6")
    assert sold.exit_code == 0
    assert sold.stdout.startswith(f"sold 0.5 {CALL} for 0.0")
    assert market.client(6).balance_of(CALL) == 15 * 10**17


def test_markets_and_the_chain_show_what_the_vaults_quote(run: Run, provider: Client) -> None:
    chain = answer(run("chain", "ETH", "--json"))
    assert chain["expiry"] == EXPIRY
    offers = {offer["name"]: offer for offer in chain["offers"]}
    assert len(offers) == 10
    near = offers[CALL]
    assert float(near["ask"]) > float(near["mark"]) > 0
    # The vault has written nothing yet: it buys nothing back.
    assert near["bid"] is None
    assert near["refusal"] == ""
    table = run("chain", "ETH", "--expiry", "7MAR23").stdout
    assert "1600" in table
    assert "60." in table or "59." in table


def test_markets_show_spot_and_open_expiries(run: Run, market: LocalChain, provider: Client) -> None:
    market.feed_owner.send(
        market.deployment.feed(2).address, load_abi("ReplayFeed").encode("post", 22_400 * 10**8 + 50_000_000)
    )
    rows = answer(run("markets", "--json"))["markets"]
    assert [(row["symbol"], row["spot"], row["expiries"]) for row in rows] == [
        ("ETH", "1565", ["7MAR23"]),
        ("BTC", "22400.5", []),
    ]
    assert "22400.5" in run("markets").stdout


def test_collateral_is_deposited_written_and_withdrawn(run: Run) -> None:
    assert run("account", "deposit", "WETH", "3").stdout == "deposited 3 WETH\n"
    written = answer(run("write", CALL, "1.5", "--to", local_account(6).address, "--json"))
    assert (written["locked"], written["token"]) == ("1.5", "WETH")
    assert answer(run("account", "withdraw", "WETH", "1.5", "--json"))["transactions"]
    refused = run("account", "withdraw", "WETH", "0.1")
    assert refused.exit_code == 1
    assert "InsufficientFreeBalance" in refused.stderr


def test_vaults_are_listed_and_take_requests(run: Run, provider: Client) -> None:
    rows = answer(run("vault", "list", "--json"))["vaults"]
    assert [(row["name"], row["idle"]) for row in rows] == [
        ("ETH-C", "1000"),
        ("ETH-P", "500000"),
        ("BTC-C", "0"),
        ("BTC-P", "0"),
    ]
    assert int(answer(run("vault", "deposit", "ETH-C", "1", "--json"))["request_id"]) > 0
    assert run("vault", "claim", "ETH-C").stdout == "nothing to claim yet\n"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("quote", "ETH-7MAR23-1600"), "is not an option"),
        (("quote", "DOGE-7MAR23-1600-C"), "no market DOGE"),
        (("quote", CALL, "0"), "not an amount above zero"),
        (("buy", CALL, "1", "--network", "nowhere"), "no network 'nowhere'"),
        (("markets", "--network", "base"), "set OPTIONIX_RPC_BASE"),
        (("buy", CALL, "1", "--network", "base"), "needs --keystore"),
        (("vault", "deposit", "SOL-C", "1"), "no market SOL"),
    ],
)
def test_mistakes_are_one_clear_line(run: Run, words: tuple[str, ...], complaint: str) -> None:
    result = run(*words)
    assert result.exit_code == 1
    assert complaint in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_keystore_signs(run: Run, market: LocalChain, tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    path.write_text(json.dumps(Account.encrypt(local_account(7).key, "secret", kdf="pbkdf2", iterations=1)))
    done = run("account", "deposit", "WETH", "1", "--keystore", str(path), input="secret\n")
    assert done.exit_code == 0
    assert market.client(7).free_balance("WETH") == 10**18
    wrong = run("account", "deposit", "WETH", "1", "--keystore", str(path), input="other\n")
    assert wrong.exit_code == 1
    assert "cannot be opened" in wrong.stderr
