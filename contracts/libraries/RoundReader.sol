// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IAggregatorV3} from "../interfaces/IAggregatorV3.sol";

/// @notice One round of a feed, as far as the protocol looks at it. `exists` is false where the feed reverts or answers zeros.
struct Round {
    bool exists;
    int256 answer;
    uint256 startedAt;
    uint256 updatedAt;
}

/// @notice Reads rounds of a feed so that the result depends on the chain's state alone.
library RoundReader {
    /// @notice Gas that each read of a round is given. Chainlink's proxies take under 20,000.
    uint256 internal constant READ_GAS = 200_000;

    /// @notice Rounds above this lie in the next phase of a proxy.
    uint256 internal constant PHASE_SHIFT = 64;

    /// @notice Less gas was left than one read of a round needs. Send the call with more.
    error NotEnoughGas(uint256 left, uint256 needed);

    /// @notice A past round, `exists` false when the feed has none of that id.
    function read(address feed, uint80 roundId) internal view returns (Round memory round) {
        (, round) = _read(feed, abi.encodeCall(IAggregatorV3.getRoundData, (roundId)));
    }

    /// @notice The newest round and its id, `exists` false when the feed cannot say.
    function latest(address feed) internal view returns (uint80 id, Round memory round) {
        return _read(feed, abi.encodeCall(IAggregatorV3.latestRoundData, ()));
    }

    function phaseOf(uint80 roundId) internal pure returns (uint16) {
        return uint16(roundId >> PHASE_SHIFT);
    }

    /// @notice The id of a phase's first round.
    function firstOf(uint16 phase) internal pure returns (uint80) {
        return uint80(phase) << uint80(PHASE_SHIFT) | 1;
    }

    /// @notice The highest id that a round of a phase can have.
    function endOf(uint16 phase) internal pure returns (uint80) {
        return uint80(phase) << uint80(PHASE_SHIFT) | type(uint64).max;
    }

    /// @dev The read gets a fixed amount of gas, or the whole call reverts: otherwise a caller could starve one read and
    /// pass an existing round off as absent. Words are taken raw, so that malformed answers count as no round.
    function _read(address feed, bytes memory query) private view returns (uint80 id, Round memory round) {
        // EIP-150: a call can hand on at most 63/64 of what is left.
        uint256 needed = READ_GAS + READ_GAS / 63 + 5000;
        require(gasleft() >= needed, NotEnoughGas(gasleft(), needed));
        (bool ok, bytes memory data) = feed.staticcall{gas: READ_GAS}(query);
        if (!ok || data.length < 160) return (0, round);
        uint256 word;
        (word, round.answer, round.startedAt, round.updatedAt,) =
            abi.decode(data, (uint256, int256, uint256, uint256, uint256));
        // Dates are compared and subtracted in 256 bits: none of them can overflow anything.
        round.exists = round.updatedAt != 0 && word <= type(uint80).max;
        id = uint80(word);
    }
}
