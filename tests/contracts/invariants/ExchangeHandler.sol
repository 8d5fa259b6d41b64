// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IExchange} from "../../../contracts/interfaces/IExchange.sol";
import {IOptionToken} from "../../../contracts/interfaces/IOptionToken.sol";
import {SeriesId, SeriesIdLib, Side} from "../../../contracts/libraries/SeriesId.sol";
import {ReplayFeed} from "../../../contracts/mocks/ReplayFeed.sol";
import {Test} from "../support/Test.sol";

/// @notice Four makers who sign, fill, match, cancel and move their contracts in whatever order, with nonces that collide;
/// and a ledger of what each order may have come to.
contract ExchangeHandler is Test {
    uint256 internal constant ACTORS = 4;
    uint256 internal constant NONCES = 6;

    struct World {
        IExchange exchange;
        IClearinghouse house;
        ReplayFeed feed;
        address weth;
        address usdc;
        uint16 market;
        uint40 expiry;
    }

    /// @dev What an account is worth in one token, and its net contracts of one series.
    struct Standing {
        int256 wealth;
        int256 contracts_;
    }

    IExchange internal immutable exchange;
    IClearinghouse internal immutable house;
    IOptionToken internal immutable token;
    ReplayFeed internal immutable feed;
    address internal immutable weth;
    address internal immutable usdc;
    uint16 internal immutable market;
    uint40 internal immutable expiry;

    address[ACTORS] private _actors;
    IExchange.Order[] private _orders;

    /// @notice By maker and nonce: what was filled, and which order it was, counted from one.
    mapping(address maker => mapping(uint64 nonce => uint256)) public filled;
    mapping(address maker => mapping(uint64 nonce => uint256)) public boundTo;

    /// @notice Calls that went through, by name.
    mapping(bytes32 name => uint256) public done;

    /// @notice The first thing that must not be. Empty while all is well.
    string public broken;

    constructor(World memory w) {
        (exchange, house, feed) = (w.exchange, w.house, w.feed);
        (weth, usdc, market, expiry) = (w.weth, w.usdc, w.market, w.expiry);
        token = IOptionToken(w.house.optionToken());
        for (uint256 i; i < ACTORS; ++i) {
            _actors[i] = vm.addr(uint256(keccak256(abi.encode("exchange actor", i))));
        }
    }

    // --- the world ---

    function actor(uint256 who) public view returns (address) {
        return _actors[who % ACTORS];
    }

    function _keyOf(address account) private view returns (uint256) {
        for (uint256 i; i < ACTORS; ++i) {
            if (_actors[i] == account) return uint256(keccak256(abi.encode("exchange actor", i)));
        }
        revert("nobody");
    }

    /// @notice Two strikes on both sides.
    function seriesAt(uint256 i) public view returns (SeriesId) {
        return SeriesIdLib.pack(market, i % 2 == 0 ? Side.CALL : Side.PUT, expiry, i % 4 < 2 ? 2800e8 : 3200e8);
    }

    function orderAt(uint256 i) external view returns (IExchange.Order memory) {
        return _orders[i];
    }

    /// @notice Free and locked, in one token.
    function wealth(address account, address asset) public view returns (uint256 sum) {
        sum = house.freeBalance(account, asset);
        sum += house.book(account, seriesAt(asset == weth ? 0 : 1).bookKey()).locked;
    }

    /// @notice Held less written.
    function contractsOf(address account, SeriesId series) public view returns (int256) {
        return int256(token.balanceOf(account, SeriesId.unwrap(series))) + house.leg(account, series);
    }

    // --- what they do ---

    function sign(uint256 who, uint256 what, uint128 price, uint128 amount, uint256 flags) external {
        IExchange.Order memory order;
        order.maker = actor(who);
        order.series = seriesAt(what);
        (order.isBuy, order.useBook) = (flags & 1 == 1, flags & 2 == 2);
        bool inBase = (flags & 4 == 4) == (what % 2 == 0);
        order.premiumToken = inBase ? weth : usdc;
        order.amount = uint128(bound(amount, 1, 20e8)) * 1e10;
        (order.nonce, order.deadline) = (uint64(flags >> 8) % uint64(NONCES), type(uint40).max);
        if (flags & 24 == 24) {
            order.kind = IExchange.LimitKind.VOLATILITY;
            order.limit = uint128(bound(price, 0.05e18, 3e18));
            (order.maxSpot, order.maxPremium) = (type(uint128).max, type(uint128).max);
            (order.maxFeedAge, order.spotEdge) = (type(uint32).max, uint64(flags >> 16) % 0.05e18);
        } else {
            order.limit = uint128(inBase ? bound(price, 1, 0.2e18) : bound(price, 1, 600e18));
        }
        _orders.push(order);
        ++done["sign"];
    }

    function fill(uint256 which, uint256 who, uint128 amount, uint256 flags) external {
        if (_orders.length == 0) return;
        which %= _orders.length;
        IExchange.Order memory order = _orders[which];
        IExchange.Take memory take = _take(who, amount, flags);
        Standing memory before = _standing(order.maker, order);
        Standing memory takerBefore = _standing(take.receiver, order);
        bytes memory signature = _sign(order);
        vm.prank(take.receiver);
        try exchange.fill(order, signature, take) returns (IExchange.Fill memory f) {
            ++done["fill"];
            if (order.maker == take.receiver) _breaks("filled its own order");
            _book(which, f.amount);
            _checkMaker(order, before, f.amount);
            _checkTaker(order, take.receiver, takerBefore, f);
        } catch {}
    }

    function fillTwo(uint256 which, uint256 who, uint128 amount, uint256 flags) external {
        if (_orders.length < 2) return;
        which %= _orders.length;
        IExchange.Item[] memory items = new IExchange.Item[](2);
        for (uint256 i; i < 2; ++i) {
            IExchange.Order memory order = _orders[(which + i) % _orders.length];
            items[i] = IExchange.Item(order, _sign(order), _take(who, amount, flags));
        }
        vm.prank(actor(who));
        (IExchange.Fill[] memory fills, bytes4[] memory reasons) = exchange.fillMany(items, 1_000_000);
        for (uint256 i; i < 2; ++i) {
            if ((fills[i].amount == 0) != (reasons[i] != 0)) _breaks("a batch that does not say what it did");
            if (fills[i].amount == 0) continue;
            ++done["fillTwo"];
            _book((which + i) % _orders.length, fills[i].amount);
        }
    }

    function matchTwo(uint256 a, uint256 b, uint128 amount) external {
        if (_orders.length == 0) return;
        (a, b) = (a % _orders.length, b % _orders.length);
        (IExchange.Order memory buyOrder, IExchange.Order memory sellOrder) = (_orders[a], _orders[b]);
        Standing memory ofBuyer = _standing(buyOrder.maker, buyOrder);
        Standing memory ofSeller = _standing(sellOrder.maker, sellOrder);
        amount = uint128(bound(amount, 1, 20e8)) * 1e10;
        (bytes memory buySignature, bytes memory sellSignature) = (_sign(buyOrder), _sign(sellOrder));
        try exchange.matchOrders(buyOrder, buySignature, sellOrder, sellSignature, amount) returns (
            IExchange.Match memory m
        ) {
            ++done["match"];
            _book(a, m.amount);
            _book(b, m.amount);
            _checkMaker(buyOrder, ofBuyer, m.amount);
            _checkMaker(sellOrder, ofSeller, m.amount);
        } catch {}
    }

    /// @dev Asked for anybody, at any time; nothing may change by it.
    function quote(uint256 which, uint256 who, uint128 amount, uint256 flags) external {
        if (_orders.length == 0) return;
        IExchange.Order memory order = _orders[which % _orders.length];
        IExchange.Take memory take = _take(who, amount, flags);
        exchange.quoteFill(take.receiver, order, _sign(order), take);
        ++done["quote"];
    }

    function cancel(uint256 who, uint64 nonce, bool below) external {
        vm.startPrank(actor(who));
        if (!below) exchange.cancel(nonce % uint64(NONCES));
        else if (exchange.nonceFloor(actor(who)) == 0) exchange.cancelBelow(1);
        vm.stopPrank();
        ++done["cancel"];
    }

    function send(uint256 from, uint256 to, uint256 what, uint256 amount) external {
        SeriesId series = seriesAt(what);
        uint256 balance = token.balanceOf(actor(from), SeriesId.unwrap(series));
        if (balance == 0) return;
        vm.prank(actor(from));
        token.safeTransferFrom(
            actor(from), actor(to), SeriesId.unwrap(series), bound(amount, 1, balance / 1e10) * 1e10, ""
        );
        ++done["send"];
    }

    function moveSpot(uint256 dollars, uint256 seconds_) external {
        skip(bound(seconds_, 0, 4 hours));
        feed.post(int256(bound(dollars, 2000, 4500) * 1e8));
        ++done["moveSpot"];
    }

    // --- inside ---

    function _take(uint256 who, uint128 amount, uint256 flags) private view returns (IExchange.Take memory take) {
        (take.receiver, take.useBook) = (actor(who), flags & 1 == 1);
        take.amount = uint128(bound(amount, 1, 20e8)) * 1e10;
        take.limit = flags & 2 == 2 ? type(uint256).max : 0;
    }

    function _sign(IExchange.Order memory order) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(_keyOf(order.maker), exchange.hashOrder(order));
        return abi.encodePacked(r, s, v);
    }

    function _standing(address account, IExchange.Order memory order) private view returns (Standing memory) {
        return Standing(int256(wealth(account, order.premiumToken)), contractsOf(account, order.series));
    }

    /// @dev One order a nonce, at most its size.
    function _book(uint256 which, uint256 amount) private {
        IExchange.Order memory order = _orders[which];
        uint256 bound_ = boundTo[order.maker][order.nonce];
        if (bound_ == 0) boundTo[order.maker][order.nonce] = which + 1;
        else if (_hash(bound_ - 1) != _hash(which)) _breaks("two orders of one nonce");
        uint256 sum = filled[order.maker][order.nonce] += amount;
        if (amount == 0 || sum > order.amount) _breaks("filled beyond its size");
        (uint256 known,,) = exchange.nonceState(order.maker, order.nonce);
        if (known < sum) _breaks("forgot what was filled");
    }

    function _hash(uint256 which) private view returns (bytes32) {
        return exchange.hashOrder(_orders[which]);
    }

    /// @dev A maker's contracts change by what was filled, its wealth by no worse than its price.
    function _checkMaker(IExchange.Order memory order, Standing memory before, uint256 amount) private {
        Standing memory later = _standing(order.maker, order);
        int256 change = later.contracts_ - before.contracts_;
        if (change != (order.isBuy ? int256(amount) : -int256(amount))) _breaks("a maker's contracts");
        // Signed: who lost where it should have gained must not be taken for a call that failed.
        int256 gained = (later.wealth - before.wealth) * (order.premiumToken == weth ? int256(1e18) : int256(1e30));
        int256 limit = int256(exchange.priceOf(order) * amount);
        if (gained < (order.isBuy ? -limit : limit)) _breaks("a maker below its limit");
    }

    function _checkTaker(IExchange.Order memory order, address account, Standing memory before, IExchange.Fill memory f)
        private
    {
        int256 gained = _standing(account, order).wealth - before.wealth;
        int256 wanted = order.isBuy ? int256(f.premium) - int256(f.fee) : -int256(f.premium) - int256(f.fee);
        if (gained != wanted) _breaks("a taker's cost or proceeds");
    }

    function _breaks(string memory what) private {
        if (bytes(broken).length == 0) broken = what;
    }
}
