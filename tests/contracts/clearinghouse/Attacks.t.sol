// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {SeriesId, SeriesIdLib, Side} from "../../../contracts/libraries/SeriesId.sol";
import {ReplayFeed} from "../../../contracts/mocks/ReplayFeed.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {ClearinghouseFixture} from "../support/ClearinghouseFixture.sol";
import {Reentrant} from "../support/Receivers.sol";
import {HookToken} from "../support/Tokens.sol";

/// @notice What an attacker would try: calling back, counting twice, other people's money, dust.
contract AttacksTest is ClearinghouseFixture {
    // --- calling back in ---

    /// @dev A minted-to contract is called in the middle of `write` and `takeBack`; every door is shut then.
    function test_AReceiverOfTokensCannotCallBackIn() public {
        Reentrant attacker = new Reentrant();
        _give(address(attacker), weth, 10e18);
        bytes[] memory doors = _doors(address(attacker));
        for (uint256 i; i < doors.length; ++i) {
            attacker.arm(address(house), doors[i]);
            write(WRITER, call(3000), 1e10, address(attacker));
            _assertShut(attacker, i + 1);
        }
        assertEq(free(address(attacker), weth), 10e18, "its own balance");
    }

    function test_ATokenWithHooksCannotCallBackIn() public {
        (HookToken hook, SeriesId id) = _hookMarket();
        Reentrant attacker = new Reentrant();
        hook.mint(address(attacker), 10e18);
        attacker.perform(address(hook), abi.encodeCall(hook.approve, (address(house), type(uint256).max)));

        // Depositing in the middle of a deposit would count one transfer twice.
        attacker.arm(address(house), abi.encodeCall(house.deposit, (address(hook), 1e18)));
        attacker.perform(address(house), abi.encodeCall(house.deposit, (address(hook), 4e18)));
        _assertShut(attacker, 1);
        assertEq(house.freeBalance(address(attacker), address(hook)), 4e18, "deposited once");

        // Withdrawing again while the first withdrawal is paid.
        bytes memory again = abi.encodeCall(house.withdraw, (address(hook), 4e18, address(attacker)));
        attacker.arm(address(house), again);
        attacker.perform(address(house), again);
        _assertShut(attacker, 2);
        assertEq(hook.balanceOf(address(attacker)), 10e18, "back to the start");

        // Redeeming again while the first redemption is paid.
        attacker.arm(address(0), "");
        attacker.perform(address(house), abi.encodeCall(house.deposit, (address(hook), 10e18)));
        attacker.perform(address(house), abi.encodeCall(house.write, (address(attacker), id, 4e18, address(attacker))));
        vm.warp(EXPIRY - 30 minutes);
        uint80 last = feed.post(4000e8);
        vm.warp(EXPIRY + 60);
        markets.settle(2, EXPIRY, last);
        attacker.arm(address(house), abi.encodeCall(house.redeem, (id, 2e18, address(attacker))));
        attacker.perform(address(house), abi.encodeCall(house.redeem, (id, 2e18, address(attacker))));
        _assertShut(attacker, 3);
        assertEq(hook.balanceOf(address(attacker)), 0.5e18, "paid for what was burned");
    }

    /// @dev Whoever a token calls in the middle reads final numbers.
    function test_AHookReadsTheStateAfterTheWrite() public {
        Reentrant reader = new Reentrant();
        reader.arm(address(token), abi.encodeCall(token.totalSupply, (SeriesId.unwrap(call(3000)))));
        write(WRITER, call(3000), 2e18, address(reader));
        assertEq(abi.decode(reader.answer(), (uint256)), 2e18, "supply");
        reader.arm(address(house), abi.encodeCall(house.book, (WRITER, call(3000).bookKey())));
        write(WRITER, call(3000), 2e18, address(reader));
        assertEq(abi.decode(reader.answer(), (IClearinghouse.Book)).locked, 4e18, "locked");
    }

    function test_AReceiverThatRefusesStopsNobodyElse() public {
        vm.expectRevert();
        write(WRITER, call(3000), 1e18, address(feed));
        assertEq(lockedOf(WRITER, call(3000)), 0, "nothing locked");
        write(WRITER, call(3000), 1e18, HOLDER);
    }

    // --- other people's money ---

    /// @dev No right: no call that names another account succeeds. With either right, no call enriches its operator
    /// but the trades and payments that TRADE stands for.
    function test_AStrangerCanTouchNobodysAccount() public {
        write(HOLDER, put(2800), 1e18, WRITER);
        net(WRITER, put(3000), none());
        place(WRITER, put(2800), 1e18);
        write(WRITER, put(3000), 1e18, WRITER);
        vm.startPrank(STRANGER);
        vm.expectRevert(notAuthorised(WRITER, STRANGER, 2));
        house.withdrawFor(WRITER, address(usdc), 1);
        vm.expectRevert(notAuthorised(WRITER, STRANGER, 1));
        house.pay(WRITER, STRANGER, address(usdc), 1);
        vm.expectRevert(notAuthorised(WRITER, STRANGER, 1));
        house.write(WRITER, put(3000), 1e18, STRANGER);
        vm.expectRevert(notAuthorised(WRITER, STRANGER, 1));
        house.close(WRITER, put(3000), 1e18, STRANGER);
        vm.expectRevert(notAuthorised(WRITER, STRANGER, 1));
        house.takeBack(WRITER, put(2800), 1e18, STRANGER);
        vm.expectRevert(notAuthorised(WRITER, STRANGER, 1));
        house.place(WRITER, put(3000), 1e18);
        vm.expectRevert(notAuthorised(WRITER, STRANGER, 1));
        house.net(WRITER, put(3000).bookKey(), none());
    }

    function test_AWithdrawOperatorGainsNothingAndATraderCannotWithdraw() public {
        allow(WRITER, OPERATOR, 2);
        vm.startPrank(OPERATOR);
        house.withdrawFor(WRITER, address(usdc), FUNDS_USDC);
        assertEq(usdc.balanceOf(OPERATOR), 0, "nothing to the operator");
        assertEq(usdc.balanceOf(WRITER), FUNDS_USDC, "all to the owner");
        vm.expectRevert(notAuthorised(WRITER, OPERATOR, 1));
        house.pay(WRITER, OPERATOR, address(weth), 1);
        vm.stopPrank();
        allow(WRITER, OPERATOR, 1);
        vm.expectRevert(notAuthorised(WRITER, OPERATOR, 2));
        vm.prank(OPERATOR);
        house.withdrawFor(WRITER, address(weth), 1);
    }

    function test_AnApprovalOfTokensIsNoRightInTheClearinghouse() public {
        write(WRITER, call(3000), 1e18, HOLDER);
        vm.prank(HOLDER);
        token.setApprovalForAll(OPERATOR, true);
        settle(4000);
        vm.expectRevert(notAuthorised(HOLDER, OPERATOR, 1));
        vm.prank(OPERATOR);
        house.close(OPERATOR, call(3000), 1e18, HOLDER);
        vm.expectRevert();
        vm.prank(OPERATOR);
        house.redeem(call(3000), 1e18, OPERATOR);
    }

    // --- donations ---

    function test_ADonationChangesNothingButTheSurplus() public {
        write(WRITER, call(3000), 1e18, HOLDER);
        weth.mint(address(house), 1_000_000e18);
        settle(4000);
        vm.prank(HOLDER);
        assertEq(house.redeem(call(3000), 1e18, HOLDER), 0.25e18, "holder");
        house.settleLeg(WRITER, call(3000));
        assertEq(free(WRITER, weth), FUNDS_WETH - 0.25e18, "writer");
        vm.expectRevert(insufficient(STRANGER, weth, 1, 0));
        vm.prank(STRANGER);
        house.withdraw(address(weth), 1, STRANGER);
    }

    // --- counting twice ---

    function test_ALongIsPlacedOrRedeemedNeverBoth() public {
        write(HOLDER, call(3000), 4e18, WRITER);
        net(WRITER, call(3000), none());
        place(WRITER, call(3000), 3e18);
        settle(4000);
        house.settleBook(WRITER, call(3000).bookKey());
        vm.startPrank(WRITER);
        house.redeem(call(3000), 1e18, WRITER);
        vm.expectRevert();
        house.redeem(call(3000), 1, WRITER);
        vm.stopPrank();
        house.settleLeg(HOLDER, call(3000));
        uint256 paid = weth.balanceOf(WRITER) + free(WRITER, weth) - FUNDS_WETH;
        assertEq(paid, 1e18, "four options of a quarter");
        assertEq(free(HOLDER, weth), FUNDS_WETH - paid, "what the writer lost");
    }

    function test_OneSeriesPaysNoOther() public {
        // A token of one series closes no leg of another, whatever its strike.
        write(WRITER, call(3000), 1e18, HOLDER);
        write(HOLDER, call(3900), 1e18, WRITER);
        vm.prank(WRITER);
        vm.expectRevert();
        house.close(WRITER, call(3000), 1e18, WRITER);
        vm.prank(WRITER);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.LegTooSmall.selector, call(3900), 0, 1e18));
        house.close(WRITER, call(3900), 1e18, WRITER);
    }

    // --- dust ---

    /// @dev Writing and closing in many crumbs leaves exactly what doing it at once leaves, in a token of few decimals.
    function testFuzz_CrumbsGainNothing(uint256 seed, uint8 steps) public {
        list(put(2001));
        uint256 before = free(WRITER, usdc);
        uint256 open;
        for (uint256 i; i < uint256(steps) % 24 + 1; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint256 amount = (seed % 50 + 1) * 1e10;
            if (seed >> 128 & 1 == 0 || open < amount) {
                write(WRITER, put(2001), amount, WRITER);
                open += amount;
            } else {
                vm.prank(WRITER);
                house.close(WRITER, put(2001), amount, WRITER);
                open -= amount;
            }
            uint256 required = (open * 2001e6 + 1e18 - 1) / 1e18;
            assertEq(lockedOf(WRITER, put(2001)), required, "locked");
            assertEq(free(WRITER, usdc), before - required, "free");
        }
    }

    /// @dev A token of no decimals at all: each crumb locks a whole unit, and never pays more than it locked.
    function test_ATokenWithoutDecimalsIsRoundedAgainstTheCaller() public {
        TestToken whole = new TestToken("Whole", "WHOLE", 0);
        markets.addMarket(address(whole), address(usdc), feedConfig());
        markets.listExpiry(2, EXPIRY);
        SeriesId id = SeriesIdLib.pack(2, Side.CALL, EXPIRY, 3000e8);
        list(id);
        deposit(WRITER, whole, 10);
        write(WRITER, id, 1e10, HOLDER);
        assertEq(lockedOf(WRITER, id), 1, "a whole unit");
        write(WRITER, id, 1e18, HOLDER);
        assertEq(lockedOf(WRITER, id), 2, "rounded up once");
        settleAt(2, EXPIRY, feed, 4000e18);
        assertEq(house.redeemFor(HOLDER, id), 0, "a quarter of a unit rounds to none");
        house.settleLeg(WRITER, id);
        assertEq(house.freeBalance(WRITER, address(whole)), 9, "what is owed rounds up");
    }

    // --- a token that lies ---

    function test_ATokenOfOneMarketTouchesNoOther() public {
        (HookToken hook, SeriesId id) = _hookMarket();
        deposit(WRITER, hook, 10e18);
        write(WRITER, id, 5e18, HOLDER);
        uint256 base = weth.balanceOf(address(house));
        // Its issuer takes all of it away: the other tokens are where they were.
        vm.prank(address(house));
        hook.transfer(STRANGER, 10e18);
        assertEq(weth.balanceOf(address(house)), base, "base");
        vm.prank(WRITER);
        house.withdraw(address(weth), FUNDS_WETH, WRITER);
        assertEq(weth.balanceOf(WRITER), FUNDS_WETH, "out");
    }

    function _hookMarket() private returns (HookToken hook, SeriesId id) {
        hook = new HookToken();
        markets.addMarket(address(hook), address(usdc), feedConfig());
        markets.listExpiry(2, EXPIRY);
        id = SeriesIdLib.pack(2, Side.CALL, EXPIRY, 3000e8);
        list(id);
    }

    function _give(address account, TestToken asset, uint256 assets) private {
        deposit(STRANGER, asset, assets);
        vm.prank(STRANGER);
        house.pay(STRANGER, account, address(asset), assets);
    }

    /// @dev Every function that moves money, called by the attacker for itself with arguments that would pass otherwise.
    function _doors(address attacker) private view returns (bytes[] memory doors) {
        SeriesId id = call(3000);
        doors = new bytes[](20);
        doors[0] = abi.encodeCall(house.withdraw, (address(weth), 1, attacker));
        doors[1] = abi.encodeCall(house.withdrawFor, (attacker, address(weth), 1));
        doors[2] = abi.encodeCall(house.pay, (attacker, STRANGER, address(weth), 1));
        doors[3] = abi.encodeCall(house.write, (attacker, id, 1e10, attacker));
        doors[4] = abi.encodeCall(house.close, (attacker, id, 1e10, attacker));
        doors[5] = abi.encodeCall(house.net, (attacker, id.bookKey(), none()));
        doors[6] = abi.encodeCall(house.place, (attacker, id, 1e10));
        doors[7] = abi.encodeCall(house.takeBack, (attacker, id, 1e10, attacker));
        doors[8] = abi.encodeCall(house.settleLeg, (WRITER, id));
        doors[9] = abi.encodeCall(house.settleBook, (WRITER, id.bookKey()));
        doors[10] = abi.encodeCall(house.redeem, (id, 1, attacker));
        doors[11] = abi.encodeCall(house.redeemFor, (attacker, id));
        doors[12] = abi.encodeCall(house.accrueFee, (id.bookKey(), 1));
        doors[13] = abi.encodeCall(house.deposit, (address(weth), 1));
        doors[14] = abi.encodeCall(house.depositWithPermit, (address(weth), 1, START, 27, 0, 0));
        doors[15] = abi.encodeCall(house.multicall, (new bytes[](0)));
        doors[16] = abi.encodeCall(house.settleMany, (new IClearinghouse.Item[](0)));
        doors[17] = abi.encodeCall(house.redeemMany, (new IClearinghouse.Item[](0)));
        doors[18] = abi.encodeCall(house.collectFees, (id.bookKey()));
        doors[19] = abi.encodeCall(house.accrueFeeFor, (attacker, id.bookKey(), 1));
    }

    function _assertShut(Reentrant attacker, uint256 tries) private view {
        assertGe(attacker.tries(), tries, "the hook was called");
        assertFalse(attacker.succeeded(), "a call back in went through");
        assertEq(
            uint256(uint32(bytes4(attacker.answer()))),
            uint256(uint32(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)),
            "refused by the guard itself"
        );
    }
}
