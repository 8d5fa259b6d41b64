// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IExchange} from "../../../contracts/interfaces/IExchange.sol";
import {ExchangeFixture} from "./ExchangeFixture.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

contract SetFeesTest is ExchangeFixture {
    // --- failures ---

    function test_RefusesWhoMayNot() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, STRANGER));
        vm.prank(STRANGER);
        exchange.setFees(IExchange.Fees(0, 0, 0));
    }

    function test_RefusesFeesBeyondTheirBounds() public {
        vm.expectRevert(abi.encodeWithSelector(IExchange.BadFees.selector, bytes32("ofNotional")));
        exchange.setFees(IExchange.Fees(0.005e18 + 1, 0, 0));
        vm.expectRevert(abi.encodeWithSelector(IExchange.BadFees.selector, bytes32("ofPremium")));
        exchange.setFees(IExchange.Fees(0, 0.2e18 + 1, 0));
        vm.expectRevert(abi.encodeWithSelector(IExchange.BadFees.selector, bytes32("ofCaller")));
        exchange.setFees(IExchange.Fees(0, 0, 0.5e18 + 1));
    }

    // --- what it does ---

    function test_StartsAsTheVaultsDo() public view {
        assertEq(abi.encode(exchange.fees()), abi.encode(IExchange.Fees(0.0003e18, 0.125e18, 0.2e18)), "fees");
        assertEq(exchange.clearinghouse(), address(house), "clearinghouse");
        assertEq(exchange.volatilityOracle(), address(oracle), "oracle");
    }

    function test_SetsFeesAndNobodysLimit() public {
        IExchange.Order memory order = offer(call(3000), 2e18, 0.01e18);
        IExchange.Fees memory most = IExchange.Fees(0.005e18, 0.2e18, 0.5e18);
        vm.expectEmit(address(exchange));
        emit IExchange.FeesSet(most);
        exchange.setFees(most);
        IExchange.Take memory take = buying(1e18);
        take.limit = 0.0103e18;
        expectRefused(order, take, abi.encodeWithSelector(IExchange.CostAboveLimit.selector, 0.012e18, 0.0103e18));
        fill(order, 1e18);
        assertEq(free(maker, weth), FUNDS_WETH + 0.01e18 - 1e18, "the maker's premium is what it was");
        assertEq(pot(weth), 0.002e18, "a fifth of the premium");
    }

    function test_WithoutFeesNothingIsAccrued() public {
        exchange.setFees(IExchange.Fees(0, 0, 0));
        assertEq(fill(offer(call(3000), 2e18, 0.01e18), 1e18).fee, 0, "fee");
        assertEq(pot(weth), 0, "pot");
        assertEq(free(taker, weth), FUNDS_WETH - 0.01e18, "cost");
    }

    /// @dev Rounded up, at least a unit, at most the premium, never above either share.
    function testFuzz_IsTheSmallerShare(uint128 price, uint128 amount) public {
        price = uint128(bound(price, 1, 3000e18));
        amount = uint128(bound(amount, 1, 300e8)) * 1e10;
        IExchange.Fill memory f = exchange.valueOf(offer(put(3000), 300e18, price), amount);
        uint256 premium = (uint256(price) * amount + 1e30 - 1) / 1e30;
        uint256 ofNotional = (uint256(amount) * 3000 * 3 + 1e16 - 1) / 1e16;
        uint256 ofPremium = (premium + 7) / 8;
        assertEq(f.premium, premium, "premium");
        assertEq(f.fee, ofNotional < ofPremium ? ofNotional : ofPremium, "fee");
    }
}
