// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {BookRequirement} from "../../../contracts/libraries/BookRequirement.sol";
import {Payoff} from "../../../contracts/libraries/Payoff.sol";
import {BookKey, SeriesId, Side} from "../../../contracts/libraries/SeriesId.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {ClearinghouseFixture} from "../support/ClearinghouseFixture.sol";
import {ClearinghouseHandler} from "./ClearinghouseHandler.sol";

/// @notice What must always hold of the Clearinghouse, whatever four actors do in whatever order.
/// forge-config: default.invariant.runs = 24
/// forge-config: default.invariant.depth = 128
contract ClearinghouseInvariants is ClearinghouseFixture {
    ClearinghouseHandler private _handler;
    address private _treasury = makeAddr("treasury");

    function setUp() public override {
        super.setUp();
        house.setTreasury(_treasury);
        house.setBountyCap(address(usdc), 50e6);
        markets.listExpiry(ETH, EXPIRY + 1 days);
        // The accounts of the fixture would only stand by.
        address[3] memory idle = [WRITER, HOLDER, OPERATOR];
        for (uint256 i; i < idle.length; ++i) {
            vm.startPrank(idle[i]);
            house.withdraw(address(weth), FUNDS_WETH, idle[i]);
            house.withdraw(address(usdc), FUNDS_USDC, idle[i]);
            vm.stopPrank();
        }
        _handler = new ClearinghouseHandler(house, markets, feed, weth, usdc, EXPIRY);
        feed.transferOwnership(address(_handler));
        for (uint256 i; i < _handler.seriesCount(); ++i) {
            list(_handler.series(i));
        }
        for (uint256 i; i < 4; ++i) {
            _handler.deposit(i, 0, 50e18);
            _handler.deposit(i, 1, 100_000e6);
        }
        bytes4[] memory selectors = new bytes4[](17);
        selectors[0] = ClearinghouseHandler.deposit.selector;
        selectors[1] = ClearinghouseHandler.withdraw.selector;
        selectors[2] = ClearinghouseHandler.pay.selector;
        selectors[3] = ClearinghouseHandler.donate.selector;
        selectors[4] = ClearinghouseHandler.write.selector;
        selectors[5] = ClearinghouseHandler.close.selector;
        selectors[6] = ClearinghouseHandler.net.selector;
        selectors[7] = ClearinghouseHandler.place.selector;
        selectors[8] = ClearinghouseHandler.takeBack.selector;
        selectors[9] = ClearinghouseHandler.transferToken.selector;
        selectors[10] = ClearinghouseHandler.passTime.selector;
        selectors[11] = ClearinghouseHandler.settleLeg.selector;
        selectors[12] = ClearinghouseHandler.settleBook.selector;
        selectors[13] = ClearinghouseHandler.redeem.selector;
        selectors[14] = ClearinghouseHandler.redeemFor.selector;
        selectors[15] = ClearinghouseHandler.accrueFee.selector;
        selectors[16] = ClearinghouseHandler.collectFees.selector;
        targetHandler(address(_handler), selectors);
    }

    /// @dev The invariants are worth what the calls reach: over a fixed random run each kind of call goes through, on plain
    /// and netted books, before and after settlement.
    function test_TheCallsReachEverything() public {
        bytes4[] memory selectors = targetSelectors()[0].selectors;
        for (uint256 i; i < 2500; ++i) {
            uint256 seed = uint256(keccak256(abi.encode(i)));
            // More words than any call takes: what is over is not read.
            (bool ok,) = address(_handler)
                .call(
                    abi.encodePacked(selectors[seed % selectors.length], seed >> 16, seed >> 32, seed >> 48, seed >> 64)
                );
            ok;
        }
        bytes32[17] memory names = [
            bytes32("deposit"),
            "withdraw",
            "pay",
            "donate",
            "write",
            "close",
            "net",
            "place",
            "takeBack",
            "transferToken",
            "settle",
            "settleLeg",
            "settleBook",
            "redeem",
            "redeemFor",
            "accrueFee",
            "collectFees"
        ];
        for (uint256 i; i < names.length; ++i) {
            assertGt(_handler.done(names[i]), 0, string(abi.encodePacked(names[i])));
        }
        invariant_EveryUnitIsAccountedFor();
        invariant_EachBookIsCoveredOnItsOwn();
        invariant_EverythingOwedCanBePaid();
    }

    /// @dev Per token: held = free balances + fee pots + locked + what settled books owed - paid to holders + donations.
    /// Equality, so that a donation is seen to change nothing but the surplus. The first four are what people are owed.
    function invariant_EveryUnitIsAccountedFor() public view {
        _accounted(weth);
        _accounted(usdc);
    }

    /// @dev Supply and placed longs together are what is written, of each series while any of its books is unsettled.
    function invariant_LongsEqualShorts() public view {
        for (uint256 i; i < _handler.seriesCount(); ++i) {
            SeriesId id = _handler.series(i);
            (uint256 price,) = markets.settlement(ETH, id.expiry());
            if (price != 0) continue;
            int256 legs;
            for (uint256 a; a < 4; ++a) {
                legs += house.leg(_handler.actor(a), id);
            }
            assertEq(int256(supply(id)), -legs, "supply + placed = written");
        }
    }

    /// @dev Each book on its own is covered at every price: nothing it can owe is above what it has locked.
    function invariant_EachBookIsCoveredOnItsOwn() public view {
        for (uint256 i; i < 4; ++i) {
            BookKey key = _handler.keyAt(i);
            uint256 scale = key.side() == Side.CALL ? 1 : 1e12;
            for (uint256 a; a < 4; ++a) {
                address account = _handler.actor(a);
                IClearinghouse.Book memory b = house.book(account, key);
                if (b.kind == IClearinghouse.BookKind.NETTED) _netted(account, key, b, scale);
                else _plain(account, key, b, scale);
            }
        }
    }

    /// @dev What every holder and every book is still owed at the settlement prices is there, in any order of leaving.
    function invariant_EverythingOwedCanBePaid() public view {
        uint256 base = _free(weth);
        uint256 quote = _free(usdc);
        for (uint256 i; i < 4; ++i) {
            BookKey key = _handler.keyAt(i);
            uint256 due = _due(key);
            if (key.side() == Side.CALL) base += due;
            else quote += due;
        }
        assertGe(weth.balanceOf(address(house)), base, "base");
        assertGe(usdc.balanceOf(address(house)), quote, "quote");
    }

    /// @dev What fees, books and holders of one (market, side, expiry) are due; before settlement what is locked.
    function _due(BookKey key) private view returns (uint256 due) {
        (uint256 price,) = markets.settlement(ETH, key.expiry());
        due = house.feePot(key);
        for (uint256 a; a < 4; ++a) {
            address account = _handler.actor(a);
            IClearinghouse.Book memory b = house.book(account, key);
            due += b.locked;
            if (price == 0) continue;
            due = uint256(int256(due) - _owed(account, key, b, price));
            for (uint256 s; s < 5; ++s) {
                SeriesId id = key.series(_handler.strikeAt(s));
                due += house.payoff(id, held(account, id));
            }
        }
    }

    function _accounted(TestToken asset) private view {
        uint256 locked;
        for (uint256 i; i < 4; ++i) {
            BookKey key = _handler.keyAt(i);
            if ((key.side() == Side.CALL) != (address(asset) == address(weth))) continue;
            locked += house.feePot(key);
            for (uint256 a; a < 4; ++a) {
                locked += house.book(_handler.actor(a), key).locked;
            }
        }
        int256 pool = _handler.owed(address(asset)) - int256(_handler.paid(address(asset)));
        assertEq(
            int256(asset.balanceOf(address(house))),
            int256(_free(asset) + locked + _handler.donated(address(asset))) + pool,
            "held"
        );
        // The same from the outside: what came in by deposits and donations, less what went out.
        assertEq(
            asset.balanceOf(address(house)) + _handler.withdrawn(address(asset)),
            _handler.deposited(address(asset)) + _handler.donated(address(asset)),
            "in and out"
        );
    }

    function _free(TestToken asset) private view returns (uint256 free_) {
        free_ = free(_treasury, asset) + free(address(_handler), asset);
        for (uint256 a; a < 4; ++a) {
            free_ += free(_handler.actor(a), asset);
        }
    }

    function _plain(address account, BookKey key, IClearinghouse.Book memory b, uint256 scale) private view {
        uint256 required;
        uint256 count;
        for (uint256 s; s < 5; ++s) {
            SeriesId id = key.series(_handler.strikeAt(s));
            int256 leg = house.leg(account, id);
            assertLe(leg, 0, "a plain book holds no long");
            if (leg == 0) continue;
            ++count;
            required += Payoff.collateralUp(key.side(), id.strikeWad(), uint256(-leg), scale);
        }
        assertEq(b.locked, required, "plain requirement");
        assertEq(b.legCount, count, "plain legs");
    }

    function _netted(address account, BookKey key, IClearinghouse.Book memory b, uint256 scale) private view {
        IClearinghouse.Leg[] memory legs = house.legs(account, key);
        assertEq(legs.length, b.legCount, "netted legs");
        for (uint256 i; i < legs.length; ++i) {
            assertTrue(legs[i].amount != 0, "no leg of zero");
        }
        // Prices far below, at and around every strike, and far above: `settlementFloor` checks the order of strikes.
        for (uint256 i; i < 5; ++i) {
            uint256 strike = uint256(_handler.strikeAt(i)) * 1e10;
            uint256[4] memory prices = [strike - 1, strike, strike + 1, strike + 166e18];
            for (uint256 p; p < 4; ++p) {
                _covered(legs, key, prices[p], b.locked, scale);
            }
        }
        _covered(legs, key, 1, b.locked, scale);
        _covered(legs, key, 1 << 123, b.locked, scale);
    }

    function _covered(IClearinghouse.Leg[] memory legs, BookKey key, uint256 price, uint256 locked, uint256 scale)
        private
        pure
    {
        assertGe(BookRequirement.settlementFloor(key.side(), legs, price, scale), -int256(locked), "covered");
    }

    function _owed(address account, BookKey key, IClearinghouse.Book memory b, uint256 price)
        private
        view
        returns (int256 owed)
    {
        uint256 scale = key.side() == Side.CALL ? 1 : 1e12;
        if (b.kind == IClearinghouse.BookKind.NETTED) {
            return -BookRequirement.settlementFloor(key.side(), house.legs(account, key), price, scale);
        }
        for (uint256 s; s < 5; ++s) {
            SeriesId id = key.series(_handler.strikeAt(s));
            int256 leg = house.leg(account, id);
            if (leg != 0) {
                owed += int256(Payoff.payoffUp(key.side(), id.strikeWad(), price, uint256(-leg), scale));
            }
        }
    }
}
