// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @notice The fees of one (market, side, expiry).
/// @param assets What is in the pot, token units.
/// @param accrued All that ever came in.
/// @param toSettler What was paid for the proof of the settlement price.
/// @param toCallers What was paid for books settled and options redeemed for others.
struct Pot {
    uint128 assets;
    uint128 accrued;
    uint128 toSettler;
    uint128 toCallers;
}

/// @title Bounties
/// @notice What a pot of fees owes to whom.
/// @dev The budget of a pot is a fifth of all that it ever collected, capped. Half of it is for who proved the settlement
/// price, half for those who then settle books and redeem for others. Everything is counted from totals that only grow,
/// so neither the order of calls nor how often fees are collected changes who is owed what.
///
/// An item pays its caller at most 1/32 of that second half and at most 1 % of what it credits to the account it is done
/// for: dust earns dust. What an item pays grows from nothing at expiry to all of that a day later. Who makes up items
/// to harvest them competes for each with everybody who would do it for the gas, and an honest caller is paid about that.
library Bounties {
    using FixedPointMathLib for uint256;

    /// @notice Bounties get at most this part of what a pot collected.
    uint256 internal constant BOUNTY_DIVISOR = 5;

    /// @notice One item pays at most this part of the budget,
    uint256 internal constant ITEM_DIVISOR = 64;

    /// @notice and at most this part of what it credits.
    uint256 internal constant CREDIT_DIVISOR = 100;

    /// @notice How long after expiry the bounty of an item grows.
    uint256 internal constant BOUNTY_GROWTH = 1 days;

    /// @notice How long after expiry items pay at all; what is left then is the treasury's.
    uint256 internal constant BOUNTY_WINDOW = 30 days;

    /// @notice What an item pays its caller now.
    /// @param cap Most of a pot that goes to bounties, token units; zero for no cap.
    /// @param credited What the item adds to the account's free balance.
    function ofItem(Pot memory pot, uint256 expiry, uint256 cap, uint256 credited) internal view returns (uint256) {
        if (block.timestamp <= expiry) return 0;
        uint256 budget = _budget(pot, cap);
        uint256 most = (budget / ITEM_DIVISOR).min(credited / CREDIT_DIVISOR);
        uint256 elapsed = block.timestamp - expiry;
        if (elapsed < BOUNTY_GROWTH) most = most * elapsed / BOUNTY_GROWTH;
        return most.min(_reserve(pot, expiry, budget));
    }

    /// @notice What is due to the settler, and to the treasury beyond what is kept for items.
    function due(Pot memory pot, uint256 expiry, uint256 cap) internal view returns (uint256 bounty, uint256 rest) {
        uint256 budget = _budget(pot, cap);
        uint256 free = pot.assets - _reserve(pot, expiry, budget);
        bounty = (budget / 2).zeroFloorSub(pot.toSettler).min(free);
        rest = free - bounty;
    }

    function _budget(Pot memory pot, uint256 cap) private pure returns (uint256 budget) {
        budget = pot.accrued / BOUNTY_DIVISOR;
        if (cap != 0) budget = budget.min(cap);
    }

    /// @dev What items may still be paid. A cap that was raised finds no more than what is there.
    function _reserve(Pot memory pot, uint256 expiry, uint256 budget) private view returns (uint256) {
        if (block.timestamp >= expiry + BOUNTY_WINDOW) return 0;
        return (budget - budget / 2).zeroFloorSub(pot.toCallers).min(pot.assets);
    }
}
