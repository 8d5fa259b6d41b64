// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {IVolatilityOracle} from "../../../contracts/interfaces/IVolatilityOracle.sol";
import {SeriesId, SeriesIdLib, Side} from "../../../contracts/libraries/SeriesId.sol";
import {IVault, VaultFixture} from "./VaultFixture.sol";

/// @notice Positions that can never be worth less than nothing cost something at the vault: what it sells at its ask,
/// against what it takes back at its bid, leaves nobody a profit without a risk.
/// @dev A payoff in base, max(S - K, 0) / S, is convex and falling in K as one in quote is convex and rising: butterflies
/// and verticals mean the same on both sides.
contract ArbitrageTest is VaultFixture {
    uint64[5] private _strikes = [uint64(2400e8), 2700e8, 3000e8, 3300e8, 3900e8];

    function setUp() public override {
        super.setUp();
        _tradeEveryDelta(calls);
        _tradeEveryDelta(puts);
    }

    function _tradeEveryDelta(IVault vault) private {
        IOptionVault.Params memory p = vault.params();
        (p.minAbsDelta, p.maxAbsDelta) = (0, 1e18);
        vault.setParams(p);
    }

    function _series(uint256 seed, uint40 expiry, uint256 strike) private view returns (IVault vault, SeriesId series) {
        Side side = seed % 2 == 0 ? Side.CALL : Side.PUT;
        vault = side == Side.CALL ? calls : puts;
        series = SeriesIdLib.pack(MARKET, side, expiry, _strikes[strike]);
    }

    /// @dev Time, spot and slices of any fitting volatility, without carry.
    function _move(uint256 seed) private {
        skip(2 hours);
        nextBlock();
        moveSpot(bound(seed >> 32, 2600, 3400));
        _postWithoutCarry(NEAR, bound(seed >> 64, 0.56e18, 0.64e18));
        _postWithoutCarry(FAR, bound(seed >> 96, 0.56e18, 0.64e18));
        skip(bound(seed >> 128, 0, 1 hours));
        nextBlock();
    }

    function _postWithoutCarry(uint40 expiry, uint256 volatility) private {
        IVolatilityOracle.SliceReport memory slice = sliceReport(expiry, volatility, vm.getBlockTimestamp());
        slice.carry = 0;
        post(slice);
        assertFalse(oracle.isHalted(MARKET, expiry), "the report fits");
    }

    /// @dev Two wings bought and the body, bought at some time before, sold back: worth nothing or more at every price.
    function testFuzz_aButterflyIsNeverPaidFor(uint256 seed, uint256 amount) public {
        uint40 expiry = seed >> 8 & 1 == 0 ? NEAR : FAR;
        uint256 body = bound(seed >> 16, 1, 3);
        uint256 low = bound(seed >> 20, 0, body - 1);
        uint256 high = bound(seed >> 24, body + 1, 4);
        (IVault vault, SeriesId middle) = _series(seed, expiry, body);
        amount = bound(amount, 0.1e18, 5e18) / 1e10 * 1e10;
        buy(vault, middle, amount);
        _move(seed);

        uint256 width = _strikes[high] - _strikes[low];
        uint256 proceeds = sell(vault, middle, amount);
        (, SeriesId wing) = _series(seed, expiry, low);
        uint256 cost = buy(vault, wing, _part(amount, _strikes[high] - _strikes[body], width));
        (, wing) = _series(seed, expiry, high);
        cost += buy(vault, wing, _part(amount, _strikes[body] - _strikes[low], width));
        assertGe(cost, proceeds, "a butterfly was given away");
    }

    /// @dev A share of an amount, rounded up to what can be traded: more of a wing is worth no less.
    function _part(uint256 amount, uint256 numerator, uint256 denominator) private pure returns (uint256) {
        return (amount * numerator / denominator / 1e10 + 1) * 1e10;
    }

    /// @dev The option that pays more bought and the other sold back is never paid for; the other way round it brings no
    /// more than the two can ever be apart.
    function testFuzz_aVerticalIsNeverPaidFor(uint256 seed, uint256 amount) public {
        uint40 expiry = seed >> 8 & 1 == 0 ? NEAR : FAR;
        uint256 low = bound(seed >> 16, 0, 3);
        uint256 high = bound(seed >> 20, low + 1, 4);
        // The better one: the lower strike of a call, the higher of a put.
        (IVault vault, SeriesId better) = _series(seed, expiry, seed % 2 == 0 ? low : high);
        (, SeriesId worse) = _series(seed, expiry, seed % 2 == 0 ? high : low);
        amount = bound(amount, 0.1e18, 5e18) / 1e10 * 1e10;
        buy(vault, better, amount);
        buy(vault, worse, amount);
        _move(seed);

        uint256 before = vm.snapshotState();
        uint256 proceeds = sell(vault, worse, amount);
        assertGe(buy(vault, better, amount), proceeds, "a vertical was given away");
        vm.revertToState(before);
        proceeds = sell(vault, better, amount);
        uint256 cost = buy(vault, worse, amount);
        uint256 width = uint256(_strikes[high] - _strikes[low]);
        uint256 most = seed % 2 == 0 ? amount * width / _strikes[high] : amount * width / 1e8 / 1e12;
        assertLe(proceeds, cost + most, "a vertical brought more than it can cost");
    }

    /// @dev Without carry the later of two options at one strike is worth no less than the earlier.
    function testFuzz_aCalendarIsNeverPaidFor(uint256 seed, uint256 amount) public {
        uint256 strike = bound(seed >> 16, 0, 4);
        (IVault vault, SeriesId near) = _series(seed, NEAR, strike);
        (, SeriesId far) = _series(seed, FAR, strike);
        amount = bound(amount, 0.1e18, 5e18) / 1e10 * 1e10;
        buy(vault, near, amount);
        _move(seed);
        uint256 proceeds = sell(vault, near, amount);
        assertGe(buy(vault, far, amount), proceeds, "a calendar was given away");
    }
}
