// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {VaultFixture} from "./VaultFixture.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// @notice What roles may set, and that the code bounds it.
contract ParamsTest is VaultFixture {
    function test_refusesStrangers() public {
        address stranger = makeAddr("stranger");
        bytes memory refused = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger);
        IOptionVault.Params memory p = calls.params();
        IOptionVault.Fees memory f = calls.fees();
        vm.startPrank(stranger);
        vm.expectRevert(refused);
        calls.setParams(p);
        vm.expectRevert(refused);
        calls.setFees(f);
        vm.expectRevert(refused);
        calls.setTradesPaused(true);
        vm.expectRevert(refused);
        calls.setDepositsPaused(true);
        vm.stopPrank();
    }

    /// @dev The pricer keeps what each caller says under the caller's own address: a stranger's words move no vault.
    function test_aStrangersParamsReachNoVault() public {
        bytes32 before = keccak256(abi.encode(calls.params(), calls.fees()));
        IOptionVault.Params memory other = calls.params();
        other.skew = 10e18;
        address stranger = makeAddr("stranger");
        vm.startPrank(stranger);
        pricer.setParams(other);
        pricer.setFees(IOptionVault.Fees(1, 2, 3));
        vm.stopPrank();
        assertEq(keccak256(abi.encode(calls.params(), calls.fees())), before);
        assertEq(uint256(pricer.params(stranger).skew), 10e18);
        assertEq(uint256(pricer.fees(stranger).ofPremium), 2);
    }

    /// @dev One vault's parameters are not the other's, though they share the pricer.
    function test_vaultsKeepTheirOwnParams() public {
        assertEq(address(calls.pricer()), address(puts.pricer()));
        IOptionVault.Params memory p = calls.params();
        p.noticeSeconds = 2 hours;
        calls.setParams(p);
        assertEq(uint256(calls.params().noticeSeconds), 2 hours);
        assertEq(uint256(puts.params().noticeSeconds), 1 hours);
    }

    /// @dev Prices from one listing and collateral by another would be no vault at all.
    function test_refusesThePricerOfOtherMarkets() public {
        address others = vm.deployCode("Markets.sol:Markets", abi.encode(address(access)));
        address oracle_ = vm.deployCode("VolatilityOracle.sol:VolatilityOracle", abi.encode(address(access), others));
        address foreign = vm.deployCode("VaultPricer.sol:VaultPricer", abi.encode(oracle_));
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.WrongPricer.selector, foreign));
        vm.deployCode(
            "OptionVault.sol:OptionVault", abi.encode(address(access), address(house), foreign, MARKET, uint8(0))
        );
    }

    function _refused(IOptionVault.Params memory p, bytes32 what) private {
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.BadParams.selector, what));
        calls.setParams(p);
    }

    function test_paramsAreBounded() public {
        IOptionVault.Params memory p = calls.params();
        p.halfSpread = 0.001e18 - 1;
        _refused(p, "halfSpread");
        p.halfSpread = 0.5e18 + 1;
        _refused(p, "halfSpread");
        p = calls.params();
        p.halfSpreadPerDay = oracle.volatilityPerDay() - 1; // signers could move further than the spread
        _refused(p, "halfSpreadPerDay");
        p.halfSpreadPerDay = 10e18 + 1;
        _refused(p, "halfSpreadPerDay");
        p = calls.params();
        p.skew = 10e18 + 1;
        _refused(p, "skew");
        p = calls.params();
        p.use = 1e18 + 1;
        _refused(p, "use");
        p = calls.params();
        p.minRate = 1e18 + 1;
        _refused(p, "minRate");
        p = calls.params();
        p.floor = 0.05e18 + 1;
        _refused(p, "floor");
        p = calls.params();
        p.minAbsDelta = p.maxAbsDelta;
        _refused(p, "absDelta");
        p = calls.params();
        p.maxAbsDelta = 1e18 + 1;
        _refused(p, "absDelta");
        p = calls.params();
        p.maxUtilisation = 0;
        _refused(p, "maxUtilisation");
        p.maxUtilisation = 1e18 + 1;
        _refused(p, "maxUtilisation");
        p = calls.params();
        p.minAmount = 0;
        _refused(p, "minAmount");
        p.minAmount = 1000e18 + 1;
        _refused(p, "minAmount");
        p = calls.params();
        p.guardWindow = 1 days + 1;
        _refused(p, "guardWindow");
        p = calls.params();
        p.noticeSeconds = 5 minutes - 1;
        _refused(p, "noticeSeconds");
        p.noticeSeconds = 7 days + 1;
        _refused(p, "noticeSeconds");
        p = calls.params();
        p.minRequest = 0;
        _refused(p, "minRequest");
    }

    function test_feesAreBounded() public {
        IOptionVault.Fees memory f = calls.fees();
        f.ofNotional = 0.005e18 + 1;
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.BadParams.selector, bytes32("ofNotional")));
        calls.setFees(f);
        f = calls.fees();
        f.ofPremium = 0.2e18 + 1;
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.BadParams.selector, bytes32("ofPremium")));
        calls.setFees(f);
        f = calls.fees();
        f.performance = 0.3e18 + 1;
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.BadParams.selector, bytes32("performance")));
        calls.setFees(f);
    }

    function test_saysWhatWasSet() public {
        IOptionVault.Params memory p = calls.params();
        p.skew = 2e18;
        vm.expectEmit(address(calls));
        emit IOptionVault.ParamsSet(p);
        calls.setParams(p);
        assertEq(uint256(calls.params().skew), 2e18);
        IOptionVault.Fees memory f = IOptionVault.Fees(1, 2, 3);
        vm.expectEmit(address(calls));
        emit IOptionVault.FeesSet(f);
        calls.setFees(f);
        assertEq(uint256(calls.fees().performance), 3);
    }
}
