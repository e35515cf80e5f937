"""What the console says before any widget draws it: header, notices, clipboard, palette, keys, themes."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.binding import Binding
from textual.color import Color

from tests.ui.desk import NOW, READS, Desk, busy, refused, rollouts, signed_out
from tui.actions import ACTIONS, Keymap, Place
from tui.engine.feeds import ConnectionState, Feed
from tui.errors import NoEndpoint, RateLimited, Refused, Unavailable
from tui.model import Kind, RateLimit, Tone
from tui.tables import Moment
from tui.ui.clipboard import MOST, TooMuch, osc52
from tui.ui.header import Rhythm, badges, gauge, header
from tui.ui.keys import WIDGETS_OWN, bindings_for, textual_keymap
from tui.ui.notices import below, empty, next_try
from tui.ui.palette import Entry, best, score
from tui.ui.panes.listing import PaneTable
from tui.ui.theming import DEFAULT, ThemeError, bundled, load_themes, make_theme, read_theme
from tui.ui.widgets.cells import spelled
from tui.ui.widgets.line_view import LineView
from tui.ui.widgets.log_view import LogView
from tui.ui.widgets.resource_table import ResourceTable

# Header -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "bar"),
    [(0.0, "       "), (1.0, "███████"), (2.0, "███████"), (-1.0, "       "), (0.5, "███▌   "), (0.812, "█████▋ ")],
)
def test_the_gauge_fills_in_eighths_of_a_cell(part: float, bar: str) -> None:
    assert gauge(part) == bar
    assert len(gauge(part)) == 7


def badge(**more: object) -> str:
    state = ConnectionState(name="fleet", platform="dployr", flavour="documented", **{"state": "fresh", "fetched_boot": 96.0, **more})  # type: ignore[arg-type]
    return "  ".join(spelled(part.pieces) for part in badges(state, 100.0, NOW, Rhythm()))


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({}, "● fleet <10s"),
        ({"state": "loading", "fetched_boot": None}, "◐ fleet loading"),
        ({"state": "stale", "fetched_boot": -20.0}, "▲ fleet stale 2m"),
        ({"fetched_boot": 71.0}, "● fleet <30s"),
        ({"fetched_boot": None}, "· fleet not asked"),
        ({"state": "down", "fetched_boot": None}, "✗ fleet down"),
        ({"state": "down", "fetched_boot": 0.0}, "✗ fleet down 1m"),
        ({"state": "signed-out"}, "✗ fleet signed out <10s"),
        ({"state": "limited"}, "▲ fleet rate limited <10s"),
        ({"rate": RateLimit(limit=1000, remaining=812)}, "● fleet <10s  ▕█████▋ ▏ 810/1000"),
        (
            {"rate": RateLimit(limit=1000, remaining=12, reset_at=NOW + timedelta(minutes=9))},
            "● fleet <10s  ▕▏      ▏ 12/1000 more in 9m",
        ),
        ({"rate": RateLimit(limit=0, remaining=0)}, "● fleet <10s  ▕       ▏ 0/0"),
    ],
)
def test_a_badge_says_how_a_connection_is_and_how_old_that_is(more: dict[str, object], text: str) -> None:
    assert badge(**more) == text


def test_an_age_that_is_over_and_made_anew_all_the_time_is_told_once() -> None:
    """A second of this costs bytes only where the text is another one."""
    rhythm = Rhythm()

    def told(boot: float, fetched: float, state: Any = "fresh") -> str:
        now = ConnectionState(name="fleet", platform="dployr", flavour="documented", state=state, fetched_boot=fetched)
        return spelled(badges(now, boot, NOW, rhythm)[0].pieces).removeprefix("● fleet ")

    assert [told(boot, 0.0) for boot in (0.0, 9.0, 11.0)] == ["<10s", "<10s", "<30s"]
    assert {told(12.0 + second, 12.0 + second // 12 * 12) for second in range(120)} == {"<30s"}, "a reading every twelve seconds"
    assert [told(boot, 131.0) for boot in (140.0, 169.0, 192.0)] == ["<30s", "<60s", "<3m"], "a late one is older than usual"
    assert {told(193.0 + second, 193.0 + second // 121 * 121) for second in range(400)} == {"<3m"}, "a reading every two minutes"
    quick = [told(1000.0 + second, 1000.0 + second) for second in range(603)]
    assert (quick[0], quick[-1]) == ("<3m", "<10s"), "true all the while, and another rhythm"
    assert told(2000.0, 1820.0) == "3m"
    assert told(2001.0, 1900.0, "stale") == "▲ fleet stale 1m"
    assert told(2002.0, 2002.0) == "<10s"


def test_a_rate_budget_is_told_anew_when_it_is_another_by_a_twentieth_and_exactly_where_it_is_scarce() -> None:
    rhythm = Rhythm()

    def told(remaining: int) -> str:
        rate = RateLimit(limit=1000, remaining=remaining)
        now = ConnectionState(name="fleet", platform="dployr", flavour="documented", state="fresh", fetched_boot=0.0, rate=rate)
        return spelled(badges(now, 0.0, NOW, rhythm)[1].pieces).split()[-1].removesuffix("/1000")

    assert [told(each) for each in (999, 960, 941, 940, 985, 1000)] == ["990", "990", "990", "940", "940", "1000"]
    assert [told(each) for each in (199, 198, 200)] == ["199", "198", "200"]


def test_every_state_a_connection_can_have_looks_different() -> None:
    states = ("loading", "fresh", "stale", "down", "signed-out", "limited")
    assert len({badge(state=state) for state in states}) == len(states)


def test_a_scarce_budget_never_leaves_the_header() -> None:
    plenty = ConnectionState(name="f", platform="d", flavour="c", state="fresh", fetched_boot=0.0, rate=RateLimit(limit=100, remaining=90))
    scarce = replace(plenty, rate=RateLimit(limit=100, remaining=19))
    assert badges(plenty, 0.0, NOW, Rhythm())[1].rank > 0
    assert badges(scarce, 0.0, NOW, Rhythm())[1].rank == 0


def test_what_must_be_seen_never_leaves_the_header() -> None:
    desk = busy()
    desk.production = desk.read_only = True
    desk.stopped = "nothing is read any more"
    left, right = header(desk, Moment(now=NOW, store=desk.store, zone=UTC), Rhythm())  # type: ignore[arg-type]
    kept = {part.id for part in (*left, *right) if part.rank == 0}
    assert kept >= {"context", "shop", "fleet", "vault", "read-only", "stopped"}


# Notices ----------------------------------------------------------------------------------------------------------------------


def feeds(desk: Desk, kind: Kind) -> list[Feed]:
    return list(desk.feeds(kind))


def test_what_is_said_of_an_empty_pane_tells_the_reasons_apart() -> None:
    desk = Desk()
    boot = desk.clock.boot()
    kind = Kind.APPLICATION
    assert empty("apps", [], desk.store, boot).lines[0] == "No connection of this context has apps."
    asking = empty("apps", feeds(desk, kind), desk.store, boot)
    assert (asking.lines, asking.tone) == (("Asking shop and vault for apps…",), Tone.BUSY)
    desk.put("shop", kind, [])
    half = empty("apps", feeds(desk, kind), desk.store, boot)
    assert half.lines == ("Asking vault for apps…", "No apps on shop.")
    desk.fail("vault", [kind], signed_out("vault"), after=None)
    told = empty("apps", feeds(desk, kind), desk.store, boot)
    assert told.lines == ("vault · sign in: f2 here, or rollwatch login vault · no credentials", "No apps on shop.")
    assert told.tone is Tone.WARN
    own = Keymap(overrides={"console.sign-in": ("f9",)})
    assert "sign in: f9 here" in empty("apps", feeds(desk, kind), desk.store, boot, own).lines[0], "the key that it has, not the usual one"
    desk.fail("vault", [kind], Unavailable("api.phase.dev answered GET /apps with 503", connection="vault", status=503), after=5)
    assert empty("apps", feeds(desk, kind), desk.store, boot).lines[0].startswith("vault · 503 · next try in 5s · api.phase.dev")
    desk.fail("vault", [kind], refused("vault"))
    assert empty("apps", feeds(desk, kind), desk.store, boot).lines[-1] == "ctrl-r tries at once"
    undecided = Refused("this account has 2 clusters", connection="vault", hint='set cluster = "lab"')
    desk.fail("vault", [kind], undecided, after=60)
    chosen = ('vault · set cluster = "lab" · this account has 2 clusters', "No apps on shop.")
    assert empty("apps", feeds(desk, kind), desk.store, boot).lines == chosen
    desk.fail("vault", [kind], NoEndpoint("404", connection="vault"), after=None)
    assert empty("apps", feeds(desk, kind), desk.store, boot).lines == ("No apps on shop.", "vault does not offer apps.")


def test_the_line_under_rows_is_there_only_while_something_is_wrong() -> None:
    desk = Desk()
    rollouts(desk)
    shown = feeds(desk, Kind.ROLLOUT)
    boot = desk.clock.boot()
    assert below(shown, desk.store, boot) == ()
    desk.fail("shop", [Kind.ROLLOUT], RateLimited("too many requests", connection="shop", retry_after=30), after=30)
    assert spelled(below(shown, desk.store, boot)) == "▲ shop · next try in 30s · as of <10s ago · too many requests"
    rollouts(desk)
    assert below(shown, desk.store, boot) == ()


def test_what_is_said_under_rows_looks_at_no_connection_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform has a list of environments for each of a thousand apps: a look at all of them for each took seconds."""
    desk = busy()
    desk.fail("vault", READS["phase"], refused("vault"))
    asked: list[str] = []
    monkeypatch.setattr(type(desk.store), "connection", lambda _, name: asked.append(name))
    assert "vault" in spelled(below([*desk.feeds(Kind.APPLICATION)], desk.store, desk.clock.boot()))
    assert asked == []


