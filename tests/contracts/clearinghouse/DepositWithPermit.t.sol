// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {ClearinghouseFixture} from "../support/ClearinghouseFixture.sol";
import {FeeToken, PhantomPermitToken} from "../support/Tokens.sol";

contract DepositWithPermitTest is ClearinghouseFixture {
    struct Permit {
        uint256 deadline;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    uint256 private constant KEY = 0xA11CE;
    address private _owner = vm.addr(KEY);

    function setUp() public override {
        super.setUp();
        usdc.mint(_owner, 100);
    }

    // --- failures ---

    function test_RefusesAnAddressWithoutCode() public {
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.BadToken.selector, STRANGER));
        house.depositWithPermit(STRANGER, 1, START, 27, 0, 0);
    }

    function test_RefusesNothing() public {
        Permit memory p = _sign(usdc, 0, START);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.BadAmount.selector, 0));
        _deposit(_owner, usdc, 0, p);
    }

    function test_RefusesAPermitOfSomebodyElse() public {
        Permit memory p = _sign(usdc, 100, START);
        usdc.mint(STRANGER, 100);
        vm.expectRevert(_noAllowance(100));
        _deposit(STRANGER, usdc, 100, p);
    }

    function test_RefusesAPermitOfAnotherAmount() public {
        Permit memory p = _sign(usdc, 99, START);
        vm.expectRevert(_noAllowance(100));
        _deposit(_owner, usdc, 100, p);
    }

    function test_RefusesAPermitThatIsTooOld() public {
        Permit memory p = _sign(usdc, 100, START - 1);
        vm.expectRevert(_noAllowance(100));
        _deposit(_owner, usdc, 100, p);
    }

    function test_RefusesATokenThatTakesAFee() public {
        FeeToken taking = new FeeToken();
        taking.mint(_owner, 100);
        Permit memory p = _sign(taking, 100, START);
        vm.expectRevert(
            abi.encodeWithSelector(IClearinghouse.TransferAmountMismatch.selector, address(taking), 100, 99)
        );
        _deposit(_owner, taking, 100, p);
    }

    /// @dev A token whose fallback answers any permit gives no allowance by it: nobody's tokens move.
    function test_APhantomPermitMovesNothing() public {
        PhantomPermitToken phantom = new PhantomPermitToken();
        phantom.mint(_owner, 100);
        Permit memory p;
        vm.expectRevert(_noAllowance(100));
        vm.prank(_owner);
        house.depositWithPermit(address(phantom), 100, p.deadline, p.v, p.r, p.s);
        assertEq(phantom.balanceOf(_owner), 100, "where it was");
    }

    // --- what it does ---

    function test_NeedsNoApprovalBefore() public {
        Permit memory p = _sign(usdc, 100, START);
        vm.expectEmit(address(house));
        emit IClearinghouse.Deposited(_owner, address(usdc), 100);
        _deposit(_owner, usdc, 100, p);
        assertEq(free(_owner, usdc), 100, "credited");
        assertEq(usdc.allowance(_owner, address(house)), 0, "used up");
    }

    /// @dev The griefing of permits: it is used by somebody else first, so that the nonce is spent.
    function test_APermitUsedBySomebodyElseDoesNotBlock() public {
        Permit memory p = _sign(usdc, 100, START);
        vm.prank(STRANGER);
        usdc.permit(_owner, address(house), 100, p.deadline, p.v, p.r, p.s);
        _deposit(_owner, usdc, 100, p);
        assertEq(free(_owner, usdc), 100, "credited");
        assertEq(free(STRANGER, usdc), 0, "nothing for who was first");
    }

    function test_AnAllowanceMakesThePermitNeedless() public {
        Permit memory none_;
        vm.prank(_owner);
        usdc.approve(address(house), 100);
        _deposit(_owner, usdc, 100, none_);
        assertEq(free(_owner, usdc), 100, "credited");
    }

    function _deposit(address account, TestToken asset, uint256 assets, Permit memory p) private {
        vm.prank(account);
        house.depositWithPermit(address(asset), assets, p.deadline, p.v, p.r, p.s);
    }

    function _sign(TestToken asset, uint256 assets, uint256 deadline) private view returns (Permit memory p) {
        bytes32 typeHash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 what = keccak256(abi.encode(typeHash, _owner, address(house), assets, asset.nonces(_owner), deadline));
        p.deadline = deadline;
        (p.v, p.r, p.s) = vm.sign(KEY, keccak256(abi.encodePacked("\x19\x01", asset.DOMAIN_SEPARATOR(), what)));
    }

    function _noAllowance(uint256 assets) private view returns (bytes memory) {
        return abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(house), 0, assets);
    }
}
