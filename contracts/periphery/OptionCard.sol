// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {IMarkets} from "../interfaces/IMarkets.sol";
import {DecimalText} from "../libraries/DecimalText.sol";
import {Side} from "../libraries/SeriesId.sol";

/// @notice Where a series stands in its life.
enum Status {
    OPEN,
    EXPIRED,
    SETTLED
}

/// @notice What a card shows. Every text is of characters that need no escape (`TokenSymbol`, `SeriesText`).
/// @param price Settlement price, WAD; zero before.
/// @param rule How that was found; says nothing before.
/// @param value What one contract pays, units of the settlement asset.
/// @param assetDecimals Decimals of the settlement asset.
struct CardFacts {
    string name;
    string base;
    string quote;
    string asset;
    string day;
    string strike;
    Side side;
    Status status;
    uint256 strikeWad;
    uint256 price;
    IMarkets.Rule rule;
    uint256 value;
    uint256 assetDecimals;
}

/// @title OptionCard
/// @notice The picture of an option token: one square SVG without scripts, links, fonts or images of its own.
/// @dev Made to be told apart at 40 pixels: green climbs (a call), red falls (a put), grey paid nothing; a dot on the line
/// says settled. The line is the worth of the payoff in quote at each price: flat on one side of the strike, one for one
/// on the other. Each side of the strike has its own scale, so that a settlement price always lies inside.
/// Names inside the SVG (its gradients) carry the colour, so that two cards put into one page do not mix.
library OptionCard {
    using Strings for uint256;

    uint256 private constant SIZE = 512;
    /// @dev The strike lies in the middle; the line rises by one pixel for two.
    uint256 private constant MIDDLE = SIZE / 2;
    uint256 private constant AXIS = 390;
    uint256 private constant SLOPE = 2;
    /// @dev A dot is never nearer to an edge.
    uint256 private constant EDGE = 14;

    /// @dev Width of a character, and of a point or comma, in hundredths of the size of its type: wide faces included.
    uint256 private constant CHARACTER_WIDTH = 62;
    uint256 private constant POINT_WIDTH = 32;

    string private constant GREEN = "#3fcf8e";
    string private constant RED = "#ff7a7a";
    string private constant GREY = "#8b98a9";
    string private constant AMBER = "#f0b44c";
    string private constant TEXT = "#e6ebf2";
    string private constant MUTED = "#9aa7b8";

    string private constant HEAD =
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 512 512' width='512' height='512' role='img' font-family='Inter,system-ui,Roboto,Helvetica,Arial,sans-serif' font-weight='600'><title>";

    string private constant BACKGROUND =
        "<path fill='#0d1118' d='M0 0h512v512H0z'/><path fill='#11161f' d='M0 0h512v390H0z'/><path stroke='#1d2430' stroke-width='2' d='M0 262H512M0 326H512M128 262V390M384 262V390'/><path stroke='#344051' stroke-width='2' d='M256 262V390'/>";

    function svg(CardFacts memory facts) internal pure returns (string memory) {
        string memory colour = facts.side == Side.CALL ? GREEN : RED;
        if (facts.status == Status.SETTLED && facts.value == 0) colour = GREY;
        return string.concat(
            HEAD,
            facts.name,
            "</title>",
            BACKGROUND,
            _heading(facts, colour),
            _diagram(facts, colour),
            _footer(facts, colour),
            "</svg>"
        );
    }

    /// @dev Base and quote, the side, the strike and the day.
    function _heading(CardFacts memory facts, string memory colour) private pure returns (string memory) {
        string memory pair = string.concat(
            "<text x='36' y='94' fill='#e6ebf2' font-size='",
            _fit(facts.base, 56, 172),
            "'>",
            facts.base,
            "<tspan dx='6' fill='#9aa7b8' font-size='",
            _fit(facts.quote, 28, 92),
            "'>/ ",
            facts.quote,
            "</tspan></text>"
        );
        string memory side = string.concat(
            "<rect x='326' y='44' width='150' height='62' rx='14' fill='",
            colour,
            "'/><text x='401' y='89' font-size='39' font-weight='800' letter-spacing='1' text-anchor='middle' fill='#0b0e13'>",
            facts.side == Side.CALL ? "CALL" : "PUT",
            "</text>"
        );
        return string.concat(
            pair,
            side,
            _text(
                "36' y='204",
                _fit(facts.strike, 104, 440),
                "#fff' font-weight='700' letter-spacing='-.02em",
                facts.strike
            ),
            _text("36' y='246", "29", MUTED, string.concat(facts.day, ", 08:00 UTC"))
        );
    }

    /// @dev The payoff, and on it the settlement price.
    function _diagram(CardFacts memory facts, string memory colour) private pure returns (string memory) {
        bool isCall = facts.side == Side.CALL;
        string memory gradient = string.concat("g", _firstDigit(colour));
        string memory shape = string.concat(
            "<linearGradient id='",
            gradient,
            "' x2='0' y2='1'><stop stop-color='",
            colour,
            "' stop-opacity='.55'/><stop offset='1' stop-color='",
            colour,
            "' stop-opacity='.05'/></linearGradient><path fill='url(#",
            gradient,
            ")' d='",
            isCall ? "M256 390L512 262V390z" : "M256 390L0 262V390z"
        );
        string memory line = string.concat(
            "'/><path stroke='#344051' stroke-width='2' d='M0 390H512'/><path fill='none' stroke='",
            colour,
            "' stroke-width='8' stroke-linejoin='round' d='",
            isCall ? "M-9 390H256L520 258" : "M521 390H256L-8 258",
            "'/>"
        );
        return string.concat(shape, line, facts.status == Status.SETTLED ? _dot(facts, colour) : "");
    }

    function _dot(CardFacts memory facts, string memory colour) private pure returns (string memory) {
        uint256 x = position(facts.strikeWad, facts.price);
        uint256 distance = x > MIDDLE ? x - MIDDLE : MIDDLE - x;
        bool pays = facts.side == Side.CALL ? x > MIDDLE : x < MIDDLE;
        string memory column = x.toString();
        return string.concat(
            "<path stroke='#e6ebf2' stroke-width='3' stroke-dasharray='3 7' d='M",
            string.concat(
                column, " 270V390'/><circle cx='", column, "' cy='", (pays ? AXIS - distance / SLOPE : AXIS).toString()
            ),
            "' r='13' fill='",
            colour,
            "' stroke='#0d1118' stroke-width='6'/>"
        );
    }

    /// @notice Where on the axis a settlement price lies: the strike in the middle, and each side of it as wide as a
    /// quarter of the strike or, for a price further away, as that price needs.
    function position(uint256 strike, uint256 price) internal pure returns (uint256 x) {
        bool above = price >= strike;
        uint256 distance = above ? price - strike : strike - price;
        uint256 width = distance * 5 / 4;
        if (width < strike / 4) width = strike / 4;
        // The left edge is a price of zero at the lowest.
        if (!above && width > strike) width = strike;
        uint256 pixels = distance * MIDDLE / width;
        if (pixels > MIDDLE - EDGE) pixels = MIDDLE - EDGE;
        return above ? MIDDLE + pixels : MIDDLE - pixels;
    }

    /// @dev Two figures: the settlement price and what it pays, or where the series stands and what it pays in.
    function _footer(CardFacts memory facts, string memory colour) private pure returns (string memory) {
        if (facts.status != Status.SETTLED) {
            bool open = facts.status == Status.OPEN;
            return string.concat(
                _figure(false, "STATUS", open ? "Open" : "Expired", open ? TEXT : AMBER),
                _figure(true, "PAYS IN", facts.asset, TEXT)
            );
        }
        return string.concat(
            _figure(
                false, string.concat(_settled(facts.rule), facts.quote, ")"), DecimalText.brief(facts.price, 18), TEXT
            ),
            _figure(
                true,
                string.concat("PAYS (", facts.asset, ")"),
                DecimalText.brief(facts.value, facts.assetDecimals),
                colour
            )
        );
    }

    function _settled(IMarkets.Rule rule) private pure returns (string memory) {
        if (rule == IMarkets.Rule.AVERAGE) return "SETTLED (";
        return rule == IMarkets.Rule.LAST_ROUND ? "AT LAST ROUND (" : "AT CHECKPOINT (";
    }

    function _figure(bool right, string memory label, string memory figure, string memory colour)
        private
        pure
        returns (string memory)
    {
        string memory x = right ? "476' text-anchor='end' y='" : "36' y='";
        return string.concat(
            _text(string.concat(x, "434"), _fit(label, 20, 215), MUTED, label),
            _text(string.concat(x, "478"), _fit(figure, 38, 215), colour, figure)
        );
    }

    /// @dev `x` and `fill` may go on into further attributes.
    function _text(string memory x, string memory size, string memory fill, string memory text)
        private
        pure
        returns (string memory)
    {
        return string.concat(
            "<text x='", x, "' font-size='", size, string.concat("' fill='", fill, "'>", text, "</text>")
        );
    }

    /// @dev The largest size of type up to `most` at which a text is not wider than `width`.
    function _fit(string memory text, uint256 most, uint256 width) private pure returns (string memory) {
        bytes memory characters = bytes(text);
        uint256 hundredths;
        for (uint256 i; i < characters.length; ++i) {
            hundredths += characters[i] == "." || characters[i] == "," ? POINT_WIDTH : CHARACTER_WIDTH;
        }
        uint256 size = width * 100 / hundredths;
        return (size < most ? size : most).toString();
    }

    /// @dev The first digit of a colour tells the three apart.
    function _firstDigit(string memory colour) private pure returns (string memory) {
        return string(bytes.concat(bytes(colour)[1]));
    }
}
