// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Side} from "./SeriesId.sol";

/// @title Payoff
/// @notice What one series pays at a settlement price, and what one written leg must lock for it.
/// @dev Per contract: a call pays `max(S - K, 0) / S` base (below 1), a put `max(K - S, 0)` quote (at most K).
/// Prices, strikes and amounts are WAD; results are units of the settlement asset, rounded as the name says.
/// `scale` is the WAD of one token unit: `10 ** (18 - decimals)`, from `scaleOf`, fixed at listing.
///
/// Each result is one exact fraction divided once, so the rounding error is below one token unit. Arithmetic is
/// checked; nothing overflows for amounts and prices below 2^128 and strikes below 2^98 (the range of a series id):
/// calls reach 2^128 * 2^128, puts 2^128 * 2^98.
///
/// A writer's leg is always covered: payoff <= collateral as exact fractions, and rounding both up keeps the order.
library Payoff {
    /// @notice Only tokens of at most 18 decimals are supported.
    error UnsupportedDecimals(uint8 decimals);

    uint256 private constant WAD = 1e18;

    /// @notice WAD of one unit of a token with these decimals.
    function scaleOf(uint8 decimals) internal pure returns (uint256 scale) {
        if (decimals > 18) revert UnsupportedDecimals(decimals);
        unchecked {
            return 10 ** uint256(18 - decimals);
        }
    }

    /// @notice What `amount` contracts pay their holder at settlement price `price`, rounded down.
    /// @return assets Token units of the settlement asset.
    function payoffDown(Side side, uint256 strike, uint256 price, uint256 amount, uint256 scale)
        internal
        pure
        returns (uint256 assets)
    {
        (uint256 numerator, uint256 denominator) = _fraction(side, strike, price, amount, scale);
        return numerator / denominator;
    }

    /// @notice What a writer of `amount` contracts owes at settlement price `price`, rounded up.
    /// @return assets Token units of the settlement asset.
    function payoffUp(Side side, uint256 strike, uint256 price, uint256 amount, uint256 scale)
        internal
        pure
        returns (uint256 assets)
    {
        (uint256 numerator, uint256 denominator) = _fraction(side, strike, price, amount, scale);
        return _divUp(numerator, denominator);
    }

    /// @notice What a writer of `amount` contracts locks: 1 base a call, K quote a put, rounded up.
    /// @return assets Token units of the settlement asset.
    function collateralUp(Side side, uint256 strike, uint256 amount, uint256 scale)
        internal
        pure
        returns (uint256 assets)
    {
        return side == Side.CALL ? _divUp(amount, scale) : _divUp(amount * strike, WAD * scale);
    }

    /// @dev The exact payoff in token units as a fraction. A price of zero is below every strike, so no call divides by it.
    function _fraction(Side side, uint256 strike, uint256 price, uint256 amount, uint256 scale)
        private
        pure
        returns (uint256 numerator, uint256 denominator)
    {
        if (side == Side.CALL) {
            if (price <= strike) return (0, 1);
            unchecked {
                numerator = price - strike;
            }
            return (amount * numerator, price * scale);
        }
        if (price >= strike) return (0, 1);
        unchecked {
            numerator = strike - price;
        }
        return (amount * numerator, WAD * scale);
    }

    function _divUp(uint256 numerator, uint256 denominator) private pure returns (uint256) {
        unchecked {
            return numerator == 0 ? 0 : (numerator - 1) / denominator + 1;
        }
    }
}
