"""Sign-in with Ethereum: whose word is taken, for how long, and what ends it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from eth_account.messages import encode_defunct
from eth_utils.address import to_checksum_address
from starlette.testclient import TestClient

from api.app import create_app
from api.auth import service
from api.auth.message import OLDEST
from optionix import token_keys
from optionix.chain.rpc import BlockingRpc
from optionix.chain.transactions import local_account
from optionix.local.anvil import Anvil
from optionix.settings import Settings
from optionix.token_keys import TokenKeys, TokenKeysMissing

WALLET, OTHER = local_account(5), local_account(6)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        database_url=database_url, data_dir=tmp_path, risk_url="http://127.0.0.1:9", rpc_url="http://127.0.0.1:9"
    )


@pytest.fixture
def api(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings)) as caller:
        yield caller


def message(terms: dict[str, Any], account: str = WALLET.address, **changes: Any) -> str:
    """A sign-in message, line by line as EIP-4361 has it."""
    said = {
        "domain": terms["domain"],
        "uri": terms["uri"],
        "chain_id": terms["chain_id"],
        "nonce": terms["nonce"],
        "issued_at": stamp(),
        "more": "",
    } | changes
    return (
        f"{said['domain']} wants you to sign in with your Ethereum account:\n{account}\n\n"
        f"Trade options.\n\nURI: {said['uri']}\nVersion: 1\nChain ID: {said['chain_id']}\n"
        f"Nonce: {said['nonce']}\nIssued At: {said['issued_at']}{said['more']}"
    )


def stamp(ago: timedelta = timedelta()) -> str:
    """A time as messages have it."""
    return (datetime.now(UTC) - ago).strftime("%Y-%m-%dT%H:%M:%SZ")


def signed(text: str, wallet: Any = WALLET) -> dict[str, str]:
    """The body of a sign-in."""
    signature = wallet.sign_message(encode_defunct(text=text)).signature
    return {"message": text, "signature": "0x" + bytes(signature).hex()}


def terms(api: TestClient) -> dict[str, Any]:
    """A nonce with its place."""
    answer: dict[str, Any] = api.post("/v1/auth/nonce").json()
    return answer


def sign_in(api: TestClient, wallet: Any = WALLET, agent: str = "a browser") -> dict[str, Any]:
    """A pair of tokens."""
    body = signed(message(terms(api), wallet.address), wallet)
    answer = api.post("/v1/auth/verify", json=body, headers={"user-agent": agent})
    assert answer.status_code == 200, answer.text
    pair: dict[str, Any] = answer.json()
    return pair


def bearer(token: str) -> dict[str, str]:
    """The header of who is signed in."""
    return {"authorization": f"Bearer {token}"}


def code(answer: Any) -> tuple[int, str]:
    """Status and stable code."""
    return answer.status_code, answer.json()["code"]


class TestVerify:
    def test_a_wallet_signs_in(self, api: TestClient) -> None:
        pair = sign_in(api)
        assert pair["account"] == WALLET.address.lower() and pair["expires_in"] == 300
        (session,) = [
            each
            for each in api.get("/v1/auth/sessions", headers=bearer(pair["access_token"])).json()["sessions"]
            if each["session"] == pair["session"]
        ]
        assert session["is_current"] and session["client"] == "a browser"

    def test_a_nonce_is_good_once(self, api: TestClient) -> None:
        body = signed(message(terms(api)))
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: api.post("/v1/auth/verify", json=body).status_code, range(4)))
        assert sorted(answers) == [200, 400, 400, 400]

    def test_a_nonce_of_ones_own_is_none(self, api: TestClient) -> None:
        body = signed(message(terms(api), nonce="abcdef0123456789"))
        assert code(api.post("/v1/auth/verify", json=body)) == (400, "bad_sign_in")

    @pytest.mark.parametrize(
        ("what", "changes"),
        [
            ("another page", {"domain": "evil.example"}),
            ("another page's address", {"uri": "https://evil.example"}),
            ("an address that begins alike", {"uri": "http://127.0.0.1:80001"}),
            ("another chain", {"chain_id": 1}),
            ("an old one", {"issued_at": stamp(OLDEST + timedelta(minutes=1))}),
            ("one of tomorrow", {"issued_at": stamp(-timedelta(days=1))}),
            ("an expired one", {"more": "\nExpiration Time: " + stamp(timedelta(minutes=1))}),
            ("one not valid yet", {"more": "\nNot Before: " + stamp(-timedelta(hours=1))}),
        ],
    )
    def test_a_message_for_elsewhere(self, api: TestClient, what: str, changes: dict[str, Any]) -> None:
        body = signed(message(terms(api), **changes))
        assert code(api.post("/v1/auth/verify", json=body)) == (400, "bad_sign_in"), what

    @pytest.mark.parametrize("text", ["", "hello", "a" * 5_000, "{}", "\u0000"])
    def test_no_message_at_all(self, api: TestClient, text: str) -> None:
        assert api.post("/v1/auth/verify", json=signed(text)).status_code in (400, 422)

    def test_lines_that_are_smuggled_in(self, api: TestClient) -> None:
        """What the wallet shows as text must not read as a field."""
        text = message(terms(api)).replace("Trade options.", "Trade.\nURI: https://evil.example")
        assert code(api.post("/v1/auth/verify", json=signed(text))) == (400, "bad_sign_in")

    def test_anothers_signature(self, api: TestClient) -> None:
        """A contract account could have signed: without the chain that cannot be told, and is not taken."""
        body = signed(message(terms(api)), OTHER)
        assert code(api.post("/v1/auth/verify", json=body)) == (503, "unavailable")


class TestWhoAsks:
    def test_anonymous(self, api: TestClient) -> None:
        for method, path in (
            ("GET", "/v1/auth/sessions"), ("GET", "/v1/auth/log"), ("GET", "/v1/auth/data"),
            ("DELETE", "/v1/auth/data"), ("POST", "/v1/auth/sign-out"),
        ):  # fmt: skip
            answer = api.request(method, path)
            assert code(answer) == (401, "unauthorized")
            assert answer.headers["www-authenticate"] == "Bearer"

    def test_tokens_that_are_not_ours(self, api: TestClient, settings: Settings) -> None:
        """Unsigned, signed by a stranger under our key's name, by the public key as a secret, changed, expired."""
        token = sign_in(api)["access_token"]
        claims = jwt.decode(token, options={"verify_signature": False})
        header = {"kid": jwt.get_unverified_header(token)["kid"]}
        stranger = ec.generate_private_key(ec.SECP256R1())
        first, body, seal = token.split(".")
        altered = json.loads(base64.urlsafe_b64decode(body + "==")) | {"sub": OTHER.address.lower()}
        forged = base64.urlsafe_b64encode(json.dumps(altered).encode()).rstrip(b"=").decode()
        mine = TokenKeys(settings.token_keys_folder).signing.private
        past = int((datetime.now(UTC) - timedelta(seconds=1)).timestamp())
        bad = {
            "none": jwt.encode(claims, None, "none", headers=header),
            "a stranger's": jwt.encode(claims, stranger, "ES256", headers=header),
            "a secret's": jwt.encode(claims, "x" * 64, "HS256", headers=header),
            "no kid": jwt.encode(claims, mine, "ES256"),
            "another's body": f"{first}.{forged}.{seal}",
            "expired": jwt.encode(claims | {"exp": past}, mine, "ES256", headers=header),
            "another audience": jwt.encode(claims | {"aud": "evil.example"}, mine, "ES256", headers=header),
            "another chain": jwt.encode(claims | {"chain_id": 1}, mine, "ES256", headers=header),
            "no end": jwt.encode({k: v for k, v in claims.items() if k != "exp"}, mine, "ES256", headers=header),
            "noise": "abc",
        }
        for what, each in bad.items():
            assert code(api.get("/v1/auth/sessions", headers=bearer(each))) == (401, "unauthorized"), what
        for header_text in ("", "Bearer", f"Basic {token}", token):
            answer = api.get("/v1/auth/sessions", headers={"authorization": header_text})
            assert code(answer) == (401, "unauthorized"), header_text
        assert api.get("/v1/auth/sessions", headers=bearer(token)).status_code == 200

    def test_the_public_keys_verify(self, api: TestClient) -> None:
        pair = sign_in(api)
        (key,) = api.get("/v1/auth/keys").json()["keys"]
        assert "d" not in key
        claims = jwt.decode(
            pair["access_token"], jwt.PyJWK(key).key, algorithms=["ES256"], audience=terms(api)["domain"]
        )
        assert claims["sub"] == WALLET.address.lower() and claims["sid"] == pair["session"]


