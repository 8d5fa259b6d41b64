// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IMarkets} from "../interfaces/IMarkets.sol";
import {IOptionVault} from "../interfaces/IOptionVault.sol";
import {IVaultPricer} from "../interfaces/IVaultPricer.sol";
import {IVolatilityOracle} from "../interfaces/IVolatilityOracle.sol";
import {Payoff} from "../libraries/Payoff.sol";
import {SeriesId, Side} from "../libraries/SeriesId.sol";
import {VaultPricing} from "./VaultPricing.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @title VaultPricer
/// @notice Reads the feed and the volatility oracle for the vaults, marks their books and quotes their trades.
contract VaultPricer is IVaultPricer {
    /// @notice Trading and processing stop this long, and the feed's maximum age, before an expiry.
    uint256 public constant CUTOFF_SECONDS = 30 minutes;

    /// @notice Notes of a feed's outage count as one while no two are further apart than this.
    uint256 public constant OUTAGE_GAP_SECONDS = 12 hours;

    /// @dev One expiry when marking.
    /// @param priced False where the feed or the slice cannot be read.
    /// @param cutOff So near its expiry, or past it unsettled, that nothing is processed.
    struct Expiry {
        VaultPricing.Frames frames;
        uint40 expiry;
        bool priced;
        bool cutOff;
        uint256 unpricedSince;
        uint256 settlementPrice;
    }

    /// @dev A feed seen unreadable: first, and last. A gap ends the count, so that two short failures days apart are not
    /// one long one.
    struct Outage {
        uint40 since;
        uint40 seen;
    }

    /// @inheritdoc IVaultPricer
    IMarkets public immutable markets;
    /// @inheritdoc IVaultPricer
    IVolatilityOracle public immutable volatilityOracle;

    /// @inheritdoc IVaultPricer
    mapping(uint16 market => mapping(uint40 expiry => Outage)) public outages;

    mapping(address vault => IOptionVault.Params) private _params;
    mapping(address vault => IOptionVault.Fees) private _fees;

    constructor(IVolatilityOracle volatilityOracle_) {
        volatilityOracle = volatilityOracle_;
        markets = volatilityOracle_.markets();
    }

    // --- parameters ---

    /// @inheritdoc IVaultPricer
    function params(address vault) external view returns (IOptionVault.Params memory) {
        return _params[vault];
    }

    /// @inheritdoc IVaultPricer
    function fees(address vault) external view returns (IOptionVault.Fees memory) {
        return _fees[vault];
    }

    /// @inheritdoc IVaultPricer
    /// @dev The half spread must grow at least as fast as signers may move volatility: nobody gains by knowing the next
    /// report. Where the oracle's bound is raised later, quotes and marks follow it at once (`_conditions`).
    function setParams(IOptionVault.Params calldata p) external {
        _check(p.halfSpread >= 0.001e18 && p.halfSpread <= 0.5e18, "halfSpread");
        _check(
            p.halfSpreadPerDay >= volatilityOracle.volatilityPerDay() && p.halfSpreadPerDay <= 10e18, "halfSpreadPerDay"
        );
        _check(p.skew <= 10e18, "skew");
        _check(p.use <= VaultPricing.WAD, "use");
        _check(p.minRate <= VaultPricing.WAD, "minRate");
        _check(p.floor <= 0.05e18, "floor");
        _check(p.minAbsDelta < p.maxAbsDelta && p.maxAbsDelta <= VaultPricing.WAD, "absDelta");
        _check(p.maxUtilisation != 0 && p.maxUtilisation <= VaultPricing.WAD, "maxUtilisation");
        _check(p.minAmount != 0 && p.minAmount <= 1000e18, "minAmount");
        _check(p.guardWindow <= 1 days, "guardWindow");
        _check(p.noticeSeconds >= 5 minutes && p.noticeSeconds <= 7 days, "noticeSeconds");
        _check(p.minRequest != 0, "minRequest");
        _params[msg.sender] = p;
    }

    /// @inheritdoc IVaultPricer
    function setFees(IOptionVault.Fees calldata f) external {
        _check(f.ofNotional <= 0.005e18, "ofNotional");
        _check(f.ofPremium <= 0.2e18, "ofPremium");
        _check(f.performance <= 0.3e18, "performance");
        _fees[msg.sender] = f;
    }

    function _check(bool holds, bytes32 what) private pure {
        if (!holds) revert IOptionVault.BadParams(what);
    }

    // --- trades ---

    /// @inheritdoc IVaultPricer
    function quoteBuy(SeriesId series, uint256 before, uint256 amount, State calldata state, uint256 scale)
        external
        view
        returns (IOptionVault.Quote memory quote, uint256 vega)
    {
        IOptionVault.Params memory p = _params[msg.sender];
        VaultPricing.Conditions memory conditions = _tradable(series, amount, p);
        VaultPricing.Value memory value = _valueInBand(series, conditions, p);
        uint256 collateral = _collateral(series, before + amount, scale) - _collateral(series, before, scale);
        uint256 locked = state.locked + collateral;
        if (locked * VaultPricing.WAD > state.netAssets * p.maxUtilisation) {
            revert IOptionVault.UtilisationAboveCap(locked, state.netAssets);
        }
        return
            VaultPricing.buy(series.side(), amount, collateral, conditions, value, state, p, _fees[msg.sender], scale);
    }

    /// @inheritdoc IVaultPricer
    function quoteSell(SeriesId series, uint256 before, uint256 amount, uint256 scale)
        external
        view
        returns (IOptionVault.Quote memory quote, uint256 vega)
    {
        IOptionVault.Params memory p = _params[msg.sender];
        VaultPricing.Conditions memory conditions = _tradable(series, amount, p);
        VaultPricing.Value memory value = _valueInBand(series, conditions, p);
        uint256 collateral = _collateral(series, before, scale) - _collateral(series, before - amount, scale);
        return VaultPricing.sell(amount, collateral, conditions, value, scale);
    }

    /// @dev What prices a trade. Reverts with the oracle's and the feed's own errors where either is stale, or the expiry
    /// is halted.
    function _tradable(SeriesId series, uint256 amount, IOptionVault.Params memory p)
        private
        view
        returns (VaultPricing.Conditions memory)
    {
        if (!markets.isListed(series)) revert IMarkets.UnlistedSeries(series);
        if (amount < p.minAmount) revert IOptionVault.AmountTooSmall(amount, p.minAmount);
        (uint16 market, uint40 expiry) = (series.market(), series.expiry());
        IMarkets.FeedConfig memory feed = markets.feedConfig(market, expiry);
        if (_isCutOff(expiry, feed.maxAge)) revert IOptionVault.TradingCutoff(expiry);
        (IVolatilityOracle.Slice memory newest, IVolatilityOracle.Slice memory previous) =
            volatilityOracle.tradableSlices(market, expiry);
        (uint256 spot,) = markets.spot(market, expiry);
        return _conditions(expiry, spot, newest, previous, feed.deviationBps, p);
    }

    /// @dev The band holds sales too: the oracle bounds volatility only near the money, and far out a wrong wing would be
    /// paid for.
    function _valueInBand(SeriesId series, VaultPricing.Conditions memory conditions, IOptionVault.Params memory p)
        private
        view
        returns (VaultPricing.Value memory value)
    {
        value = VaultPricing.value(series.side(), series.strikeWad(), conditions);
        uint256 size = FixedPointMathLib.abs(value.delta);
        if (size < p.minAbsDelta || size > p.maxAbsDelta) {
            revert IOptionVault.DeltaOutsideBand(value.delta);
        }
    }

    function _collateral(SeriesId series, uint256 amount, uint256 scale) private pure returns (uint256) {
        return Payoff.collateralUp(series.side(), series.strikeWad(), amount, scale);
    }

    // --- marks ---

    /// @inheritdoc IVaultPricer
    function settled(uint256 open, uint256 scale)
        external
        view
        returns (bool isSettled, uint256 owed, uint256 collateral)
    {
        SeriesId series = _seriesOf(open);
        (uint256 price,) = markets.settlement(series.market(), series.expiry());
        if (price == 0) return (false, 0, 0);
        owed = Payoff.payoffUp(series.side(), series.strikeWad(), price, open >> 128, scale);
        return (true, owed, _collateral(series, open >> 128, scale));
    }

    /// @inheritdoc IVaultPricer
    function mark(uint256[] calldata open, uint256 scale) external view returns (Marks memory marks) {
        uint256 left = open.length;
        uint256[] memory waiting = open;
        IOptionVault.Params memory p = _params[msg.sender];
        // One expiry after the other: the first series that waits names it, and those of others move to the front.
        while (left != 0) {
            Expiry memory e = _readExpiry(_seriesOf(waiting[0]), p);
            uint256 others;
            for (uint256 i; i < left; ++i) {
                uint256 slot = waiting[i];
                // Expiries are compared, no balance.
                // slither-disable-next-line incorrect-equality
                if (_seriesOf(slot).expiry() == e.expiry) _addMark(marks, e, slot, scale);
                else waiting[others++] = slot;
            }
            left = others;
        }
    }

    function _seriesOf(uint256 slot) private pure returns (SeriesId) {
        return SeriesId.wrap(uint128(slot));
    }

    function _addMark(Marks memory marks, Expiry memory e, uint256 slot, uint256 scale) private pure {
        SeriesId series = _seriesOf(slot);
        (Side side, uint256 strike) = (series.side(), series.strikeWad());
        uint256 amount = slot >> 128;
        if (e.settlementPrice != 0) {
            uint256 owed = Payoff.payoffUp(side, strike, e.settlementPrice, amount, scale);
            marks.entering += owed;
            marks.leaving += owed;
            return;
        }
        if (e.cutOff) marks.cutOffExpiry = e.expiry;
        uint256 collateral = Payoff.collateralUp(side, strike, amount, scale);
        if (!e.priced) {
            marks.leaving += collateral;
            if (e.unpricedSince > marks.unpricedSince) {
                marks.unpricedSince = e.unpricedSince;
                marks.unpricedExpiry = e.expiry;
            }
            return;
        }
        (uint256 entering, uint256 leaving, uint256 vega) =
            VaultPricing.liabilities(side, strike, e.frames, amount, collateral, scale);
        marks.entering += entering;
        marks.leaving += leaving;
        marks.shortVega += vega;
    }

    /// @dev What an expiry's series are marked with. Past an expiry a series is worth its intrinsic value, for which any
    /// slice will do.
    function _readExpiry(SeriesId series, IOptionVault.Params memory p) private view returns (Expiry memory e) {
        (uint16 market, uint40 expiry) = (series.market(), series.expiry());
        e.expiry = expiry;
        bool past = expiry <= block.timestamp;
        if (past) (e.settlementPrice,) = markets.settlement(market, expiry);
        if (e.settlementPrice != 0) return e;

        IMarkets.FeedConfig memory feed = markets.feedConfig(market, expiry);
        e.cutOff = _isCutOff(expiry, feed.maxAge);
        IVolatilityOracle.Slice memory newest = volatilityOracle.slice(market, expiry);
        IVolatilityOracle.Slice memory previous;
        if (!past) {
            uint256 staleAt = uint256(newest.timestamp) + volatilityOracle.heartbeat();
            if (block.timestamp > staleAt) {
                e.unpricedSince = staleAt;
                return e;
            }
            previous = volatilityOracle.previousSlice(market, expiry);
        }
        try markets.spot(market, expiry) returns (uint256 spot, uint256) {
            e.priced = true;
            e.frames =
                VaultPricing.frames(series.side(), _conditions(expiry, spot, newest, previous, feed.deviationBps, p));
        } catch (bytes memory reason) {
            e.unpricedSince = _unpricedSince(market, expiry, reason);
        }
    }

    function _isCutOff(uint40 expiry, uint256 maxAge) private view returns (bool) {
        return block.timestamp + CUTOFF_SECONDS + maxAge >= expiry;
    }

    /// @dev Since when a feed has been unreadable: a stale one says when it last spoke; any other refusal counts from when
    /// it was first noted, if it was noted often enough since.
    function _unpricedSince(uint16 market, uint40 expiry, bytes memory reason) private view returns (uint256 since) {
        if (reason.length == 68 && bytes4(reason) == IMarkets.StalePrice.selector) {
            uint256 updatedAt;
            uint256 maxAge;
            assembly ("memory-safe") {
                updatedAt := mload(add(reason, 36))
                maxAge := mload(add(reason, 68))
            }
            // a round without a date is an unfinished one, not one of 1970
            if (updatedAt != 0 && updatedAt + maxAge < block.timestamp) return updatedAt + maxAge;
        }
        Outage memory outage = outages[market][expiry];
        return _isContinued(outage) ? outage.since : block.timestamp;
    }

    /// @inheritdoc IVaultPricer
    function noteOutage(uint16 market, uint40 expiry) external {
        try markets.spot(market, expiry) returns (uint256, uint256) {
            delete outages[market][expiry];
            emit OutageNoted(market, expiry, 0, 0);
        } catch {
            Outage memory outage = outages[market][expiry];
            uint40 time = uint40(block.timestamp);
            if (!_isContinued(outage)) outage.since = time;
            outage.seen = time;
            outages[market][expiry] = outage;
            emit OutageNoted(market, expiry, outage.since, time);
        }
    }

    function _isContinued(Outage memory outage) private view returns (bool) {
        return block.timestamp <= uint256(outage.seen) + OUTAGE_GAP_SECONDS;
    }

    function _conditions(
        uint40 expiry,
        uint256 spot,
        IVolatilityOracle.Slice memory newest,
        IVolatilityOracle.Slice memory previous,
        uint256 bandBps,
        IOptionVault.Params memory p
    ) private view returns (VaultPricing.Conditions memory c) {
        uint256 age = block.timestamp - newest.timestamp;
        c.expiry = expiry;
        c.spot = spot;
        c.bandBps = bandBps;
        c.newest = newest;
        if (age < p.guardWindow) c.previous = previous;
        uint256 perDay = FixedPointMathLib.max(p.halfSpreadPerDay, volatilityOracle.volatilityPerDay());
        c.halfSpread = VaultPricing.halfSpread(p.halfSpread, perDay, age);
        c.carryBand = VaultPricing.carryBand(volatilityOracle.carryPerDay(), age);
    }
}
