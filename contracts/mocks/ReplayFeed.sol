// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {IAggregatorV3} from "../interfaces/IAggregatorV3.sol";

/// @notice A price feed for local chains and tests with the surface and the round history of a Chainlink proxy.
/// @dev Its owner posts answers; each becomes a round dated at its block. A round is never changed; each phase remembers
/// its newest `KEPT`, so that the state of a local chain stays small however long a replay runs (anvil copies the whole
/// state at each block). An unknown round reverts as the real proxies do. It also serves as a sequencer-uptime feed: answer 0 up, 1 down.
contract ReplayFeed is IAggregatorV3, Ownable {
    struct Round {
        uint64 number;
        int128 answer;
        uint64 updatedAt;
    }

    /// @notice As Chainlink's aggregators emit it, with the proxy's round id.
    event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt);
    event PhaseStarted(uint16 phase);

    error AnswerTooLarge(int256 answer);

    /// @notice Rounds that a phase remembers: days of history, while a settlement reads half an hour.
    uint64 public constant KEPT = 4096;

    /// @inheritdoc IAggregatorV3
    uint8 public immutable decimals;

    /// @inheritdoc IAggregatorV3
    string public description;

    /// @notice The live phase, the high 16 bits of new round ids.
    uint16 public phase = 1;

    /// @notice Rounds posted in the live phase.
    uint64 public phaseRounds;

    /// @dev By phase, then by round number modulo `KEPT`.
    mapping(uint16 phase => mapping(uint64 slot => Round)) private _rounds;

    constructor(uint8 decimals_, string memory description_, address owner_) Ownable(owner_) {
        decimals = decimals_;
        description = description_;
    }

    /// @notice Appends a round dated at this block.
    /// @param answer In units of `decimals`; any sign, so that tests can post bad rounds.
    function post(int256 answer) external onlyOwner returns (uint80 roundId) {
        require(answer == int128(answer), AnswerTooLarge(answer));
        uint64 number = ++phaseRounds;
        roundId = uint80(phase) << 64 | number;
        _rounds[phase][number % KEPT] = Round(number, int128(answer), uint64(block.timestamp));
        emit AnswerUpdated(answer, roundId, block.timestamp);
    }

    /// @notice Starts a new phase, as a proxy does when it is pointed to another aggregator. Round numbers start again at 1.
    function startPhase() external onlyOwner {
        ++phase;
        phaseRounds = 0;
        emit PhaseStarted(phase);
    }

    /// @inheritdoc IAggregatorV3
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return _read(uint80(phase) << 64 | phaseRounds);
    }

    /// @inheritdoc IAggregatorV3
    function getRoundData(uint80 roundId) external view returns (uint80, int256, uint256, uint256, uint80) {
        return _read(roundId);
    }

    function _read(uint80 roundId) private view returns (uint80, int256, uint256, uint256, uint80) {
        uint64 number = uint64(roundId);
        Round memory round = _rounds[uint16(roundId >> 64)][number % KEPT];
        // The text is the one that Chainlink's proxies revert with; clients match it.
        // solhint-disable-next-line gas-custom-errors
        require(round.updatedAt != 0 && round.number == number, "No data present");
        return (roundId, round.answer, round.updatedAt, round.updatedAt, roundId);
    }
}
