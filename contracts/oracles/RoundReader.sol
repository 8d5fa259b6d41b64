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

/// @notice Reads past rounds of a feed so that the result depends on the chain's state alone.
library RoundReader {
    /// @notice Gas that each read of a past round is given. Chainlink's proxies take under 20,000.
    uint256 internal constant READ_GAS = 200_000;

    /// @notice Rounds above this lie in the next phase of a proxy.
    uint256 internal constant PHASE_SHIFT = 64;

    /// @notice Less gas was left than one read of a round needs. Send the call with more.
    error NotEnoughGas(uint256 left, uint256 needed);

    /// @notice A past round, `exists` false when the feed has none of that id.
    /// @dev The read gets a fixed amount of gas, or the whole call reverts: otherwise a caller could starve one read and
    /// pass an existing round off as absent. Words are taken raw, so that malformed answers count as no round.
    function read(address feed, uint80 roundId) internal view returns (Round memory round) {
        // EIP-150: a call can hand on at most 63/64 of what is left.
        uint256 needed = READ_GAS + READ_GAS / 63 + 5000;
        require(gasleft() >= needed, NotEnoughGas(gasleft(), needed));
        (bool ok, bytes memory data) =
            feed.staticcall{gas: READ_GAS}(abi.encodeCall(IAggregatorV3.getRoundData, (roundId)));
        if (!ok || data.length < 160) return round;
        (, round.answer, round.startedAt, round.updatedAt,) =
            abi.decode(data, (uint256, int256, uint256, uint256, uint256));
        round.exists = round.updatedAt != 0;
    }

    function phaseOf(uint80 roundId) internal pure returns (uint16) {
        return uint16(roundId >> PHASE_SHIFT);
    }

    /// @notice The id of a phase's first round.
    function firstOf(uint16 phase) internal pure returns (uint80) {
        return uint80(phase) << uint80(PHASE_SHIFT) | 1;
    }
}
