"""Events that a sender waits for, or has tried: the ledger's decision in the answer."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.api.access.caller import EVERYBODY, Caller, Scope
from services.api.adapters import read_model
from services.api.adapters.read_model import open_read_model, revision
from services.api.events_in import trials
from services.api.events_in.decisions import WAIT_MAX_S
from services.api.events_in.reading import PATH
from services.api.events_in.routes import DECIDED_MAX
from services.api.http.components import WAITING_OF_CALLER_MAX
from services.ledger.application.trial import KnownStates
from services.runtime.kafka.publishing import Message
from tests.api.embedded_ledger import a_ledger
from tests.api.environment import (
    ALL_KEY,
    CALLERS,
    LILLE_KEY,
    Kept,
    Known,
    a_reader,
    an_app,
    an_empty_read_model,
    asking,
)
from tests.api.made import Made
from tests.builders import (
    BUDGET,
    Json,
    a_convention,
    a_payment,
    a_vote,
    an_acknowledgement,
    an_award,
    encoded,
)
from tests.read_model.filling import journal_of_events

LINES = {"Content-Type": "application/x-ndjson"}
SENDER_KEY = "test-key-that-only-publishes"
ACCESS = Known({**CALLERS, SENDER_KEY: Caller("key:sender", {Scope.PUBLISH: EVERYBODY}, "")})
YEAR = [a_vote(), an_award(), a_convention()]


@asynccontextmanager
async def an_api(
    folder: Path, *events: Json, key: str = ALL_KEY
) -> AsyncGenerator[httpx.AsyncClient]:
    """The API over a ledger in this process, which has decided these events."""
    async with an_api_with_states(folder, *events, key=key) as (client, _):
        yield client


@asynccontextmanager
async def an_api_with_states(
    folder: Path, *events: Json, key: str = ALL_KEY
) -> AsyncGenerator[tuple[httpx.AsyncClient, KnownStates]]:
    """The same with the states that its trials begin from."""
    async with a_ledger(folder) as ledger:
        await ledger.publish([Message(b"", encoded(each)) for each in events])
        app = an_app(open_read_model(f"sqlite:///{folder / 'read.db'}"), ACCESS, ledger)
        async with asking(app, key) as client:
            yield client, app.state.components.known_states


async def sent(client: httpx.AsyncClient, *events: Json, **asked: Any) -> httpx.Response:
    body = b"".join(encoded(each) + b"\n" for each in events)
    return await client.post(PATH, content=body, headers=LINES, params=asked)


def outcomes(answer: httpx.Response) -> list[str]:
    return [each["decision"]["outcome"] for each in answer.json()["events"]]


async def test_a_sender_who_waits_is_given_each_decision(tmp_path: Path) -> None:
    async with an_api(tmp_path, *YEAR) as client:
        answer = await sent(client, an_acknowledgement(), a_payment(100_001), a_payment(1), wait=5)
        assert 200 == answer.status_code, answer.text
        assert ["accepted", "refused", "accepted"] == outcomes(answer)
        taken, refused, _paid = (each["decision"] for each in answer.json()["events"])
        assert ["taken_in_charge"] == [each["state"] for each in taken["payment_orders"]]
        assert ("overpayment", 100_001) == (
            refused["refusal"]["code"],
            refused["refusal"]["facts"]["asked_cents"],
        )
        assert {"fr", "en"} == refused["refusal"]["sentence"].keys()
        record = await client.get(f"/budgets/{BUDGET}/journal/{refused['sequence']}")
        assert "overpayment" == record.json()["refusal"]["code"]


async def test_sent_again_it_is_a_duplicate_and_with_other_content_refused(tmp_path: Path) -> None:
    async with an_api(tmp_path, *YEAR) as client:
        assert ["accepted"] == outcomes(await sent(client, a_payment(1, _id="p"), wait=5))
        assert ["duplicate"] == outcomes(await sent(client, a_payment(1, _id="p"), wait=5))
        reused = await sent(client, a_payment(2, _id="p"), wait=5)
        decision = reused.json()["events"][0]["decision"]
        assert ("refused", "event_id_reused") == (
            decision["outcome"],
            decision["refusal"]["code"],
        )


async def test_each_line_of_a_request_is_given_the_decision_on_itself(tmp_path: Path) -> None:
    """Of one id, and with other content: the answer says of each line what the journal does."""
    async with an_api(tmp_path, *YEAR) as client:
        lines = [a_payment(cents, _id="p") for cents in (1, 2, 1, 2)]
        answer = await sent(client, *lines, a_payment(3), wait=5)
        assert ["accepted", "refused", "duplicate", "refused", "accepted"] == outcomes(answer)
        decisions = [each["decision"] for each in answer.json()["events"]]
        assert [4, 5, 6, 7, 8] == [each["sequence"] for each in decisions]
        assert "event_id_reused" == decisions[1]["refusal"]["code"]
        again = await sent(client, *lines[1:3], wait=5)
        assert ["refused", "duplicate"] == outcomes(again)


async def test_of_two_lines_that_wait_the_first_goes_on_and_the_other_is_a_repeat(
    tmp_path: Path,
) -> None:
    async with an_api(tmp_path) as client:
        answer = await sent(client, an_award(), an_award(), a_vote(), wait=5)
        assert ["accepted", "duplicate", "accepted"] == outcomes(answer)
        assert [4, 2, 3] == [each["decision"]["sequence"] for each in answer.json()["events"]]


async def test_what_waits_says_for_what_and_once_woken_it_is_decided(tmp_path: Path) -> None:
    async with an_api(tmp_path) as client:
        answer = await sent(client, an_award(), wait=5)
        (event,) = answer.json()["events"]
        assert ("parked", "budget") == (
            event["decision"]["outcome"],
            event["decision"]["waits_for"]["code"],
        )
        assert [event["outcome"]] == answer.headers.get_list("location")
        both = await sent(client, a_convention(), a_vote(), wait=5)
        assert ["accepted", "accepted"] == outcomes(both), "the vote woke the award, and it this"


async def test_without_waiting_the_answer_is_as_it_was(tmp_path: Path) -> None:
    async with an_api(tmp_path) as client:
        answer = await sent(client, a_vote())
        assert 202 == answer.status_code
        assert {"published", "events"} == answer.json().keys()
        assert "decision" not in answer.json()["events"][0]


async def test_what_is_not_known_in_time_is_202_and_null(tmp_path: Path) -> None:
    app = an_app(an_empty_read_model(tmp_path), publisher=Kept())
    async with asking(app) as client:
        answer = await sent(client, a_vote(), wait=1)
    (event,) = answer.json()["events"]
    assert (202, None) == (answer.status_code, event["decision"])
    assert event["outcome"].startswith("/events/")


async def test_a_process_that_ends_lets_nobody_wait(tmp_path: Path) -> None:
    app = an_app(an_empty_read_model(tmp_path), publisher=Kept())
    async with asking(app) as client, asyncio.timeout(WAIT_MAX_S - 1):
        asked = asyncio.create_task(sent(client, a_vote(), wait=WAIT_MAX_S))
        await asyncio.sleep(0.1)
        app.state.components.leaving.set()
        assert 202 == (await asked).status_code


async def test_many_who_wait_ask_the_database_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    async def counted(connection: Any) -> str:
        asked.append(connection)
        return await revision(connection)

    monkeypatch.setattr(read_model, "revision", counted)
    monkeypatch.setattr(read_model, "POLL_EVERY_S", 60.0)

    app = an_app(an_empty_read_model(tmp_path), publisher=Kept())
    async with asking(app) as client:
        answers = [sent(client, a_vote(_id=str(at)), wait=1) for at in range(10)]
        assert {202} == {each.status_code for each in await asyncio.gather(*answers)}
    assert 1 == len(asked)


async def test_few_of_one_caller_wait_at_once_and_the_others_are_not_published(
    tmp_path: Path,
) -> None:
    kept = Kept()
    app = an_app(an_empty_read_model(tmp_path), publisher=kept)
    slots = app.state.components.wait_slots
    async with asking(app) as client:
        taken = [slots.take("key:all") for _ in range(WAITING_OF_CALLER_MAX)]
        for each in taken:
            each.__enter__()
        answer = await sent(client, a_vote(), wait=1)
        assert (429, "too_many_at_once") == (answer.status_code, answer.json()["code"])
        assert [] == kept.messages
        for each in taken:
            each.__exit__(None, None, None)
        assert 202 == (await sent(client, a_vote(), wait=1)).status_code


@pytest.mark.parametrize(
    ("asked", "count", "status", "code"),
    [
        ({"wait": 1, "dry_run": "true"}, 1, 422, "wait_and_dry_run"),
        ({"wait": WAIT_MAX_S + 1}, 1, 422, "invalid_request"),
        ({"wait": -1}, 1, 422, "invalid_request"),
        ({"dry_run": "perhaps"}, 1, 422, "invalid_request"),
        ({"wait": 1}, DECIDED_MAX + 1, 413, "too_many_events"),
        ({"dry_run": "true"}, DECIDED_MAX + 1, 413, "too_many_events"),
    ],
)
async def test_the_limits_of_what_is_decided_in_an_answer(
    tmp_path: Path, asked: dict[str, Any], count: int, status: int, code: str
) -> None:
    kept = Kept()
    async with asking(an_app(an_empty_read_model(tmp_path), publisher=kept)) as client:
        answer = await sent(client, *[a_vote(_id=str(at)) for at in range(count)], **asked)
        assert (status, code) == (answer.status_code, answer.json()["code"])
        assert [] == kept.messages


@pytest.mark.parametrize("asked", [{"wait": 1}, {"dry_run": "true"}])
async def test_who_may_not_read_is_given_no_decision_and_sends_nothing(
    tmp_path: Path, asked: dict[str, Any]
) -> None:
    kept = Kept()
    app = an_app(an_empty_read_model(tmp_path), ACCESS, kept)
    async with asking(app, SENDER_KEY) as client:
        answer = await sent(client, a_vote(), **asked)
        assert (403, "scope_missing") == (answer.status_code, answer.json()["code"])
        assert [] == kept.messages
        assert 202 == (await sent(client, a_vote())).status_code


async def test_a_trial_says_what_sending_then_does_and_changes_nothing(tmp_path: Path) -> None:
    events = [an_acknowledgement(), a_payment(100_001), a_payment(40_000), a_payment(40_000)]
    async with an_api(tmp_path, *YEAR) as client:
        before = (await client.get("/status")).json()["partitions"]
        tried = await sent(client, *events, dry_run="true")
        assert 200 == tried.status_code, tried.text
        assert before == (await client.get("/status")).json()["partitions"]
        assert {"dry_run", "events", "woken", "lines"} == tried.json().keys()
        assert ["accepted", "refused", "accepted", "duplicate"] == outcomes(tried)
        ((line,),) = [tried.json()["lines"]]
        assert (100_000, 60_000, 40_000) == (
            line["before"]["ordered_cents"],
            line["after"]["ordered_cents"],
            line["after"]["paid_cents"],
        )
        really = await sent(client, *events[:3], wait=5)
        for expected, found in zip(really.json()["events"], tried.json()["events"], strict=False):
            assert expected["decision"] | {"sequence": None} == found["decision"]


async def test_a_trial_wakes_what_waits(tmp_path: Path) -> None:
    async with an_api(tmp_path, an_award(), a_convention()) as client:
        tried = await sent(client, a_vote(), dry_run="true")
        assert (["accepted"], 2) == (outcomes(tried), tried.json()["woken"])


async def test_a_trial_begins_where_the_one_before_ended(tmp_path: Path) -> None:
    async with an_api_with_states(tmp_path, *YEAR) as (client, states):
        assert ["accepted"] == outcomes(await sent(client, a_payment(1), dry_run="true"))
        assert 3 == states.find([BUDGET])[BUDGET].sequence
        await sent(client, a_payment(1), wait=5)
        again = await sent(client, a_payment(1), a_payment(2), dry_run="true")
        assert ["duplicate", "accepted"] == outcomes(again)
        assert 4 == states.find([BUDGET])[BUDGET].sequence


async def test_a_trial_begins_from_no_state_of_another_journal(tmp_path: Path) -> None:
    async with an_api_with_states(tmp_path, *YEAR) as (client, states):
        first = await sent(client, a_payment(1), dry_run="true")
        known = states.find([BUDGET])[BUDGET]
        for other in (known._replace(head="0" * 64), known._replace(sequence=9)):
            states.keep({BUDGET: other._replace(rows={})})
            assert first.json() == (await sent(client, a_payment(1), dry_run="true")).json()
            assert known == states.find([BUDGET])[BUDGET]


async def test_a_budget_that_is_too_large_for_a_trial_is_said_with_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with an_api(tmp_path, *YEAR) as client:
        monkeypatch.setattr(trials, "RECORDS_MAX", 2)
        answer = await sent(client, a_payment(1), dry_run="true")
        assert (413, "trial_too_long") == (answer.status_code, answer.json()["code"])
        assert "3 records" in answer.json()["detail"]
        monkeypatch.setattr(trials, "RECORDS_MAX", 3)
        assert 200 == (await sent(client, a_payment(1), dry_run="true")).status_code


async def test_a_trial_is_of_ones_own_entity_alone(tmp_path: Path) -> None:
    async with an_api(tmp_path, *YEAR, key=LILLE_KEY) as client:
        answer = await sent(client, a_vote(budget="21590512600011-00-2023"), dry_run="true")
        assert (403, "entity_not_allowed") == (answer.status_code, answer.json()["code"])
        assert ["accepted"] == outcomes(await sent(client, a_payment(1), dry_run="true"))


async def test_both_databases_know_what_was_decided_before_and_what_would_be(made: Made) -> None:
    url = made(journal_of_events(map(encoded, [*YEAR, a_payment(1)])))

    kept = Kept()
    async with asking(an_app(a_reader(url), ACCESS, kept)) as client:
        tried = await sent(client, a_payment(1), a_payment(2), dry_run="true")
        assert ["duplicate", "accepted"] == outcomes(tried)
        answer = await sent(client, a_payment(1), wait=1)
        # It was decided once: on this sending nothing is known yet.
        assert (202, 1) == (answer.status_code, len(kept.messages))
