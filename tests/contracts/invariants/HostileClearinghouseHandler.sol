// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IOptionToken} from "../../../contracts/interfaces/IOptionToken.sol";
import {BookKey, SeriesId} from "../../../contracts/libraries/SeriesId.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {ClearinghouseFeedHandler} from "./ClearinghouseFeedHandler.sol";
import {ClearinghouseWorld} from "./ClearinghouseWorld.sol";

/// @notice The same four actors, and around them those who wish them ill: a stranger without rights, an operator who
/// tries more than it was given, a contract that calls back, issuers of tokens that turn against their holders,
/// donations, calls at the wrong time, and roles at the ends of their powers.
contract HostileClearinghouseHandler is ClearinghouseFeedHandler {
    address public constant STRANGER = address(0xBAD);
    address public constant OPERATOR = address(0x0B5);

    constructor(Setting memory s) ClearinghouseWorld(s) {}

    /// @notice Tokens and options sent in without a word.
    function donate(uint256 what, uint256 assets) external {
        TestToken asset = tokenAt(what);
        assets = bound(assets, 1, units(what) / 50);
        asset.mint(address(house), assets);
        donated[address(asset)] += assets;
        ++done["donate"];
    }

    /// @notice Somebody without any right tries to act for an account, or as the Clearinghouse or a role.
    function trespass(uint256 seed, uint256 who) external {
        address account = actor(who);
        SeriesId id = seriesAt(seed >> 8);
        BookKey key = id.bookKey();
        address asset = address(tokenAt(seed >> 16));
        address target = address(house);
        bytes memory data;
        uint256 kind = seed % 13;
        if (kind == 0) data = abi.encodeCall(house.pay, (account, STRANGER, asset, 1));
        else if (kind == 1) data = abi.encodeCall(house.write, (account, id, 1e10, STRANGER));
        else if (kind == 2) data = abi.encodeCall(house.close, (account, id, 1e10, account));
        else if (kind == 3) data = abi.encodeCall(house.net, (account, key, _strikes(account, key)));
        else if (kind == 4) data = abi.encodeCall(house.place, (account, id, 1e10));
        else if (kind == 5) data = abi.encodeCall(house.takeBack, (account, id, 1e10, STRANGER));
        else if (kind == 6) data = abi.encodeCall(house.withdrawFor, (account, asset, 1));
        else if (kind == 7) data = abi.encodeCall(house.setTreasury, (STRANGER));
        else if (kind == 8) data = abi.encodeCall(house.setWritesPaused, (true));
        else if (kind == 9) data = abi.encodeCall(house.setBountyCap, (asset, 0));
        else if (kind == 10) (target, data) = _tokenCall(account, id, true);
        else if (kind == 12) data = _inMulticall(abi.encodeCall(house.withdrawFor, (account, asset, 1)));
        else (target, data) = _tokenCall(account, id, false);
        vm.prank(STRANGER);
        (bool ok,) = target.call(data);
        if (ok) _breaks(string.concat("a stranger could do what needs a right: ", vm.toString(kind)));
        ++done["trespass"];
    }

    function _inMulticall(bytes memory data) private view returns (bytes memory) {
        bytes[] memory calls = new bytes[](1);
        calls[0] = data;
        return abi.encodeCall(house.multicall, (calls));
    }

    function _tokenCall(address account, SeriesId id, bool mint) private view returns (address, bytes memory) {
        return (
            address(token),
            mint
                ? abi.encodeCall(IOptionToken.mint, (STRANGER, SeriesId.unwrap(id), 1e18))
                : abi.encodeCall(IOptionToken.burn, (account, SeriesId.unwrap(id), 1))
        );
    }

    /// @notice An account gives its operator rights, which it then uses, and oversteps where it can.
    function operate(uint256 who, uint256 flags, uint256 seed, uint256 amount) external {
        address account = actor(who);
        vm.prank(account);
        house.setOperator(OPERATOR, uint8(flags % 4));
        TestToken asset = tokenAt(seed);
        SeriesId id = seriesAt(seed);
        _operatorWithdraws(account, asset, flags % 4 >= 2);
        amount = bound(amount, 1, 3e8) * 1e10;
        vm.prank(OPERATOR);
        try house.write(account, id, amount, OPERATOR) {
            if (flags % 2 == 0) _breaks("an operator traded without the flag");
            _give(account, OPERATOR, id, amount);
            // Back again, so that all options stay with the four.
            vm.prank(OPERATOR);
            token.safeTransferFrom(OPERATOR, actor(who % 3), SeriesId.unwrap(id), amount, "");
            _give(OPERATOR, actor(who % 3), id, amount);
        } catch {}
        vm.prank(account);
        house.setOperator(OPERATOR, 0);
        ++done["operate"];
    }

    /// @dev Whatever an operator withdraws goes to the owner.
    function _operatorWithdraws(address account, TestToken asset, bool may) private {
        uint256 assets = house.freeBalance(account, address(asset)) / 8;
        if (assets == 0) return;
        uint256 before = house.freeBalance(OPERATOR, address(asset)) + asset.balanceOf(OPERATOR);
        vm.prank(OPERATOR);
        try house.withdrawFor(account, address(asset), assets) {
            if (!may) _breaks("an operator withdrew without the flag");
            _out(account, asset, assets);
        } catch {}
        if (house.freeBalance(OPERATOR, address(asset)) + asset.balanceOf(OPERATOR) != before) {
            _breaks("an operator was paid");
        }
    }

    /// @notice The contract among the actors is given a call that it makes from within whatever reaches it next.
    function arm(uint256 seed) external {
        SeriesId id = seriesAt(seed >> 8);
        address asset = address(tokenAt(seed >> 16));
        uint256 kind = seed % 11;
        bytes memory data;
        if (kind == 0) data = abi.encodeCall(house.withdraw, (asset, 1, address(intruder)));
        else if (kind == 1) data = abi.encodeCall(house.deposit, (asset, 1));
        else if (kind == 2) data = abi.encodeCall(house.write, (address(intruder), id, 1e10, address(intruder)));
        else if (kind == 3) data = abi.encodeCall(house.close, (address(intruder), id, 1e10, address(intruder)));
        else if (kind == 4) data = abi.encodeCall(house.pay, (address(intruder), actor(0), asset, 0));
        else if (kind == 5) data = abi.encodeCall(house.redeem, (id, 1, address(intruder)));
        else if (kind == 6) data = abi.encodeCall(house.redeemFor, (actor(seed >> 24), id));
        else if (kind == 7) data = abi.encodeCall(house.collectFees, (id.bookKey()));
        else if (kind == 10) data = abi.encodeCall(house.multicall, (new bytes[](0)));
        else if (kind == 8) data = abi.encodeCall(house.settleBook, (actor(seed >> 24), id.bookKey()));
        else data = abi.encodeCall(house.accrueFee, (id.bookKey(), 0));
        intruder.arm(address(house), data);
        intruder.setRefuses(seed >> 32 & 7 == 0);
        ++done["arm"];
    }

    /// @notice Claims before there is a price, and new risk after expiry.
    function outOfTime(uint256 who, uint256 what, uint256 seed) external {
        address account = actor(who);
        SeriesId id = seriesAt(what);
        BookKey key = id.bookKey();
        bytes memory data;
        if (priceOf(key) == 0 && seed % 2 == 0) {
            uint256 kind = seed / 2 % 5;
            if (kind == 0) data = abi.encodeCall(house.settleLeg, (account, id));
            else if (kind == 1) data = abi.encodeCall(house.settleBook, (account, key));
            else if (kind == 2) data = abi.encodeCall(house.redeem, (id, 1, account));
            else if (kind == 3) data = abi.encodeCall(house.redeemFor, (account, id));
            else data = abi.encodeCall(house.collectFees, (key));
        } else if (vm.getBlockTimestamp() >= id.expiry()) {
            return _tryLate(account, id);
        } else {
            return;
        }
        vm.prank(account);
        (bool ok,) = address(house).call(data);
        if (ok) _breaks("a call went through at a time when it must not");
        ++done["outOfTime"];
    }

    /// @dev New risk after an expiry: every way there is.
    function _tryLate(address account, SeriesId id) internal {
        BookKey key = id.bookKey();
        bytes[4] memory all = [
            abi.encodeCall(house.write, (account, id, 1e10, account)),
            abi.encodeCall(house.net, (account, key, _strikes(account, key))),
            abi.encodeCall(house.place, (account, id, 1e10)),
            abi.encodeCall(house.takeBack, (account, id, 1e10, account))
        ];
        for (uint256 i; i < 4; ++i) {
            vm.prank(account);
            (bool ok,) = address(house).call(all[i]);
            if (ok) _breaks("new risk after expiry");
        }
        ++done["outOfTime"];
    }

    /// @notice Issuers turn: fees of up to a tenth, and an account refused.
    function turn(uint256 seed) external {
        (seed % 2 == 0 ? whole : cents).setFeeBps(seed / 2 % 3 == 0 ? 0 : seed / 6 % 1000);
        (seed % 2 == 0 ? whole : cents).setRefused(actor(1), seed / 2 % 4 == 1);
        ++done["turn"];
    }

    /// @notice Roles use their powers to the end: writes paused, bounties of nothing or all, another treasury.
    function abuseRoles(uint256 seed) external {
        house.setWritesPaused(seed % 4 == 0);
        house.setBountyCap(address(tokenAt(seed)), seed % 3 == 0 ? 1 : seed % 3 == 1 ? 0 : type(uint256).max);
        ++done["abuseRoles"];
    }

    // --- the end ---

    /// @notice Nobody can take new risk any more; everybody leaves, by calls that anybody may make, with writes paused and every token as it has become.
    /// Needs every expiry settled.
    function everybodyLeaves() external {
        house.setWritesPaused(false);
        for (uint256 i; i < SERIES * ACTORS; ++i) {
            if (held(actor(i), seriesAt(i / ACTORS)) != 0) _tryLate(actor(i), seriesAt(i / ACTORS));
        }
        house.setWritesPaused(true);
        for (uint256 a; a < ACTORS; ++a) {
            for (uint256 k; k < KEYS; ++k) {
                _leaveBook(actor(a), keyAt(k));
            }
        }
        // What the pots keep for those who settle and redeem for others is the treasury's in the end.
        vm.warp(vm.getBlockTimestamp() + 40 days);
        for (uint256 k; k < KEYS; ++k) {
            house.collectFees(keyAt(k));
        }
        for (uint256 a; a < ACTORS; ++a) {
            for (uint256 t; t < TOKENS; ++t) {
                _leaveToken(actor(a), tokenAt(t));
            }
        }
    }

    /// @notice Settles what a run left unsettled.
    function settleAll(uint256 price) external {
        for (uint256 k; k < KEYS; k += 2) {
            BookKey key = keyAt(k);
            if (priceOf(key) != 0) continue;
            _pass(key.expiry(), price);
            _settleByAnyRule(key.market(), key.expiry());
        }
    }

    function _leaveBook(address account, BookKey key) private {
        IClearinghouse.BookKind kind = house.book(account, key).kind;
        if (kind == IClearinghouse.BookKind.NETTED) _settleBook(account, key);
        for (uint256 s; s < STRIKES; ++s) {
            SeriesId id = key.series(strikeAt(s));
            if (kind == IClearinghouse.BookKind.PLAIN && house.leg(account, id) != 0) _settleLeg(account, id);
            uint256 amount = held(account, id);
            if (amount == 0) continue;
            // Whoever has no code can be helped by anybody, refused by its token or not; the contract redeems for itself.
            if (account.code.length == 0) _redeemFor(account, id);
            else _redeem(account, id, amount);
        }
    }

    function _leaveToken(address account, TestToken asset) private {
        uint256 free = house.freeBalance(account, address(asset));
        if (free == 0) return;
        // A token that refuses an account holds nobody else up; in the end its issuer relents, or the account loses it alone.
        if (address(asset) == address(whole)) whole.setRefused(account, false);
        if (address(asset) == address(cents)) cents.setRefused(account, false);
        vm.prank(account);
        house.withdraw(address(asset), free, account);
        _out(account, asset, free);
    }
}
