// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {SeriesId} from "../libraries/SeriesId.sol";

/// @notice Builds what a wallet shows for an option token: ERC-1155 metadata as a data URI, with an SVG inside, from the
/// chain alone.
/// @dev Presentation only: no money and no other contract depends on an answer. Nothing can change the renderer of a
/// token, since one that a role could swap could show a wallet another option than the one it holds.
/// A series that was never listed has no token, and no metadata either: every function reverts with
/// `IMarkets.UnlistedSeries`, so that nobody can be shown a good card of an option that does not exist.
interface IOptionRenderer {
    /// @notice The Markets whose series are described.
    function markets() external view returns (address);

    /// @notice The text form of a series, as traders read it: `ETH-27NOV26-3000-C`.
    function name(SeriesId series) external view returns (string memory);

    /// @notice The picture of a series as it stands: open, expired or settled.
    function svg(SeriesId series) external view returns (string memory);

    /// @notice The metadata of a token id: `data:application/json;base64,...`.
    function uri(uint256 id) external view returns (string memory);
}
