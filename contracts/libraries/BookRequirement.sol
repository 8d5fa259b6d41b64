// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../interfaces/IClearinghouse.sol";
import {Side} from "./SeriesId.sol";

/// @title BookRequirement
/// @notice The one rule of solvency for a netted book: what it must lock, and what it is worth at settlement.
/// @dev With legs (K_i, n_i), n_i < 0 written and n_i > 0 placed:
///
/// - put book: `V(S) = sum n_i max(K_i - S, 0)` is piecewise linear and zero above the last strike, so its minimum
///   over S >= 0 lies at S = 0 or at a strike;
/// - call book: `V(S) = sum n_i max(S - K_i, 0) / S` is zero below the first strike and `a - c / S`, monotone, between
///   strikes, so its infimum lies at a strike or at S -> infinity, where V = `sum n_i`.
///
/// Why what is owed never exceeds what is locked: `required` is `max(0, ceil(-V(S*)))` over the candidates S*, each
/// computed exactly and rounded once. `ceil` does not change order, so that equals `ceil(max(0, -inf V))`. For any
/// settlement price S, `-V(S) <= max(0, -inf V)` as real numbers, hence `ceil(-V(S)) <= required`, and `ceil(-V(S))` is
/// what `settlementFloor` owes.
///
/// Bounds, for which nothing below overflows: amounts are int128, strikes uint64 (units of 1e-8), at most 16 legs.
/// `|sum n| <= 2^131` and `|sum n K| <= 2^195`. Settlement prices are below 2^124 WAD: `|sum n (S - K)| < 2^255`.
library BookRequirement {
    /// @notice The settlement price does not fit the exact arithmetic.
    error PriceTooLarge(uint256 price, uint256 limit);

    /// @notice The most legs a netted book may have.
    uint256 internal constant MAX_LEGS = 16;

    /// @notice Settlement prices are below this, WAD (about 2e19 quote per base).
    uint256 internal constant PRICE_LIMIT = 1 << 124;

    uint256 private constant STRIKE_UNIT = 1e10;
    uint256 private constant STRIKES_PER_ONE = 1e8;
    uint256 private constant WAD = 1e18;

    /// @notice Collateral that covers the worst loss over every settlement price, rounded up once.
    /// @param legs Strictly ascending strikes, at most `MAX_LEGS`. Amounts of zero count for nothing.
    /// @param scale WAD of one unit of the settlement asset (`Payoff.scaleOf`).
    /// @return assets Token units of the settlement asset.
    function required(Side side, IClearinghouse.Leg[] memory legs, uint256 scale)
        internal
        pure
        returns (uint256 assets)
    {
        check(legs);
        return side == Side.CALL ? _requiredCall(legs, scale) : _requiredPut(legs, scale);
    }

    /// @notice The exact value of the book at settlement price `price`, rounded once towards minus infinity:
    /// the floor of what it receives, minus the ceiling of what it owes.
    /// @param legs As for `required`.
    /// @param price Settlement price, WAD, below `PRICE_LIMIT`.
    /// @return assets Token units of the settlement asset; negative when the book owes.
    function settlementFloor(Side side, IClearinghouse.Leg[] memory legs, uint256 price, uint256 scale)
        internal
        pure
        returns (int256 assets)
    {
        check(legs);
        if (price >= PRICE_LIMIT) revert PriceTooLarge(price, PRICE_LIMIT);
        int256 value;
        unchecked {
            for (uint256 i; i < legs.length; ++i) {
                uint256 strike = uint256(legs[i].strike) * STRIKE_UNIT;
                if (side == Side.CALL) {
                    if (price <= strike) break;
                    value += int256(legs[i].amount) * int256(price - strike);
                } else if (price < strike) {
                    value += int256(legs[i].amount) * int256(strike - price);
                }
            }
            if (value == 0) return 0;
            // A call's value is not zero only if the price is above a strike, so the denominator never is.
            uint256 denominator = (side == Side.CALL ? price : WAD) * scale;
            return value > 0 ? int256(uint256(value) / denominator) : -int256(_divUp(uint256(-value), denominator));
        }
    }

    /// @notice Reverts unless there are at most `MAX_LEGS` legs with strictly ascending strikes above zero.
    function check(IClearinghouse.Leg[] memory legs) internal pure {
        if (legs.length > MAX_LEGS) revert IClearinghouse.TooManyLegs(legs.length, MAX_LEGS);
        uint64 previous;
        for (uint256 i; i < legs.length; ++i) {
            uint64 strike = legs[i].strike;
            if (strike <= previous) revert IClearinghouse.LegsNotAscending(previous, strike);
            previous = strike;
        }
    }

    /// @dev Ascending. At strike K, `V = (K sum n - sum n K) / K` over the legs below it.
    function _requiredCall(IClearinghouse.Leg[] memory legs, uint256 scale) private pure returns (uint256 assets) {
        unchecked {
            int256 amounts;
            int256 weighted;
            for (uint256 i; i < legs.length; ++i) {
                int256 amount = legs[i].amount;
                uint256 strike = legs[i].strike;
                int256 value = amounts * int256(strike) - weighted;
                if (value < 0) assets = _max(assets, _divUp(uint256(-value), strike * scale));
                amounts += amount;
                weighted += amount * int256(strike);
            }
            if (amounts < 0) assets = _max(assets, _divUp(uint256(-amounts), scale));
        }
    }

    /// @dev Descending. At strike K, `V = sum n K - K sum n` over the legs above it; all legs at S = 0. One denominator
    /// serves every candidate, so the worst value is rounded alone.
    function _requiredPut(IClearinghouse.Leg[] memory legs, uint256 scale) private pure returns (uint256 assets) {
        unchecked {
            int256 amounts;
            int256 weighted;
            int256 worst;
            for (uint256 i = legs.length; i != 0;) {
                --i;
                int256 amount = legs[i].amount;
                int256 strike = int256(uint256(legs[i].strike));
                int256 value = weighted - strike * amounts;
                if (value < worst) worst = value;
                amounts += amount;
                weighted += amount * strike;
            }
            if (weighted < worst) worst = weighted;
            return _divUp(uint256(-worst), STRIKES_PER_ONE * scale);
        }
    }

    function _max(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a : b;
    }

    function _divUp(uint256 numerator, uint256 denominator) private pure returns (uint256) {
        unchecked {
            return numerator == 0 ? 0 : (numerator - 1) / denominator + 1;
        }
    }
}
