// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {BookKey, SeriesId} from "../../../contracts/libraries/SeriesId.sol";
import {ClearinghouseFixture} from "../support/ClearinghouseFixture.sol";

/// @notice Views that say what a call will pay: the call pays that, to the unit.
contract PromisesTest is ClearinghouseFixture {
    address private constant KEEPER = address(0xC0FFEE);
    address private immutable _treasury = makeAddr("treasury");

    function setUp() public override {
        super.setUp();
        house.setTreasury(_treasury);
    }

    /// @dev A written put, a pot of any size and a settlement; some time after expiry, under any cap.
    function _scene(uint256 seed) private returns (SeriesId id, BookKey key) {
        id = put(3000);
        key = id.bookKey();
        write(WRITER, id, bound(seed, 1, 200e8) * 1e10, HOLDER);
        uint256 fees = bound(seed >> 32, 0, 100_000e6);
        vm.prank(OPERATOR);
        house.accrueFee(key, fees);
        house.setBountyCap(address(usdc), seed >> 64 & 3 == 0 ? 0 : bound(seed >> 66, 1, 30_000e6));
        settle(bound(seed >> 96, 2000, 4000));
        vm.warp(EXPIRY + bound(seed >> 128, 60, 40 days));
    }

    function testFuzz_FeesDueIsWhatCollectingPays(uint256 seed) public {
        (, BookKey key) = _scene(seed);
        (uint256 bounty, uint256 rest) = house.feesDue(key);
        uint256 settlers = free(address(this), usdc);
        (uint256 paidBounty, uint256 paidRest) = house.collectFees(key);
        assertEq(paidBounty, bounty, "bounty");
        assertEq(paidRest, rest, "rest");
        assertEq(free(address(this), usdc), settlers + bounty, "the settler's");
        assertEq(free(_treasury, usdc), rest, "the treasury's");
        (bounty, rest) = house.feesDue(key);
        assertEq(bounty + rest, 0, "nothing twice");
    }

    function testFuzz_BountyOfIsWhatAnItemPays(uint256 seed) public {
        (SeriesId id, BookKey key) = _scene(seed);
        uint256 before = free(WRITER, usdc);
        uint256 snapshot = vm.snapshotState();
        vm.prank(KEEPER);
        house.settleLeg(WRITER, id);
        uint256 credited = free(WRITER, usdc) - before;
        uint256 paid = free(KEEPER, usdc);
        vm.revertToState(snapshot);
        assertEq(house.bountyOf(key, credited), paid, "settling a leg");

        uint256 payoff = house.payoff(id, held(HOLDER, id));
        uint256 promised = house.bountyOf(key, payoff);
        before = free(HOLDER, usdc);
        vm.prank(KEEPER);
        assertEq(house.redeemFor(HOLDER, id), payoff, "the payoff");
        assertEq(free(HOLDER, usdc) - before, payoff, "the holder's");
        assertEq(free(KEEPER, usdc), promised, "redeeming for a holder");
    }
}
