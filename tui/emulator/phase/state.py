"""What Phase knows: organisations with a plan, accounts with a role, apps and their environments. No HTTP here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from tui.emulator.scenario import AppSpec
from tui.emulator.world import World

STAGES: Final = (("Development", "dev"), ("Staging", "staging"), ("Production", "prod"))
KNOWN_STAGES: Final[Mapping[str, str]] = {name.lower(): kind for name, kind in STAGES}
BULK_WORDS: Final = ("atlas", "beacon", "cedar", "delta", "ember", "fjord", "grove", "harbor", "iris", "juniper", "kite", "lumen")


@dataclass(slots=True, kw_only=True)
class Stage:
    """One environment."""

    id: str
    name: str
    type: str
    index: int
    created: float
    updated: float


@dataclass(slots=True, kw_only=True)
class App:
    """``encrypted`` is ``sseEnabled``; ``org`` the organisation's name."""

    id: str
    name: str
    description: str | None
    encrypted: bool
    created: float
    updated: float
    org: str
    stages: dict[str, Stage] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Account:
    """Who may do what. ``kind`` is User or ServiceAccount; ``apps`` None: all of the organisation's."""

    name: str
    kind: str
    token: str
    id: str = ""
    role: str = "Owner"
    org: str = "Acme Robotics"
    apps: set[str] | None = None
    removed: bool = False
    allowed_from: str = ""
    calls: list[float] = field(default_factory=list)


ACCOUNTS: Final = (
    Account(name="owner", kind="User", token=""),
    Account(name="manager", kind="User", token="", role="Manager"),
    Account(name="developer", kind="User", token="", role="Developer", apps=set()),
    Account(name="robot", kind="ServiceAccount", token="", role="Service", apps=set()),
    Account(name="fenced", kind="ServiceAccount", token="", role="Service", apps=set(), allowed_from="203.0.113.9"),
    Account(name="removed", kind="User", token="", removed=True),
    Account(name="free", kind="User", token="", org="Free Co"),
    Account(name="elsewhere", kind="User", token="", org="Elsewhere Ltd"),
)
"""Who there is in the current flavour: one of each kind that the server treats differently."""


