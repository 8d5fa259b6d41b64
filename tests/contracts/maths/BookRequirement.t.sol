// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {BookRequirement} from "../../../contracts/libraries/BookRequirement.sol";
import {Payoff} from "../../../contracts/libraries/Payoff.sol";
import {Side} from "../../../contracts/libraries/SeriesId.sol";
import {Vectors} from "./Vectors.sol";

/// @notice The worst-loss rule: known books, exact covering, and the value at settlement.
contract BookRequirementTest is Vectors {
    uint256 private constant SCALE_18 = 1;
    uint256 private constant SCALE_6 = 1e12;

    function required(Side side, IClearinghouse.Leg[] memory legs, uint256 scale) external pure returns (uint256) {
        return BookRequirement.required(side, legs, scale);
    }

    function settlementFloor(Side side, IClearinghouse.Leg[] memory legs, uint256 price, uint256 scale)
        external
        pure
        returns (int256)
    {
        return BookRequirement.settlementFloor(side, legs, price, scale);
    }

    // --- refusals ---

    function test_refuses_equal_strikes() public {
        IClearinghouse.Leg[] memory legs = _book2(3000e8, -1e18, 3000e8, 1e18);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.LegsNotAscending.selector, 3000e8, 3000e8));
        this.required(Side.CALL, legs, SCALE_18);
    }

    function test_refuses_descending_strikes() public {
        IClearinghouse.Leg[] memory legs = _book2(3000e8, -1e18, 2999e8, 1e18);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.LegsNotAscending.selector, 3000e8, 2999e8));
        this.settlementFloor(Side.PUT, legs, 1e18, SCALE_18);
    }

    function test_refuses_zero_strike() public {
        IClearinghouse.Leg[] memory legs = _book2(0, -1e18, 3000e8, 1e18);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.LegsNotAscending.selector, 0, 0));
        this.required(Side.CALL, legs, SCALE_18);
    }

    function test_refuses_seventeen_legs() public {
        IClearinghouse.Leg[] memory legs = new IClearinghouse.Leg[](17);
        for (uint256 i; i < 17; ++i) {
            legs[i] = IClearinghouse.Leg({strike: uint64(i + 1), amount: 1e10});
        }
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.TooManyLegs.selector, 17, 16));
        this.required(Side.CALL, legs, SCALE_18);
    }

    function test_refuses_a_price_above_the_exact_range() public {
        IClearinghouse.Leg[] memory legs = _book2(1e8, -1e18, 2e8, 1e18);
        vm.expectRevert(abi.encodeWithSelector(BookRequirement.PriceTooLarge.selector, 1 << 124, 1 << 124));
        this.settlementFloor(Side.CALL, legs, 1 << 124, SCALE_18);
    }

    // --- known books ---

    function test_an_empty_book_needs_nothing() public pure {
        IClearinghouse.Leg[] memory legs = new IClearinghouse.Leg[](0);
        assertEq(BookRequirement.required(Side.CALL, legs, SCALE_18), 0, "call");
        assertEq(BookRequirement.required(Side.PUT, legs, SCALE_18), 0, "put");
        assertEq(BookRequirement.settlementFloor(Side.CALL, legs, 0, SCALE_18), int256(0), "value");
    }

    function test_a_covered_call_locks_one_base() public pure {
        assertEq(BookRequirement.required(Side.CALL, _book1(3000e8, -1e18), SCALE_18), 1e18, "18");
        assertEq(BookRequirement.required(Side.CALL, _book1(3000e8, -1e10), 1e10), 1, "8");
        assertEq(BookRequirement.required(Side.CALL, _book1(3000e8, -1e10), SCALE_6), 1, "6, up");
    }

    function test_a_cash_secured_put_locks_its_strike() public pure {
        assertEq(BookRequirement.required(Side.PUT, _book1(3000e8, -2e18), SCALE_6), 6000e6, "6");
        assertEq(BookRequirement.required(Side.PUT, _book1(1, -1e10), SCALE_6), 1, "dust, up");
    }

    function test_a_long_needs_nothing() public pure {
        assertEq(BookRequirement.required(Side.CALL, _book1(3000e8, 5e18), SCALE_18), 0, "call");
        assertEq(BookRequirement.required(Side.PUT, _book1(3000e8, 5e18), SCALE_18), 0, "put");
    }

    function test_a_call_spread_locks_its_width_in_base() public pure {
        // short 3000, long 4000: worst at 4000, (4000 - 3000) / 4000
        assertEq(BookRequirement.required(Side.CALL, _book2(3000e8, -1e18, 4000e8, 1e18), SCALE_18), 0.25e18, "bear");
        assertEq(BookRequirement.required(Side.CALL, _book2(3000e8, 1e18, 4000e8, -1e18), SCALE_18), 0, "bull");
    }

    function test_a_put_spread_locks_its_width() public pure {
        assertEq(BookRequirement.required(Side.PUT, _book2(3000e8, 1e18, 4000e8, -1e18), SCALE_6), 1000e6, "bull");
        assertEq(BookRequirement.required(Side.PUT, _book2(3000e8, -1e18, 4000e8, 1e18), SCALE_6), 0, "bear");
    }

    function test_a_ratio_call_is_worst_at_infinity() public pure {
        assertEq(BookRequirement.required(Side.CALL, _book2(3000e8, 1e18, 4000e8, -3e18), SCALE_18), 2e18, "ratio");
    }

    function test_a_condor_locks_one_wing() public pure {
        IClearinghouse.Leg[] memory legs = new IClearinghouse.Leg[](4);
        legs[0] = IClearinghouse.Leg(2000e8, 1e18);
        legs[1] = IClearinghouse.Leg(2500e8, -1e18);
        legs[2] = IClearinghouse.Leg(3000e8, -1e18);
        legs[3] = IClearinghouse.Leg(3400e8, 1e18);
        // at infinity the amounts cancel, and no strike is worth less than zero
        assertEq(BookRequirement.required(Side.CALL, legs, SCALE_18), 0, "call condor bought");
        for (uint256 i; i < 4; ++i) {
            legs[i].amount = -legs[i].amount;
        }
        // written: 500 / 2500 at the second strike
        assertEq(BookRequirement.required(Side.CALL, legs, SCALE_18), 0.2e18, "call condor written");
    }

    function test_settlement_rounds_against_the_book() public pure {
        // 1/3 of a base, exactly: receiver gets the floor, debtor owes the ceiling
        assertEq(
            BookRequirement.settlementFloor(Side.CALL, _book1(2e8, 1e18), 3e18, SCALE_18),
            int256(333_333_333_333_333_333),
            "get"
        );
        assertEq(
            BookRequirement.settlementFloor(Side.CALL, _book1(2e8, -1e18), 3e18, SCALE_18),
            -int256(333_333_333_333_333_334),
            "owe"
        );
    }

    function test_offsetting_legs_round_once() public pure {
        // -1/3 and +1/3 at one price would owe a unit if each leg were rounded on its own
        IClearinghouse.Leg[] memory legs = _book2(1e8, 1e18, 2e8, -2e18);
        assertEq(BookRequirement.settlementFloor(Side.CALL, legs, 3e18, SCALE_18), int256(0), "exact zero");
    }

    // --- vectors ---

    function test_books_agree_with_exact_fractions() public {
        _open("books");
        uint256[] memory put = _uints("put");
        uint256[] memory decimals = _uints("decimals");
        uint256[] memory counts = _uints("legs");
        uint256[] memory price = _uints("price");
        uint256[] memory expected = _uints("required");
        int256[] memory settlement = _ints("settlement");
        uint256[] memory strikes = _uints("strike");
        int256[] memory amounts = _ints("amount");
        assertGt(put.length, 100, "rows");
        uint256 next;
        for (uint256 i; i < put.length; ++i) {
            IClearinghouse.Leg[] memory legs = new IClearinghouse.Leg[](counts[i]);
            for (uint256 j; j < counts[i]; ++j) {
                legs[j] = IClearinghouse.Leg(uint64(strikes[next]), int128(amounts[next]));
                ++next;
            }
            uint256 scale = Payoff.scaleOf(uint8(decimals[i]));
            assertEq(BookRequirement.required(Side(put[i]), legs, scale), expected[i], _row("required", i));
            assertEq(
                BookRequirement.settlementFloor(Side(put[i]), legs, price[i], scale),
                settlement[i],
                _row("settlement", i)
            );
        }
    }

    // --- properties ---

    /// forge-config: default.fuzz.runs = 3000
    function testFuzz_owed_never_exceeds_locked(uint256 seed, uint256 price) public pure {
        (Side side, IClearinghouse.Leg[] memory legs, uint256 scale) = _randomBook(seed);
        uint256 locked = BookRequirement.required(side, legs, scale);
        uint256 wide = bound(price, 0, BookRequirement.PRICE_LIMIT - 1);
        _assertCovered(side, legs, wide, scale, locked);
        uint256 near = uint256(legs[price % legs.length].strike) * 1e10;
        _assertCovered(side, legs, bound(price >> 8, near - near / 8, near + near / 8), scale, locked);
        _assertCovered(side, legs, near, scale, locked);
        _assertCovered(side, legs, near - 1, scale, locked);
        _assertCovered(side, legs, near + 1, scale, locked);
        _assertCovered(side, legs, 0, scale, locked);
    }

    /// @notice Nothing is locked beyond the worst loss: it is reached at a strike, at zero, or approached at infinity.
    /// forge-config: default.fuzz.runs = 3000
    function testFuzz_locked_is_reached(uint256 seed) public pure {
        (Side side, IClearinghouse.Leg[] memory legs, uint256 scale) = _randomBook(seed);
        uint256 locked = BookRequirement.required(side, legs, scale);
        int256 worst = BookRequirement.settlementFloor(side, legs, 0, scale);
        int256 amounts;
        for (uint256 i; i < legs.length; ++i) {
            int256 value = BookRequirement.settlementFloor(side, legs, uint256(legs[i].strike) * 1e10, scale);
            if (value < worst) worst = value;
            amounts += legs[i].amount;
        }
        if (side == Side.CALL && amounts < 0) {
            int256 atInfinity = -int256((uint256(-amounts) + scale - 1) / scale);
            if (atInfinity < worst) worst = atInfinity;
        }
        assertEq(locked, worst < 0 ? uint256(-worst) : 0, "locked");
    }

    /// @notice Selling more never needs less, and a long never adds to the requirement.
    function testFuzz_requirement_falls_with_amounts(uint256 seed, uint256 which, uint256 more) public pure {
        (Side side, IClearinghouse.Leg[] memory legs, uint256 scale) = _randomBook(seed);
        uint256 before = BookRequirement.required(side, legs, scale);
        uint256 i = which % legs.length;
        int256 added = int256(legs[i].amount) + int256(more % 1e30);
        if (added > type(int128).max) added = type(int128).max;
        legs[i].amount = int128(added);
        assertLe(BookRequirement.required(side, legs, scale), before, "requirement");
    }

    /// @notice A single written leg agrees with the plain book's rules.
    function testFuzz_one_written_leg_is_a_plain_leg(
        uint64 strike,
        uint128 amount,
        uint256 price,
        bool call,
        uint8 decimals
    ) public pure {
        strike = uint64(bound(strike, 1, type(uint64).max));
        amount = uint128(bound(amount, 1, uint128(type(int128).max)));
        price = bound(price, 0, BookRequirement.PRICE_LIMIT - 1);
        uint256 scale = Payoff.scaleOf(uint8(bound(decimals, 0, 18)));
        Side side = call ? Side.CALL : Side.PUT;
        uint256 strikeWad = uint256(strike) * 1e10;
        IClearinghouse.Leg[] memory legs = _book1(strike, -int128(amount));
        assertEq(
            BookRequirement.required(side, legs, scale),
            Payoff.collateralUp(side, strikeWad, amount, scale),
            "collateral"
        );
        assertEq(
            -BookRequirement.settlementFloor(side, legs, price, scale),
            int256(Payoff.payoffUp(side, strikeWad, price, amount, scale)),
            "owed"
        );
        legs[0].amount = int128(amount);
        assertEq(
            BookRequirement.settlementFloor(side, legs, price, scale),
            int256(Payoff.payoffDown(side, strikeWad, price, amount, scale)),
            "received"
        );
    }

    function _assertCovered(Side side, IClearinghouse.Leg[] memory legs, uint256 price, uint256 scale, uint256 locked)
        private
        pure
    {
        int256 value = BookRequirement.settlementFloor(side, legs, price, scale);
        if (value < 0) assertLe(uint256(-value), locked, "owed above locked");
    }

    /// @dev 1 to 16 legs whose strikes and amounts span their whole fields, or a realistic range, by the seed.
    function _randomBook(uint256 seed)
        private
        pure
        returns (Side side, IClearinghouse.Leg[] memory legs, uint256 scale)
    {
        side = seed & 1 == 0 ? Side.CALL : Side.PUT;
        scale = [uint256(1), 1e10, 1e12][(seed >> 1) % 3];
        uint256 count = 1 + (seed >> 8) % 16;
        bool extreme = (seed >> 16) % 4 == 0;
        legs = new IClearinghouse.Leg[](count);
        uint256 strike = extreme ? 0 : 1000e8;
        uint256 step = extreme ? uint256(type(uint64).max) / count : 200e8;
        for (uint256 i; i < count; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            strike += 1 + seed % step;
            legs[i].strike = uint64(strike);
            int256 amount = extreme ? int256(int128(uint128(seed >> 64))) : int256((seed >> 64) % 2e19) - 1e19;
            legs[i].amount = int128(extreme ? amount : amount / 1e10 * 1e10);
        }
    }

    function _book1(uint64 strike, int128 amount) private pure returns (IClearinghouse.Leg[] memory legs) {
        legs = new IClearinghouse.Leg[](1);
        legs[0] = IClearinghouse.Leg(strike, amount);
    }

    function _book2(uint64 strike1, int128 amount1, uint64 strike2, int128 amount2)
        private
        pure
        returns (IClearinghouse.Leg[] memory legs)
    {
        legs = new IClearinghouse.Leg[](2);
        legs[0] = IClearinghouse.Leg(strike1, amount1);
        legs[1] = IClearinghouse.Leg(strike2, amount2);
    }
}
