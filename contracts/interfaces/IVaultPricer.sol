// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {OpenSeries} from "../libraries/OpenSeries.sol";
import {SeriesId} from "../libraries/SeriesId.sol";
import {SpotTerms} from "../libraries/SpotTerms.sol";
import {IMarkets} from "./IMarkets.sol";
import {IOptionVault} from "./IOptionVault.sol";
import {IVolatilityOracle} from "./IVolatilityOracle.sol";

/// @notice Reads feeds and the volatility oracle for all vaults of one Markets, marks their books and quotes their trades.
/// @dev It keeps each vault's parameters under the vault's own address, for the caller alone to set, and is told with each
/// question what that vault holds: nothing that one vault does reaches another, and no role acts here. Apart from the vault
/// only because both together are larger than a contract may be.
/// `scale` is the WAD of one token unit of the settlement asset.
interface IVaultPricer {
    /// @notice The vault as a quote sees it.
    /// @param netAssets At the last re-basing, token units.
    /// @param shortVega WAD.
    /// @param locked Token units.
    struct State {
        uint256 netAssets;
        uint256 shortVega;
        uint256 locked;
    }

    /// @notice A whole book marked: what it owes as depositors enter and as leavers leave, token units, and its vega, WAD.
    /// @param unpricedSince The latest time at which a series became unpriceable; zero when all have prices.
    /// @param cutOffExpiry An expiry past its cutoff and not settled, or zero.
    struct Marks {
        uint256 entering;
        uint256 leaving;
        uint256 shortVega;
        uint256 unpricedSince;
        uint40 unpricedExpiry;
        uint40 cutOffExpiry;
    }

    /// @notice A feed was seen unreadable since a time, or, with zeros, readable again.
    event OutageNoted(uint16 indexed market, uint40 indexed expiry, uint40 since, uint40 seen);

    /// @notice What `amount` more contracts of a series cost the caller's traders, the vega that they add, and the fee on the
    /// premium that the vault pays. Refuses what is not traded.
    /// @param before Contracts of the series that the vault has written already, WAD.
    /// @param spot What Markets has just told the vault for the series' expiry: one reading serves quote and checkpoint.
    function quoteBuy(
        SeriesId series,
        uint256 before,
        uint256 amount,
        State calldata state,
        uint256 scale,
        SpotTerms spot
    ) external view returns (IOptionVault.Quote memory quote, uint256 vega, uint256 performance);

    /// @notice What the calling vault pays for `amount` of the `before` contracts that it has written, and the vega that
    /// they take.
    /// @param spot As for `quoteBuy`.
    function quoteSell(SeriesId series, uint256 before, uint256 amount, uint256 scale, SpotTerms spot)
        external
        view
        returns (IOptionVault.Quote memory quote, uint256 vega);

    /// @notice Marks every open series by the caller's parameters. Never reverts for a missing price: such a series owes
    /// its whole collateral to leavers and nothing to those who enter.
    function mark(OpenSeries[] calldata open, uint256 scale) external view returns (Marks memory marks);

    /// @notice Always reverts with `StaleSlice`, which says when the slice of an expiry is from: the refusal of a vault that
    /// waits for its price.
    function refuseUnpriced(uint16 market, uint40 expiry) external view;

    /// @notice What an open series owes and unlocks once it is settled. Token units.
    function settled(OpenSeries open, uint256 scale)
        external
        view
        returns (bool isSettled, uint256 owed, uint256 collateral);

    /// @notice Checks and stores the caller's parameters.
    function setParams(IOptionVault.Params calldata p) external;

    /// @notice Checks and stores the caller's fees.
    function setFees(IOptionVault.Fees calldata f) external;

    /// @notice Notes whether the feed of an expiry can be read now. Anybody may call: a feed that reverts, answers nothing
    /// or is out of its range has no date of its own to count three days from.
    /// @dev Nobody is paid for it: leavers note an outage to get out, at least every twelve hours, and one reading of the
    /// feed ends the count, which is theirs too who would be paid the least. A note says what is seen and nothing else, and
    /// counts only while the feed cannot be read: it harms nobody as long as there are prices.
    function noteOutage(uint16 market, uint40 expiry) external;

    // --- views ---

    function markets() external view returns (IMarkets);
    function volatilityOracle() external view returns (IVolatilityOracle);
    function params(address vault) external view returns (IOptionVault.Params memory);
    function fees(address vault) external view returns (IOptionVault.Fees memory);

    /// @notice A feed seen unreadable for a reason without a date: first, and last.
    function outages(uint16 market, uint40 expiry) external view returns (uint40 since, uint40 seen);
}
