// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

import {IMarkets} from "./interfaces/IMarkets.sol";
import {PriceOracle} from "./libraries/PriceOracle.sol";
import {Round, RoundReader} from "./libraries/RoundReader.sol";
import {Found} from "./libraries/RoundSearch.sol";
import {BookKey, SeriesId, Side} from "./libraries/SeriesId.sol";
import {SettlementOracle} from "./libraries/SettlementOracle.sol";
import {SpotTerms, SpotTermsLib} from "./libraries/SpotTerms.sol";

/// @title Markets
/// @notice The listing of markets, feeds, expiries and series; spot as a listed expiry reads it; settlement prices.
/// @dev Nothing listed is ever changed or removed. A listed expiry keeps the feed version of its listing for ever.
contract Markets is IMarkets, AccessManaged {
    using PriceOracle for FeedConfig;
    using SettlementOracle for FeedConfig;

    /// @notice Expiries are at this second of a UTC day: 08:00.
    uint256 public constant EXPIRY_TIME_OF_DAY = 8 hours;

    /// @notice Most series of one (market, side, expiry).
    uint256 public constant MAX_SERIES = 64;

    /// @notice A checkpoint is renewed at most this often, unless the phase changed.
    uint256 public constant CHECKPOINT_INTERVAL = 5 minutes;

    /// @notice Feeds whose answers may be older than this get expiries on Fridays only.
    /// @dev A vault processes nothing from half an hour and the maximum age before an expiry that it holds until that is
    /// settled. With a day's age and an expiry every day that would be never: whoever buys a little of each would lock
    /// every depositor in.
    uint256 public constant MAX_DAILY_AGE = 12 hours;

    uint256 private constant MAX_DECIMALS = 18;
    /// @dev Of the days since 1970, which began on a Thursday, modulo 7.
    uint256 private constant FRIDAY = 1;

    /// @dev `feedVersion` zero means unlisted; `settler` zero means unsettled.
    struct Expiry {
        uint16 feedVersion;
        uint40 listedAt;
        address settler;
        Rule rule;
        uint256 price;
    }

    /// @inheritdoc IMarkets
    uint16 public marketCount;

    mapping(uint16 id => Market) private _markets;
    mapping(uint16 id => mapping(uint16 version => FeedConfig)) private _feeds;
    mapping(uint16 id => mapping(uint40 expiry => Expiry)) private _expiries;
    /// @dev By the day whose expiry time is the first at or after the checkpoint: the one kept for a day is the last at or
    /// before its expiry, and nothing later can touch it.
    mapping(uint16 id => mapping(uint16 version => mapping(uint256 day => Checkpoint))) private _checkpoints;
    mapping(uint16 id => mapping(uint40 expiry => mapping(uint80 lastRoundId => Progress))) private _progress;
    mapping(SeriesId => bool) private _listed;
    /// @dev In the order of listing, six and four to a slot: the whole listing can be read without events.
    mapping(uint16 id => uint40[]) private _expiryList;
    // Written through a pointer, in `_listSeries`.
    // slither-disable-next-line uninitialized-state
    mapping(BookKey => uint64[]) private _strikes;

    /// @param access The AccessManager that says who may list.
    constructor(address access) AccessManaged(access) {}

    // --- listing ---

    /// @inheritdoc IMarkets
    function addMarket(address base, address quote, FeedConfig calldata config)
        external
        restricted
        returns (uint16 id)
    {
        require(base != quote, BadToken(quote));
        id = ++marketCount;
        uint8 baseDecimals = _decimalsOf(base);
        uint8 quoteDecimals = _decimalsOf(quote);
        _markets[id] = Market(base, baseDecimals, quote, quoteDecimals, 0);
        emit MarketAdded(id, base, baseDecimals, quote, quoteDecimals);
        _setFeed(id, config);
    }

    /// @inheritdoc IMarkets
    function setFeed(uint16 id, FeedConfig calldata config) external restricted {
        _requireMarket(id);
        _setFeed(id, config);
    }

    /// @inheritdoc IMarkets
    function listExpiry(uint16 id, uint40 expiry) external restricted {
        _requireMarket(id);
        require(expiry % 1 days == EXPIRY_TIME_OF_DAY, ExpiryNotAligned(expiry));
        require(expiry > block.timestamp, ExpiryInPast(expiry, block.timestamp));
        Expiry storage state = _expiries[id][expiry];
        require(state.feedVersion == 0, AlreadyListed(uint256(id) << 40 | expiry));
        uint16 version = _markets[id].feedVersion;
        require(
            expiry / 1 days % 7 == FRIDAY || _feeds[id][version].maxAge <= MAX_DAILY_AGE, FeedTooSlowForDailies(expiry)
        );
        state.feedVersion = version;
        state.listedAt = uint40(block.timestamp);
        _expiryList[id].push(expiry);
        emit ExpiryListed(id, expiry, version);
        _checkpoint(id, version);
    }

    /// @inheritdoc IMarkets
    function listSeries(SeriesId[] calldata series) external restricted {
        for (uint256 i; i < series.length; ++i) {
            _listSeries(series[i]);
        }
    }

    // --- settlement ---

    /// @inheritdoc IMarkets
    function checkpoint(uint16 id, uint40 expiry) external returns (uint256 price, uint256 updatedAt) {
        (price, updatedAt,) = _checkpoint(id, _requireExpiry(id, expiry).feedVersion);
    }

    /// @inheritdoc IMarkets
    function checkpointTerms(uint16 id, uint40 expiry) external returns (SpotTerms) {
        (uint256 price,, FeedConfig memory config) = _checkpoint(id, _requireExpiry(id, expiry).feedVersion);
        return SpotTermsLib.pack(price, config.maxAge, config.deviationBps);
    }

    /// @inheritdoc IMarkets
    function settle(uint16 id, uint40 expiry, uint80 lastRoundId) external returns (uint256 price) {
        (Expiry storage state, FeedConfig memory config) = _requireUnsettled(id, expiry, 0);
        Round memory last = config.requireLast(expiry, _lastCheckpoint(id, state.feedVersion, expiry), lastRoundId);
        (Progress memory progress, bytes memory refusal) = _advance(id, expiry, config, lastRoundId, last);
        if (refusal.length != 0) {
            assembly ("memory-safe") {
                revert(add(refusal, 32), mload(refusal))
            }
        }
        if (_isContinued(id, expiry, lastRoundId, progress)) return 0;
        price = SettlementOracle.average(progress);
        _record(state, id, expiry, price, lastRoundId, Rule.AVERAGE);
    }

    /// @inheritdoc IMarkets
    function settleAtLastRound(uint16 id, uint40 expiry, uint80 lastRoundId) external returns (uint256 price) {
        (Expiry storage state, FeedConfig memory config) =
            _requireUnsettled(id, expiry, SettlementOracle.LAST_ROUND_DELAY);
        Round memory last = config.requireLast(expiry, _lastCheckpoint(id, state.feedVersion, expiry), lastRoundId);
        (Progress memory progress, bytes memory refusal) = _advance(id, expiry, config, lastRoundId, last);
        if (refusal.length == 0) {
            if (_isContinued(id, expiry, lastRoundId, progress)) return 0;
            revert ProofStands(lastRoundId);
        }
        uint80 roundId;
        (roundId, price) = config.lastPositive(lastRoundId, last);
        require(price != 0, NoPositiveRound(lastRoundId));
        _record(state, id, expiry, price, roundId, Rule.LAST_ROUND);
    }

    /// @inheritdoc IMarkets
    function settleAtCheckpoint(uint16 id, uint40 expiry) external returns (uint256 price) {
        (Expiry storage state, FeedConfig memory config) =
            _requireUnsettled(id, expiry, SettlementOracle.CHECKPOINT_DELAY);
        uint16 version = state.feedVersion;
        Found memory found = config.lastRound(expiry, _lastCheckpoint(id, version, expiry));
        if (found.id != 0) {
            (, bytes memory refusal) = _advance(id, expiry, config, found.id, found.round);
            require(refusal.length != 0, LastRoundStands(found.id));
            (, uint256 positive) = config.lastPositive(found.id, found.round);
            require(positive == 0, LastRoundStands(found.id));
        }
        uint256 day = _dayOf(expiry);
        Checkpoint memory kept = _checkpoints[id][version][day];
        // Ends at the latest at the checkpoint of the listing itself.
        for (uint256 first = _dayOf(state.listedAt); kept.timestamp == 0 && day > first;) {
            kept = _checkpoints[id][version][--day];
        }
        price = kept.price;
        _record(state, id, expiry, price, kept.roundId, Rule.CHECKPOINT);
    }

    // --- views ---

    /// @inheritdoc IMarkets
    function market(uint16 id) external view returns (Market memory) {
        _requireMarket(id);
        return _markets[id];
    }

    /// @inheritdoc IMarkets
    function feedConfig(uint16 id, uint40 expiry) external view returns (FeedConfig memory) {
        return _feeds[id][_requireExpiry(id, expiry).feedVersion];
    }

    /// @inheritdoc IMarkets
    function isListed(SeriesId series) external view returns (bool) {
        return _listed[series];
    }

    /// @inheritdoc IMarkets
    function isExpiryListed(uint16 id, uint40 expiry) external view returns (bool) {
        return _expiries[id][expiry].feedVersion != 0;
    }

    /// @inheritdoc IMarkets
    function expiryCount(uint16 id) external view returns (uint256) {
        return _expiryList[id].length;
    }

    /// @inheritdoc IMarkets
    function expiries(uint16 id, uint256 from, uint256 limit) external view returns (uint40[] memory list) {
        uint40[] storage all = _expiryList[id];
        uint256 count = all.length;
        count = from >= count ? 0 : count - from;
        if (limit < count) count = limit;
        list = new uint40[](count);
        for (uint256 i; i < count; ++i) {
            list[i] = all[from + i];
        }
    }

    /// @inheritdoc IMarkets
    function strikes(BookKey key) external view returns (uint64[] memory) {
        return _strikes[key];
    }

    /// @inheritdoc IMarkets
    function settlementAsset(uint16 id, Side side) external view returns (address token, uint8 decimals) {
        _requireMarket(id);
        Market storage m = _markets[id];
        return side == Side.CALL ? (m.base, m.baseDecimals) : (m.quote, m.quoteDecimals);
    }

    /// @inheritdoc IMarkets
    function spot(uint16 id, uint40 expiry) external view returns (uint256 price, uint256 updatedAt) {
        (price, updatedAt,) = _feeds[id][_requireExpiry(id, expiry).feedVersion].spot();
    }

    /// @inheritdoc IMarkets
    function spotTerms(uint16 id, uint40 expiry) external view returns (SpotTerms) {
        FeedConfig memory config = _feeds[id][_requireExpiry(id, expiry).feedVersion];
        (uint256 price,,) = config.spot();
        return SpotTermsLib.pack(price, config.maxAge, config.deviationBps);
    }

    /// @inheritdoc IMarkets
    function lastCheckpoint(uint16 id, uint40 expiry) external view returns (Checkpoint memory) {
        return _lastCheckpoint(id, _requireExpiry(id, expiry).feedVersion, expiry);
    }

    /// @inheritdoc IMarkets
    function lastRound(uint16 id, uint40 expiry) external view returns (uint80 lastRoundId) {
        (Expiry storage state, FeedConfig memory config) = _requireUnsettled(id, expiry, 0);
        return config.lastRound(expiry, _lastCheckpoint(id, state.feedVersion, expiry)).id;
    }

    /// @inheritdoc IMarkets
    function settlementProgress(uint16 id, uint40 expiry, uint80 lastRoundId) external view returns (Progress memory) {
        return _progress[id][expiry][lastRoundId];
    }

    /// @inheritdoc IMarkets
    function settlementPrice(uint16 id, uint40 expiry) external view returns (uint256 price) {
        price = _expiries[id][expiry].price;
        // A settled price is never zero: every rule takes positive answers only.
        require(price != 0, NotSettled(id, expiry));
    }

    /// @inheritdoc IMarkets
    function settlement(uint16 id, uint40 expiry) external view returns (uint256 price, address settler) {
        Expiry storage state = _expiries[id][expiry];
        return (state.price, state.settler);
    }

    /// @inheritdoc IMarkets
    function settlementRule(uint16 id, uint40 expiry) external view returns (Rule) {
        Expiry storage state = _expiries[id][expiry];
        require(state.settler != address(0), NotSettled(id, expiry));
        return state.rule;
    }

    // --- inside ---

    /// @dev Reads spot by a feed version and keeps it where that is new.
    function _checkpoint(uint16 id, uint16 version)
        private
        returns (uint256 price, uint256 updatedAt, FeedConfig memory config)
    {
        uint80 roundId;
        config = _feeds[id][version];
        (price, updatedAt, roundId) = config.spot();
        Checkpoint storage place = _checkpoints[id][version][_dayOf(block.timestamp)];
        Checkpoint memory kept = place;
        if (
            block.timestamp < kept.timestamp + CHECKPOINT_INTERVAL
                && RoundReader.phaseOf(kept.roundId) == RoundReader.phaseOf(roundId)
        ) return (price, updatedAt, config);
        // A spot is at most the feed's highest sane price, below 2^124.
        (place.roundId, place.timestamp, place.price) = (roundId, uint40(block.timestamp), uint128(price));
        emit Checkpointed(id, version, roundId, price);
    }

    function _lastCheckpoint(uint16 id, uint16 version, uint40 expiry) private view returns (Checkpoint memory) {
        return _checkpoints[id][version][_dayOf(expiry)];
    }

    /// @dev The day whose expiry time is the first at or after `timestamp`.
    function _dayOf(uint256 timestamp) private pure returns (uint256) {
        return (timestamp + 1 days - 1 - EXPIRY_TIME_OF_DAY) / 1 days;
    }

    function _requireUnsettled(uint16 id, uint40 expiry, uint256 delay)
        private
        view
        returns (Expiry storage state, FeedConfig memory config)
    {
        state = _requireExpiry(id, expiry);
        require(block.timestamp > expiry, NotExpired(expiry, block.timestamp));
        require(state.settler == address(0), AlreadySettled(id, expiry));
        require(block.timestamp >= expiry + delay, FallbackNotOpen(expiry + delay, block.timestamp));
        config = _feeds[id][state.feedVersion];
    }

    /// @dev Goes on with the average from a round that is proven to be the last.
    function _advance(uint16 id, uint40 expiry, FeedConfig memory config, uint80 lastRoundId, Round memory last)
        private
        view
        returns (Progress memory progress, bytes memory refusal)
    {
        progress = _progress[id][expiry][lastRoundId];
        refusal = config.advance(expiry, lastRoundId, last, progress);
    }

    /// @dev Keeps the progress of an average that is not complete.
    function _isContinued(uint16 id, uint40 expiry, uint80 lastRoundId, Progress memory progress)
        private
        returns (bool)
    {
        if (progress.secondsLeft == 0) return false;
        _progress[id][expiry][lastRoundId] = progress;
        emit SettlementContinued(id, expiry, lastRoundId, progress.nextRoundId, progress.secondsLeft, progress.weighted);
        return true;
    }

    function _record(Expiry storage state, uint16 id, uint40 expiry, uint256 price, uint80 roundId, Rule rule) private {
        (state.settler, state.rule) = (msg.sender, rule);
        state.price = price;
        emit Settled(id, expiry, price, roundId, msg.sender, rule);
    }

    function _setFeed(uint16 id, FeedConfig calldata config) private {
        config.check();
        uint16 version = ++_markets[id].feedVersion;
        _feeds[id][version] = config;
        emit FeedSet(id, version, config);
    }

    function _listSeries(SeriesId series) private {
        uint256 raw = SeriesId.unwrap(series);
        require(raw >> 128 == 0 && uint8(raw >> 104) <= uint8(type(Side).max), BadSeriesId(raw));
        uint40 expiry = series.expiry();
        _requireExpiry(series.market(), expiry);
        require(expiry > block.timestamp, ExpiryInPast(expiry, block.timestamp));
        require(series.strike() != 0, BadStrike(0));
        require(!_listed[series], AlreadyListed(raw));
        uint64[] storage listed = _strikes[series.bookKey()];
        uint256 open = listed.length + 1;
        require(open <= MAX_SERIES, TooManySeries(open, MAX_SERIES));
        listed.push(series.strike());
        _listed[series] = true;
        emit SeriesListed(series);
    }

    /// @dev Factors between WAD and token units are powers of ten fixed here; a token with more than 18 decimals has none.
    function _decimalsOf(address token) private view returns (uint8 decimals) {
        require(token.code.length != 0, BadToken(token));
        try IERC20Metadata(token).decimals() returns (uint8 value) {
            decimals = value;
        } catch {
            revert BadToken(token);
        }
        require(decimals <= MAX_DECIMALS, BadToken(token));
    }

    function _requireMarket(uint16 id) private view {
        require(id != 0 && id <= marketCount, UnknownMarket(id));
    }

    function _requireExpiry(uint16 id, uint40 expiry) private view returns (Expiry storage state) {
        state = _expiries[id][expiry];
        require(state.feedVersion != 0, UnlistedExpiry(id, expiry));
    }
}
