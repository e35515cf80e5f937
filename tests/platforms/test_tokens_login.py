"""dployr's login: refresh tokens that work once, shared by processes, none of them lost."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.platforms.conftest import Make
from tests.platforms.filevault import FileVault
from tests.platforms.rawserver import RawServer, Seen, reply
from tui.clock import ManualClock
from tui.errors import StorageError, Unauthorized, Unavailable, Unreachable
from tui.platforms.http import Transport
from tui.platforms.share import Login
from tui.platforms.tokens import PasswordLogin
from tui.text import Secret

ROOT = Path(__file__).parent.parent.parent


class Dployr:
    """Signs in, rotates refresh tokens that work once, and lets in the newest access token only."""

    def __init__(self, *, rotates: bool = True, refresh_status: int = 200) -> None:
        self.logins = 0
        self.refreshes = 0
        self.reused = 0
        self.issued = 0
        self.refresh = ""
        self.access = ""
        self.rotates = rotates
        self.refresh_status = refresh_status
        self.login_status = 200
        self.expires_in: object = 3600

    async def __call__(self, seen: Seen, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0)
        if seen.target == "/v1/auth/login":
            self.logins += 1
            good = json.loads(seen.body) == {"email": "a@b.c", "password": "pa55word"}
            writer.write(
                self.grant()
                if good and self.login_status == 200
                else reply('{"error":{"message":"bad login"}}', max(401, self.login_status))
            )
        elif seen.target == "/v1/auth/refresh":
            if self.refresh_status != 200:
                writer.write(reply('{"error":{"message":"no refresh"}}', self.refresh_status))
            elif json.loads(seen.body) != {"refresh_token": self.refresh}:
                self.reused += 1
                writer.write(reply('{"error":{"message":"refresh token used"}}', 401))
            else:
                self.refreshes += 1
                writer.write(self.grant())
        else:
            writer.write(reply(status=200 if seen.headers.get("authorization") == f"Bearer {self.access}" else 401))

    def grant(self) -> bytes:
        self.issued += 1
        self.access = f"access-{self.issued}"
        body = {"access_token": self.access, "expires_in": self.expires_in}
        if self.rotates or not self.refresh:
            self.refresh = f"refresh-{self.issued}"
            body["refresh_token"] = self.refresh
        return reply(json.dumps(body))


SignIn = Callable[..., PasswordLogin]


@pytest.fixture
def sign_in(make: Make, clock: ManualClock) -> SignIn:
    def made(server: RawServer, **options: Any) -> PasswordLogin:
        exchange: Transport = make(server.url)
        known = {"email": "a@b.c", "password": Secret("pa55word")}
        return PasswordLogin(exchange, clock=options.pop("clock", clock), **(known | options))

    return made


async def test_log_in_once_then_refresh(make: Make, clock: ManualClock, sign_in: SignIn) -> None:
    dployr = Dployr()
    async with RawServer(dployr) as server:
        login = sign_in(server)
        transport = make(server.url, login)
        await transport.get("/v1/x")
        for _ in range(3):
            await clock.advance(3601)
            await transport.get("/v1/x")
        assert (dployr.logins, dployr.refreshes, dployr.reused) == (1, 3, 0)
        first = server.seen[0]
        assert (first.method, first.target, first.headers["content-type"]) == ("POST", "/v1/auth/login", "application/json")
        assert "authorization" not in first.headers


async def test_a_401_refreshes_and_replays(make: Make, sign_in: SignIn) -> None:
    dployr = Dployr()
    async with RawServer(dployr) as server:
        transport = make(server.url, sign_in(server))
        await transport.get("/v1/x")
        dployr.access = "revoked"
        assert (await transport.send("POST", "/v1/x")).status == 200
        assert (dployr.logins, dployr.refreshes) == (1, 1)


async def test_a_refresh_token_that_is_not_repeated_is_kept(clock: ManualClock, sign_in: SignIn) -> None:
    dployr = Dployr(rotates=False)
    async with RawServer(dployr) as server:
        login = sign_in(server)
        for _ in range(3):
            await login.header()
            await clock.advance(3601)
        assert (dployr.logins, dployr.refreshes) == (1, 2)


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_a_server_without_refresh_is_asked_to_log_in_again(clock: ManualClock, sign_in: SignIn, status: int) -> None:
    dployr = Dployr(refresh_status=status)
    async with RawServer(dployr) as server:
        login = sign_in(server)
        for _ in range(3):
            await login.header()
            await clock.advance(3601)
        assert dployr.logins == 3
        assert sum(seen.target == "/v1/auth/refresh" for seen in server.seen) == 1, "a path that is not there is not asked for again"


@pytest.mark.parametrize("status", [400, 401, 403, 422])
async def test_a_dead_refresh_token_leaves_the_password(clock: ManualClock, sign_in: SignIn, status: int) -> None:
    dployr = Dployr(refresh_status=status)
    async with RawServer(dployr) as server:
        login = sign_in(server)
        await login.header()
        await clock.advance(3601)
        assert (await login.header())[0] == "Bearer access-2"
        assert dployr.logins == 2


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_trouble_is_not_a_refusal(clock: ManualClock, sign_in: SignIn, status: int) -> None:
    dployr = Dployr()
    async with RawServer(dployr) as server:
        login = sign_in(server)
        await login.header()
        await clock.advance(3601)
        dployr.refresh_status = status
        with pytest.raises((Unavailable, Exception)) as trouble:
            await login.header()
        assert not isinstance(trouble.value, Unauthorized)
        dployr.refresh_status = 200
        assert (await login.header())[0] == "Bearer access-2"
        assert dployr.logins == 1


async def test_a_settable_refresh_path(clock: ManualClock, sign_in: SignIn) -> None:
    async with RawServer(reply('{"access_token":"a","refresh_token":"r","expires_in":60}')) as server:
        login = sign_in(server, refresh_path="/auth/refresh", login_path="/v2/login")
        await login.header()
        await clock.advance(61)
        await login.header()
        assert [seen.target for seen in server.seen] == ["/v2/login", "/auth/refresh"]


async def test_a_wrong_password_is_tried_once(sign_in: SignIn) -> None:
    dployr = Dployr()
    async with RawServer(dployr) as server:
        login = sign_in(server, password=Secret("wrong-password"))
        for _ in range(3):
            with pytest.raises(Unauthorized) as refused:
                await login.header()
            assert str(refused.value) == "fleet: bad login: sign in: rollwatch login fleet"
        assert dployr.logins == 1


@pytest.mark.parametrize("known", [{"email": ""}, {"password": None}, {"email": "", "password": None}])
async def test_without_anything_nothing_is_sent(sign_in: SignIn, known: dict[str, Any]) -> None:
    async with RawServer() as server:
        with pytest.raises(Unauthorized, match="not signed in: sign in: rollwatch login fleet"):
            await sign_in(server, **known).header()
        assert server.connections == 0


# -- kept and shared ------------------------------------------------------------------------------------------------------------------


async def test_a_login_is_kept_for_the_next_start_without_the_password(tmp_path: Path, clock: ManualClock, sign_in: SignIn) -> None:
    dployr = Dployr()
    async with RawServer(dployr) as server:
        await sign_in(server, vault=FileVault(tmp_path)).sign_in()
        kept = (tmp_path / "fleet.json").read_text(encoding="utf-8")
        assert "pa55word" not in kept
        assert json.loads(kept)["origin"] == server.url
        second = sign_in(server, vault=FileVault(tmp_path), password=None, email="")
        assert await second.header() == ("Bearer access-1", 1)
        assert (dployr.logins, dployr.refreshes) == (1, 0)
        await clock.advance(3590)
        third = sign_in(server, vault=FileVault(tmp_path), password=None)
        assert (await third.header())[0] == "Bearer access-2", "in its last minute it is renewed, not used"
        assert (dployr.logins, dployr.refreshes) == (1, 1)


async def test_a_kept_login_goes_to_its_own_origin_only(tmp_path: Path, sign_in: SignIn) -> None:
    async with RawServer(Dployr()) as server:
        vault = FileVault(tmp_path)
        await sign_in(server, vault=vault).sign_in()
        stored = vault.load("fleet")
        assert stored is not None
        port = server.port
        look_alikes = ("", "*", "http://127.0.0.1", f"https://127.0.0.1:{port}", f"http://localhost:{port}", f"http://127.0.0.1:{port}/")
        look_alikes += (
            f"http://127.0.0.1:{port}.evil.dev",
            f"http://127.0.0.2:{port}",
            f"HTTP://127.0.0.1:{port}",
            f"http://127.0.0.1:{port + 1}",
        )
        for origin in look_alikes:
            vault.store("fleet", stored | {"origin": origin})
            with pytest.raises(Unauthorized):
                await sign_in(server, vault=vault, password=None).header()
        assert len(server.seen) == 1


async def test_another_users_login_is_not_used(tmp_path: Path, sign_in: SignIn) -> None:
    dployr = Dployr()
    async with RawServer(dployr) as server:
        vault = FileVault(tmp_path)
        await sign_in(server, vault=vault).sign_in()
        stored = vault.load("fleet")
        assert stored is not None
        vault.store("fleet", stored | {"email": "somebody@else"})
        assert (await sign_in(server, vault=vault).header())[0] == "Bearer access-2"


@pytest.mark.parametrize(
    "stored",
    [{}, {"access_token": 5}, {"origin": None, "access_token": "x"}, {"access_token": ""}, {"access_token": "x", "expires_at": "soon"},
     {"access_token": "x", "serial": "1"}, {"access_token": "x", "lifetime": None}, {"refresh_token": "only"}],
)  # fmt: skip
def test_what_is_no_login_is_none(stored: dict[str, Any]) -> None:
    assert Login.from_stored({"origin": "https://x.dev", **stored}) is None


@pytest.mark.parametrize(
    "field",
    [{"expires_at": 1e18}, {"expires_at": -1e18}, {"expires_at": float("nan")}, {"lifetime": 1e18}, {"serial": -5}, {"serial": 10**30}],
)
async def test_absurd_numbers_in_the_vault_do_no_harm(tmp_path: Path, clock: ManualClock, sign_in: SignIn, field: dict[str, Any]) -> None:
    async with RawServer(Dployr()) as server:
        vault = FileVault(tmp_path)
        await sign_in(server, vault=vault).sign_in()
        stored = vault.load("fleet")
        assert stored is not None
        vault.store("fleet", stored | field)
        login = sign_in(server, vault=vault)
        await login.header()
        await clock.advance(86_401)
        await login.header()


async def test_what_another_process_renewed_is_used(tmp_path: Path, clock: ManualClock, sign_in: SignIn) -> None:
    dployr = Dployr()
    async with RawServer(dployr) as server:
        one, two = (sign_in(server, vault=FileVault(tmp_path)) for _ in range(2))
        await one.header()
        await two.header()
        _, generation = await one.header()
        assert await one.renew(generation)
        assert await two.renew(generation)
        assert await two.header() == await one.header() == ("Bearer access-2", 2)
        assert (dployr.logins, dployr.refreshes, dployr.reused) == (1, 1, 0)
        await clock.advance(3601)
        await asyncio.gather(one.header(), two.header())
        assert (dployr.logins, dployr.refreshes, dployr.reused) == (1, 2, 0)


async def test_somebody_signed_out(tmp_path: Path, clock: ManualClock, sign_in: SignIn) -> None:
    async with RawServer(Dployr()) as server:
        login = sign_in(server, vault=FileVault(tmp_path))
        await login.header()
        login._password = None
        (tmp_path / "fleet.json").unlink()
        assert (await login.header())[0] == "Bearer access-1", "nobody asks the vault while the token lives"
        await clock.advance(3601)
        with pytest.raises(Unauthorized, match="not signed in"):
            await login.header()
        await sign_in(server, vault=FileVault(tmp_path)).sign_in()
        assert (await login.header())[0] == "Bearer access-2", "and signed in again"


class Broken(FileVault):
    """Fails in one way."""

    def __init__(self, folder: Path, how: str, error: Exception) -> None:
        super().__init__(folder)
        self.how = how
        self.error = error

    def load(self, name: str) -> dict[str, Any] | None:
        return self._do("load", lambda: super(Broken, self).load(name))

    def store(self, name: str, login: dict[str, Any]) -> None:
        self._do("store", lambda: super(Broken, self).store(name, login))

    def lock(self, name: str) -> Any:
        return self._do("lock", lambda: super(Broken, self).lock(name))

    def _do(self, what: str, work: Callable[[], Any]) -> Any:
        if what == self.how:
            raise self.error
        return work()


@pytest.mark.parametrize("how", ["load", "store", "lock"])
@pytest.mark.parametrize("error", [StorageError("the disk is full"), OSError(28, "No space left"), PermissionError(13, "no")])
async def test_a_vault_that_fails_leaves_the_login_in_memory(
    tmp_path: Path, clock: ManualClock, sign_in: SignIn, how: str, error: Exception
) -> None:
    dployr = Dployr()
    async with RawServer(dployr) as server:
        login = sign_in(server, vault=Broken(tmp_path, how, error))
        assert login.share.unsaved is None
        for _ in range(3):
            await login.header()
            await clock.advance(3601)
        assert (dployr.logins, dployr.refreshes, dployr.reused) == (1, 2, 0)
        assert login.share.unsaved is not None or how != "store"


async def test_a_vault_that_recovers_is_used_again(tmp_path: Path, clock: ManualClock, sign_in: SignIn) -> None:
    dployr = Dployr()
    vault = Broken(tmp_path, "store", OSError(28, "No space left"))
    async with RawServer(dployr) as server:
        login = sign_in(server, vault=vault)
        await login.header()
        vault.how = ""
        await clock.advance(3601)
        await login.header()
        assert login.share.unsaved is None
        assert vault.load("fleet") is not None


async def test_a_lock_that_is_never_given_up(tmp_path: Path, sign_in: SignIn) -> None:
    async with RawServer(Dployr()) as server:
        holder = FileVault(tmp_path).lock("fleet")
        with holder, pytest.raises(Unreachable, match="another rollwatch is signing in"):
            await sign_in(server, vault=FileVault(tmp_path, patience=0.01)).header()
        assert server.connections == 0


async def test_processes_sharing_a_login_lose_it_never(tmp_path: Path, sign_in: SignIn) -> None:
    """A refresh token works once; whoever sends an old one has lost the login, for there is no password to fall back on."""
    dployr = Dployr()
    async with RawServer(dployr) as server:
        await sign_in(server, vault=FileVault(tmp_path)).sign_in()
        program = [sys.executable, "-m", "tests.platforms.filevault", server.url, str(tmp_path), "40"]
        consoles = [
            await asyncio.create_subprocess_exec(*program, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
            for _ in range(4)
        ]
        results = await asyncio.gather(*(console.communicate() for console in consoles))
        assert [console.returncode for console in consoles] == [0] * 4, b"\n".join(err for _, err in results).decode()
        assert dployr.reused == 0
        assert dployr.logins == 1
        assert 40 <= dployr.refreshes <= 160
