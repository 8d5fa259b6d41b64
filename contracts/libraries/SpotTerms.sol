// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice Spot with what of its feed bears on a trade, in one word: the feed's deviation threshold (basis points, above
/// bit 160), the oldest answer accepted (seconds, bits 128 to 159) and the price (WAD, low 128 bits).
type SpotTerms is uint256;

using {SpotTermsLib.price, SpotTermsLib.maxAge, SpotTermsLib.deviationBps} for SpotTerms global;

/// @title SpotTermsLib
/// @notice What a vault hands on from Markets to its pricer: a word costs less on the way than three.
library SpotTermsLib {
    /// @param price_ A spot is at most the feed's highest sane price, below 2^124.
    function pack(uint256 price_, uint32 maxAge_, uint16 deviationBps_) internal pure returns (SpotTerms) {
        return SpotTerms.wrap(uint256(deviationBps_) << 160 | uint256(maxAge_) << 128 | price_);
    }

    function price(SpotTerms self) internal pure returns (uint256) {
        return uint128(SpotTerms.unwrap(self));
    }

    function maxAge(SpotTerms self) internal pure returns (uint256) {
        return uint32(SpotTerms.unwrap(self) >> 128);
    }

    function deviationBps(SpotTerms self) internal pure returns (uint256) {
        return SpotTerms.unwrap(self) >> 160;
    }
}
