// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IVolatilityOracle} from "../../../contracts/interfaces/IVolatilityOracle.sol";
import {Side} from "../../../contracts/libraries/SeriesId.sol";

/// @notice What tests outside maths/ ask of OptionPricing, through a call.
interface IPricing {
    /// @notice `OptionPricing.mark`.
    function mark(
        uint256 spot,
        uint256 strike,
        Side side,
        IVolatilityOracle.Slice memory slice,
        uint40 expiry,
        uint256 timestamp
    ) external pure returns (uint256 value, uint256 vega, int256 delta, uint256 volatility);

    /// @notice `OptionPricing.valueOf`.
    function valueOf(
        uint256 spot,
        uint256 strike,
        Side side,
        IVolatilityOracle.Slice memory slice,
        uint40 expiry,
        uint256 timestamp
    ) external pure returns (uint256 value);
}
