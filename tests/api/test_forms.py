"""Events made by hand in the console: form, confirmation with a trial, sending, outcome."""

import re
from html import unescape
from pathlib import Path

import pytest

from events.texts import pgettext
from services.api.access.caller import Action
from services.api.events_in import trials
from services.api.events_in.publishing import CONSOLE
from services.api.forms import drafts, page
from services.runtime.ops.errors import Unreachable
from tests.api.by_hand import (
    ACCESS,
    PAGE,
    PAID,
    RECEIVED,
    TAKEN,
    VALUE,
    YEAR,
    checked,
    hidden,
    main,
    pressed,
    visiting,
)
from tests.api.environment import (
    Kept,
    KeptAudit,
    a_reader,
    an_app,
    asking,
)
from tests.api.made import Made
from tests.builders import (
    BUDGET,
    IBAN,
    OTHER_ESTABLISHMENT,
    OTHER_IBAN,
    a_bank_account,
    a_beneficiary,
    a_convention,
    a_new_account,
    a_payment,
    a_vote,
    an_acknowledgement,
    an_award,
    encoded,
)
from tests.read_model.filling import journal_of_events


async def test_new_bank_details_by_hand_issue_a_rejected_order_again(tmp_path: Path) -> None:
    order, form = (
        f"/console/{each}/{BUDGET}/C/advance" for each in ("orders", "send/bank-account")
    )
    to_do = "/console/orders?state=to_reissue"
    async with visiting(tmp_path, *YEAR, an_acknowledgement("rejected")) as (client, _audit):
        before = await client.get(order)
        assert form in before.text
        assert "It is to be issued again Awaited: new bank details" in main(before)
        assert "With it order C/advance/2 is issued" in main(before)
        for path in ("/console/today", "/console/troubles/flagged"):
            todo = (await client.get(path)).text
            assert f'href="{to_do}">Rejected payment orders, to be issued again' in todo
        listed = await client.get(to_do)
        assert "C/advance</a>" in listed.text
        assert 'href="/payment-orders.csv?status=to_reissue"' in listed.text
        (found,) = (await client.get("/payment-orders?status=to_reissue")).json()["items"]
        assert "C/advance" == found["payment_order"]
        assert a_beneficiary()["name"] in main(await client.get(form))
        account = {"bank_account__iban": OTHER_IBAN, "bank_account__holder": "Lille Avenirs"}
        check = await checked(client, form, **account, effective_on="2023-06-01")
        assert "The ledger would accept it." in main(check)
        await pressed(client, form, check)
        after = await client.get(order)
        assert "Another order was issued in its place C/advance/2" in main(after)
        assert f"/console/orders/{BUDGET}/C/advance/2" in after.text
        assert form not in after.text
        assert "No payment order here." in (await client.get(to_do)).text
        assert to_do not in (await client.get("/console/today")).text


async def test_an_order_is_taken_in_charge_and_paid(tmp_path: Path) -> None:
    async with visiting(tmp_path, *YEAR) as (client, audit):
        shown = await client.get(TAKEN, params={"state": "taken_in_charge"})
        assert '<option value="taken_in_charge" selected>' in shown.text
        check = await checked(client, TAKEN, state="taken_in_charge", on="2023-05-22")
        assert 200 == check.status_code
        assert "The ledger would accept it." in main(check)
        assert "22 May 2023" in main(check)
        assert [] == audit.lines, "nothing is sent yet"
        done = await pressed(client, TAKEN, check)
        assert "Accepted" in main(done)
        assert f"/console/sent/{BUDGET}/" in str(done.url)
        form = await client.get(PAID)
        assert ("600.00", "2023-06-01") == (
            dict(VALUE.findall(form.text))["/amount_cents"],
            dict(VALUE.findall(form.text))["/executed_on"],
        )
        check = await checked(client, PAID, amount_cents="100", executed_on="2023-05-30")
        assert "€100.00" in main(check)
        assert "Balances that would change" in main(check)
        await pressed(client, PAID, check)
        order = (await client.get(f"/budgets/{BUDGET}/payment-orders/C/advance")).json()
        assert ("taken_in_charge", 10_000) == (
            order["order"]["state"],
            order["order"]["paid_cents"],
        )
        assert [("key:all", Action.EVENT_PUBLISHED)] * 2 == [line[:2] for line in audit.lines]
        assert {BUDGET} == {line[2].partition("/")[0] for line in audit.lines}


async def test_pressed_twice_an_event_counts_once(tmp_path: Path) -> None:
    async with visiting(tmp_path, *YEAR) as (client, _audit):
        check = await checked(client, PAID, amount_cents="100.00", executed_on="2023-05-30")
        first, second = [await pressed(client, PAID, check) for _ in range(2)]
        assert first.url == second.url
        assert "It was sent more than once: it counts once." in main(second)
        assert "more than once" not in main(first)
        records = (await client.get("/console/today")).status_code
        assert 200 == records
        order = (await client.get(f"/budgets/{BUDGET}/payment-orders/C/advance")).json()
        assert 10_000 == order["order"]["paid_cents"]


