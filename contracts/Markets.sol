// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

import {IMarkets} from "./interfaces/IMarkets.sol";
import {BookKey, SeriesId, Side} from "./libraries/SeriesId.sol";
import {PriceOracle} from "./oracles/PriceOracle.sol";
import {SettlementOracle} from "./oracles/SettlementOracle.sol";

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

    uint256 private constant MAX_DECIMALS = 18;

    /// @dev `feedVersion` zero means unlisted; `settler` zero means unsettled.
    struct Expiry {
        uint16 feedVersion;
        address settler;
        uint256 price;
    }

    /// @inheritdoc IMarkets
    uint16 public marketCount;

    mapping(uint16 id => Market) private _markets;
    mapping(uint16 id => mapping(uint16 version => FeedConfig)) private _feeds;
    mapping(uint16 id => mapping(uint40 expiry => Expiry)) private _expiries;
    mapping(SeriesId => bool) private _listed;
    mapping(BookKey => uint256) private _seriesCount;

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
        state.feedVersion = version;
        emit ExpiryListed(id, expiry, version);
    }

    /// @inheritdoc IMarkets
    function listSeries(SeriesId[] calldata series) external restricted {
        for (uint256 i; i < series.length; ++i) {
            _listSeries(series[i]);
        }
    }

    // --- settlement ---

    /// @inheritdoc IMarkets
    function settle(uint16 id, uint40 expiry, uint80 lastRoundId) external returns (uint256 price) {
        Expiry storage state = _requireExpiry(id, expiry);
        require(block.timestamp > expiry, NotExpired(expiry, block.timestamp));
        require(state.settler == address(0), AlreadySettled(id, expiry));
        price = _feeds[id][state.feedVersion].settlementPrice(expiry, lastRoundId);
        state.settler = msg.sender;
        state.price = price;
        emit Settled(id, expiry, price, lastRoundId, msg.sender);
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
    function settlementAsset(uint16 id, Side side) external view returns (address token, uint8 decimals) {
        _requireMarket(id);
        Market storage m = _markets[id];
        return side == Side.CALL ? (m.base, m.baseDecimals) : (m.quote, m.quoteDecimals);
    }

    /// @inheritdoc IMarkets
    function spot(uint16 id, uint40 expiry) external view returns (uint256 price, uint256 updatedAt) {
        return _feeds[id][_requireExpiry(id, expiry).feedVersion].spot();
    }

    /// @inheritdoc IMarkets
    function settlementPrice(uint16 id, uint40 expiry) external view returns (uint256 price) {
        price = _expiries[id][expiry].price;
        // A settled price is never zero: it lies above the feed's lowest sane price.
        require(price != 0, NotSettled(id, expiry));
    }

    /// @inheritdoc IMarkets
    function settlement(uint16 id, uint40 expiry) external view returns (uint256 price, address settler) {
        Expiry storage state = _expiries[id][expiry];
        return (state.price, state.settler);
    }

    // --- inside ---

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
        uint256 open = ++_seriesCount[series.bookKey()];
        require(open <= MAX_SERIES, TooManySeries(open, MAX_SERIES));
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
