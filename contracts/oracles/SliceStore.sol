// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IMarkets} from "../interfaces/IMarkets.sol";
import {IVolatilityOracle} from "../interfaces/IVolatilityOracle.sol";
import {Surface} from "../libraries/ExpiryList.sol";
import {ExpiryState, MarketSlices} from "../libraries/MarketSlices.sol";
import {SLICE_POINTS, SliceMoves} from "../libraries/SliceMoves.sol";
import {SliceStorage} from "../libraries/SliceStorage.sol";
import {ReportRules} from "./ReportRules.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

// Expiries, counts and slices are compared for what they are: no balance takes part.
// slither-disable-start incorrect-equality
/// @title SliceStore
/// @notice The slices, and what a report must satisfy before it becomes one: butterfly, range, carry, a bounded move, and
/// the calendar conditions between the slices of a market (MarketSlices).
abstract contract SliceStore is ReportRules {
    using SliceStorage for Slice;

    /// @inheritdoc IVolatilityOracle
    IMarkets public immutable markets;

    mapping(uint16 market => MarketSlices) internal _slices;

    constructor(address markets_) {
        markets = IMarkets(markets_);
    }

    /// @inheritdoc IVolatilityOracle
    function bindingExpiries(uint16 market) external view returns (uint40[] memory expiries) {
        return _slices[market].binding(_rules.heartbeat);
    }

    /// @dev Checks and stores a batch, each slice clipped where it moved too far, then looks at the whole.
    function _storeBatch(SurfaceReport calldata report, Rules memory rules) internal {
        uint256 count = report.slices.length;
        uint16 market = report.market;
        MarketSlices storage stored = _slices[market];
        Surface memory surface = stored.list.open(block.timestamp, count);
        uint40 expiry;
        uint256 place;
        for (uint256 i; i < count; ++i) {
            SliceReport calldata given = report.slices[i];
            if (i != 0 && given.expiry <= expiry) revert ExpiriesNotAscending(expiry, given.expiry);
            expiry = given.expiry;
            Slice memory next = Slice({
                theta: given.theta, phi: given.phi, rho: given.rho, carry: given.carry, timestamp: report.timestamp
            });
            place = _store(market, expiry, next, rules, surface, place, i);
        }
        stored.checkCalendar(surface, rules.heartbeat);
        if (surface.changed) stored.list = surface.close();
    }

    /// @dev Checks one slice and stores it, clipped where it moved too far.
    /// @param from Where the list is searched from: the place of the slice before.
    /// @return place Where it stands in the list.
    function _store(
        uint16 market,
        uint40 expiry,
        Slice memory next,
        Rules memory rules,
        Surface memory surface,
        uint256 from,
        uint256 index
    ) private returns (uint256 place) {
        if (expiry <= block.timestamp) revert ExpiryPassed(expiry);
        MarketSlices storage slices = _slices[market];
        Slice storage newest = slices.newest[expiry];
        uint256 word = newest.load();
        Slice memory stored = SliceStorage.unpack(word);
        // what is listed stays listed
        if (stored.timestamp == 0 && !markets.isExpiryListed(market, expiry)) revert UnlistedExpiry(market, expiry);
        if (next.timestamp <= stored.timestamp) revert ReportNotNewer(next.timestamp, stored.timestamp);
        if (!SliceMoves.isButterflyFree(next)) revert ButterflyArbitrage(expiry);
        if (!SliceMoves.carryInRange(next.carry, expiry - next.timestamp)) {
            revert CarryOutOfRange(expiry, int256(next.carry) * 1e9);
        }

        bool known;
        (place, known) = surface.find(expiry, from);
        if (!known) place = slices.insert(surface, market, expiry, place, rules.heartbeat);
        bool wasClipped = known ? surface.entries[place].isClipped() : slices.states[expiry].clipped;
        bool clipped;
        if (stored.timestamp == 0) {
            _checkFirst(market, expiry, next, rules, surface, place);
            slices.states[expiry].since = next.timestamp;
        } else {
            (next, clipped) = _bound(stored, next, expiry, rules);
            slices.previous[expiry].store(word);
        }
        newest.store(next.pack());
        surface.set(place, index, next, clipped);
        if (clipped != wasClipped) _setClipped(market, expiry, clipped);
        emit SlicePosted(market, expiry, next.theta, next.phi, next.rho, next.carry, next.timestamp, clipped);
    }

    /// @dev Halts on a clipped report, resumes on the first one that fits.
    function _setClipped(uint16 market, uint40 expiry, bool clipped) private {
        ExpiryState storage state = _slices[market].states[expiry];
        uint40 until = state.haltedUntil;
        state.clipped = clipped;
        if (clipped) emit ExpiryHalted(market, expiry, type(uint40).max, address(0));
        else if (until > block.timestamp) emit ExpiryHalted(market, expiry, until, address(0));
        else emit ExpiryResumed(market, expiry);
    }

    /// @dev Holds a report to the bound around the stored slice. The time that counts is between the reports' own times:
    /// any number of reports in one block together move no further than one.
    function _bound(Slice memory stored, Slice memory next, uint40 expiry, Rules memory rules)
        private
        pure
        returns (Slice memory, bool clipped)
    {
        uint256 elapsed = FixedPointMathLib.min(next.timestamp - stored.timestamp, rules.maxMoveSeconds);
        return SliceMoves.bound(
            stored, next, expiry, rules.volatilityPerDay * elapsed / 1 days, rules.carryPerDay * elapsed / 1 days
        );
    }

    /// @dev The first report of an expiry lies within the bound (for the whole capped time) of the nearest expiry that may
    /// vouch for it, or else of the market's anchor.
    function _checkFirst(
        uint16 market,
        uint40 expiry,
        Slice memory next,
        Rules memory rules,
        Surface memory surface,
        uint256 place
    ) private view {
        uint256[SLICE_POINTS] memory to = SliceMoves.ownVariances(next, expiry);
        SliceMoves.requireInRange(expiry, to);
        uint256 limit = rules.volatilityPerDay * uint256(rules.maxMoveSeconds) / 1 days;
        uint256 carryLimit = rules.carryPerDay * uint256(rules.maxMoveSeconds) / 1 days;

        (uint40 near, Slice memory neighbour) =
            _slices[market].nearest(surface, place, rules.heartbeat, rules.maxMoveSeconds);
        if (near != 0 && SliceMoves.isNear(to, next.carry, neighbour, near, limit, carryLimit)) return;
        uint256 level = anchor[market];
        if (level == 0 && near == 0) revert NoAnchor(market);
        if (level == 0 || !SliceMoves.isNear(to, next.carry, level, limit, carryLimit)) {
            revert FirstReportTooFar(expiry);
        }
    }
}
// slither-disable-end incorrect-equality
