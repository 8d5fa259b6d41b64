// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IVolatilityOracle} from "../../../contracts/interfaces/IVolatilityOracle.sol";
import {VolatilityFixture} from "./VolatilityFixture.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @notice What somebody with the signers' old signatures, with good timing, or with the keys themselves can do.
contract AttacksTest is VolatilityFixture {
    uint256 private constant CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    function _report(uint256 volatility) private view returns (IVolatilityOracle.SurfaceReport memory) {
        return report(vm.getBlockTimestamp(), sliceReport(NEAR, volatility, vm.getBlockTimestamp()));
    }

    // --- signatures elsewhere ---

    /// @dev Only the domain differs, so what is recovered is nobody.
    function test_aReportIsGoodOnOneContractOnly() public {
        IVolatilityOracle.SurfaceReport memory r = _report(0.6e18);
        bytes[] memory signatures = sign(r, 2);
        IVolatilityOracle twin = IVolatilityOracle(
            vm.deployCode("VolatilityOracle.sol:VolatilityOracle", abi.encode(address(access), address(markets)))
        );
        address[] memory list = oracle.signers();
        twin.setSigners(list, 2);
        twin.setAnchor(MARKET, 0.6e18);
        bytes32 other = twin.hashReport(r);
        assertNotEq(other, oracle.hashReport(r));
        vm.expectRevert();
        twin.post(r, signatures);
        oracle.post(r, signatures);
    }

    function test_aReportIsGoodOnOneChainOnly() public {
        IVolatilityOracle.SurfaceReport memory r = _report(0.6e18);
        bytes[] memory signatures = sign(r, 2);
        bytes32 here = oracle.hashReport(r);
        vm.chainId(10);
        assertNotEq(oracle.hashReport(r), here);
        vm.expectRevert();
        oracle.post(r, signatures);
        vm.chainId(31_337);
        oracle.post(r, signatures);
    }

    /// @dev (r, n - s, v ^ 1) is as valid a signature in mathematics: it would count a signer in two guises.
    function test_refusesTheMalleableTwin() public {
        IVolatilityOracle.SurfaceReport memory r = _report(0.6e18);
        (uint8 v, bytes32 x, bytes32 s) = vm.sign(keys[0], oracle.hashReport(r));
        bytes[] memory signatures = sign(r, 2);
        bytes32 high = bytes32(CURVE_ORDER - uint256(s));
        signatures[0] = abi.encodePacked(x, high, v == 27 ? uint8(28) : uint8(27));
        vm.expectRevert(abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureS.selector, high));
        oracle.post(r, signatures);
    }

    /// @dev One signer has one signature: neither the compact form nor another v passes.
    function test_refusesOtherEncodings() public {
        IVolatilityOracle.SurfaceReport memory r = _report(0.6e18);
        (uint8 v, bytes32 x, bytes32 s) = vm.sign(keys[0], oracle.hashReport(r));
        bytes[] memory signatures = sign(r, 2);
        signatures[0] = abi.encodePacked(x, bytes32(uint256(s) | uint256(v - 27) << 255));
        vm.expectRevert(abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureLength.selector, 64));
        oracle.post(r, signatures);
        signatures[0] = abi.encodePacked(x, s, v - 27);
        vm.expectRevert(ECDSA.ECDSAInvalidSignature.selector);
        oracle.post(r, signatures);
        signatures[0] = "";
        vm.expectRevert(abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureLength.selector, 0));
        oracle.post(r, signatures);
    }

    /// @dev A surplus signature must be good as well: nothing rides along unchecked.
    function test_refusesABadSurplusSignature() public {
        IVolatilityOracle.SurfaceReport memory r = _report(0.6e18);
        bytes[] memory signatures = sign(r, 3);
        signatures[2] = signatures[1];
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.SignersNotAscending.selector, signers[1], signers[1]));
        oracle.post(r, signatures);
    }

    /// @dev Signed while they were signers, posted after: the set at the time of the post decides, the threshold too.
    function test_aRemovedSignersOldSignatureIsWorthNothing() public {
        IVolatilityOracle.SurfaceReport memory r = _report(0.6e18);
        bytes[] memory signatures = sign(r, 2);
        address[] memory list = new address[](3);
        (list[0], list[1], list[2]) = (signers[1], signers[2], address(type(uint160).max));
        oracle.setSigners(list, 2);
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.NotSigner.selector, signers[0]));
        oracle.post(r, signatures);
        // what is left of them is too few
        bytes[] memory rest = new bytes[](1);
        rest[0] = signatures[1];
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.TooFewSigners.selector, 1, 2));
        oracle.post(r, rest);
    }

    function test_withoutSignersNothingPasses() public {
        IVolatilityOracle twin = IVolatilityOracle(
            vm.deployCode("VolatilityOracle.sol:VolatilityOracle", abi.encode(address(access), address(markets)))
        );
        IVolatilityOracle.SurfaceReport memory r = _report(0.6e18);
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.TooFewSigners.selector, 0, 0));
        twin.post(r, new bytes[](0));
    }

    // --- the signers' set ---

    function test_oneSignerIsTooFewOnAnyPublicChain() public {
        address[] memory list = oracle.signers();
        vm.chainId(1);
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.BadSigners.selector, bytes32("threshold")));
        oracle.setSigners(list, 1);
        oracle.setSigners(list, 2);
        vm.chainId(31_337);
        oracle.setSigners(list, 1);
    }

    /// @dev The delay is AccessManager's: whoever takes the role's key cannot seat signers before it is over, and the old
    /// ones can be warned.
    function test_newSignersWaitForTheDelay() public {
        address role = makeAddr("signer admin");
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = IVolatilityOracle.setSigners.selector;
        access.setTargetFunctionRole(address(oracle), selectors, 2);
        access.grantRole(2, role, 2 days);
        address[] memory list = oracle.signers();
        bytes memory data = abi.encodeCall(IVolatilityOracle.setSigners, (list, 3));
        vm.startPrank(role);
        vm.expectPartialRevert(bytes4(keccak256("AccessManagerNotScheduled(bytes32)")));
        oracle.setSigners(list, 3);
        access.schedule(address(oracle), data, 0);
        skip(2 days - 1);
        vm.expectPartialRevert(bytes4(keccak256("AccessManagerNotReady(bytes32)")));
        oracle.setSigners(list, 3);
        assertEq(uint256(oracle.threshold()), 2);
        skip(1);
        oracle.setSigners(list, 3);
        assertEq(uint256(oracle.threshold()), 3);
        address stranger = makeAddr("stranger");
        vm.startPrank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        oracle.setSigners(list, 2);
    }

    // --- batches and their order ---

    function test_refusesAnExpiryTwiceInABatch() public {
        IVolatilityOracle.SliceReport memory s = sliceReport(NEAR, 0.6e18, START);
        expectBatchRefused(
            pair(s, s), abi.encodeWithSelector(IVolatilityOracle.ExpiriesNotAscending.selector, NEAR, NEAR)
        );
    }

    /// @dev One bad slice leaves nothing of its batch behind.
    function test_aBatchIsStoredWholeOrNotAtAll() public {
        IVolatilityOracle.SliceReport memory bad = sliceReport(FAR, 0.6e18, START);
        bad.rho = 1e12;
        expectBatchRefused(
            pair(sliceReport(NEAR, 0.6e18, START), bad),
            abi.encodeWithSelector(IVolatilityOracle.ButterflyArbitrage.selector, FAR)
        );
        assertEq(oracle.slice(MARKET, NEAR).timestamp, 0);
        assertEq(oracle.bindingExpiries(MARKET).length, 0);
    }

    /// @dev Two valid reports, the newer posted first: the older one is refused afterwards, and cannot turn time back.
    function test_anOlderReportCannotFollowANewerOne() public {
        postVolatility(NEAR, 0.6e18);
        skip(10 minutes);
        IVolatilityOracle.SurfaceReport memory older = _report(0.605e18);
        bytes[] memory olderSignatures = sign(older, 2);
        skip(10 minutes);
        postVolatility(NEAR, 0.61e18);
        vm.expectRevert(
            abi.encodeWithSelector(IVolatilityOracle.ReportNotNewer.selector, START + 10 minutes, START + 20 minutes)
        );
        oracle.post(older, olderSignatures);
    }

    /// @dev A third party holds the older report back and slips it in just before the newer one: what is stored in the end
    /// is the newer one, as without it, and nothing is halted.
    function test_slippingInAWithheldReportChangesNothingInTheEnd() public {
        postVolatility(NEAR, 0.6e18);
        skip(10 minutes);
        IVolatilityOracle.SurfaceReport memory older = _report(0.604e18);
        bytes[] memory olderSignatures = sign(older, 2);
        skip(10 minutes);
        IVolatilityOracle.SurfaceReport memory newer = _report(0.608e18);
        bytes[] memory newerSignatures = sign(newer, 2);
        vm.startPrank(makeAddr("third party"));
        oracle.post(older, olderSignatures);
        oracle.post(newer, newerSignatures);
        assertEq(oracle.slice(MARKET, NEAR).theta, newer.slices[0].theta);
        assertEq(oracle.slice(MARKET, NEAR).timestamp, newer.timestamp);
        assertFalse(oracle.isHalted(MARKET, NEAR));
    }

    /// @dev A withheld report of one expiry, posted first, can make the others' report cross it and be refused. It works once
    /// for each signed report, and the signers' next batch takes both in.
    function test_aWithheldReportRefusesABatchOnce() public {
        postBatch(pair(sliceReport(NEAR, 0.85e18, START), sliceReport(FAR, 0.433e18, START)));
        skip(10 minutes);
        IVolatilityOracle.SurfaceReport memory withheld = _report(0.855e18);
        bytes[] memory withheldSignatures = sign(withheld, 2);
        skip(10 minutes);
        IVolatilityOracle.SurfaceReport memory next =
            report(vm.getBlockTimestamp(), sliceReport(FAR, 0.4255e18, vm.getBlockTimestamp()));
        bytes[] memory signatures = sign(next, 2);
        uint256 state = vm.snapshotState();
        oracle.post(next, signatures);
        vm.revertToState(state);

        vm.prank(makeAddr("third party"));
        oracle.post(withheld, withheldSignatures);
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.CalendarArbitrage.selector, NEAR, FAR));
        oracle.post(next, signatures);
        skip(1);
        postBatch(
            pair(
                sliceReport(NEAR, 0.851e18, vm.getBlockTimestamp()), sliceReport(FAR, 0.4255e18, vm.getBlockTimestamp())
            )
        );
    }

    /// @dev Posted at the last moment a report makes a slice that is fresh for one second.
    function test_aReportPostedLateIsAsOldAsItIs() public {
        IVolatilityOracle.SurfaceReport memory r = _report(0.6e18);
        bytes[] memory signatures = sign(r, 2);
        skip(6 hours);
        oracle.post(r, signatures);
        oracle.tradableSlices(MARKET, NEAR);
        skip(1);
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.StaleSlice.selector, MARKET, NEAR, START));
        oracle.tradableSlices(MARKET, NEAR);
    }

    // --- the bound on moves ---

    /// @dev Sixty signed reports, one for each second of the last minute, all posted in one block: together they move no
    /// further than one report would have.
    function test_manyReportsInOneBlockMoveAsFarAsOne() public {
        postVolatility(NEAR, 0.6e18);
        int256[5] memory k = pointsOf(NEAR, START);
        uint256[5] memory before = volatilitiesOf(NEAR, k);
        skip(60);
        for (uint256 i = 1; i <= 60; ++i) {
            IVolatilityOracle.SurfaceReport memory r = report(START + i, sliceReport(NEAR, 0.9e18, START + i));
            bytes[] memory signatures = sign(r, 2);
            oracle.post(r, signatures);
        }
        uint256 limit = uint256(1e18) * 60 / 1 days;
        assertLe(distance(before, volatilitiesOf(NEAR, k)), limit * 101 / 100);
        expectRefused(
            sliceReport(NEAR, 0.9e18, START + 60),
            abi.encodeWithSelector(IVolatilityOracle.ReportNotNewer.selector, START + 60, START + 60)
        );
    }

    /// @dev After a silence of two days the time that counts is capped at one day; older reports in the same block add at
    /// most the heartbeat that a report may be old.
    function test_aSilenceIsNotSavedUpBeyondTheCapAndTheHeartbeat() public {
        oracle.setBounds(6 hours, 0.2e18, 0.5e18, 1 days);
        postVolatility(NEAR, 0.6e18);
        int256[5] memory k = pointsOf(NEAR, START);
        uint256[5] memory before = volatilitiesOf(NEAR, k);
        skip(2 days);
        for (uint256 i; i <= 6; ++i) {
            uint256 time = START + 42 hours + i * 1 hours;
            IVolatilityOracle.SurfaceReport memory r = report(time, sliceReport(NEAR, 1.5e18, time));
            bytes[] memory signatures = sign(r, 2);
            oracle.post(r, signatures);
        }
        assertLe(distance(before, volatilitiesOf(NEAR, k)), 0.25e18 * 101 / 100);
    }

    /// @dev A clipped report up, one down, one with the skew turned, and again: the surface goes no further than the clock
    /// allows, and stays butterfly free, and vaults trade on none of it.
    function testFuzz_alternatingClippedReportsGoNoFurtherThanTheClock(uint256 seed) public {
        postVolatility(NEAR, 0.6e18);
        int256[5] memory k = pointsOf(NEAR, START);
        uint256[5] memory before = volatilitiesOf(NEAR, k);
        for (uint256 i; i < 8; ++i) {
            skip(5 minutes);
            IVolatilityOracle.SliceReport memory s =
                sliceReport(NEAR, seed & 1 == 0 ? 1.4e18 : 0.2e18, vm.getBlockTimestamp());
            if (seed & 2 != 0) s.rho = seed & 4 != 0 ? int48(0.9e12) : int48(-0.9e12);
            seed >>= 3;
            post(s);
            assertTrue(oracle.isHalted(MARKET, NEAR));
        }
        uint256 limit = uint256(1e18) * 40 minutes / 1 days;
        // the points of later reports lie a little nearer to the middle
        assertLe(distance(before, volatilitiesOf(NEAR, k)), limit * 105 / 100);
    }
}
