// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IExchange} from "../../../contracts/interfaces/IExchange.sol";
import {ExchangeFixture} from "./ExchangeFixture.sol";

import {IERC1155Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";

/// @notice A maker whose wallet burns all gas when contracts arrive, or reverts with as much as it likes.
contract Griefer is ERC1155Holder {
    bool public silent;
    bytes private _data;

    function setUp(address house, address exchange, bytes calldata data, bool silent_) external {
        IClearinghouse(house).setOperator(exchange, 1);
        (_data, silent) = (data, silent_);
    }

    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        return this.isValidSignature.selector;
    }

    function onERC1155Received(address, address, uint256, uint256, bytes memory) public view override returns (bytes4) {
        bytes memory data = _data;
        if (silent) {
            assembly ("memory-safe") {
                revert(0, 0)
            }
        }
        if (data.length == 0) while (true) {}
        assembly ("memory-safe") {
            revert(add(data, 32), mload(data))
        }
    }
}

contract FillManyTest is ExchangeFixture {
    uint256 private constant ITEM_GAS = 600_000;

    function _item(IExchange.Order memory order, uint128 amount) private view returns (IExchange.Item memory) {
        return IExchange.Item(order, sign(order), order.isBuy ? selling(amount) : buying(amount));
    }

    function _griefer(bytes memory data, bool silent) private returns (IExchange.Order memory order) {
        Griefer griefer = new Griefer();
        griefer.setUp(address(house), address(exchange), data, silent);
        vm.startPrank(maker);
        house.pay(maker, address(griefer), address(weth), 10e18);
        vm.stopPrank();
        order = bid(call(3000), 1e18, 0.01e18);
        order.maker = address(griefer);
    }

    // --- failures ---

    function test_RefusesABatchThatCannotGiveAnItemItsGas() public {
        IExchange.Item[] memory items = new IExchange.Item[](1);
        items[0] = _item(offer(call(3000), 1e18, 0.01e18), 1e18);
        vm.expectPartialRevert(IExchange.NotEnoughGas.selector);
        vm.prank(taker);
        exchange.fillMany{gas: 500_000}(items, ITEM_GAS);
        vm.prank(taker);
        (IExchange.Fill[] memory fills,) = exchange.fillMany{gas: 650_000}(items, ITEM_GAS);
        assertEq(fills[0].amount, 1e18, "filled");
    }

    /// @dev At no amount of gas does a batch go through without its good item.
    function testFuzz_NoAmountOfGasLeavesAGoodItemOut(uint256 gas) public {
        gas = bound(gas, 30_000, 900_000);
        IExchange.Item[] memory items = new IExchange.Item[](1);
        items[0] = _item(offer(call(3000), 1e18, 0.01e18), 1e18);
        vm.prank(taker);
        try exchange.fillMany{gas: gas}(items, 400_000) returns (IExchange.Fill[] memory fills, bytes4[] memory) {
            assertEq(fills[0].amount, 1e18, "filled");
        } catch {}
    }

    // --- what it does ---

    function test_FillsWhatItCanAndSkipsTheRest() public {
        IExchange.Item[] memory items = new IExchange.Item[](7);
        IExchange.Order memory good = offer(call(3000), 2e18, 0.01e18);
        items[0] = _item(good, 1e18);
        items[1] = _item(offer(call(3000), 1000e18, 0.0001e18), 1000e18); // nobody can cover that
        items[2] = _item(_griefer("", false), 1e18); // burns its gas
        items[3] = _item(_griefer(new bytes(100_000), false), 1e18); // answers with much
        items[4] = _item(_griefer("", true), 1e18); // reverts with nothing
        items[5] = _item(good, 3e18);
        items[5].take.minAmount = 0;
        items[6] = _item(good, 1e18);
        vm.prank(taker);
        (IExchange.Fill[] memory fills, bytes4[] memory reasons) = exchange.fillMany(items, ITEM_GAS);
        assertEq(fills[0].amount, 1e18, "first");
        assertEq(bytes32(reasons[0]), bytes32(bytes4(0)), "first");
        assertEq(fills[1].amount, 0, "skipped");
        assertEq(bytes32(reasons[1]), bytes32(IClearinghouse.InsufficientFreeBalance.selector), "uncovered");
        assertEq(fills[2].amount, 0, "burned");
        assertEq(bytes32(reasons[2]), bytes32(IERC1155Errors.ERC1155InvalidReceiver.selector), "its own fault");
        assertEq(fills[3].amount, 0, "reverted");
        assertEq(fills[4].amount, 0, "reverted");
        assertEq(fills[5].amount, 1e18, "the rest of what was there");
        assertEq(bytes32(reasons[6]), bytes32(IExchange.AmountBelowMinimum.selector), "nothing is left");
        assertEq(held(taker, call(3000)), 2e18, "delivered to the caller");
        assertEq(exchange.remaining(good), 0, "filled");
        assertEq(exchange.remaining(items[2].order), 1e18, "what was skipped is untouched");
    }

    function test_SaysWhyEvenInFourBytes() public {
        house.setWritesPaused(true);
        IExchange.Item[] memory items = new IExchange.Item[](1);
        items[0] = _item(offer(call(3000), 1e18, 0.01e18), 1e18);
        vm.prank(taker);
        (, bytes4[] memory reasons) = exchange.fillMany(items, ITEM_GAS);
        assertEq(bytes32(reasons[0]), bytes32(IClearinghouse.Paused.selector), "an error without arguments");
    }

    function test_BelongsToItsCaller() public {
        IExchange.Order memory order = offer(call(3000), 1e18, 0.01e18);
        order.taker = taker;
        IExchange.Item[] memory items = new IExchange.Item[](1);
        items[0] = _item(order, 1e18);
        vm.prank(STRANGER);
        (, bytes4[] memory reasons) = exchange.fillMany(items, ITEM_GAS);
        assertEq(bytes32(reasons[0]), bytes32(IExchange.NotTaker.selector), "not the stranger's");
        vm.prank(taker);
        (IExchange.Fill[] memory fills,) = exchange.fillMany(items, ITEM_GAS);
        assertEq(fills[0].amount, 1e18, "the taker's");
    }

    function test_SaysSoWhereTheGasWasTooLittleForAReason() public {
        IExchange.Item[] memory items = new IExchange.Item[](1);
        items[0] = _item(offer(call(3000), 1e18, 0.01e18), 1e18);
        vm.prank(taker);
        (, bytes4[] memory reasons) = exchange.fillMany(items, 20_000);
        assertEq(bytes32(reasons[0]), bytes32(bytes4(0xffffffff)), "no reason");
        assertEq(exchange.remaining(items[0].order), 1e18, "skipped");
    }

    function test_OfNothingIsNothing() public {
        (IExchange.Fill[] memory fills, bytes4[] memory reasons) = exchange.fillMany(new IExchange.Item[](0), ITEM_GAS);
        assertEq(fills.length + reasons.length, 0, "nothing");
    }
}
