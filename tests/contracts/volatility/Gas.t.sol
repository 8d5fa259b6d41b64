// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IVolatilityOracle} from "../../../contracts/interfaces/IVolatilityOracle.sol";
import {VolatilityFixture} from "./VolatilityFixture.sol";

/// @dev forge's cheat code that makes an account and its slots cold again.
interface Cool {
    function cool(address account) external;
}

/// @notice What a report costs in a market of ten expiries, all with slices of an earlier time, two of three signers. Figures
/// are of a transaction of its own: every storage slot and account cold. Run with `-vv` to see them.
contract GasTest is VolatilityFixture {
    event log_named_uint(string key, uint256 val);

    uint256 private constant EXPIRIES = 10;

    function setUp() public override {
        super.setUp();
        for (uint256 i; i < EXPIRIES; ++i) {
            if (!markets.isExpiryListed(MARKET, _expiry(i))) markets.listExpiry(MARKET, _expiry(i));
        }
        postBatch(_slices(0, EXPIRIES));
        skip(30 minutes);
        postBatch(_slices(0, EXPIRIES));
        skip(30 minutes);
    }

    function _expiry(uint256 i) private pure returns (uint40) {
        return START + uint40((1 + i * (i + 1) / 2) * 1 days);
    }

    function _slices(uint256 first, uint256 count)
        private
        view
        returns (IVolatilityOracle.SliceReport[] memory slices)
    {
        slices = new IVolatilityOracle.SliceReport[](count);
        for (uint256 i; i < count; ++i) {
            slices[i] = sliceReport(_expiry(first + i), 0.61e18, vm.getBlockTimestamp());
        }
    }

    /// @return execution Gas of the call alone.
    /// @return transaction With the 21,000 of a transaction and its call data.
    function _cost(uint256 first, uint256 count) private returns (uint256 execution, uint256 transaction) {
        IVolatilityOracle.SurfaceReport memory r = batch(_slices(first, count));
        bytes memory data = abi.encodeCall(IVolatilityOracle.post, (r, sign(r, 2)));
        (address to, bool done) = (address(oracle), false);
        Cool(address(vm)).cool(to);
        Cool(address(vm)).cool(address(markets));
        uint256 start = gasleft();
        (done,) = to.call(data);
        execution = start - gasleft();
        assertTrue(done);
        transaction = 21_000 + execution;
        for (uint256 i; i < data.length; ++i) {
            transaction += data[i] == 0 ? 4 : 16;
        }
    }

    function test_oneSlice() public {
        (uint256 execution, uint256 transaction) = _cost(4, 1);
        emit log_named_uint("one slice, call", execution);
        emit log_named_uint("one slice, transaction", transaction);
        vm.snapshotValue("VolatilityOracle", "one slice, transaction", transaction);
        assertLe(execution, 65_000);
    }

    function test_aBatchOfEight() public {
        (uint256 execution, uint256 transaction) = _cost(1, 8);
        emit log_named_uint("each of eight, call", execution / 8);
        emit log_named_uint("each of eight, transaction", transaction / 8);
        vm.snapshotValue("VolatilityOracle", "each of eight, transaction", transaction / 8);
        assertLe(transaction / 8, 40_000);
    }
}
