// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {IVolatilityOracle} from "../../../contracts/interfaces/IVolatilityOracle.sol";
import {SeriesId, SeriesIdLib, Side} from "../../../contracts/libraries/SeriesId.sol";
import {VaultFixture} from "./VaultFixture.sol";

/// @notice Every role turned hostile, at the ends of what the code lets it do: nobody's money is taken or held.
contract RolesTest is VaultFixture {
    address internal carol;
    uint256 internal waiting;

    function setUp() public override {
        super.setUp();
        carol = makeAddr("carol");
        buy(calls, call3000, 20e18);
        waiting = requestDeposit(calls, carol, 5e18);
    }

    /// @dev Everything that must always work, while all is paused or set against it: leave, cancel, settle, release, claim.
    function _everybodyGetsOut() private {
        uint256 shares = calls.balanceOf(alice);
        vm.prank(alice);
        calls.requestRedeem(shares, alice, alice);
        vm.prank(carol);
        calls.cancelDeposit(waiting);
        assertEq(weth.balanceOf(carol), 5e18);
        settle(NEAR, 3300);
        calls.release(call3000);
        skip(7 days); // the longest notice that there can be
        while (calls.pendingRedeemRequest(1, alice) != 0) {
            calls.process(10);
        }
        vm.prank(alice);
        uint256 paid = calls.redeem(shares, alice, alice);
        // 100 deposited, premium earned, 20 * 300 / 3300 paid out
        assertGt(paid, LIQUIDITY - uint256(20e18) * 300 / 3300);
        vm.prank(bob);
        assertEq(house.redeem(call3000, 20e18, bob), uint256(20e18) * 300 / 3300);
    }

    function test_aGuardianStopsNewRiskOnly() public {
        vm.expectEmit(address(calls));
        emit IOptionVault.TradesPaused(true);
        calls.setTradesPaused(true);
        vm.expectEmit(address(calls));
        emit IOptionVault.DepositsPaused(true);
        calls.setDepositsPaused(true);
        house.setWritesPaused(true);
        vm.expectRevert(IOptionVault.Paused.selector);
        calls.requestDeposit(1e18, address(this), address(this));
        vm.prank(bob);
        vm.expectRevert(IOptionVault.Paused.selector);
        calls.buy(call3000, 1e18, type(uint256).max, bob, type(uint256).max, IOptionVault.Funds.FREE_BALANCE);
        // writers close what they wrote themselves
        vm.startPrank(bob);
        vm.expectRevert(IClearinghouse.Paused.selector);
        house.write(bob, call3000, 1e18, bob);
        house.withdraw(address(weth), 1e18, bob);
        vm.stopPrank();
        _everybodyGetsOut();
    }

    /// @dev What was asked before the pause is neither processed nor lost, and a claim already processed is paid out.
    function test_aPauseKeepsNoClaim() public {
        skip(1 hours);
        refresh();
        calls.process(1);
        calls.setTradesPaused(true);
        calls.setDepositsPaused(true);
        uint256 claimable = calls.maxDeposit(carol);
        vm.prank(carol);
        assertGt(calls.deposit(claimable, carol, carol), 0);
    }

    /// @dev An administrator at every end of the bounds: the dearest and the cheapest vault, no deposits, the longest notice.
    function test_anAdministratorAtTheBounds() public {
        calls.setParams(
            IOptionVault.Params({
                halfSpread: 0.5e18,
                halfSpreadPerDay: 10e18,
                skew: 10e18,
                use: 1e18,
                minRate: 1e18,
                floor: 0.05e18,
                minAbsDelta: 0.9e18,
                maxAbsDelta: 1e18,
                maxUtilisation: 1,
                minAmount: 1000e18,
                guardWindow: 1 days,
                noticeSeconds: 7 days,
                depositCap: 0,
                minRequest: type(uint128).max
            })
        );
        calls.setFees(IOptionVault.Fees({ofNotional: 0.005e18, ofPremium: 0.2e18, performance: 0.3e18}));
        _everybodyGetsOut();
    }

    /// @dev The cheapest that the bounds allow still gives nothing away: no trade, and no trade and back, pays.
    function test_theCheapestVaultGivesNothingAway() public {
        IOptionVault.Params memory p = calls.params();
        (p.halfSpread, p.skew, p.use, p.minRate, p.floor) = (0.001e18, 0, 0, 0, 0);
        (p.minAbsDelta, p.maxAbsDelta, p.minAmount, p.guardWindow) = (0, 1e18, 1, 0);
        calls.setParams(p);
        calls.setFees(IOptionVault.Fees(0, 0, 0));
        SeriesId[3] memory all = [call3000, call3300, SeriesIdLib.pack(MARKET, Side.CALL, FAR, 2400e8)];
        for (uint256 i; i < 3; ++i) {
            IOptionVault.Quote memory q = calls.quoteBuy(all[i], 1e18);
            assertGt(q.total, q.mark);
            uint256 paid = buy(calls, all[i], 1e18);
            assertLt(sell(calls, all[i], 1e18), paid);
        }
        // a nonzero amount never has a zero premium
        assertGt(buy(calls, call3300, 1e10), 0);
    }

    /// @dev A change between a quote and the trade meets the trader's limit, not his money.
    function test_aChangeAheadOfATradeMeetsItsLimit() public {
        uint256 cost = calls.quoteBuy(call3000, 1e18).total;
        IOptionVault.Params memory p = calls.params();
        p.halfSpread = 0.5e18;
        calls.setParams(p);
        vm.prank(bob);
        vm.expectPartialRevert(IOptionVault.CostAboveLimit.selector);
        calls.buy(call3000, 1e18, cost, bob, type(uint256).max, IOptionVault.Funds.FREE_BALANCE);
        vm.prank(bob);
        vm.expectPartialRevert(IOptionVault.ProceedsBelowLimit.selector);
        calls.sell(call3000, 1e18, cost / 2, bob, type(uint256).max, IOptionVault.Funds.FREE_BALANCE);
    }

    /// @dev A lister's absurd strikes are refused by their delta, a new expiry without signers' slice by the oracle, and a
    /// new feed never touches what is listed.
    function test_aListerBendsNothing() public {
        SeriesId[] memory list = new SeriesId[](3);
        list[0] = SeriesIdLib.pack(MARKET, Side.CALL, NEAR, 1);
        list[1] = SeriesIdLib.pack(MARKET, Side.CALL, NEAR, 2_000_000e8);
        uint40 fresh = FAR + 7 days;
        markets.listExpiry(MARKET, fresh);
        list[2] = SeriesIdLib.pack(MARKET, Side.CALL, fresh, 3000e8);
        markets.listSeries(list);
        vm.expectRevert(); // beyond what can be priced, or outside the band
        calls.quoteBuy(list[0], 1e18);
        vm.expectPartialRevert(IOptionVault.DeltaOutsideBand.selector);
        calls.quoteBuy(list[1], 1e18);
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.NoSlice.selector, MARKET, fresh));
        calls.quoteBuy(list[2], 1e18);

        uint256 cost = calls.quoteBuy(call3000, 1e18).total;
        IMarkets.FeedConfig memory other = feedConfig();
        (other.maxAge, other.deviationBps) = (90 minutes, 1);
        markets.setFeed(MARKET, other);
        assertEq(calls.quoteBuy(call3000, 1e18).total, cost);
    }

    function test_aTreasurerReachesNothing() public {
        uint256 idle = calls.idleAssets();
        uint256 pot = house.feePot(call3000.bookKey());
        house.setTreasury(makeAddr("thief"));
        house.setBountyCap(address(weth), 1);
        assertEq(calls.idleAssets(), idle);
        assertGt(pot, 0);
        assertEq(free(address(calls), address(weth)), booked(calls));
        _everybodyGetsOut();
        // the pot, and nothing else, is the treasury's
        house.collectFees(call3000.bookKey());
        assertLe(free(makeAddr("thief"), address(weth)), pot);
    }

    /// @dev A signer who halts again and again stops trades, never the way out.
    function test_aSignerHaltsNoExit() public {
        vm.prank(signers[0]);
        oracle.halt(MARKET, NEAR);
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.Halted.selector, MARKET, NEAR));
        calls.quoteBuy(call3000, 1e18);
        vm.prank(alice);
        calls.requestRedeem(20e18, alice, alice);
        skip(1 hours);
        calls.setDepositsPaused(true);
        assertEq(calls.process(10), 1);
        assertGt(calls.maxWithdraw(alice), 0);
    }
}
