"""Fields of a form: every value of an event has one, and what is typed becomes the same event."""

from collections.abc import Mapping
from datetime import date

import pytest

from events.codec import ReceivedEvent, decode
from events.envelope import ENVELOPES, INTERNAL_EVENTS, SourceKind
from events.unreadable import Unreadable
from services.api.forms.fields import Field, Kind, fields_of, read
from services.api.forms.view import CHOICES, LABELS, groups_of, keep_filled
from services.texts.language import Language
from services.texts.locale_format import LocaleFormat
from services.texts.translation import translate
from tests.builders import (
    BUDGET,
    IBAN,
    Json,
    a_closing,
    a_convention,
    a_new_account,
    a_payment,
    a_report,
    a_transfer,
    a_vote,
    an_acknowledgement,
    an_act,
    an_amendment,
    an_amount,
    an_award,
    an_instalment,
    encoded,
)

EN, FR = Language.EN, Language.FR
FULL = a_convention(
    acts=[an_act(number="2023/40"), an_act("2023-04-13", "Mairie")],
    instalments=[
        an_instalment(
            lines=[an_amount(123_456, services={"EMPLOI": 123_456}), an_amount(5, "490")]
        ),
        an_instalment(50, "balance", documents=[("activity_report", 2022)], ceiling=True),
    ],
    obligations=[{"kind": "evaluation", "year": 2023, "due_on": "2024-06-30"}],
    signatory="La présidente",
    stated_condition_years=[2022],
    stated_total_cents=123_511,
)
EVENTS: list[Json] = [
    a_vote(),
    a_vote(stage="amendment", appropriations=[an_amount(-1_000)]),
    a_transfer(act=an_act()),
    an_award(interested=["A", "B"], requires_convention=False, title="Sur\nplusieurs lignes"),
    FULL,
    an_amendment(instalments=[]),
    a_report(eligible_cost_cents=0),
    a_new_account(),
    an_acknowledgement("rejected", reason={"code": "RIB", "label": "compte clos"}),
    a_payment(1),
    a_closing("all"),
    a_closing(["C"]),
]


def typed_in(fields: list[Field]) -> dict[str, str]:
    """The fields as a browser sends them back, with its line ends."""
    return {each.name: each.value.replace("\n", "\r\n") for each in fields}


@pytest.mark.parametrize("language", [FR, EN])
@pytest.mark.parametrize("event", EVENTS, ids=lambda each: each["id"])
def test_a_form_sent_back_as_it_was_is_the_same_event(event: Json, language: Language) -> None:
    fields = fields_of(event["type"], event["data"], language)
    found = read(fields, event["data"], typed_in(fields), language)
    assert ({}, event["data"]) == (found.faults, found.data)


@pytest.mark.parametrize("event", EVENTS, ids=lambda each: each["id"])
def test_typed_anew_every_value_becomes_what_it_was(event: Json) -> None:
    """By a form that was empty of values: each is read from its text, but for masked accounts."""
    fields = fields_of(event["type"], event["data"], FR)
    typed = typed_in(fields) | {each.name: IBAN for each in fields if "iban" in each.path}
    emptied = [
        Field(each.path, each.kind, each.is_required, None, "", each.choices) for each in fields
    ]
    data = event["data"]
    if "bank_account" in data:
        data = data | {"bank_account": data["bank_account"] | {"iban": IBAN}}
    assert data == read(emptied, event["data"], typed, FR).data


def test_the_kinds_of_fields() -> None:
    fields = {each.name: each for each in fields_of(FULL["type"], FULL["data"], EN)}
    assert {
        "/convention": (Kind.TEXT, True, "C"),
        "/signed_on": (Kind.DAY, True, "2023-05-15"),
        "/stated_total_cents": (Kind.EUROS, False, "1,235.11"),
        "/instalments/0/lines/0/amount_cents": (Kind.EUROS, True, "1,234.56"),
        "/instalments/1/ceiling": (Kind.CHOICE, True, "true"),
        "/instalments/1/documents/0/kind": (Kind.CHOICE, True, "activity_report"),
        "/instalments/1/documents/0/year": (Kind.NUMBER, True, "2022"),
        "/bank_account/iban": (Kind.TEXT, True, "FR76…0110"),
        "/bank_account/bic": (Kind.TEXT, False, ""),
        "/acts/1/number": (Kind.TEXT, False, ""),
    }.items() <= {
        name: (each.kind, each.is_required, each.value) for name, each in fields.items()
    }.items()
    assert IBAN not in str([each.value for each in fields.values()])


def test_what_is_absent_is_offered_where_it_is_single_values() -> None:
    names = {each.name for each in fields_of("ecluse.payment-order.acknowledged.v1", {}, EN)}
    assert {"/budget", "/payment_order", "/state", "/on", "/reason/code", "/reason/label"} == names
    transfer = a_transfer()
    fields = fields_of(transfer["type"], transfer["data"], EN)
    assert not [each for each in fields if each.path[0] == "act" and each.is_required]
    typed = typed_in(fields) | {"/act/body": "Conseil", "/act/date": "14/07/2023"}
    assert {"body": "Conseil", "date": "2023-07-14"} == (
        read(fields, transfer["data"], typed, EN).data["act"]
    )


