// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {Side} from "../../../contracts/libraries/SeriesId.sol";
import {TurncoatToken} from "../invariants/TurncoatToken.sol";
import {Reentrant} from "../support/Receivers.sol";
import {FeeToken} from "../support/Tokens.sol";
import {IVault, VaultFixture} from "./VaultFixture.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @notice Known ways to hold up, overtake or empty a queue, tried.
contract QueuesTest is VaultFixture {
    address internal carol;
    address internal mallory;
    TurncoatToken internal turncoat;

    function setUp() public override {
        super.setUp();
        carol = makeAddr("carol");
        mallory = makeAddr("mallory");
    }

    /// @dev A vault for calls on a market whose base its issuer can turn against its holders.
    function _turncoatVault() private returns (IVault vault) {
        turncoat = new TurncoatToken("TURN", 18);
        uint16 market = markets.addMarket(address(turncoat), address(usdc), feedConfig());
        vault = _newVault(market, Side.CALL);
    }

    function _request(IVault vault, address who, uint256 assets) private returns (uint256) {
        return requestDeposit(vault, who, assets);
    }

    // --- dust ---

    /// @dev Ten thousand requests, half of them taken back, stand before one honest depositor and one leaver. Each call of
    /// a bounded size gets further, so that they are served whatever stands before them.
    function test_tenThousandDustRequestsStopNobody() public {
        vm.pauseGasMetering();
        uint256 least = 1e15;
        weth.mint(mallory, 10_000 * least);
        vm.startPrank(mallory);
        weth.approve(address(calls), type(uint256).max);
        uint256 first = calls.requestDeposit(least, mallory, mallory);
        for (uint256 i = 1; i < 10_000; ++i) {
            calls.requestDeposit(least, mallory, mallory);
        }
        for (uint256 i; i < 10_000; i += 2) {
            calls.cancelDeposit(first + i);
        }
        vm.stopPrank();
        _request(calls, carol, 5e18);
        vm.prank(alice);
        calls.requestRedeem(50e18, alice, alice);
        skip(1 hours);
        vm.resumeGasMetering();
        uint256 largest;
        uint256 steps;
        while (calls.maxWithdraw(alice) == 0) {
            uint256 left = gasleft();
            calls.process(250);
            left -= gasleft();
            if (left > largest) largest = left;
            ++steps;
        }
        assertEq(steps, 41); // 10,002 requests
        assertLt(largest, 15_000_000); // half of a block of 30 million
        assertEq(calls.maxDeposit(carol), 5e18);
        assertEq(calls.maxWithdraw(alice), 50e18);
    }

    /// @dev A redemption too small to be paid a unit is served with nothing, and holds nobody up.
    function test_aDustBalanceIsNoPlug() public {
        vm.prank(alice);
        puts.transfer(mallory, 5e11); // half a unit of USDC
        vm.prank(mallory);
        uint256 plug = puts.requestRedeem(5e11, mallory, mallory);
        vm.prank(alice);
        puts.requestRedeem(10e18, alice, alice);
        skip(1 hours);
        refresh();
        assertEq(puts.process(2), 2);
        assertEq(puts.pendingRedeemRequest(plug, mallory), 0);
        assertEq(puts.maxWithdraw(mallory), 0);
        assertEq(puts.maxWithdraw(alice), 10e6);
    }

    // --- order ---

    /// @dev Taking a request back and asking again goes to the end: no place in the queue can be kept or gained.
    function test_askingAgainGoesToTheEnd() public {
        vm.prank(alice);
        calls.transfer(mallory, 50e18);
        buy(calls, call3000, 60e18); // 40 are left for leavers
        vm.startPrank(mallory);
        uint256 early = calls.requestRedeem(30e18, mallory, mallory);
        vm.stopPrank();
        vm.prank(alice);
        uint256 honest = calls.requestRedeem(50e18, alice, alice);
        vm.startPrank(mallory);
        calls.cancelRedeem(early);
        uint256 late = calls.requestRedeem(50e18, mallory, mallory);
        vm.stopPrank();
        assertGt(late, honest);
        skip(1 hours);
        refresh();
        calls.process(10);
        assertGt(calls.claimableRedeemRequest(honest, alice), 0);
        assertEq(calls.claimableRedeemRequest(late, mallory), 0);
    }

    /// @dev Whoever processes chooses how many at once, not who, nor at what value.
    function testFuzz_stepsOfAnySizeServeTheSame(uint256 seed) public {
        buy(calls, call3000, 30e18);
        for (uint256 i; i < 6; ++i) {
            _request(calls, i % 2 == 0 ? carol : mallory, 1e18 + uint256(keccak256(abi.encode(seed, i))) % 5e18);
        }
        vm.prank(alice);
        calls.requestRedeem(80e18, alice, alice);
        skip(1 hours);
        refresh();
        uint256 id = vm.snapshotState();
        calls.process(10);
        uint256[4] memory whole = _served();
        vm.revertToState(id);
        uint256 steps;
        while (steps < 7) {
            vm.prank(mallory);
            steps += calls.process(1 + (seed >> (8 * steps)) % 3);
        }
        uint256[4] memory stepped = _served();
        assertEq(stepped[0], whole[0]);
        assertEq(stepped[1], whole[1]);
        // marks are summed for the whole book each time: the same to the unit
        assertEq(stepped[2], whole[2]);
        assertEq(stepped[3], whole[3]);
    }

    function _served() private view returns (uint256[4] memory) {
        return [calls.maxMint(carol), calls.maxMint(mallory), calls.maxWithdraw(alice), calls.idleAssets()];
    }

    // --- receivers ---

    /// @dev Processing pays nobody: a controller whom the token refuses stops nobody else, and may claim elsewhere.
    function test_aRefusedReceiverStopsNobody() public {
        IVault vault = _turncoatVault();
        _enter(vault, mallory, 10e18);
        _enter(vault, carol, 10e18);
        vm.prank(mallory);
        vault.requestRedeem(10e18, mallory, mallory);
        vm.prank(carol);
        vault.requestRedeem(10e18, carol, carol);
        turncoat.setRefused(mallory, true);
        skip(1 hours);
        assertEq(vault.process(10), 2);
        vm.prank(carol);
        assertEq(vault.redeem(10e18, carol, carol), 10e18);
        vm.startPrank(mallory);
        vm.expectRevert(abi.encodeWithSelector(TurncoatToken.Refused.selector, mallory));
        vault.redeem(10e18, mallory, mallory);
        assertEq(vault.redeem(10e18, bob, mallory), 10e18);
    }

    /// @dev One who cannot be paid back cannot cancel, and is served in turn as if nothing were.
    function test_aRefusedCancellerIsServedInTurn() public {
        IVault vault = _turncoatVault();
        uint256 id = _request(vault, mallory, 10e18);
        _request(vault, carol, 10e18);
        turncoat.setRefused(mallory, true);
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(TurncoatToken.Refused.selector, mallory));
        vault.cancelDeposit(id);
        skip(1 hours);
        assertEq(vault.process(10), 2);
        assertEq(vault.maxDeposit(carol), 10e18);
    }

    function _enter(IVault vault, address who, uint256 assets) private {
        _request(vault, who, assets);
        skip(1 hours);
        vault.process(10);
        vm.prank(who);
        vault.deposit(assets, who, who);
    }

    /// @dev A token that takes a fee can back no shares: the deposit is refused whole, before and after others are in.
    function test_aTokenThatTakesAFeeIsRefused() public {
        IVault vault = _turncoatVault();
        _enter(vault, carol, 10e18);
        turncoat.setFeeBps(100);
        turncoat.mint(mallory, 10e18);
        vm.startPrank(mallory);
        turncoat.approve(address(vault), 10e18);
        // the fee of the first hop already leaves the vault with less than it says it deposits
        vm.expectRevert();
        vault.requestDeposit(10e18, mallory, mallory);
        vm.stopPrank();
        FeeToken other = new FeeToken();
        IVault second = _newVault(markets.addMarket(address(other), address(usdc), feedConfig()), Side.CALL);
        other.mint(mallory, 10e18);
        vm.startPrank(mallory);
        other.approve(address(second), 10e18);
        vm.expectRevert();
        second.requestDeposit(10e18, mallory, mallory);
        vm.stopPrank();
        (uint256 pending,,,) = vault.queueTotals();
        assertEq(pending, 0);
    }

    // --- hooks ---

    /// @dev A token that calls its receiver: nothing of the vault can be entered from there, whatever is being paid.
    function test_aHookEntersNothing() public {
        IVault vault = _turncoatVault();
        Reentrant evil = new Reentrant();
        turncoat.mint(address(evil), 20e18);
        evil.perform(address(turncoat), abi.encodeCall(turncoat.approve, (address(vault), type(uint256).max)));
        bytes[6] memory entries = [
            abi.encodeCall(vault.requestDeposit, (1e18, address(evil), address(evil))),
            abi.encodeCall(vault.requestRedeem, (1e18, address(evil), address(evil))),
            abi.encodeCall(vault.process, (1)),
            abi.encodeCall(vault.redeem, (1, address(evil), address(evil))),
            abi.encodeWithSignature("deposit(uint256,address,address)", 1, address(evil), address(evil)),
            abi.encodeCall(vault.cancelDeposit, (1))
        ];
        for (uint256 i; i < 6; ++i) {
            evil.arm(address(vault), entries[i]);
            uint256 tries = evil.tries();
            // the hook of the sender on the way in, that of the receiver on the way back
            evil.perform(address(vault), abi.encodeCall(vault.requestDeposit, (1e18, address(evil), address(evil))));
            _checkRefused(evil, tries);
            tries = evil.tries();
            evil.perform(address(vault), abi.encodeCall(vault.cancelDeposit, (i + 1)));
            _checkRefused(evil, tries);
        }
        assertEq(turncoat.balanceOf(address(evil)), 20e18);
        assertEq(free(address(vault), address(turncoat)), 0);
    }

    function _checkRefused(Reentrant evil, uint256 before) private view {
        assertGt(evil.tries(), before);
        assertFalse(evil.succeeded());
        assertEq(evil.answer(), abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector));
    }

    // --- capacity ---

    /// @dev Requests that merely wait cannot fill the cap against others, nor be lent out: only what is processed counts.
    function test_whatWaitsIsNeverLockable() public {
        _request(calls, carol, 500e18);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.UtilisationAboveCap.selector, 91e18, LIQUIDITY));
        calls.buy(call3000, 91e18, type(uint256).max, bob, type(uint256).max, IOptionVault.Funds.FREE_BALANCE);
        // nor is what was processed for leavers
        vm.prank(alice);
        calls.requestRedeem(50e18, alice, alice);
        skip(50 minutes); // before carol's notice ends only in her favour: both end at once
        skip(10 minutes);
        refresh();
        calls.process(2);
        assertEq(calls.idleAssets(), 550e18);
        assertEq(free(address(calls), address(weth)), 600e18);
    }

    /// @dev The vault's free balance in the Clearinghouse is out of everybody's reach.
    function test_theQueuesMoneyIsOutOfReach() public {
        _request(calls, carol, 5e18);
        vm.startPrank(mallory);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.NotAuthorised.selector, address(calls), mallory, 2));
        house.withdrawFor(address(calls), address(weth), 5e18);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.NotAuthorised.selector, address(calls), mallory, 1));
        house.pay(address(calls), mallory, address(weth), 5e18);
    }
}
