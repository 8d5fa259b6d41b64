// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {IMarkets} from "../interfaces/IMarkets.sol";
import {IOptionRenderer} from "../interfaces/IOptionRenderer.sol";
import {DecimalText} from "../libraries/DecimalText.sol";
import {Payoff} from "../libraries/Payoff.sol";
import {SeriesId, Side} from "../libraries/SeriesId.sol";
import {SeriesText} from "../libraries/SeriesText.sol";
import {TokenSymbol} from "../libraries/TokenSymbol.sol";
import {CardFacts, OptionCard, Status} from "./OptionCard.sol";

// JSON is full of double quotes.
// solhint-disable quotes

/// @title OptionRenderer
/// @notice ERC-1155 metadata of option tokens, from the chain alone.
/// @dev Figures in the attributes are exact, those on the card in brief; both only ever round down. Nothing here needs an
/// escape: symbols are reduced by `TokenSymbol`, all else is made of our own words, digits and addresses.
contract OptionRenderer is IOptionRenderer {
    using Strings for uint256;

    uint256 private constant WAD = 1e18;
    uint8 private constant WAD_DECIMALS = 18;

    /// @inheritdoc IOptionRenderer
    address public immutable markets;

    /// @param markets_ The Markets whose series are described.
    // Without Markets only this contract's own views fail.
    // slither-disable-next-line missing-zero-check
    constructor(address markets_) {
        markets = markets_;
    }

    /// @inheritdoc IOptionRenderer
    function name(SeriesId series) external view returns (string memory) {
        return SeriesText.name(series, TokenSymbol.onScreen(TokenSymbol.read(_marketOf(series).base)));
    }

    /// @inheritdoc IOptionRenderer
    function svg(SeriesId series) external view returns (string memory) {
        (CardFacts memory facts,) = _factsOf(series);
        return OptionCard.svg(facts);
    }

    /// @inheritdoc IOptionRenderer
    function uri(uint256 id) external view returns (string memory) {
        SeriesId series = SeriesId.wrap(id);
        (CardFacts memory facts, address asset) = _factsOf(series);
        bytes memory json = bytes.concat(
            bytes(
                string.concat(
                    '{"name":"', facts.name, '","description":"', _description(facts, asset), '","decimals":18'
                )
            ),
            bytes(string.concat(',"attributes":[', _attributes(facts, series.expiry()), "]")),
            bytes(
                string.concat(',"image":"data:image/svg+xml;base64,', Base64.encode(bytes(OptionCard.svg(facts))), '"}')
            )
        );
        return string.concat("data:application/json;base64,", Base64.encode(json));
    }

    function _marketOf(SeriesId series) private view returns (IMarkets.Market memory) {
        require(IMarkets(markets).isListed(series), IMarkets.UnlistedSeries(series));
        return IMarkets(markets).market(series.market());
    }

    function _factsOf(SeriesId series) private view returns (CardFacts memory facts, address asset) {
        IMarkets.Market memory market = _marketOf(series);
        string memory base = TokenSymbol.read(market.base);
        facts.base = TokenSymbol.onScreen(base);
        facts.quote = TokenSymbol.read(market.quote);
        facts.name = SeriesText.name(series, facts.base);
        facts.day = SeriesText.longDate(series);
        facts.strike = DecimalText.grouped(series.strike(), SeriesText.STRIKE_DECIMALS);
        facts.side = series.side();
        facts.strikeWad = series.strikeWad();
        if (facts.side == Side.CALL) {
            (asset, facts.asset, facts.assetDecimals) = (market.base, base, market.baseDecimals);
        } else {
            (asset, facts.asset, facts.assetDecimals) = (market.quote, facts.quote, market.quoteDecimals);
        }
        (facts.price,) = IMarkets(markets).settlement(series.market(), series.expiry());
        if (facts.price != 0) {
            facts.status = Status.SETTLED;
            facts.rule = IMarkets(markets).settlementRule(series.market(), series.expiry());
            // Checked when the market was added: at most 18.
            uint256 scale = 10 ** (WAD_DECIMALS - facts.assetDecimals);
            facts.value = Payoff.payoffDown(facts.side, facts.strikeWad, facts.price, WAD, scale);
        } else if (block.timestamp >= series.expiry()) {
            facts.status = Status.EXPIRED;
        }
    }

    function _description(CardFacts memory facts, address asset) private pure returns (string memory) {
        string memory strike = DecimalText.exact(facts.strikeWad, WAD_DECIMALS);
        bool isCall = facts.side == Side.CALL;
        return string.concat(
            string.concat("European ", isCall ? "call" : "put", " on ", facts.base, " against ", facts.quote),
            string.concat(
                ", cash settled in ", facts.asset, " (", Strings.toChecksumHexString(asset), "). Expires on "
            ),
            string.concat(facts.day, " at 08:00 UTC, when each contract pays max("),
            isCall ? string.concat("S - ", strike, ", 0) / S ") : string.concat(strike, " - S, 0) "),
            string.concat(
                facts.asset,
                ". S is ",
                _index(facts),
                ". A de-peg of a wrapped or stable token is not part of the payoff."
            )
        );
    }

    /// @dev What S is, or by which rule it was found.
    function _index(CardFacts memory facts) private pure returns (string memory) {
        if (facts.status == Status.SETTLED) {
            if (facts.rule == IMarkets.Rule.LAST_ROUND) {
                return "the last positive round of the market's price feed in force at expiry, as no average was proven within a day";
            }
            if (facts.rule == IMarkets.Rule.CHECKPOINT) {
                return
                    "the last spot that the market kept before expiry, as its price feed could not be read for eight days";
            }
            return "the index of the market's price feed, averaged over the 30 minutes before expiry";
        }
        return "the index of the market's price feed, averaged over the 30 minutes before expiry (its last round or the last spot kept where no average can be proven)";
    }

    function _attributes(CardFacts memory facts, uint256 expiry) private pure returns (string memory) {
        string memory fixed_ = string.concat(
            _trait("Market", string.concat(facts.base, "/", facts.quote)),
            ",",
            _trait("Side", facts.side == Side.CALL ? "Call" : "Put"),
            ",",
            _trait("Strike", string.concat(DecimalText.exact(facts.strikeWad, WAD_DECIMALS), " ", facts.quote)),
            string.concat(',{"display_type":"date","trait_type":"Expiry","value":', expiry.toString(), "},"),
            _trait("Settlement asset", facts.asset)
        );
        if (facts.status != Status.SETTLED) {
            return string.concat(fixed_, ",", _trait("Status", facts.status == Status.OPEN ? "Open" : "Expired"));
        }
        string memory price = string.concat(DecimalText.exact(facts.price, WAD_DECIMALS), " ", facts.quote);
        string memory value = string.concat(DecimalText.exact(facts.value, facts.assetDecimals), " ", facts.asset);
        return string.concat(
            fixed_,
            ",",
            _trait("Status", "Settled"),
            ",",
            _trait("Settlement price", price),
            ",",
            _trait("Settled value per contract", value),
            ",",
            _trait("Settled by", _ruleName(facts.rule))
        );
    }

    function _ruleName(IMarkets.Rule rule) private pure returns (string memory) {
        if (rule == IMarkets.Rule.AVERAGE) return "30-minute average";
        return rule == IMarkets.Rule.LAST_ROUND ? "Last round before expiry" : "Last spot kept before expiry";
    }

    function _trait(string memory kind, string memory value) private pure returns (string memory) {
        return string.concat('{"trait_type":"', kind, '","value":"', value, '"}');
    }
}
