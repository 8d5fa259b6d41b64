// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {BookRequirement} from "../../../contracts/libraries/BookRequirement.sol";
import {Payoff} from "../../../contracts/libraries/Payoff.sol";
import {BookKey, SeriesId} from "../../../contracts/libraries/SeriesId.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {ClearinghouseFixture} from "../support/ClearinghouseFixture.sol";
import {ClearinghouseBatchHandler} from "./ClearinghouseBatchHandler.sol";
import {ClearinghouseFeedHandler} from "./ClearinghouseFeedHandler.sol";
import {ClearinghouseHandler} from "./ClearinghouseHandler.sol";
import {ClearinghouseScene} from "./ClearinghouseScene.sol";
import {ClearinghouseWorld} from "./ClearinghouseWorld.sol";
import {HostileClearinghouseHandler} from "./HostileClearinghouseHandler.sol";
import {TurncoatToken} from "./TurncoatToken.sol";

/// @notice What must always hold of the Clearinghouse, whatever four actors and their enemies do in whatever order.
contract ClearinghouseInvariants is ClearinghouseFixture, ClearinghouseScene {
    /// @dev What one look at the whole world adds up, per token.
    struct Sums {
        uint256 free;
        uint256 locked;
        uint256 pots;
        int256 due;
    }

    HostileClearinghouseHandler private _handler;
    address private _treasury = makeAddr("treasury");

    function setUp() public override {
        super.setUp();
        house.setTreasury(_treasury);
        house.setBountyCap(address(usdc), 50e6);
        // The accounts of the fixture would only stand by.
        address[3] memory idle = [WRITER, HOLDER, OPERATOR];
        for (uint256 i; i < idle.length; ++i) {
            vm.startPrank(idle[i]);
            house.withdraw(address(weth), FUNDS_WETH, idle[i]);
            house.withdraw(address(usdc), FUNDS_USDC, idle[i]);
            vm.stopPrank();
        }
        TurncoatToken whole = new TurncoatToken("WHOLE", 0);
        TurncoatToken cents = new TurncoatToken("CENTS", 2);
        uint16 second = markets.addMarket(address(whole), address(cents), feedConfig());
        markets.listExpiry(ETH, EXPIRY + 1 days);
        markets.listExpiry(second, EXPIRY);
        _handler = new HostileClearinghouseHandler(
            ClearinghouseWorld.Setting({
                house: house,
                markets: markets,
                feed: feed,
                weth: weth,
                usdc: usdc,
                whole: whole,
                cents: cents,
                firstExpiry: EXPIRY,
                treasury: _treasury
            })
        );
        _enterScene(
            EXPIRY, address(_handler.intruder()), [weth, usdc, TestToken(address(whole)), TestToken(address(cents))]
        );
        feed.transferOwnership(address(_handler));
        access.grantRole(0, address(_handler), 0);
        for (uint256 i; i < SERIES; ++i) {
            list(seriesAt(i));
        }
        for (uint256 i; i < 4; ++i) {
            for (uint256 t; t < 4; ++t) {
                _handler.deposit(i, t, units(t));
            }
        }
        targetHandler(address(_handler), _selectors());
    }

    function _selectors() private pure returns (bytes4[] memory s) {
        s = new bytes4[](33);
        s[0] = ClearinghouseHandler.deposit.selector;
        s[1] = ClearinghouseHandler.withdraw.selector;
        s[2] = ClearinghouseHandler.pay.selector;
        s[3] = ClearinghouseHandler.write.selector;
        s[4] = ClearinghouseHandler.close.selector;
        s[5] = ClearinghouseHandler.net.selector;
        s[6] = ClearinghouseHandler.place.selector;
        s[7] = ClearinghouseHandler.takeBack.selector;
        s[8] = ClearinghouseHandler.transferToken.selector;
        s[9] = ClearinghouseHandler.roundTrip.selector;
        s[10] = ClearinghouseHandler.passTime.selector;
        s[11] = ClearinghouseHandler.settleLeg.selector;
        s[12] = ClearinghouseHandler.settleBook.selector;
        s[13] = ClearinghouseHandler.redeem.selector;
        s[14] = ClearinghouseHandler.redeemFor.selector;
        s[15] = ClearinghouseHandler.accrueFee.selector;
        s[16] = ClearinghouseHandler.collectFees.selector;
        s[17] = HostileClearinghouseHandler.donate.selector;
        s[18] = HostileClearinghouseHandler.trespass.selector;
        s[19] = HostileClearinghouseHandler.operate.selector;
        s[20] = HostileClearinghouseHandler.arm.selector;
        s[21] = HostileClearinghouseHandler.outOfTime.selector;
        s[22] = HostileClearinghouseHandler.turn.selector;
        s[23] = HostileClearinghouseHandler.abuseRoles.selector;
        s[24] = ClearinghouseBatchHandler.settleMany.selector;
        s[25] = ClearinghouseBatchHandler.redeemMany.selector;
        s[26] = ClearinghouseBatchHandler.multicall.selector;
        s[27] = ClearinghouseBatchHandler.multicallWithPermit.selector;
        s[28] = ClearinghouseFeedHandler.checkpoint.selector;
        s[29] = ClearinghouseFeedHandler.newPhase.selector;
        s[30] = ClearinghouseFeedHandler.spoilWindow.selector;
        s[31] = ClearinghouseFeedHandler.killFeed.selector;
        s[32] = ClearinghouseFeedHandler.settleByRule.selector;
    }

    /// @dev The invariants are worth what the calls reach: over a fixed random run each kind of call goes through, on plain
    /// and netted books, before and after settlement, and everybody gets out at its end.
    function test_TheCallsReachEverything() public {
        bytes4[] memory selectors = _selectors();
        for (uint256 i; i < 2500; ++i) {
            uint256 seed = uint256(keccak256(abi.encode(i)));
            bytes4 selector = selectors[seed % selectors.length];
            // Expiries come late in this run and books are seldom netted, so that there is time for what comes before.
            if (selector == ClearinghouseHandler.passTime.selector && i < 1500) continue;
            if (selector == ClearinghouseFeedHandler.spoilWindow.selector && i < 1500) continue;
            // A feed that is gone has a test of its own.
            if (selector == ClearinghouseFeedHandler.killFeed.selector) continue;
            if (selector == ClearinghouseHandler.net.selector && i % 6 != 0) continue;
            // More words than any call takes: what is over is not read.
            (bool ok,) =
                address(_handler).call(abi.encodePacked(selector, seed >> 16, seed >> 32, seed >> 48, seed >> 64));
            ok;
        }
        bytes32[31] memory names = [
            bytes32("deposit"),
            "withdraw",
            "pay",
            "write",
            "close",
            "net",
            "place",
            "takeBack",
            "transferToken",
            "roundTrip",
            "settle",
            "settleLeg",
            "settleBook",
            "redeem",
            "redeemFor",
            "accrueFee",
            "collectFees",
            "donate",
            "trespass",
            "operate",
            "arm",
            "outOfTime",
            "turn",
            "abuseRoles",
            "settleMany",
            "redeemMany",
            "multicall",
            "bounty",
            "multicallWithPermit",
            "checkpoint",
            "newPhase"
        ];
        for (uint256 i; i < names.length; ++i) {
            assertGt(_handler.done(names[i]), 0, string(abi.encodePacked(names[i])));
        }
        assertGt(_handler.intruder().tries(), 0, "calls from within");
        invariant_NobodyIsOwedWhatIsNotThere();
        afterInvariant();
    }

    /// @dev Each rule of settlement is reached: a spoiled window is settled at the last round, a dead feed's expiries at
    /// the checkpoint, and everybody gets out.
    function test_EveryRuleSettles() public {
        for (uint256 i; i < SERIES; ++i) {
            _handler.write(i, i, 1e8 + i, i + 1);
        }
        _handler.checkpoint(0);
        _handler.newPhase(2500e8);
        _handler.spoilWindow(0);
        _handler.settleByRule(0, 1);
        assertEq(_handler.done("settleAtLastRound"), 0, "not yet");
        _handler.settleByRule(0, 3);
        assertEq(_handler.done("settleAtLastRound"), 1, "at the last round");
        invariant_NobodyIsOwedWhatIsNotThere();
        _handler.killFeed(24);
        _handler.settleByRule(4, 15);
        assertEq(_handler.done("settleAtCheckpoint"), 1, "at the checkpoint");
        invariant_NobodyIsOwedWhatIsNotThere();
        afterInvariant();
        assertEq(_handler.done("settleAtCheckpoint"), 2, "the last expiry as well");
    }

    /// @notice Solvency: tokens held cover free balances, fees, what is locked, and all unpaid claims at the settlement
    /// prices, in any order of leaving. Each book is covered on its own at every price. A donation changes nothing but
    /// the surplus: held = free + fees + locked + what settled books owed - paid to holders + donated, exactly.
    /// Conservation: supply and placed longs together are what is written. Life cycle: no claim before settlement, no new
    /// risk after expiry. Rights: nobody acts for an account without its flag, nobody gets in again from within a call.
    function invariant_NobodyIsOwedWhatIsNotThere() public view {
        assertEq(_handler.broken(), "", "no hostile call does what it must not");
        assertFalse(_handler.intruder().gotIn(), "nobody gets in again from within a call");
        Sums[4] memory sums;
        for (uint256 k; k < 6; ++k) {
            _look(k, sums);
        }
        for (uint256 t; t < 4; ++t) {
            _accounted(t, sums[t]);
        }
    }

    /// @notice Liveness, and no gain but by price: at the end of every run, with writes paused and the tokens as they have
    /// become, everybody gets out by calls that anybody may make, and nobody has more than it put in and what was given
    /// to it was worth at the settlement prices.
    function afterInvariant() public {
        _handler.settleAll(3000e8);
        _handler.everybodyLeaves();
        assertEq(_handler.broken(), "", "no hostile call does what it must not");
        Sums[4] memory sums;
        for (uint256 k; k < 6; ++k) {
            _look(k, sums);
        }
        for (uint256 t; t < 4; ++t) {
            TestToken asset = tokenAt(t);
            assertEq(sums[t].locked + sums[t].pots, 0, "every book is settled and every fee collected");
            uint256 left = _free(asset);
            for (uint256 a; a < 4; ++a) {
                address account = actor(a);
                assertEq(house.freeBalance(account, address(asset)), 0, "everybody is out");
                int256 took = int256(_handler.tookOut(account, address(asset)) * scaleAt(t));
                assertLe(took, _handler.mayTakeWad(account, t), "nobody gains but by price, not a rounding");
            }
            assertGe(asset.balanceOf(address(house)), left + _handler.donated(address(asset)), "the rest is there");
        }
        for (uint256 i; i < 24; ++i) {
            assertEq(supply(seriesAt(i)), 0, "every long is redeemed");
        }
    }

    // --- one look ---

    /// @dev Adds up a key's books, and looks at each on its own.
    function _look(uint256 k, Sums[4] memory sums) private view {
        BookKey key = keyAt(k);
        uint256 price = _handler.priceOf(key);
        Sums memory sum = sums[assetIndex(key)];
        int256[4] memory written;
        for (uint256 a; a < 4; ++a) {
            _lookAtBook(actor(a), key, price, sum, written);
        }
        uint256 pot = house.feePot(key);
        sum.pots += pot;
        for (uint256 s; s < 4; ++s) {
            SeriesId id = key.series(strikeAt(s));
            uint256 longs = supply(id);
            if (price == 0) {
                assertEq(int256(longs), -written[s], "supply and placed longs are what is written");
            } else if (longs != 0) {
                // Rounded down for the whole supply: at least what its holders can get in parts.
                sum.due += int256(Payoff.payoffDown(id.side(), id.strikeWad(), price, longs, scaleOf(key)));
            }
        }
    }

    /// @dev Adds what a book has locked, and what it would give back, to what people are due.
    function _lookAtBook(address account, BookKey key, uint256 price, Sums memory sum, int256[4] memory written)
        private
        view
    {
        IClearinghouse.Book memory b = house.book(account, key);
        sum.locked += b.locked;
        sum.due += int256(uint256(b.locked));
        if (b.kind == IClearinghouse.BookKind.NONE || b.kind == IClearinghouse.BookKind.SETTLED) {
            assertEq(b.locked, 0, "nothing is locked for an empty book");
            return;
        }
        int256 owed;
        if (b.kind == IClearinghouse.BookKind.NETTED) {
            owed = _lookAtNetted(house.legs(account, key), key, price, b, written);
        } else {
            owed = _lookAtPlain(account, key, price, b, written);
        }
        assertLe(owed, int256(uint256(b.locked)), "each book is covered on its own");
        sum.due -= owed;
    }

    function _lookAtPlain(
        address account,
        BookKey key,
        uint256 price,
        IClearinghouse.Book memory b,
        int256[4] memory written
    ) private view returns (int256 owed) {
        uint256 required;
        uint256 count;
        uint256 scale = scaleOf(key);
        for (uint256 s; s < 4; ++s) {
            SeriesId id = key.series(strikeAt(s));
            int256 leg = house.leg(account, id);
            if (leg == 0) continue;
            assertLt(leg, 0, "a plain book holds no long");
            ++count;
            written[s] += leg;
            required += Payoff.collateralUp(key.side(), id.strikeWad(), uint256(-leg), scale);
            if (price != 0) owed += int256(Payoff.payoffUp(key.side(), id.strikeWad(), price, uint256(-leg), scale));
        }
        assertEq(b.locked, required, "a plain book locks what each leg requires");
        assertEq(b.legCount, count, "plain legs are counted");
    }

    function _lookAtNetted(
        IClearinghouse.Leg[] memory legs,
        BookKey key,
        uint256 price,
        IClearinghouse.Book memory b,
        int256[4] memory written
    ) private pure returns (int256 owed) {
        uint256 scale = scaleOf(key);
        assertEq(legs.length, b.legCount, "netted legs are counted");
        for (uint256 i; i < legs.length; ++i) {
            assertTrue(legs[i].amount != 0, "no leg of zero");
            written[(legs[i].strike - FIRST_STRIKE) / STRIKE_STEP] += legs[i].amount;
        }
        if (price != 0) return -BookRequirement.settlementFloor(key.side(), legs, price, scale);
        // Prices far below, at and around every strike, and far above: `settlementFloor` checks the order of strikes.
        for (uint256 s; s < 4; ++s) {
            uint256 strike = uint256(strikeAt(s)) * 1e10;
            _covered(legs, key, strike - 1, b.locked, scale);
            _covered(legs, key, strike, b.locked, scale);
            _covered(legs, key, strike + 222e18, b.locked, scale);
        }
        _covered(legs, key, 1, b.locked, scale);
        _covered(legs, key, 1 << 123, b.locked, scale);
    }

    function _covered(IClearinghouse.Leg[] memory legs, BookKey key, uint256 price, uint256 locked, uint256 scale)
        private
        pure
    {
        assertGe(
            BookRequirement.settlementFloor(key.side(), legs, price, scale),
            -int256(locked),
            "each book is covered at every price"
        );
    }

    function _accounted(uint256 t, Sums memory sum) private view {
        TestToken asset = tokenAt(t);
        address address_ = address(asset);
        uint256 balance = asset.balanceOf(address(house));
        uint256 free_ = _free(asset);
        int256 pool = _handler.owed(address_) - int256(_handler.paid(address_));
        assertEq(
            int256(balance),
            int256(free_ + sum.locked + sum.pots + _handler.donated(address_)) + pool,
            "every unit is accounted for"
        );
        // The same from the outside: what came in by deposits and donations, less what went out.
        assertEq(
            balance + _handler.withdrawn(address_),
            _handler.deposited(address_) + _handler.donated(address_),
            "what went out came in"
        );
        assertGe(int256(balance), int256(free_ + sum.pots) + sum.due, "everything owed can be paid");
    }

    function _free(TestToken asset) private view returns (uint256 free_) {
        free_ = free(_treasury, asset) + free(address(_handler), asset);
        for (uint256 a; a < 4; ++a) {
            free_ += free(actor(a), asset);
        }
    }
}