def test_several_troubles_are_counted() -> None:
    desk = busy()
    desk.fail("vault", READS["phase"], refused("vault"))
    desk.fail("shop", READS["encore"], refused("shop"))
    text = spelled(below([*desk.feeds(Kind.APPLICATION)], desk.store, desk.clock.boot()))
    assert text.startswith("▲ shop · no answer · next try in 12s · ")
    assert " ago · and 1 more · " in text


@pytest.mark.parametrize(
    ("at", "text"), [(None, ""), (100.5, "trying now"), (90.0, "trying now"), (112.0, "next try in 12s"), (400.0, "next try in 5m")]
)
def test_the_next_try_is_said_in_words(at: float | None, text: str) -> None:
    assert next_try(at, 100.0) == text


# Clipboard --------------------------------------------------------------------------------------------------------------------


def decoded(sequence: str) -> str:
    return base64.b64decode(sequence.split(";")[2].split("\x07")[0]).decode()


def test_a_copy_is_one_sequence_of_clean_text() -> None:
    sequence = osc52("svc-1\x1b]0;evil\x07 \u202eé", {})
    assert sequence.startswith("\x1b]52;c;")
    assert sequence.endswith("\x07")
    assert decoded(sequence) == "svc-1 \ufffdé"
    assert decoded(osc52("two\nlines", {})) == "two\nlines"


