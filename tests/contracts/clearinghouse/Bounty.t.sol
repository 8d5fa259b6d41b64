// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {BookKey, BookKeyLib, SeriesId, Side} from "../../../contracts/libraries/SeriesId.sol";
import {ClearinghouseFixture} from "../support/ClearinghouseFixture.sol";

/// @notice What is paid for settling books of others and redeeming for them: a budget of a fifth of the fees, half of it
/// for such items, each at most 1/64 of the budget and 1 % of what it credits, growing over a day after expiry.
contract BountyTest is ClearinghouseFixture {
    uint256 private constant FEES = 32e18;
    uint256 private constant BUDGET = FEES / 5;
    uint256 private constant EACH = BUDGET / 64;

    BookKey private _key = BookKeyLib.pack(ETH, Side.CALL, EXPIRY);
    address private _treasury = makeAddr("treasury");

    function setUp() public override {
        super.setUp();
        house.setTreasury(_treasury);
        write(WRITER, call(3000), 20e18, HOLDER);
    }

    // --- nothing is paid ---

    function test_AnEmptyPotPaysNothingAndStopsNothing() public {
        _settleLater();
        _settleLeg(STRANGER);
        assertEq(free(STRANGER, weth), 0, "nothing");
    }

    function test_OwnersEarnNothingOnTheirOwn() public {
        _accrue(FEES);
        _settleLater();
        _settleLeg(WRITER);
        vm.prank(HOLDER);
        house.redeemFor(HOLDER, call(3000));
        assertEq(free(WRITER, weth), FUNDS_WETH - FEES - 5e18, "writer");
        assertEq(free(HOLDER, weth), FUNDS_WETH + 5e18, "holder");
        assertEq(house.bountyPaid(_key), 0, "none");
    }

    /// @dev A multicall is no disguise: its caller is who settles.
    function test_OwnersEarnNothingInAMulticallEither() public {
        _accrue(FEES);
        _settleLater();
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(house.settleLeg, (WRITER, call(3000)));
        vm.prank(WRITER);
        house.multicall(calls);
        assertEq(house.bountyPaid(_key), 0, "none");
    }

    function test_AtExpiryAnItemPaysNothingYet() public {
        _accrue(FEES);
        settle(4000);
        assertEq(house.bountyOf(_key, 15e18), EACH * 60 / uint256(1 days), "a minute's worth");
        vm.warp(EXPIRY);
        assertEq(house.bountyOf(_key, 15e18), 0, "nothing");
    }

    function test_AfterItsWindowNothingIsPaid() public {
        _accrue(FEES);
        settle(4000);
        vm.warp(EXPIRY + 30 days);
        _settleLeg(STRANGER);
        assertEq(free(STRANGER, weth), 0, "nothing");
        assertEq(house.bountyOf(_key, 15e18), 0, "as was said");
    }

    function test_AnItemThatBringsItsOwnerNothingPaysNothing() public {
        write(WRITER, call(3900), 1e18, HOLDER);
        _accrue(FEES);
        settle(3000);
        vm.warp(EXPIRY + 1 days);
        vm.prank(STRANGER);
        house.redeemFor(HOLDER, call(3900));
        assertEq(free(STRANGER, weth), 0, "worthless");
        assertEq(house.bountyOf(_key, 99), 0, "less than a hundredth of a unit");
    }

    // --- what is paid ---

    function test_SettlingALegPaysTheCaller() public {
        _accrue(FEES);
        _settleLater();
        vm.expectEmit(address(house));
        emit IClearinghouse.BountyPaid(_key, STRANGER, WRITER, EACH);
        _settleLeg(STRANGER);
        assertEq(free(STRANGER, weth), EACH, "caller");
        assertEq(free(WRITER, weth), FUNDS_WETH - FEES - 5e18, "the writer is paid in full");
        assertEq(house.bountyPaid(_key), EACH, "counted");
        assertEq(house.feePot(_key), FEES - EACH, "from the pot");
    }

    function test_SettlingANettedBookPaysTheCaller() public {
        net(WRITER, call(3000), strikes1(3000));
        _accrue(FEES);
        _settleLater();
        assertEq(house.bountyOf(_key, 15e18), EACH, "said");
        vm.prank(STRANGER);
        house.settleBook(WRITER, _key);
        assertEq(free(STRANGER, weth), EACH, "caller");
    }

    function test_RedeemingForAHolderPaysTheCaller() public {
        _accrue(FEES);
        _settleLater();
        vm.expectEmit(address(house));
        emit IClearinghouse.BountyPaid(_key, STRANGER, HOLDER, 0.05e18);
        vm.prank(STRANGER);
        assertEq(house.redeemFor(HOLDER, call(3000)), 5e18, "the holder's, undiminished");
        assertEq(free(STRANGER, weth), 0.05e18, "1 % of 5");
        assertEq(free(HOLDER, weth), FUNDS_WETH + 5e18, "holder");
    }

    function test_GrowsOverADay() public {
        _accrue(FEES);
        settle(4000);
        vm.warp(EXPIRY + 6 hours);
        _settleLeg(STRANGER);
        assertEq(free(STRANGER, weth), EACH / 4, "a quarter");
    }

    function test_BatchesPayForWhatTheyDoAlone() public {
        _accrue(FEES);
        _settleLater();
        house.settleLeg(WRITER, call(3000));
        IClearinghouse.Item[] memory items = new IClearinghouse.Item[](2);
        items[0] = IClearinghouse.Item(WRITER, call(3000));
        items[1] = IClearinghouse.Item(HOLDER, call(3000));
        vm.startPrank(STRANGER);
        house.settleMany(items);
        assertEq(free(STRANGER, weth), 0, "somebody else did it");
        house.redeemMany(items);
        assertEq(free(STRANGER, weth), 0.05e18, "one of two");
    }

    // --- what it is worth to cheat ---

    /// @dev Dust earns dust: a hundred crumbs, each on an account of its own, pay less than 1 % of what they locked.
    function test_DustDoesNotPay() public {
        _accrue(FEES);
        for (uint256 i = 1; i <= 100; ++i) {
            write(WRITER, call(3900), 1e10, address(uint160(0xD0000 + i)));
        }
        _settleLater();
        vm.startPrank(STRANGER);
        for (uint256 i = 1; i <= 100; ++i) {
            house.redeemFor(address(uint160(0xD0000 + i)), call(3900));
        }
        assertLe(free(STRANGER, weth), uint256(100) * 1e10 * 100 / 4000 / 100, "1 % of what they were worth");
    }

    /// @dev However it is sliced, half the budget is all, and the settler's half is not touched.
    function testFuzz_NeverMoreThanHalfTheBudget(uint256 fees, uint8 count, uint256 cap) public {
        fees = bound(fees, 0, 32e18);
        cap = bound(cap, 0, 10e18);
        house.setBountyCap(address(weth), cap);
        uint256 many = uint256(count) % 80 + 1;
        for (uint256 i = 1; i <= many; ++i) {
            vm.prank(HOLDER);
            token.safeTransferFrom(HOLDER, address(uint160(0xD0000 + i)), SeriesId.unwrap(call(3000)), 20e18 / many, "");
        }
        _accrue(fees);
        _settleLater();
        vm.startPrank(STRANGER);
        for (uint256 i = 1; i <= many; ++i) {
            house.redeemFor(address(uint160(0xD0000 + i)), call(3000));
            if (i == many / 2) house.collectFees(_key);
        }
        house.collectFees(_key);
        uint256 budget = fees / 5;
        if (cap != 0 && cap < budget) budget = cap;
        uint256 earned = free(STRANGER, weth);
        assertLe(earned, budget - budget / 2, "half");
        assertLe(earned, 5e18 / 100, "1 % of what was moved");
        assertEq(free(address(this), weth), budget / 2, "the settler's half");
        assertEq(free(_treasury, weth) + earned + budget / 2 + house.feePot(_key), fees, "every unit");
    }

    /// @dev Collecting first takes nothing from those who work later, fees that come later add to their half, and the
    /// treasury has in the end what it would have had.
    function test_CollectingFirstTakesNothingFromItems() public {
        _accrue(FEES / 2);
        _settleLater();
        house.collectFees(_key);
        _accrue(FEES / 2);
        house.collectFees(_key);
        _settleLeg(STRANGER);
        assertEq(free(STRANGER, weth), EACH, "as if nothing had been collected");
        vm.warp(EXPIRY + 30 days);
        house.collectFees(_key);
        assertEq(free(_treasury, weth), FEES - BUDGET / 2 - EACH, "the rest");
        assertEq(house.feePot(_key), 0, "empty");
    }

    /// @dev A cap that is raised when the money has gone finds what is there.
    function test_ARaisedCapPaysNoMoreThanThereIs() public {
        house.setBountyCap(address(weth), 2);
        _accrue(FEES);
        _settleLater();
        house.collectFees(_key);
        house.setBountyCap(address(weth), 0);
        _settleLeg(STRANGER);
        assertEq(free(STRANGER, weth), 1, "the one unit that was kept");
        assertEq(house.feePot(_key), 0, "empty");
    }

    /// @dev Paying fees to oneself costs five times what they can bring.
    function test_FeedingThePotDoesNotPay() public {
        _settleLater();
        _give(STRANGER, FEES);
        vm.prank(STRANGER);
        house.accrueFee(_key, FEES);
        _settleLeg(STRANGER);
        vm.prank(STRANGER);
        house.redeemFor(HOLDER, call(3000));
        assertLe(free(STRANGER, weth), BUDGET / 2, "at most a tenth comes back");
    }

    function _settleLater() private {
        settle(4000);
        vm.warp(EXPIRY + 1 days);
    }

    function _settleLeg(address caller) private {
        vm.prank(caller);
        house.settleLeg(WRITER, call(3000));
    }

    function _give(address account, uint256 assets) private {
        vm.prank(OPERATOR);
        house.pay(OPERATOR, account, address(weth), assets);
    }

    function _accrue(uint256 assets) private {
        vm.prank(WRITER);
        house.accrueFee(_key, assets);
    }
}
