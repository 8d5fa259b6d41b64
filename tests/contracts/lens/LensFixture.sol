// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IOptionToken} from "../../../contracts/interfaces/IOptionToken.sol";
import {IAccountLens} from "../../../contracts/interfaces/lens/IAccountLens.sol";
import {IChainLens} from "../../../contracts/interfaces/lens/IChainLens.sol";
import {IVaultLens} from "../../../contracts/interfaces/lens/IVaultLens.sol";
import {SeriesId} from "../../../contracts/libraries/SeriesId.sol";
import {VaultFixture} from "../vault/VaultFixture.sol";

/// @notice Eats whatever gas it is given.
contract GasEater {
    fallback() external {
        assembly {
            for {} 1 {} {}
        }
    }
}

/// @notice Answers, or reverts with, as much as its gas pays for.
contract Bomb {
    bool private immutable REVERTS;

    constructor(bool reverts) {
        REVERTS = reverts;
    }

    fallback() external {
        bool reverts = REVERTS;
        assembly {
            if reverts { revert(0, 100000) }
            return(0, 100000)
        }
    }
}

/// @notice Lenses over the vaults' fixture.
abstract contract LensFixture is VaultFixture {
    IChainLens internal chainLens;
    IAccountLens internal accountLens;
    IVaultLens internal vaultLens;
    IOptionToken internal token;

    function setUp() public virtual override {
        super.setUp();
        token = IOptionToken(house.optionToken());
        chainLens = IChainLens(vm.deployCode("ChainLens.sol:ChainLens", abi.encode(address(house), address(oracle))));
        accountLens = IAccountLens(vm.deployCode("AccountLens.sol:AccountLens", abi.encode(address(house))));
        vaultLens = IVaultLens(vm.deployCode("VaultLens.sol:VaultLens", abi.encode(address(house))));
        refresh();
    }

    function query(uint256 amount) internal view returns (IChainLens.ChainQuery memory) {
        return IChainLens.ChainQuery(MARKET, NEAR, address(calls), address(puts), amount, 0, 100);
    }

    /// @notice The series of a chain, or a failed test.
    function find(IChainLens.ChainView memory v, SeriesId series) internal pure returns (IChainLens.SeriesView memory) {
        for (uint256 i; i < v.series.length; ++i) {
            if (v.series[i].series == series) return v.series[i];
        }
        revert("not in the chain");
    }

    function write(address account, SeriesId series, uint256 amount) internal {
        vm.prank(account);
        house.write(account, series, amount, account);
    }

    function place(address account, SeriesId series, uint256 amount) internal {
        vm.prank(account);
        house.place(account, series, amount);
    }

    /// @notice Nets a book whose written legs are these series, ascending.
    function net(address account, SeriesId[] memory series) internal {
        uint64[] memory strikes = new uint64[](series.length);
        for (uint256 i; i < series.length; ++i) {
            strikes[i] = series[i].strike();
        }
        vm.prank(account);
        house.net(account, series[0].bookKey(), strikes);
    }

    function only(SeriesId a) internal pure returns (SeriesId[] memory list) {
        list = new SeriesId[](1);
        list[0] = a;
    }

    function change(SeriesId series, int128 amount) internal pure returns (IClearinghouse.Leg[] memory list) {
        list = new IClearinghouse.Leg[](1);
        list[0] = IClearinghouse.Leg(series.strike(), amount);
    }

    function changes(SeriesId a, int128 amountA, SeriesId b, int128 amountB)
        internal
        pure
        returns (IClearinghouse.Leg[] memory list)
    {
        list = new IClearinghouse.Leg[](2);
        list[0] = IClearinghouse.Leg(a.strike(), amountA);
        list[1] = IClearinghouse.Leg(b.strike(), amountB);
    }
}
