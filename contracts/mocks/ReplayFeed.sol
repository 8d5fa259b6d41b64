// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {IAggregatorV3} from "../interfaces/IAggregatorV3.sol";

/// @notice A price feed for local chains and tests with the surface and the round history of a Chainlink proxy.
/// @dev Its owner posts answers; each becomes a round dated at its block. Rounds are never changed or removed, and an
/// unknown round reverts as the real proxies do. It also serves as a sequencer-uptime feed: answer 0 up, 1 down.
contract ReplayFeed is IAggregatorV3, Ownable {
    struct Round {
        int192 answer;
        uint64 updatedAt;
    }

    /// @notice As Chainlink's aggregators emit it, with the proxy's round id.
    event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt);
    event PhaseStarted(uint16 phase);

    error AnswerTooLarge(int256 answer);

    /// @inheritdoc IAggregatorV3
    uint8 public immutable decimals;

    /// @inheritdoc IAggregatorV3
    string public description;

    /// @notice The live phase, the high 16 bits of new round ids.
    uint16 public phase = 1;

    /// @notice Rounds posted in the live phase.
    uint64 public phaseRounds;

    mapping(uint80 roundId => Round) private _rounds;

    constructor(uint8 decimals_, string memory description_, address owner_) Ownable(owner_) {
        decimals = decimals_;
        description = description_;
    }

    /// @notice Appends a round dated at this block.
    /// @param answer In units of `decimals`; any sign, so that tests can post bad rounds.
    function post(int256 answer) external onlyOwner returns (uint80 roundId) {
        require(answer == int192(answer), AnswerTooLarge(answer));
        roundId = uint80(phase) << 64 | ++phaseRounds;
        _rounds[roundId] = Round(int192(answer), uint64(block.timestamp));
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
        Round memory round = _rounds[roundId];
        // The text is the one that Chainlink's proxies revert with; clients match it.
        // solhint-disable-next-line gas-custom-errors
        require(round.updatedAt != 0, "No data present");
        return (roundId, round.answer, round.updatedAt, round.updatedAt, roundId);
    }
}
