// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
import {IERC1155MetadataURI} from "@openzeppelin/contracts/token/ERC1155/extensions/IERC1155MetadataURI.sol";

import {IOptionRenderer} from "./interfaces/IOptionRenderer.sol";
import {IOptionToken} from "./interfaces/IOptionToken.sol";

/// @title OptionToken
/// @notice The ERC-1155 longs of all series. A token id is a packed `SeriesId`, an amount is WAD contracts.
/// @dev Deployed by the Clearinghouse, which alone mints and burns, and burns only what its own checks allow.
contract OptionToken is IOptionToken, ERC1155 {
    /// @inheritdoc IOptionToken
    address public immutable clearinghouse = msg.sender;

    /// @inheritdoc IOptionToken
    address public immutable renderer;

    /// @inheritdoc IOptionToken
    mapping(uint256 id => uint256) public totalSupply;

    modifier onlyClearinghouse() {
        require(msg.sender == clearinghouse, OnlyClearinghouse(msg.sender));
        _;
    }

    /// @param renderer_ The IOptionRenderer that describes the series, for ever.
    // What the Clearinghouse was deployed with. Without a renderer only `uri` fails.
    // slither-disable-next-line missing-zero-check
    constructor(address renderer_) ERC1155("") {
        renderer = renderer_;
    }

    /// @inheritdoc IOptionToken
    function name() external pure returns (string memory) {
        return "Optionix Options";
    }

    /// @inheritdoc IOptionToken
    function symbol() external pure returns (string memory) {
        return "OPTIONIX";
    }

    /// @notice The metadata of a token id as a data URI, read from the chain alone.
    function uri(uint256 id) public view override(ERC1155, IERC1155MetadataURI) returns (string memory) {
        return IOptionRenderer(renderer).uri(id);
    }

    /// @inheritdoc IOptionToken
    function announce(uint256 id) external {
        emit URI(uri(id), id);
    }

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
