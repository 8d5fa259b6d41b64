// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ClearingBooks} from "./clearinghouse/ClearingBooks.sol";
import {ClearingCollateral} from "./clearinghouse/ClearingCollateral.sol";
import {ClearingSettlement} from "./clearinghouse/ClearingSettlement.sol";

/// @title Clearinghouse
/// @notice One pot of tokens and one ledger over it: free balances, and books whose locked collateral covers their worst
/// loss over every settlement price.
/// @dev By subject: ClearingCollateral (free balances, rights, multicall), ClearingBooks (legs and what they lock),
/// ClearingSettlement (books and holders after expiry), ClearingFees (pots and bounties).
///
/// Per token, always: held >= free balances + locked in unsettled books + what settled books owed - paid to holders.
/// Holders may redeem before writers' books are settled; what those have locked covers it. Tokens sent here by a plain
/// transfer belong to nobody and change nothing. Rebasing tokens must not be listed.
contract Clearinghouse is ClearingSettlement {
    /// @param access The AccessManager that says who may pause and name the treasury.
    /// @param markets_ The Markets whose series are cleared here.
    /// @param renderer The IOptionRenderer of the option tokens, for ever.
    constructor(address access, address markets_, address renderer)
        ClearingCollateral(access, markets_)
        ClearingBooks(renderer)
    {}
}
