// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {BookKey, BookKeyLib, Side} from "../../../contracts/libraries/SeriesId.sol";
import {ClearinghouseFixture} from "../support/ClearinghouseFixture.sol";

contract AccrueFeeTest is ClearinghouseFixture {
    BookKey private _calls = BookKeyLib.pack(ETH, Side.CALL, EXPIRY);
    BookKey private _puts = BookKeyLib.pack(ETH, Side.PUT, EXPIRY);

    function test_RefusesABookThatIsNotListed() public {
        BookKey[3] memory unlisted = [
            BookKeyLib.pack(ETH, Side.CALL, EXPIRY + 1 days),
            BookKey.wrap(BookKey.unwrap(_calls) | 1 << 64),
            BookKey.wrap(BookKey.unwrap(_calls) | 2 << 40)
        ];
        for (uint256 i; i < unlisted.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IClearinghouse.UnlistedBook.selector, unlisted[i]));
            vm.prank(WRITER);
            house.accrueFee(unlisted[i], 1);
        }
    }

    function test_RefusesMoreThanIsFree() public {
        vm.expectRevert(insufficient(STRANGER, weth, 1, 0));
        vm.prank(STRANGER);
        house.accrueFee(_calls, 1);
    }

    function test_FillsThePotOfOneSideInItsAsset() public {
        vm.expectEmit(address(house));
        emit IClearinghouse.FeeAccrued(_calls, WRITER, 10);
        vm.startPrank(WRITER);
        house.accrueFee(_calls, 10);
        house.accrueFee(_calls, 5);
        house.accrueFee(_puts, 3);
        assertEq(house.feePot(_calls), 15, "calls");
        assertEq(house.feePot(_puts), 3, "puts");
        assertEq(free(WRITER, weth), FUNDS_WETH - 15, "base");
        assertEq(free(WRITER, usdc), FUNDS_USDC - 3, "quote");
    }

    // --- from somebody else's balance ---

    function test_RefusesAPayerWhoGaveNoRights() public {
        allow(WRITER, OPERATOR, 2);
        vm.expectRevert(notAuthorised(WRITER, OPERATOR, 1));
        vm.prank(OPERATOR);
        house.accrueFeeFor(WRITER, _calls, 1);
    }

    function test_RefusesAnUnlistedBookForAPayer() public {
        BookKey unlisted = BookKeyLib.pack(ETH, Side.CALL, EXPIRY + 1 days);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.UnlistedBook.selector, unlisted));
        vm.prank(WRITER);
        house.accrueFeeFor(WRITER, unlisted, 1);
    }

    function test_ATraderLetsAnOperatorPayFromItsBalance() public {
        allow(WRITER, OPERATOR, 1);
        vm.expectEmit(address(house));
        emit IClearinghouse.FeeAccrued(_calls, WRITER, 10);
        vm.prank(OPERATOR);
        house.accrueFeeFor(WRITER, _calls, 10);
        assertEq(house.feePot(_calls), 10, "pot");
        assertEq(free(WRITER, weth), FUNDS_WETH - 10, "the payer's");
        assertEq(free(OPERATOR, weth), FUNDS_WETH, "not the caller's");
    }
}
