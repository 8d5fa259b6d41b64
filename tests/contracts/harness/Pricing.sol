// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IVolatilityOracle} from "../../../contracts/interfaces/IVolatilityOracle.sol";
import {OptionPricing} from "../../../contracts/libraries/OptionPricing.sol";
import {Side} from "../../../contracts/libraries/SeriesId.sol";
import {IPricing} from "./IPricing.sol";

/// @notice The pricing library behind a call: compiled as the contracts are, where its caller is a quickly compiled test.
contract Pricing is IPricing {
    /// @inheritdoc IPricing
    function mark(
        uint256 spot,
        uint256 strike,
        Side side,
        IVolatilityOracle.Slice memory slice,
        uint40 expiry,
        uint256 timestamp
    ) external pure returns (uint256 value, uint256 vega, int256 delta, uint256 volatility) {
        return OptionPricing.mark(spot, strike, side, slice, expiry, timestamp);
    }

    /// @inheritdoc IPricing
    function valueOf(
        uint256 spot,
        uint256 strike,
        Side side,
        IVolatilityOracle.Slice memory slice,
        uint40 expiry,
        uint256 timestamp
    ) external pure returns (uint256 value) {
        return OptionPricing.valueOf(spot, strike, side, slice, expiry, timestamp);
    }
}
