"""The tree of apps: joined by name where names agree, by the user's links where they do not, and never by guessing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from tests.engine.fakes import START, application, environment, ref, rollout, service
from tui.engine.joins import AppNode, Links, together, tree, worst
from tui.model import Health, Kind, Resource
from tui.text import Safe


@dataclass
class Given:
    found: tuple[Resource, ...]

    def rows(self, kind: Kind) -> tuple[Resource, ...]:
        return tuple(row for row in self.found if row.ref.kind is kind)


def _tree(*found: Resource, links: Links | None = None) -> dict[str, AppNode]:
    return {node.name: node for node in tree(Given(found), links or {})}


def test_names_that_are_the_same_are_one_app() -> None:
    vault, shop = application("Check-Out", connection="vault"), application("checkout", connection="shop", ident="checkout-x3")
    nodes = _tree(vault, shop, environment(vault, "Production", 3), environment(shop, "prod"), environment(vault, "Development", 1))
    assert list(nodes) == ["Check-Out"]
    node = nodes["Check-Out"]
    assert node.applications == (vault, shop)
    assert [(each.name, len(each.environments)) for each in node.environments] == [("Development", 1), ("Production", 2)]


def test_a_slug_belongs_to_the_app_that_it_was_made_from_and_to_no_other() -> None:
    shop, vault = application("checkout-3p2i", connection="shop"), application("Checkout", connection="vault")
    alone, word = application("pay-k8mq", connection="shop"), application("team-beta", connection="shop")
    nodes = _tree(shop, vault, alone, word, application("team", connection="vault"), service("checkout"))
    assert set(nodes) == {"Checkout", "pay-k8mq", "team-beta", "team"}
    assert nodes["Checkout"].applications == (shop, vault)
    assert len(nodes["Checkout"].services) == 1


def test_a_service_belongs_to_the_only_app_whose_slug_it_names() -> None:
    shop = application("checkout-3p2i", connection="shop")
    nodes = _tree(shop, environment(shop, "prod"), service("checkout"), service("checkout-prod"))
    assert len(nodes["checkout-3p2i"].services) == 1
    assert len(nodes["checkout-3p2i"].environments[0].services) == 1
    twins = _tree(shop, application("checkout-9x1k", connection="shop"), service("checkout"))
    assert not any(node.services for node in twins.values())


def test_links_join_what_names_do_not() -> None:
    vault, shop = application("payments", connection="vault"), application("pay-3p2i", connection="shop")
    worker = service("stripe-worker")
    assert set(_tree(vault, shop, worker)) == {"payments", "pay-3p2i"}
    nodes = _tree(vault, shop, worker, links={"Payments": [vault.ref, shop.ref, worker.ref]})
    assert list(nodes) == ["Payments"]
    assert nodes["Payments"].applications == (vault, shop)
    assert nodes["Payments"].services == (worker,)


@pytest.mark.parametrize(
    ("name", "project", "place"),
    [
        ("checkout", "", "app"),
        ("web", "Checkout", "app"),
        ("checkout-prod", "", "environment"),
        ("production_checkout", "", "environment"),
        ("checkout-api", "", None),
        ("web", "", None),
    ],
)
def test_a_service_belongs_where_its_name_or_its_project_says(name: str, project: str, place: str | None) -> None:
    shop = application("checkout", connection="shop")
    each = service(name, project=Safe(project))
    (node,) = tree(Given((shop, environment(shop, "prod"), each)))
    found = {"app": node.services, "environment": node.environments[0].services, None: ()}
    assert found[place] == ((each,) if place else ())
    assert len(node.services) + len(node.environments[0].services) == (place is not None)


def test_rollouts_go_to_their_environment_and_the_newest_counts() -> None:
    shop = application("checkout", connection="shop", ident="checkout-x3")
    bad = rollout("old", app=Safe("checkout-x3"), environment=Safe("prod"), health=Health.BAD, queued_at=START)
    good = rollout("new", app=Safe("checkout-x3"), environment=Safe("prod"), health=Health.OK, queued_at=START + timedelta(minutes=5))
    stray = rollout("stray", app=Safe("checkout-x3"), environment=Safe("preview"), health=Health.BUSY)
    foreign = rollout("foreign", app=Safe("elsewhere"), health=Health.OK)
    nodes = _tree(shop, environment(shop, "production"), bad, good, stray, foreign)
    node = nodes["checkout"]
    assert node.environments[0].rollouts == (bad, good)
    assert node.environments[0].health is Health.OK
    assert node.rollouts == (stray,)
    assert node.health is Health.BUSY
    assert nodes["elsewhere"].rollouts == (foreign,)


def test_unknown_is_never_shown_as_healthy() -> None:
    assert worst([]) is Health.UNKNOWN
    assert worst([Health.OK, Health.UNKNOWN]) is Health.UNKNOWN
    assert worst([Health.OK, Health.IDLE, Health.BAD]) is Health.BAD
    shop = application("checkout")
    nodes = _tree(shop, environment(shop, "prod"), service("checkout"), service("checkout-prod", Health.UNKNOWN))
    assert nodes["checkout"].health is Health.UNKNOWN
    assert _tree(shop, environment(shop, "prod"), service("checkout"))["checkout"].health is Health.OK
    assert _tree(shop, environment(shop, "prod"))["checkout"].health is Health.UNKNOWN


def test_an_environment_whose_app_is_not_listed_still_has_a_place() -> None:
    lost = environment(application("ghost"), "prod")
    assert _tree(lost)["ghost"].environments[0].environments == (lost,)


def test_a_name_without_letters_is_only_itself() -> None:
    assert set(_tree(application("---"), application("___", ident="u"))) == {"---", "___"}


def test_a_link_to_nothing_shows_nothing() -> None:
    assert _tree(links={"Payments": [ref("gone", Kind.APPLICATION)]}) == {}


def test_what_belongs_together_is_found_from_any_of_it() -> None:
    shop = application("checkout", connection="shop")
    prod, test = environment(shop, "prod"), environment(shop, "test")
    web, loose = service("checkout-prod", Health.BAD), service("checkout")
    sent = rollout("r1", app=Safe("checkout"), environment=Safe("prod"), health=Health.OK)
    apps = tree(Given((shop, prod, test, web, loose, sent)))

    def beside(row: Resource) -> tuple[Health, set[str]]:
        found = together(row, apps)
        assert found is not None
        return found.health, {str(each.ref) for each in found.rows}

    def refs(*rows: Resource) -> set[str]:
        return {str(each.ref) for each in rows}

    assert beside(shop) == (Health.BAD, refs(prod, test, web, loose, sent))
    assert beside(prod) == (Health.BAD, refs(shop, web, loose, sent))
    assert beside(web) == (Health.BAD, refs(shop, prod, loose, sent))
    assert beside(sent) == (Health.BAD, refs(shop, prod, web, loose))
    assert beside(test) == (Health.OK, refs(shop, loose)), "what no environment claims may be in any"
    assert beside(loose) == (Health.BAD, refs(shop, prod, test, web, sent))
    assert together(service("alone"), apps) is None
