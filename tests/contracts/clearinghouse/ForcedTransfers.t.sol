// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {ClearinghouseFixture} from "../support/ClearinghouseFixture.sol";
import {Reentrant} from "../support/Receivers.sol";
import {HookToken} from "../support/Tokens.sol";

/// @notice Native coin and tokens that come in without a call, also in the middle of one: they credit nobody.
contract ForcedTransfersTest is ClearinghouseFixture {
    /// @dev As a contract that destroys itself, or a validator, forces coin on an account.
    function test_ForcedCoinBelongsToNobody() public {
        vm.deal(address(house), 5e18);
        uint256 before = free(HOLDER, weth);
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(house.withdraw, (address(weth), 1e18, HOLDER));
        vm.prank(HOLDER);
        house.multicall(calls);
        assertEq(free(HOLDER, weth), before - 1e18, "a multicall without value wraps nothing");
        vm.deal(HOLDER, 2e18);
        vm.prank(HOLDER);
        house.multicall{value: 2e18}(new bytes[](0));
        assertEq(free(HOLDER, weth), before + 1e18, "its own value and no more");
        assertEq(address(house).balance, 5e18, "the rest lies there");
    }

    /// @dev A token that calls back while it moves lets somebody add to the transfer: what arrives is then not what was
    /// deposited, and is refused.
    function test_AGiftInTheMiddleOfADepositIsNotCredited() public {
        HookToken hook = new HookToken();
        Reentrant depositor = new Reentrant();
        Reentrant giver = new Reentrant();
        hook.mint(address(depositor), 10e18);
        hook.mint(address(giver), 10e18);
        depositor.perform(address(hook), abi.encodeCall(hook.approve, (address(house), type(uint256).max)));
        bytes memory gift = abi.encodeCall(hook.transfer, (address(house), 1e18));
        depositor.arm(address(giver), abi.encodeCall(giver.perform, (address(hook), gift)));
        vm.expectRevert(
            abi.encodeWithSelector(IClearinghouse.TransferAmountMismatch.selector, address(hook), 4e18, 5e18)
        );
        depositor.perform(address(house), abi.encodeCall(house.deposit, (address(hook), 4e18)));
        assertEq(house.freeBalance(address(depositor), address(hook)), 0, "nothing is credited");
        depositor.arm(address(0), "");
        depositor.perform(address(house), abi.encodeCall(house.deposit, (address(hook), 4e18)));
        assertEq(house.freeBalance(address(depositor), address(hook)), 4e18, "without the gift it is");
    }
}
