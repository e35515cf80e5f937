"""How a server is reached from this machine: trust, proxies, and plain words for everything that can go wrong on the way.

Reads ``SSL_CERT_FILE``, ``SSL_CERT_DIR`` and the proxy variables of the environment. Sends nothing itself.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import httpx

from tui.addresses import Address
from tui.platforms.names import Names, named_first
from tui.text import clean


class Trouble(Exception):
    """The way to the server cannot even be tried: a plain message and what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class Words(NamedTuple):
    """What happened, and what to do about it."""

    message: str
    hint: str = ""


def trust(address: Address, ca_file: Path | None) -> ssl.SSLContext:
    """Whom to believe: ``ca_file``, else ``SSL_CERT_FILE``, else ``SSL_CERT_DIR``, else the bundled authorities. Raises ``Trouble``."""
    if not address.secure:
        # Never used; trusting nobody, it would fail closed.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    named = [("ca_file", ca_file)] if ca_file is not None else [("SSL_CERT_FILE", _environment_path("SSL_CERT_FILE"))]
    name, path = named[0]
    directory = _environment_path("SSL_CERT_DIR") if path is None else None
    try:
        if path is not None:
            return ssl.create_default_context(cafile=path)
        if directory is not None:
            return ssl.create_default_context(capath=directory)
    except OSError as wrong:
        reason = wrong.strerror if isinstance(wrong, FileNotFoundError | PermissionError | IsADirectoryError) else "it holds no certificate"
        raise Trouble(
            f"the certificates in {name} = {path or directory} cannot be used: {reason}", f"correct {name}, or unset it"
        ) from None
    return httpx.create_ssl_context()


def proxy_for(address: Address) -> str | None:
    """The proxy that the environment names for this address, None for none. Loopback is never proxied."""
    if address.loopback or (sys.platform == "linux" and not any(name.lower().endswith("_proxy") for name in os.environ)):
        return None
    import urllib.request  # large, and seldom needed

    proxies = urllib.request.getproxies()
    scheme = address.origin.partition(":")[0]
    proxy = proxies.get(scheme) or proxies.get("all")
    if not proxy or urllib.request.proxy_bypass(address.host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def proxy_shown(proxy: str | None) -> str:
    """Host and port of a proxy, without the credentials that may stand before them; empty for none."""
    return str(clean((proxy or "").rpartition("@")[2].rpartition("://")[2], 80))


def open_transport(
    proxy: str | None, context: ssl.SSLContext, limits: httpx.Limits, names: Names, *, probes: bool = False
) -> httpx.AsyncHTTPTransport:
    """An httpx transport, through that proxy if one is given. Raises ``Trouble`` for a proxy that cannot be used."""
    shown = proxy_shown(proxy)
    try:
        transport = httpx.AsyncHTTPTransport(
            verify=context,
            trust_env=False,
            limits=limits,
            proxy=proxy,
            socket_options=_PROBES if probes and proxy is None else None,
        )
    except ImportError:
        raise Trouble(
            f"the SOCKS proxy {shown} needs a package that is not installed", "pip install 'httpx[socks]', or unset ALL_PROXY"
        ) from None
    except (ValueError, httpx.InvalidURL):
        raise Trouble(f"the proxy {shown} cannot be used", "correct HTTPS_PROXY or ALL_PROXY: http://HOST:PORT") from None
    # httpcore takes the network to use, httpx does not hand it on.
    transport._pool._network_backend = named_first(names)  # noqa: SLF001
    return transport


def _probes() -> list[tuple[int, int, int]]:
    """TCP keep-alive, so that a stream whose server vanished does not stay open for ever."""
    wished = (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))
    known = [(socket.IPPROTO_TCP, getattr(socket, name), value) for name, value in wished if hasattr(socket, name)]
    return [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), *known]


_PROBES: Final = tuple(_probes())

_CERTIFICATE: Final[dict[int, Words]] = {
    9: Words("its certificate is not valid yet", "check this machine's clock"),
    10: Words("its certificate has expired", "check this machine's clock, or tell whoever runs the server"),
    18: Words("its certificate is self-signed", "set ca_file for this connection, or SSL_CERT_FILE"),
    19: Words("its certificate comes from an authority unknown here", "set ca_file for this connection, or SSL_CERT_FILE"),
    20: Words("its certificate comes from an authority unknown here", "set ca_file for this connection, or SSL_CERT_FILE"),
    21: Words("its certificate comes from an authority unknown here", "set ca_file for this connection, or SSL_CERT_FILE"),
    62: Words("its certificate is for another name", "check base_url"),
    64: Words("its certificate is for another address", "check base_url"),
}
"""OpenSSL's X509_V_ERR numbers."""

