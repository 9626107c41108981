"""The console's search; where each page stands; links that are shared, and filters that are odd."""

import asyncio
import re
from html import unescape
from pathlib import Path
from typing import Final

import httpx
import pytest

from services.api.journal import grant_records
from tests import silence
from tests.api.environment import ALL_KEY, a_reader, an_app, an_empty_read_model, asking
from tests.api.made import Made
from tests.api.reads.answers import BUDGET, YEAR, get
from tests.api.reads.two_entities import GRANT as OF_ROUBAIX
from tests.api.reads.two_entities import both
from tests.browser.scenario import the_journal
from tests.read_model.filling import journal_of

no_logs = silence.no_logs
HTML: Final = {"accept": "text/html"}
GRANT: Final = f"/console/grants/{BUDGET}/LILLE-AVENIRS-2023"
ORDER: Final = f"/console/orders/{BUDGET}/CONV-2023-LILLE-AVENIRS/solde"
LIT: Final = re.compile(r'<a href="([^"]*)" aria-current="(?:page|true)">')
TRAIL: Final = re.compile(r'<nav class="trail".*?</nav>', re.DOTALL)


@pytest.fixture
def url(made_in_files: Made) -> str:
    """The read model of the year of Lille Avenirs."""
    return made_in_files(journal_of(YEAR))


def page(url: str, path: str, key: str = ALL_KEY, language: str = "en") -> httpx.Response:
    (answer,) = get(url, path, key=key, language=language, headers=HTML)
    return answer


@pytest.mark.parametrize(
    ("text", "leads_to"),
    [
        ("LILLE-AVENIRS-2023", GRANT),
        ("lille avenirs 2023", GRANT),
        ("CONV-2023-LILLE-AVENIRS", GRANT),
        ("conv-2023-lille-avenirs/SOLDE", ORDER),
        (BUDGET, f"/console/budgets/{BUDGET}"),
        ("489", f"/console/budgets/{BUDGET}?operation=489"),
    ],
)
def test_what_is_named_whole_is_opened(url: str, text: str, leads_to: str) -> None:
    answer = page(url, f"/console/search?q={text.replace(' ', '+')}")
    assert (303, leads_to) == (answer.status_code, answer.headers["location"])


def test_several_are_listed_by_kind_with_their_pages(url: str) -> None:
    answer = page(url, "/console/search?q=conv")
    assert 200 == answer.status_code
    assert f'href="{GRANT}"' in answer.text
    assert f'href="{ORDER}"' in answer.text
    assert 'value="conv"' in answer.text, "what was typed stands in the box again"


@pytest.mark.parametrize(
    ("language", "phrase"),
    [("en", "Nothing is called “zzz”"), ("fr", "Rien ne s'appelle «\u00a0zzz\u00a0»")],
)
def test_what_finds_nothing_says_what_may_be_searched(url: str, language: str, phrase: str) -> None:
    answer = page(url, "/console/search?q=zzz", language=language)
    assert 200 == answer.status_code
    assert phrase in unescape(answer.text)
    assert "2023/40" in answer.text


@pytest.mark.parametrize("asked", ["", "?q=", "?q=%00", "?q=%0A+%09", "?q=" + "x" * 1000])
def test_an_empty_or_odd_text_is_a_page_as_well(url: str, asked: str) -> None:
    assert 200 == page(url, f"/console/search{asked}").status_code


def test_the_page_of_a_search_shows_nothing_of_another_entity(made_in_files: Made) -> None:
    url = made_in_files(both())
    assert 303 == page(url, f"/console/search?q={OF_ROUBAIX}").status_code
    answer = page(url, f"/console/search?q={OF_ROUBAIX}", key="test-key-of-lille")
    assert "Nothing is called" in answer.text


def test_the_api_answers_the_same(url: str) -> None:
    (answer,) = get(url, "/search?q=conv-2023+lille-avenirs")
    hits = [(hit["kind"], hit["id"], hit["whole"]) for hit in answer.json()["hits"]]
    assert ("convention", "CONV-2023-LILLE-AVENIRS", True) == hits[0]
    assert ("payment_order", "CONV-2023-LILLE-AVENIRS/solde", False) in hits
    (missing,) = get(url, "/search")
    assert 422 == missing.status_code


@pytest.mark.parametrize(
    ("path", "lit", "above"),
    [
        (GRANT, "/console/grants", ["/console/grants", f"/console/grants?budget={BUDGET}"]),
        (ORDER, "/console/orders", ["/console/orders", GRANT]),
        (f"/console/records/{BUDGET}/4", "/console/grants", ["/console/grants", GRANT]),
        (
            f"/console/records/{BUDGET}/1",
            "/console/budgets",
            ["/console/budgets", f"/console/budgets/{BUDGET}"],
        ),
        (
            f"/console/figures/{BUDGET}/paid",
            "/console/budgets",
            ["/console/budgets", f"/console/budgets/{BUDGET}"],
        ),
        (
            f"/console/figures/{BUDGET}/paid?grant=LILLE-AVENIRS-2023",
            "/console/grants",
            ["/console/grants", GRANT],
        ),
        ("/console/orders?state=all", "/console/orders", []),
    ],
)
def test_a_page_says_where_it_stands(url: str, path: str, lit: str, above: list[str]) -> None:
    text = page(url, path).text
    menu = text.split('<nav class="ways"')[1].split("</nav>")[0]
    assert [lit] == LIT.findall(menu)
    trail = "".join(TRAIL.findall(text))
    assert above == re.findall(r'href="([^"]*)"', trail)
    assert bool(above) == ('aria-current="page"' in trail)


