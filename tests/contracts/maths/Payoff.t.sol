// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Payoff} from "../../../contracts/libraries/Payoff.sol";
import {Side} from "../../../contracts/libraries/SeriesId.sol";
import {Test} from "../support/Test.sol";

/// @notice Payoffs of one series and the collateral of one written leg.
contract PayoffTest is Test {
    uint256 private constant MAX_STRIKE = uint256(type(uint64).max) * 1e10;

    function scaleOf(uint8 decimals) external pure returns (uint256) {
        return Payoff.scaleOf(decimals);
    }

    function test_refuses_more_than_18_decimals() public {
        vm.expectRevert(abi.encodeWithSelector(Payoff.UnsupportedDecimals.selector, 19));
        this.scaleOf(19);
    }

    function test_scales() public pure {
        assertEq(Payoff.scaleOf(18), 1, "18");
        assertEq(Payoff.scaleOf(8), 1e10, "8");
        assertEq(Payoff.scaleOf(6), 1e12, "6");
        assertEq(Payoff.scaleOf(0), 1e18, "0");
    }

    function test_a_call_pays_base() public pure {
        assertEq(Payoff.payoffDown(Side.CALL, 3000e18, 4000e18, 2e18, 1), 0.5e18, "in the money");
        assertEq(Payoff.payoffDown(Side.CALL, 3000e18, 3000e18, 2e18, 1), 0, "at the strike");
        assertEq(Payoff.payoffUp(Side.CALL, 3000e18, 0, 2e18, 1), 0, "price zero");
        assertEq(Payoff.payoffDown(Side.CALL, 2e18, 3e18, 1e18, 1e10), 33_333_333, "down, 8 decimals");
        assertEq(Payoff.payoffUp(Side.CALL, 2e18, 3e18, 1e18, 1e10), 33_333_334, "up, 8 decimals");
    }

    function test_a_put_pays_quote() public pure {
        assertEq(Payoff.payoffDown(Side.PUT, 3000e18, 2500.5e18, 2e18, 1e12), 999e6, "in the money");
        assertEq(Payoff.payoffDown(Side.PUT, 3000e18, 3000e18, 2e18, 1e12), 0, "at the strike");
        assertEq(Payoff.payoffDown(Side.PUT, 3000e18, 0, 2e18, 1e12), 6000e6, "price zero");
        assertEq(Payoff.payoffDown(Side.PUT, 1e18, 1e18 - 1, 1e18, 1e12), 0, "down, 6 decimals");
        assertEq(Payoff.payoffUp(Side.PUT, 1e18, 1e18 - 1, 1e18, 1e12), 1, "up, 6 decimals");
    }

    function test_collateral() public pure {
        assertEq(Payoff.collateralUp(Side.CALL, 3000e18, 2e18, 1e10), 2e8, "call");
        assertEq(Payoff.collateralUp(Side.PUT, 3000e18, 2e18, 1e12), 6000e6, "put");
        assertEq(Payoff.collateralUp(Side.PUT, 1e10, 1e10, 1e12), 1, "dust, up");
        assertEq(Payoff.collateralUp(Side.PUT, 1e10, 0, 1e12), 0, "nothing");
    }

    /// @notice Paid <= owed <= locked, within one unit of each other, over the whole range of the arguments.
    function testFuzz_paid_owed_locked(uint256 strike, uint256 price, uint128 amount, bool call, uint8 decimals)
        public
        pure
    {
        strike = bound(strike, 1, MAX_STRIKE);
        price = bound(price, 0, type(uint128).max);
        uint256 scale = Payoff.scaleOf(uint8(bound(decimals, 0, 18)));
        Side side = call ? Side.CALL : Side.PUT;
        uint256 paid = Payoff.payoffDown(side, strike, price, amount, scale);
        uint256 owed = Payoff.payoffUp(side, strike, price, amount, scale);
        assertLe(paid, owed, "paid above owed");
        assertLe(owed - paid, 1, "rounding above one unit");
        assertLe(owed, Payoff.collateralUp(side, strike, amount, scale), "owed above locked");
    }

    /// @notice A call pays more at a higher price, a put less.
    function testFuzz_monotone_in_price(uint256 strike, uint256 low, uint256 high, uint128 amount) public pure {
        strike = bound(strike, 1, MAX_STRIKE);
        low = bound(low, 0, type(uint128).max);
        high = bound(high, low, type(uint128).max);
        assertLe(
            Payoff.payoffDown(Side.CALL, strike, low, amount, 1),
            Payoff.payoffDown(Side.CALL, strike, high, amount, 1),
            "call"
        );
        assertLe(
            Payoff.payoffDown(Side.PUT, strike, high, amount, 1),
            Payoff.payoffDown(Side.PUT, strike, low, amount, 1),
            "put"
        );
    }

    /// @notice Splitting a redemption never pays more, and splitting a debt never owes less.
    function testFuzz_splitting_never_pays(uint256 strike, uint256 price, uint96 a, uint96 b, bool call) public pure {
        strike = bound(strike, 1, MAX_STRIKE);
        price = bound(price, 1, type(uint128).max);
        Side side = call ? Side.CALL : Side.PUT;
        uint256 whole = uint256(a) + b;
        assertLe(
            Payoff.payoffDown(side, strike, price, a, 1e12) + Payoff.payoffDown(side, strike, price, b, 1e12),
            Payoff.payoffDown(side, strike, price, whole, 1e12),
            "paid"
        );
        assertGe(
            Payoff.payoffUp(side, strike, price, a, 1e12) + Payoff.payoffUp(side, strike, price, b, 1e12),
            Payoff.payoffUp(side, strike, price, whole, 1e12),
            "owed"
        );
    }
}
