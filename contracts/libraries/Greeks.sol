// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IVolatilityOracle} from "../interfaces/IVolatilityOracle.sol";
import {Black76} from "./Black76.sol";
import {OptionPricing} from "./OptionPricing.sol";
import {Side} from "./SeriesId.sol";
import {Ssvi} from "./Ssvi.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @title Greeks
/// @notice How an option's value moves, for those who read it: no contract pays by these figures.
/// @dev Value, volatility, delta and vega are OptionPricing's. With s the deviation to the end of the averaging, T the years
/// left, kernel = F phi(d1), delta of the option's own side and unit = D / spot for a call and D for a put:
///
///     gamma = kernel / (F^2 s)
///     theta = -unit (kernel s / (2 T) + carry F delta - max(carry, 0) Black76) / 365
///
/// Theta holds spot and the volatility at the strike. Both are zero once no time or no volatility is left.
library Greeks {
    using FixedPointMathLib for uint256;

    uint256 private constant WAD = 1e18;
    uint256 private constant ONE_X96 = 1 << 96;
    int256 private constant CARRY_UNIT = 1e9;

    /// @notice One contract, WAD.
    /// @param value In the settlement asset: base for a call, quote for a put.
    /// @param volatility Annual.
    /// @param delta Of the forward: N(d1) for a call, N(d1) - 1 for a put.
    /// @param gamma Change of delta per unit of the forward.
    /// @param vega Change of value per 1.00 of volatility.
    /// @param theta Change of value a day.
    /// @param forward Quote per base.
    struct Result {
        uint256 value;
        uint256 volatility;
        int256 delta;
        uint256 gamma;
        uint256 vega;
        int256 theta;
        uint256 forward;
    }

    /// @notice Parameters as of `OptionPricing.mark`.
    function compute(
        uint256 spot,
        uint256 strike,
        Side side,
        IVolatilityOracle.Slice memory slice,
        uint40 expiry,
        uint256 timestamp
    ) internal pure returns (Result memory result) {
        (result.value, result.vega, result.delta, result.volatility) =
            OptionPricing.mark(spot, strike, side, slice, expiry, timestamp);
        OptionPricing.Frame memory frame = OptionPricing.frameOf(spot, side, slice, expiry, timestamp);
        result.forward = frame.forward;
        if (frame.left == 0) return result;
        uint256 variance = Ssvi.totalVariance(
            Ssvi.logMoneyness(strike, frame.forward),
            slice.theta,
            slice.phi,
            slice.rho,
            frame.left,
            expiry - slice.timestamp
        );
        uint256 deviation = Black76.deviationOf(variance);
        if (deviation == 0) return result;
        (uint256 call, uint256 put,, uint256 kernel) = Black76.priceWithGreeks(frame.forward, strike, variance);
        // The density of d1, at most 0.4 WAD; a forward is below 2^104 and a deviation below 2^103.
        result.gamma = (kernel * WAD / frame.forward).mulDiv(WAD * ONE_X96, frame.forward * deviation);

        // By year, quote per base, undiscounted.
        int256 growth = int256(kernel.mulDiv(deviation * OptionPricing.YEAR, 2 * frame.left * ONE_X96));
        int256 carry = int256(slice.carry) * CARRY_UNIT;
        growth += int256(frame.forward) * carry / int256(WAD) * result.delta / int256(WAD);
        if (carry > 0) growth -= int256(side == Side.CALL ? call : put) * carry / int256(WAD);
        // A call's unit is one over the larger of forward and spot, see OptionPricing.
        growth = side == Side.CALL
            ? growth * int256(WAD) / int256(frame.factor)
            : growth * int256(frame.factor) / int256(ONE_X96);
        result.theta = -growth / 365;
    }
}
