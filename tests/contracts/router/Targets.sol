// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {SeriesId} from "../../../contracts/libraries/SeriesId.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";

/// @notice A market that takes and pays what it is told.
contract Shop {
    address public lastCaller;

    function swap(TestToken input, uint256 spent, TestToken output, uint256 bought) external {
        lastCaller = msg.sender;
        require(input.transferFrom(msg.sender, address(this), spent), "input");
        if (bought != 0) output.mint(msg.sender, bought);
    }

    /// @notice Keeps the input for good and pays nothing.
    function keep(TestToken input) external {
        require(input.transferFrom(msg.sender, address(this), input.balanceOf(msg.sender)), "input");
    }

    /// @notice Makes any call in the middle of a swap, and passes its failure on.
    function relay(address target, bytes calldata data) external {
        (bool ok, bytes memory returned) = target.call(data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(returned, 32), mload(returned))
            }
        }
    }
}

/// @notice Says that it sells, takes the money that it was let at, and delivers nothing.
contract FakeVault {
    address private immutable HOUSE;
    address private immutable ASSET;
    uint256 private immutable TAKEN;

    constructor(address house, address asset, uint256 taken) {
        (HOUSE, ASSET, TAKEN) = (house, asset, taken);
    }

    function quoteBuy(SeriesId, uint256) external pure returns (IOptionVault.Quote memory q) {
        q.total = 1;
    }

    function buy(SeriesId, uint256, uint256, address, uint256, IOptionVault.Funds) external returns (uint256) {
        (bool ok,) = HOUSE.call(
            abi.encodeWithSignature("pay(address,address,address,uint256)", msg.sender, address(this), ASSET, TAKEN)
        );
        require(ok, "pay");
        return 1;
    }
}

/// @notice Buys with coins, and refuses the rest or enters again with it.
contract CoinTaker {
    bytes private _again;
    address private _target;
    bool public succeeded;
    uint256 public tries;
    bool private _refuses;

    function refuse() external {
        _refuses = true;
    }

    function arm(address target, bytes calldata data) external {
        (_target, _again) = (target, data);
    }

    function perform(address target, uint256 value, bytes calldata data) external {
        (bool ok, bytes memory returned) = target.call{value: value}(data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(returned, 32), mload(returned))
            }
        }
    }

    receive() external payable {
        require(!_refuses, "no coins");
        if (_target == address(0)) return;
        ++tries;
        (succeeded,) = _target.call(_again);
    }

    function onERC1155Received(address, address, uint256, uint256, bytes calldata) external pure returns (bytes4) {
        return this.onERC1155Received.selector;
    }
}