def test_a_fixed_field_stays_as_it_is_whatever_is_sent() -> None:
    data = a_payment(100)["data"]
    fields = fields_of("ecluse.payment.executed.v1", data, EN, "budget", "payment_order")
    sent = typed_in(fields) | {"/payment_order": "another", "/amount_cents": "0.50"}
    assert data | {"amount_cents": 50} == read(fields, data, sent, EN).data


def test_an_item_that_is_emptied_is_left_out_and_faults_find_their_field() -> None:
    data = an_award(lines=[an_amount(100), an_amount(200, "490"), an_amount(300, "491")])["data"]
    fields = fields_of("ecluse.deliberation.adopted.v1", data, EN)
    typed = {
        name: "" if name.startswith("/lines/1/") else text
        for name, text in typed_in(fields).items()
    }
    found = read(fields, data, typed, EN)
    assert [100, 300] == [each["amount_cents"] for each in found.data["lines"]]
    assert "/lines/2/line/chapter" == found.field_at("/lines/1/line/chapter")
    assert "/lines/0/amount_cents" == found.field_at("/lines/0/amount_cents")
    assert "/act/number" == found.field_at("/act/number")


@pytest.mark.parametrize(
    ("name", "typed", "phrase"),
    [("/amount_cents", "1.234", "could be 1234 or 1.23"), ("/amount_cents", "much", "no amount")],
)
def test_what_cannot_be_read_is_said_at_its_field(name: str, typed: str, phrase: str) -> None:
    data = a_payment(100)["data"]
    fields = fields_of("ecluse.payment.executed.v1", data, EN)
    found = read(fields, data, typed_in(fields) | {name: typed}, EN)
    assert [name] == list(found.faults)
    assert phrase in translate(found.faults[name], EN)


def test_a_reason_without_its_code_is_found_out_at_the_code() -> None:
    event = an_acknowledgement("rejected")
    fields = fields_of(event["type"], event["data"], EN)
    found = read(fields, event["data"], typed_in(fields) | {"/reason/label": "compte clos"}, EN)
    fault = decode(encoded(event | {"data": found.data}), source_kind=SourceKind.EVENTS)
    assert isinstance(fault, Unreadable)
    assert "/reason/code" == found.field_at((fault.pointer or "").removeprefix("/data"))


def test_a_year_that_is_none_is_said_at_its_field() -> None:
    event = a_report()
    fields = fields_of(event["type"], event["data"], EN)
    found = read(fields, event["data"], typed_in(fields) | {"/document/year": "MMXXII"}, EN)
    assert ["/document/year"] == list(found.faults)


def names_in(schema: object) -> set[str]:
    """The names of all members in a schema."""
    if isinstance(schema, Mapping):
        own = set(schema.get("properties", {}))
        return own.union(*map(names_in, schema.values()))
    if isinstance(schema, list):
        return set().union(*map(names_in, schema))
    return set()


def test_every_member_of_the_contract_has_a_name_in_both_languages() -> None:
    sent = [each for each in ENVELOPES if each not in INTERNAL_EVENTS]
    names = set().union(*(names_in(ENVELOPES[each].model_json_schema()["$defs"]) for each in sent))
    assert set() == names - LABELS.keys()
    for label in LABELS.values():
        assert translate(label, FR)


@pytest.mark.parametrize("event", EVENTS, ids=lambda each: each["id"])
def test_every_choice_has_a_name(event: Json) -> None:
    for each in fields_of(event["type"], event["data"], EN):
        if each.kind is Kind.CHOICE:
            assert set(each.choices) <= CHOICES[str(each.path[-1])].keys()


def test_people_read_what_will_be_sent_and_nothing_that_is_empty() -> None:
    event = a_payment(123_456)
    decoded = decode(encoded(event))
    assert isinstance(decoded, ReceivedEvent)
    fields = fields_of(event["type"], event["data"], FR)
    (group,) = keep_filled(groups_of(fields, None, {}, LocaleFormat(FR)))
    assert [
        BUDGET,
        "C/advance",
        "1\u202f234,56\u00a0€",
        LocaleFormat(FR).day(date(2023, 5, 30)),
    ] == [each.text for each in group.fields]
    assert "" == group.legend


def test_a_group_is_called_by_what_it_is_in() -> None:
    groups = groups_of(fields_of(FULL["type"], FULL["data"], EN), None, {}, LocaleFormat(EN))
    legends = [each.legend for each in groups]
    assert "Instalments\u00a02 · Amounts by line\u00a01" in legends
    award = an_award(interested=["A", "B"])
    groups = groups_of(fields_of(award["type"], award["data"], EN), None, {}, LocaleFormat(EN))
    (several,) = [each for each in groups if each.legend.startswith("Councillors with")]
    assert ["\u00a01", "\u00a02"] == [each.label[-2:] for each in several.fields]
