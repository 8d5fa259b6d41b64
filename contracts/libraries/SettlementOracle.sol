// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IMarkets} from "../interfaces/IMarkets.sol";
import {PriceOracle} from "./PriceOracle.sol";
import {Round, RoundReader} from "./RoundReader.sol";
import {Found, RoundSearch} from "./RoundSearch.sol";

/// @notice Proves and computes a settlement price from a feed's own rounds: the average over the window before expiry,
/// each answer weighed by the time it was in force. The result does not depend on who calls or when.
/// @dev What refuses an average is returned, not thrown: only a call that sees the average refused may fall back, and it
/// must not take a lack of gas for a refusal. Nothing here catches a failed call but the reads of RoundReader, which
/// either get all their gas or revert everything.
library SettlementOracle {
    /// @notice Length of the averaging window, seconds.
    uint256 internal constant WINDOW = 30 minutes;

    /// @notice How far past expiry the chain must be before a round without a successor may be taken as the last one.
    uint256 internal constant LATEST_DELAY = 60;

    /// @notice Most rounds walked back in one call.
    uint256 internal constant MAX_ROUNDS = 512;

    /// @notice Most changes of the sequencer's status walked back in one call.
    uint256 internal constant MAX_SEQUENCER_ROUNDS = 64;

    /// @notice How long after expiry there must have been no proof before the last positive round is taken.
    uint256 internal constant LAST_ROUND_DELAY = 1 days;

    /// @notice How long after expiry the checkpoint is taken where that round cannot be read: it has had seven days.
    uint256 internal constant CHECKPOINT_DELAY = LAST_ROUND_DELAY + 7 days;

    // --- the last round ---

    /// @notice The one round that proves a settlement at this block; none (id zero) where there is no such round yet or ever.
    /// @param checkpoint The feed's last checkpoint of the day that ends at expiry; without a date where there is none.
    /// @dev Its phase is the checkpoint's, else the live one, else (where the live one begins after expiry) the one before.
    /// A round without a successor counts once the chain is past the point where one could still be dated at or before
    /// expiry, and only as the newest of the live phase or of a phase that is over: before a hole it proves nothing.
    function lastRound(IMarkets.FeedConfig memory config, uint256 expiry, IMarkets.Checkpoint memory checkpoint)
        internal
        view
        returns (Found memory found)
    {
        (uint80 latest, Round memory newest) = RoundReader.latest(config.feed);
        if (!newest.exists) return found;
        uint16 live = RoundReader.phaseOf(latest);
        bool checkpointed = checkpoint.timestamp != 0;
        bool atEnd = true;
        if (checkpointed && RoundReader.phaseOf(checkpoint.roundId) != live) {
            found = RoundSearch.up(config.feed, checkpoint.roundId, expiry);
        } else {
            uint80 floor = checkpointed && checkpoint.roundId <= latest ? checkpoint.roundId : RoundReader.firstOf(live);
            if (floor > latest) return found;
            found = RoundSearch.down(config.feed, latest, floor, expiry);
            atEnd = found.id == latest;
            if (found.id == 0 && found.followed && !checkpointed && live != 0) {
                found = RoundSearch.up(config.feed, RoundReader.firstOf(live - 1), expiry);
                // The live phase's first round comes after it.
                found.followed = true;
            }
        }
        if (!found.followed && !(atEnd && block.timestamp >= expiry + LATEST_DELAY)) found.id = 0;
    }

    /// @notice The last round, which must be the one that the caller names.
    function requireLast(
        IMarkets.FeedConfig memory config,
        uint256 expiry,
        IMarkets.Checkpoint memory checkpoint,
        uint80 claimed
    ) internal view returns (Round memory) {
        Found memory found = lastRound(config, expiry, checkpoint);
        if (claimed == found.id && found.id != 0) return found.round;
        require(RoundReader.read(config.feed, claimed).exists, IMarkets.BadRound(claimed));
        revert IMarkets.NotLastRound(claimed);
    }

    // --- the average ---

    /// @notice What refuses the average for good, as error data; empty where nothing has so far. Walks on from `progress`
    /// and moves it; no seconds are left in it once the average is complete.
    /// @param last The round `lastRoundId`.
    function advance(
        IMarkets.FeedConfig memory config,
        uint256 expiry,
        uint80 lastRoundId,
        Round memory last,
        IMarkets.Progress memory progress
    ) internal view returns (bytes memory refusal) {
        if (config.sequencerFeed != address(0)) {
            refusal = _sequencerRefusal(config.sequencerFeed, expiry);
            if (refusal.length != 0) return refusal;
        }
        if (progress.nextRoundId == 0) {
            progress.nextRoundId = lastRoundId;
            progress.secondsLeft = uint16(WINDOW);
            return _walk(config, expiry, last, progress);
        }
        return _walk(config, expiry, RoundReader.read(config.feed, progress.nextRoundId), progress);
    }

    /// @notice The complete average, WAD, rounded down once.
    function average(IMarkets.Progress memory progress) internal pure returns (uint256) {
        return progress.weighted / WINDOW;
    }

    /// @dev Walks back to the round that was in force when the window opened.
    function _walk(
        IMarkets.FeedConfig memory config,
        uint256 expiry,
        Round memory round,
        IMarkets.Progress memory progress
    ) private view returns (bytes memory) {
        uint256 opening = expiry - WINDOW;
        uint256 end = opening + progress.secondsLeft;
        uint256 weighted = progress.weighted;
        uint80 id = progress.nextRoundId;
        for (uint256 walked; walked < MAX_ROUNDS; ++walked) {
            // Dates that rise on the way back are no history.
            if (!round.exists || round.updatedAt > end) return abi.encodeWithSelector(IMarkets.BadRound.selector, id);
            if (end - round.updatedAt > config.maxAge) {
                return abi.encodeWithSelector(IMarkets.StalePrice.selector, round.updatedAt, config.maxAge);
            }
            uint256 price = PriceOracle.toWad(config, round.answer);
            if (price < config.minPrice || price > config.maxPrice) {
                return abi.encodeWithSelector(IMarkets.PriceOutOfRange.selector, round.answer);
            }
            uint256 start = round.updatedAt > opening ? round.updatedAt : opening;
            weighted += price * (end - start);
            end = start;
            if (round.updatedAt <= opening) break;
            uint80 later = id;
            (id, round) = _previous(config.feed, id, round.updatedAt);
            if (id == 0) return abi.encodeWithSelector(IMarkets.WindowNotCovered.selector, later);
        }
        progress.nextRoundId = id;
        progress.secondsLeft = uint16(end - opening);
        // Below the highest sane price, 2^124, times the window, 2^11.
        progress.weighted = uint160(weighted);
        return "";
    }

    /// @dev The round before another: where that is its phase's first, the last round of the phase before that is not dated
    /// after it. Zero where there is none.
    function _previous(address feed, uint80 id, uint256 date) private view returns (uint80, Round memory round) {
        if (uint64(id) > 1) return (id - 1, RoundReader.read(feed, id - 1));
        uint16 phase = RoundReader.phaseOf(id);
        if (phase == 0) return (0, round);
        Found memory found = RoundSearch.up(feed, RoundReader.firstOf(phase - 1), date);
        return (found.id, found.round);
    }

    /// @dev Refuses a window in which the sequencer was down, by the uptime feed's own rounds: each status holds from its
    /// start to the start of the next. A history that cannot be read back to the opening is refused as well.
    function _sequencerRefusal(address feed, uint256 expiry) private view returns (bytes memory) {
        uint256 opening = expiry - WINDOW;
        (uint80 id, Round memory round) = RoundReader.latest(feed);
        uint256 startedAt = round.startedAt;
        for (uint256 walked = 1; round.exists && startedAt != 0; ++walked) {
            if (round.answer != 0 && startedAt <= expiry) break;
            if (startedAt <= opening) return "";
            if (walked == MAX_SEQUENCER_ROUNDS || uint64(id) <= 1) break;
            round = RoundReader.read(feed, --id);
            if (round.startedAt > startedAt) break;
            startedAt = round.startedAt;
        }
        return abi.encodeWithSelector(IMarkets.SequencerDown.selector, startedAt);
    }

    // --- without an average ---

    /// @notice The last positive round in force at expiry, whatever its age, and its answer in WAD; zero where it cannot be
    /// read: the walk meets a hole, the beginning, or too many rounds.
    /// @dev The sane range does not hold here: a price that left it is a price, and an older one inside it would be none.
    /// An answer beyond the protocol's arithmetic counts as not positive.
    function lastPositive(IMarkets.FeedConfig memory config, uint80 id, Round memory round)
        internal
        view
        returns (uint80, uint256 price)
    {
        for (uint256 walked; walked < MAX_ROUNDS && round.exists; ++walked) {
            price = PriceOracle.toWad(config, round.answer);
            if (price != 0) return (id, price);
            (id, round) = _previous(config.feed, id, round.updatedAt);
        }
        return (0, 0);
    }
}
