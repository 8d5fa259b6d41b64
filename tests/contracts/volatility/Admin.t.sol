// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IVolatilityOracle} from "../../../contracts/interfaces/IVolatilityOracle.sol";
import {VolatilityFixture} from "./VolatilityFixture.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// @notice What the roles may set, and that the code bounds it.
contract AdminTest is VolatilityFixture {
    function test_refusesStrangers() public {
        address stranger = makeAddr("stranger");
        bytes memory refused = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger);
        vm.startPrank(stranger);
        vm.expectRevert(refused);
        oracle.setSigners(new address[](1), 1);
        vm.expectRevert(refused);
        oracle.setAnchor(MARKET, 0.5e18);
        vm.expectRevert(refused);
        oracle.setBounds(6 hours, 1e18, 0.5e18, 1 days);
    }

    function test_refusesBadSigners() public {
        address[] memory list = new address[](2);
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.BadSigners.selector, bytes32("count")));
        oracle.setSigners(new address[](0), 1);
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.BadSigners.selector, bytes32("threshold")));
        oracle.setSigners(list, 0);
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.BadSigners.selector, bytes32("threshold")));
        oracle.setSigners(list, 3);
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.SignersNotAscending.selector, address(0), address(0)));
        oracle.setSigners(list, 1);
        (list[0], list[1]) = (address(2), address(2));
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.SignersNotAscending.selector, address(2), address(2)));
        oracle.setSigners(list, 1);
    }

    function test_replacesAllSigners() public {
        address[] memory list = new address[](1);
        list[0] = makeAddr("new signer");
        vm.expectEmit(address(oracle));
        emit IVolatilityOracle.SignersSet(list, 1);
        oracle.setSigners(list, 1);
        assertTrue(oracle.isSigner(list[0]));
        assertFalse(oracle.isSigner(signers[0]));
        assertEq(oracle.signers().length, 1);
        assertEq(uint256(oracle.threshold()), 1);
    }

    function test_refusesAnInsaneAnchor() public {
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.BadBounds.selector, bytes32("anchor")));
        oracle.setAnchor(MARKET, 0.05e18 - 1);
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.BadBounds.selector, bytes32("anchor")));
        oracle.setAnchor(MARKET, 5e18 + 1);
    }

    function test_boundsAreBounded() public {
        _refusesBounds("heartbeat", 10 minutes - 1, 1e18, 0.5e18, 1 days);
        _refusesBounds("heartbeat", 1 days + 1, 1e18, 0.5e18, 1 days);
        _refusesBounds("volatilityPerDay", 6 hours, 0.01e18 - 1, 0.5e18, 1 days);
        _refusesBounds("volatilityPerDay", 6 hours, 5e18 + 1, 0.5e18, 1 days);
        _refusesBounds("carryPerDay", 6 hours, 1e18, 0.001e18 - 1, 1 days);
        _refusesBounds("carryPerDay", 6 hours, 1e18, 2e18 + 1, 1 days);
        _refusesBounds("maxMoveSeconds", 6 hours, 1e18, 0.5e18, 1 hours - 1);
        _refusesBounds("maxMoveSeconds", 6 hours, 1e18, 0.5e18, 2 days + 1);
    }

    function _refusesBounds(bytes32 what, uint32 heartbeat, uint64 volatility, uint64 carry, uint32 seconds_) private {
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.BadBounds.selector, what));
        oracle.setBounds(heartbeat, volatility, carry, seconds_);
    }
}
