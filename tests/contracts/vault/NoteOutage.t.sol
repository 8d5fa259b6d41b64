// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IAggregatorV3} from "../../../contracts/interfaces/IAggregatorV3.sol";
import {IVaultPricer} from "../../../contracts/interfaces/IVaultPricer.sol";
import {IVolatilityOracle} from "../../../contracts/interfaces/IVolatilityOracle.sol";
import {VaultFixture} from "./VaultFixture.sol";

/// @notice Noting that a feed reverts, answers nonsense or has an unfinished round: after three days of it leavers get out.
contract NoteOutageTest is VaultFixture {
    function setUp() public override {
        super.setUp();
        buy(calls, call3000, 10e18);
        vm.prank(alice);
        calls.requestRedeem(20e18, alice, alice);
        skip(1 hours);
    }

    function _break() private {
        vm.mockCallRevert(address(feed), abi.encodeCall(IAggregatorV3.latestRoundData, ()), "no access");
    }

    /// @dev Signers go on, so that the feed alone is what is missing.
    function _later(uint256 seconds_) private {
        for (; seconds_ > 4 hours; seconds_ -= 4 hours) {
            skip(4 hours);
            postVolatility(NEAR, 0.6e18);
        }
        skip(seconds_);
    }

    function _refuses() private {
        vm.expectPartialRevert(IVolatilityOracle.StaleSlice.selector);
        calls.process(10);
    }

    function test_aRevertingFeedLocksNobodyIn() public {
        _break();
        uint40 since = uint40(vm.getBlockTimestamp());
        vm.expectEmit(address(pricer));
        emit IVaultPricer.OutageNoted(MARKET, NEAR, since, since);
        pricer.noteOutage(MARKET, NEAR);
        for (uint256 i; i < 5; ++i) {
            _later(12 hours);
            _refuses();
            vm.prank(bob); // anybody
            pricer.noteOutage(MARKET, NEAR);
        }
        _later(12 hours - 1);
        _refuses();
        skip(1);
        (uint40 kept, uint40 seen) = pricer.outages(MARKET, NEAR);
        assertEq(uint256(kept), since);
        assertEq(uint256(seen), since + 60 hours);
        assertEq(calls.process(10), 1);
        assertGt(calls.maxWithdraw(alice), 0);
    }

    function test_anUnnotedOutageCountsFromNow() public {
        _break();
        _later(4 days);
        _refuses();
        pricer.noteOutage(MARKET, NEAR);
        _refuses();
    }

    function test_aGapStartsTheCountAgain() public {
        _break();
        pricer.noteOutage(MARKET, NEAR);
        _later(3 days + 1); // noted once, and nobody looked since
        _refuses();
        pricer.noteOutage(MARKET, NEAR);
        (uint40 since, uint40 seen) = pricer.outages(MARKET, NEAR);
        assertEq(uint256(since), vm.getBlockTimestamp());
        assertEq(uint256(seen), since);
    }

    function test_aSecondBeyondTheGapIsAGap() public {
        _break();
        pricer.noteOutage(MARKET, NEAR);
        _later(12 hours + 1);
        pricer.noteOutage(MARKET, NEAR);
        (uint40 since,) = pricer.outages(MARKET, NEAR);
        assertEq(uint256(since), vm.getBlockTimestamp());
    }

    function test_aFeedThatCanBeReadEndsIt() public {
        _break();
        pricer.noteOutage(MARKET, NEAR);
        vm.clearMockedCalls();
        vm.expectEmit(address(pricer));
        emit IVaultPricer.OutageNoted(MARKET, NEAR, 0, 0);
        pricer.noteOutage(MARKET, NEAR);
        (uint40 since, uint40 seen) = pricer.outages(MARKET, NEAR);
        assertEq(uint256(since) + seen, 0);
    }

    /// @dev A round without a date is not one of 1970: nobody is paid at the least value for one unfinished round.
    function test_anUnfinishedRoundIsNoThreeDays() public {
        vm.mockCall(
            address(feed),
            abi.encodeCall(IAggregatorV3.latestRoundData, ()),
            abi.encode(uint80(1) << 64 | 9, int256(3000e8), uint256(0), uint256(0), uint80(1) << 64 | 9)
        );
        _refuses();
        pricer.noteOutage(MARKET, NEAR);
        _refuses();
    }

    function test_aPriceOutOfRangeCountsToo() public {
        moveSpot(2_000_000);
        pricer.noteOutage(MARKET, NEAR);
        (uint40 since,) = pricer.outages(MARKET, NEAR);
        assertEq(uint256(since), vm.getBlockTimestamp());
    }

    /// @dev Whoever starves the inner call of gas cannot make a healthy feed look dead.
    function test_littleGasMakesNoOutage() public {
        for (uint256 gas_ = 20_000; gas_ < 300_000; gas_ += 2500) {
            (bool done,) = address(pricer).call{gas: gas_}(abi.encodeCall(IVaultPricer.noteOutage, (MARKET, NEAR)));
            done;
            (uint40 since,) = pricer.outages(MARKET, NEAR);
            assertEq(uint256(since), 0);
        }
    }
}
