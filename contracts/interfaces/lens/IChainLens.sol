// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Greeks} from "../../libraries/Greeks.sol";
import {SeriesId, Side} from "../../libraries/SeriesId.sol";
import {IVolatilityOracle} from "../IVolatilityOracle.sol";
import {BlockRead} from "./BlockRead.sol";

/// @notice The chain of an expiry in one call.
interface IChainLens {
    /// @param callVault Who quotes calls; zero for no quotes.
    /// @param putVault Who quotes puts; zero for no quotes.
    /// @param amount Contracts that the quotes are for, WAD.
    /// @param from Number of the series to begin with: calls first, then puts, each in the order of listing.
    /// @param limit The most series in the answer.
    struct ChainQuery {
        uint16 market;
        uint40 expiry;
        address callVault;
        address putVault;
        uint256 amount;
        uint256 from;
        uint256 limit;
    }

    /// @notice One series. An error is what the contract asked reverted with, empty where there is an answer.
    /// @param ask What buying the amount costs, with the fee: the vault's guarded quote, token units.
    /// @param askFee The protocol's fee within it.
    /// @param bid What selling the amount back pays, token units.
    /// @param mark Model value and greeks of one contract at mid spot and the newest slice, WAD; once settled its payoff.
    /// @param supply Option tokens that anybody holds, WAD. Longs placed in netted books are on no contract's counter.
    struct SeriesView {
        SeriesId series;
        uint256 strike;
        uint256 ask;
        uint256 askFee;
        uint256 bid;
        Greeks.Result mark;
        uint256 supply;
        bytes askError;
        bytes bidError;
        bytes markError;
    }

    /// @param spot WAD; zero where the feed cannot be read, and `spotError` says why.
    /// @param forward WAD; zero without spot or slice.
    /// @param slice The newest slice whatever its age; its time is zero where there is none.
    /// @param sliceError Why the slice does not price now: missing or stale.
    /// @param settlementPrice WAD; zero before settlement.
    /// @param seriesCount Listed series of both sides.
    /// @param next The number of the series to begin the next call with; zero when this was the last.
    struct ChainView {
        BlockRead readAt;
        uint256 spot;
        uint256 spotUpdatedAt;
        bytes spotError;
        uint256 forward;
        IVolatilityOracle.Slice slice;
        bytes sliceError;
        bool halted;
        bool writesPaused;
        uint256 settlementPrice;
        uint256 seriesCount;
        SeriesView[] series;
        uint256 next;
    }

    /// @notice What was asked reverted without a word, or its answer has no sense.
    error NoAnswer();

    /// @notice Every listed series of an expiry with its quotes, mark and greeks. Neither a feed nor a series that cannot be
    /// read stops the rest. Ends early, with `next`, where the gas of the call runs short.
    function chain(ChainQuery calldata query) external view returns (ChainView memory);

    /// @notice Value and greeks of one contract, WAD: the formulas of OptionPricing and Greeks.
    function greeks(
        uint256 spot,
        uint256 strike,
        Side side,
        IVolatilityOracle.Slice calldata slice,
        uint40 expiry,
        uint256 timestamp
    ) external pure returns (Greeks.Result memory);
}
