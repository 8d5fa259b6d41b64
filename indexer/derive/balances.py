"""Free balances, payments, fees, rights and settings of the Clearinghouse."""

from __future__ import annotations

from indexer.decode.catalogue import Event
from indexer.derive.registry import on
from indexer.derive.state import State

_HOUSE = "Clearinghouse"


def credit(state: State, account: str, token: str, assets: int) -> None:
    """Add to an account's free balance; negative assets take from it."""
    if assets:
        state.balance.change(account, token).free += assets
        state.topic(f"account:{account}")


@on(_HOUSE, "Deposited")
def deposited(state: State, event: Event) -> None:
    args = event.args
    credit(state, args["account"], args["token"], args["assets"])
    state.record(event, args["account"], "deposit", token=args["token"], assets=args["assets"])


@on(_HOUSE, "Withdrawn")
def withdrawn(state: State, event: Event) -> None:
    args = event.args
    credit(state, args["account"], args["token"], -args["assets"])
    state.record(
        event,
        args["account"],
        "withdraw",
        token=args["token"],
        assets=args["assets"],
        counterparty=args["receiver"],
    )


@on(_HOUSE, "Paid")
def paid(state: State, event: Event) -> None:
    args = event.args
    payer, payee, token, assets = args["from"], args["to"], args["token"], args["assets"]
    credit(state, payer, token, -assets)
    credit(state, payee, token, assets)
    if state.vault.get(payer) is not None or state.vault.get(payee) is not None:
        return  # a part of a trade or a request, which the vault's own event tells
    state.record(event, payer, "pay_out", token=token, assets=assets, counterparty=payee)
    state.record(event, payee, "pay_in", token=token, assets=assets, counterparty=payer)


@on(_HOUSE, "FeeAccrued")
def fee_accrued(state: State, event: Event) -> None:
    args = event.args
    credit(state, args["payer"], state.asset_of_key(args["key"]), -args["assets"])
    pot = state.fee_pot.change(args["key"])
    pot.assets += args["assets"]
    pot.accrued += args["assets"]


@on(_HOUSE, "FeesCollected")
def fees_collected(state: State, event: Event) -> None:
    args = event.args
    token = state.asset_of_key(args["key"])
    credit(state, args["settler"], token, args["bounty"])
    credit(state, args["treasury"], token, args["rest"])
    pot = state.fee_pot.change(args["key"])
    # What books and holders may still earn for those who serve them stays in the pot.
    pot.assets -= args["bounty"] + args["rest"]
    pot.bounty_paid += args["bounty"]
    if args["bounty"]:
        state.record(event, args["settler"], "bounty", book_key=args["key"], token=token, assets=args["bounty"])


@on(_HOUSE, "BountyPaid")
def bounty_paid(state: State, event: Event) -> None:
    args = event.args
    key, caller, bounty = args["key"], args["caller"], args["bounty"]
    token = state.asset_of_key(key)
    credit(state, caller, token, bounty)
    pot = state.fee_pot.change(key)
    pot.assets -= bounty
    pot.bounty_paid += bounty
    state.record(event, caller, "bounty", book_key=key, token=token, assets=bounty, counterparty=args["account"])


@on(_HOUSE, "OperatorSet")
def operator_set(state: State, event: Event) -> None:
    args = event.args
    state.operator.change(args["account"], args["operator"]).flags = args["flags"]
    state.topic(f"account:{args['account']}")


@on(_HOUSE, "RedeemForSet")
def redeem_for_set(state: State, event: Event) -> None:
    state.redeem_for.change(event.args["account"]).allowed = event.args["allowed"]


@on(_HOUSE, "TreasurySet")
def treasury_set(state: State, event: Event) -> None:
    state.clearinghouse.change().treasury = event.args["treasury"]


@on(_HOUSE, "WrappedNativeSet")
def wrapped_native_set(state: State, event: Event) -> None:
    state.clearinghouse.change().wrapped_native = event.args["token"]


@on(_HOUSE, "WritesPaused")
def writes_paused(state: State, event: Event) -> None:
    state.clearinghouse.change().writes_paused = event.args["paused"]


@on(_HOUSE, "BountyCapSet")
def bounty_cap_set(state: State, event: Event) -> None:
    state.bounty_cap.change(event.args["token"]).cap = event.args["cap"]
