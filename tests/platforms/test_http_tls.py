"""Trust: whom the transport believes, and one plain line for every way in which it does not."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from tests.platforms.conftest import Make
from tests.platforms.rawserver import RawServer, reply
from tui.errors import Unreachable


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def context(cert: trustme.LeafCert) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    cert.configure_cert(made)
    return made


def days(number: int) -> datetime:
    return datetime.now(UTC) + timedelta(days=number)


async def test_a_good_certificate_of_ca_file_is_believed(make: Make, authority: trustme.CA, ca_file: Path) -> None:
    async with RawServer(tls=context(authority.issue_cert("127.0.0.1"))) as server:
        transport = make(server.url, ca_file=ca_file)
        assert (await transport.get("/v1/x")).status == 200
        assert (await transport.send("POST", "/v1/x")).status == 200
        async with transport.stream("/v1/x") as stream:
            assert stream.status == 200


async def test_ssl_cert_file_and_dir_of_the_environment_count(
    make: Make, authority: trustme.CA, ca_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with RawServer(tls=context(authority.issue_cert("127.0.0.1"))) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(ca_file))
        assert (await make(server.url).get("/v1/x")).status == 200
        monkeypatch.delenv("SSL_CERT_FILE")
        monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
        with pytest.raises(Unreachable, match="authority unknown"):
            await make(server.url).get("/v1/x")


@pytest.mark.parametrize(
    ("case", "words", "hint"),
    [
        ("unknown", "its certificate comes from an authority unknown here", "ca_file"),
        ("expired", "its certificate has expired", "clock"),
        ("early", "its certificate is not valid yet", "clock"),
        ("name", "its certificate is for another", "base_url"),
        ("dns", "its certificate is for another", "base_url"),
    ],
)
async def test_a_certificate_that_is_not_believed(
    make: Make, authority: trustme.CA, ca_file: Path, case: str, words: str, hint: str
) -> None:
    cert = {
        "unknown": lambda: trustme.CA().issue_cert("127.0.0.1"),
        "expired": lambda: authority.issue_cert("127.0.0.1", not_before=days(-30), not_after=days(-1)),
        "early": lambda: authority.issue_cert("127.0.0.1", not_before=days(1), not_after=days(30)),
        "name": lambda: authority.issue_cert("127.0.0.2"),
        "dns": lambda: authority.issue_cert("api.encore.dev"),
    }[case]()
    async with RawServer(tls=context(cert)) as server:
        transport = make(server.url, ca_file=ca_file)
        for call in (transport.get("/v1/x"), transport.send("POST", "/v1/x")):
            with pytest.raises(Unreachable) as wrong:
                await call
            line = str(wrong.value)
            assert words in line
            assert hint in line
            assert f"127.0.0.1:{server.port}" in line
            assert "\n" not in line
            assert wrong.value.sent is False
        assert server.seen == []


async def test_the_bundled_authorities_do_not_know_a_private_one(make: Make, authority: trustme.CA) -> None:
    async with RawServer(tls=context(authority.issue_cert("127.0.0.1"))) as server:
        with pytest.raises(Unreachable, match="SSL_CERT_FILE"):
            await make(server.url).get("/v1/x")


async def test_plain_http_where_tls_should_be(make: Make) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(reply("bad request", 400, kind="text/plain"))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(Unreachable) as wrong:
            await make(f"https://127.0.0.1:{port}").get("/v1/x")
    assert "does not speak TLS on this port" in str(wrong.value)
    assert "check base_url" in str(wrong.value)


async def test_tls_where_plain_http_should_be(make: Make, authority: trustme.CA) -> None:
    async with RawServer(tls=context(authority.issue_cert("127.0.0.1"))) as server:
        with pytest.raises(Unreachable) as wrong:
            await make(f"http://127.0.0.1:{server.port}").get("/v1/x")
    assert "closed the connection" in str(wrong.value)


async def test_a_reset_during_the_handshake(make: Make) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.transport.abort()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(Unreachable) as wrong:
            await make(f"https://127.0.0.1:{port}").send("POST", "/v1/x")
    assert wrong.value.sent is False
    assert f"127.0.0.1:{port}" in str(wrong.value)


async def test_an_old_tls_version(make: Make) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"\x15\x03\x01\x00\x02\x02\x46")  # fatal alert, protocol_version
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(Unreachable, match="no longer safe"):
            await make(f"https://127.0.0.1:{port}").get("/v1/x")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [("missing", None, "No such file"), ("empty", b"", "no certificate"), ("junk", b"\x00\x01junk", "no certificate")],
)
@pytest.mark.parametrize("where", ["ca_file", "SSL_CERT_FILE"])
async def test_a_trust_file_that_cannot_be_used(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, name: str, content: bytes | None, reason: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    if where == "SSL_CERT_FILE":
        monkeypatch.setenv(where, str(path))
    transport = make("https://127.0.0.1:1", ca_file=path if where == "ca_file" else None)
    for call in (transport.get("/v1/x"), transport.send("POST", "/v1/x"), _open(transport)):
        with pytest.raises(Unreachable) as wrong:
            await call
        line = str(wrong.value)
        assert f"the certificates in {where} = {path} cannot be used" in line
        assert reason in line
        assert wrong.value.sent is False


async def _open(transport: object) -> None:
    async with transport.stream("/v1/x"):  # type: ignore[attr-defined]
        pass


class Proxy(RawServer):
    """A server whose address the environment names as the proxy."""


@pytest.mark.parametrize(
    ("status", "words"),
    [(407, "refuses with 407: put its credentials into HTTPS_PROXY"), (503, "refuses with 503: check HTTPS_PROXY")],
)
async def test_a_proxy_that_refuses(make: Make, monkeypatch: pytest.MonkeyPatch, status: int, words: str) -> None:
    async with Proxy(reply("<html>no</html>", status, kind="text/html")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:pr0xy-canary@127.0.0.1:{proxy.port}")
        with pytest.raises(Unreachable) as wrong:
            await make("https://api.example.invalid").send("POST", "/v1/x")
    assert words in str(wrong.value)
    assert "pr0xy" not in str(wrong.value)
    assert wrong.value.sent is False, "the CONNECT left, the verb did not"
    assert proxy.seen[0].method == "CONNECT"
    assert "authorization" not in proxy.seen[0].headers


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "ALL_PROXY", "http_proxy"])
async def test_a_proxy_for_plain_http_and_no_proxy(make: Make, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    async with Proxy(reply('{"by":"proxy"}')) as proxy:
        monkeypatch.setenv(variable, f"127.0.0.1:{proxy.port}" if variable != "ALL_PROXY" else f"http://127.0.0.1:{proxy.port}")
        transport = make("http://api.example.invalid", allow_insecure=True)
        assert (await transport.get("/v1/x")).content == b'{"by":"proxy"}'
        assert proxy.seen[0].target == "http://api.example.invalid/v1/x"
        monkeypatch.setenv("NO_PROXY", "example.invalid")
        with pytest.raises(Unreachable, match="not known"):
            await make("http://api.example.invalid", allow_insecure=True).get("/v1/x")


async def test_a_proxy_that_is_not_there_is_named(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:pr0xy-canary@127.0.0.1:1")
    with pytest.raises(Unreachable) as wrong:
        await make("https://api.example.invalid").get("/v1/x")
    assert str(wrong.value) == "fleet: no connection to the proxy 127.0.0.1:1: nothing listens there: check HTTPS_PROXY and NO_PROXY"


async def test_loopback_is_never_proxied(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    async with RawServer() as server:
        assert (await make(server.url).get("/v1/x")).status == 200


@pytest.mark.parametrize(
    ("proxy", "words"),
    [
        ("socks5://me:pr0xy-canary@10.0.0.1:1080", "the SOCKS proxy 10.0.0.1:1080 needs a package that is not installed"),
        ("gopher://10.0.0.1:70", "cannot be used"),
        ("http://10.0.0.1:port", "the proxy 10.0.0.1:port cannot be used"),
    ],
)
async def test_a_proxy_that_cannot_be_used(make: Make, monkeypatch: pytest.MonkeyPatch, proxy: str, words: str) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    transport = make("https://api.example.invalid")
    for call in (transport.get("/v1/x"), transport.send("POST", "/v1/x"), _open(transport)):
        with pytest.raises(Unreachable) as wrong:
            await call
        assert words in str(wrong.value)
        assert "canary" not in str(wrong.value)
        assert "ALL_PROXY" in str(wrong.value)