def test_the_order_tells_why_it_was_paid(url: str) -> None:
    """Act, convention, documents with their days and records, the order, the payment."""
    why = page(url, ORDER).text.split('id="why"')[1].split("</section>")[0]
    expected = [
        "no. 2023/40",
        "Convention signed",
        "activity report 2022",
        "condition met: payment order CONV-2023-LILLE-AVENIRS/solde issued",
        "payment order CONV-2023-LILLE-AVENIRS/solde: paid",
    ]
    places = [why.find(each) for each in expected]
    assert -1 not in places, expected[places.index(-1)]
    assert places == sorted(places)
    assert "CONV-2023-LILLE-AVENIRS/avance" not in why, "that is another order's history"
    assert len(re.findall(r"/console/records/", why)) == why.count("<li")


def test_an_order_that_was_issued_again_tells_of_the_one_before(made_in_files: Made) -> None:
    """It was rejected for its account, which then changed; a part is paid."""
    url = made_in_files(the_journal())
    text = page(url, f"/console/orders/{BUDGET}/CONV-2023-THEATRE/whole/2").text
    why = text.split('id="why"')[1].split("</section>")[0]
    expected = [
        "payment order CONV-2023-THEATRE/whole: rejected",
        "RIB – coordonnées bancaires closes",
        "CONV-2023-THEATRE/whole/2 issued in place of CONV-2023-THEATRE/whole, €60,000.00",
        "payment order CONV-2023-THEATRE/whole/2: €25,000.00 of €60,000.00 paid",
    ]
    assert [] == [each for each in expected if each not in why]
    assert "paiement-trop-grand" not in why, "what was refused paid nothing"


def test_a_long_history_keeps_its_beginning_and_says_what_is_left_out(
    made_in_files: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grant_records, "FIRST", 1)
    monkeypatch.setattr(grant_records, "LAST", 2)
    url = made_in_files(journal_of(YEAR))
    journal = page(url, GRANT).text.split('id="journal"')[1].split("</section>")[0]
    numbers = re.findall(rf"/console/records/{BUDGET}/(\d+)", journal)
    assert 3 == len(numbers)
    assert "2" == numbers[0], "the award"
    assert "records are left out" in journal


def test_the_documents_of_a_grant_lead_to_their_records(url: str) -> None:
    text = page(url, GRANT).text
    documents = text.split('id="documents"')[1].split("</section>")[0]
    found = re.findall(rf'href="/console/records/{BUDGET}/(\d+)"', documents)
    assert ["7", "8"] == found, "the two that came; two more are awaited"


@pytest.mark.parametrize(
    "path", ["/console/orders?due_from=tomorrow", "/console/orders?state=gone"]
)
def test_a_filter_that_cannot_be_read_is_said_on_the_page(url: str, path: str) -> None:
    answer = page(url, path)
    assert 422 == answer.status_code
    assert "A filter cannot be read" in answer.text
    assert 'id="states"' in answer.text or 'data-live="states"' in answer.text
    name = path.partition("?")[2].partition("=")[0]
    assert (name == "due_from") == ('aria-invalid="true"' in answer.text)
    assert "tomorrow" not in answer.text.split("<main")[1]


@pytest.mark.parametrize(
    "path", ["/console", "/console/today", "/console/grants", GRANT, "/console/login"]
)
def test_head_is_answered_as_get_is(url: str, path: str) -> None:
    async def go() -> list[httpx.Response]:
        async with asking(an_app(a_reader(url)), ALL_KEY) as client:
            client.headers.update(HTML)
            return [await client.request(method, path) for method in ("GET", "HEAD")]

    by_get, by_head = asyncio.run(go())
    assert by_get.status_code == by_head.status_code
    assert by_get.headers.get("location") == by_head.headers.get("location")
    assert by_get.headers.get("content-type") == by_head.headers.get("content-type")


def test_a_stream_answers_no_head(tmp_path: Path) -> None:
    async def go() -> int:
        async with asking(an_app(an_empty_read_model(tmp_path)), ALL_KEY) as client:
            return (await client.head("/console/live")).status_code

    assert 405 == asyncio.run(go())


SHARED: Final = "/console/orders?state=all&due_from=2023-01-01"


def test_a_shared_link_survives_logging_in(tmp_path: Path) -> None:
    """From another site a browser sends no Strict cookie: our own page leads on first."""

    async def go() -> None:
        async with asking(an_app(an_empty_read_model(tmp_path)), None) as client:
            client.headers.update(HTML)
            from_mail = {"sec-fetch-site": "cross-site"}
            answer = await client.get(SHARED, headers=from_mail)
            assert 303 == answer.status_code
            login = answer.headers["location"]
            onward = await client.get(login, headers=from_mail)
            refresh = re.findall(r'http-equiv="refresh" content="0; url=([^"]*)"', onward.text)
            assert [SHARED] == [unescape(each) for each in refresh]
            # Now from our own page: who is not logged in is asked for the key.
            again = await client.get(SHARED, headers={"sec-fetch-site": "same-origin"})
            form = await client.get(again.headers["location"])
            (following,) = re.findall(r'name="next" value="([^"]*)"', form.text)
            key = {"key": ALL_KEY, "next": unescape(following)}
            answer = await client.post("/console/login", data=key)
            assert SHARED == answer.headers["location"]

    asyncio.run(go())


def test_a_link_from_another_site_leads_to_our_own_pages_alone(tmp_path: Path) -> None:
    async def go() -> str:
        async with asking(an_app(an_empty_read_model(tmp_path)), None) as client:
            return (
                await client.get(
                    "/console/login",
                    params={"next": "https://evil.example/console/grants"},
                    headers={**HTML, "sec-fetch-site": "cross-site"},
                )
            ).text

    assert 'url=/console/today"' in asyncio.run(go())