async def test_what_would_be_refused_says_so_before_and_after(tmp_path: Path) -> None:
    async with visiting(tmp_path, *YEAR) as (client, _audit):
        check = await checked(client, PAID, amount_cents="1,000,000.00", executed_on="2023-05-30")
        assert "The ledger would refuse it." in main(check)
        assert "overpayment" in main(check)
        assert "No balance would change." in main(check)
        done = await pressed(client, PAID, check)
        assert "Refused" in main(done)
        assert "overpayment" in main(done)


async def test_a_document_that_is_awaited_is_received(tmp_path: Path) -> None:
    async with visiting(tmp_path, *YEAR) as (client, _audit):
        grant = await client.get(f"/console/grants/{BUDGET}/G")
        (link,) = re.findall(rf'href="({RECEIVED}[^"]*)"', grant.text)
        form = await client.get(unescape(link))
        assert '<option value="activity_report" selected>' in form.text
        assert "2022" == dict(VALUE.findall(form.text))["/document/year"]
        typed = {"document__kind": "activity_report", "document__year": "2022"}
        check = await checked(client, RECEIVED, **typed, received_on="2023-06-26")
        assert "C/balance" in main(check), "the order that it would set off"
        await pressed(client, RECEIVED, check)
        assert (await client.get(f"/console/orders/{BUDGET}/C/balance")).status_code == 200
        grant = await client.get(f"/console/grants/{BUDGET}/G")
        assert [] == re.findall(rf'href="({RECEIVED}[^"]*)"', grant.text)


async def test_a_refused_event_is_corrected_and_sent_again(tmp_path: Path) -> None:
    refused = a_convention(
        beneficiary=a_beneficiary(name="Une autre", siret="21590350100017"),
        bank_account=a_bank_account(),
        _id="convention-refused",
        _subject="C",
    )
    async with visiting(tmp_path, a_vote(), an_award(), refused) as (client, _audit):
        listed = await client.get("/console/troubles/refused")
        path = f"/console/send/correction/{BUDGET}/3"
        assert f'href="{path}"' in listed.text
        assert f'href="{path}"' in (await client.get(f"/console/records/{BUDGET}/3")).text
        form = await client.get(path)
        filled = {name: unescape(value) for name, value in VALUE.findall(form.text)}
        filled |= {"/instalments/0/trigger": "signature", "/instalments/0/ceiling": "false"}
        assert IBAN not in form.text
        assert "FR76…0110" == filled["/bank_account/iban"]
        filled |= {"/beneficiary/name": "Lille Avenirs", "/beneficiary/siret": "37887770800040"}
        check = await client.post(path, data=filled)
        assert "The ledger would accept it." in main(check), main(check)
        assert IBAN not in check.text
        done = await pressed(client, path, check)
        assert "Accepted" in main(done)
        event_id = str(done.url).rpartition("/")[2]
        (found,) = (await client.get(f"/events/{event_id}")).json()
        assert CONSOLE == found["event_source"]
        sequence = found["records"][0]["sequence"]
        record = await client.get(f"/console/records/{BUDGET}/{sequence}")
        assert "convention-refused" in main(record), "the event says what it corrects"
        assert '"authid": "key:all"' in main(record)
        order = await client.get(f"/budgets/{BUDGET}/payment-orders/C/advance")
        assert "FR76…110" == order.json()["order"]["bank_account"]["iban"], "as it was"


async def test_an_account_typed_anew_is_the_one_that_is_sent(tmp_path: Path) -> None:
    refused = a_convention(
        beneficiary=a_beneficiary(siret="21590350100017"), bank_account=a_bank_account()
    )
    async with visiting(tmp_path, a_vote(), an_award(), refused) as (client, audit):
        path = f"/console/send/correction/{BUDGET}/3"
        form = await client.get(path)
        filled = {name: unescape(value) for name, value in VALUE.findall(form.text)}
        filled |= {"/instalments/0/trigger": "signature", "/instalments/0/ceiling": "false"}
        filled |= {"/beneficiary/siret": "37887770800040", "/bank_account/iban": OTHER_IBAN}
        check = await client.post(path, data=filled)
        changed = await client.post(path, data=hidden(check) | {"step": "edit"})
        assert OTHER_IBAN == dict(VALUE.findall(changed.text))["/bank_account/iban"]
        done = await pressed(client, path, check)
        assert "Accepted" in main(done), main(done)
        order = await client.get(f"/budgets/{BUDGET}/payment-orders/C/advance")
        shown = order.json()["order"]["bank_account"]["iban"]
        assert (OTHER_IBAN[:4], OTHER_IBAN[-3:]) == (shown[:4], shown[-3:])
        assert OTHER_IBAN not in str(audit.lines)


