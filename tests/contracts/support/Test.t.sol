// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Test} from "./Test.sol";

contract Counter {
    error TooMany(uint256 count);

    event Counted(address indexed by, uint256 count);

    uint256 public count;
    uint256 public forbidden;

    function increase() external {
        if (count == 100) revert TooMany(count);
        emit Counted(msg.sender, ++count);
    }

    function forbid() external {
        forbidden++;
    }
}

/// @notice The test base tested: what the suites lean on does what its comment says.
contract TestBaseTest is Test {
    Counter private _counter;

    function setUp() public {
        _counter = new Counter();
    }

    function test_prankEmitAndRevertAreSeen() public {
        address alice = makeAddr("alice");
        vm.expectEmit(address(_counter));
        emit Counter.Counted(alice, 1);
        vm.prank(alice);
        _counter.increase();

        vm.store(address(_counter), bytes32(0), bytes32(uint256(100)));
        vm.expectRevert(abi.encodeWithSelector(Counter.TooMany.selector, 100));
        _counter.increase();
    }

    function test_stateAndTimeGoBack() public {
        uint256 id = vm.snapshotState();
        uint256 before = vm.getBlockTimestamp();
        _counter.increase();
        skip(1 hours);
        assertEq(vm.getBlockTimestamp(), before + 1 hours);
        assertTrue(vm.revertToState(id));
        assertEq(_counter.count(), 0);
        assertEq(vm.getBlockTimestamp(), before);
    }

    function test_signRecovers() public {
        (address alice, uint256 key) = makeAddrAndKey("alice");
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, keccak256("order"));
        assertEq(ecrecover(keccak256("order"), v, r, s), alice);
    }

    function test_jsonIsRead() public pure {
        string memory json = '{"prices": [1, 2], "spot": "3000000000000000000000"}';
        assertEq(vm.parseJsonUintArray(json, ".prices").length, 2);
        assertEq(vm.parseJsonUint(json, ".spot"), 3000e18);
    }

    function testFuzz_boundStaysInside(uint256 x, uint256 a, uint256 b) public pure {
        (uint256 min, uint256 max) = a < b ? (a, b) : (b, a);
        uint256 y = bound(x, min, max);
        assertGe(y, min);
        assertLe(y, max);
        if (x >= min && x <= max) assertEq(y, x);
    }

    function testFuzz_boundStaysInsideSigned(int256 x, int256 a, int256 b) public pure {
        (int256 min, int256 max) = a < b ? (a, b) : (b, a);
        int256 y = bound(x, min, max);
        assertGe(y, min);
        assertLe(y, max);
    }
}

/// @notice Invariant runs call the named selectors and no others.
contract TestTargetsTest is Test {
    Counter private _counter;

    function setUp() public {
        _counter = new Counter();
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = Counter.increase.selector;
        targetHandler(address(_counter), selectors);
    }

    function invariant_onlyTheNamedFunctionIsCalled() public view {
        assertEq(_counter.forbidden(), 0);
        assertLe(_counter.count(), 100);
    }
}
