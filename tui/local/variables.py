"""Environment variables that configure: their names, and how their text is read. Pure; what they overrule is ``config``'s matter.

NAME is a connection's name in upper case with ``-`` as ``_``:

    ROLLWATCH_CONTEXT, _THEME, _MOUSE, _OUTPUT            default_context, theme, mouse, output
    ROLLWATCH_READ_ONLY=1                                 makes every context read-only; nothing can loosen it
    ROLLWATCH_NAME_PLATFORM=dployr                        makes a connection NAME (in lower case, ``_`` as ``-``), or changes it
    ROLLWATCH_NAME_BASE_URL, _FLAVOUR, _REFRESH, _CA_FILE, _DASHBOARD_URL, _TOKEN_STYLE, _REFRESH_PATH, _CLUSTER
    ROLLWATCH_NAME_APPS="shop-3p2i:staging,prod other:dev"  Encore's applications with their environments
    ROLLWATCH_NAME_TOKEN, _CLIENT_ID, _CLIENT_SECRET, _EMAIL, _PASSWORD   credentials
    ROLLWATCH_NAME_APP_CLIENT_ID, _CLIENT_SECRET          those of one Encore application that has its own client

A connection that only the environment knows joins the selected context, or a context ``environment`` where there is none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from tui.errors import ConfigError
from tui.local.problems import found
from tui.local.spelling import near

PREFIX: Final = "ROLLWATCH_"
READ_ONLY: Final = f"{PREFIX}READ_ONLY"
CREDENTIALS: Final = ("TOKEN", "CLIENT_ID", "CLIENT_SECRET", "EMAIL", "PASSWORD")
"""How the names of variables end that hold credentials."""

Reader = Callable[[str, str], Any]
"""Makes a value of (name of the variable, its text); raises ``ConfigError``."""

_DECLARES: Final = re.compile(rf"{PREFIX}([A-Z0-9][A-Z0-9_]*)_PLATFORM\Z")
_SWITCH: Final = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def variable_prefix(connection: str) -> str:
    """How the names of a connection's environment variables begin."""
    return f"{PREFIX}{re.sub('[^A-Z0-9]', '_', connection.upper())}_"


def declared(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The connections that the environment makes, as (variable, connection's name)."""
    for variable in sorted(environ):
        if (match := _DECLARES.match(variable)) and environ[variable]:
            yield variable, match[1].lower().replace("_", "-")


def read_only_by(environ: Mapping[str, str]) -> bool:
    """Whether the environment forbids everything that changes something."""
    text = environ.get(READ_ONLY, "")
    return bool(text) and switch(READ_ONLY, text)


def strays(environ: Mapping[str, str], apps: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """A line for each variable that looks like one of ours and has no effect. ``apps`` are the ids by connection."""
    endings = (*FIELDS, *CREDENTIALS)
    known = {variable_prefix(name) + ending for name in apps for ending in endings}
    known |= {variable_prefix(f"{name}-{app}") + ending for name, ids in apps.items() for app in ids for ending in CREDENTIALS}
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable in known:
            continue
        if variable.endswith("_ALLOW_INSECURE"):
            yield f"environment {variable} has no effect: only config.toml can allow plain http"
        elif ending := next((each for each in endings if variable.endswith(f"_{each}")), ""):
            # Compared by what is not common to all of them: a token must not be sent to whom it was not meant for.
            begins = variable.removesuffix(ending)
            nearest = near(
                begins.removeprefix(PREFIX), [each.removesuffix(ending).removeprefix(PREFIX) for each in known if each.endswith(ending)]
            )
            hint = nearest.replace("mean ", f"mean {PREFIX}").replace("?", f"{ending}?")
            yield f"environment {variable} belongs to no connection: {hint or f'set {begins}PLATFORM as well'}"


def switch(variable: str, text: str) -> bool:
    """1 or 0, in some of the words that people write."""
    if text.lower() not in _SWITCH:
        raise ConfigError(f"environment {variable} is {found(text)}, expected 1 or 0")
    return _SWITCH[text.lower()]


def _text(_: str, text: str) -> str:
    return text


def _number(variable: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigError(f"environment {variable} is {found(text)}, expected a number") from None


_WORDS: Final = re.compile(r"[\w.:,-]+")
"""An app's id with its environments, as in ``search-77da:prod,pr:72``."""


def apps_of(text: str) -> list[dict[str, Any]]:
    """Encore's applications as one line: ``APP:ENVIRONMENT,ENVIRONMENT APP``. Raises ``ConfigError``."""
    return _apps("apps", text)


def _apps(variable: str, text: str) -> list[dict[str, Any]]:
    apps: list[dict[str, Any]] = []
    for word in text.split():
        name, _, environments = word.partition(":")
        if not name or not _WORDS.fullmatch(word):
            raise ConfigError(f"environment {variable} is {found(text)}, expected APP:ENVIRONMENT,ENVIRONMENT …")
        apps.append({"id": name, "environments": [each for each in environments.split(",") if each]})
    return apps


GENERAL: Final[Mapping[str, tuple[str, Reader]]] = {
    f"{PREFIX}CONTEXT": ("default_context", _text),
    f"{PREFIX}THEME": ("theme", _text),
    f"{PREFIX}MOUSE": ("mouse", switch),
    f"{PREFIX}OUTPUT": ("output", _text),
}
"""Variable -> setting of the whole program."""

# allow_insecure and token_command are not here: what weakens the line or runs a program must stand in the user's own file.
FIELDS: Final[Mapping[str, tuple[str, Reader]]] = {
    "PLATFORM": ("platform", _text),
    "BASE_URL": ("base_url", _text),
    "APPS": ("apps", _apps),
    "FLAVOUR": ("flavour", _text),
    "REFRESH": ("refresh", _number),
    "CA_FILE": ("ca_file", _text),
    "DASHBOARD_URL": ("dashboard_url", _text),
    "TOKEN_STYLE": ("token_style", _text),
    "REFRESH_PATH": ("refresh_path", _text),
    "CLUSTER": ("cluster", _text),
}
"""Ending of a connection's variable -> its setting."""
