// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IVolatilityOracle} from "../../../contracts/interfaces/IVolatilityOracle.sol";
import {Ssvi} from "../../../contracts/libraries/Ssvi.sol";
import {VolatilityFixture} from "./VolatilityFixture.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @notice Posting reports: who signed, when, for which expiry, and the shape of a slice.
contract PostTest is VolatilityFixture {
    // --- signatures ---

    function test_refusesFewerSignaturesThanTheThreshold() public {
        IVolatilityOracle.SurfaceReport memory r = report(START, sliceReport(NEAR, 0.6e18, START));
        bytes[] memory signatures = sign(r, 1);
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.TooFewSigners.selector, 1, 2));
        oracle.post(r, signatures);
    }

    function test_refusesOneSignerTwice() public {
        IVolatilityOracle.SurfaceReport memory r = report(START, sliceReport(NEAR, 0.6e18, START));
        bytes[] memory signatures = sign(r, 2);
        signatures[1] = signatures[0];
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.SignersNotAscending.selector, signers[0], signers[0]));
        oracle.post(r, signatures);
    }

    function test_refusesDescendingSigners() public {
        IVolatilityOracle.SurfaceReport memory r = report(START, sliceReport(NEAR, 0.6e18, START));
        bytes[] memory signatures = sign(r, 2);
        (signatures[0], signatures[1]) = (signatures[1], signatures[0]);
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.SignersNotAscending.selector, signers[1], signers[0]));
        oracle.post(r, signatures);
    }

    function test_refusesAStranger() public {
        (address stranger, uint256 key) = makeAddrAndKey("stranger");
        IVolatilityOracle.SurfaceReport memory r = report(START, sliceReport(NEAR, 0.6e18, START));
        bytes[] memory signatures = new bytes[](2);
        bytes32 digest = oracle.hashReport(r);
        bool first = stranger < signers[0];
        signatures[first ? 0 : 1] = signWith(key, digest);
        signatures[first ? 1 : 0] = signWith(keys[0], digest);
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.NotSigner.selector, stranger));
        oracle.post(r, signatures);
    }

    function test_refusesARemovedSigner() public {
        IVolatilityOracle.SurfaceReport memory r = report(START, sliceReport(NEAR, 0.6e18, START));
        bytes[] memory signatures = sign(r, 2);
        address[] memory list = new address[](2);
        (list[0], list[1]) = (signers[1], signers[2]);
        oracle.setSigners(list, 2);
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.NotSigner.selector, signers[0]));
        oracle.post(r, signatures);
    }

    /// @dev Any change of what was signed, the chain and the contract included, recovers other addresses.
    function test_refusesSignaturesOfAnotherChain() public {
        IVolatilityOracle.SurfaceReport memory r = report(START, sliceReport(NEAR, 0.6e18, START));
        vm.chainId(5);
        bytes[] memory signatures = sign(r, 2);
        vm.chainId(31_337);
        vm.expectRevert();
        oracle.post(r, signatures);
    }

    /// @dev The digest by EIP-712 written out by hand, as other languages compute it.
    function test_digestIsTheTypedDataOfTheSpecification() public view {
        IVolatilityOracle.SurfaceReport memory r = report(START, sliceReport(NEAR, 0.6e18, START));
        bytes32 sliceType = keccak256("SliceReport(uint40 expiry,uint64 theta,uint64 phi,int48 rho,int40 carry)");
        bytes32 reportType = keccak256(
            "SurfaceReport(uint16 market,uint40 timestamp,SliceReport[] slices)SliceReport(uint40 expiry,uint64 theta,uint64 phi,int48 rho,int40 carry)"
        );
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Optionix VolatilityOracle"),
                keccak256("1"),
                block.chainid,
                address(oracle)
            )
        );
        bytes32 inner = keccak256(
            abi.encode(
                sliceType, r.slices[0].expiry, r.slices[0].theta, r.slices[0].phi, r.slices[0].rho, r.slices[0].carry
            )
        );
        bytes32 structHash = keccak256(abi.encode(reportType, r.market, r.timestamp, keccak256(abi.encode(inner))));
        assertEq(oracle.hashReport(r), MessageHashUtils.toTypedDataHash(domain, structHash));
    }

    // --- time and listing ---

    function test_refusesAnEmptyReport() public {
        IVolatilityOracle.SurfaceReport memory r;
        (r.market, r.timestamp) = (MARKET, START);
        bytes[] memory signatures = sign(r, 2);
        vm.expectRevert(IVolatilityOracle.EmptyReport.selector);
        oracle.post(r, signatures);
    }

    function test_refusesTheFuture() public {
        IVolatilityOracle.SurfaceReport memory r = report(START + 1, sliceReport(NEAR, 0.6e18, START));
        bytes[] memory signatures = sign(r, 2);
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.ReportFromFuture.selector, START + 1, START));
        oracle.post(r, signatures);
    }

    function test_refusesAReportOlderThanTheHeartbeat() public {
        IVolatilityOracle.SurfaceReport memory r = report(START, sliceReport(NEAR, 0.6e18, START));
        bytes[] memory signatures = sign(r, 2);
        skip(6 hours + 1);
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.ReportTooOld.selector, START, START + 6 hours + 1));
        oracle.post(r, signatures);
        rewind(1);
        oracle.post(r, signatures);
    }

    function test_refusesTheSameTimeAgain() public {
        postVolatility(NEAR, 0.6e18);
        expectRefused(
            sliceReport(NEAR, 0.6e18, START),
            abi.encodeWithSelector(IVolatilityOracle.ReportNotNewer.selector, START, START)
        );
    }

    function test_refusesAnUnlistedExpiry() public {
        uint40 unlisted = NEAR + 1 days;
        expectRefused(
            sliceReport(unlisted, 0.6e18, START),
            abi.encodeWithSelector(IVolatilityOracle.UnlistedExpiry.selector, MARKET, unlisted)
        );
    }

    function test_refusesAPassedExpiry() public {
        vm.warp(NEAR);
        IVolatilityOracle.SliceReport memory s = sliceReport(NEAR, 0.6e18, START);
        expectRefused(s, abi.encodeWithSelector(IVolatilityOracle.ExpiryPassed.selector, NEAR));
    }

    function test_refusesExpiriesOutOfOrder() public {
        IVolatilityOracle.SurfaceReport memory r = report(START, sliceReport(NEAR, 0.6e18, START));
        r.slices = new IVolatilityOracle.SliceReport[](2);
        r.slices[0] = sliceReport(FAR, 0.6e18, START);
        r.slices[1] = sliceReport(NEAR, 0.6e18, START);
        bytes[] memory signatures = sign(r, 2);
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.ExpiriesNotAscending.selector, FAR, NEAR));
        oracle.post(r, signatures);
    }

    // --- shape ---

    function test_refusesButterflyArbitrage() public {
        IVolatilityOracle.SliceReport memory s = sliceReport(NEAR, 0.6e18, START);
        s.phi = type(uint64).max;
        s.theta = 0.1e16;
        expectRefused(s, abi.encodeWithSelector(IVolatilityOracle.ButterflyArbitrage.selector, NEAR));
        s = sliceReport(NEAR, 0.6e18, START);
        s.rho = 1e12;
        expectRefused(s, abi.encodeWithSelector(IVolatilityOracle.ButterflyArbitrage.selector, NEAR));
        s.rho = 0;
        s.theta = 0;
        expectRefused(s, abi.encodeWithSelector(IVolatilityOracle.ButterflyArbitrage.selector, NEAR));
    }

    function test_refusesAnInsaneVolatility() public {
        IVolatilityOracle.SurfaceReport memory r = report(START, sliceReport(NEAR, 0.04e18, START));
        bytes[] memory signatures = sign(r, 2);
        vm.expectPartialRevert(IVolatilityOracle.VolatilityOutOfRange.selector);
        oracle.post(r, signatures);
        r = report(START, sliceReport(NEAR, 5.01e18, START));
        signatures = sign(r, 2);
        vm.expectPartialRevert(IVolatilityOracle.VolatilityOutOfRange.selector);
        oracle.post(r, signatures);
        // on the upper wing alone
        r.slices[0] = sliceReport(NEAR, 4.95e18, START);
        r.slices[0].rho = 0.2e12;
        signatures = sign(r, 2);
        vm.expectPartialRevert(IVolatilityOracle.VolatilityOutOfRange.selector);
        oracle.post(r, signatures);
    }

    function test_refusesAnInsaneCarry() public {
        IVolatilityOracle.SliceReport memory s = sliceReport(NEAR, 0.6e18, START);
        s.carry = -1e9 - 1;
        expectRefused(s, abi.encodeWithSelector(IVolatilityOracle.CarryOutOfRange.selector, NEAR, -1e18 - 1e9));
        // 28 days at 2.61 a year is more than 0.2 over the life, and 1.0 a year is the most that is ever sane
        uint40 far = START + 280 days;
        markets.listExpiry(MARKET, far);
        s = sliceReport(far, 0.6e18, START);
        s.carry = 0.27e9;
        expectRefused(s, abi.encodeWithSelector(IVolatilityOracle.CarryOutOfRange.selector, far, 0.27e18));
    }

    // --- what is stored ---

    function test_storesAFittingReportAndWhatItReplaced() public {
        IVolatilityOracle.SliceReport memory first = sliceReport(NEAR, 0.6e18, START);
        vm.expectEmit(address(oracle));
        emit IVolatilityOracle.SlicePosted(MARKET, NEAR, first.theta, first.phi, first.rho, first.carry, START, false);
        vm.expectEmit(address(oracle));
        emit IVolatilityOracle.SurfacePosted(MARKET, START, address(this), 1);
        post(first);
        skip(1 hours);
        postVolatility(NEAR, 0.62e18);
        (
            IVolatilityOracle.Slice memory newest,
            IVolatilityOracle.Slice memory previous,
            IVolatilityOracle.MovesPerDay memory moves
        ) = oracle.tradableSlices(MARKET, NEAR);
        assertEq(moves.volatility, oracle.volatilityPerDay(), "volatility may move");
        assertEq(moves.carry, oracle.carryPerDay(), "carry may move");
        assertEq(abi.encode(moves), abi.encode(oracle.movesPerDay()), "one word for both");
        assertEq(newest.timestamp, START + 1 hours);
        assertEq(newest.theta, sliceReport(NEAR, 0.62e18, START + 1 hours).theta);
        assertEq(previous.timestamp, START);
        assertEq(previous.theta, first.theta);
    }

    function test_anybodyMaySubmitABatch() public {
        IVolatilityOracle.SurfaceReport memory r = report(START, sliceReport(NEAR, 0.6e18, START));
        r.slices = new IVolatilityOracle.SliceReport[](2);
        r.slices[0] = sliceReport(NEAR, 0.6e18, START);
        r.slices[1] = sliceReport(FAR, 0.55e18, START);
        bytes[] memory signatures = sign(r, 3);
        vm.prank(makeAddr("anybody"));
        oracle.post(r, signatures);
        assertEq(oracle.slice(MARKET, NEAR).timestamp, START);
        assertEq(oracle.slice(MARKET, FAR).timestamp, START);
    }

    function test_readsRefuseAMissingOrStaleSlice() public {
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.NoSlice.selector, MARKET, NEAR));
        oracle.tradableSlices(MARKET, NEAR);
        postVolatility(NEAR, 0.6e18);
        skip(6 hours);
        oracle.tradableSlices(MARKET, NEAR);
        skip(1);
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.StaleSlice.selector, MARKET, NEAR, START));
        oracle.tradableSlices(MARKET, NEAR);
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.StaleSlice.selector, MARKET, NEAR, START));
        oracle.freshSlices(MARKET, NEAR);
    }

    /// @dev Whatever is signed: it is refused, or what is stored is butterfly free and newer.
    function testFuzz_whatIsStoredIsButterflyFree(uint64 theta, uint64 phi, int48 rho, int40 carry, uint32 later)
        public
    {
        postVolatility(NEAR, 0.6e18);
        skip(bound(later, 1, 6 days));
        theta = uint64(bound(theta, 1, 1e16));
        phi = uint64(bound(phi, 1, 50e15));
        rho = int48(bound(int256(rho), -1.01e12, 1.01e12));
        carry = int40(bound(int256(carry), -1.01e9, 1.01e9));
        IVolatilityOracle.SurfaceReport memory r = report(
            vm.getBlockTimestamp(),
            IVolatilityOracle.SliceReport({expiry: NEAR, theta: theta, phi: phi, rho: rho, carry: carry})
        );
        bytes[] memory signatures = sign(r, 2);
        try oracle.post(r, signatures) {
            IVolatilityOracle.Slice memory stored = oracle.slice(MARKET, NEAR);
            assertTrue(Ssvi.isButterflyFree(stored.theta, stored.phi, stored.rho));
            assertEq(stored.timestamp, vm.getBlockTimestamp());
        } catch {
            assertEq(oracle.slice(MARKET, NEAR).timestamp, START);
        }
    }
}
