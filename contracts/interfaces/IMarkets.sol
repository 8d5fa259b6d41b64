// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {SeriesId, Side} from "../libraries/SeriesId.sol";

/// @notice What can be traded and what it is worth: markets, their feeds, listed expiries and strikes, spot, settlement prices.
/// @dev Prices are quote per base in WAD. Times are seconds. Feed settings are versioned: a listed expiry keeps the
/// version of its listing for ever, so no role can bend a live series.
interface IMarkets {
    /// @notice A base and a quote token.
    struct Market {
        address base;
        uint8 baseDecimals;
        address quote;
        uint8 quoteDecimals;
        uint16 feedVersion;
    }

    /// @notice How a price feed is read.
    /// @param feed Chainlink AggregatorV3 proxy, quote per base.
    /// @param decimals Decimals of its answers, checked against the feed when set.
    /// @param heartbeat The feed's promised longest pause between rounds.
    /// @param maxAge The oldest answer accepted, between heartbeat + 30 min and 2 heartbeats + 1 h.
    /// @param deviationBps The feed's deviation threshold: the width of the vault's spot band.
    /// @param minPrice Lowest sane price, WAD.
    /// @param maxPrice Highest sane price, WAD.
    /// @param sequencerFeed Sequencer-uptime feed on rollups; zero elsewhere.
    /// @param sequencerGrace Seconds after the sequencer came back during which spot is refused.
    struct FeedConfig {
        address feed;
        uint8 decimals;
        uint32 heartbeat;
        uint32 maxAge;
        uint16 deviationBps;
        uint128 minPrice;
        uint128 maxPrice;
        address sequencerFeed;
        uint32 sequencerGrace;
    }

    event MarketAdded(uint16 indexed market, address base, uint8 baseDecimals, address quote, uint8 quoteDecimals);
    event FeedSet(uint16 indexed market, uint16 version, FeedConfig config);
    event ExpiryListed(uint16 indexed market, uint40 indexed expiry, uint16 feedVersion);
    event SeriesListed(SeriesId indexed series);
    event Settled(uint16 indexed market, uint40 indexed expiry, uint256 price, uint80 lastRoundId, address settler);

    error UnknownMarket(uint16 market);
    error UnlistedExpiry(uint16 market, uint40 expiry);
    error UnlistedSeries(SeriesId series);
    error AlreadyListed(uint256 id);
    error ExpiryNotAligned(uint40 expiry);
    error ExpiryInPast(uint40 expiry, uint256 timestamp);
    error TooManySeries(uint256 open, uint256 limit);
    error BadStrike(uint64 strike);
    error BadToken(address token);
    error BadFeedConfig(bytes32 what);
    error StalePrice(uint256 updatedAt, uint256 maxAge);
    error PriceOutOfRange(int256 answer);
    error SequencerDown(uint256 since);
    error NotExpired(uint40 expiry, uint256 timestamp);
    error AlreadySettled(uint16 market, uint40 expiry);
    error NotSettled(uint16 market, uint40 expiry);
    error NotLastRound(uint80 roundId);
    error BadRound(uint80 roundId);
    error WindowNotCovered(uint80 roundId);
    error TooManyRounds(uint256 limit);
    error BadSeriesId(uint256 id);

    /// @notice Adds a market and its first feed version. Restricted.
    function addMarket(address base, address quote, FeedConfig calldata config) external returns (uint16 market);

    /// @notice Sets the feed version that later listings freeze. Restricted.
    function setFeed(uint16 market, FeedConfig calldata config) external;

    /// @notice Lists an expiry (08:00 UTC, in the future) and freezes its feed version. Restricted.
    function listExpiry(uint16 market, uint40 expiry) external;

    /// @notice Lists series of listed expiries. Restricted.
    function listSeries(SeriesId[] calldata series) external;

    /// @notice Number of markets; ids run from 1.
    function marketCount() external view returns (uint16);

    function market(uint16 id) external view returns (Market memory);

    function feedConfig(uint16 market, uint40 expiry) external view returns (FeedConfig memory);

    function isListed(SeriesId series) external view returns (bool);

    function isExpiryListed(uint16 market, uint40 expiry) external view returns (bool);

    /// @notice The one token of a side: base for calls, quote for puts.
    function settlementAsset(uint16 market, Side side) external view returns (address token, uint8 decimals);

    /// @notice Live spot as a listed expiry reads it (frozen feed version). Reverts when stale, out of range or the sequencer is down.
    function spot(uint16 market, uint40 expiry) external view returns (uint256 price, uint256 updatedAt);

    /// @notice Settles an expiry at the time-weighted average of the feed over the 30 minutes before it. Anybody may call.
    /// @param lastRoundId The last round dated at or before expiry: at any block exactly one id is accepted.
    function settle(uint16 market, uint40 expiry, uint80 lastRoundId) external returns (uint256 price);

    /// @notice The settlement price, WAD. Reverts with `NotSettled` before there is one.
    function settlementPrice(uint16 market, uint40 expiry) external view returns (uint256 price);

    /// @notice Price (zero when unsettled) and who proved it.
    function settlement(uint16 market, uint40 expiry) external view returns (uint256 price, address settler);
}
