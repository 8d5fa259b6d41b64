// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../interfaces/IClearinghouse.sol";
import {IMarkets} from "../interfaces/IMarkets.sol";
import {IOptionVault} from "../interfaces/IOptionVault.sol";
import {IVolatilityOracle} from "../interfaces/IVolatilityOracle.sol";
import {Payoff} from "../libraries/Payoff.sol";
import {SeriesId, Side} from "../libraries/SeriesId.sol";
import {VaultPricing} from "./VaultPricing.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @title VaultPricer
/// @notice Reads the feed and the volatility oracle for one vault, marks its book and quotes its trades.
/// @dev The vault creates its own pricer, keeps its parameters here and passes in what it holds. Apart only because both
/// together are larger than a contract may be. No role acts here, and a user only by noting that a feed is dead.
contract VaultPricer {
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

    /// @dev The whole book marked: token units and WAD.
    /// @param unpricedSince The latest time at which a series became unpriceable; zero when all have prices.
    /// @param cutOffExpiry An expiry past its cutoff and not settled, or zero.
    struct Marks {
        uint256 entering;
        uint256 leaving;
        uint256 shortVega;
        uint256 unpricedSince;
        uint40 unpricedExpiry;
        uint40 cutOffExpiry;
    }

    /// @dev A feed seen unreadable: first, and last. A gap ends the count, so that two short failures days apart are not
    /// one long one.
    struct Outage {
        uint40 since;
        uint40 seen;
    }

    /// @notice A feed was seen unreadable since a time, or, with zeros, readable again.
    event OutageNoted(uint40 indexed expiry, uint40 since, uint40 seen);

    error OnlyVault(address caller);

    /// @notice The vault that this prices for.
    address public immutable vault;
    IMarkets public immutable markets;
    IVolatilityOracle public immutable volatilityOracle;
    uint16 public immutable market;
    Side public immutable side;
    /// @notice WAD of one token unit of the settlement asset.
    uint256 public immutable scale;

    /// @notice Feeds seen unreadable for a reason without a date.
    mapping(uint40 expiry => Outage) public outages;

    IOptionVault.Params private _params;
    IOptionVault.Fees private _fees;

    constructor(address clearinghouse, address volatilityOracle_, uint16 market_, Side side_) {
        vault = msg.sender;
        markets = IMarkets(IClearinghouse(clearinghouse).markets());
        volatilityOracle = IVolatilityOracle(volatilityOracle_);
        market = market_;
        side = side_;
        (, uint8 decimals) = markets.settlementAsset(market_, side_);
        scale = Payoff.scaleOf(decimals);
    }

    modifier onlyVault() {
        if (msg.sender != vault) revert OnlyVault(msg.sender);
        _;
    }

    // --- parameters ---

    function params() external view returns (IOptionVault.Params memory) {
        return _params;
    }

    function fees() external view returns (IOptionVault.Fees memory) {
        return _fees;
    }

    /// @notice Checks and stores the vault's parameters.
    /// @dev The half spread must grow at least as fast as signers may move volatility: nobody gains by knowing the next
    /// report. Where the oracle's bound is raised later, quotes and marks follow it at once (`_conditions`).
    function setParams(IOptionVault.Params calldata p) external onlyVault {
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
        _params = p;
    }

    /// @notice Checks and stores the vault's fees.
    function setFees(IOptionVault.Fees calldata f) external onlyVault {
        _check(f.ofNotional <= 0.005e18, "ofNotional");
        _check(f.ofPremium <= 0.2e18, "ofPremium");
        _check(f.performance <= 0.3e18, "performance");
        _fees = f;
    }

    function _check(bool holds, bytes32 what) private pure {
        if (!holds) revert IOptionVault.BadParams(what);
    }

    // --- trades ---

    /// @notice What `amount` more contracts of a series cost, and the vega that they add. Refuses what is not traded.
    /// @param before Contracts of the series that the vault has written already, WAD.
    function quoteBuy(SeriesId series, uint256 before, uint256 amount, VaultPricing.State calldata state)
        external
        view
        returns (IOptionVault.Quote memory quote, uint256 vega)
    {
        _checkSeries(series, amount, _params.minAmount);
        VaultPricing.Conditions memory conditions = _tradable(series.expiry());
        VaultPricing.Value memory value = _valueInBand(series, conditions);
        uint256 collateral = _collateral(series, before + amount) - _collateral(series, before);
        uint256 locked = state.locked + collateral;
        if (locked * VaultPricing.WAD > state.netAssets * _params.maxUtilisation) {
            revert IOptionVault.UtilisationAboveCap(locked, state.netAssets);
        }
        return VaultPricing.buy(side, amount, collateral, conditions, value, state, _params, _fees, scale);
    }

    /// @notice What the vault pays for `amount` of the `before` contracts that it has written, and the vega that they take.
    function quoteSell(SeriesId series, uint256 before, uint256 amount)
        external
        view
        returns (IOptionVault.Quote memory quote, uint256 vega)
    {
        _checkSeries(series, amount, _params.minAmount);
        VaultPricing.Conditions memory conditions = _tradable(series.expiry());
        VaultPricing.Value memory value = _valueInBand(series, conditions);
        uint256 collateral = _collateral(series, before) - _collateral(series, before - amount);
        return VaultPricing.sell(amount, collateral, conditions, value, scale);
    }

    function _checkSeries(SeriesId series, uint256 amount, uint256 minimum) private view {
        if (series.market() != market || series.side() != side) revert IOptionVault.WrongMarket(series);
        if (!markets.isListed(series)) revert IMarkets.UnlistedSeries(series);
        if (amount < minimum) revert IOptionVault.AmountTooSmall(amount, minimum);
    }

    /// @dev Reverts with the oracle's and the feed's own errors where either is stale, or the expiry is halted.
    function _tradable(uint40 expiry) private view returns (VaultPricing.Conditions memory) {
        IMarkets.FeedConfig memory feed = markets.feedConfig(market, expiry);
        if (_isCutOff(expiry, feed.maxAge)) revert IOptionVault.TradingCutoff(expiry);
        (IVolatilityOracle.Slice memory newest, IVolatilityOracle.Slice memory previous) =
            volatilityOracle.tradableSlices(market, expiry);
        (uint256 spot,) = markets.spot(market, expiry);
        return _conditions(expiry, spot, newest, previous, feed.deviationBps);
    }

    /// @dev The band holds sales too: the oracle bounds volatility only near the money, and far out a wrong wing would be
    /// paid for.
    function _valueInBand(SeriesId series, VaultPricing.Conditions memory conditions)
        private
        view
        returns (VaultPricing.Value memory value)
    {
        value = VaultPricing.value(side, series.strikeWad(), conditions);
        uint256 size = FixedPointMathLib.abs(value.delta);
        if (size < _params.minAbsDelta || size > _params.maxAbsDelta) {
            revert IOptionVault.DeltaOutsideBand(value.delta);
        }
    }

    function _collateral(SeriesId series, uint256 amount) private view returns (uint256) {
        return Payoff.collateralUp(side, series.strikeWad(), amount, scale);
    }

    // --- marks ---

    /// @notice What an open series owes and unlocks once it is settled. Token units.
    /// @param open Its amount (high 128 bits, WAD) and its series (low 128 bits).
    function settled(uint256 open) external view returns (bool isSettled, uint256 owed, uint256 collateral) {
        SeriesId series = SeriesId.wrap(uint128(open));
        (uint256 price,) = markets.settlement(market, series.expiry());
        if (price == 0) return (false, 0, 0);
        owed = Payoff.payoffUp(side, series.strikeWad(), price, open >> 128, scale);
        return (true, owed, _collateral(series, open >> 128));
    }

    /// @notice Marks every open series. Never reverts for a missing price: such a series owes its whole collateral to
    /// leavers and nothing to those who enter.
    /// @param open An amount (high 128 bits, WAD) and its series (low 128 bits) in each word.
    function mark(uint256[] calldata open) external view returns (Marks memory marks) {
        uint256 left = open.length;
        uint256[] memory waiting = open;
        // One expiry after the other: the first series that waits names it, and those of others move to the front.
        while (left != 0) {
            Expiry memory e = _readExpiry(_seriesOf(waiting[0]).expiry());
            uint256 others;
            for (uint256 i; i < left; ++i) {
                uint256 slot = waiting[i];
                // Expiries are compared, no balance.
                // slither-disable-next-line incorrect-equality
                if (_seriesOf(slot).expiry() == e.expiry) _addMark(marks, e, slot);
                else waiting[others++] = slot;
            }
            left = others;
        }
    }

    function _seriesOf(uint256 slot) private pure returns (SeriesId) {
        return SeriesId.wrap(uint128(slot));
    }

    function _addMark(Marks memory marks, Expiry memory e, uint256 slot) private view {
        uint256 strike = _seriesOf(slot).strikeWad();
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
    function _readExpiry(uint40 expiry) private view returns (Expiry memory e) {
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
            e.frames = VaultPricing.frames(side, _conditions(expiry, spot, newest, previous, feed.deviationBps));
        } catch (bytes memory reason) {
            e.unpricedSince = _unpricedSince(expiry, reason);
        }
    }

    function _isCutOff(uint40 expiry, uint256 maxAge) private view returns (bool) {
        return block.timestamp + CUTOFF_SECONDS + maxAge >= expiry;
    }

    /// @dev Since when a feed has been unreadable: a stale one says when it last spoke; any other refusal counts from when
    /// it was first noted, if it was noted often enough since.
    function _unpricedSince(uint40 expiry, bytes memory reason) private view returns (uint256 since) {
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
        Outage memory outage = outages[expiry];
        return _isContinued(outage) ? outage.since : block.timestamp;
    }

    /// @notice Notes whether the feed of an expiry can be read now. Anybody may call: a feed that reverts, answers nothing
    /// or is out of its range has no date of its own to count three days from.
    function noteOutage(uint40 expiry) external {
        try markets.spot(market, expiry) returns (uint256, uint256) {
            delete outages[expiry];
            emit OutageNoted(expiry, 0, 0);
        } catch {
            Outage memory outage = outages[expiry];
            uint40 time = uint40(block.timestamp);
            if (!_isContinued(outage)) outage.since = time;
            outage.seen = time;
            outages[expiry] = outage;
            emit OutageNoted(expiry, outage.since, time);
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
        uint256 bandBps
    ) private view returns (VaultPricing.Conditions memory c) {
        uint256 age = block.timestamp - newest.timestamp;
        c.expiry = expiry;
        c.spot = spot;
        c.bandBps = bandBps;
        c.newest = newest;
        if (age < _params.guardWindow) c.previous = previous;
        uint256 perDay = FixedPointMathLib.max(_params.halfSpreadPerDay, volatilityOracle.volatilityPerDay());
        c.halfSpread = VaultPricing.halfSpread(_params.halfSpread, perDay, age);
        c.carryBand = VaultPricing.carryBand(volatilityOracle.carryPerDay(), age);
    }
}
