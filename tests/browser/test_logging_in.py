"""People log in at an identity provider, each sees what it may, and logging out ends it all."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from services.api.access.session import LOGOUT_NOTICE_PATH, SESSION_COOKIE
from services.api.access.session_store import IDLE_S
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


def test_a_reader_who_sends_the_form_all_the_same_is_refused(
    visitor: Visitor, people: People
) -> None:
    page = log_in(visitor, "lectrice", ORDER)
    at(page, people, ORDER)
    csrf = page.locator('form[action="/console/logout"] input[name="csrf"]').get_attribute("value")
    answer = page.request.post(
        people.console.url + ORDER,
        form={"csrf": csrf or ""},
        headers={"accept": "text/html", "origin": people.console.url},
    )
    assert (403, True) == (answer.status, "Droit manquant" in answer.text())


def test_the_page_to_log_in_hinders_nobody(visitor: Visitor) -> None:
    visitor.go("/console/login")
    expect(visitor.page.get_by_role("link", name=LOG_IN)).to_be_visible()
    assert [] == visitor.barriers()
    assert not visitor.scrolls_sideways()
    assert [] == visitor.messages


def test_who_has_no_role_reads_whom_to_ask(visitor: Visitor, people: People) -> None:
    page = log_in(visitor, "stagiaire")
    expect(page.locator("h1")).to_have_text("Aucun rôle dans Écluse")
    assert "ecluse-readers" in page.locator("main").inner_text()
    assert 0 == people.sessions()
    page.get_by_role("link", name="Se connecter").click()
    at(page, people, "/console/login")


def test_an_answer_to_another_login_is_refused(visitor: Visitor, people: People) -> None:
    people.provider.claims = {"nonce": "of-another-login"}
    page = log_in(visitor, "lectrice")
    expect(page.locator("h1")).to_have_text("La connexion a échoué")
    assert "nonce" in page.locator("main").inner_text()
    assert 0 == people.sessions()
    visitor.go("/console/today")
    assert "/console/login?" in page.url


def test_an_answer_opens_nothing_a_second_time(
    browser: Browser, visitor: Visitor, people: People
) -> None:
    callbacks: list[str] = []
    visitor.page.on(
        "request",
        lambda asked: callbacks.append(asked.url) if "/callback?" in asked.url else None,
    )
    page = log_in(visitor, "operatrice")
    at(page, people, "/console/orders")
    (answer,) = callbacks
    path = answer.removeprefix(people.console.url)
    exchanges = people.provider.exchanges
    assert 400 == visitor.go(path)
    with a_visitor(browser, people.console, key=None) as thief:
        assert 400 == thief.go(path)
        assert [] == [each["name"] for each in thief.page.context.cookies()]
    assert (exchanges, 1) == (people.provider.exchanges, people.sessions())


def test_a_session_that_has_ended_leads_back_to_where_one_was(
    visitor: Visitor, people: People
) -> None:
    page = log_in(visitor, "lectrice")
    at(page, people, "/console/orders")
    people.clock.advance(timedelta(seconds=IDLE_S + 1))
    visitor.go("/console/grants?search=th%C3%A9%C3%A2tre")
    assert "/console/login?" in page.url
    expect(page.get_by_role("alert")).to_contain_text("La session est terminée")
    page.get_by_role("link", name=LOG_IN).click()  # The provider knows them still.
    at(page, people, "/console/grants?search=th%C3%A9%C3%A2tre")
    expect(page.locator("main").get_by_role("searchbox")).to_have_value("théâtre")


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


def test_the_provider_ends_a_session(visitor: Visitor, people: People) -> None:
    page = log_in(visitor, "lectrice")
    at(page, people, "/console/orders")
    notice = people.console.url + LOGOUT_NOTICE_PATH
    assert 400 == people.provider.end(notice, sub="lectrice", aud="intranet").status_code
    visitor.go("/console/orders")
    at(page, people, "/console/orders")
    assert 200 == people.provider.end(notice, sub="lectrice").status_code
    visitor.go("/console/orders")
    assert "/console/login?" in page.url
