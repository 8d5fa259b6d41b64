// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../interfaces/IClearinghouse.sol";
import {Side} from "./SeriesId.sol";

/// @title WorstLoss
/// @notice The largest amount that legs can come to owe, and the settlement price at which they are worth least.
/// @dev The same extremes as BookRequirement, which locks it, but for any number of legs and with the place. With at most
/// 2^16 legs of int128 at strikes of uint64 no sum leaves 2^209.
library WorstLoss {
    /// @notice Stands for a price that rises without limit: where a call written alone owes most.
    uint256 internal constant RISING = type(uint256).max;

    uint256 private constant STRIKE_UNIT = 1e10;
    uint256 private constant STRIKES_PER_ONE = 1e8;

    /// @param legs Strictly ascending strikes.
    /// @param scale WAD of one unit of the settlement asset (`Payoff.scaleOf`).
    /// @return assets Token units, rounded up once; zero where no price makes the legs owe anything.
    /// @return price WAD: the lowest of zero, the strikes and `RISING` at which the legs are worth least.
    function find(Side side, IClearinghouse.Leg[] memory legs, uint256 scale)
        internal
        pure
        returns (uint256 assets, uint256 price)
    {
        return side == Side.CALL ? _ofCalls(legs, scale) : _ofPuts(legs, scale);
    }

    /// @dev Ascending. At strike K the legs below it are worth `(K sum n - sum n K) / K`.
    function _ofCalls(IClearinghouse.Leg[] memory legs, uint256 scale)
        private
        pure
        returns (uint256 assets, uint256 price)
    {
        unchecked {
            int256 amounts;
            int256 weighted;
            for (uint256 i; i < legs.length; ++i) {
                int256 amount = legs[i].amount;
                uint256 strike = legs[i].strike;
                int256 value = amounts * int256(strike) - weighted;
                if (value < 0) {
                    uint256 owed = _divUp(uint256(-value), strike * scale);
                    if (owed > assets) (assets, price) = (owed, strike * STRIKE_UNIT);
                }
                amounts += amount;
                weighted += amount * int256(strike);
            }
            if (amounts < 0) {
                uint256 owed = _divUp(uint256(-amounts), scale);
                if (owed > assets) (assets, price) = (owed, RISING);
            }
        }
    }

    /// @dev Descending. At strike K the legs above it are worth `sum n K - K sum n`; all of them count at zero.
    function _ofPuts(IClearinghouse.Leg[] memory legs, uint256 scale)
        private
        pure
        returns (uint256 assets, uint256 price)
    {
        unchecked {
            int256 amounts;
            int256 weighted;
            int256 worst;
            for (uint256 i = legs.length; i != 0;) {
                --i;
                int256 amount = legs[i].amount;
                int256 strike = int256(uint256(legs[i].strike));
                int256 value = weighted - strike * amounts;
                if (value <= worst) (worst, price) = (value, uint256(strike) * STRIKE_UNIT);
                amounts += amount;
                weighted += amount * strike;
            }
            if (weighted <= worst) (worst, price) = (weighted, 0);
            assets = _divUp(uint256(-worst), STRIKES_PER_ONE * scale);
        }
    }

    function _divUp(uint256 numerator, uint256 denominator) private pure returns (uint256) {
        unchecked {
            return numerator == 0 ? 0 : (numerator - 1) / denominator + 1;
        }
    }
}
