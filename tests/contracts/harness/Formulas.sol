// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IVolatilityOracle} from "../../../contracts/interfaces/IVolatilityOracle.sol";
import {Black76} from "../../../contracts/libraries/Black76.sol";
import {NormalCdf} from "../../../contracts/libraries/NormalCdf.sol";
import {OptionPricing} from "../../../contracts/libraries/OptionPricing.sol";
import {Side} from "../../../contracts/libraries/SeriesId.sol";
import {Ssvi} from "../../../contracts/libraries/Ssvi.sol";

/// @dev Each formula behind a call of its own, as the figures it is compared with were taken.
contract Price {
    function run(uint256 forward, uint256 strike, uint256 variance) external pure returns (uint256, uint256) {
        return Black76.price(forward, strike, variance);
    }
}

contract Greeks {
    function run(uint256 forward, uint256 strike, uint256 variance)
        external
        pure
        returns (uint256, uint256, uint256, uint256)
    {
        return Black76.priceWithGreeks(forward, strike, variance);
    }
}

contract Cdf {
    function run(int256 x) external pure returns (uint256) {
        return NormalCdf.cdf(x);
    }
}

contract Volatility {
    function run(uint256 forward, uint256 strike, IVolatilityOracle.Slice memory slice, uint40 expiry)
        external
        pure
        returns (uint256)
    {
        return OptionPricing.volatilityAt(Ssvi.logMoneyness(strike, forward), slice, expiry);
    }
}

contract Mark {
    function run(
        uint256 spot,
        uint256 strike,
        Side side,
        IVolatilityOracle.Slice memory slice,
        uint40 expiry,
        uint256 timestamp
    ) external pure returns (uint256, uint256, int256, uint256) {
        return OptionPricing.mark(spot, strike, side, slice, expiry, timestamp);
    }
}

contract Value {
    function run(
        uint256 spot,
        uint256 strike,
        Side side,
        IVolatilityOracle.Slice memory slice,
        uint40 expiry,
        uint256 timestamp
    ) external pure returns (uint256) {
        return OptionPricing.valueOf(spot, strike, side, slice, expiry, timestamp);
    }
}

/// @dev A vault's whole book at mid: values and vegas of all strikes, half of them at each of two expiries.
contract Book {
    function run(
        uint256 spot,
        uint256[] calldata strikes,
        IVolatilityOracle.Slice memory slice,
        uint40 expiry,
        uint256 timestamp
    ) external pure returns (uint256 worth, uint256 sensitivity) {
        OptionPricing.Frame[2] memory frames;
        uint256[2] memory roots;
        for (uint256 i; i < 2; ++i) {
            frames[i] = OptionPricing.frameOf(spot, Side.CALL, slice, expiry + uint40(i * 7 days), timestamp);
            roots[i] = OptionPricing.rootOf(frames[i].left);
        }
        for (uint256 i; i < strikes.length; ++i) {
            (uint256 value, uint256 vega) =
                OptionPricing.valueAndVegaIn(frames[i % 2], roots[i % 2], strikes[i], Side.CALL);
            worth += value;
            sensitivity += vega;
        }
    }
}

/// @dev Their twins, which take and return as much and do nothing.
contract NoPrice {
    function run(uint256 forward, uint256 strike, uint256) external pure returns (uint256, uint256) {
        return (forward, strike);
    }
}

contract NoGreeks {
    function run(uint256 forward, uint256 strike, uint256) external pure returns (uint256, uint256, uint256, uint256) {
        return (forward, strike, forward, strike);
    }
}

contract NoCdf {
    function run(int256 x) external pure returns (uint256) {
        return uint256(x);
    }
}

contract NoVolatility {
    function run(uint256 forward, uint256 strike, IVolatilityOracle.Slice memory slice, uint40 expiry)
        external
        pure
        returns (uint256)
    {
        return forward ^ strike ^ expiry ^ slice.theta ^ slice.phi ^ uint48(slice.rho) ^ slice.timestamp;
    }
}

contract NoMark {
    function run(uint256 spot, uint256 strike, Side, IVolatilityOracle.Slice memory slice, uint40, uint256 timestamp)
        external
        pure
        returns (uint256, uint256, int256, uint256)
    {
        return (spot ^ slice.theta, strike ^ slice.phi, slice.rho ^ slice.carry, timestamp ^ slice.timestamp);
    }
}

contract NoValue {
    function run(uint256 spot, uint256, Side, IVolatilityOracle.Slice memory slice, uint40, uint256)
        external
        pure
        returns (uint256)
    {
        return spot ^ slice.theta ^ slice.phi ^ uint48(slice.rho) ^ uint40(slice.carry) ^ slice.timestamp;
    }
}
