// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "./interfaces/IClearinghouse.sol";
import {IMarkets} from "./interfaces/IMarkets.sol";
import {IVaultPricer} from "./interfaces/IVaultPricer.sol";
import {Side} from "./libraries/SeriesId.sol";
import {TokenSymbol} from "./libraries/TokenSymbol.sol";
import {VaultBook} from "./vault/VaultBook.sol";
import {VaultParams} from "./vault/VaultParams.sol";
import {VaultShares} from "./vault/VaultShares.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title OptionVault
/// @notice The passive underwriter of one (market, side): an account of the Clearinghouse that writes listed series to
/// buyers at its own quote, buys back what it wrote, and shares the result.
/// @dev By subject: VaultParams (what may be set), VaultBook (what it holds, owes and is worth), VaultPricer and VaultPricing (the
/// quote, exactly), VaultTrading (buy and sell), VaultRequests and RequestQueue (deposits and redemptions), VaultShares (the
/// share token). It is no ERC-1155 receiver: option tokens sent to it bounce.
contract OptionVault is VaultShares {
    /// @param access The AccessManager that says who may set parameters and pause.
    /// @param pricer_ One for all vaults of a volatility oracle; its Markets must be the Clearinghouse's.
    constructor(address access, address clearinghouse_, IVaultPricer pricer_, uint16 market_, Side side_)
        VaultParams(access, pricer_)
        VaultBook(clearinghouse_, market_, side_)
        ERC20(
            string.concat(
                "Optionix ", _shownSymbol(clearinghouse_, market_), side_ == Side.CALL ? " Call" : " Put", " Vault"
            ),
            string.concat("ox", _shownSymbol(clearinghouse_, market_), side_ == Side.CALL ? "-C" : "-P")
        )
    {
        _setParams(
            Params({
                halfSpread: 0.02e18,
                halfSpreadPerDay: 1e18,
                skew: 1e18,
                use: 0.002e18,
                minRate: 0.01e18,
                floor: 0.0001e18,
                minAbsDelta: 0.02e18,
                maxAbsDelta: 0.98e18,
                maxUtilisation: 0.9e18,
                minAmount: 0.01e18,
                guardWindow: 5 minutes,
                noticeSeconds: 1 hours,
                depositCap: type(uint128).max,
                minRequest: uint128(1e18 / scale / (side_ == Side.CALL ? 1000 : 1))
            })
        );
        _setFees(Fees({ofNotional: 0.0003e18, ofPremium: 0.125e18, performance: 0.1e18}));
    }

    /// @dev The base token's symbol as the screens show it.
    function _shownSymbol(address clearinghouse_, uint16 market_) private view returns (string memory) {
        IMarkets markets_ = IMarkets(IClearinghouse(clearinghouse_).markets());
        return TokenSymbol.onScreen(TokenSymbol.read(markets_.market(market_).base));
    }
}
