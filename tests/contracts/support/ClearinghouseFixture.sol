// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IOptionRenderer} from "../../../contracts/interfaces/IOptionRenderer.sol";
import {IOptionToken} from "../../../contracts/interfaces/IOptionToken.sol";
import {BookKey, SeriesId} from "../../../contracts/libraries/SeriesId.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {MarketsFixture} from "./MarketsFixture.sol";

/// @notice A Clearinghouse over the market of `MarketsFixture`, strikes from 2,000 to 4,000 listed on both sides, and
/// three accounts with 100 WETH and 1,000,000 USDC of free balance each.
abstract contract ClearinghouseFixture is MarketsFixture {
    IClearinghouse internal house;
    IOptionToken internal token;
    IOptionRenderer internal renderer;

    address internal immutable WRITER = makeAddr("writer");
    address internal immutable HOLDER = makeAddr("holder");
    address internal immutable OPERATOR = makeAddr("operator");

    uint256 internal constant WETH = 1e18;
    uint256 internal constant USDC = 1e6;
    uint256 internal constant FUNDS_WETH = 100 * WETH;
    uint256 internal constant FUNDS_USDC = 1_000_000 * USDC;

    function setUp() public virtual override {
        super.setUp();
        renderer = IOptionRenderer(vm.deployCode("OptionRenderer.sol:OptionRenderer", abi.encode(address(markets))));
        house = IClearinghouse(
            vm.deployCode(
                "Clearinghouse.sol:Clearinghouse", abi.encode(address(access), address(markets), address(renderer))
            )
        );
        house.setWrappedNative(address(weth));
        token = IOptionToken(house.optionToken());
        for (uint64 strike = 2000; strike <= 4000; strike += 100) {
            list(call(strike));
            list(put(strike));
        }
        fund(WRITER);
        fund(HOLDER);
        fund(OPERATOR);
    }

    function fund(address account) internal {
        deposit(account, weth, FUNDS_WETH);
        deposit(account, usdc, FUNDS_USDC);
    }

    function deposit(address account, TestToken asset, uint256 assets) internal {
        asset.mint(account, assets);
        vm.startPrank(account);
        asset.approve(address(house), assets);
        house.deposit(address(asset), assets);
        vm.stopPrank();
    }

    function write(address account, SeriesId id, uint256 amount, address receiver) internal {
        vm.prank(account);
        house.write(account, id, amount, receiver);
    }

    /// @dev Makes the account's book of this series netted, naming the strikes it holds.
    function net(address account, SeriesId id, uint64[] memory strikes) internal {
        vm.prank(account);
        house.net(account, id.bookKey(), strikes);
    }

    function place(address account, SeriesId id, uint256 amount) internal {
        vm.prank(account);
        house.place(account, id, amount);
    }

    function settle(uint256 dollars) internal {
        settleAt(ETH, EXPIRY, feed, dollars * 1e18);
    }

    function allow(address account, address operator, uint8 flags) internal {
        vm.prank(account);
        house.setOperator(operator, flags);
    }

    function free(address account, TestToken asset) internal view returns (uint256) {
        return house.freeBalance(account, address(asset));
    }

    function bookOf(address account, SeriesId id) internal view returns (IClearinghouse.Book memory) {
        return house.book(account, id.bookKey());
    }

    function lockedOf(address account, SeriesId id) internal view returns (uint256) {
        return bookOf(account, id).locked;
    }

    function held(address account, SeriesId id) internal view returns (uint256) {
        return token.balanceOf(account, SeriesId.unwrap(id));
    }

    function supply(SeriesId id) internal view returns (uint256) {
        return token.totalSupply(SeriesId.unwrap(id));
    }

    function none() internal pure returns (uint64[] memory) {
        return new uint64[](0);
    }

    function strikes1(uint64 a) internal pure returns (uint64[] memory list_) {
        list_ = new uint64[](1);
        list_[0] = a * 1e8;
    }

    function strikes2(uint64 a, uint64 b) internal pure returns (uint64[] memory list_) {
        list_ = new uint64[](2);
        (list_[0], list_[1]) = (a * 1e8, b * 1e8);
    }

    function notAuthorised(address account, address caller, uint8 flag) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IClearinghouse.NotAuthorised.selector, account, caller, flag);
    }

    function insufficient(address account, TestToken asset, uint256 assets, uint256 free_)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(
            IClearinghouse.InsufficientFreeBalance.selector, account, address(asset), assets, free_
        );
    }
}
