// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";
import {IERC1155MetadataURI} from "@openzeppelin/contracts/token/ERC1155/extensions/IERC1155MetadataURI.sol";

import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {IOptionToken} from "../../../contracts/interfaces/IOptionToken.sol";
import {SeriesId} from "../../../contracts/libraries/SeriesId.sol";
import {ClearinghouseFixture} from "../support/ClearinghouseFixture.sol";

contract OptionTokenTest is ClearinghouseFixture {
    function test_OnlyItsClearinghouseMintsAndBurns() public {
        assertEq(token.clearinghouse(), address(house));
        vm.expectRevert(abi.encodeWithSelector(IOptionToken.OnlyClearinghouse.selector, address(this)));
        token.mint(STRANGER, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(IOptionToken.OnlyClearinghouse.selector, address(this)));
        token.burn(STRANGER, 1, 1);
    }

    function test_CountsTheSupplyOfEachSeries() public {
        write(WRITER, call(3000), 2e18, HOLDER);
        write(WRITER, call(3100), 3e18, HOLDER);
        assertEq(supply(call(3000)), 2e18);
        assertEq(supply(call(3100)), 3e18);
        assertEq(supply(put(3000)), 0);
    }

    function test_TransfersCreditNobodyButTheirHolder() public {
        write(WRITER, call(3000), 2e18, HOLDER);
        net(WRITER, call(3100), strikes1(3000));
        vm.prank(HOLDER);
        token.safeTransferFrom(HOLDER, WRITER, SeriesId.unwrap(call(3000)), 2e18, "");
        assertEq(house.leg(WRITER, call(3000)), -2e18, "the book is as it was");
        assertEq(lockedOf(WRITER, call(3000)), 2e18, "locked");
        assertEq(held(WRITER, call(3000)), 2e18, "tokens");
    }

    function test_TheClearinghouseItselfTakesNone() public {
        write(WRITER, call(3000), 2e18, HOLDER);
        vm.expectRevert();
        vm.prank(HOLDER);
        token.safeTransferFrom(HOLDER, address(house), SeriesId.unwrap(call(3000)), 2e18, "");
    }

    function test_HasANameForExplorers() public view {
        assertEq(token.name(), "Optionix Options");
        assertEq(token.symbol(), "OPTIONIX");
    }

    function test_ItsRendererDescribesEachSeries() public {
        uint256 id = SeriesId.unwrap(call(3000));
        assertEq(token.renderer(), address(renderer));
        assertEq(token.uri(id), renderer.uri(id));
        vm.expectEmit(address(token));
        emit IERC1155.URI(renderer.uri(id), id);
        vm.prank(STRANGER);
        token.announce(id);
    }

    function test_WhatIsNotListedHasNoMetadata() public {
        SeriesId unlisted = call(3050);
        bytes memory refusal = abi.encodeWithSelector(IMarkets.UnlistedSeries.selector, unlisted);
        vm.expectRevert(refusal);
        token.uri(SeriesId.unwrap(unlisted));
        vm.expectRevert(refusal);
        token.announce(SeriesId.unwrap(unlisted));
    }

    function test_SpeaksErc1155() public view {
        assertTrue(token.supportsInterface(type(IERC1155).interfaceId));
        assertTrue(token.supportsInterface(type(IERC1155MetadataURI).interfaceId));
        assertFalse(token.supportsInterface(0xffffffff));
    }
}
