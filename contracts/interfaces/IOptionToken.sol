// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC1155MetadataURI} from "@openzeppelin/contracts/token/ERC1155/extensions/IERC1155MetadataURI.sol";

/// @notice The ERC-1155 longs of all series; a token id is a `SeriesId`. Only the Clearinghouse mints and burns.
interface IOptionToken is IERC1155MetadataURI {
    error OnlyClearinghouse(address caller);

    function clearinghouse() external view returns (address);
    /// @notice What wallets and explorers call the collection; ERC-1155 itself has no name.
    function name() external view returns (string memory);

    /// @notice The collection's short name.
    function symbol() external view returns (string memory);

    /// @notice The IOptionRenderer behind `uri`, for ever the same.
    function renderer() external view returns (address);

    function totalSupply(uint256 id) external view returns (uint256);
    function mint(address to, uint256 id, uint256 amount) external;
    function burn(address from, uint256 id, uint256 amount) external;

    /// @notice Emits ERC-1155's `URI` with the present metadata, for marketplaces that keep a copy until told: it changes
    /// at expiry and at settlement, in other contracts. Anybody may call, since nobody chooses the text.
    function announce(uint256 id) external;
}