_TLS: Final[tuple[tuple[str, Words], ...]] = (
    (
        "WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE|HTTP_REQUEST|PACKET_LENGTH_TOO_LONG",
        Words("it does not speak TLS on this port", "check base_url: https:// or http://, and the port"),
    ),
    (
        "PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS",
        Words("it speaks only a TLS version that is no longer safe", "tell whoever runs the server"),
    ),
    (
        "CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE",
        Words("it refused the TLS handshake", "it may want a client certificate, which is not supported"),
    ),
    ("EOF|CLOSED|SHUTDOWN", Words("it closed the connection during the TLS handshake", "")),
)
_NUMBERS: Final[dict[type[OSError], str]] = {
    ConnectionRefusedError: "nothing listens there",
    ConnectionResetError: "it reset the connection",
    PermissionError: "this machine does not allow the connection",
    TimeoutError: "no answer to the connection attempt",
}


def words_for(failure: Exception, host: str, proxy: str = "") -> Words:
    """One line for a failure of httpx: which host, what happened, what to do. Only texts of ours and of the operating system.

    ``proxy`` is the host and port of the proxy on the way, which is then what could not be connected to.
    """
    nearest = f"the proxy {proxy}" if proxy else host
    remedy = "check HTTPS_PROXY and NO_PROXY" if proxy else "check base_url and this machine's network"
    causes = list(_causes(failure))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            known = _CERTIFICATE.get(cause.verify_code) or Words(
                f"its certificate is not accepted ({clean(cause.verify_message, 80)})", "set ca_file for this connection, or SSL_CERT_FILE"
            )
            return Words(f"{host} is not trusted: {known.message}", known.hint)
        if isinstance(cause, ssl.SSLError):
            return _tls_words(cause, host)
        if isinstance(cause, socket.gaierror):
            return Words(f"the name of {nearest} is not known: {clean(cause.strerror or '', 80)}", remedy)
    if isinstance(failure, httpx.ProxyError):
        status = re.match(r"\s*([1-5][0-9]{2})\b", str(failure))
        asks = status is not None and status[1] == "407"
        hint = "put its credentials into HTTPS_PROXY, or the host into NO_PROXY" if asks else "check HTTPS_PROXY and NO_PROXY"
        return Words(f"the proxy before {host} refuses" + (f" with {status[1]}" if status else ""), hint)
    if isinstance(failure, httpx.ConnectError | httpx.ConnectTimeout):
        return Words(f"no connection to {nearest}: {_os_words(causes)}", remedy if proxy else "")
    if isinstance(failure, httpx.ReadError | httpx.WriteError | httpx.CloseError | httpx.RemoteProtocolError):
        return Words(f"{host} closed the connection before its answer was complete", "")
    if isinstance(failure, httpx.TimeoutException):
        return Words(f"{host} did not answer in time", "")
    return Words(f"the request to {host} could not be sent", "")


def _tls_words(cause: ssl.SSLError, host: str) -> Words:
    reason = f"{cause.reason or ''} {cause.strerror or ''}".upper()
    for pattern, words in _TLS:
        if re.search(pattern, reason):
            return Words(f"no TLS connection to {host}: {words.message}", words.hint)
    return Words(f"no TLS connection to {host}: {clean((cause.reason or 'handshake failed').lower().replace('_', ' '), 80)}", "")


def _os_words(causes: list[BaseException]) -> str:
    for cause in causes:
        for kind, text in _NUMBERS.items():
            if isinstance(cause, kind):
                return text
    system = next((cause for cause in causes if isinstance(cause, OSError) and cause.strerror), None)
    return str(clean(system.strerror or "", 80)) if isinstance(system, OSError) else "it failed"


def _causes(failure: BaseException) -> Iterator[BaseException]:
    """The failure and everything it came from, exception groups included; bounded."""
    waiting: list[BaseException] = [failure]
    for _ in range(32):
        if not waiting:
            return
        each = waiting.pop(0)
        yield each
        if isinstance(each, BaseExceptionGroup):
            waiting.extend(each.exceptions)
        origin = each.__cause__ or each.__context__
        if origin is not None:
            waiting.append(origin)


def _environment_path(name: str) -> Path | None:
    value = os.environ.get(name)
    return Path(value) if value else None


_LOGGERS: Final = (
    "httpx",
    "httpcore",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
)


def mute() -> None:
    """Take the voice of httpx and httpcore: at INFO the one prints whole URLs, at DEBUG the other prints headers.

    Done for every transport made, whatever the logging configuration does meanwhile.
    """
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.disabled = True
        logger.propagate = False
        if _never not in logger.filters:
            logger.addFilter(_never)


def _never(record: logging.LogRecord) -> bool:
    return False
