"""The console's search; where each page stands; links that are shared, and filters that are odd."""

import re
from html import unescape
from pathlib import Path
from typing import Final

import httpx
import pytest

from services.api.grants import records as grant_records
from tests.api.environment import ALL_KEY, a_reader, an_app, an_empty_read_model, asking
from tests.api.made import Made
from tests.api.reads.answers import BUDGET, YEAR, get
from tests.api.reads.two_entities import GRANT as OF_ROUBAIX
from tests.api.reads.two_entities import both
from tests.browser.scenario import the_journal
from tests.builders import a_convention, a_vote, an_award, encoded
from tests.read_model.filling import journal_of, journal_of_events

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


@pytest.mark.parametrize(
    ("language", "phrase"), [("en", "signed by Martin"), ("fr", "signée par Martin")]
)
def test_a_convention_says_who_signed_it(made_in_files: Made, language: str, phrase: str) -> None:
    signed = [
        a_convention(50_000, convention=name, grant=name, signatory="Martin Élan", _id=name)
        for name in ("C1", "C2")
    ]
    events = [
        a_vote(),
        *(an_award(50_000, grant=each, _id=f"of-{each}") for each in ("C1", "C2")),
        *signed,
    ]
    url = made_in_files(journal_of_events(map(encoded, events)))
    answer = page(url, "/console/search?q=elan+martin", language=language)
    assert 200 == answer.status_code
    assert 2 == answer.text.count(phrase)


@pytest.mark.parametrize(
    "path", ["/console/search?q=LILLE-AVENIRS-2023&", "/console/troubles?", "/console/budgets?"]
)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_page_that_leads_on_keeps_the_language_of_its_address(
    url: str, path: str, language: str
) -> None:
    answer = page(url, f"{path}lang={language}")
    assert 303 == answer.status_code
    assert f"ecluse_lang={language}" in answer.headers["set-cookie"]
    assert "set-cookie" not in page(url, path.rstrip("&?")).headers


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
    "path", ["/console", "/console/today", "/console/grants", GRANT, "/console/login"]
)
async def test_head_is_answered_as_get_is(url: str, path: str) -> None:
    async with asking(an_app(a_reader(url)), ALL_KEY) as client:
        client.headers.update(HTML)
        by_get, by_head = [await client.request(method, path) for method in ("GET", "HEAD")]
    assert by_get.status_code == by_head.status_code
    assert by_get.headers.get("location") == by_head.headers.get("location")
    assert by_get.headers.get("content-type") == by_head.headers.get("content-type")


async def test_a_stream_answers_no_head(tmp_path: Path) -> None:
    async with asking(an_app(an_empty_read_model(tmp_path)), ALL_KEY) as client:
        assert 405 == (await client.head("/console/live")).status_code


SHARED: Final = "/console/orders?state=all&due_from=2023-01-01"


async def test_a_shared_link_survives_logging_in(tmp_path: Path) -> None:
    """From another site a browser sends no Strict cookie: our own page leads on first."""
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


async def test_a_link_from_another_site_leads_to_our_own_pages_alone(tmp_path: Path) -> None:
    async with asking(an_app(an_empty_read_model(tmp_path)), None) as client:
        assert (
            'url=/console/today"'
            in (
                await client.get(
                    "/console/login",
                    params={"next": "https://evil.example/console/grants"},
                    headers={**HTML, "sec-fetch-site": "cross-site"},
                )
            ).text
        )