def test_tmux_and_screen_let_it_through() -> None:
    inside = osc52("hello", {"TMUX": "default,1,0", "TERM": "screen-256color"})
    assert inside == "\x1bPtmux;\x1b\x1b]52;c;aGVsbG8=\x07\x1b\\"
    both = {"TMUX": "default,1,0", "STY": "1.tty.host"}
    assert osc52("hello", {**both, "TERM": "tmux-256color"}) == inside
    assert osc52("hello", {**both, "TERM": "screen"}) == osc52("hello", {"TERM": "screen"}), "screen would print what is meant for tmux"
    pieces = osc52("x" * 600, {"TERM": "screen"})
    assert pieces.count("\x1bP") == pieces.count("\x1b\\") > 1
    assert decoded(pieces.replace("\x1b\\", "").replace("\x1bP", "")) == "x" * 600


def test_more_than_terminals_take_is_refused() -> None:
    assert len(osc52("x" * MOST, {})) < 100_000
    with pytest.raises(TooMuch, match="64 KiB is the most"):
        osc52("x" * (MOST + 1), {})
    with pytest.raises(TooMuch):
        osc52("é" * MOST, {})


# Palette ----------------------------------------------------------------------------------------------------------------------


def entry(title: str, *, rank: int = 0) -> Entry:
    return Entry(title, title, "", lambda: None, rank=rank)


def test_the_beginning_beats_a_word_beats_the_middle_beats_scattered_letters() -> None:
    offered = [entry("my web-api"), entry("web-api"), entry("cobweb"), entry("w-e-b"), entry("other")]
    assert [found.title for found in best(offered, "WEB")] == ["web-api", "my web-api", "cobweb", "w-e-b"]
    assert score("we", "w-e-b") is None, "two letters apart would fit nearly everything"


def test_actions_come_before_things_that_fit_as_well() -> None:
    offered = [entry("stop-server", rank=3), entry("stop"), entry("zoom")]
    assert [found.title for found in best(offered, "stop")] == ["stop", "stop-server"]
    assert [found.title for found in best(offered, "")] == ["stop-server", "stop", "zoom"]


# Keys -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("widget", [LineView, ResourceTable, LogView])
def test_the_widgets_own_keys_are_those_of_the_table_of_actions(widget: type[LineView]) -> None:
    for each in widget.BINDINGS:
        assert isinstance(each, Binding)
        assert each.id is not None
        if each.id == "list.mark":
            continue
        assert set(each.key.split(",")) == set(ACTIONS[each.id].keys), each.id


def test_every_action_is_bound_somewhere() -> None:
    bound = {each.id for place in Place for each in bindings_for(place) if isinstance(each, Binding)}
    bound |= {each.id for widget in (LineView, ResourceTable, LogView) for each in widget.BINDINGS if isinstance(each, Binding)}
    assert bound >= set(ACTIONS)
    assert all(id_.startswith(WIDGETS_OWN) for id_ in bound - {each.id for place in Place for each in bindings_for(place)})  # type: ignore[union-attr]


