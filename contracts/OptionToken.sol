// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";

import {IOptionToken} from "./interfaces/IOptionToken.sol";

/// @title OptionToken
/// @notice The ERC-1155 longs of all series. A token id is a packed `SeriesId`, an amount is WAD contracts.
/// @dev Deployed by the Clearinghouse, which alone mints and burns, and burns only what its own checks allow.
contract OptionToken is IOptionToken, ERC1155 {
    /// @inheritdoc IOptionToken
    address public immutable clearinghouse = msg.sender;

    /// @inheritdoc IOptionToken
    mapping(uint256 id => uint256) public totalSupply;

    modifier onlyClearinghouse() {
        require(msg.sender == clearinghouse, OnlyClearinghouse(msg.sender));
        _;
    }

    constructor() ERC1155("") {}

    /// @inheritdoc IOptionToken
    function mint(address to, uint256 id, uint256 amount) external onlyClearinghouse {
        // Before the receiver's hook, so that whoever it calls reads the new supply.
        totalSupply[id] += amount;
        _mint(to, id, amount, "");
    }

    /// @inheritdoc IOptionToken
    function burn(address from, uint256 id, uint256 amount) external onlyClearinghouse {
        _burn(from, id, amount);
        totalSupply[id] -= amount;
    }
}
