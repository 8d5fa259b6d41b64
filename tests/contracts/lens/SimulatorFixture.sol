// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IAccountLens} from "../../../contracts/interfaces/lens/IAccountLens.sol";
import {ISimulator, ORIGINAL} from "../../../contracts/interfaces/lens/ISimulator.sol";
import {BookKey, SeriesIdLib, Side} from "../../../contracts/libraries/SeriesId.sol";
import {LensFixture} from "./LensFixture.sol";

/// @notice Promises an action and then makes it.
abstract contract SimulatorFixture is LensFixture {
    address internal simulator;

    function setUp() public virtual override {
        super.setUp();
        simulator = vm.deployCode("Simulator.sol:Simulator", abi.encode(address(house), address(accountLens)));
    }

    /// @dev Everything that an action of the fixtures can touch.
    function watch() internal view returns (IAccountLens.Watch memory w) {
        w.tokens = new address[](2);
        (w.tokens[0], w.tokens[1]) = (address(weth), address(usdc));
        w.books = new BookKey[](3);
        w.books[0] = call3000.bookKey();
        w.books[1] = put3000.bookKey();
        w.books[2] = SeriesIdLib.pack(MARKET, Side.CALL, FAR, 0).bookKey();
        w.vaults = new address[](2);
        (w.vaults[0], w.vaults[1]) = (address(calls), address(puts));
    }

    /// @notice Simulates as a node with state overrides does, and puts everything back.
    function promised(address who, ISimulator.Call[] memory list) internal returns (ISimulator.Simulation memory s) {
        uint256 id = vm.snapshotState();
        if (who.code.length != 0) vm.etch(ORIGINAL, who.code);
        vm.etch(who, abi.encodePacked(hex"363d3d373d3d3d363d73", simulator, hex"5af43d82803e903d91602b57fd5bf3"));
        vm.prank(who, who);
        s = ISimulator(who).simulate(list, watch());
        vm.revertToState(id);
    }

    function one(address target, uint256 value, bytes memory data)
        internal
        pure
        returns (ISimulator.Call[] memory list)
    {
        list = new ISimulator.Call[](1);
        list[0] = ISimulator.Call(target, value, data);
    }

    /// @notice Simulates a call, makes it, and holds every figure of one against the other.
    function check(address who, address target, uint256 value, bytes memory data)
        internal
        returns (ISimulator.Simulation memory s)
    {
        s = promised(who, one(target, value, data));
        assertEq(keccak256(abi.encode(s.before)), keccak256(abi.encode(accountLens.snapshot(who, watch()))), "before");
        vm.prank(who, who);
        (bool ok, bytes memory answer) = target.call{value: value}(data);
        _compare(who, s, ok, answer);
    }

    function _compare(address who, ISimulator.Simulation memory s, bool ok, bytes memory answer) internal view {
        IAccountLens.Snapshot memory got = accountLens.snapshot(who, watch());
        if (ok) {
            assertEq(s.done, 1, "went through");
            assertEq(s.results[0], answer, "answer");
        } else {
            assertEq(s.done, 0, "refused");
            assertEq(s.refusal, answer, "refusal");
        }
        for (uint256 i; i < got.balances.length; ++i) {
            assertEq(s.afterwards.balances[i].wallet, got.balances[i].wallet, "wallet");
            assertEq(s.afterwards.balances[i].free, got.balances[i].free, "free");
        }
        for (uint256 i; i < got.positions.length; ++i) {
            assertEq(s.afterwards.positions[i].locked, got.positions[i].locked, "locked");
            assertEq(s.afterwards.positions[i].worstLoss, got.positions[i].worstLoss, "worst loss");
        }
        assertEq(keccak256(abi.encode(s.afterwards)), keccak256(abi.encode(got)), "all the rest");
    }

    /// @notice The same where the call must go through.
    function promisedIsGot(address who, address target, bytes memory data)
        internal
        returns (ISimulator.Simulation memory s)
    {
        s = check(who, target, 0, data);
        assertEq(s.refusal, "", "refused");
        assertEq(s.done, 1, "done");
    }

    /// @notice The same where the call must fail.
    function refusalIsGot(address who, address target, bytes memory data, bytes memory refusal) internal {
        ISimulator.Simulation memory s = check(who, target, 0, data);
        assertEq(s.refusal, refusal, "refusal");
    }
}
