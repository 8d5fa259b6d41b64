// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {VaultFixture} from "./VaultFixture.sol";

/// @notice Taking a settled series out of the book.
contract ReleaseTest is VaultFixture {
    function test_releaseRefusesWhatIsNotOpenOrNotSettled() public {
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.NotOpen.selector, call3000));
        calls.release(call3000);
        buy(calls, call3000, 1e18);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotSettled.selector, MARKET, NEAR));
        calls.release(call3000);
    }

    function test_releasePaysWhatIsOwedWhoeverSettledTheLeg() public {
        buy(calls, call3000, 10e18);
        buy(calls, call3300, 5e18);
        uint256 idle = calls.idleAssets();
        settle(NEAR, 3200);
        uint256 owed = uint256(10e18) * 200 / 3200;
        house.settleLeg(address(calls), call3000);
        (uint256 entering, uint256 leaving) = calls.netAssets();
        assertEq(entering, idle + 15e18 - owed);
        assertEq(leaving, entering);

        vm.expectEmit(address(calls));
        emit IOptionVault.SeriesReleased(call3000, int256(owed));
        calls.release(call3000);
        vm.expectEmit(address(calls));
        emit IOptionVault.SeriesReleased(call3300, 0);
        calls.release(call3300);
        assertEq(calls.idleAssets(), idle + 15e18 - owed);
        assertEq(calls.lockedAssets(), 0);
        assertEq(calls.openSeries().length, 0);
        assertEq(free(address(calls), address(weth)), booked(calls));
        // and the holder gets it
        vm.prank(bob);
        assertEq(house.redeem(call3000, 10e18, bob), owed);
    }

    /// @dev What a settled series owes is rounded up in the marks as at its release.
    function test_marksWhatIsOwedToTheUnit() public {
        buy(calls, call3000, 10e18);
        uint256 idle = calls.idleAssets();
        settle(NEAR, 3100);
        uint256 owed = uint256(10e18) * 100 / 3100 + 1;
        (uint256 entering, uint256 leaving) = calls.netAssets();
        assertEq(entering, idle + 10e18 - owed);
        assertEq(leaving, entering);
        calls.release(call3000);
        assertEq(calls.idleAssets(), entering);
    }

    function test_putsAreReleasedInQuote() public {
        buy(puts, put3000, 10e18);
        uint256 idle = puts.idleAssets();
        settle(NEAR, 2800);
        puts.release(put3000);
        assertEq(puts.idleAssets(), idle + 30_000e6 - 2000e6);
        assertEq(free(address(puts), address(usdc)), booked(puts));
    }
}
