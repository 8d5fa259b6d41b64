"""Keys come from encrypted files; the known local ones are for the local chain alone; no message holds a secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from eth_account import Account

from keeper.keys import KeyMissing, sending_signer, surface_signers
from optionix.chain.networks import network
from optionix.chain.transactions import local_account
from optionix.settings import Settings

PASSWORD = "correct horse"


def keystore(folder: Path, name: str = "keeper.json") -> tuple[Path, str]:
    account = Account.create()
    path = folder / name
    path.write_text(json.dumps(Account.encrypt(account.key, PASSWORD, iterations=2)))
    (folder / "password").write_text(f"{PASSWORD}\n")
    return path, account.address


def test_the_local_chain_has_its_known_keys() -> None:
    settings = Settings()
    assert sending_signer(settings, network("local")).address == local_account(1).address
    assert [a.address for a in surface_signers(settings, network("local"))] == [local_account(2).address]


@pytest.mark.parametrize("name", ["ethereum", "arbitrum"])
def test_a_public_network_never_falls_back_to_known_keys(name: str) -> None:
    with pytest.raises(KeyMissing, match="OPTIONIX_KEEPER_KEYSTORE"):
        sending_signer(Settings(), network(name))
    with pytest.raises(KeyMissing, match="OPTIONIX_SURFACE_KEYSTORES"):
        surface_signers(Settings(), network(name))


def test_a_local_network_with_another_chain_id_has_no_known_keys() -> None:
    with pytest.raises(KeyMissing):
        sending_signer(Settings(), network("local").model_copy(update={"chain_id": 1}))


def test_keystores_are_opened_with_the_password_file(tmp_path: Path) -> None:
    first, address = keystore(tmp_path)
    second, other = keystore(tmp_path, "signer.json")
    settings = Settings(
        keeper_keystore=str(first),
        surface_keystores=f"{first}, {second}",
        keystore_password_file=tmp_path / "password",
    )
    assert sending_signer(settings, network("ethereum")).address == address
    assert [account.address for account in surface_signers(settings, network("ethereum"))] == [address, other]


def test_what_cannot_be_opened_says_which_file_and_no_secret(tmp_path: Path) -> None:
    path, _ = keystore(tmp_path)
    with pytest.raises(KeyMissing, match="OPTIONIX_KEYSTORE_PASSWORD_FILE"):
        sending_signer(Settings(keeper_keystore=str(path)), network("ethereum"))
    (tmp_path / "password").write_text("wrong secret")
    settings = Settings(keeper_keystore=str(path), keystore_password_file=tmp_path / "password")
    with pytest.raises(KeyMissing, match="does not open") as caught:
        sending_signer(settings, network("ethereum"))
    assert "wrong secret" not in str(caught.value) and caught.value.__cause__ is None
    with pytest.raises(KeyMissing, match="cannot read"):
        sending_signer(
            Settings(keeper_keystore=str(tmp_path / "absent"), keystore_password_file=tmp_path / "password"),
            network("ethereum"),
        )
