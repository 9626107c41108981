"""Every act by one contract: its right, its entity, what is unknown, an audit line before it."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from starlette.routing import Route

from services.api.access.caller import Action
from services.api.access.session import HOST_ONLY, SESSION_COOKIE
from tests import silence
from tests.api.acts.world import DOER, NEIGHBOUR, OF_ONE, READER, World, a_world
from tests.api.by_hand import VALUE
from tests.api.environment import a_form_token
from tests.api.made import Made
from tests.api.test_treasury import issued, paid, prepared, sent
from tests.builders import BUDGET, IBAN, OTHER_IBAN

no_logs = silence.searched_logs

Client = httpx.AsyncClient
Before = Callable[[Client], Awaitable[str]]


async def a_finding(client: Client) -> str:
    await sent(client)
    asked = {"file_name": "retour.xml"}
    await client.post("/treasury/returns", params=asked, content=paid(100, number=77))
    (finding,) = (await client.get("/treasury/findings")).json()["items"]
    return str(finding["finding_id"])


@dataclass(frozen=True)
class Act:
    """An act: its address, how it is done, and what must be on record before."""

    route: str
    """Method and address, as the routes have it."""
    path: str
    """The address of a thing that is there; `{}` is what `before` made."""
    action: Action
    subject: str
    """What stands in the audit line; `{}` as in the address."""
    body: Mapping[str, Any] | None = None
    form: Mapping[str, str] | None = None
    content: bytes | None = None
    files: Mapping[str, Any] | None = None
    before: Before | None = None
    unknown: str | None = None
    """The same address of what is not there."""
    denied: int = 403
    """The status for who only reads."""
    foreign: int = 404
    """The status for who may do it in another entity."""
    secret: str = ""
    """What the answer holds once it is done, and else never."""
    is_form_of_event: bool = False
    twice: int = 0
    """The status of the same once more, where it is another."""

    def __str__(self) -> str:
        return self.route.replace("/", "-")


SEND: Final = "/console/send"
SLIPS: Final = "/treasury/slips"


def an_event(kind: str, place: str, hole: str, typed: Mapping[str, str], **more: Any) -> Act:
    """An act that publishes an event by a form of the console."""
    return Act(
        f"POST {SEND}/{kind}/{hole}",
        f"{SEND}/{kind}/{place}",
        Action.EVENT_PUBLISHED,
        f"{BUDGET}/urn:ecluse:console/",
        form={"step": "send", **typed},
        unknown=f"{SEND}/{kind}/{place[:-1]}9",
        denied=404,
        is_form_of_event=True,
        **more,
    )


OF_ORDER: Final = (f"{BUDGET}/C/advance", "{budget}/{reference}")
PLACE: Final = "ecluse.events.v1/0/10"
REASON: Final = {"reason": "Vu avec le comptable."}
ACTS: Final = (
    an_event("acknowledgement", *OF_ORDER, {"/state": "taken_in_charge", "/on": "2023-05-22"}),
    an_event("payment", *OF_ORDER, {"/amount_cents": "1", "/executed_on": "2023-05-30"}),
    an_event(
        "bank-account",
        *OF_ORDER,
        {
            "/bank_account/iban": OTHER_IBAN,
            "/bank_account/holder": "A",
            "/effective_on": "2023-06-01",
        },
    ),
    an_event(
        "document",
        f"{BUDGET}/C",
        "{budget}/{convention}",
        {
            "/document/kind": "activity_report",
            "/document/year": "2022",
            "/received_on": "2023-06-26",
        },
    ),
    an_event("correction", f"{BUDGET}/4", "{budget}/{refused}", {"/amount_cents": "1"}),
    an_event("withdrawal", f"{BUDGET}/5", "{budget}/{parked}", {"/reason": "Numéro erroné"}),
    Act(
        "POST /console/send/dead-letter/{chain}/{sequence}",
        "/console/send/dead-letter/_dead.0/2",
        Action.EVENT_PUBLISHED,
        f"{BUDGET}/",
        form={"step": "send", "/title": "Aide", "/role": "award"},
        unknown="/console/send/dead-letter/_dead.0/99",
        denied=404,
        is_form_of_event=True,
    ),
    Act(
        "POST /console/redrive/{chain}/{sequence}",
        "/console/redrive/_dead.0/1",
        Action.DEAD_LETTER_REDRIVEN,
        "_dead.0/1",
        form=REASON,
        unknown="/console/redrive/_dead.0/99",
    ),
    Act(
        "POST /dead-letters/{chain}/{sequence}/redrive",
        "/dead-letters/_dead.0/1/redrive",
        Action.DEAD_LETTER_REDRIVEN,
        "_dead.0/1",
        body=REASON,
        unknown="/dead-letters/_dead.0/99/redrive",
    ),
    Act(
        "POST /console/reviews/{chain}/{sequence}",
        f"/console/reviews/{BUDGET}/4",
        Action.EVENT_PUBLISHED,
        f"{BUDGET}/urn:ecluse:console/",
        form={"listing": "refused"},
        unknown=f"/console/reviews/{BUDGET}/99",
    ),
    Act(
        "POST /console/orders/{budget}/{reference}",
        f"/console/orders/{BUDGET}/C/advance",
        Action.IBAN_REVEALED,
        f"{BUDGET}/37887770800040",
        form={},
        unknown=f"/console/orders/{BUDGET}/C/nothing",
        secret=" ".join(IBAN[at : at + 4] for at in range(0, len(IBAN), 4)),
    ),
    Act(
        "POST /console/records/{budget}/{sequence}",
        "/console/records/_dead.0/5",
        Action.BYTES_SHOWN,
        PLACE,
        form={},
        unknown="/console/records/_dead.0/99",
        secret="000000  7b",
    ),
    Act(
        f"POST {SLIPS}", SLIPS, Action.SLIP_PREPARED, f"{BUDGET}/01",
        body={"budget": BUDGET},
        twice=409,
    ),
    Act(
        f"POST {SLIPS}/{{slip_id}}/issue", f"{SLIPS}/{{}}/issue", Action.SLIP_ISSUED, "{}",
        before=prepared, unknown=f"{SLIPS}/nobody/issue", twice=409,
    ),
    Act(
        f"POST {SLIPS}/{{slip_id}}/cancel", f"{SLIPS}/{{}}/cancel", Action.SLIP_CANCELLED, "{}",
        before=prepared, unknown=f"{SLIPS}/nobody/cancel", twice=409,
    ),
    Act(
        f"GET {SLIPS}/{{slip_id}}/file", f"{SLIPS}/{{}}/file", Action.SLIP_EXPORTED, "{}",
        before=issued, unknown=f"{SLIPS}/nobody/file", secret=IBAN,
    ),
    Act(
        "POST /treasury/returns", "/treasury/returns?file_name=r.xml", Action.RETURN_TAKEN,
        "r.xml", before=sent, content=paid(60_000), foreign=403,
    ),
    Act(
        "POST /treasury/findings/{finding_id}/close", "/treasury/findings/{}/close",
        Action.FINDING_CLOSED, "{}", body=REASON, before=a_finding,
        unknown="/treasury/findings/nobody/close", twice=409,
    ),
    Act(
        "POST /console/treasury/slips", "/console/treasury/slips", Action.SLIP_PREPARED,
        f"{BUDGET}/01", form={"budget": BUDGET, "slip_type": "01"}, twice=409,
    ),
    Act(
        "POST /console/treasury/slips/{slip_id}", "/console/treasury/slips/{}",
        Action.SLIP_EXPORTED, "{}", form={"act": "export"}, before=issued,
        unknown="/console/treasury/slips/nobody", secret=IBAN,
    ),
    Act(
        "POST /console/treasury/returns", "/console/treasury/returns", Action.RETURN_TAKEN,
        "r.xml", files={"file": ("r.xml", paid(60_000))}, before=sent, foreign=403,
    ),
    Act(
        "POST /console/treasury/findings/{finding_id}", "/console/treasury/findings/{}",
        Action.FINDING_CLOSED, "{}", form=REASON, before=a_finding,
        unknown="/console/treasury/findings/nobody", twice=409,
    ),
)  # fmt: skip
ELSEWHERE: Final = {
    "POST /events": "test_events_in.py",
    "POST /console/login": "test_console.py",
    "POST /console/logout": "test_sessions.py",
    "POST /oidc/backchannel-logout": "test_sessions.py",
    f"POST {SLIPS}/waiting/confirm": "test_treasury_waiting.py",
    "POST /console/treasury/confirmations": "test_treasury_waiting.py",
}
"""Acts that are done in another way, and where."""


async def do(client: Client, act: Act, path: str) -> httpx.Response:
    form = act.form
    if form is not None and act.is_form_of_event:
        page = await client.get(path)
        found = {name: unescape(value) for name, value in VALUE.findall(page.text)}
        form = {**found, **form}
    method = act.route.partition(" ")[0]
    return await client.request(
        method, path, json=act.body, data=form, content=act.content, files=act.files
    )  # fmt: skip


@pytest.fixture
def world(tmp_path: Path, made_in_files: Made) -> World:
    return a_world(tmp_path, made_in_files)


@pytest.mark.parametrize("act", ACTS, ids=str)
def test_an_act_is_done_by_who_may_once_it_is_on_record(world: World, act: Act) -> None:
    name = "" if act.before is None else world.visit(DOER, act.before)
    path, before = act.path.replace("{}", name), world.state()
    world.audit.lines.clear()

    def done_by(key: str, path: str = path) -> httpx.Response:
        return world.visit(key, lambda client: do(client, act, path))

    def check_undone(answer: httpx.Response, status: int) -> None:
        assert status == answer.status_code, (act.route, answer.status_code)
        assert before == world.state()
        assert not act.secret or act.secret not in answer.text

    check_undone(done_by(READER), act.denied)
    assert [] == world.audit.lines
    for key in (NEIGHBOUR, OF_ONE):
        check_undone(done_by(key), act.foreign)
        assert (act.action is Action.RETURN_TAKEN) == bool(world.audit.lines)
        world.audit.lines.clear()
    if act.is_form_of_event:
        for key in (READER, NEIGHBOUR, OF_ONE):
            check_undone(world.visit(key, lambda client: client.get(path)), 404)
    if act.unknown is not None:
        check_undone(done_by(DOER, act.unknown), 404)
        assert [] == world.audit.lines
    world.audit.is_away = True
    check_undone(done_by(DOER), 503)
    world.audit.is_away = False
    answer = done_by(DOER)
    assert answer.status_code in {200, 201, 202, 303}, (act.route, answer.status_code)
    assert act.secret in answer.text
    assert before != world.state() or act.secret
    (line,) = world.audit.lines
    assert ("key:doer", act.action) == line[:2]
    assert line[2].startswith(act.subject.replace("{}", name))
    assert IBAN not in str(line)
    if act.twice:
        after = world.state()
        assert act.twice == done_by(DOER).status_code
        assert after == world.state()


@pytest.mark.parametrize("act", [each for each in ACTS if each.route[:3] != "GET"], ids=str)
def test_a_session_without_the_token_of_its_page_does_nothing(world: World, act: Act) -> None:
    before = world.state()

    async def forge(client: Client) -> list[int]:
        client.cookies.set(HOST_ONLY + SESSION_COOKIE, DOER)
        bad: list[dict[str, str]] = [{}, {"csrf": a_form_token(READER)}, {"csrf": "another"}]
        path, statuses = act.path.replace("{}", "nobody"), []
        for token in bad:
            data = None if act.form is None and act.files is None else {**(act.form or {}), **token}
            answer = await client.post(path, data=data, files=act.files, json=act.body)
            statuses.append(answer.status_code)
        return statuses

    assert [403] * 3 == world.visit(None, forge)
    assert (before, []) == (world.state(), world.audit.lines)


def each_route(routes: Iterable[Any]) -> Iterator[Route]:
    """All routes of an app, those of its routers too."""
    for route in routes:
        if isinstance(route, Route):
            yield route
        elif hasattr(route, "original_router"):
            yield from each_route(route.original_router.routes)


def test_every_act_of_the_api_and_of_the_console_is_in_the_table(world: World) -> None:
    routes = {
        f"{method} {route.path.replace(':path', '')}"
        for route in each_route(world.app.routes)
        for method in (route.methods or set()) - {"GET", "HEAD"}
    }
    acts = {act.route for act in ACTS if not act.route.startswith("GET")}
    assert routes == acts | ELSEWHERE.keys()
