// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IVolatilityOracle} from "../../../contracts/interfaces/IVolatilityOracle.sol";
import {HostileOracleHandler} from "./HostileOracleHandler.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @notice What must always hold of settlement prices and volatility slices, whatever feeds, keepers, signers and roles do.
contract OracleInvariants is HostileOracleHandler {
    /// @dev What was seen of an expiry at the last look.
    mapping(uint40 expiry => uint256) private _price;
    mapping(uint40 expiry => uint256) private _timestamp;

    function setUp() public override {
        super.setUp();
        targetHandler(address(this), _selectors());
    }

    function _selectors() private pure returns (bytes4[] memory s) {
        s = new bytes4[](16);
        s[0] = this.doRound.selector;
        s[1] = this.doPhase.selector;
        s[2] = this.doWait.selector;
        s[3] = this.doApproach.selector;
        s[4] = this.doSettle.selector;
        s[5] = this.doProveWrong.selector;
        s[6] = this.doReport.selector;
        s[7] = this.doForge.selector;
        s[8] = this.doMisdate.selector;
        s[9] = this.doHalt.selector;
        s[10] = this.doAbuseRoles.selector;
        s[11] = this.doOverreach.selector;
        s[12] = this.doReportAll.selector;
        s[13] = this.doCheckpoint.selector;
        s[14] = this.doKillFeed.selector;
        s[15] = this.doFallBack.selector;
    }

    /// @dev The invariants are worth what the calls reach.
    function test_TheCallsReachEverything() public {
        bytes4[] memory selectors = _selectors();
        for (uint256 i; i < 740; ++i) {
            uint256 seed = uint256(keccak256(abi.encode(i)));
            bytes4 selector = selectors[seed % 16];
            // Expiries come late in this run, so that there is time for what comes before.
            if ((selector == this.doApproach.selector || selector == this.doWait.selector) && i < 500) continue;
            // A feed that is gone has a test of its own.
            if (selector == this.doKillFeed.selector) continue;
            (bool ok,) = address(this).call(abi.encodePacked(selector, seed >> 16, seed >> 64));
            ok;
            if (i % 20 == 0) invariant_NobodyChoosesAPriceOrAVolatility();
        }
        bytes32[14] memory names = [
            bytes32("round"),
            "phase",
            "wait",
            "approach",
            "settle",
            "proveWrong",
            "report",
            "forge",
            "misdate",
            "halt",
            "abuseRoles",
            "overreach",
            "reportAll",
            "checkpoint"
        ];
        for (uint256 i; i < names.length; ++i) {
            assertGt(done[names[i]], 0, string(abi.encodePacked(names[i])));
        }
        afterInvariant();
    }

    /// @dev Each fallback is reached: by a stalled feed the last round, by one that is gone the checkpoint.
    function test_EveryRuleSettles() public {
        vm.warp(NEAR - 10 hours);
        _round(3100e8);
        this.doCheckpoint(0);
        vm.warp(NEAR + 1 days - 1);
        this.doFallBack(1 << 9);
        assertEq(done["lastRound"], 0, "not yet");
        skip(1);
        this.doFallBack(1 << 9);
        assertEq(done["lastRound"], 1, "at the last round");
        this.doKillFeed(12);
        vm.warp(NEAR + 9 days - 1);
        this.doFallBack(2 | 1 << 9);
        assertEq(done["atCheckpoint"], 0, "not yet");
        skip(1);
        this.doFallBack(2 | 1 << 9);
        assertEq(done["atCheckpoint"], 1, "at the checkpoint");
        invariant_NobodyChoosesAPriceOrAVolatility();
        afterInvariant();
    }

    /// @notice Life cycle: a settlement price is written once, after expiry, from the one valid proof, and is the average
    /// of the window; the settings of a listed expiry never change. Signatures: a slice changes only by a report of
    /// enough distinct current signers and a newer time. A stored slice is free of butterflies, its volatility and carry
    /// are sane, and it moved no further than the bound; those that bind are free of calendar
    /// arbitrage; a slice is for trading only while it is fresh and not halted.
    function invariant_NobodyChoosesAPriceOrAVolatility() public {
        assertEq(broken, "", "no call does what it must not");
        uint256 now_ = vm.getBlockTimestamp();
        for (uint256 i; i < 3; ++i) {
            uint40 expiry = _expiries[i];
            (uint256 price,) = markets.settlement(MARKET, expiry);
            uint256 seen = _price[expiry];
            if (seen != 0) assertEq(price, seen, "a settlement price is written once");
            if (price != 0) {
                assertGt(now_, expiry, "settled after expiry only");
                if (!_fellBack[expiry]) {
                    assertGe(price, 1e18, "within the sane range");
                    assertLe(price, 1_000_000e18, "within the sane range");
                }
                _price[expiry] = price;
            }
            assertEq(
                keccak256(abi.encode(markets.feedConfig(MARKET, expiry))), _frozen[expiry], "a listed expiry is frozen"
            );
            _lookAtSlice(expiry, now_);
        }
        uint40[] memory binding = oracle.bindingExpiries(MARKET);
        for (uint256 i = 1; i < binding.length; ++i) {
            _lookAtCalendar(binding[i - 1], binding[i], now_);
        }
    }

    /// @dev Total variance does not fall with the expiry at any strike: looked at from the formula, not the conditions.
    function _lookAtCalendar(uint40 near, uint40 far, uint256 now_) private view {
        assertLt(near, far, "binding expiries ascend");
        for (int256 k = -1.5e18; k <= 1.5e18; k += 0.5e18) {
            uint256 earlier = _variance(oracle.slice(MARKET, near), near, k, now_);
            uint256 later = _variance(oracle.slice(MARKET, far), far, k, now_);
            assertLe(earlier, later + later / 1e9 + 1e3, "no calendar arbitrage");
        }
    }

    /// @dev Total variance at a log-moneyness (WAD) now, WAD.
    function _variance(IVolatilityOracle.Slice memory slice, uint40 expiry, int256 k, uint256 now_)
        private
        pure
        returns (uint256)
    {
        int256 rho = int256(slice.rho) * 1e6;
        int256 phiK = int256(uint256(slice.phi) * 1e3) * k / 1e18;
        int256 root = int256(FixedPointMathLib.sqrt(uint256((phiK + rho) * (phiK + rho) + (1e18 - rho) * (1e18 + rho))));
        int256 factor = 1e18 + rho * phiK / 1e18 + root;
        return uint256(factor) * slice.theta * 50 / 1e18 * (expiry - now_) / (expiry - slice.timestamp);
    }

    function _lookAtSlice(uint40 expiry, uint256 now_) private {
        IVolatilityOracle.Slice memory slice = oracle.slice(MARKET, expiry);
        assertGe(slice.timestamp, _timestamp[expiry], "a slice never gets older");
        assertLe(slice.timestamp, now_, "no slice is from the future");
        _timestamp[expiry] = slice.timestamp;

        uint256 size = uint256(int256(slice.rho < 0 ? -slice.rho : slice.rho));
        assertTrue(slice.theta != 0 && slice.phi != 0 && size < 1e12, "a slice has a shape");
        uint256 wing = uint256(slice.theta) * slice.phi * (1e12 + size);
        assertTrue(wing < 4e43 && wing * slice.phi <= 4e58, "no butterfly");
        uint256 volatility = _atTheMoney(slice, expiry);
        assertGe(volatility, 0.05e18 - 1e9, "a sane volatility");
        assertLe(volatility, 5e18 + 1e9, "a sane volatility");
        int256 carry = int256(slice.carry) * 1e9;
        assertLe(carry < 0 ? -carry : carry, 1e18, "a sane carry");

        bool fresh = now_ - slice.timestamp <= oracle.heartbeat() && !oracle.isHalted(MARKET, expiry);
        try oracle.tradableSlices(MARKET, expiry) {
            assertTrue(fresh, "no trade on a stale or halted slice");
        } catch {
            assertFalse(fresh, "a fresh slice can be traded on");
        }
    }

    /// @notice Liveness: where the feed's history allows a proof, anybody settles by it at any later time, whatever roles,
    /// keepers and phases did since; where it allows none, or the feed is gone, by a fallback.
    function afterInvariant() public {
        vm.warp(FAR + 9 days);
        for (uint256 i; i < 3; ++i) {
            (uint256 price,) = markets.settlement(MARKET, _expiries[i]);
            (uint80 id, uint256 expected, bool certain) = _reference(_expiries[i]);
            if (price != 0) continue;
            if (certain && _windowIsGood(_expiries[i])) {
                assertEq(markets.settle(MARKET, _expiries[i], id), expected, "anybody settles by proof");
            } else {
                _settleWithoutACertainProof(_expiries[i]);
            }
        }
        assertEq(broken, "", "no call does what it must not");
    }

    /// @dev Past both delays one of the three rules gives a price.
    function _settleWithoutACertainProof(uint40 expiry) private {
        try markets.settle(MARKET, expiry, markets.lastRound(MARKET, expiry)) {}
        catch {
            _fallBack(expiry);
        }
        (uint256 price,) = markets.settlement(MARKET, expiry);
        assertGt(price, 0, "anybody settles by a rule");
    }
}