async def test_only_a_refused_event_is_corrected(tmp_path: Path) -> None:
    async with visiting(tmp_path, *YEAR) as (client, _audit):
        for sequence in (1, 99):
            path = f"/console/send/correction/{BUDGET}/{sequence}"
            assert 404 == (await client.get(path)).status_code


@pytest.mark.parametrize(
    ("language", "typed", "phrase"),
    [
        ("en", {"amount_cents": "1.234", "executed_on": "2023-05-30"}, "could be 1234 or 1.23"),
        ("fr", {"amount_cents": "1,234", "executed_on": "2023-05-30"}, "1234"),
        ("en", {"amount_cents": "12", "executed_on": "2023-02-30"}, "no such day"),
        ("en", {"amount_cents": "", "executed_on": "2023-05-30"}, "/data/amount_cents"),
        ("en", {"amount_cents": "0", "executed_on": "2023-05-30"}, "/data/amount_cents"),
    ],
)
async def test_a_fault_stands_at_its_field_and_what_was_typed_stays(
    tmp_path: Path, language: str, typed: dict[str, str], phrase: str
) -> None:
    async with visiting(tmp_path, *YEAR, language=language) as (client, audit):
        answer = await checked(client, PAID, **typed, bank_reference="VIR 12")
        assert 422 == answer.status_code
        marked = re.findall(r'name="(/[^"]*)"[^>]*aria-invalid="true"', answer.text)
        assert 1 == len(marked)
        fault = answer.text.partition('class="fault"')[2].partition("</p>")[0]
        assert phrase in unescape(fault)
        kept = dict(VALUE.findall(answer.text))
        assert "VIR 12" == kept["/bank_reference"]
        assert typed["amount_cents"] == kept["/amount_cents"]
        assert [] == audit.lines


async def test_what_was_typed_can_be_changed_after_the_trial(tmp_path: Path) -> None:
    async with visiting(tmp_path, *YEAR) as (client, _audit):
        check = await checked(client, PAID, amount_cents="12,50", executed_on="30/05/2023")
        assert "€12.50" in main(check)
        again = await client.post(PAID, data=hidden(check) | {"step": "edit"})
        assert 200 == again.status_code
        assert "12,50" == dict(VALUE.findall(again.text))["/amount_cents"]


async def test_a_budget_too_large_for_a_trial_is_sent_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trials, "RECORDS_MAX", 2)
    async with visiting(tmp_path, *YEAR) as (client, _audit):
        check = await checked(client, PAID, amount_cents="1", executed_on="2023-05-30")
        assert "Not tried" in main(check)
        assert "Accepted" in main(await pressed(client, PAID, check))


async def test_an_event_with_very_many_values_is_no_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "FIELDS_MAX", 3)
    async with visiting(tmp_path, *YEAR, a_payment(900_000)) as (client, _audit):
        answer = await client.get(f"/console/send/correction/{BUDGET}/4")
        assert 413 == answer.status_code
        assert "at most 3" in main(answer)


async def test_what_is_not_decided_yet_is_on_its_way(
    made_in_files: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "WAIT_S", 0.01)
    kept, audit = Kept(), KeptAudit()
    url = made_in_files(journal_of_events(map(encoded, YEAR)))
    async with asking(an_app(a_reader(url), ACCESS, kept, audit)) as client:
        client.headers.update(PAGE)
        client.follow_redirects = True
        check = await checked(client, PAID, amount_cents="1", executed_on="2023-05-30")
        done = await pressed(client, PAID, check)
        assert "It is on its way" in main(done)
        assert 1 == len(kept.messages) == len(audit.lines)
        kept.down = Unreachable("Kafka", pgettext("cluster", "no answer"))
        away = await pressed(client, PAID, check)
        assert 503 == away.status_code
        assert "Could not be published" in main(away)


async def test_an_account_typed_anew_is_shown_masked(tmp_path: Path) -> None:
    refused = a_new_account(
        beneficiary=a_beneficiary(siret=OTHER_ESTABLISHMENT), budget=BUDGET, _id="late"
    )

    closing = {"closed_on": "2023-12-31", "carry_over": "none"}
    closed = a_vote(_type="ecluse.fiscal-year.closed.v1", _id="closing")
    closed["data"] = {"budget": BUDGET} | closing
    async with visiting(tmp_path, a_vote(), an_award(), closed, a_payment(1, _id="x"), refused) as (
        client,
        _audit,
    ):
        path = f"/console/send/correction/{BUDGET}/5"
        form = await client.get(path)
        assert 200 == form.status_code, main(form)
        filled = {name: unescape(value) for name, value in VALUE.findall(form.text)}
        check = await client.post(path, data=filled | {"/bank_account/iban": IBAN})
        shown = re.sub(r'<input type="hidden"[^>]*>', "", check.text)
        assert IBAN not in shown
