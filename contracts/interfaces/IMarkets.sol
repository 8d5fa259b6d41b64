// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {BookKey, SeriesId, Side} from "../libraries/SeriesId.sol";
import {SpotTerms} from "../libraries/SpotTerms.sol";

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

    /// @notice A spot that the contract read and kept: the last one before an expiry says which phase of the feed settles it.
    /// @param roundId The feed's newest round then, its phase in the high 16 bits.
    /// @param timestamp When it was read; zero where there is none.
    /// @param price WAD.
    struct Checkpoint {
        uint80 roundId;
        uint40 timestamp;
        uint128 price;
    }

    /// @notice How far an average has got that takes more than one call.
    /// @param nextRoundId The next round to weigh, going back; zero before the first call.
    /// @param secondsLeft The part of the window that is not weighed yet; zero once the average is complete.
    /// @param weighted Sum of answers (WAD) times the seconds each was in force.
    struct Progress {
        uint80 nextRoundId;
        uint16 secondsLeft;
        uint160 weighted;
    }

    /// @notice By which rule a settlement price was found.
    enum Rule {
        AVERAGE,
        LAST_ROUND,
        CHECKPOINT
    }

    event MarketAdded(uint16 indexed market, address base, uint8 baseDecimals, address quote, uint8 quoteDecimals);
    event FeedSet(uint16 indexed market, uint16 version, FeedConfig config);
    event ExpiryListed(uint16 indexed market, uint40 indexed expiry, uint16 feedVersion);
    event SeriesListed(SeriesId indexed series);

    /// @notice A spot was read and kept. Its time is the block's.
    event Checkpointed(uint16 indexed market, uint16 indexed feedVersion, uint80 roundId, uint256 price);

    /// @notice A part of an average was computed: more rounds lie in the window than one call may walk.
    event SettlementContinued(
        uint16 indexed market,
        uint40 indexed expiry,
        uint80 lastRoundId,
        uint80 nextRoundId,
        uint256 secondsLeft,
        uint256 weighted
    );

    /// @notice An expiry has its price.
    /// @param roundId The last round of an average, the round whose answer is the price, or the checkpoint's round.
    event Settled(
        uint16 indexed market, uint40 indexed expiry, uint256 price, uint80 roundId, address settler, Rule rule
    );

    error UnknownMarket(uint16 market);
    error UnlistedExpiry(uint16 market, uint40 expiry);
    error UnlistedSeries(SeriesId series);
    error AlreadyListed(uint256 id);
    error ExpiryNotAligned(uint40 expiry);
    error ExpiryInPast(uint40 expiry, uint256 timestamp);
    error FeedTooSlowForDailies(uint40 expiry);
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
    error FallbackNotOpen(uint256 opensAt, uint256 timestamp);
    error ProofStands(uint80 lastRoundId);
    error NoPositiveRound(uint80 lastRoundId);
    error LastRoundStands(uint80 lastRoundId);
    error BadSeriesId(uint256 id);

    /// @notice Adds a market and its first feed version. Restricted.
    function addMarket(address base, address quote, FeedConfig calldata config) external returns (uint16 market);

    /// @notice Sets the feed version that later listings freeze. Restricted.
    function setFeed(uint16 market, FeedConfig calldata config) external;

    /// @notice Lists an expiry (08:00 UTC, in the future; a Friday where the feed is slow) and freezes its feed version.
    /// Restricted.
    /// @dev Reads and keeps spot: an expiry is never listed on a feed that cannot be read, and always has a checkpoint.
    function listExpiry(uint16 market, uint40 expiry) external;

    /// @notice Lists series of listed expiries. Restricted.
    function listSeries(SeriesId[] calldata series) external;

    /// @notice Number of markets; ids run from 1.
    function marketCount() external view returns (uint16);

    function market(uint16 id) external view returns (Market memory);

    function feedConfig(uint16 market, uint40 expiry) external view returns (FeedConfig memory);

    function isListed(SeriesId series) external view returns (bool);

    function isExpiryListed(uint16 market, uint40 expiry) external view returns (bool);

    /// @notice How many expiries of a market were ever listed.
    function expiryCount(uint16 market) external view returns (uint256);

    /// @notice Listed expiries of a market in the order of listing: at most `limit`, beginning with number `from`.
    function expiries(uint16 market, uint256 from, uint256 limit) external view returns (uint40[] memory);

    /// @notice The listed strikes of a (market, side, expiry), units of 1e-8, in the order of listing: at most 64.
    function strikes(BookKey key) external view returns (uint64[] memory);

    /// @notice The one token of a side: base for calls, quote for puts.
    function settlementAsset(uint16 market, Side side) external view returns (address token, uint8 decimals);

    /// @notice Live spot as a listed expiry reads it (frozen feed version). Reverts when stale, out of range or the sequencer is down.
    function spot(uint16 market, uint40 expiry) external view returns (uint256 price, uint256 updatedAt);

    /// @notice Reads spot as `spot` does, and keeps it as a checkpoint of the expiry's feed version. Anybody may call; every
    /// trade of a vault does. Stored at a new phase, a new day (of expiries, from 08:00), or after five minutes.
    function checkpoint(uint16 market, uint40 expiry) external returns (uint256 price, uint256 updatedAt);

    /// @notice `spot` and the settings of its feed that a trade needs, in one reading.
    function spotTerms(uint16 market, uint40 expiry) external view returns (SpotTerms);

    /// @notice As `spotTerms`, and keeps the spot as `checkpoint` does.
    function checkpointTerms(uint16 market, uint40 expiry) external returns (SpotTerms);

    /// @notice The checkpoint that says which phase settles an expiry: the last one at or before it, within a day.
    /// @dev Without a date where there is none: then the phase live at the call settles it.
    function lastCheckpoint(uint16 market, uint40 expiry) external view returns (Checkpoint memory);

    /// @notice The one round that `settle` and `settleAtLastRound` accept at this block; zero where there is none (yet).
    function lastRound(uint16 market, uint40 expiry) external view returns (uint80 lastRoundId);

    /// @notice How far the average from a round has got.
    function settlementProgress(uint16 market, uint40 expiry, uint80 lastRoundId)
        external
        view
        returns (Progress memory);

    /// @notice Settles an expiry at the time-weighted average of the feed over the 30 minutes before it. Anybody may call,
    /// at any time after expiry.
    /// @dev Where the window holds more rounds than one call walks (512), the call keeps what it has and returns zero; the
    /// same call again goes on from there. Progress belongs to its round: only the accepted one can start, everybody
    /// continues the same sum, nobody can set it back. A refusal (a round that is missing, not positive, out of range or
    /// too old; a history that does not cover the window; a sequencer that was down) lies in the feed's history and stays.
    /// @param lastRoundId The last round dated at or before expiry: at any block exactly one id is accepted.
    /// @return price The settlement price, WAD; zero while there is more to walk.
    function settle(uint16 market, uint40 expiry, uint80 lastRoundId) external returns (uint256 price);

    /// @notice The first fallback, from a day after expiry: settles at the last positive round in force at expiry, whatever
    /// its age. Anybody may call.
    /// @dev The contract itself tries the proof first and refuses with `ProofStands` where it holds: an average that can be
    /// proven is never lost because nobody came for it. Long windows are walked in several calls here too (returns zero).
    /// @param lastRoundId As for `settle`.
    function settleAtLastRound(uint16 market, uint40 expiry, uint80 lastRoundId) external returns (uint256 price);

    /// @notice The second fallback, from eight days after expiry (the first has been open for seven): settles at the last
    /// spot that was checkpointed at or before expiry. Anybody may call.
    /// @dev Refused with `LastRoundStands` where at this block either the average or the last positive round can be read.
    function settleAtCheckpoint(uint16 market, uint40 expiry) external returns (uint256 price);

    /// @notice The settlement price, WAD. Reverts with `NotSettled` before there is one.
    function settlementPrice(uint16 market, uint40 expiry) external view returns (uint256 price);

    /// @notice Price (zero when unsettled) and who proved it.
    function settlement(uint16 market, uint40 expiry) external view returns (uint256 price, address settler);

    /// @notice By which rule an expiry was settled. Reverts when it is not.
    function settlementRule(uint16 market, uint40 expiry) external view returns (Rule);
}
