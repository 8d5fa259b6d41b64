// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {BookKey, BookKeyLib, Side} from "../../../contracts/libraries/SeriesId.sol";
import {ClearinghouseFixture} from "../support/ClearinghouseFixture.sol";

contract CollectFeesTest is ClearinghouseFixture {
    BookKey private _key = BookKeyLib.pack(ETH, Side.CALL, EXPIRY);
    address private _treasury = makeAddr("treasury");

    // --- failures ---

    function test_RefusesABookThatIsNotListed() public {
        BookKey alias_ = BookKey.wrap(BookKey.unwrap(_key) | 1 << 64);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.UnlistedBook.selector, alias_));
        house.collectFees(alias_);
    }

    function test_RefusesBeforeTheSettlementPrice() public {
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotSettled.selector, ETH, EXPIRY));
        house.collectFees(_key);
    }

    function test_RefusesWithoutATreasury() public {
        _accrue(100);
        settle(3000);
        vm.expectRevert(IClearinghouse.TreasuryNotSet.selector);
        house.collectFees(_key);
        house.setTreasury(_treasury);
        house.collectFees(_key);
        assertEq(free(_treasury, weth), 80, "nothing was lost");
    }

    // --- what it does ---

    function test_AnEmptyPotNeverReverts() public {
        settle(3000);
        (uint256 bounty, uint256 rest) = house.collectFees(_key);
        assertEq(bounty + rest, 0, "nothing");
        (bounty, rest) = house.feesDue(_key);
        assertEq(bounty + rest, 0, "nothing is due");
    }

    function test_NothingIsDueBeforeTheSettlementPrice() public {
        _accrue(100);
        (uint256 bounty, uint256 rest) = house.feesDue(_key);
        assertEq(bounty + rest, 0, "nothing");
    }

    function test_PaysTheSettlerTheTreasuryAndKeepsWhatItemsMayEarn() public {
        house.setTreasury(_treasury);
        _accrue(104);
        settle(3000);
        (uint256 dueBounty, uint256 dueRest) = house.feesDue(_key);
        vm.expectEmit(address(house));
        emit IClearinghouse.FeesCollected(_key, address(this), 10, _treasury, 84);
        vm.prank(STRANGER);
        (uint256 bounty, uint256 rest) = house.collectFees(_key);
        assertEq(bounty, 10, "half of a fifth, rounded down");
        assertEq(rest, 84, "rest");
        assertEq(dueBounty, bounty, "as was said");
        assertEq(dueRest, rest, "as was said");
        assertEq(free(address(this), weth), 10, "the settler, not the caller");
        assertEq(free(STRANGER, weth), 0, "the caller");
        assertEq(free(_treasury, weth), 84, "treasury");
        assertEq(house.feePot(_key), 10, "kept");
        assertEq(house.bountyPaid(_key), 10, "counted");
        house.collectFees(_key);
        assertEq(free(_treasury, weth), 84, "once");
    }

    function test_WhatItemsDidNotEarnIsTheTreasurysInTheEnd() public {
        house.setTreasury(_treasury);
        _accrue(104);
        settle(3000);
        house.collectFees(_key);
        vm.warp(EXPIRY + 30 days - 1);
        (, uint256 rest) = house.collectFees(_key);
        assertEq(rest, 0, "not yet");
        vm.warp(EXPIRY + 30 days);
        (, rest) = house.collectFees(_key);
        assertEq(rest, 10, "all of it");
        assertEq(house.feePot(_key), 0, "empty");
        assertEq(free(address(this), weth), 10, "the settler has its half as before");
    }

    function test_TheCapHoldsOverAllCollections() public {
        house.setTreasury(_treasury);
        house.setBountyCap(address(weth), 25);
        _accrue(100);
        settle(3000);
        (uint256 bounty,) = house.collectFees(_key);
        assertEq(bounty, 10, "half of a fifth");
        _accrue(100);
        (bounty,) = house.collectFees(_key);
        assertEq(bounty, 2, "up to half the cap");
        _accrue(100);
        (bounty,) = house.collectFees(_key);
        assertEq(bounty, 0, "no more");
        assertEq(house.bountyPaid(_key), 12, "counted");
        assertEq(house.feePot(_key), 13, "the other half");
        // A cap lowered below what was paid takes nothing back and pays nothing.
        house.setBountyCap(address(weth), 1);
        _accrue(100);
        (bounty,) = house.collectFees(_key);
        assertEq(bounty, 0, "none");
        // Raised again, it finds what is there and not more.
        house.setBountyCap(address(weth), 0);
        (bounty,) = house.collectFees(_key);
        assertEq(bounty, 0, "all that is there is kept for items");
    }

    /// @dev Collected at once or bit by bit, before, between or after the fees: the same shares.
    function testFuzz_TheOrderOfCallsChangesNothing(uint64[6] calldata fees, uint8 collected) public {
        house.setTreasury(_treasury);
        settle(3000);
        uint256 accrued;
        for (uint256 i; i < 6; ++i) {
            _accrue(fees[i]);
            accrued += fees[i];
            if (collected >> i & 1 == 1) house.collectFees(_key);
        }
        house.collectFees(_key);
        uint256 budget = accrued / 5;
        assertEq(free(address(this), weth), budget / 2, "settler");
        assertEq(house.feePot(_key), budget - budget / 2, "kept for items");
        assertEq(free(_treasury, weth), accrued - budget, "treasury");
    }

    function _accrue(uint256 assets) private {
        vm.prank(WRITER);
        house.accrueFee(_key, assets);
    }
}
