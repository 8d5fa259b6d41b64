"""Who holds option tokens, and how many there are (ERC-1155)."""

from __future__ import annotations

from indexer.decode.catalogue import Event
from indexer.derive import profit
from indexer.derive.registry import on
from indexer.derive.state import State
from optionix.instruments import STRIKE_BITS

_TOKEN = "OptionToken"
NOBODY = "0x" + "0" * 40
"""From whom tokens are minted and to whom they are burned."""


@on(_TOKEN, "TransferSingle")
def transfer_single(state: State, event: Event) -> None:
    _move(state, event, event.args["id"], event.args["value"], 0)


@on(_TOKEN, "TransferBatch")
def transfer_batch(state: State, event: Event) -> None:
    for part, (series_id, amount) in enumerate(zip(event.args["ids"], event.args["values"], strict=True)):
        _move(state, event, series_id, amount, part)


@on(_TOKEN, "ApprovalForAll")
def approval_for_all(state: State, event: Event) -> None:
    state.token_approval.change(event.args["account"], event.args["operator"]).approved = event.args["approved"]


def _move(state: State, event: Event, series_id: int, amount: int, part: int) -> None:
    if not state.part.has(state.asset_of_key(series_id >> STRIKE_BITS)):
        return  # of a batch that is about several tokens
    giver, taker = event.args["from"], event.args["to"]
    if giver != NOBODY:
        state.position.change(giver, series_id).amount -= amount
        state.topic(f"account:{giver}")
    if taker != NOBODY:
        state.position.change(taker, series_id).amount += amount
        state.topic(f"account:{taker}")
    if NOBODY in (giver, taker):
        # Minting and burning are told by the Clearinghouse's own events.
        series = state.series.existing(series_id)
        series.supply += amount if giver == NOBODY else -amount
        return
    profit.delivered(state, giver, taker, series_id, amount)
    state.record(event, giver, "transfer_out", part=part, series_id=series_id, amount=amount, counterparty=taker)
    state.record(event, taker, "transfer_in", part=part, series_id=series_id, amount=amount, counterparty=giver)
