"""An open page moves with the journal, can be paused, and says when the count is wrong."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Response, expect
from sqlalchemy import update

from services.api.console.pages import TODAY_LIVE_PATH
from services.api.today import live
from services.projector.engine import make_engine
from services.projector.tables import outcomes
from tests.browser import scenario
from tests.browser.console import Console
from tests.browser.visitor import a_visitor
from tests.builders import a_concurring_act, a_payment, an_act
from tests.waiting import eventually, run_apart

PAYMENT = a_payment(
    3_500_000,
    "CONV-2023-THEATRE/whole/2",
    executed_on="2023-07-20",
    _time="2023-07-20T14:02:15+02:00",
)


THE_SAME_THEATRE = a_concurring_act(
    grant="THEATRE-2023",
    beneficiary=scenario.THEATRE | {"name": "Compagnie du Petit Vert"},
    act=an_act("2023-07-19", "Conseil de quartier", number="23/300"),
    _id="avis-theatre",
    _time="2023-07-20T14:02:15+02:00",
)
"""An act that names the beneficiary otherwise: somebody should look."""

COUNT_STREAMS = """
window.streams = [];
window.EventSource = class extends EventSource {
  constructor(href) {
    super(href);
    window.streams.push(this);
    // On the page, where it can be waited for: the policy lets no test evaluate a condition there.
    const kept = document.documentElement.dataset;
    this.addEventListener("position", () => { kept.positions = Number(kept.positions ?? 0) + 1; });
    this.addEventListener("error", () => { kept.cut = this.readyState; });
  }
};
window.away = %s;
Object.defineProperty(Document.prototype, "hidden", { get: () => window.away });
window.hide = (away) => {
  window.away = away;
  document.dispatchEvent(new Event("visibilitychange"));
};
"""
OPEN_STREAMS = "window.streams.filter((each) => each.readyState !== EventSource.CLOSED).length"
CONNECTING = "0"
NO_NEWS = "Sans nouvelles depuis "
LOST = "La mise à jour en direct ne répond plus"


def test_a_browser_says_which_requests_nobody_made(browser: Browser, own_console: Console) -> None:
    """Those keep no session from ending (services/api/access/authentication.py)."""
    with a_visitor(browser, own_console) as visitor:
        page, asked = visitor.page, dict[str, set[str]]()

        def note(response: Response) -> None:
            path = urlsplit(response.url).path
            mode = response.request.all_headers().get("sec-fetch-mode", "")
            asked.setdefault(path, set()).add(mode)

        page.on("response", note)
        visitor.go("/console/today")
        expect(page.locator(".verdict")).to_contain_text("14:02:11")
        assert {"navigate"} == asked.pop("/console/today")
        own_console.publish(PAYMENT)
        expect(page.locator(".verdict")).to_contain_text("14:02:15")
        by_itself = {"/console/today", TODAY_LIVE_PATH}
        # The page moves before the browser has reported its request; to ask it lets it report.
        eventually(lambda: page.title() and asked.keys() >= by_itself, "it asked for less")
        assert [{"cors"}] * 2 == [asked.get(path) for path in by_itself]


def test_today_moves_on_by_itself(browser: Browser, own_console: Console) -> None:
    with a_visitor(browser, own_console) as visitor:
        page = visitor.page
        visitor.go("/console/today")
        page.evaluate("window.stillThere = true")
        expect(page.locator(".verdict")).to_contain_text("14:02:11")
        own_console.publish(PAYMENT)
        expect(page.locator(".verdict")).to_contain_text("14:02:15")
        expect(page.locator("[data-live=waiting]")).to_contain_text("2 mandats")
        expect(page.get_by_role("status")).to_have_text("Page mise à jour.")
        assert page.evaluate("window.stillThere"), "the page was not loaded again"
        assert [] == visitor.messages


def test_what_moved_is_said_aloud_where_a_tick_comes_first(
    browser: Browser, own_console: Console
) -> None:
    with a_visitor(browser, own_console) as visitor:
        page = visitor.page
        page.add_init_script(COUNT_STREAMS % "false")
        visitor.go("/console/today")
        expect(page.locator("html")).to_have_attribute("data-positions", "1")
        page.evaluate("window.streams[0].close()")
        own_console.publish(PAYMENT)
        page.evaluate("window.streams[0].dispatchEvent(new MessageEvent('tick'))")
        expect(page.locator(".verdict")).to_contain_text("14:02:15")
        expect(page.get_by_role("status")).to_have_text("Page mise à jour.")


def test_the_keyboard_stays_where_it_is(browser: Browser, own_console: Console) -> None:
    with a_visitor(browser, own_console) as visitor:
        page = visitor.page
        visitor.go("/console/orders")
        rows = page.locator("[data-live=list]")
        link = rows.get_by_role("link", name="CONV-2023-ORCHESTRE/advance")
        waiting = page.locator("[data-live=waiting]")
        expect(waiting).to_contain_text("3 mandats")
        link.focus()
        own_console.publish(PAYMENT)
        expect(waiting).to_contain_text("2 mandats")
        expect(link).to_be_focused()


def test_a_hidden_page_asks_for_nothing(browser: Browser, own_console: Console) -> None:
    with a_visitor(browser, own_console) as visitor:
        page = visitor.page
        page.add_init_script(COUNT_STREAMS % "true")
        visitor.go("/console/today")
        expect(page.get_by_role("button", name="Suspendre la mise à jour")).to_be_visible()
        assert 0 == page.evaluate("window.streams.length")
        for away in (False, False, True, False, False):
            page.evaluate("(away) => window.hide(away)", away)
            assert int(not away) == page.evaluate(OPEN_STREAMS)
        assert 2 == page.evaluate("window.streams.length")


def test_what_was_not_there_appears_where_it_belongs(
    browser: Browser, own_console: Console
) -> None:
    with a_visitor(browser, own_console) as visitor:
        page = visitor.page
        visitor.go(f"/console/grants/{scenario.BUDGET}/THEATRE-2023")
        expect(page.get_by_role("heading", name="À vérifier")).to_have_count(0)
        own_console.publish(THE_SAME_THEATRE)
        expect(page.get_by_role("heading", name="À vérifier")).to_be_visible()
        expect(page.locator("#flags + .notices")).to_contain_text("Nom différent")


def test_a_stream_that_is_refused_is_reported_where_it_can_be_seen(
    browser: Browser, own_console: Console
) -> None:
    with a_visitor(browser, own_console) as visitor:
        page = visitor.page
        page.route("**/console/today/live", lambda route: route.fulfill(status=503))
        visitor.go("/console/today")
        expect(page.locator(".live.lost")).to_contain_text(LOST)
        assert page.locator(".live.lost").is_visible()
        assert [] == visitor.barriers()


def test_an_update_that_fails_is_reported_and_asked_for_again(
    browser: Browser, own_console: Console
) -> None:
    with a_visitor(browser, own_console) as visitor:
        page = visitor.page
        page.clock.install()
        visitor.go("/console/today")
        expect(page.get_by_role("button", name="Suspendre la mise à jour")).to_be_visible()
        page.route("**/console/today", lambda route: route.fulfill(status=503))
        own_console.publish(PAYMENT)
        expect(page.locator(".live.lost")).to_contain_text(LOST)
        page.unroute("**/console/today")
        page.clock.fast_forward(20_000)
        expect(page.locator(".verdict")).to_contain_text("14:02:15")
        expect(page.locator(".live.lost")).to_have_count(0)


def test_a_console_that_goes_away_is_reported_and_found_again(
    browser: Browser, own_console: Console
) -> None:
    assert own_console.served is not None
    with a_visitor(browser, own_console) as visitor:
        page = visitor.page
        page.add_init_script(COUNT_STREAMS % "false")
        page.clock.install()
        visitor.go("/console/today")
        expect(page.locator("html")).to_have_attribute("data-positions", "1")
        own_console.served.stop()
        expect(page.locator("html")).to_have_attribute("data-cut", CONNECTING)
        expect(page.locator(".live.lost")).to_contain_text(LOST)
        expect(page.get_by_role("heading", level=1)).to_contain_text(NO_NEWS)
        assert "verdict silent" == page.locator(".verdict").get_attribute("class")
        assert [] == visitor.barriers()
        own_console.served.start()
        # On a busy machine the first answer fails as well: the next tick asks again.
        expect(page.locator(".verdict:not(.silent)")).to_be_visible()
        own_console.publish(PAYMENT)
        expect(page.locator(".verdict")).to_contain_text("14:02:15")
        expect(page.locator(".live.lost")).to_have_count(0)


def test_a_console_that_stands_still_is_reported(
    browser: Browser, own_console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "POLL_EVERY_S", 3_600.0)  # The stream stays open and says nothing.
    with a_visitor(browser, own_console) as visitor:
        page = visitor.page
        page.add_init_script(COUNT_STREAMS % "false")
        page.clock.install()
        visitor.go("/console/today")
        expect(page.locator("html")).to_have_attribute("data-positions", "1")
        expect(page.locator(".verdict:not(.silent)")).to_be_visible()
        page.clock.fast_forward(26_000)
        expect(page.get_by_role("heading", level=1)).to_contain_text(NO_NEWS)


def test_a_stream_that_the_server_ends_is_no_loss(
    browser: Browser, own_console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "POLLS_MAX", 1)
    with a_visitor(browser, own_console) as visitor:
        page = visitor.page
        page.add_init_script(COUNT_STREAMS % "false")
        visitor.go("/console/today")
        with page.expect_response("**/console/today") as read:
            expect(page.locator("html")).to_have_attribute("data-cut", CONNECTING)
        assert read.value.ok
        expect(page.locator(".live.lost")).to_have_count(0)
        expect(page.locator(".verdict:not(.silent)")).to_be_visible()


def test_a_page_can_be_paused(browser: Browser, own_console: Console) -> None:
    with a_visitor(browser, own_console) as visitor:
        page = visitor.page
        page.add_init_script(COUNT_STREAMS % "false")
        visitor.go("/console/today")
        page.get_by_role("button", name="Suspendre la mise à jour").click()
        expect(page.locator("html")).to_have_attribute("data-positions", "1")
        own_console.publish(PAYMENT)
        expect(page.locator("html")).to_have_attribute("data-positions", "2")
        expect(page.locator(".verdict")).to_contain_text("14:02:11")
        page.get_by_role("button", name="Reprendre la mise à jour").click()
        expect(page.locator(".verdict")).to_contain_text("14:02:15")


def test_without_script_the_page_stays_and_a_reload_tells(
    browser: Browser, own_console: Console
) -> None:
    with a_visitor(browser, own_console, script=False) as visitor:
        visitor.go("/console/today")
        assert 0 == visitor.page.get_by_role("button", name="Suspendre la mise à jour").count()
        own_console.publish(PAYMENT)
        visitor.page.reload()
        expect(visitor.page.locator(".verdict")).to_contain_text("14:02:15")


def test_a_count_that_does_not_add_up_is_red_and_has_a_text_and_a_sign(
    browser: Browser, own_console: Console
) -> None:
    async def lose_two() -> None:
        engine = make_engine(own_console.database)
        async with engine.begin() as connection:
            await connection.execute(update(outcomes).values(accepted=outcomes.c.accepted - 2))
        await engine.dispose()

    run_apart(lose_two())
    with a_visitor(browser, own_console, "en") as visitor:
        visitor.go("/console/today")
        text = visitor.page.locator("main").inner_text()
        assert "Do not rely on these accounts before a check." in text
        assert "the difference is 2" in text
        assert "Rule 5" in text
        verdict = visitor.page.locator(".adds.bad")
        expect(verdict).to_have_text("The count does not add up.")
        assert verdict.locator("svg").is_visible()
        red = visitor.page.evaluate("getComputedStyle(document.querySelector('.adds')).color")
        assert "rgb(168, 32, 26)" == red
        assert [] == visitor.barriers()


def test_what_is_not_known_is_a_dash_with_a_text(browser: Browser, own_console: Console) -> None:
    own_console.ends.known = None
    with a_visitor(browser, own_console, "en") as visitor:
        visitor.go("/console/today")
        whole = visitor.page.locator(".sum .whole dd")
        assert ["—", "unknown"] == whole.inner_text().split("\n")
        assert "The count cannot be checked" in visitor.page.locator("main").inner_text()


def test_a_read_model_that_is_away_is_reported_in_both_languages(
    browser: Browser, own_console: Console
) -> None:
    path = own_console.database.removeprefix("sqlite+aiosqlite:///")

    async def empty() -> None:
        engine = make_engine(f"sqlite+aiosqlite:///{path}")
        async with engine.begin() as connection:
            await connection.run_sync(lambda sync: sync.exec_driver_sql("DROP TABLE positions"))
        await engine.dispose()

    run_apart(empty())
    for language, texts in (("fr", "Base de données injoignable"), ("en", "Database out of reach")):
        with a_visitor(browser, own_console, language) as visitor:
            assert 503 == visitor.go("/console/today")
            assert texts in visitor.page.locator("main").inner_text()
            assert [] == visitor.barriers()
