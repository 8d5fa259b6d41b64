// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IVaultPricer} from "../interfaces/IVaultPricer.sol";
import {OpenSeries} from "./OpenSeries.sol";
import {Payoff} from "./Payoff.sol";
import {SeriesId, Side} from "./SeriesId.sol";
import {VaultPricing} from "./VaultPricing.sol";

/// @notice What the series of one expiry are marked with.
/// @param cutOff So near its expiry, or past it unsettled, that nothing is processed.
/// @param unpricedSince Since when the feed or the slice cannot be read; zero where both can.
/// @param settlementPrice WAD; zero before it is settled.
struct ExpiryMark {
    VaultPricing.Frames frames;
    uint40 expiry;
    bool cutOff;
    uint256 unpricedSince;
    uint256 settlementPrice;
}

/// @title VaultMarks
/// @notice Adds up what a vault's open series owe.
library VaultMarks {
    /// @notice Adds one series of an expiry. Settled, it owes its payoff; without a price its whole collateral to leavers and
    /// nothing to those who enter; else its guarded ask and bid.
    /// @param scale WAD of one token unit of the settlement asset.
    function add(IVaultPricer.Marks memory marks, ExpiryMark memory e, OpenSeries open, uint256 scale) internal pure {
        SeriesId series = open.series();
        (Side side, uint256 strike, uint256 amount) = (series.side(), series.strikeWad(), open.amount());
        if (e.settlementPrice != 0) {
            uint256 owed = Payoff.payoffUp(side, strike, e.settlementPrice, amount, scale);
            marks.entering += owed;
            marks.leaving += owed;
            return;
        }
        if (e.cutOff) marks.cutOffExpiry = e.expiry;
        uint256 collateral = Payoff.collateralUp(side, strike, amount, scale);
        if (e.unpricedSince != 0) {
            marks.leaving += collateral;
            if (e.unpricedSince > marks.unpricedSince) {
                (marks.unpricedSince, marks.unpricedExpiry) = (e.unpricedSince, e.expiry);
            }
            return;
        }
        (uint256 entering, uint256 leaving, uint256 vega) =
            VaultPricing.liabilities(side, strike, e.frames, amount, collateral, scale);
        marks.entering += entering;
        marks.leaving += leaving;
        marks.shortVega += vega;
    }
}