@dataclass(slots=True)
class PhaseState:
    """Made from the scenario; every change goes through a method."""

    world: World
    apps: dict[str, App] = field(default_factory=dict)
    app_of: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    plans: dict[str, str] = field(default_factory=lambda: {"Acme Robotics": "pro", "Free Co": "free", "Elsewhere Ltd": "pro"})
    tokens: dict[str, str] = field(default_factory=dict)
    """As a person would paste them, by the account's name; the first is the one to use."""

    def __post_init__(self) -> None:
        world, dice = self.world, self.world.dice
        if world.options.flavours.get("phase") == "current":
            for account in ACCOUNTS:
                self._admit(account)
        else:
            token = f"phase_{dice.word(24, 'phase token')}"
            self.accounts[token] = Account(name="owner", kind="User", token=token)
            self.tokens["owner"] = token
        for spec in world.scenario.apps:
            if spec.phase:
                self._seed(spec)
        for number in range(world.scenario.bulk.apps):
            word = dice.pick(BULK_WORDS, "app", number)
            age = 86400.0 * (1 + dice.number("app age", number) % 900)
            self._seed(AppSpec(name=word, phase=f"{word}-{number:04d}", age=age))

        self._furnish()

    def _admit(self, who: Account) -> None:
        dice = self.world.dice
        token = dice.hexadecimal(64, "token", who.name)
        self.accounts[token] = replace(
            who, token=token, id=dice.uuid("account", who.name), apps=None if who.apps is None else set(), calls=[]
        )
        kind = "pss_user:v1" if who.kind == "User" else "pss_service:v2"
        parts = (dice.hexadecimal(64, what, who.name) for what in ("public", "share", "wrap"))
        self.tokens[who.name] = ":".join((kind, token, *parts))

    def _furnish(self) -> None:
        """What the other accounts of the current flavour have."""
        robot = next((one for one in self.accounts.values() if one.name == "robot"), None)
        if robot is None or robot.apps is None:
            return
        robot.apps.update(app.id for app in list(self.apps.values())[:2])
        for number in range(2):
            name = f"hobby-{number}"
            app = self._app(name, None, "Free Co", self._made(86400.0 * (9 - number), name))
            for index, (name, kind) in enumerate(STAGES):
                self._stage(app, name, kind, index, app.created)

    def _seed(self, spec: AppSpec) -> None:
        made = self._made(spec.age, spec.phase)
        app = self._app(spec.phase, spec.description or None, "Acme Robotics", made)
        app.encrypted = spec.encrypted
        for index, name in enumerate(spec.stages or tuple(name for name, _ in STAGES)):
            self._stage(app, name, KNOWN_STAGES.get(name.lower(), "custom"), index, made)

    def _made(self, age: float, name: str) -> float:
        """So long before the start: in whole seconds where the documents have them, else with the fraction that real ones have."""
        current = self.world.options.flavours.get("phase") == "current"
        return int(self.world.start - age) + (round(self.world.dice.share("made", name), 6) if current else 0.0)

    def _app(self, name: str, description: str | None, org: str, made: float) -> App:
        dice = self.world.dice
        app = App(
            id=dice.uuid("app", dice.serial()), name=name, description=description, encrypted=True, created=made, updated=made, org=org
        )
        self.apps[app.id] = app
        return app

    def _stage(self, app: App, name: str, kind: str, index: int, made: float) -> Stage:
        dice = self.world.dice
        stage = Stage(id=dice.uuid("env", dice.serial()), name=name, type=kind, index=index, created=made, updated=made)
        app.stages[stage.id] = stage
        self.app_of[stage.id] = app.id
        return stage

    # --- reading
    def newest_first(self, org: str) -> list[App]:
        return sorted((app for app in self.apps.values() if app.org == org), key=lambda app: (-app.created, app.id))

    def seen_by(self, account: Account) -> list[App]:
        """The apps that an account has access to, newest first."""
        return [app for app in self.newest_first(account.org) if account.apps is None or app.id in account.apps]

    def stages(self, app: App) -> list[Stage]:
        return sorted(app.stages.values(), key=lambda stage: (stage.index, stage.created, stage.id))

    def stage(self, stage_id: str) -> tuple[App, Stage] | None:
        app = self.apps.get(self.app_of.get(stage_id, ""))
        return (app, app.stages[stage_id]) if app else None

    def named(self, app: App, name: str, but: str = "") -> Stage | None:
        """The environment of that name, whatever its case; ``but`` is the id of one that does not count."""
        return next((one for one in app.stages.values() if one.name.lower() == name.lower() and one.id != but), None)

    # --- changing
    def create_app(self, name: str, description: str | None, stages: list[str] | None, org: str = "Acme Robotics") -> App:
        now = self.world.now()
        app = self._app(name, description, org, now)
        kinds = STAGES if stages is None else tuple((stage, "custom") for stage in stages)
        for index, (stage, kind) in enumerate(kinds):
            self._stage(app, stage, kind, index, now)
        return app

    def update_app(self, app: App, changes: Mapping[str, str | None]) -> None:
        app.name = changes.get("name") or app.name
        app.description = changes.get("description", app.description)
        app.updated = self.world.now()

    def delete_app(self, app: App) -> None:
        del self.apps[app.id]
        for stage_id in app.stages:
            del self.app_of[stage_id]

    def create_stage(self, app: App, name: str) -> Stage:
        index = max((stage.index for stage in app.stages.values()), default=-1) + 1
        return self._stage(app, name, "custom", index, self.world.now())

    def rename_stage(self, stage: Stage, name: str) -> None:
        stage.name, stage.updated = name, self.world.now()

    def delete_stage(self, stage: Stage) -> None:
        app = self.apps[self.app_of.pop(stage.id)]
        del app.stages[stage.id]
