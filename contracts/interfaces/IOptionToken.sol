// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";

/// @notice The ERC-1155 longs of all series; a token id is a `SeriesId`. Only the Clearinghouse mints and burns.
interface IOptionToken is IERC1155 {
    error OnlyClearinghouse(address caller);

    function clearinghouse() external view returns (address);
    function totalSupply(uint256 id) external view returns (uint256);
    function mint(address to, uint256 id, uint256 amount) external;
    function burn(address from, uint256 id, uint256 amount) external;
}
