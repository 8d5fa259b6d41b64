// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IOptionVault} from "../interfaces/IOptionVault.sol";

/// @title VaultBounds
/// @notice Between what a vault's parameters and fees may be set: not even a hostile role can make the quote take a
/// user's money.
library VaultBounds {
    uint256 private constant WAD = 1e18;

    /// @notice Reverts with the name of the first parameter that is out of its bounds.
    /// @param volatilityPerDay How far signers may move volatility in a day, WAD. The half spread must grow at least as fast:
    /// nobody gains by knowing the next report.
    function check(IOptionVault.Params calldata p, uint256 volatilityPerDay) internal pure {
        _require(p.halfSpread >= 0.001e18 && p.halfSpread <= 0.5e18, "halfSpread");
        _require(p.halfSpreadPerDay >= volatilityPerDay && p.halfSpreadPerDay <= 10e18, "halfSpreadPerDay");
        _require(p.skew <= 10e18, "skew");
        _require(p.use <= WAD, "use");
        _require(p.minRate <= WAD, "minRate");
        _require(p.floor <= 0.05e18, "floor");
        _require(p.minAbsDelta < p.maxAbsDelta && p.maxAbsDelta <= WAD, "absDelta");
        _require(p.maxUtilisation != 0 && p.maxUtilisation <= WAD, "maxUtilisation");
        _require(p.minAmount != 0 && p.minAmount <= 1000e18, "minAmount");
        _require(p.guardWindow <= 1 days, "guardWindow");
        _require(p.noticeSeconds >= 5 minutes && p.noticeSeconds <= 7 days, "noticeSeconds");
        _require(p.minRequest != 0, "minRequest");
    }

    /// @notice Reverts with the name of the first fee that is out of its bounds.
    function check(IOptionVault.Fees calldata f) internal pure {
        _require(f.ofNotional <= 0.005e18, "ofNotional");
        _require(f.ofPremium <= 0.2e18, "ofPremium");
        _require(f.performance <= 0.3e18, "performance");
    }

    function _require(bool holds, bytes32 what) private pure {
        if (!holds) revert IOptionVault.BadParams(what);
    }
}
