"""The beginning: listings, prices, surfaces, liquidity, everybody's money and rights."""

from __future__ import annotations

from bench.traffic.keepers import post_prices, post_surfaces
from bench.traffic.money import request
from bench.traffic.scene import EXPIRIES, MOST, SPOTS, Scene
from optionix.chain.abi import load_abi
from optionix.chain.transactions import local_account
from optionix.instruments import Side
from optionix.local.chain import NOTICE, SIGNER

_LIQUIDITY = {"WETH": 60_000, "WBTC": 3_000, "USDC": 100_000_000}
_PURSES = {"WETH": 40, "WBTC": 3, "USDC": 150_000}


def prepare(scene: Scene) -> None:
    """Listings, prices, surfaces, liquidity, everybody's money and rights."""
    crowd, chain = scene.crowd, scene.chain
    admin = local_account(0).address
    crowd.act(admin, "VolatilityOracle", "setSigners", [SIGNER.address], 1)
    post_prices(scene)
    crowd.mine()
    for market in SPOTS:
        for expiry in EXPIRIES:
            crowd.act(admin, "Markets", "listExpiry", market, expiry)
    crowd.mine()
    for market in SPOTS:
        for expiry in EXPIRIES:
            for side in Side:
                listed = [series.id for series in scene.series(market, side, expiry)]
                crowd.act(admin, "Markets", "listSeries", listed)
    crowd.mine()
    post_surfaces(scene)
    crowd.mine()
    for vault in chain.deployment.vaults:
        token = chain.deployment.settlement_token(vault.market, Side.parse(vault.side))
        for lender in scene.lenders[:6]:
            assets = _LIQUIDITY[token.symbol] * 10**token.decimals // 6
            crowd.act(lender, "TestToken", "mint", lender, 2 * assets, at=token.address)
            crowd.act(lender, "TestToken", "approve", vault.address, MOST, at=token.address)
            request(scene, lender, vault.address, assets)
        crowd.mine()
    for address in [*scene.accounts, *(maker.address for maker in scene.makers)]:
        _equip(scene, address)
        if crowd.waiting > 400:
            crowd.mine()
    crowd.mine()
    chain.mine(NOTICE // scene.pace.seconds + 1)
    scene.now = chain.now
    for vault in chain.deployment.vaults:
        crowd.act(scene.keeper, "OptionVault", "process", 16, at=vault.address)
    crowd.mine()
    for vault in chain.deployment.vaults:
        token = chain.deployment.settlement_token(vault.market, Side.parse(vault.side))
        assets = _LIQUIDITY[token.symbol] * 10**token.decimals // 6
        for lender in scene.lenders[:6]:
            claim = "deposit(uint256,address,address)"
            crowd.act(lender, "OptionVault", claim, assets, lender, lender, at=vault.address)
    crowd.mine()


def _equip(scene: Scene, address: str) -> None:
    """Tokens, a free balance, and the rights that trading needs."""
    deployment, house = scene.chain.deployment, load_abi("Clearinghouse")
    calls = []
    for token in deployment.tokens:
        assets = _PURSES[token.symbol] * 10**token.decimals
        scene.crowd.act(address, "TestToken", "mint", address, assets, at=token.address)
        scene.crowd.act(address, "TestToken", "approve", deployment.address("Clearinghouse"), assets, at=token.address)
        calls.append(house.encode("deposit", token.address, assets))
    for right in (*(vault.address for vault in deployment.vaults), deployment.address("Exchange")):
        calls.append(house.encode("setOperator", right, 1))
    scene.crowd.act(address, "Clearinghouse", "multicall", [bytes.fromhex(call[2:]) for call in calls])
    scene.crowd.act(address, "OptionToken", "setApprovalForAll", deployment.address("Exchange"), True)
