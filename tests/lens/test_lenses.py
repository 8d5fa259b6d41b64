"""The lenses on a real node: one call each, and the Python formulas say the same."""

from typing import Any

import pytest

from optionix.instruments import Series, Side, pack_book_key
from optionix.pricing.marks import mark
from optionix.pricing.ssvi import PackedSlice
from tests.support.chain import EXPIRY, STRIKES, LocalChain

WAD = 10**18


def chain_of(market: LocalChain) -> dict[str, Any]:
    vaults = {vault.side: vault.address for vault in market.deployment.vaults if vault.market == 1}
    return market.read("ChainLens", "chain", (1, EXPIRY, vaults["CALL"], vaults["PUT"], WAD, 0, 100))


def test_the_chain_is_the_formulas(market: LocalChain) -> None:
    found = chain_of(market)
    assert found["seriesCount"] == len(found["series"]) == 2 * len(STRIKES)
    assert found["next"] == 0
    block = market.rpc.call("eth_getBlockByNumber", "latest", False)
    assert found["readAt"]["number"] == int(block["number"], 16)
    assert "0x" + found["readAt"]["parentHash"].hex() == block["parentHash"]
    packed = found["slice"]
    volatility = PackedSlice(**packed).unpack()
    for entry in found["series"]:
        series = Series.from_id(entry["series"])
        assert entry["markError"] == b""
        wanted = mark(
            found["spot"] / WAD,
            series.strike_wad / WAD,
            series.side,
            volatility,
            EXPIRY,
            found["readAt"]["timestamp"],
        )
        shown = entry["mark"]
        for name in ("value", "volatility", "delta", "gamma", "vega", "theta", "forward"):
            expected = float(getattr(wanted, name))
            assert shown[name] / WAD == pytest.approx(expected, rel=1e-9, abs=1e-15), (series, name)


def test_the_quotes_are_the_clients(market: LocalChain) -> None:
    client = market.client(6)
    for entry in chain_of(market)["series"]:
        if entry["askError"] == b"":
            assert client.quote(Series.from_id(entry["series"]), 1).total == entry["ask"]
        assert entry["bidError"][:4] != b"", "the vault has written nothing yet"


def test_an_account_is_what_the_client_finds(market: LocalChain) -> None:
    client = market.client(6)
    series = Series(1, Side.CALL, EXPIRY, STRIKES[0])
    client.deposit("WETH", "10")
    client.write(series, "2")
    found = market.read("AccountLens", "account", client.address, 1, 0, 10)
    assert found["base"]["free"] == client.free_balance("WETH")
    assert found["base"]["wallet"] == client.wallet_balance("WETH")
    [position] = found["positions"]
    assert position["key"] == pack_book_key(1, Side.CALL, EXPIRY)
    assert position["locked"] == position["required"] == 2 * WAD
    assert [(leg["series"], leg["booked"], leg["held"]) for leg in position["holdings"]] == [
        (series.id, -2 * WAD, 2 * WAD)
    ]


def test_a_vault_is_what_it_says_itself(market: LocalChain) -> None:
    address = market.client(6).vault_address("ETH-P")
    found = market.read("VaultLens", "vault", address)
    assert (found["assetsAtBid"], found["assetsAtAsk"]) == tuple(market.read("OptionVault", "netAssets", at=address))
    assert found["supply"] == market.read("OptionVault", "totalSupply", at=address)
    assert found["idle"] == 500_000 * 10**6
