"""People log in at an identity provider, each sees what it may, and logging out ends it all."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from services.api.access.session import SESSION_COOKIE
from tests.browser.people import People, a_console_of_people
from tests.browser.scenario import BUDGET, THEATRE_IBAN
from tests.browser.visitor import Visitor, a_visitor

ORDER = f"/console/orders/{BUDGET}/CONV-2023-THEATRE/whole/2"
GROUPED = " ".join(THEATRE_IBAN[at : at + 4] for at in range(0, len(THEATRE_IBAN), 4))
REVEAL = "Montrer l'IBAN entier"
LOG_IN = "Se connecter avec localhost"


@pytest.fixture
def people(read_model_file: Path, tmp_path: Path) -> Iterator[People]:
    with a_console_of_people(read_model_file, tmp_path) as found:
        yield found


@pytest.fixture
def visitor(browser: Browser, people: People) -> Iterator[Visitor]:
    with a_visitor(browser, people.console, key=None) as found:
        yield found


def log_in(visitor: Visitor, user: str, path: str = "/console/orders") -> Page:
    """From a page of the console, by way of the provider, back to it."""
    page = visitor.page
    visitor.go(path)
    assert "/console/login?" in page.url
    page.get_by_role("link", name=LOG_IN).click()
    page.get_by_label("Name").fill(user)
    page.get_by_role("button", name="Log in").click()
    return page


def at(page: Page, people: People, path: str) -> None:
    """The browser comes to stand there."""
    page.wait_for_url(people.console.url + path)


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_reader_and_an_operator_see_each_what_they_may(
    browser: Browser, people: People, script: bool
) -> None:
    for user, reveals in (("lectrice", False), ("operatrice", True)):
        with a_visitor(browser, people.console, key=None, script=script) as visitor:
            page = log_in(visitor, user, ORDER)
            at(page, people, ORDER)
            assert (1 if reveals else 0) == page.get_by_role("button", name=REVEAL).count()
            assert THEATRE_IBAN not in page.content()
            if reveals:
                page.get_by_role("button", name=REVEAL).click()
                expect(page.get_by_text(GROUPED)).to_be_visible()
            assert [] == visitor.messages
            assert [] == (visitor.barriers() if script else [])
    opened, revealed = "session_opened", "iban_revealed"
    assert [
        ("oidc:lectrice", opened),
        ("oidc:operatrice", opened),
        ("oidc:operatrice", revealed),
    ] == people.audit()


def test_the_page_to_log_in_hinders_nobody(visitor: Visitor) -> None:
    visitor.go("/console/login")
    expect(visitor.page.get_by_role("link", name=LOG_IN)).to_be_visible()
    assert [] == visitor.barriers()
    assert not visitor.scrolls_sideways()
    assert [] == visitor.messages


def test_logging_out_ends_the_session_here_and_at_the_provider(
    browser: Browser, visitor: Visitor, people: People
) -> None:
    page = log_in(visitor, "lectrice")
    at(page, people, "/console/orders")
    cookies = {each["name"]: each for each in page.context.cookies(people.console.url)}
    session = cookies[SESSION_COOKIE]
    assert ("Strict", True) == (session["sameSite"], session["httpOnly"])
    page.get_by_role("button", name="Se déconnecter").click()
    at(page, people, "/console/login")
    assert (0, 1) == (people.sessions(), len(people.provider.ended))
    stolen = str(session["value"])
    with a_visitor(browser, people.console, key=stolen) as thief:
        thief.go("/console/orders")
        assert "/console/login?" in thief.page.url
    page.get_by_role("link", name=LOG_IN).click()
    expect(page.get_by_label("Name")).to_be_visible()
    assert [] == visitor.messages
