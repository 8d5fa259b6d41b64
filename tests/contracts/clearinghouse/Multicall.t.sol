// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Errors} from "@openzeppelin/contracts/utils/Errors.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {ClearinghouseFixture} from "../support/ClearinghouseFixture.sol";
import {Reentrant} from "../support/Receivers.sol";
import {HookToken, LyingWrappedNative} from "../support/Tokens.sol";

contract MulticallTest is ClearinghouseFixture {
    // --- failures ---

    function test_RefusesValueWhereThereIsNoWrappedNative() public {
        house = _newHouse(address(0));
        vm.deal(STRANGER, 5);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.NoWrappedNative.selector, 5));
        vm.prank(STRANGER);
        house.multicall{value: 5}(_none());
    }

    function test_RefusesValueThatDidNotArrive() public {
        LyingWrappedNative lying = new LyingWrappedNative();
        house = _newHouse(address(lying));
        vm.deal(STRANGER, 5);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.TransferAmountMismatch.selector, address(lying), 5, 4));
        vm.prank(STRANGER);
        house.multicall{value: 5}(_none());
    }

    function test_RefusesAMulticallWithinAnother() public {
        bytes[] memory inner = _none();
        vm.expectRevert(IClearinghouse.NestedMulticall.selector);
        house.multicall(_one(abi.encodeCall(house.multicall, (inner))));
    }

    /// @dev One call that fails undoes all, and says its own reason.
    function test_FailsAsAWholeWithTheReasonOfTheCallThatFailed() public {
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(house.pay, (WRITER, STRANGER, address(weth), 1));
        calls[1] = abi.encodeCall(house.withdraw, (address(weth), FUNDS_WETH, WRITER));
        vm.expectRevert(insufficient(WRITER, weth, FUNDS_WETH, FUNDS_WETH - 1));
        vm.prank(WRITER);
        house.multicall(calls);
        assertEq(free(STRANGER, weth), 0, "undone");
        vm.expectRevert(Errors.FailedCall.selector);
        house.multicall(_one(hex"12345678"));
    }

    /// @dev Value goes in by `multicall` alone: every other function refuses it, and so does the bare address.
    function test_EverythingElseRefusesValue() public {
        vm.deal(WRITER, 10);
        vm.startPrank(WRITER);
        bytes memory data = abi.encodeCall(house.pay, (WRITER, STRANGER, address(weth), 1));
        (bool ok,) = address(house).call{value: 1}(data);
        assertFalse(ok, "a call with value");
        (ok,) = address(house).call{value: 1}("");
        assertFalse(ok, "bare value");
    }

    // --- rights ---

    /// @dev In a multicall one is oneself, and nobody else: neither the contract nor an account that trusts somebody else.
    function test_GivesNoRightThatTheCallerHasNot() public {
        vm.startPrank(STRANGER);
        vm.expectRevert(notAuthorised(WRITER, STRANGER, 1));
        house.multicall(_one(abi.encodeCall(house.pay, (WRITER, STRANGER, address(weth), 1))));
        vm.expectRevert(notAuthorised(WRITER, STRANGER, 2));
        house.multicall(_one(abi.encodeCall(house.withdrawFor, (WRITER, address(weth), 1))));
        vm.expectRevert(notAuthorised(address(house), STRANGER, 1));
        house.multicall(_one(abi.encodeCall(house.pay, (address(house), STRANGER, address(weth), 1))));
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, STRANGER));
        house.multicall(_one(abi.encodeCall(house.setTreasury, (STRANGER))));
    }

    function test_RolesActAsThemselves() public {
        house.multicall(_one(abi.encodeCall(house.setTreasury, (STRANGER))));
        assertEq(house.treasury(), STRANGER, "set");
    }

    function test_RightsBelongToTheCallerWhoGaveThem() public {
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(house.setOperator, (OPERATOR, 3));
        calls[1] = abi.encodeCall(house.setRedeemFor, (true));
        vm.prank(WRITER);
        house.multicall(calls);
        assertEq(house.operatorFlags(WRITER, OPERATOR), 3, "operator");
        assertTrue(house.redeemForAllowed(WRITER), "redeem for");
        assertEq(house.operatorFlags(address(house), OPERATOR), 0, "not the contract's");
    }

    // --- calling back in ---

    /// @dev A receiver that is called in the middle of somebody's multicall could take over what follows in its name.
    function test_AReceiverCannotTakeOverAMulticall() public {
        Reentrant attacker = new Reentrant();
        attacker.arm(address(house), abi.encodeCall(house.multicall, (_none())));
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(house.write, (WRITER, call(3000), 1e18, address(attacker)));
        calls[1] = abi.encodeCall(house.withdraw, (address(usdc), FUNDS_USDC, WRITER));
        vm.prank(WRITER);
        house.multicall(calls);
        _assertShut(attacker.succeeded(), attacker.answer());
        assertEq(usdc.balanceOf(WRITER), FUNDS_USDC, "still the writer's");
    }

    /// @dev In the middle of a plain call there is no multicall either: what it wraps would be counted by a deposit too.
    function test_AHookCannotStartAMulticall() public {
        HookToken hook = new HookToken();
        Reentrant attacker = new Reentrant();
        hook.mint(address(attacker), 1e18);
        attacker.perform(address(hook), abi.encodeCall(hook.approve, (address(house), 1e18)));
        attacker.arm(address(house), abi.encodeCall(house.multicall, (_none())));
        attacker.perform(address(house), abi.encodeCall(house.deposit, (address(hook), 1e18)));
        _assertShut(attacker.succeeded(), attacker.answer());
    }

    function test_TheWrappedNativeCannotCallBackIn() public {
        LyingWrappedNative lying = new LyingWrappedNative();
        house = _newHouse(address(lying));
        vm.deal(STRANGER, 5);
        lying.arm(address(house), abi.encodeCall(house.multicall, (_none())));
        vm.prank(STRANGER);
        house.multicall{value: 5}(_none());
        _assertShut(false, lying.answer());
        lying.arm(address(house), abi.encodeCall(house.deposit, (address(lying), 1)));
        vm.deal(STRANGER, 5);
        vm.prank(STRANGER);
        house.multicall{value: 5}(_none());
        _assertShut(false, lying.answer());
        assertEq(house.freeBalance(STRANGER, address(lying)), 10, "credited once each");
    }

    // --- what it does ---

    /// @dev Whatever the calls do, value is credited once: each of them sees none.
    function test_WrapsItsValueOnce() public {
        vm.deal(STRANGER, 3e18);
        bytes[] memory calls = new bytes[](3);
        for (uint256 i; i < 3; ++i) {
            calls[i] = abi.encodeCall(house.pay, (STRANGER, HOLDER, address(weth), 0.5e18));
        }
        uint256 held_ = weth.balanceOf(address(house));
        vm.expectEmit(address(house));
        emit IClearinghouse.Deposited(STRANGER, address(weth), 3e18);
        vm.prank(STRANGER);
        house.multicall{value: 3e18}(calls);
        assertEq(free(STRANGER, weth), 1.5e18, "credited once");
        assertEq(free(HOLDER, weth), FUNDS_WETH + 1.5e18, "paid");
        assertEq(weth.balanceOf(address(house)), held_ + 3e18, "wrapped once");
        assertEq(address(house).balance, 0, "nothing stays");
    }

    function test_ValueAloneIsADeposit() public {
        vm.deal(STRANGER, 2e18);
        vm.prank(STRANGER);
        bytes[] memory results = house.multicall{value: 2e18}(_none());
        assertEq(results.length, 0, "no call");
        assertEq(free(STRANGER, weth), 2e18, "credited");
    }

    /// @dev From native coin to a delivered option in one transaction.
    function test_DepositsWritesAndAnswers() public {
        vm.deal(STRANGER, 1e18);
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(house.write, (STRANGER, call(3000), 1e18, HOLDER));
        calls[1] = abi.encodeCall(house.freeBalance, (STRANGER, address(weth)));
        vm.prank(STRANGER);
        bytes[] memory results = house.multicall{value: 1e18}(calls);
        assertEq(held(HOLDER, call(3000)), 1e18, "delivered");
        assertEq(results[0].length, 0, "nothing to say");
        assertEq(abi.decode(results[1], (uint256)), 0, "all locked");
    }

    function test_OneMulticallAfterAnother() public {
        house.multicall(_none());
        vm.prank(WRITER);
        house.multicall(_one(abi.encodeCall(house.pay, (WRITER, STRANGER, address(weth), 1))));
        vm.expectRevert(notAuthorised(WRITER, address(this), 1));
        house.multicall(_one(abi.encodeCall(house.pay, (WRITER, STRANGER, address(weth), 1))));
    }

    function _newHouse(address wrappedNative) private returns (IClearinghouse newHouse) {
        bytes memory arguments = abi.encode(address(access), address(markets), address(renderer));
        newHouse = IClearinghouse(vm.deployCode("Clearinghouse.sol:Clearinghouse", arguments));
        if (wrappedNative != address(0)) newHouse.setWrappedNative(wrappedNative);
    }

    function _none() private pure returns (bytes[] memory) {
        return new bytes[](0);
    }

    function _one(bytes memory data) private pure returns (bytes[] memory calls) {
        calls = new bytes[](1);
        calls[0] = data;
    }

    function _assertShut(bool succeeded, bytes memory answer) private pure {
        assertFalse(succeeded, "a call back in went through");
        assertEq(
            uint256(uint32(bytes4(answer))),
            uint256(uint32(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)),
            "refused by the guard itself"
        );
    }
}