class TestRefresh:
    def test_a_new_pair_each_time(self, api: TestClient) -> None:
        first = sign_in(api)
        second = api.post("/v1/auth/refresh", json={"refresh_token": first["refresh_token"]}).json()
        assert second["session"] == first["session"]
        third = api.post("/v1/auth/refresh", json={"refresh_token": second["refresh_token"]})
        assert third.status_code == 200
        assert len({first["refresh_token"], second["refresh_token"], third.json()["refresh_token"]}) == 3

    def test_a_stolen_one_ends_the_session(self, api: TestClient) -> None:
        """Thief or owner: whoever comes second ends it for both, access tokens too, and the log says so."""
        first = sign_in(api)
        second = api.post("/v1/auth/refresh", json={"refresh_token": first["refresh_token"]}).json()
        again = api.post("/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})
        assert code(again) == (401, "unauthorized")
        assert api.post("/v1/auth/refresh", json={"refresh_token": second["refresh_token"]}).status_code == 401
        assert api.get("/v1/auth/sessions", headers=bearer(second["access_token"])).status_code == 401
        log = api.get("/v1/auth/log", headers=bearer(sign_in(api)["access_token"])).json()["entries"]
        assert any(
            each["action"] == "refresh_token_reused" and each["detail"]["session"] == first["session"] for each in log
        )

    def test_two_at_once_are_one_and_a_theft(self, api: TestClient) -> None:
        token = sign_in(api)["refresh_token"]
        with ThreadPoolExecutor(4) as pool:
            found = list(
                pool.map(lambda _: api.post("/v1/auth/refresh", json={"refresh_token": token}).status_code, range(4))
            )
        assert sorted(found) == [200, 401, 401, 401]

    def test_unused_for_too_long(self, api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
        token = sign_in(api)["refresh_token"]
        late = datetime.now(UTC) + service.IDLE + timedelta(seconds=1)
        monkeypatch.setattr(service, "_now", lambda: late)
        assert api.post("/v1/auth/refresh", json={"refresh_token": token}).status_code == 401

    def test_busy_for_too_long(self, api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
        """However often it is refreshed, a session ends."""
        begun, token = datetime.now(UTC), sign_in(api)["refresh_token"]
        for day in range(6, 60, 6):
            monkeypatch.setattr(service, "_now", lambda at=begun + timedelta(days=day): at)
            answer = api.post("/v1/auth/refresh", json={"refresh_token": token})
            if answer.status_code == 401:
                assert 30 <= day <= 36
                return
            token = answer.json()["refresh_token"]
        pytest.fail("it never ended")

    def test_an_unknown_one(self, api: TestClient) -> None:
        for token in ("x" * 43, "é" * 20):
            assert api.post("/v1/auth/refresh", json={"refresh_token": token}).status_code == 401


class TestSignOut:
    def test_at_once_and_only_ones_own(self, api: TestClient) -> None:
        mine, also_mine, theirs = sign_in(api), sign_in(api), sign_in(api, OTHER)
        answer = api.post(
            "/v1/auth/sign-out", params={"session": theirs["session"]}, headers=bearer(mine["access_token"])
        )
        assert code(answer) == (400, "bad_request")
        for session in (also_mine["session"], mine["session"]):
            answer = api.post("/v1/auth/sign-out", params={"session": session}, headers=bearer(mine["access_token"]))
            assert answer.status_code == 204
        for pair in (mine, also_mine):
            assert api.get("/v1/auth/sessions", headers=bearer(pair["access_token"])).status_code == 401
            assert api.post("/v1/auth/refresh", json={"refresh_token": pair["refresh_token"]}).status_code == 401
        assert api.get("/v1/auth/sessions", headers=bearer(theirs["access_token"])).status_code == 200


class TestOnesData:
    def test_export_and_delete(self, api: TestClient) -> None:
        wallet = local_account(8)
        pair, others = sign_in(api, wallet), sign_in(api, OTHER)
        data = api.get("/v1/auth/data", headers=bearer(pair["access_token"])).json()
        assert data["account"] == wallet.address.lower()
        assert [each["action"] for each in data["log"]] == ["sign_in"] and len(data["sessions"]) == 1
        assert api.delete("/v1/auth/data", headers=bearer(pair["access_token"])).status_code == 204
        assert api.get("/v1/auth/data", headers=bearer(pair["access_token"])).status_code == 401
        again = sign_in(api, wallet)
        data = api.get("/v1/auth/data", headers=bearer(again["access_token"])).json()
        assert len(data["log"]) == 1, "only what came since"
        assert api.get("/v1/auth/data", headers=bearer(others["access_token"])).json()["log"]

    def test_the_log_page_by_page(self, api: TestClient) -> None:
        wallet = local_account(9)
        for _ in range(3):
            pair = sign_in(api, wallet)
        header, seen, cursor = bearer(pair["access_token"]), [], None
        while True:
            params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
            page = api.get("/v1/auth/log", params=params, headers=header).json()
            seen += [each["entry"] for each in page["entries"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert len(seen) == 3 and seen == sorted(seen, reverse=True)
        assert code(api.get("/v1/auth/log", params={"cursor": "1;"}, headers=header)) == (422, "invalid_request")


class TestKeys:
    def test_a_rotation_signs_nobody_out_until_the_key_goes(self, api: TestClient, settings: Settings) -> None:
        old = sign_in(api)["access_token"]
        token_keys.rotate(settings.token_keys_folder)
        new = sign_in(api)["access_token"]
        assert jwt.get_unverified_header(old)["kid"] != jwt.get_unverified_header(new)["kid"]
        for token in (old, new):
            assert api.get("/v1/auth/sessions", headers=bearer(token)).status_code == 200
        assert len(api.get("/v1/auth/keys").json()["keys"]) == 2
        token_keys.rotate(settings.token_keys_folder)
        assert [api.get("/v1/auth/sessions", headers=bearer(token)).status_code for token in (old, new)] == [401, 200]

    def test_without_a_key_nobody_signs_in_and_the_market_is_still_read(
        self, api: TestClient, settings: Settings
    ) -> None:
        for path in settings.token_keys_folder.glob("*.pem"):
            path.unlink()
        answer = api.post("/v1/auth/verify", json=signed(message(terms(api))))
        assert code(answer) == (503, "unavailable")
        assert str(settings.token_keys_folder) not in answer.text

    def test_a_file_that_is_no_key(self, tmp_path: Path) -> None:
        (tmp_path / "1.pem").write_text("nothing")
        with pytest.raises(TokenKeysMissing, match="holds no private key"):
            TokenKeys(tmp_path).all()

    def test_keys_are_nobody_elses_to_read(self, tmp_path: Path) -> None:
        token_keys.rotate(tmp_path / "keys")
        (path,) = (tmp_path / "keys").iterdir()
        assert path.stat().st_mode & 0o077 == 0 and (tmp_path / "keys").stat().st_mode & 0o077 == 0


TAKES_ALL, TAKES_NONE = "631626ba7e60e01b5f5260205ff3", "5f5f5260205ff3"
"""Code that answers the magic value of ERC-1271, and zero."""


def test_a_contract_account_signs_by_its_own_rule(database_url: str, tmp_path: Path) -> None:
    taking, refusing = (to_checksum_address("0x" + digit * 40) for digit in "ab")
    with Anvil() as anvil:
        for account, runtime in ((taking, TAKES_ALL), (refusing, TAKES_NONE)):
            BlockingRpc(anvil.url).call("anvil_setCode", account, "0x" + runtime)
        settings = Settings(
            database_url=database_url, data_dir=tmp_path, risk_url="http://127.0.0.1:9", rpc_url=anvil.url
        )
        with TestClient(create_app(settings)) as api:
            found = {}
            for account in (taking, refusing, OTHER.address):
                body = {"message": message(terms(api), account), "signature": "0x01"}
                found[account] = api.post("/v1/auth/verify", json=body)
    assert found[taking].status_code == 200 and found[taking].json()["account"] == taking.lower()
    assert code(found[refusing]) == (401, "unauthorized")
    assert code(found[OTHER.address]) == (401, "unauthorized"), "it has no code"
