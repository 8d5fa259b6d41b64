// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {IVolatilityOracle} from "../../../contracts/interfaces/IVolatilityOracle.sol";
import {ReplayFeed} from "../../../contracts/mocks/ReplayFeed.sol";
import {VolatilityFixture} from "../volatility/VolatilityFixture.sol";

/// @notice A feed that lives, and that stalls, jumps, turns negative and changes its phase; settlers who prove right and
/// wrong; signers who report well, wildly and too little; roles that list on a liar's feed and change the signers.
/// @dev It keeps the rounds that it posted, so that the settlement price can be known without asking the contract.
abstract contract OracleHandler is VolatilityFixture {
    struct Posted {
        uint80 id;
        int256 answer;
        uint256 time;
    }

    /// @notice Calls that went through, by name, so that a run that does nothing is seen.
    mapping(bytes32 name => uint256) public done;

    /// @notice The first thing that a call did and must not do. Empty while all is well.
    string public broken;

    struct Kept {
        uint256 time;
        uint16 phase;
    }

    Posted[] internal _posted;
    Kept[] internal _kept;
    uint40[] internal _expiries;
    ReplayFeed internal _liar;

    /// @dev Whether the feed is gone for good.
    bool internal _dead;

    /// @dev When a spot was first kept, and the expiries that were settled by a fallback.
    mapping(uint256 price => uint256 time) internal _keptAt;
    mapping(uint40 expiry => bool) internal _fellBack;

    /// @dev What was first seen of each expiry.
    mapping(uint40 expiry => bytes32) internal _frozen;

    /// @dev Five keys, of which three or more sign at a time, ascending by address.
    uint256[5] internal _keyring;
    address[5] internal _signerOf;
    uint256 internal _firstSigner;
    uint256 internal _signerCount = 3;
    uint256 internal _needed = 2;

    /// @dev The last report that was accepted, to be replayed.
    bytes internal _accepted;
    bytes[] internal _acceptedSignatures;

    function setUp() public virtual override {
        super.setUp();
        _expiries = [NEAR, NEAR + 1 days, FAR];
        markets.listExpiry(MARKET, NEAR + 1 days);
        for (uint256 i; i < 3; ++i) {
            _frozen[_expiries[i]] = keccak256(abi.encode(markets.feedConfig(MARKET, _expiries[i])));
        }
        (uint80 id, int256 answer,, uint256 time,) = feed.latestRoundData();
        _posted.push(Posted(id, answer, time));
        // The listings kept it.
        _keptAt[uint256(answer) * 1e10] = time;
        _liar = new ReplayFeed(8, "ETH / USD", address(this));
        _liar.post(1e8);
        _makeKeyring();
        _setSigners(0, 3, 2);
        for (uint256 i; i < 3; ++i) {
            postVolatility(_expiries[i], 0.6e18);
        }
    }

    function _breaks(string memory what) internal {
        if (bytes(broken).length == 0) broken = what;
    }

    function _makeKeyring() private {
        for (uint256 i; i < 5; ++i) {
            (_signerOf[i], _keyring[i]) = makeAddrAndKey(string.concat("ring ", vm.toString(i)));
        }
        for (uint256 i; i < 5; ++i) {
            for (uint256 j = i + 1; j < 5; ++j) {
                if (_signerOf[j] > _signerOf[i]) continue;
                (_signerOf[i], _signerOf[j]) = (_signerOf[j], _signerOf[i]);
                (_keyring[i], _keyring[j]) = (_keyring[j], _keyring[i]);
            }
        }
    }

    function _setSigners(uint256 first, uint256 count, uint256 needed) internal {
        address[] memory list = new address[](count);
        for (uint256 i; i < count; ++i) {
            list[i] = _signerOf[first + i];
        }
        oracle.setSigners(list, uint8(needed));
        (_firstSigner, _signerCount, _needed) = (first, count, needed);
        // What the fixture signs with.
        for (uint256 i; i < 3; ++i) {
            keys[i] = _keyring[first + i];
        }
    }

    // --- the feed ---

    function doRound(uint256 seed) external {
        skip(bound(seed >> 8, 1, 40 minutes));
        uint256 kind = seed % 24;
        if (kind == 0) _round(0);
        else if (kind == 1) _round(-int256(bound(seed >> 16, 1, 5000e8)));
        else if (kind == 2) _round(int256(bound(seed >> 16, 1, 1e20)));
        else _round(int256(bound(seed >> 16, 1500e8, 5000e8)));
        ++done["round"];
    }

    function _round(int256 answer) internal {
        uint80 id = feed.post(answer);
        _posted.push(Posted(id, answer, vm.getBlockTimestamp()));
    }

    function doPhase(uint256 seed) external {
        skip(bound(seed >> 8, 1, 20 minutes));
        feed.startPhase();
        _round(int256(bound(seed >> 16, 1500e8, 5000e8)));
        ++done["phase"];
    }

    /// @notice Time passes without a round.
    function doWait(uint256 seed) external {
        skip(bound(seed >> 8, 1, 5 hours));
        ++done["wait"];
    }

    /// @notice An expiry comes, with a few rounds before and through its window.
    function doApproach(uint256 seed) external {
        uint256 next;
        while (next < 2 && vm.getBlockTimestamp() >= _expiries[next] - 40 minutes) ++next;
        uint40 expiry = _expiries[next];
        uint256 opening = expiry - 30 minutes;
        if (vm.getBlockTimestamp() >= opening - 10 minutes) return;
        vm.warp(opening - bound(seed >> 16, 0, 10 minutes));
        uint256 rounds = bound(seed >> 32, 1, 5);
        for (uint256 i; i < rounds; ++i) {
            _round(int256(bound(uint256(keccak256(abi.encode(seed, i))), 1500e8, 5000e8)));
            skip(bound(seed >> (40 + 8 * i), 0, 12 minutes));
        }
        if (seed >> 128 & 1 == 0 && vm.getBlockTimestamp() < expiry + 60) vm.warp(expiry + 60);
        ++done["approach"];
    }

    // --- settlement ---

    function doSettle(uint256 seed) external {
        uint40 expiry = _waiting(seed);
        (uint256 before,) = markets.settlement(MARKET, expiry);
        (uint80 id, uint256 expected, bool certain) = _reference(expiry);
        uint256 price = markets.settle(MARKET, expiry, id);
        if (before != 0) _breaks("settled twice");
        if (vm.getBlockTimestamp() <= expiry) _breaks("settled before expiry");
        if (certain && price != expected) _breaks("settled at another price than the average of the window");
        ++done["settle"];
    }

    /// @notice Every round but the last at or before expiry is offered as the last one.
    function doProveWrong(uint256 seed) external {
        uint40 expiry = _waiting(seed);
        (uint80 right,, bool certain) = _reference(expiry);
        (uint256 before,) = markets.settlement(MARKET, expiry);
        if (before != 0 || !certain || vm.getBlockTimestamp() <= expiry) return;
        uint256 count = _posted.length;
        for (uint256 i; i < 12 && i < count; ++i) {
            uint80 id = _posted[count - 1 - i].id;
            if (id == right) continue;
            try markets.settle(MARKET, expiry, id) {
                _breaks("a second proof was accepted");
            } catch {}
        }
        try markets.settle(MARKET, expiry, right + 1 + uint80(seed % 3) * (1 << 64)) {
            _breaks("a round that does not exist was accepted");
        } catch {}
        ++done["proveWrong"];
    }

    /// @notice Somebody keeps spot, and with it the phase.
    function doCheckpoint(uint256 seed) external {
        (uint256 price,) = markets.checkpoint(MARKET, _expiry(seed));
        if (_keptAt[price] == 0) _keptAt[price] = vm.getBlockTimestamp();
        _kept.push(Kept(vm.getBlockTimestamp(), feed.phase()));
        ++done["checkpoint"];
    }

    /// @notice The feed is gone for good, in few of the runs: no code, or code that refuses everything.
    function doKillFeed(uint256 seed) external {
        if (seed % 12 != 0) return;
        vm.etch(address(feed), seed / 12 % 2 == 0 ? bytes("") : bytes(hex"5f5ffd"));
        _dead = true;
        ++done["killFeed"];
    }

    /// @notice The fallbacks are tried, in time or too early.
    function doFallBack(uint256 seed) external {
        uint40 expiry = _waiting(seed);
        (uint256 price,) = markets.settlement(MARKET, expiry);
        if (price != 0 || expiry >= vm.getBlockTimestamp()) return;
        uint256 delay = seed >> 8 & 3 == 0 ? 1 days : seed >> 8 & 15 == 1 ? 8 days : 0;
        if (vm.getBlockTimestamp() < expiry + delay) vm.warp(expiry + delay);
        _fallBack(expiry);
    }

    /// @dev To the last round, else to the checkpoint; each only in its time and where the rule before it gives nothing.
    function _fallBack(uint40 expiry) internal {
        uint256 elapsed = vm.getBlockTimestamp() - expiry;
        (,, bool certain) = _reference(expiry);
        bool good = certain && _windowIsGood(expiry);
        uint256 last = certain ? _lastPositive(expiry) : 0;
        try markets.settleAtLastRound(MARKET, expiry, markets.lastRound(MARKET, expiry)) returns (uint256 price) {
            if (elapsed < 1 days) _breaks("fell back within a day");
            if (good) _breaks("fell back where the average can be proven");
            if (last != 0 && price != last) _breaks("fell back to another round than the last positive one");
            _fellBack[expiry] = true;
            ++done["lastRound"];
            return;
        } catch {}
        try markets.settleAtCheckpoint(MARKET, expiry) returns (uint256 price) {
            if (elapsed < 8 days) _breaks("took a checkpoint within eight days");
            if (good || last != 0) _breaks("took a checkpoint where a round can be read");
            if (_keptAt[price] == 0 || _keptAt[price] > expiry) _breaks("took what nobody had kept before expiry");
            _fellBack[expiry] = true;
            ++done["atCheckpoint"];
        } catch {}
    }

    /// @dev The last positive answer at or before an expiry, WAD; zero where another phase may have to be asked.
    function _lastPositive(uint40 expiry) private view returns (uint256) {
        uint80 phase;
        for (uint256 i = _posted.length; i != 0; --i) {
            Posted memory round = _posted[i - 1];
            if (round.time > expiry) continue;
            if (phase != 0 && round.id >> 64 != phase) return 0;
            phase = round.id >> 64;
            if (round.answer > 0) return uint256(round.answer) * 1e10;
        }
        return 0;
    }

    /// @dev Whether all rounds of a window are sane and none was in force for longer than the frozen age.
    function _windowIsGood(uint40 expiry) internal view returns (bool) {
        uint256 end = expiry;
        for (uint256 i = _posted.length; i != 0; --i) {
            Posted memory round = _posted[i - 1];
            if (round.time > expiry) continue;
            if (round.answer < 1e8 || round.answer > 1_000_000e8 || end - round.time > 2 hours) return false;
            if (round.time <= expiry - 30 minutes) return true;
            end = round.time;
        }
        return false;
    }

    /// @dev An expiry that has passed and waits for its price, if there is one.
    function _waiting(uint256 seed) internal view returns (uint40 expiry) {
        for (uint256 i; i < 3; ++i) {
            expiry = _expiry(seed % 3 + i);
            (uint256 price,) = markets.settlement(MARKET, expiry);
            if (price == 0 && expiry < vm.getBlockTimestamp()) return expiry;
        }
    }

    /// @dev The last round at or before an expiry and the average over the window, from the rounds that were posted.
    /// Certain where the window and the round in force at its opening lie in one phase, which is still the feed's and was
    /// the feed's at the last checkpoint of the expiry's day.
    function _reference(uint40 expiry) internal view returns (uint80 last, uint256 price, bool certain) {
        uint256 i = _posted.length;
        while (i != 0 && _posted[i - 1].time > expiry) --i;
        if (i == 0) return (0, 0, false);
        last = _posted[i - 1].id;
        uint256 end = expiry;
        uint256 opening = expiry - 30 minutes;
        certain = !_dead && last >> 64 == feed.phase() && !_keptInAnotherPhase(expiry, last >> 64);
        while (i != 0) {
            Posted memory round = _posted[--i];
            if (round.id >> 64 != last >> 64) certain = false;
            uint256 start = round.time > opening ? round.time : opening;
            if (round.answer > 0) price += uint256(round.answer) * 1e10 * (end - start);
            end = start;
            if (round.time <= opening) return (last, price / 30 minutes, certain);
        }
        certain = false;
    }

    function _keptInAnotherPhase(uint40 expiry, uint80 phase) private view returns (bool) {
        for (uint256 i = _kept.length; i != 0; --i) {
            Kept memory kept = _kept[i - 1];
            if (kept.time <= expiry) return kept.time > expiry - 1 days && kept.phase != phase;
        }
        return false;
    }

    function _expiry(uint256 seed) internal view returns (uint40) {
        return _expiries[seed % _expiries.length];
    }

    // --- reports ---

    /// @notice A report as the protocol wants it, by enough signers, of any volatility and shape.
    function doReport(uint256 seed) external {
        skip(bound(seed >> 8, 1, 2 hours));
        uint40 expiry = _expiry(seed);
        if (expiry <= vm.getBlockTimestamp()) return;
        IVolatilityOracle.SurfaceReport memory r = report(vm.getBlockTimestamp(), _anySlice(expiry, seed >> 16));
        bytes[] memory signatures = _signed(oracle.hashReport(r), _needed + seed % (_signerCount - _needed + 1));
        IVolatilityOracle.Slice memory before = oracle.slice(MARKET, expiry);
        oracle.post(r, signatures);
        _checkMove(expiry, before);
        _accepted = abi.encode(r);
        _acceptedSignatures = signatures;
        ++done["report"];
    }

    /// @notice All live expiries in one batch, at one volatility that may rise or fall a little with time.
    function doReportAll(uint256 seed) external {
        skip(bound(seed >> 8, 1, 1 hours));
        uint256 first;
        while (first < 3 && _expiries[first] <= vm.getBlockTimestamp()) ++first;
        if (first == 3) return;
        IVolatilityOracle.SurfaceReport memory r;
        (r.market, r.timestamp) = (MARKET, uint40(vm.getBlockTimestamp()));
        r.slices = new IVolatilityOracle.SliceReport[](3 - first);
        uint256 volatility = bound(seed >> 32, 0.5e18, 0.7e18);
        for (uint256 i = first; i < 3; ++i) {
            r.slices[i - first] = sliceReport(_expiries[i], volatility, r.timestamp);
            volatility += bound(seed >> (64 + 8 * i), 0, 0.04e18);
            volatility -= 0.01e18;
        }
        bytes[] memory signatures = _signed(oracle.hashReport(r), _needed);
        oracle.post(r, signatures);
        ++done["reportAll"];
    }

    function _anySlice(uint40 expiry, uint256 seed) private view returns (IVolatilityOracle.SliceReport memory slice) {
        slice = sliceReport(expiry, bound(seed, 0.04e18, 6e18), vm.getBlockTimestamp());
        if (seed >> 64 & 3 == 0) slice.phi = uint64(bound(seed >> 96, 1, type(uint64).max));
        if (seed >> 66 & 1 == 0) slice.rho = int48(int256(bound(seed >> 128, 0, 2.2e12)) - 1.1e12);
        if (seed >> 67 & 1 == 0) slice.carry = int40(int256(bound(seed >> 160, 0, 2.4e9)) - 1.2e9);
    }

    /// @dev Signatures by the first `count` signers, ascending.
    function _signed(bytes32 digest, uint256 count) internal view returns (bytes[] memory signatures) {
        signatures = new bytes[](count);
        for (uint256 i; i < count; ++i) {
            signatures[i] = signWith(_keyring[_firstSigner + i], digest);
        }
    }

    /// @dev At the money a stored slice moved by no more than the bound times the capped time.
    function _checkMove(uint40 expiry, IVolatilityOracle.Slice memory before) private {
        if (before.timestamp == 0) return;
        IVolatilityOracle.Slice memory now_ = oracle.slice(MARKET, expiry);
        if (now_.timestamp <= before.timestamp) _breaks("a report that is not newer was stored");
        uint256 elapsed = now_.timestamp - before.timestamp;
        if (elapsed > oracle.maxMoveSeconds()) elapsed = oracle.maxMoveSeconds();
        uint256 limit = uint256(oracle.volatilityPerDay()) * elapsed / 1 days + 1e9;
        (uint256 a, uint256 b) = (_atTheMoney(before, expiry), _atTheMoney(now_, expiry));
        if (a > b + limit || b > a + limit) _breaks("a report moved further than the bound");
        int256 carry = int256(now_.carry) - int256(before.carry);
        if ((carry < 0 ? -carry : carry) * 1e9 > int256(uint256(oracle.carryPerDay()) * elapsed / 1 days)) {
            _breaks("a carry moved further than the bound");
        }
    }

    /// @dev Volatility where k = 0, WAD: the square root of theta over its time.
    function _atTheMoney(IVolatilityOracle.Slice memory slice, uint40 expiry) internal pure returns (uint256) {
        uint256 variance = uint256(slice.theta) * 100 * YEAR / (expiry - slice.timestamp);
        return _sqrt(variance * 1e18);
    }

    function _sqrt(uint256 x) private pure returns (uint256 root) {
        if (x == 0) return 0;
        root = x;
        uint256 next = x / 2 + 1;
        while (next < root) {
            root = next;
            next = (root + x / root) / 2;
        }
    }
}
