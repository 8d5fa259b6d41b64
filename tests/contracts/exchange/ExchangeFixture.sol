// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IExchange} from "../../../contracts/interfaces/IExchange.sol";
import {IVolatilityOracle} from "../../../contracts/interfaces/IVolatilityOracle.sol";
import {BookKey, BookKeyLib, SeriesId, Side} from "../../../contracts/libraries/SeriesId.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {ClearinghouseFixture} from "../support/ClearinghouseFixture.sol";

/// @notice What the Exchange offers to itself alone, beside its interface.
interface IExchangeInside is IExchange {
    function simulateFill(Order calldata order, bytes calldata signature, Take calldata take) external;
}

/// @notice An Exchange over the Clearinghouse of `ClearinghouseFixture`, a volatility oracle with one signer and one slice,
/// and a maker, a taker and a matcher with free balances who let the Exchange trade for them.
abstract contract ExchangeFixture is ClearinghouseFixture {
    IExchangeInside internal exchange;
    IVolatilityOracle internal oracle;

    address internal maker;
    uint256 internal makerKey;
    address internal taker;
    uint256 internal takerKey;
    address internal immutable MATCHER = makeAddr("matcher");

    uint256 internal constant MOST = type(uint256).max;
    uint256 private _reportKey;
    uint64 private _nonce;

    function setUp() public virtual override {
        super.setUp();
        address reporter;
        (reporter, _reportKey) = makeAddrAndKey("reporter");
        (maker, makerKey) = makeAddrAndKey("maker");
        (taker, takerKey) = makeAddrAndKey("taker");
        oracle = IVolatilityOracle(
            vm.deployCode("VolatilityOracle.sol:VolatilityOracle", abi.encode(address(access), address(markets)))
        );
        address[] memory reporters = new address[](1);
        reporters[0] = reporter;
        oracle.setSigners(reporters, 1);
        oracle.setAnchor(ETH, 0.6e18);
        postCarry(0.03e9);
        exchange = IExchangeInside(
            vm.deployCode("Exchange.sol:Exchange", abi.encode(address(access), address(house), address(oracle)))
        );
        fund(maker);
        fund(taker);
        trust(maker);
        trust(taker);
    }

    // --- accounts ---

    /// @dev The account lets the Exchange trade for it, from its free balances, its books and its tokens.
    function trust(address account) internal {
        allow(account, address(exchange), 1);
        approveTokens(account, true);
    }

    function approveTokens(address account, bool approved) internal {
        vm.prank(account);
        token.setApprovalForAll(address(exchange), approved);
    }

    /// @dev Contracts in the account's wallet, written by somebody else.
    function give(address account, SeriesId series, uint256 amount) internal {
        write(OPERATOR, series, amount, account);
    }

    /// @notice A slice of 60 % with this carry, reported now.
    function postCarry(int40 carry) internal {
        IVolatilityOracle.SurfaceReport memory r;
        (r.market, r.timestamp) = (ETH, uint40(vm.getBlockTimestamp()));
        r.slices = new IVolatilityOracle.SliceReport[](1);
        uint256 theta = 0.36e16 * (EXPIRY - vm.getBlockTimestamp()) / 365 days;
        r.slices[0] = IVolatilityOracle.SliceReport(EXPIRY, uint64(theta), 4e15, -0.2e12, carry);
        bytes[] memory signatures = new bytes[](1);
        signatures[0] = signDigest(_reportKey, oracle.hashReport(r));
        oracle.post(r, signatures);
    }

    // --- orders ---

    /// @notice The maker sells `amount` at `price` (WAD a contract) in the settlement asset, writing what it does not hold.
    function offer(SeriesId series, uint128 amount, uint128 price) internal returns (IExchange.Order memory order) {
        order.maker = maker;
        order.series = series;
        order.useBook = true;
        order.premiumToken = series.side() == Side.CALL ? address(weth) : address(usdc);
        order.amount = amount;
        order.limit = price;
        order.deadline = type(uint40).max;
        order.nonce = ++_nonce;
    }

    /// @notice The maker buys.
    function bid(SeriesId series, uint128 amount, uint128 price) internal returns (IExchange.Order memory order) {
        order = offer(series, amount, price);
        (order.isBuy, order.useBook) = (true, false);
    }

    /// @notice The same order at a volatility (WAD): any spot, premium and feed age, no edge, no carry.
    function atVolatility(IExchange.Order memory order, uint128 volatility)
        internal
        pure
        returns (IExchange.Order memory)
    {
        order.kind = IExchange.LimitKind.VOLATILITY;
        order.limit = volatility;
        order.maxPremium = type(uint128).max;
        order.maxSpot = type(uint128).max;
        order.maxFeedAge = type(uint32).max;
        return order;
    }

    function sign(IExchange.Order memory order) internal view returns (bytes memory) {
        return signDigest(order.maker == taker ? takerKey : makerKey, exchange.hashOrder(order));
    }

    function signDigest(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    // --- taking ---

    /// @notice All of `amount`, at any cost, from or into the taker's wallet.
    function buying(uint128 amount) internal view returns (IExchange.Take memory) {
        return IExchange.Take({amount: amount, minAmount: amount, limit: MOST, receiver: taker, useBook: false});
    }

    /// @notice All of `amount`, for whatever it brings, writing what the taker does not hold.
    function selling(uint128 amount) internal view returns (IExchange.Take memory) {
        return IExchange.Take({amount: amount, minAmount: amount, limit: 0, receiver: taker, useBook: true});
    }

    function fill(IExchange.Order memory order, IExchange.Take memory take)
        internal
        returns (IExchange.Fill memory filled)
    {
        bytes memory signature = sign(order);
        vm.prank(taker);
        return exchange.fill(order, signature, take);
    }

    /// @notice Buys `amount` of the maker's offer, or sells to its bid.
    function fill(IExchange.Order memory order, uint128 amount) internal returns (IExchange.Fill memory filled) {
        return fill(order, order.isBuy ? selling(amount) : buying(amount));
    }

    function expectRefused(IExchange.Order memory order, IExchange.Take memory take, bytes memory why) internal {
        bytes memory signature = sign(order);
        vm.expectRevert(why);
        vm.prank(taker);
        exchange.fill(order, signature, take);
    }

    function expectRefused(IExchange.Order memory order, uint128 amount, bytes memory why) internal {
        expectRefused(order, order.isBuy ? selling(amount) : buying(amount), why);
    }

    function quote(IExchange.Order memory order, IExchange.Take memory take) internal returns (IExchange.Quote memory) {
        return exchange.quoteFill(taker, order, sign(order), take);
    }

    function matchPair(IExchange.Order memory buyOrder, IExchange.Order memory sellOrder, uint128 amount)
        internal
        returns (IExchange.Match memory)
    {
        (bytes memory buySignature, bytes memory sellSignature) = (sign(buyOrder), sign(sellOrder));
        vm.prank(MATCHER);
        return exchange.matchOrders(buyOrder, buySignature, sellOrder, sellSignature, amount);
    }

    function expectUnmatched(
        IExchange.Order memory buyOrder,
        IExchange.Order memory sellOrder,
        uint128 amount,
        bytes memory why
    ) internal {
        (bytes memory buySignature, bytes memory sellSignature) = (sign(buyOrder), sign(sellOrder));
        vm.expectRevert(why);
        vm.prank(MATCHER);
        exchange.matchOrders(buyOrder, buySignature, sellOrder, sellSignature, amount);
    }

    // --- looking ---

    function pot(TestToken asset) internal view returns (uint256) {
        BookKey key = BookKeyLib.pack(ETH, address(asset) == address(weth) ? Side.CALL : Side.PUT, EXPIRY);
        return house.feePot(key);
    }

    function filledOf(IExchange.Order memory order) internal view returns (uint256 filled) {
        (filled,,) = exchange.nonceState(order.maker, order.nonce);
    }

    function lowHash(IExchange.Order memory order) internal view returns (uint128) {
        return uint128(uint256(exchange.hashOrder(order)));
    }

    /// @dev The error without arguments, or with one.
    function err(bytes4 selector) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(selector);
    }
}
