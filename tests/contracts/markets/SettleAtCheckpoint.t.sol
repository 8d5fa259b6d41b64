// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {RoundReader} from "../../../contracts/libraries/RoundReader.sol";
import {HistoryFixture} from "../support/HistoryFixture.sol";

/// @notice The second fallback: the last positive round could not be read for seven days.
contract SettleAtCheckpointTest is HistoryFixture {
    // --- failures ---

    function test_RefusesAnUnlistedExpiry() public {
        vm.expectRevert(abi.encodeWithSelector(IMarkets.UnlistedExpiry.selector, ETH, LATER + 1 days));
        markets.settleAtCheckpoint(ETH, LATER + 1 days);
    }

    function test_RefusesBeforeExpiry() public {
        vm.warp(LATER);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotExpired.selector, LATER, LATER));
        markets.settleAtCheckpoint(ETH, LATER);
    }

    function test_RefusesUntilTheFirstFallbackWasOpenForSevenDays() public {
        history.setNewest(0);
        vm.warp(LATER + 8 days - 1);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.FallbackNotOpen.selector, LATER + 8 days, LATER + 8 days - 1));
        markets.settleAtCheckpoint(ETH, LATER);
        vm.warp(LATER + 8 days);
        assertEq(markets.settleAtCheckpoint(ETH, LATER), 3000e18, "price of the listing");
    }

    function test_RefusesASecondTime() public {
        history.setNewest(0);
        vm.warp(LATER + 8 days);
        markets.settleAtCheckpoint(ETH, LATER);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.AlreadySettled.selector, ETH, LATER));
        markets.settleAtCheckpoint(ETH, LATER);
    }

    function test_RefusesWhereTheAverageCanBeProven() public {
        uint80 last = history.set(1, 1, 3100 * DOLLAR, LATER_OPENING);
        vm.warp(LATER + 30 days);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.LastRoundStands.selector, last));
        markets.settleAtCheckpoint(ETH, LATER);
        assertEq(settleLater(last), 3100e18, "the average");
    }

    function test_RefusesWhereTheAverageIsNotWalkedToItsEnd() public {
        history.set(1, 1, -1, LATER_OPENING);
        for (uint256 i = 1; i < 600; ++i) {
            history.append(3000 * DOLLAR, LATER_OPENING + i);
        }
        vm.warp(LATER + 8 days);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.LastRoundStands.selector, history.newest()));
        markets.settleAtCheckpoint(ETH, LATER);
    }

    function test_RefusesWhereTheLastPositiveRoundCanBeRead() public {
        history.set(1, 1, 3100 * DOLLAR, LATER_OPENING);
        uint80 last = history.append(0, LATER - 10);
        vm.warp(LATER + 8 days);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.LastRoundStands.selector, last));
        markets.settleAtCheckpoint(ETH, LATER);
        assertEq(markets.settleAtLastRound(ETH, LATER, last), 3100e18, "the last positive round");
    }

    /// @dev The attack: so little gas that the last round cannot be read. That does not make it unreadable.
    function test_ALackOfGasHidesNoRound() public {
        history.set(1, 1, 3100 * DOLLAR, LATER_OPENING);
        history.append(3100 * DOLLAR, LATER - 10);
        history.append(3100 * DOLLAR, LATER + 10);
        vm.warp(LATER + 8 days);
        bytes memory call_ = abi.encodeCall(IMarkets.settleAtCheckpoint, (ETH, LATER));
        for (uint256 gas_ = 10_000; gas_ < 700_000; gas_ += 5000) {
            (bool ok, bytes memory refusal) = address(markets).call{gas: gas_}(call_);
            assertTrue(!ok, "a starved read counted as none");
            bytes4 why = bytes4(refusal);
            assertTrue(
                refusal.length == 0 || why == RoundReader.NotEnoughGas.selector
                    || why == IMarkets.LastRoundStands.selector,
                "reason"
            );
        }
    }

    // --- the price ---

    function test_TakesTheLastSpotKeptBeforeExpiry() public {
        uint80 id = history.set(1, 1, 3100 * DOLLAR, LATER - 700);
        checkpointAt(LATER - 600);
        history.append(3200 * DOLLAR, LATER + 1);
        checkpointAt(LATER + 1);
        history.setReverts(id, true);
        vm.warp(LATER + 8 days);
        vm.expectEmit(address(markets));
        emit IMarkets.Settled(ETH, LATER, 3100e18, id, STRANGER, IMarkets.Rule.CHECKPOINT);
        vm.prank(STRANGER);
        assertEq(markets.settleAtCheckpoint(ETH, LATER), 3100e18, "price");
        (uint256 price, address settler) = markets.settlement(ETH, LATER);
        assertEq(price, 3100e18, "stored");
        assertEq(settler, STRANGER, "who earns the bounty");
        assertTrue(markets.settlementRule(ETH, LATER) == IMarkets.Rule.CHECKPOINT, "rule");
    }

    function test_GoesBackOverDaysWithoutACheckpoint() public {
        history.append(3100 * DOLLAR, LATER - 3 days);
        checkpointAt(LATER - 3 days + 60);
        history.setNewest(0);
        vm.warp(LATER + 8 days);
        assertEq(markets.settleAtCheckpoint(ETH, LATER), 3100e18, "price");
    }

    function test_SettlesWhereOnlyTheWindowsEndIsReadableButNothingIsPositive() public {
        history.append(3100 * DOLLAR, LATER - 700);
        checkpointAt(LATER - 600);
        history.set(9, 3, 0, LATER - 500);
        vm.warp(LATER + 8 days);
        // Its predecessor is gone, and it is not positive itself.
        history.setReverts(history.idOf(9, 2), true);
        assertEq(markets.settleAtCheckpoint(ETH, LATER), 3100e18, "price");
    }

    function test_SettlesWhenTheFeedIsNoContractAnyMore() public {
        vm.etch(address(history), "");
        vm.warp(LATER + 8 days);
        assertEq(markets.settleAtCheckpoint(ETH, LATER), 3000e18, "price");
    }
}
