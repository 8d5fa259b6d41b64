// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {ClearinghouseFixture} from "../support/ClearinghouseFixture.sol";

/// @notice The gas of the calls that everybody makes, each with every slot and account cold, without a transaction's own
/// 21,000. The ceilings are protocol.md's goals.
abstract contract GasFixture is ClearinghouseFixture {
    event Measured(string what, uint256 gas);

    function setUp() public virtual override {
        super.setUp();
        write(WRITER, call(3000), 4e18, HOLDER);
        write(OPERATOR, call(3000), 4e18, OPERATOR);
        weth.mint(HOLDER, 1);
    }

    function within(string memory what, uint256 gas, uint256 most) internal {
        emit Measured(what, gas);
        vm.snapshotValue("Clearinghouse", what, gas);
        assertLe(gas, most, what);
    }
}

contract GasTest is GasFixture {
    function test_WriteAndDeliver() public {
        vm.startPrank(WRITER);
        uint256 before = gasleft();
        house.write(WRITER, call(3100), 1e18, HOLDER);
        within("write a new series and deliver", before - gasleft(), 120_000);
    }

    function test_Close() public {
        vm.startPrank(OPERATOR);
        uint256 before = gasleft();
        house.close(OPERATOR, call(3000), 1e18, OPERATOR);
        within("close a part", before - gasleft(), 90_000);
    }
}

contract GasAfterSettlementTest is GasFixture {
    function setUp() public override {
        super.setUp();
        settle(4000);
    }

    function test_Redeem() public {
        vm.startPrank(HOLDER);
        uint256 before = gasleft();
        house.redeem(call(3000), 4e18, HOLDER);
        within("redeem all", before - gasleft(), 60_000);
    }

    function test_RedeemToANewReceiver() public {
        vm.startPrank(HOLDER);
        uint256 before = gasleft();
        house.redeem(call(3000), 4e18, STRANGER);
        within("redeem to who never held the token", before - gasleft(), 80_000);
    }

    /// @dev An item of a batch costs less than the call alone would.
    function test_SettleMany() public {
        IClearinghouse.Item[] memory items = new IClearinghouse.Item[](2);
        items[0] = IClearinghouse.Item(WRITER, call(3000));
        items[1] = IClearinghouse.Item(OPERATOR, call(3000));
        uint256 before = gasleft();
        house.settleMany(items);
        within("settle two legs", before - gasleft(), 100_000);
    }
}
