// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {IVolatilityOracle} from "../../../contracts/interfaces/IVolatilityOracle.sol";
import {OracleHandler} from "./OracleHandler.sol";

/// @notice Reports that nobody signed, or too few, or others, or for another contract, or long ago; signers who halt for
/// ever; roles that point the market at a liar's feed, change the signers and stretch the bounds.
abstract contract HostileOracleHandler is OracleHandler {
    address internal constant STRANGER = address(0xBAD);

    function doForge(uint256 seed) external {
        uint40 expiry = _expiry(seed);
        if (expiry <= vm.getBlockTimestamp()) return;
        // Sane and well within every bound, so that only what is forged about it can stop it.
        skip(1);
        IVolatilityOracle.SurfaceReport memory r =
            report(vm.getBlockTimestamp(), sliceReport(expiry, 0.6e18, vm.getBlockTimestamp()));
        bytes32 digest = oracle.hashReport(r);
        bytes[] memory signatures = _signed(digest, _needed);
        uint256 kind = seed >> 8 & 7;
        if (kind == 0) signatures = _signed(digest, _needed - 1);
        else if (kind == 1) signatures[_needed - 1] = signatures[0];
        else if (kind == 2) signatures[0] = signWith(uint256(keccak256("nobody")), digest);
        else if (kind == 3) signatures[_needed - 1] = signWith(_keyring[(_firstSigner + _signerCount) % 5], digest);
        else if (kind == 4) r.slices[0].theta += 1;
        else if (kind == 5) signatures = _signed(keccak256(abi.encode(digest, block.chainid)), _needed);
        else if (kind == 6) r.timestamp += 1;
        else (r, signatures) = _replayed();
        // The ring has a fifth key that is a signer where all five sign; a replay needs something to replay.
        if (kind == 3 && _signerCount == 5) return;
        if (kind == 1 && _needed == 1) return;
        if (signatures.length == 0) return;
        try oracle.post(r, signatures) {
            _breaks(string.concat("a forged report was stored: ", vm.toString(kind)));
        } catch {}
        ++done["forge"];
    }

    /// @dev What was accepted last, or nothing.
    function _replayed() private view returns (IVolatilityOracle.SurfaceReport memory r, bytes[] memory signatures) {
        if (_accepted.length != 0) r = abi.decode(_accepted, (IVolatilityOracle.SurfaceReport));
        signatures = _acceptedSignatures;
    }

    /// @notice A report dated ahead or behind what is stored.
    function doMisdate(uint256 seed) external {
        uint40 expiry = _expiry(seed);
        uint256 now_ = vm.getBlockTimestamp();
        if (expiry <= now_ + 10 minutes) return;
        uint256 stored = oracle.slice(MARKET, expiry).timestamp;
        uint256 date = seed >> 8 & 1 == 0 ? now_ + bound(seed >> 16, 1, 5 minutes) : stored - bound(seed >> 16, 0, 60);
        IVolatilityOracle.SurfaceReport memory r = report(date, sliceReport(expiry, 0.6e18, date));
        bytes[] memory signatures = _signed(oracle.hashReport(r), _needed);
        try oracle.post(r, signatures) {
            _breaks("a report from the future or the past was stored");
        } catch {}
        ++done["misdate"];
    }

    function doHalt(uint256 seed) external {
        uint40 expiry = _expiry(seed);
        vm.prank(STRANGER);
        try oracle.halt(MARKET, expiry) {
            _breaks("a stranger halted");
        } catch {}
        vm.prank(_signerOf[_firstSigner + seed / 8 % _signerCount]);
        oracle.halt(MARKET, expiry);
        if (!oracle.isHalted(MARKET, expiry)) _breaks("a halt did not halt");
        ++done["halt"];
    }

    function doAbuseRoles(uint256 seed) external {
        uint256 kind = seed % 4;
        if (kind == 0) {
            uint256 count = 3 + seed / 4 % 3;
            _setSigners(seed / 16 % (6 - count), count, 1 + seed / 64 % count);
        } else if (kind == 1) {
            oracle.setBounds(
                uint32(bound(seed >> 8, 10 minutes, 1 days)),
                uint64(bound(seed >> 16, 0.01e18, 5e18)),
                uint64(bound(seed >> 32, 0.001e18, 2e18)),
                uint32(bound(seed >> 48, 1 hours, 2 days))
            );
        } else if (kind == 2) {
            oracle.setAnchor(MARKET, bound(seed >> 8, 0.05e18, 5e18));
        } else {
            _pointAtTheLiar();
        }
        ++done["abuseRoles"];
    }

    /// @dev Every later listing reads a feed that says whatever its owner likes; the live ones must not.
    function _pointAtTheLiar() private {
        IMarkets.FeedConfig memory config = feedConfig();
        config.feed = address(_liar);
        config.minPrice = 1;
        config.deviationBps = 1000;
        _liar.post(int256(1 + vm.getBlockTimestamp() % 1000));
        markets.setFeed(MARKET, config);
    }

    /// @notice Somebody without any right does what only roles may.
    function doOverreach(uint256 seed) external {
        uint256 kind = seed % 6;
        bytes memory data;
        address target = address(oracle);
        address[] memory only = new address[](1);
        only[0] = STRANGER;
        if (kind == 0) data = abi.encodeCall(oracle.setSigners, (only, 1));
        else if (kind == 1) data = abi.encodeCall(oracle.setBounds, (1 days, 5e18, 2e18, 2 days));
        else if (kind == 2) data = abi.encodeCall(oracle.setAnchor, (MARKET, 5e18));
        else target = address(markets);
        if (kind == 3) data = abi.encodeCall(markets.setFeed, (MARKET, feedConfig()));
        else if (kind == 4) data = abi.encodeCall(markets.listExpiry, (MARKET, FAR + 7 days));
        else if (kind == 5) data = abi.encodeCall(markets.addMarket, (address(usdc), address(weth), feedConfig()));
        vm.prank(STRANGER);
        (bool ok,) = target.call(data);
        if (ok) _breaks("a stranger could do what needs a role");
        ++done["overreach"];
    }
}