def test_a_key_taken_away_is_no_key() -> None:
    keymap = Keymap.load({"console.quit": [], "row.logs": ["f9", "f8"]})
    assert textual_keymap(keymap) == {"console.quit": "no-key", "row.logs": "f9,f8"}


def test_marking_is_off_until_it_means_something() -> None:
    assert PaneTable().check_action("mark", ()) is False
    assert PaneTable().check_action("fold", (True,)) is False
    assert PaneTable(tree=True).check_action("fold", (True,)) is True


# Themes -----------------------------------------------------------------------------------------------------------------------

THEMES = load_themes([bundled()])


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast of two colours."""

    def luminance(text: str) -> float:
        parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in Color.parse(text).normalized]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_our_own_themes_are_right() -> None:
    assert THEMES.problems == ()
    assert set(THEMES.found) >= {"rollwatch-dark", "rollwatch-light", "high-contrast"}
    assert DEFAULT in THEMES.found


@pytest.mark.parametrize("name", sorted(name for name, theme in THEMES.found.items() if not theme.ansi))
@pytest.mark.parametrize("tone", list(Tone))
def test_every_tone_can_be_read_on_every_background(name: str, tone: Tone) -> None:
    theme = THEMES.found[name]
    least = 7.0 if name == "high-contrast" else 4.5
    for ground in (theme.background, theme.surface, theme.panel):
        assert ground is not None
        assert contrast(theme.variables[f"tone-{tone}"], ground) >= (least if ground == theme.background else 4.0)


GOOD = {
    "name": "mine",
    "primary": "#123456",
    "foreground": "#ffffff",
    "background": "#000000",
    "tones": {tone.value: "#ffffff" for tone in Tone},
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"colour": "#fff"}, "colour is not known"),
        ({"primray": "#fff"}, "primray is not known, did you mean primary?"),
        ({"primary": "greenish"}, "primary: 'greenish' is not a colour, write #rrggbb"),
        ({"primary": 7}, "primary must be a text"),
        ({"name": ""}, "name must be a text"),
        ({"dark": "false"}, "dark must be true or false"),
        ({"ansi": 0}, "ansi must be true or false"),
        ({"tones": {}}, "tones.ok is missing"),
        ({"tones": "red"}, "tones must be a table"),
        ({"tones": {**GOOD["tones"], "okay": "#fff"}}, "tones.okay is not known, did you mean ok?"),  # type: ignore[dict-item]
        ({"tones": {**GOOD["tones"], "ok": "blod #fff"}}, "tones.ok: blod is not known, did you mean bold?"),  # type: ignore[dict-item]
        ({"tones": {**GOOD["tones"], "ok": ""}}, "tones.ok: '' is not a colour"),  # type: ignore[dict-item]
        ({"variables": {"border": 3}}, "variables.border must be a text"),
        ({"variables": {"border": "nocolour"}}, "variables.border: 'nocolour' is not a colour, write #rrggbb"),
        ({"variables": {"boder": "#fff"}}, "variables.boder is not known, did you mean border?"),
        ({"variables": {"link-style": "bald"}}, "variables.link-style: 'bald' is not a style, write none or some of bold,"),
    ],
)
def test_a_wrong_theme_names_file_and_key(change: dict[str, object], said: str) -> None:
    with pytest.raises(ThemeError) as told:
        make_theme({**GOOD, **change}, "theme mine.toml")
    assert str(told.value).startswith("theme mine.toml: ")
    assert said in str(told.value)


def test_a_missing_key_is_named() -> None:
    with pytest.raises(ThemeError, match=r"theme mine.toml: background is missing"):
        make_theme({key: value for key, value in GOOD.items() if key != "background"}, "theme mine.toml")


def test_files_that_are_no_themes_are_told_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("not toml")
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe")
    (tmp_path / "c.toml").write_text("x" * 70_000)
    (tmp_path / "d.txt").write_text("is not looked at")
    (tmp_path / "e.toml").mkdir()
    themes = load_themes([tmp_path, tmp_path / "nowhere", tmp_path / "d.txt"])
    assert themes.found == {}
    assert [problem.split(":")[0] for problem in themes.problems[:4]] == [f"theme {name}.toml" for name in "abce"]
    assert "d.txt cannot be read" in themes.problems[4]
    assert len(themes.problems) == 5


def test_a_users_theme_takes_the_place_of_ours(tmp_path: Path) -> None:
    text = (bundled() / "rollwatch-light.toml").read_text().replace('name = "rollwatch-light"', 'name = "rollwatch-dark"')
    (tmp_path / "mine.toml").write_text(text)
    assert load_themes([bundled(), tmp_path]).found["rollwatch-dark"].dark is False
    assert read_theme(tmp_path / "mine.toml").variables["tone-bad-style"] == "bold"
