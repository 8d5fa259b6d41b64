// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IAggregatorV3} from "../interfaces/IAggregatorV3.sol";
import {IMarkets} from "../interfaces/IMarkets.sol";
import {BookRequirement} from "./BookRequirement.sol";

/// @notice Checks a feed's settings and reads spot by them.
library PriceOracle {
    /// @notice Longest promised pause between rounds that a feed may have.
    uint256 internal constant MAX_HEARTBEAT = 2 days;

    /// @notice Widest deviation threshold, basis points.
    uint256 internal constant MAX_DEVIATION_BPS = 1000;

    /// @notice Longest grace period after a sequencer came back.
    uint256 internal constant MAX_SEQUENCER_GRACE = 1 days;

    /// @notice Reverts with the name of the first setting that is outside the bounds fixed here.
    function check(IMarkets.FeedConfig memory config) internal view {
        require(config.feed.code.length != 0, IMarkets.BadFeedConfig("feed"));
        require(config.decimals <= 18, IMarkets.BadFeedConfig("decimals"));
        require(IAggregatorV3(config.feed).decimals() == config.decimals, IMarkets.BadFeedConfig("decimals"));
        uint256 heartbeat = config.heartbeat;
        require(heartbeat != 0 && heartbeat <= MAX_HEARTBEAT, IMarkets.BadFeedConfig("heartbeat"));
        // Honest feeds run late, so the least age is above the heartbeat; the most still notices a dead feed.
        require(
            config.maxAge >= heartbeat + 30 minutes && config.maxAge <= 2 * heartbeat + 1 hours,
            IMarkets.BadFeedConfig("maxAge")
        );
        require(
            config.deviationBps != 0 && config.deviationBps <= MAX_DEVIATION_BPS, IMarkets.BadFeedConfig("deviationBps")
        );
        require(config.minPrice != 0, IMarkets.BadFeedConfig("minPrice"));
        require(
            config.minPrice < config.maxPrice && config.maxPrice < BookRequirement.PRICE_LIMIT,
            IMarkets.BadFeedConfig("maxPrice")
        );
        require(
            config.sequencerFeed == address(0) || config.sequencerFeed.code.length != 0,
            IMarkets.BadFeedConfig("sequencerFeed")
        );
        require(config.sequencerGrace <= MAX_SEQUENCER_GRACE, IMarkets.BadFeedConfig("sequencerGrace"));
    }

    /// @notice The feed's newest answer in WAD, its date and its round.
    /// @dev Reverts when the sequencer is down or not back for its grace period, the answer is stale, or out of range.
    function spot(IMarkets.FeedConfig memory config)
        internal
        view
        returns (uint256 price, uint256 updatedAt, uint80 roundId)
    {
        if (config.sequencerFeed != address(0)) _requireSequencerUp(config.sequencerFeed, config.sequencerGrace);
        int256 answer;
        (roundId, answer,, updatedAt,) = IAggregatorV3(config.feed).latestRoundData();
        require(
            updatedAt != 0 && updatedAt + config.maxAge >= block.timestamp,
            IMarkets.StalePrice(updatedAt, config.maxAge)
        );
        price = toPrice(config, answer);
    }

    /// @notice An answer in WAD, exactly. Reverts when it is not positive or outside the sane range.
    function toPrice(IMarkets.FeedConfig memory config, int256 answer) internal pure returns (uint256 price) {
        price = toWad(config, answer);
        require(price >= config.minPrice && price <= config.maxPrice, IMarkets.PriceOutOfRange(answer));
    }

    /// @notice An answer in WAD, exactly; zero where it is not positive or beyond the protocol's arithmetic.
    function toWad(IMarkets.FeedConfig memory config, int256 answer) internal pure returns (uint256 price) {
        // The bound of the answer, 2^124, keeps the product below 2^184.
        if (answer <= 0 || answer >= int256(BookRequirement.PRICE_LIMIT)) return 0;
        price = uint256(answer) * 10 ** (18 - config.decimals);
        if (price >= BookRequirement.PRICE_LIMIT) return 0;
    }

    /// @dev Chainlink's uptime feeds answer 0 for up and 1 for down since `startedAt`; zero there means not yet reported.
    function _requireSequencerUp(address feed, uint256 grace) private view {
        (, int256 answer, uint256 startedAt,,) = IAggregatorV3(feed).latestRoundData();
        require(
            answer == 0 && startedAt != 0 && startedAt + grace <= block.timestamp, IMarkets.SequencerDown(startedAt)
        );
    }
}
