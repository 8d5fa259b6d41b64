// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice The part of Chainlink's AggregatorV3Interface that the protocol reads.
/// @dev On a proxy a round id is `phase << 64 | aggregatorRound`; ids are contiguous only within one phase.
interface IAggregatorV3 {
    function decimals() external view returns (uint8);

    function description() external view returns (string memory);

    /// @notice One past round. Feeds revert or return zeros where there is no such round.
    function getRoundData(uint80 roundId)
        external
        view
        returns (uint80 id, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);

    /// @notice The newest round.
    function latestRoundData()
        external
        view
        returns (uint80 id, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}
