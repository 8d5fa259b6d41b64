// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IMarkets} from "../interfaces/IMarkets.sol";
import {IOptionVault} from "../interfaces/IOptionVault.sol";
import {IVaultPricer} from "../interfaces/IVaultPricer.sol";
import {IVolatilityOracle} from "../interfaces/IVolatilityOracle.sol";
import {OpenSeries} from "../libraries/OpenSeries.sol";
import {Payoff} from "../libraries/Payoff.sol";
import {SeriesId} from "../libraries/SeriesId.sol";
import {SpotTerms} from "../libraries/SpotTerms.sol";
import {VaultBounds} from "../libraries/VaultBounds.sol";
import {ExpiryMark, VaultMarks} from "../libraries/VaultMarks.sol";
import {VaultPricing} from "../libraries/VaultPricing.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @title VaultPricer
/// @notice Reads the feed and the volatility oracle for the vaults, marks their books and quotes their trades.
contract VaultPricer is IVaultPricer {
    using FixedPointMathLib for uint256;
    using VaultMarks for Marks;

    /// @notice Trading and processing stop this long, and the feed's maximum age, before an expiry.
    uint256 public constant CUTOFF_SECONDS = 30 minutes;

    /// @notice Notes of a feed's outage count as one while no two are further apart than this.
    uint256 public constant OUTAGE_GAP_SECONDS = 12 hours;

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
    /// @dev Where the oracle's bound of moves is raised later, quotes and marks follow it at once (`_conditions`).
    function setParams(IOptionVault.Params calldata p) external {
        VaultBounds.check(p, volatilityOracle.volatilityPerDay());
        _params[msg.sender] = p;
    }

    /// @inheritdoc IVaultPricer
    function setFees(IOptionVault.Fees calldata f) external {
        VaultBounds.check(f);
        _fees[msg.sender] = f;
    }

    // --- trades ---

    /// @inheritdoc IVaultPricer
    function quoteBuy(
        SeriesId series,
        uint256 before,
        uint256 amount,
        State calldata state,
        uint256 scale,
        SpotTerms spot
    ) external view returns (IOptionVault.Quote memory quote, uint256 vega, uint256 performance) {
        IOptionVault.Params memory p = _quoting(msg.sender);
        // What a vault has written was listed when it was first written, and listings are for ever.
        if (before == 0 && !markets.isListed(series)) revert IMarkets.UnlistedSeries(series);
        VaultPricing.Conditions memory conditions = _tradable(series, amount, p, spot);
        VaultPricing.Value memory value = _valueInBand(series, conditions, p, true);
        uint256 collateral = _collateral(series, before + amount, scale) - _collateral(series, before, scale);
        uint256 locked = state.locked + collateral;
        if (locked * VaultPricing.WAD > state.netAssets * p.maxUtilisation) {
            revert IOptionVault.UtilisationAboveCap(locked, state.netAssets);
        }
        IOptionVault.Fees memory f = _fees[msg.sender];
        (quote, vega) = VaultPricing.buy(series.side(), amount, collateral, conditions, value, state, p, f, scale);
        performance = (quote.total - quote.fee).mulDiv(f.performance, VaultPricing.WAD);
    }

    /// @inheritdoc IVaultPricer
    function quoteSell(SeriesId series, uint256 before, uint256 amount, uint256 scale, SpotTerms spot)
        external
        view
        returns (IOptionVault.Quote memory quote, uint256 vega)
    {
        IOptionVault.Params memory p = _quoting(msg.sender);
        VaultPricing.Conditions memory conditions = _tradable(series, amount, p, spot);
        VaultPricing.Value memory value = _valueInBand(series, conditions, p, false);
        uint256 collateral = _collateral(series, before, scale) - _collateral(series, before - amount, scale);
        return VaultPricing.sell(amount, collateral, conditions, value, scale);
    }

    /// @dev All parameters that quotes and marks look at. What the vault alone needs has a slot of its own, left alone here.
    function _quoting(address vault) private view returns (IOptionVault.Params memory p) {
        IOptionVault.Params storage s = _params[vault];
        (p.halfSpread, p.halfSpreadPerDay, p.skew, p.use) = (s.halfSpread, s.halfSpreadPerDay, s.skew, s.use);
        (p.minRate, p.floor, p.minAbsDelta, p.maxAbsDelta) = (s.minRate, s.floor, s.minAbsDelta, s.maxAbsDelta);
        (p.maxUtilisation, p.minAmount, p.guardWindow) = (s.maxUtilisation, s.minAmount, s.guardWindow);
    }

    /// @dev What prices a trade. Reverts with the oracle's own errors where its slice is stale or the expiry is halted.
    function _tradable(SeriesId series, uint256 amount, IOptionVault.Params memory p, SpotTerms spot)
        private
        view
        returns (VaultPricing.Conditions memory)
    {
        if (amount < p.minAmount) revert IOptionVault.AmountTooSmall(amount, p.minAmount);
        uint40 expiry = series.expiry();
        if (_isCutOff(expiry, spot.maxAge())) revert IOptionVault.TradingCutoff(expiry);
        (
            IVolatilityOracle.Slice memory newest,
            IVolatilityOracle.Slice memory previous,
            IVolatilityOracle.MovesPerDay memory moves
        ) = volatilityOracle.tradableSlices(series.market(), expiry);
        return _conditions(expiry, spot.price(), newest, previous, spot.deviationBps(), moves, p);
    }

    /// @dev The band holds sales too: the oracle bounds volatility only near the money, and far out a wrong wing would be
    /// paid for.
    function _valueInBand(
        SeriesId series,
        VaultPricing.Conditions memory conditions,
        IOptionVault.Params memory p,
        bool isBuy
    ) private view returns (VaultPricing.Value memory value) {
        value = VaultPricing.value(series.side(), series.strikeWad(), conditions, isBuy);
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
    function settled(OpenSeries open, uint256 scale)
        external
        view
        returns (bool isSettled, uint256 owed, uint256 collateral)
    {
        SeriesId series = open.series();
        (uint256 price,) = markets.settlement(series.market(), series.expiry());
        if (price == 0) return (false, 0, 0);
        owed = Payoff.payoffUp(series.side(), series.strikeWad(), price, open.amount(), scale);
        return (true, owed, _collateral(series, open.amount(), scale));
    }

    /// @inheritdoc IVaultPricer
    function mark(OpenSeries[] calldata open, uint256 scale) external view returns (Marks memory marks) {
        uint256 left = open.length;
        OpenSeries[] memory waiting = open;
        IOptionVault.Params memory p = _quoting(msg.sender);
        IVolatilityOracle.MovesPerDay memory moves = volatilityOracle.movesPerDay();
        // One expiry after the other: the first series that waits names it, and those of others move to the front.
        while (left != 0) {
            ExpiryMark memory e = _readExpiry(waiting[0].series(), moves, p);
            uint256 others;
            for (uint256 i; i < left; ++i) {
                OpenSeries item = waiting[i];
                // Expiries are compared, no balance.
                // slither-disable-next-line incorrect-equality
                if (item.series().expiry() == e.expiry) marks.add(e, item, scale);
                else waiting[others++] = item;
            }
            left = others;
        }
    }

    /// @inheritdoc IVaultPricer
    function refuseUnpriced(uint16 market, uint40 expiry) external view {
        revert IVolatilityOracle.StaleSlice(market, expiry, volatilityOracle.slice(market, expiry).timestamp);
    }

    /// @dev What an expiry's series are marked with. Past an expiry a series is worth its intrinsic value, for which any
    /// slice will do.
    function _readExpiry(SeriesId series, IVolatilityOracle.MovesPerDay memory moves, IOptionVault.Params memory p)
        private
        view
        returns (ExpiryMark memory e)
    {
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
            e.frames = VaultPricing.frames(
                series.side(), _conditions(expiry, spot, newest, previous, feed.deviationBps, moves, p)
            );
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
        IVolatilityOracle.MovesPerDay memory moves,
        IOptionVault.Params memory p
    ) private view returns (VaultPricing.Conditions memory c) {
        uint256 age = block.timestamp - newest.timestamp;
        c.expiry = expiry;
        c.spot = spot;
        c.bandBps = bandBps;
        c.newest = newest;
        if (age < p.guardWindow) c.previous = previous;
        uint256 perDay = FixedPointMathLib.max(p.halfSpreadPerDay, moves.volatility);
        c.halfSpread = VaultPricing.halfSpread(p.halfSpread, perDay, age);
        c.carryBand = VaultPricing.carryBand(moves.carry, age);
    }
}
