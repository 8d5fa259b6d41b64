// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IAggregatorV3} from "../interfaces/IAggregatorV3.sol";
import {IMarkets} from "../interfaces/IMarkets.sol";
import {PriceOracle} from "./PriceOracle.sol";
import {Round, RoundReader} from "./RoundReader.sol";

/// @notice Proves and computes a settlement price from a feed's own rounds: the average over the window before expiry,
/// each answer weighed by the time it was in force. The result does not depend on who calls or when.
library SettlementOracle {
    /// @notice Length of the averaging window, seconds.
    uint256 internal constant WINDOW = 30 minutes;

    /// @notice How far past expiry the chain must be before the feed's newest round may be taken as the last one.
    uint256 internal constant LATEST_DELAY = 60;

    /// @notice Most rounds walked back in one call.
    uint256 internal constant MAX_ROUNDS = 512;

    /// @notice Most changes of the sequencer's status walked back in one call.
    uint256 internal constant MAX_SEQUENCER_ROUNDS = 64;

    /// @notice The settlement price, WAD, rounded down once.
    /// @param lastRoundId The last round dated at or before expiry; any other reverts.
    function settlementPrice(IMarkets.FeedConfig memory config, uint256 expiry, uint80 lastRoundId)
        internal
        view
        returns (uint256 price)
    {
        Round memory last = _proveLast(config.feed, expiry, lastRoundId);
        if (config.sequencerFeed != address(0)) _requireSequencerWasUp(config.sequencerFeed, expiry);
        return _average(config, expiry, lastRoundId, last);
    }

    /// @dev Within a phase ids are contiguous and dates do not fall, so exactly one round has a date at or before expiry
    /// and a successor dated after it. The newest round has no successor yet: it counts once the chain is past the
    /// point where a round could still be dated at or before expiry. Only the feed's live phase counts, or the one
    /// before it where the live phase began after expiry: never both.
    function _proveLast(address feed, uint256 expiry, uint80 id) private view returns (Round memory last) {
        last = RoundReader.read(feed, id);
        require(last.exists, IMarkets.BadRound(id));
        require(last.updatedAt <= expiry, IMarkets.NotLastRound(id));
        (uint80 latest,,,,) = IAggregatorV3(feed).latestRoundData();
        uint16 live = RoundReader.phaseOf(latest);
        uint16 phase = RoundReader.phaseOf(id);
        Round memory next = RoundReader.read(feed, id + 1);
        if (phase == live) {
            require(
                next.exists ? next.updatedAt > expiry : id == latest && block.timestamp >= expiry + LATEST_DELAY,
                IMarkets.NotLastRound(id)
            );
        } else {
            require(uint256(phase) + 1 == live, IMarkets.NotLastRound(id));
            Round memory first = RoundReader.read(feed, RoundReader.firstOf(live));
            require(first.exists && first.updatedAt > expiry, IMarkets.NotLastRound(id));
            require(!next.exists || next.updatedAt > expiry, IMarkets.NotLastRound(id));
        }
    }

    /// @dev Walks back until the round that was in force when the window opened.
    function _average(IMarkets.FeedConfig memory config, uint256 expiry, uint80 id, Round memory round)
        private
        view
        returns (uint256 price)
    {
        uint256 opening = expiry - WINDOW;
        uint256 end = expiry;
        uint256 weighted;
        for (uint256 walked = 1;; ++walked) {
            // Dates that rise on the way back are no history.
            require(round.updatedAt <= end, IMarkets.BadRound(id));
            require(end - round.updatedAt <= config.maxAge, IMarkets.StalePrice(round.updatedAt, config.maxAge));
            uint256 start = round.updatedAt > opening ? round.updatedAt : opening;
            weighted += PriceOracle.toPrice(config, round.answer) * (end - start);
            if (round.updatedAt <= opening) return weighted / WINDOW;
            require(walked < MAX_ROUNDS, IMarkets.TooManyRounds(MAX_ROUNDS));
            end = round.updatedAt;
            require(uint64(id) > 1, IMarkets.WindowNotCovered(id));
            round = RoundReader.read(config.feed, --id);
            require(round.exists, IMarkets.BadRound(id));
        }
    }

    /// @dev Refuses a window in which the sequencer was down, by the uptime feed's own rounds: each status holds from its
    /// start to the start of the next. A history that cannot be read back to the opening is refused as well.
    function _requireSequencerWasUp(address feed, uint256 expiry) private view {
        uint256 opening = expiry - WINDOW;
        (uint80 id, int256 answer, uint256 startedAt,,) = IAggregatorV3(feed).latestRoundData();
        for (uint256 walked = 1;; ++walked) {
            require(startedAt != 0 && (answer == 0 || startedAt > expiry), IMarkets.SequencerDown(startedAt));
            if (startedAt <= opening) return;
            require(walked < MAX_SEQUENCER_ROUNDS && uint64(id) > 1, IMarkets.SequencerDown(startedAt));
            Round memory earlier = RoundReader.read(feed, --id);
            require(earlier.exists && earlier.startedAt <= startedAt, IMarkets.SequencerDown(startedAt));
            (answer, startedAt) = (earlier.answer, earlier.startedAt);
        }
    }
}
