"""Which addresses we talk to, and whose credentials go where."""

from __future__ import annotations

import pytest

from tui.addresses import Address, base_url, origin

GOOD = {
    "https://api.encore.dev": "https://api.encore.dev",
    "https://api.encore.dev/": "https://api.encore.dev",
    "HTTPS://API.Encore.dev": "https://api.encore.dev",
    "https://phase.example.com/service/public/": "https://phase.example.com/service/public",
    "https://host:443/x": "https://host/x",
    "https://host:8443": "https://host:8443",
    "https://[2001:DB8::1]:8443/a": "https://[2001:db8::1]:8443/a",
    "http://127.0.0.1:8080": "http://127.0.0.1:8080",
    "http://127.3.2.1": "http://127.3.2.1",
    "http://localhost:80/api": "http://localhost/api",
    "http://[::1]:9": "http://[::1]:9",
    "https://phase.corp:8443/a/b///": "https://phase.corp:8443/a/b",
    "https://xn--e1afmkfd.example": "https://xn--e1afmkfd.example",
    "https://under_score.example": "https://under_score.example",
}

BAD = [
    "",
    "api.encore.dev",
    "ftp://host",
    "file:///etc/passwd",
    "//host",
    "https:",
    "https://",
    "https:///path",
    "http://example.com",
    "http://10.0.0.1",
    "http://localhost.example.com",
    "http://127.0.0.1.example.com",
    "http://0.0.0.0",
    "http://[::ffff:10.0.0.1]",
    "https://user@host",
    "https://user:pass@host",
    "https://@host",
    "https://host@evil.example",
    "https://host?x=1",
    "https://host?",
    "https://host#f",
    "https://host/#",
    "https://host:",
    "https://host:0",
    "https://host:99999",
    "https://host:abc",
    "https://ho st",
    "https://host\\evil",
    "https://host\n",
    "https://host\t/x",
    " https://host",
    "https://hоst",
    "https://host\u202e",
    "https://-host",
    "https://host-",
    "https://a..b",
    "https://[::1",
    "https://[fe80::1%25eth0]",
    "https://%68ost",
    "https://host/../x",
    "https://host/a/./b",
    "https://" + "a" * 300,
    "https://host,other",
    "https://*.host",
    "https:/x",
    "https:x",
    "https://x.dev/%2e%2e",
    "https://x.dev//b",
    "https://x.dev/a//b",
    "https://x.dev/\r\nX: y",
    "https://x\0.dev",
    "https://x。dev",
    "https://[zz]",
    "https://x.dev:-1",
    "javascript:alert(1)",
    " ",
    "api.phase.dev",
    "//api.phase.dev",
    "https:///x",
    "ftp://x.dev",
    "https://user@x.dev",
    "https://user:pw@x.dev",
    "https://x.dev?a=b",
    "https://x.dev/#f",
    "https://x.dev/?",
    "https://x.dev/a?b",
    "https://x.dev:0",
    "https://x.dev:65536",
    "https://x.dev:99999999",
    "https://x.dev:",
    "https://x.dev:8o",
    "https://x.dev/..",
    "https://x.dev/a/../b",
    "https://x.dev/./b",
    "https://x.dev/a\\b",
    "https:\\\\x.dev",
    "https://x.dev\\@evil.dev",
    "https://x .dev",
    "https://x.dev/a b",
    "https://x.dev\nevil.dev",
    "https://prоd.dev",
    "http://x.dev",
    "http://127.0.0.1.evil.dev",
    "http://localhost.evil.dev",
    "http://evil.dev/127.0.0.1",
    "http://127.0.0.1@evil.dev",
    "http://2130706433",
    "http://0x7f000001",
    "http://0177.0.0.1",
    "http://127.1",
    "http://[::2]",
    "https://https://x.dev",
    "ws://x.dev",
]


@pytest.mark.parametrize(("given", "used"), GOOD.items())
def test_good_addresses(given: str, used: str) -> None:
    assert base_url(given) == used
    assert base_url(used) == used


@pytest.mark.parametrize("given", BAD, ids=range(len(BAD)))
def test_bad_addresses(given: str) -> None:
    with pytest.raises(ValueError, match=r"^(holds|has|must)") as refused:
        base_url(given)
    assert "pass" not in str(refused.value).replace("password", "")


def test_plain_http_only_where_the_file_allows_it() -> None:
    assert base_url("http://example.com:80/x", allow_insecure=True) == "http://example.com/x"
    with pytest.raises(ValueError, match="allow_insecure = true"):
        base_url("http://example.com")


LOOKALIKES = [
    "http://base.dployr.io",
    "https://base.dployr.io:8443",
    "https://base.dployr.io.evil.example",
    "https://base-dployr.io",
    "https://base.dployr.com",
    "https://dployr.io",
    "https://x.base.dployr.io",
    "https://base.dployr.i0",
    "https://base.dp1oyr.io",
    "https://basedployr.io",
]


def test_an_origin_is_exact() -> None:
    assert origin("https://base.dployr.io/v1") == "https://base.dployr.io"
    for other in LOOKALIKES:
        assert origin(base_url(other, allow_insecure=True)) != "https://base.dployr.io"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.255.0.3", "[::1]"])
def test_loopback(host: str) -> None:
    assert Address.parse(f"http://{host}").loopback


@pytest.mark.parametrize("host", ["0.0.0.1", "128.0.0.1", "localhost.example.com", "example.com", "[::2]"])
def test_not_loopback(host: str) -> None:
    assert not Address.parse(f"https://{host}").loopback


def test_the_parts_of_an_address() -> None:
    address = Address.parse("HTTPS://Phase.Corp:8443/a/b///")
    assert (address.origin, address.host, address.path, address.secure) == ("https://phase.corp:8443", "phase.corp:8443", "/a/b", True)
    assert Address.parse("http://[::1]:80/").host == "[::1]"
    assert not Address.parse("http://phase.corp", allow_insecure=True).secure


@pytest.mark.parametrize(
    "given", ["https://me:hunter2@x.dev", "https://x.dev?key=hunter2", "https://x.dev/#hunter2", "hunter2@x.dev", "https://x.dev/%hunter2"]
)
def test_what_is_wrong_is_said_without_what_may_be_secret(given: str) -> None:
    with pytest.raises(ValueError, match=r"^(holds|has|must)") as refused:
        base_url(given)
    assert "hunter2" not in str(refused.value)
