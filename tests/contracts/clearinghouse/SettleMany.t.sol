// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {SeriesId} from "../../../contracts/libraries/SeriesId.sol";
import {ClearinghouseFixture} from "../support/ClearinghouseFixture.sol";

contract SettleManyTest is ClearinghouseFixture {
    function setUp() public override {
        super.setUp();
        // The writer: two plain legs of calls, and a netted book of puts. The operator: one plain leg.
        write(WRITER, call(3000), 2e18, HOLDER);
        write(WRITER, call(3100), 1e18, HOLDER);
        write(OPERATOR, call(3000), 1e18, HOLDER);
        write(WRITER, put(3000), 1e18, HOLDER);
        net(WRITER, put(3000), strikes1(3000));
    }

    // --- failures ---

    function test_RefusesAnExpiryWithoutAPrice() public {
        vm.warp(EXPIRY + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotSettled.selector, ETH, EXPIRY));
        house.settleMany(_items(WRITER, call(3000)));
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotSettled.selector, ETH, EXPIRY));
        house.settleMany(_items(WRITER, put(0)));
    }

    // --- what it does ---

    function test_SettlesLegsAndBooksOfAnybody() public {
        settle(3500);
        IClearinghouse.Item[] memory items = _all();
        vm.prank(STRANGER);
        bool[] memory done = house.settleMany(items);
        for (uint256 i; i < 4; ++i) {
            assertTrue(done[i], "done");
        }
        _assertSettled();
    }

    /// @dev Whatever somebody else did first, in whatever order, is skipped: the rest is done and nothing is done twice.
    function testFuzz_SkipsWhatIsDone(uint8 first) public {
        settle(3500);
        IClearinghouse.Item[] memory items = _all();
        for (uint256 i; i < 4; ++i) {
            if (first >> i & 1 == 0) continue;
            IClearinghouse.Item[] memory one = new IClearinghouse.Item[](1);
            one[0] = items[i];
            house.settleMany(one);
        }
        bool[] memory done = house.settleMany(items);
        for (uint256 i; i < 4; ++i) {
            assertEq(done[i], first >> i & 1 == 0, "what was left");
        }
        _assertSettled();
    }

    function test_TheSameItemTwiceSettlesOnce() public {
        settle(3500);
        IClearinghouse.Item[] memory items = new IClearinghouse.Item[](2);
        items[0] = items[1] = IClearinghouse.Item(WRITER, call(3000));
        bool[] memory done = house.settleMany(items);
        assertTrue(done[0], "once");
        assertFalse(done[1], "not twice");
    }

    function test_SkipsWhatIsNotThere() public {
        settle(3500);
        // A plain book by its key, a leg of a netted book, a leg of nobody, a netted book of nobody.
        IClearinghouse.Item[] memory items = new IClearinghouse.Item[](4);
        items[0] = IClearinghouse.Item(WRITER, call(0));
        items[1] = IClearinghouse.Item(WRITER, put(3000));
        items[2] = IClearinghouse.Item(STRANGER, call(3000));
        items[3] = IClearinghouse.Item(STRANGER, put(0));
        bool[] memory done = house.settleMany(items);
        for (uint256 i; i < 4; ++i) {
            assertFalse(done[i], "skipped");
        }
        assertEq(bookOf(WRITER, call(3000)).legCount, 2, "plain");
        assertEq(bookOf(WRITER, put(3000)).legCount, 1, "netted");
    }

    function test_OneByOneLeavesTheSame() public {
        settle(3500);
        uint256 state = vm.snapshotState();
        house.settleMany(_all());
        (uint256 base, uint256 quote) = (free(WRITER, weth), free(WRITER, usdc));
        vm.revertToState(state);
        house.settleLeg(WRITER, call(3000));
        house.settleLeg(WRITER, call(3100));
        house.settleBook(WRITER, put(3000).bookKey());
        assertEq(free(WRITER, weth), base, "base");
        assertEq(free(WRITER, usdc), quote, "quote");
    }

    function _assertSettled() private view {
        assertEq(uint256(bookOf(WRITER, call(3000)).kind), uint256(IClearinghouse.BookKind.SETTLED), "calls");
        assertEq(uint256(bookOf(WRITER, put(3000)).kind), uint256(IClearinghouse.BookKind.SETTLED), "puts");
        assertEq(uint256(bookOf(OPERATOR, call(3000)).kind), uint256(IClearinghouse.BookKind.SETTLED), "other");
        // 2 * 500 / 3500 and 400 / 3500, each rounded up.
        uint256 owed = _up(1000e18, 3500) + _up(400e18, 3500);
        assertEq(free(WRITER, weth), FUNDS_WETH - owed, "base");
        assertEq(free(WRITER, usdc), FUNDS_USDC, "quote");
        assertEq(free(OPERATOR, weth), FUNDS_WETH - _up(500e18, 3500), "other");
    }

    function _all() private view returns (IClearinghouse.Item[] memory items) {
        items = new IClearinghouse.Item[](4);
        items[0] = IClearinghouse.Item(WRITER, call(3000));
        items[1] = IClearinghouse.Item(WRITER, put(0));
        items[2] = IClearinghouse.Item(OPERATOR, call(3000));
        items[3] = IClearinghouse.Item(WRITER, call(3100));
    }

    function _items(address account, SeriesId series) private pure returns (IClearinghouse.Item[] memory items) {
        items = new IClearinghouse.Item[](1);
        items[0] = IClearinghouse.Item(account, series);
    }

    function _up(uint256 a, uint256 b) private pure returns (uint256) {
        return (a + b - 1) / b;
    }
}
