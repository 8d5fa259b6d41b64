"""Volatility slices, halts and the oracle's settings."""

from __future__ import annotations

from indexer.decode.catalogue import Event
from indexer.derive.registry import on
from indexer.derive.state import State

_ORACLE = "VolatilityOracle"


@on(_ORACLE, "SlicePosted")
def slice_posted(state: State, event: Event) -> None:
    args = event.args
    market, expiry = args["market"], args["expiry"]
    row = state.surface.change(market, expiry)
    row.previous_theta, row.previous_phi = row.theta, row.phi
    row.previous_rho, row.previous_carry = row.rho, row.carry
    row.previous_timestamp = row.timestamp
    row.theta, row.phi, row.rho, row.carry = args["theta"], args["phi"], args["rho"], args["carry"]
    row.timestamp, row.clipped, row.block_number = args["timestamp"], args["clipped"], event.block_number
    state.append(
        "surface_history",
        block_number=event.block_number,
        log_index=event.log_index,
        market=market,
        expiry=expiry,
        theta=args["theta"],
        phi=args["phi"],
        rho=args["rho"],
        carry=args["carry"],
        timestamp=args["timestamp"],
        clipped=args["clipped"],
    )
    state.topic(f"surface:{market}")


@on(_ORACLE, "ExpiryHalted")
def expiry_halted(state: State, event: Event) -> None:
    args = event.args
    state.surface.change(args["market"], args["expiry"]).halted_until = args["until"]
    state.topic(f"surface:{args['market']}")


@on(_ORACLE, "ExpiryResumed")
def expiry_resumed(state: State, event: Event) -> None:
    args = event.args
    state.surface.change(args["market"], args["expiry"]).halted_until = 0
    state.topic(f"surface:{args['market']}")


@on(_ORACLE, "AnchorSet")
def anchor_set(state: State, event: Event) -> None:
    state.market.change(event.args["market"]).anchor = event.args["volatility"]


@on(_ORACLE, "SignersSet")
def signers_set(state: State, event: Event) -> None:
    row = state.volatility_oracle.change()
    row.signers, row.threshold = event.args["signers"], event.args["threshold"]


@on(_ORACLE, "BoundsSet")
def bounds_set(state: State, event: Event) -> None:
    args = event.args
    row = state.volatility_oracle.change()
    row.heartbeat, row.max_move_seconds = args["heartbeat"], args["maxMoveSeconds"]
    row.volatility_per_day, row.carry_per_day = args["volatilityPerDay"], args["carryPerDay"]
