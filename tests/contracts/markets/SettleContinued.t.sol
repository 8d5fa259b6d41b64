// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {HistoryFixture} from "../support/HistoryFixture.sol";

/// @notice A window of more rounds than one call walks: several calls, one sum, which nobody can spoil.
contract SettleContinuedTest is HistoryFixture {
    uint80 private _last;

    function test_OneCallWalksWhatItMay() public {
        _busy(512, 512);
        assertEq(settleLater(_last), 3000e18, "price");
    }

    function test_OneRoundMoreTakesASecondCall() public {
        _busy(513, 513);
        vm.expectEmit(address(markets));
        emit IMarkets.SettlementContinued(ETH, LATER, _last, _last - 512, 1, 1799 * 3000e18);
        assertEq(settleLater(_last), 0, "no price yet");
        (uint256 price, address settler) = markets.settlement(ETH, LATER);
        assertEq(price, 0, "unsettled");
        assertEq(settler, address(0), "nobody");
        IMarkets.Progress memory progress = markets.settlementProgress(ETH, LATER, _last);
        assertEq(progress.nextRoundId, _last - 512, "next");
        assertEq(progress.secondsLeft, 1, "left");
        vm.expectEmit(address(markets));
        emit IMarkets.Settled(ETH, LATER, 3000e18, _last, STRANGER, IMarkets.Rule.AVERAGE);
        vm.prank(STRANGER);
        assertEq(settleLater(_last), 3000e18, "price");
    }

    function test_TheSumIsThatOfOneWalk() public {
        uint256 weighted = _busy(1700, 1);
        assertEq(settleLater(_last), 0, "first");
        assertEq(settleLater(_last), 0, "second");
        assertEq(settleLater(_last), 0, "third");
        assertEq(settleLater(_last), weighted / 1800, "average");
    }

    function test_AWrongStartNeitherBeginsNorSpoils() public {
        _busy(600, 600);
        vm.startPrank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotLastRound.selector, _last - 1));
        settleLater(_last - 1);
        vm.stopPrank();
        assertEq(settleLater(_last), 0, "first");
        vm.startPrank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotLastRound.selector, _last - 512));
        settleLater(_last - 512);
        vm.stopPrank();
        assertEq(markets.settlementProgress(ETH, LATER, _last - 512).nextRoundId, 0, "nothing was begun");
        assertEq(settleLater(_last), 3000e18, "price");
    }

    /// @dev A second caller's first part only helps: the first caller's next call goes on from there.
    function test_SomebodyElsesPartIsNotLost() public {
        _busy(1100, 1100);
        assertEq(settleLater(_last), 0, "first part");
        vm.prank(STRANGER);
        assertEq(settleLater(_last), 0, "second part");
        assertEq(settleLater(_last), 3000e18, "third part");
    }

    function test_ABadRoundInALaterPartRefusesTheWhole() public {
        _busy(600, 600);
        history.set(1, 5, -DOLLAR, LATER_OPENING + 4);
        history.setNewest(_last);
        assertEq(settleLater(_last), 0, "first part");
        for (uint256 i; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IMarkets.PriceOutOfRange.selector, -DOLLAR));
            settleLater(_last);
        }
    }

    /// @dev Progress belongs to its round. Where the accepted round changes (here the feed moves on to another phase and
    /// nobody had made a checkpoint) the new one starts from nothing, and what was summed for the other is not used.
    function test_AnotherLastRoundHasItsOwnProgress() public {
        _busy(600, 600);
        assertEq(settleLater(_last), 0, "first part");
        history.set(2, 1, 5000 * DOLLAR, LATER_OPENING - 1);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotLastRound.selector, _last));
        settleLater(_last);
        assertEq(settleLater(history.newest()), 5000e18, "price");
    }

    /// @dev One round at the opening, then one each second; the last `flat` of them at 3000, the others each at its own price.
    function _busy(uint256 rounds, uint256 flat) private returns (uint256 weighted) {
        for (uint256 i; i < rounds; ++i) {
            uint256 dollars = i + flat >= rounds ? 3000 : 1000 + i;
            _last = history.set(1, uint64(i + 1), int256(dollars) * DOLLAR, LATER_OPENING + i);
            weighted += dollars * 1e18 * (i + 1 == rounds ? 1800 - i : 1);
        }
        vm.warp(LATER + 60);
    }
}
