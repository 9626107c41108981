"""Payment orders in the console: a filter lists what it counts, and each figure leads on."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from html import unescape
from typing import Final, NamedTuple

import pytest

from services.api.budgets import page as budget_pages
from services.api.orders import page as addresses
from services.api.orders.waiting import STATUSES
from services.api.queries import orders
from services.api.queries.orders import OPEN_STATES, InState, OrderFilter
from services.ledger.explain.sentences import ORDER_STATES
from services.texts.translation import both as both_languages
from tests.api.environment import ALL_KEY, LILLE_KEY, HandClock
from tests.api.made import Made
from tests.api.queries.asked import ask
from tests.api.reads.answers import get
from tests.api.reads.two_entities import LILLE_BUDGET, ROUBAIX_BUDGET, of_roubaix
from tests.browser import scenario
from tests.builders import (
    Json,
    a_closing,
    a_convention,
    a_payment,
    a_reduction,
    a_suspension,
    a_termination,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_amendment,
    an_award,
    an_instalment,
    encoded,
)
from tests.read_model.filling import journal_of_events

NOW: Final = datetime(2023, 7, 20, 12, tzinfo=UTC)
TODAY: Final = NOW.date()
IN_7_DAYS, IN_30_DAYS = TODAY + timedelta(days=7), TODAY + timedelta(days=30)
ORDERS: Final = "/console/orders"
STATES: Final = ("waiting", *STATUSES, "all")

CHOSEN: Final = re.compile(
    r'<option value="([^"]+)" selected>|<input type="hidden" name="budget" value="([^"]+)">'
)
"""The budget that the form will ask for again."""

TAB: Final = re.compile(
    r'<li><a href="([^"]+)"(?: aria-current="true")?><span>([^<]+) <span class="count">(\d+)</span>'
    r'</span>(?:<span class="under">€([^<]+)</span>)?</a>'
)
CELLS: Final = re.compile(r'data-name="([^"]+)">(?:<span>)?([^<]+)<')
NEXT: Final = re.compile(r'<a href="([^"]+)" rel="next">')
PREVIOUS: Final = re.compile(r'<a href="([^"]+)" rel="prev">')
SORTED: Final = re.compile(r'aria-sort="(\w+)"><a href="[^"]+">([^<]+)<')
FACT: Final = re.compile(r'<div><dt>([^<]+)</dt><dd><a href="([^"]+)">(\d+) orders?</a></dd>')


class Row(NamedTuple):
    """An order as it stands in the list."""

    budget: str
    order: str
    state: str
    amount_cents: int
    left_cents: int
    issued_on: date
    due_on: date


class Tab(NamedTuple):
    """One state, with how many and how much."""

    href: str
    phrase: str
    orders: int
    total_cents: int


def cents(phrase: str) -> int:
    return int(re.sub(r"\D", "", phrase))


def day(phrase: str) -> date:
    return datetime.strptime(phrase, "%d/%m/%Y").replace(tzinfo=UTC).date()


def rows_of(page: str) -> list[Row]:
    found = []
    for row in page.partition("<tbody>")[2].partition("</tbody>")[0].split("<tr>")[1:]:
        where = re.search(rf'href="{ORDERS}/([^"/]+)/([^"]+)"', row)
        state = re.search(r'class="badge[^>]*>(?:<svg.*?</svg>)?([^<]+)<', row)
        assert where is not None
        assert state is not None
        cells = dict(CELLS.findall(row))
        money = cents(cells["Amount"]), cents(cells["Still to pay"])
        days = day(cells["Issued on"]), day(cells["Due on"])
        found.append(Row(where[1], where[2], state[1], *money, *days))
    return found


def tabs_of(page: str) -> list[Tab]:
    return [
        Tab(unescape(href), phrase, int(count), cents(total) if total else 0)
        for href, phrase, count, total in TAB.findall(page)
    ]


def pages(url: str, *paths: str, key: str = ALL_KEY) -> list[str]:
    """These pages in English, as somebody sees them on that day."""
    answers = get(url, *paths, key=key, clock=HandClock(NOW), headers={"accept": "text/html"})
    assert [200] * len(paths) == [each.status_code for each in answers]
    return [each.text for each in answers]


def two_entities() -> list[bytes]:
    """Orders in every state but cancelled, of two budgets."""
    events = [*map(encoded, of_roubaix()), *scenario.the_year(), *scenario.the_others()]
    return journal_of_events(events)


FILTERS: Final[dict[str, Callable[[Row], bool]]] = {
    "": lambda _: True,
    f"budget={ROUBAIX_BUDGET}": lambda row: row.budget == ROUBAIX_BUDGET,
    "due_until=2023-07-19": lambda row: row.due_on <= date(2023, 7, 19),
    "due_from=2023-07-09&due_until=2023-08-11": (
        lambda row: date(2023, 7, 9) <= row.due_on <= date(2023, 8, 11)
    ),
    "older_than_days=38": lambda row: (TODAY - row.issued_on).days >= 38,
    f"budget={LILLE_BUDGET}&older_than_days=0&due_from=2023-08-01": (
        lambda row: row.budget == LILLE_BUDGET and row.due_on >= date(2023, 8, 1)
    ),
}
"""What stands in the address, as the form sends it; and which orders it lets through."""


QUESTIONS: Final = (
    OrderFilter(),
    OrderFilter(budget=ROUBAIX_BUDGET),
    OrderFilter(states=OPEN_STATES, due_until=TODAY),
    OrderFilter(due_from=TODAY, issued_until=TODAY - timedelta(days=20)),
    OrderFilter(due_from=date(2024, 1, 1)),
)


@pytest.mark.parametrize("asked", QUESTIONS)
def test_states_are_counted_as_their_orders_are_listed(made: Made, asked: OrderFilter) -> None:
    url = made(two_entities())
    listed = ask(url, partial(orders.list_orders, entities=None, filters=asked))
    expected: dict[str, InState] = {}
    for order in listed:
        so_far = expected.get(order.state, InState(0, 0, 0))
        expected[order.state] = InState(
            so_far.count + 1,
            so_far.amount_cents + order.amount_cents,
            so_far.left_cents + order.left_cents,
        )
    assert expected == ask(url, partial(orders.count_by_state, entities=None, filters=asked))


def test_what_a_state_counts_and_comes_to_is_what_it_lists(made_in_files: Made) -> None:
    url = made_in_files(two_entities())
    (everything,) = (rows_of(page) for page in pages(url, f"{ORDERS}?state=all"))
    assert len({row.state for row in everything}) > 4, "nearly every state is there"
    asked = pages(url, *(f"{ORDERS}?{each}" for each in FILTERS))
    tabs = [tab for page in asked for tab in tabs_of(page)]
    listed = pages(url, *(tab.href for tab in tabs))
    expected = [(state, let_through) for let_through in FILTERS.values() for state in STATES]
    for (state, let_through), tab, page in zip(expected, tabs, listed, strict=True):
        rows = rows_of(page)
        several = {"all": ORDER_STATES, "waiting": OPEN_STATES, "to_reissue": ()}
        states = several.get(state, (state,))
        texts = {both_languages(ORDER_STATES[each]).en for each in states}
        assert [row for row in everything if row.state in texts and let_through(row)] == rows
        is_open = set(states) <= set(OPEN_STATES)
        column = [row.left_cents if is_open else row.amount_cents for row in rows]
        assert (state, len(rows), sum(column)) == (state, tab.orders, tab.total_cents)


WAITING: Final[dict[str, Callable[[Row], bool]]] = {
    "Overdue": lambda row: row.due_on < TODAY,
    "Due within 7 days": lambda row: TODAY <= row.due_on <= IN_7_DAYS,
    "Due within 30 days": lambda row: TODAY <= row.due_on <= IN_30_DAYS,
    "Not answered yet": lambda row: row.state == "issued",
    "All that wait": lambda _: True,
}
TOTALS: Final = re.compile(
    r'<tfoot><tr><th scope="row">(\d+) orders?</th><td></td><td></td>'
    r'<td class="figure" data-name="Amount">€([^<]+)</td>'
    r'<td class="figure" data-name="Still to pay">€([^<]+)</td>'
)


@pytest.mark.parametrize("budget", ["", LILLE_BUDGET, ROUBAIX_BUDGET])
def test_each_figure_of_what_waits_leads_to_the_orders_that_it_counts(
    budget: str, made_in_files: Made
) -> None:
    url = made_in_files(two_entities())
    (page,) = pages(url, f"{ORDERS}?budget={budget}")
    facts = {name: (unescape(href), int(count)) for name, href, count in FACT.findall(page)}
    waiting = rows_of(page)
    expected = {name: [row for row in waiting if WAITING[name](row)] for name in WAITING}
    # What is nothing leads nowhere.
    assert {name: len(rows) for name, rows in expected.items() if rows} == {
        name: count for name, (_, count) in facts.items()
    }
    listed = pages(url, *(href for href, _ in facts.values()))
    assert [rows for rows in expected.values() if rows] == [rows_of(each) for each in listed]


@pytest.mark.parametrize(
    "whose", ["siret=82123456400010", "siret=821+234+564+00010", "convention=CONV-2023-ORCHESTRE"]
)
def test_figures_and_list_agree_on_whose_orders_they_are(whose: str, made_in_files: Made) -> None:
    url = made_in_files(two_entities())
    whole, page = pages(url, f"{ORDERS}?state=all", f"{ORDERS}?state=all&{whose}")
    rows = rows_of(page)
    assert 0 < len(rows) < len(rows_of(whole))
    waiting = [row for row in rows if row.left_cents]
    facts = {name: (unescape(href), int(count)) for name, href, count in FACT.findall(page)}
    assert len(waiting) == facts["All that wait"][1]
    (again,) = pages(url, facts["All that wait"][0])
    assert waiting == rows_of(again)


def test_below_a_list_stand_its_totals_whichever_page_is_shown(
    monkeypatch: pytest.MonkeyPatch, made_in_files: Made
) -> None:
    url = made_in_files(two_entities())
    (whole,) = pages(url, f"{ORDERS}?state=all")
    rows = rows_of(whole)
    sums = (len(rows), sum(row.amount_cents for row in rows), sum(row.left_cents for row in rows))
    monkeypatch.setattr(addresses, "ROWS", 2)
    (first,) = pages(url, f"{ORDERS}?state=all")
    for page in (whole, first):
        (found,) = TOTALS.findall(page)
        assert sums == (int(found[0]), cents(found[1]), cents(found[2]))


@pytest.mark.parametrize("asked", ["state=all", "state=all&sort=-amount", "state=all&sort=state"])
def test_from_the_last_page_the_previous_ones_lead_back(
    asked: str, monkeypatch: pytest.MonkeyPatch, made_in_files: Made
) -> None:
    url = made_in_files(two_entities())
    (whole,) = pages(url, f"{ORDERS}?{asked}")
    monkeypatch.setattr(addresses, "ROWS", 3)
    (page,) = pages(url, f"{ORDERS}?{asked}")
    while following := NEXT.search(page):
        (page,) = pages(url, unescape(following[1]))
    found = rows_of(page)
    while previous := PREVIOUS.search(page):
        (page,) = pages(url, unescape(previous[1]))
        found = [*rows_of(page), *found]
    assert rows_of(whole) == found
    assert len(found) > 6


def test_a_head_sorts_and_says_how_it_is_sorted(made_in_files: Made) -> None:
    url = made_in_files(two_entities())
    (page,) = pages(url, f"{ORDERS}?state=all&budget={LILLE_BUDGET}")
    assert ["Due on"] == [name for _, name in SORTED.findall(page)]
    (href,) = re.findall(r'<a href="([^"]+)">Amount</a>', page)
    (sorted_page,) = pages(url, unescape(href))
    amounts = [row.amount_cents for row in rows_of(sorted_page)]
    assert sorted(amounts, reverse=True) == amounts
    assert [("descending", "Amount")] == SORTED.findall(sorted_page)
    assert {LILLE_BUDGET} == {row.budget for row in rows_of(sorted_page)}
    assert "paid" in {row.state for row in rows_of(sorted_page)}


def test_a_paid_order_is_paid_since_its_payment(made_in_files: Made) -> None:
    events = [
        a_vote(),
        an_award(),
        a_convention(),
        an_acknowledgement(on="2023-07-06"),
        a_payment(executed_on="2023-07-17"),
    ]
    url = made_in_files(journal_of_events(map(encoded, events)))
    (page,) = pages(url, f"{ORDERS}/{LILLE_BUDGET}/C/advance")
    assert "since 17 July 2023" in page
    assert "<dt>Acknowledged on</dt><dd>6 July 2023</dd>" in page
    (answer,) = get(url, f"/budgets/{LILLE_BUDGET}/payment-orders/C/advance")
    order = answer.json()["order"]
    assert ("2023-07-17", "2023-07-06") == (order["state_on"], order["acknowledged_on"])


def test_a_filter_is_kept_from_page_to_page(
    monkeypatch: pytest.MonkeyPatch, made_in_files: Made
) -> None:
    url = made_in_files(two_entities())
    asked = f"{ORDERS}?state=all&older_than_days=10&due_until=2023-08-11"
    (whole,) = pages(url, asked)
    monkeypatch.setattr(addresses, "ROWS", 2)
    found, next_page = [], asked
    while next_page:
        (page,) = pages(url, next_page)
        found.append(rows_of(page))
        following = NEXT.search(page)
        next_page = "" if following is None else unescape(following[1])
    assert rows_of(whole) == [row for rows in found for row in rows]
    assert {2} == {len(rows) for rows in found[:-1]}
    assert len(found) > 2


def test_who_sees_one_entity_counts_its_orders_alone(made_in_files: Made) -> None:
    url = made_in_files(two_entities())
    asked = f"{ORDERS}?state=all"
    (of_all,), (of_lille,) = pages(url, asked), pages(url, asked, key=LILLE_KEY)
    expected = [row for row in rows_of(of_all) if row.budget == LILLE_BUDGET]
    assert expected == rows_of(of_lille)
    assert len(expected) == tabs_of(of_lille)[-1].orders
    assert len(expected) < tabs_of(of_all)[-1].orders


@pytest.mark.parametrize("page", ["grants?search=Avenirs&", "orders?state=all&"])
def test_a_field_that_is_left_empty_asks_for_nothing(page: str, made_in_files: Made) -> None:
    """A browser sends every field of a form: the empty ones too."""
    url = made_in_files(two_entities())
    left, right = pages(url, f"/console/{page}", f"/console/{page}budget=")
    assert left.partition("<section")[2] == right.partition("<section")[2]
    assert "LILLE-AVENIRS" in right


@pytest.mark.parametrize(
    "asked",
    [
        "due_from=2023-02-30",
        "due_until=soon",
        "state=gone",
        "older_than_days=-1",
        "older_than_days=1e3",
        "budget=%0A",
    ],
)
def test_a_filter_that_means_nothing_is_shown(asked: str, made_in_files: Made) -> None:
    url = made_in_files(two_entities())
    (answer,) = get(url, f"{ORDERS}?{asked}", headers={"accept": "text/html"})
    assert 422 == answer.status_code
    assert asked.partition("=")[0] in answer.text
    assert "A filter cannot be read" in answer.text
    assert "<h1>Payment orders</h1>" in answer.text, "the page again, without it"
    assert "soon" not in answer.text.split("<main")[1]
    # A state is a tab, and of one budget alone none is chosen.
    is_field = asked.partition("=")[0] not in {"budget", "state"}
    assert is_field == ('aria-invalid="true"' in answer.text)


@pytest.mark.parametrize("page", ["/console/grants", ORDERS])
def test_the_budget_that_is_asked_for_stays_chosen_beyond_those_that_are_listed(
    page: str, made_in_files: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else whoever filters once more would ask for all, and not see it."""
    monkeypatch.setattr(budget_pages, "BUDGETS_CHOSEN", 1)
    both = (LILLE_BUDGET, ROUBAIX_BUDGET)
    asked = pages(made_in_files(two_entities()), *(f"{page}?budget={budget}" for budget in both))
    chosen = [[left or right for left, right in CHOSEN.findall(each)] for each in asked]
    assert [[budget] for budget in both] == chosen


@pytest.mark.parametrize(
    ("later", "says"),
    [
        ([a_suspension()], "Waits for the convention to be resumed. With it order C/advance/2 is"),
        ([a_termination()], "It is not issued again Its convention was terminated"),
        ([a_withdrawal()], "It is not issued again Its award was withdrawn"),
        ([an_amendment(1)], "It is not issued again Amendment 1 plans its instalment no more."),
        ([a_reduction(100_000)], "Nothing is left of its instalment: the commitment was reduced."),
        ([a_closing()], "It is not issued again Its year is closed"),
        (
            [a_closing("all")],
            "was carried over to budget 21590350100017-00-2024. G",
        ),
    ],
)
def test_the_page_of_a_rejected_order_says_what_comes_after_it(
    made_in_files: Made, later: list[Json], says: str
) -> None:
    planned = [
        an_instalment(40_000),
        an_instalment(60_000, "balance", documents=[("activity_report", 2022)]),
    ]
    signed = a_convention(instalments=planned)
    events = [a_vote(), an_award(), signed, an_acknowledgement("rejected"), *later]
    url = made_in_files(journal_of_events(map(encoded, events)))
    (page,) = pages(url, f"{ORDERS}/{LILLE_BUDGET}/C/advance")
    assert says in " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())
