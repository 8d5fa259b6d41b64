"""What keepers do: prices and surfaces posted, the first expiry settled."""

from __future__ import annotations

from typing import Any

from eth_account import Account

from bench.traffic.scene import EXPIRIES, SPOTS, Scene
from optionix.instruments import DAY, Series
from optionix.local.chain import FEED_OWNER, SIGNER


def post_prices(scene: Scene) -> None:
    """The price of each feed."""
    for market in SPOTS:
        feed = scene.chain.deployment.feed(market).address
        scene.crowd.act(FEED_OWNER.address, "ReplayFeed", "post", round(scene.spot(market) * 10**8), at=feed)


def post_surfaces(scene: Scene) -> None:
    """A signed report of each market."""
    now = scene.now
    for market in SPOTS:
        slices: list[dict[str, Any]] = [
            {
                "expiry": expiry,
                "theta": int(0.6**2 * (expiry - now) / (365 * DAY) * 10**16),
                "phi": 10**15,
                "rho": -(10**11),
                "carry": 0,
            }
            for expiry in EXPIRIES
            if expiry > now + 600
        ]
        report = {"market": market, "timestamp": now, "slices": slices}
        digest = scene.chain.read("VolatilityOracle", "hashReport", report)
        signature = Account.unsafe_sign_hash(digest, SIGNER.key).signature
        scene.crowd.act(SIGNER.address, "VolatilityOracle", "post", report, [bytes(signature)])


def settle(scene: Scene) -> None:
    """After the first expiry: the price, then books and holders in batches, releases and fees."""
    if scene.to_settle or scene.settled:
        batch, scene.to_settle = scene.to_settle[:24], scene.to_settle[24:]
        if not scene.to_settle and scene.fee_keys:
            scene.crowd.act(scene.keeper, "Clearinghouse", "collectFees", scene.fee_keys.pop())
        for function in ("settleMany", "redeemMany"):
            items = [item for wanted, item in batch if wanted == function]
            if items:
                scene.crowd.act(scene.keeper, "Clearinghouse", function, items)
        return
    expiry = EXPIRIES[0]
    if scene.now < expiry + 3 * scene.pace.seconds:
        return
    scene.settled = True
    for market in SPOTS:
        last = scene.chain.read("Markets", "lastRound", market, expiry)
        scene.crowd.act(scene.keeper, "Markets", "settle", market, expiry, last)
    scene.crowd.mine()
    held = [*scene.held, *scene.bought, *scene.written]
    first = {each.series: None for each in held if Series.from_id(each.series).expiry == expiry}
    for vault in scene.chain.deployment.vaults:
        for series in first:
            if scene.vault(Series.from_id(series)) == vault.address:
                scene.crowd.act(scene.keeper, "OptionVault", "release", series, at=vault.address)
    scene.crowd.mine()
    holders = {(each.account, each.series) for each in held if each.series in first}
    writers = {(each.account, each.series) for each in scene.writers if each.series in first}
    scene.to_settle = [("settleMany", item) for item in sorted(writers)]
    scene.to_settle += [("redeemMany", item) for item in sorted(holders)]
    keys = sorted({series >> 64 for series in first})
    scene.fee_keys = keys
