"""Money that moves: payments, deposits and withdrawals, requests of liquidity providers; and what is decided rarely."""

from __future__ import annotations

from bench.traffic.scene import MOST, Scene
from optionix.instruments import Side


def decide(scene: Scene) -> None:
    """What is done rarely: orders below a nonce cancelled, rights and wishes changed."""
    maker, account = scene.draw.choice(scene.makers), scene.draw.choice(scene.accounts)
    vault = scene.draw.choice(scene.chain.deployment.vaults)
    lender = scene.draw.choice(scene.lenders[:6])
    kind = scene.draw.randrange(3)
    if kind == 0:
        oldest = min((order.nonce for order, _, _ in scene.orders if order.maker == maker.address), default=1)
        scene.crowd.act(maker.address, "Exchange", "cancelBelow", oldest)
    elif kind == 1:
        scene.crowd.act(account, "Clearinghouse", "setRedeemFor", bool(scene.draw.randrange(2)))
    else:
        scene.crowd.act(lender, "OptionVault", "setOperator", account, True, at=vault.address)


def pay(scene: Scene) -> None:
    """Free balance from one to another."""
    giver, taker = scene.draw.sample(scene.accounts, 2)
    token = scene.draw.choice(scene.chain.deployment.tokens)
    assets = scene.draw.randrange(1, 10**token.decimals // 100)
    scene.crowd.act(giver, "Clearinghouse", "pay", giver, taker, token.address, assets)


def move_money(scene: Scene) -> None:
    """A withdrawal, and half of it deposited again."""
    account, token = scene.draw.choice(scene.accounts), scene.draw.choice(scene.chain.deployment.tokens)
    assets = scene.draw.randrange(1, 10**token.decimals // 10)
    scene.crowd.act(account, "Clearinghouse", "withdraw", token.address, assets, account)
    scene.crowd.act(
        account, "TestToken", "approve", scene.chain.deployment.address("Clearinghouse"), MOST, at=token.address
    )
    scene.crowd.act(account, "Clearinghouse", "deposit", token.address, assets // 2)


def lend(scene: Scene) -> None:
    """Requests of liquidity providers, processed and claimed when their notice is over."""
    lender, vault = scene.draw.choice(scene.lenders[:6]), scene.draw.choice(scene.chain.deployment.vaults)
    scene.crowd.act(scene.keeper, "OptionVault", "process", 8, at=vault.address)
    kind = scene.draw.random()
    token = scene.chain.deployment.settlement_token(vault.market, Side.parse(vault.side))
    assets = 10**token.decimals * (100 if token.symbol == "USDC" else 1)
    if kind < 0.5:
        request(scene, lender, vault.address, assets)
    elif kind < 0.75:
        scene.crowd.act(lender, "OptionVault", "requestRedeem", 10**17, lender, lender, at=vault.address)
    else:
        claim = "deposit(uint256,address,address)"
        scene.crowd.act(lender, "OptionVault", claim, assets, lender, lender, at=vault.address)
        scene.crowd.act(lender, "OptionVault", "redeem", 10**17, lender, lender, at=vault.address)
        taker = scene.draw.choice(scene.lenders)
        scene.crowd.act(lender, "OptionVault", "transfer", taker, 10**15, at=vault.address)


def request(scene: Scene, lender: str, vault: str, assets: int) -> None:
    """A deposit into a vault, once its notice is over."""
    scene.crowd.act(lender, "OptionVault", "requestDeposit", assets, lender, lender, at=vault)
