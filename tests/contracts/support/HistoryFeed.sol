// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IAggregatorV3} from "../../../contracts/interfaces/IAggregatorV3.sol";

/// @notice A feed whose whole history is written by the test: phases, holes, wrong dates, rounds that revert.
contract HistoryFeed is IAggregatorV3 {
    struct Answer {
        int256 answer;
        uint256 updatedAt;
        bool reverts;
    }

    uint8 public constant decimals = 8;
    string public constant description = "history";

    /// @notice The id that `latestRoundData` answers; it reverts for zero.
    uint80 public newest;
    mapping(uint80 => Answer) private _answers;

    error NoRound();

    function idOf(uint16 phase, uint64 number) public pure returns (uint80) {
        return uint80(phase) << 64 | number;
    }

    /// @notice Writes one round and makes it the newest.
    function set(uint16 phase, uint64 number, int256 answer, uint256 updatedAt) external returns (uint80 id) {
        id = newest = idOf(phase, number);
        _answers[id] = Answer(answer, updatedAt, false);
    }

    /// @notice Appends a round to the phase of the newest.
    function append(int256 answer, uint256 updatedAt) external returns (uint80 id) {
        id = ++newest;
        _answers[id] = Answer(answer, updatedAt, false);
    }

    function setNewest(uint80 id) external {
        newest = id;
    }

    function setReverts(uint80 id, bool reverts) external {
        _answers[id].reverts = reverts;
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        if (newest == 0) revert NoRound();
        return _read(newest);
    }

    function getRoundData(uint80 id) external view returns (uint80, int256, uint256, uint256, uint80) {
        return _read(id);
    }

    function _read(uint80 id) private view returns (uint80, int256, uint256, uint256, uint80) {
        Answer memory a = _answers[id];
        if (a.reverts) revert NoRound();
        return (id, a.answer, a.updatedAt, a.updatedAt, id);
    }
}
