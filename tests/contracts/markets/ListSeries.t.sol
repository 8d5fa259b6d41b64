// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {SeriesId, SeriesIdLib, Side} from "../../../contracts/libraries/SeriesId.sol";
import {MarketsFixture} from "../support/MarketsFixture.sol";

contract ListSeriesTest is MarketsFixture {
    function test_RefusesACallerWithoutTheRole() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, STRANGER));
        vm.prank(STRANGER);
        markets.listSeries(new SeriesId[](0));
    }

    function test_RefusesBitsOutsideTheFields() public {
        uint256 high = SeriesId.unwrap(call(3000)) | 1 << 128;
        vm.expectRevert(abi.encodeWithSelector(IMarkets.BadSeriesId.selector, high));
        list(SeriesId.wrap(high));
        uint256 side = SeriesId.unwrap(call(3000)) | 2 << 104;
        vm.expectRevert(abi.encodeWithSelector(IMarkets.BadSeriesId.selector, side));
        list(SeriesId.wrap(side));
    }

    function test_RefusesAnUnlistedExpiry() public {
        vm.expectRevert(abi.encodeWithSelector(IMarkets.UnlistedExpiry.selector, ETH, EXPIRY + 1 days));
        list(SeriesIdLib.pack(ETH, Side.CALL, EXPIRY + 1 days, 3000e8));
    }

    function test_RefusesAnExpiryThatHasCome() public {
        vm.warp(EXPIRY);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.ExpiryInPast.selector, EXPIRY, EXPIRY));
        list(call(3000));
    }

    function test_RefusesAStrikeOfZero() public {
        vm.expectRevert(abi.encodeWithSelector(IMarkets.BadStrike.selector, 0));
        list(call(0));
    }

    function test_RefusesASecondListing() public {
        list(call(3000));
        vm.expectRevert(abi.encodeWithSelector(IMarkets.AlreadyListed.selector, SeriesId.unwrap(call(3000))));
        list(call(3000));
    }

    function test_RefusesTheSixtyFifthOfASide() public {
        for (uint64 strike = 1; strike <= 64; ++strike) {
            list(call(strike));
        }
        vm.expectRevert(abi.encodeWithSelector(IMarkets.TooManySeries.selector, 65, 64));
        list(call(65));
        list(put(65));
    }

    function test_ListsSeveralAtOnceAndForEver() public {
        SeriesId[] memory ids = new SeriesId[](2);
        (ids[0], ids[1]) = (call(3000), put(3000));
        vm.expectEmit(address(markets));
        emit IMarkets.SeriesListed(ids[0]);
        vm.expectEmit(address(markets));
        emit IMarkets.SeriesListed(ids[1]);
        markets.listSeries(ids);
        vm.warp(EXPIRY + 365 days);
        assertTrue(markets.isListed(ids[0]) && markets.isListed(ids[1]), "listed");
        assertFalse(markets.isListed(call(3001)), "not listed");
    }

    function test_TheListingCanBeReadBack() public {
        assertEq(markets.strikes(call(3000).bookKey()).length, 0);
        list(call(3000));
        list(call(2000));
        list(put(2500));
        uint64[] memory strikes = markets.strikes(call(3000).bookKey());
        assertEq(strikes.length, 2);
        assertTrue(strikes[0] == 3000e8 && strikes[1] == 2000e8, "in the order of listing");
        assertEq(markets.strikes(put(2500).bookKey()).length, 1);
    }
}
