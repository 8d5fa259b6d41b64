// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IOptionToken} from "../../../contracts/interfaces/IOptionToken.sol";
import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {SeriesId, SeriesIdLib, Side} from "../../../contracts/libraries/SeriesId.sol";
import {IVault, VaultFixture} from "./VaultFixture.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @notice Receives option tokens and calls the vault back while it is minting.
contract Reenterer {
    IVault private immutable _vault;
    SeriesId private immutable _series;
    bytes private _call;
    bytes public refusal;
    uint256 public idleSeen;
    uint256 public lockedSeen;

    constructor(IVault vault, SeriesId series) {
        _vault = vault;
        _series = series;
    }

    function attack(bytes calldata callback) external {
        _call = callback;
        _vault.buy(_series, 1e18, type(uint256).max, address(this), type(uint256).max, IOptionVault.Funds.FREE_BALANCE);
    }

    function authorise(IClearinghouse house) external {
        house.setOperator(address(_vault), 1);
    }

    function onERC1155Received(address, address, uint256, uint256, bytes calldata) external returns (bytes4) {
        (idleSeen, lockedSeen) = (_vault.idleAssets(), _vault.lockedAssets());
        (bool ok, bytes memory answer) = address(_vault).call(_call);
        require(!ok, "re-entered");
        refusal = answer;
        return this.onERC1155Received.selector;
    }
}

/// @notice Known ways to take from a vault, tried.
contract AttacksTest is VaultFixture {
    /// @dev Found by the vaults' campaign: a round trip leaves less in the vault than the base of its cost function (the fee
    /// on premium is gone), and the next premium raised the base again, so that two parts cost less than the whole.
    function test_aRoundTripDoesNotMakeSplittingPay() public {
        moveSpot(2500);
        refresh();
        SeriesId farPut3000 = SeriesIdLib.pack(MARKET, Side.PUT, FAR, 3000e8);
        buy(puts, farPut3000, 2.5e18);
        sell(puts, farPut3000, 2.5e18);
        IOptionVault.Quote memory whole = puts.quoteBuy(put2700, 4.16e18);
        uint256 parts;
        uint256[2] memory amounts = [uint256(0.01e18), 4.15e18];
        for (uint256 i; i < 2; ++i) {
            IOptionVault.Quote memory part = puts.quoteBuy(put2700, amounts[i]);
            parts += part.total - part.fee;
            buy(puts, put2700, amounts[i]);
        }
        assertGe(parts, whole.total - whole.fee);
    }

    function test_reenteringIsRefusedAndSeesBookedState() public {
        Reenterer evil = new Reenterer(calls, call3000);
        vm.prank(bob);
        house.pay(bob, address(evil), address(weth), 10e18);
        evil.authorise(house);
        bytes[4] memory callbacks = [
            abi.encodeCall(
                IOptionVault.buy,
                (call3000, 1e18, type(uint256).max, bob, type(uint256).max, IOptionVault.Funds.FREE_BALANCE)
            ),
            abi.encodeCall(
                IOptionVault.sell, (call3000, 1e18, 0, bob, type(uint256).max, IOptionVault.Funds.FREE_BALANCE)
            ),
            abi.encodeCall(IOptionVault.process, (1)),
            abi.encodeCall(IOptionVault.release, (call3000))
        ];
        for (uint256 i; i < 4; ++i) {
            evil.attack(callbacks[i]);
            assertEq(
                evil.refusal(), abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
            );
            // the trade was booked before the callback
            assertEq(evil.idleSeen(), calls.idleAssets());
            assertEq(evil.lockedSeen(), calls.lockedAssets());
        }
    }

    /// @dev The first depositor's attack: own the first shares, make them dear, let a victim's deposit round to nothing.
    /// Gifts do not count and the virtual shares take any real gain.
    function testFuzz_theFirstDepositorTakesNothingFromTheSecond(uint256 first, uint256 second, uint128 gift) public {
        IVault fresh = _newVault(MARKET, Side.PUT);
        first = bound(first, 1e6, 1000e6);
        second = bound(second, 1e6, 100_000e6);
        gift = uint128(bound(gift, 0, 1_000_000e6));
        address carol = makeAddr("carol");
        uint256 attackers = enter(fresh, bob, first);
        vm.startPrank(bob);
        house.pay(bob, address(fresh), address(usdc), gift);
        usdc.transfer(address(fresh), gift);
        vm.stopPrank();
        uint256 victims = enter(fresh, carol, second);
        assertApproxEqAbs(fresh.convertToAssets(victims), second, 1);
        assertLe(fresh.convertToAssets(attackers), first);
    }

    /// @dev The vault is no ERC-1155 receiver: tokens sent to it bounce, so nobody can push a position into it.
    function test_optionTokensBounce() public {
        buy(calls, call3000, 1e18);
        IOptionToken token = IOptionToken(house.optionToken());
        vm.prank(bob);
        vm.expectRevert();
        token.safeTransferFrom(bob, address(calls), SeriesId.unwrap(call3000), 1e18, "");
        vm.prank(bob);
        vm.expectRevert();
        calls.buy(call3000, 1e18, type(uint256).max, address(calls), type(uint256).max, IOptionVault.Funds.FREE_BALANCE);
    }

    /// @dev Nobody else can use the vault's account in the Clearinghouse.
    function test_theVaultsAccountIsItsOwn() public {
        buy(calls, call3000, 1e18);
        vm.startPrank(bob);
        bytes memory refused = abi.encodeWithSelector(IClearinghouse.NotAuthorised.selector, address(calls), bob, 1);
        vm.expectRevert(refused);
        house.close(address(calls), call3000, 1e18, bob);
        vm.expectRevert(refused);
        house.write(address(calls), call3000, 1e18, bob);
        vm.expectRevert(refused);
        house.pay(address(calls), bob, address(weth), 1);
    }

    /// @dev A dear locking attack: taking all collateral costs at least the use charge and the floor rate, and the vault
    /// is richer for it.
    function test_lockingTheCollateralHasAPrice() public {
        (, uint256 before) = calls.netAssets();
        uint256 cost = buy(calls, call3300, 90e18);
        uint256 proceeds = sell(calls, call3300, 90e18);
        (, uint256 afterwards) = calls.netAssets();
        assertGt(afterwards, before);
        // 0.002 / 2 * 90^2 / 100
        assertGe(cost - proceeds, 0.081e18);
    }

    /// @dev A vega that grew by itself, as spot came to the strikes, is no prize: the vault does not pay above its mark.
    function test_theVaultDoesNotPayUpToShrink() public {
        buy(calls, call3300, 80e18);
        nextBlock();
        moveSpot(3300);
        IOptionVault.Quote memory q = calls.quoteSell(call3300, 80e18);
        assertLt(q.total, q.mark);
        (uint256 entering,) = calls.netAssets();
        sell(calls, call3300, 80e18);
        (, uint256 leaving) = calls.netAssets();
        // those who stay end no poorer than the marks said
        assertGe(leaving + 1, entering - (q.mark - q.total) - q.spread);
    }

    /// @dev Entering and leaving around a fall that the vault gains by, in one processing, gains nothing.
    function test_enteringAndLeavingAtOnceLoses() public {
        buy(calls, call3000, 50e18);
        address carol = makeAddr("carol");
        uint256 shares = enter(calls, carol, 50e18);
        vm.prank(carol);
        calls.requestRedeem(shares, carol, carol);
        skip(1 hours);
        refresh();
        calls.process(10);
        assertLt(calls.maxWithdraw(carol), 50e18);
    }
}
