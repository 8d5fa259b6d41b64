// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IExchange} from "../../../contracts/interfaces/IExchange.sol";
import {IOptionToken} from "../../../contracts/interfaces/IOptionToken.sol";
import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {IRouter} from "../../../contracts/interfaces/IRouter.sol";
import {SeriesId, Side} from "../../../contracts/libraries/SeriesId.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {VaultFixture} from "../vault/VaultFixture.sol";
import {Shop} from "./Targets.sol";

/// @notice A Router over the vaults of `VaultFixture` and an Exchange, a maker with free balances, a market that swaps WETH
/// and USDC at 3,000, and carol, who has coins and tokens in her wallet and nothing anywhere else.
abstract contract RouterFixture is VaultFixture {
    IRouter internal router;
    IExchange internal exchange;
    IOptionToken internal token;
    Shop internal shop;

    address internal carol;
    uint256 internal carolKey;
    address internal maker;
    uint256 internal makerKey;

    uint256 internal constant MOST = type(uint256).max;
    uint256 internal constant GAS_PER_ORDER = 1_000_000;
    uint64 private _nonce;

    function setUp() public virtual override {
        super.setUp();
        // The fixture's WETH becomes one that wraps.
        address wrapped = vm.deployCode("TestWrappedNative.sol:TestWrappedNative", abi.encode("Wrapped Ether", "WETH"));
        vm.etch(address(weth), wrapped.code);
        house.setWrappedNative(address(weth));
        exchange = IExchange(
            vm.deployCode("Exchange.sol:Exchange", abi.encode(address(access), address(house), address(oracle)))
        );
        router = IRouter(vm.deployCode("Router.sol:Router", abi.encode(address(exchange))));
        token = IOptionToken(house.optionToken());
        shop = new Shop();
        (carol, carolKey) = makeAddrAndKey("carol");
        (maker, makerKey) = makeAddrAndKey("maker");
        _give(maker);
        vm.startPrank(maker);
        weth.approve(address(house), 100e18);
        usdc.approve(address(house), 300_000e6);
        house.deposit(address(weth), 100e18);
        house.deposit(address(usdc), 300_000e6);
        house.setOperator(address(exchange), 1);
        token.setApprovalForAll(address(exchange), true);
        vm.stopPrank();
        _give(carol);
        vm.startPrank(carol);
        weth.approve(address(router), MOST);
        usdc.approve(address(router), MOST);
        token.setApprovalForAll(address(router), true);
        vm.stopPrank();
        // What unwrapping pays is there.
        vm.deal(address(weth), 1000e18);
        // The first trade of a block renews the vault's base.
        nextBlock();
    }

    function _give(address account) private {
        weth.mint(account, 100e18);
        usdc.mint(account, 300_000e6);
        vm.deal(account, 100e18);
    }

    // --- orders ---

    /// @notice The maker sells `amount` at `price` (WAD a contract) in the settlement asset, writing it.
    function offer(SeriesId series, uint128 amount, uint128 price) internal returns (IRouter.Signed memory signed) {
        signed.order.maker = maker;
        signed.order.series = series;
        signed.order.useBook = true;
        signed.order.premiumToken = series.side() == Side.CALL ? address(weth) : address(usdc);
        signed.order.amount = amount;
        signed.order.limit = price;
        signed.order.deadline = type(uint40).max;
        signed.order.nonce = ++_nonce;
        signOrder(signed);
    }

    /// @notice The maker buys.
    function bid(SeriesId series, uint128 amount, uint128 price) internal returns (IRouter.Signed memory signed) {
        signed = offer(series, amount, price);
        (signed.order.isBuy, signed.order.useBook) = (true, false);
        signOrder(signed);
    }

    function signOrder(IRouter.Signed memory signed) internal view {
        signed.signature = signWith(makerKey, exchange.hashOrder(signed.order));
    }

    function none() internal pure returns (IRouter.Signed[] memory) {
        return new IRouter.Signed[](0);
    }

    function one(IRouter.Signed memory a) internal pure returns (IRouter.Signed[] memory list) {
        list = new IRouter.Signed[](1);
        list[0] = a;
    }

    function two(IRouter.Signed memory a, IRouter.Signed memory b)
        internal
        pure
        returns (IRouter.Signed[] memory list)
    {
        list = new IRouter.Signed[](2);
        (list[0], list[1]) = (a, b);
    }

    // --- arguments ---

    function noSwap() internal pure returns (IRouter.Swap memory s) {}

    function noPermit() internal pure returns (IRouter.Permit memory p) {}

    function trade(SeriesId series, uint128 amount, uint256 limit) internal view returns (IRouter.Trade memory) {
        address vault = series.side() == Side.CALL ? address(calls) : address(puts);
        return IRouter.Trade(series, amount, limit, vault, MOST, GAS_PER_ORDER);
    }

    function paying(address asset, uint256 assets) internal pure returns (IRouter.Payment memory) {
        return IRouter.Payment(asset, assets, false, noPermit(), noSwap());
    }

    function payout(address asset) internal pure returns (IRouter.Payout memory) {
        return IRouter.Payout(asset, false, noSwap());
    }

    /// @notice `spent` of the input for exactly `output`, and no less wanted.
    function shopping(TestToken input, uint256 spent, TestToken output, uint256 bought)
        internal
        view
        returns (IRouter.Swap memory)
    {
        return IRouter.Swap(address(shop), abi.encodeCall(Shop.swap, (input, spent, output, bought)), bought);
    }

    // --- acting ---

    function buyNative(IRouter.Trade memory t, IRouter.Signed[] memory orders, uint256 value)
        internal
        returns (uint256)
    {
        vm.prank(carol);
        return router.buyBest{value: value}(t, orders, paying(address(0), value), payout(address(0)));
    }

    function buyBest(IRouter.Trade memory t, IRouter.Signed[] memory orders) internal returns (uint256) {
        address asset = t.series.side() == Side.CALL ? address(weth) : address(usdc);
        uint256 assets = asset == address(weth) ? 50e18 : 200_000e6;
        vm.prank(carol);
        return router.buyBest(t, orders, paying(asset, assets), payout(asset));
    }

    function sellBest(IRouter.Trade memory t, IRouter.Signed[] memory orders) internal returns (uint256) {
        address asset = t.series.side() == Side.CALL ? address(weth) : address(usdc);
        vm.prank(carol);
        return router.sellBest(t, orders, payout(asset));
    }

    // --- looking ---

    function askOf(SeriesId series, uint256 amount) internal view returns (uint256) {
        return (series.side() == Side.CALL ? calls : puts).quoteBuy(series, amount).total;
    }

    /// @notice What `amount` of an offer costs with the fee, and of a bid brings without it.
    function costOf(IRouter.Signed memory signed, uint256 amount) internal view returns (uint256) {
        IExchange.Fill memory f = exchange.valueOf(signed.order, amount);
        return signed.order.isBuy ? f.premium - f.fee : f.premium + f.fee;
    }

    /// @notice Nothing of anybody's stays: neither token nor coin nor free balance nor option nor right.
    function assertEmpty(SeriesId series) internal view {
        assertEq(address(router).balance, 0, "coins");
        assertEq(weth.balanceOf(address(router)), 0, "WETH");
        assertEq(usdc.balanceOf(address(router)), 0, "USDC");
        assertEq(free(address(router), address(weth)), 0, "free WETH");
        assertEq(free(address(router), address(usdc)), 0, "free USDC");
        assertEq(holding(address(router), series), 0, "options");
        assertEq(house.operatorFlags(address(router), address(calls)), 0, "the calls' right");
        assertEq(house.operatorFlags(address(router), address(puts)), 0, "the puts' right");
        assertEq(weth.allowance(address(router), address(house)), 0, "allowance of WETH");
        assertEq(usdc.allowance(address(router), address(house)), 0, "allowance of USDC");
    }
}
