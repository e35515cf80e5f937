"""Tokens in every form in which people paste them."""

from __future__ import annotations

import asyncio

import pytest

from tests.platforms.conftest import Make
from tests.platforms.rawserver import RawServer, Seen, reply
from tui.errors import RateLimited, Unauthorized, Unavailable, Unreachable
from tui.platforms.tokens import PhaseToken, StaticToken, phase_forms, plain_forms
from tui.text import Secret

HEX = "0123456789abcdef" * 4
ORIGIN = "https://base.dployr.io"


@pytest.mark.parametrize(
    "pasted",
    [
        "dpat_1",
        " dpat_1\n",
        '"dpat_1"',
        "'dpat_1'",
        "`dpat_1`",
        "Bearer dpat_1",
        "bearer  dpat_1",
        "BEARER dpat_1 ",
        "Authorization: Bearer dpat_1",
        'authorization:bearer "dpat_1"',
        '"Bearer dpat_1"',
    ],
)
def test_a_plain_token(pasted: str) -> None:
    assert plain_forms(pasted) == ("dpat_1",)


@pytest.mark.parametrize("pasted", ["", " ", '""', "Bearer ", "a b", "a\nb", "a\tb", "a\0b", "é", "x" * 20_000, "a\r\nX: y", "\x1b[31m"])
def test_what_is_no_token(pasted: str) -> None:
    with pytest.raises(ValueError, match="token") as wrong:
        plain_forms(pasted)
    assert not pasted.strip() or pasted not in str(wrong.value)


@pytest.mark.parametrize(
    ("pasted", "forms"),
    [
        (f"User {HEX}", (f"User {HEX}",)),
        (f"user {HEX}", (f"User {HEX}",)),
        (f"Bearer User {HEX}", (f"User {HEX}",)),
        (f"  Authorization: Bearer ServiceAccount {HEX}\n", (f"ServiceAccount {HEX}",)),
        (f'"Bearer serviceaccount  {HEX}"', (f"ServiceAccount {HEX}",)),
        (f"pss_user:v1:{HEX}:pub:share:wrap", (f"User {HEX}",)),
        (f"'pss_user:v12:{HEX}:p:s:w'", (f"User {HEX}",)),
        (f"Bearer pss_user:v1:{HEX}:p:s:w", (f"User {HEX}",)),
        (f"pss_service:v2:{HEX}:p:s:w", (f"ServiceAccount {HEX}",)),
        (f"pss_service:v10:{HEX}:p:s:w", (f"ServiceAccount {HEX}",)),
        (HEX, (f"User {HEX}", f"ServiceAccount {HEX}", HEX)),
        (HEX.upper(), (f"User {HEX.upper()}", f"ServiceAccount {HEX.upper()}", HEX.upper())),
        ("opaque-token", ("opaque-token",)),
        ("Bearer opaque.token", ("opaque.token",)),
        (HEX[:-1], (HEX[:-1],)),
    ],
)
def test_a_token_of_phase(pasted: str, forms: tuple[str, ...]) -> None:
    assert phase_forms(pasted) == forms


@pytest.mark.parametrize("pasted", [f"pss_service:v1:{HEX}:a:b:c", f"Service {HEX}"])
def test_a_legacy_service_token_says_what_to_use(pasted: str) -> None:
    with pytest.raises(ValueError, match="service account"):
        phase_forms(pasted)


async def test_a_static_token_is_what_it_is() -> None:
    token = StaticToken(Secret(" Bearer dpat_1 "), connection="fleet", origin=ORIGIN)
    assert await token.header() == ("Bearer dpat_1", 1)
    assert await token.renew(1) is False
    assert token.origin == ORIGIN
    await token.aclose()


async def test_a_bad_token_parks_its_connection_with_a_hint() -> None:
    with pytest.raises(Unauthorized) as wrong:
        await StaticToken(Secret("a b"), connection="fleet", origin=ORIGIN).header()
    assert str(wrong.value) == "fleet: the token holds spaces or characters that no token has: sign in: rollwatch login fleet"
    assert wrong.value.sent is False


async def test_a_source_that_has_another_token_by_now() -> None:
    answers = [None, Secret("old"), Secret("new"), Secret("newer")]
    asked = 0

    async def again() -> Secret | None:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        return answers.pop(0)

    token = StaticToken(Secret("old"), connection="fleet", origin=ORIGIN, again=again)
    assert await token.renew(1) is False
    assert await token.renew(1) is False
    assert await asyncio.gather(*(token.renew(1) for _ in range(50))) == [True] * 50
    assert asked == 3
    assert await token.header() == ("Bearer new", 2)


def phase(accepted: str, refusal: int = 401) -> object:
    async def answer(seen: Seen, writer: asyncio.StreamWriter) -> None:
        good = seen.headers["authorization"] == f"Bearer {accepted}"
        writer.write(reply("[]" if good else '{"error":"Token expired or deleted"}', 200 if good else refusal))

    return answer


@pytest.mark.parametrize("kind", ["User ", "ServiceAccount ", ""])
@pytest.mark.parametrize("refusal", [401, 403])
async def test_a_bare_word_is_tried_once_and_remembered(make: Make, kind: str, refusal: int) -> None:
    async with RawServer(phase(kind + HEX, refusal)) as server:  # type: ignore[arg-type]
        token = PhaseToken(Secret(HEX), exchange=make(server.url))
        transport = make(server.url, token)
        await asyncio.gather(*(transport.get("/v1/apps/") for _ in range(20)))
        probes = 1 + ["User ", "ServiceAccount ", ""].index(kind)
        assert len(server.seen) == 20 + probes
        assert {seen.target for seen in server.seen} == {"/v1/apps/"}
        assert await token.header() == (f"Bearer {kind}{HEX}", 1)


async def test_a_bare_word_that_nobody_accepts(make: Make) -> None:
    async with RawServer(phase("nothing")) as server:  # type: ignore[arg-type]
        with pytest.raises(Unauthorized, match="Token expired or deleted: sign in: rollwatch login fleet"):
            await make(server.url, PhaseToken(Secret(HEX), exchange=make(server.url))).get("/v1/apps/")
        assert len(server.seen) == 3


@pytest.mark.parametrize(("status", "cls"), [(429, RateLimited), (500, Unavailable), (None, Unreachable)])
async def test_a_server_in_trouble_decides_nothing(make: Make, status: int | None, cls: type[Exception]) -> None:
    async def trouble(seen: Seen, writer: asyncio.StreamWriter) -> None:
        if status is None:
            raise EOFError
        writer.write(reply(status=status))

    async with RawServer(trouble) as server:
        token = PhaseToken(Secret(HEX), exchange=make(server.url))
        with pytest.raises(cls):
            await make(server.url, token).get("/v1/apps/")
        assert len(server.seen) == 1
        server.answer = phase(f"ServiceAccount {HEX}")  # type: ignore[assignment]
        assert await token.header() == (f"Bearer ServiceAccount {HEX}", 1)


async def test_a_dead_account_is_let_in_by_its_404(make: Make) -> None:
    async with RawServer(reply('{"error":"User not found"}', 404)) as server:
        assert await PhaseToken(Secret(HEX), exchange=make(server.url)).header() == (f"Bearer User {HEX}", 1)


async def test_a_form_that_says_its_kind_is_not_tried(make: Make) -> None:
    async with RawServer() as server:
        assert await PhaseToken(Secret(f"pss_service:v2:{HEX}:a:b:c"), exchange=make(server.url)).header() == (
            f"Bearer ServiceAccount {HEX}",
            1,
        )
        assert server.seen == []
