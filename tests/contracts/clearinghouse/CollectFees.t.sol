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
    }

    function test_PaysAFifthToTheSettlerAndTheRestToTheTreasury() public {
        house.setTreasury(_treasury);
        _accrue(104);
        settle(3000);
        vm.expectEmit(address(house));
        emit IClearinghouse.FeesCollected(_key, address(this), 20, _treasury, 84);
        vm.prank(STRANGER);
        (uint256 bounty, uint256 rest) = house.collectFees(_key);
        assertEq(bounty, 20, "bounty rounds down");
        assertEq(rest, 84, "rest");
        assertEq(free(address(this), weth), 20, "the settler, not the caller");
        assertEq(free(STRANGER, weth), 0, "the caller");
        assertEq(free(_treasury, weth), 84, "treasury");
        assertEq(house.feePot(_key), 0, "empty");
        house.collectFees(_key);
        assertEq(free(_treasury, weth), 84, "once");
    }

    function test_TheCapHoldsOverAllCollections() public {
        house.setTreasury(_treasury);
        house.setBountyCap(address(weth), 25);
        _accrue(100);
        settle(3000);
        (uint256 bounty,) = house.collectFees(_key);
        assertEq(bounty, 20, "a fifth");
        _accrue(100);
        (bounty,) = house.collectFees(_key);
        assertEq(bounty, 5, "up to the cap");
        _accrue(100);
        (bounty,) = house.collectFees(_key);
        assertEq(bounty, 0, "no more");
        assertEq(house.bountyPaid(_key), 25, "counted");
        // A cap lowered below what was paid takes nothing back and pays nothing.
        house.setBountyCap(address(weth), 1);
        _accrue(100);
        (bounty,) = house.collectFees(_key);
        assertEq(bounty, 0, "none");
    }

    function _accrue(uint256 assets) private {
        vm.prank(WRITER);
        house.accrueFee(_key, assets);
    }
}
