// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {IAccountLens} from "../../../contracts/interfaces/lens/IAccountLens.sol";
import {SeriesId, SeriesIdLib, Side} from "../../../contracts/libraries/SeriesId.sol";
import {Bomb, GasEater, LensFixture} from "./LensFixture.sol";

contract AccountLensTest is LensFixture {
    function read(address account_) private view returns (IAccountLens.AccountView memory) {
        return accountLens.account(account_, MARKET, 0, 10);
    }

    function test_AnUnknownMarketIsRefused() public {
        vm.expectRevert(abi.encodeWithSelector(IMarkets.UnknownMarket.selector, 9));
        accountLens.account(bob, 9, 0, 10);
    }

    function test_AHostileTokenLeavesOnlyItsOwnFieldsEmpty() public {
        uint256 free_ = house.freeBalance(bob, address(weth));
        address[4] memory hostile =
            [address(new GasEater()), address(new Bomb(true)), address(new Bomb(false)), address(0)];
        for (uint256 i; i < 4; ++i) {
            vm.etch(address(weth), hostile[i].code);
            IAccountLens.AccountView memory v = accountLens.account{gas: 20_000_000}(bob, MARKET, 0, 10);
            // more than a word is no bomb's virtue: its first word is the answer
            assertEq(v.base.readable, i == 2, "base");
            assertEq(v.base.free, free_, "free");
            assertTrue(v.quote.readable, "quote");
        }
        vm.mockCall(address(usdc), abi.encodeWithSignature("balanceOf(address)", bob), hex"01");
        assertFalse(read(bob).quote.readable, "a short answer");
    }

    function test_BalancesOfTokensByName() public view {
        address[] memory tokens = new address[](2);
        (tokens[0], tokens[1]) = (address(usdc), address(weth));
        IAccountLens.Balance[] memory list = accountLens.balances(bob, tokens);
        assertEq(list[0].token, address(usdc));
        assertEq(list[0].wallet, usdc.balanceOf(bob));
        assertEq(list[0].free, house.freeBalance(bob, address(usdc)));
        assertEq(list[1].token, address(weth));
        assertEq(list[1].free, 500e18);
    }

    function test_BalancesInHandFreeAndAllowed() public {
        vm.deal(bob, 3 ether);
        vm.prank(bob);
        usdc.approve(address(house), 77);
        IAccountLens.AccountView memory v = read(bob);
        assertEq(v.native, 3 ether);
        assertEq(v.base.token, address(weth));
        assertEq(v.base.wallet, weth.balanceOf(bob));
        assertEq(v.base.allowance, type(uint256).max);
        assertEq(v.base.free, 500e18);
        assertEq(v.quote.token, address(usdc));
        assertEq(v.quote.allowance, 77);
        assertEq(v.quote.free, 1_500_000e6);
        assertEq(v.positions.length, 0);
        assertEq(v.next, 0);
        assertFalse(v.redeemForAllowed, "opted in");
    }

    function test_TokensHeldAreFoundWithoutBeingNamed() public {
        buy(calls, call3300, 2e18);
        buy(puts, put2700, 1e18);
        IAccountLens.AccountView memory v = read(bob);
        assertEq(v.positions.length, 2);
        assertEq(SeriesId.unwrap(v.positions[0].holdings[0].series), SeriesId.unwrap(call3300));
        assertEq(v.positions[0].holdings[0].held, 2e18);
        assertEq(SeriesId.unwrap(v.positions[1].holdings[0].series), SeriesId.unwrap(put2700));
        assertEq(v.positions[1].worstLoss, 0, "longs owe nothing");
    }

    function test_APlainBookShowsEachLegAndLocksEach() public {
        write(bob, call3300, 2e18);
        write(bob, call3000, 1e18);
        vm.startPrank(bob);
        token.safeTransferFrom(bob, alice, SeriesId.unwrap(call3000), 1e18, "");
        vm.stopPrank();
        IAccountLens.Position memory p = accountLens.position(bob, call3000.bookKey());
        assertEq(uint8(p.kind), uint8(IClearinghouse.BookKind.PLAIN));
        assertEq(p.locked, 3e18);
        assertEq(p.required, 3e18);
        assertEq(p.holdings.length, 2);
        // ascending by strike, whatever the order of writing
        assertEq(p.holdings[0].booked, -1e18);
        assertEq(p.holdings[1].booked, -2e18);
        assertEq(p.holdings[1].held, 2e18);
        // what is written and held at one strike owes nothing
        assertEq(p.worstLoss, 1e18);
        assertEq(p.worstPrice, type(uint256).max);
    }

    function test_ANettedBookLocksItsWorstLoss() public {
        write(bob, call3300, 1e18);
        net(bob, only(call3300));
        place(bob, call3300, 0.4e18);
        buy(calls, call3000, 1e18);
        place(bob, call3000, 1e18);
        IAccountLens.Position memory p = accountLens.position(bob, call3000.bookKey());
        assertEq(uint8(p.kind), uint8(IClearinghouse.BookKind.NETTED));
        assertEq(p.locked, p.required);
        assertEq(p.required, 0);
        assertEq(p.holdings[0].booked, 1e18);
        assertEq(p.holdings[1].booked, -0.6e18);
        assertEq(p.holdings[1].held, 0.6e18);
    }

    function test_AfterSettlementSaysWhatEachPays() public {
        write(bob, call3000, 1e18);
        write(bob, put3000, 1e18);
        settle(NEAR, 4000);
        IAccountLens.AccountView memory v = read(bob);
        assertEq(v.positions[0].settlementPrice, 4000e18);
        assertEq(v.positions[0].settlementCredit, 0.75e18);
        assertEq(v.positions[0].holdings[0].payoff, 0.25e18);
        assertEq(v.positions[1].settlementCredit, 3000e6);
        uint256 before = house.freeBalance(bob, address(weth));
        vm.startPrank(bob);
        house.settleLeg(bob, call3000);
        assertEq(house.freeBalance(bob, address(weth)) - before, 0.75e18, "promised is got");
        uint256 paid = house.redeem(call3000, 1e18, bob);
        vm.stopPrank();
        assertEq(paid, 0.25e18, "redeemed");
    }

    function test_ANettedBooksCreditIsWhatSettlingCredits() public {
        write(bob, call3000, 1e18);
        net(bob, only(call3000));
        buy(calls, call3300, 1e18);
        place(bob, call3300, 1e18);
        settle(NEAR, 3200);
        uint256 promised = accountLens.position(bob, call3000.bookKey()).settlementCredit;
        uint256 before = house.freeBalance(bob, address(weth));
        house.settleBook(bob, call3000.bookKey());
        assertEq(house.freeBalance(bob, address(weth)) - before, promised);
        assertEq(accountLens.position(bob, call3000.bookKey()).settlementCredit, 0);
    }

    function test_PagesByExpiry() public {
        write(bob, call3000, 1e18);
        write(bob, SeriesIdLib.pack(MARKET, Side.CALL, FAR, 3000e8), 1e18);
        IAccountLens.AccountView memory v = accountLens.account(bob, MARKET, 0, 1);
        assertEq(v.positions.length, 1);
        assertEq(v.next, 1);
        v = accountLens.account(bob, MARKET, 1, 1);
        assertEq(v.positions.length, 1);
        assertEq(v.positions[0].key.expiry(), FAR);
        assertEq(v.next, 0);
        assertEq(accountLens.account(bob, MARKET, 2, 1).positions.length, 0);
    }
}
