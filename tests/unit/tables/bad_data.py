"""Bad input inside `data`: fields, money, days, persons and banks, lists and schedules (rule 1)."""

from collections.abc import Callable, Iterator

from tests.builders import (
    BUDGET,
    IBAN,
    Json,
    a_bank_account,
    a_beneficiary,
    a_concurring_act,
    a_convention,
    a_line,
    a_new_account,
    a_notification,
    a_payment,
    a_report,
    a_transfer,
    a_vote,
    an_acknowledgement,
    an_act,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables.bad_records import Bad, amount_spelled, bad, invalid, without
from tests.unit.tables.bad_turns import TURNS_REQUIRED

IBAN_WRONG_CHECK_DIGITS = "FR7710278027150004578690110"
IBAN_WRONG_RIB_KEY = "FR4910278027150004578690111"
"""Its own check digits are right (mod 97), the RIB key 11 is not: it should be 10."""


REQUIRED: list[tuple[Callable[[], Json], str]] = [
    (a_vote, "budget stage vote_level act act/body act/date appropriations"),
    (a_vote, "appropriations/0/line appropriations/0/line/chapter appropriations/0/line/article"),
    (a_vote, "appropriations/0/amount_cents"),
    (a_transfer, "budget from_line from_line/article to_line to_line/chapter amount_cents"),
    (an_award, "budget act grant role title beneficiary beneficiary/name beneficiary/siret lines"),
    (an_award, "lines/0/line lines/0/amount_cents"),
    (a_convention, "budget convention grant acts acts/0/body acts/0/date signed_on starts_on"),
    (a_convention, "ends_on beneficiary bank_account/iban bank_account/holder instalments"),
    (a_convention, "instalments/0/instalment instalments/0/trigger instalments/0/ceiling"),
    (a_convention, "instalments/0/lines instalments/0/lines/0/amount_cents"),
    (a_notification, "budget convention notified_on"),
    (a_report, "budget convention document document/kind document/year received_on"),
    (a_new_account, "budget beneficiary bank_account bank_account/iban effective_on"),
    (an_acknowledgement, "budget payment_order state on"),
    (a_payment, "budget payment_order amount_cents executed_on"),
    *TURNS_REQUIRED,
]
"""What each type may not leave out, as paths in `data`."""


def without_each_field() -> Iterator[Bad]:
    for build, paths in REQUIRED:
        for path in paths.split():
            event = without(build(), f"data/{path}")
            yield bad(f"{event['type']} without {path}", event, f"missing_field: /data/{path}")


def unknown(name: str, event: Json, pointer: str) -> Bad:
    return bad(name, event, f"unknown_field: /data/{pointer}")


A_SHARE_WITH_A_RATE = {"code": "EMPLOI", "amount_cents": 5, "rate": 1}
A_LINE_WITH_A_PROGRAMME = a_line(programme="1")

UNKNOWN_FIELDS = [
    unknown("a field of no type", a_vote(colour="red"), "colour"),
    unknown("a field of no type that is null", a_vote(colour=None), "colour"),
    unknown("a field of another type", a_payment(convention="C"), "convention"),
    unknown("an amount in euros", a_payment(amount_euros=5), "amount_euros"),
    unknown("a field in capitals", a_report(Received_On="2023-06-26"), "Received_On"),
    unknown(
        "a field deep in a line",
        a_convention(
            instalments=[an_instalment(lines=[an_amount(5, line=A_LINE_WITH_A_PROGRAMME)])]
        ),
        "instalments/0/lines/0/line/programme",
    ),
    unknown(
        "a field of a department's share",
        an_award(lines=[an_amount(5) | {"services": [A_SHARE_WITH_A_RATE]}]),
        "lines/0/services/0/rate",
    ),
    unknown("a field with slash and tilde", a_vote(**{"a/b~c": 1}), "a~1b~0c"),
    unknown("a field that looks escaped", a_vote(**{"~1": 1}), "~01"),
    unknown("a field without name", a_vote(**{"": 1}), ""),
    unknown("a field named like an index", a_vote(**{"0": 1}), "0"),
    unknown("a field with braces in its name", a_vote(**{"{detail}": 1}), "{detail}"),
]

SPELLINGS = {
    "a float": b"1.0",
    "an exponent": b"1e2",
    "cents with decimals": b"100.5",
    "a string": b'"100"',
    "true": b"true",
    "negative": b"-5",
    "zero": b"0",
    "zero with a sign": b"-0",
    "2 to the power of 53": str(2**53).encode(),
    "2 to the power of 64": str(2**64).encode(),
    "an integer of 30 digits": b"9" * 30,
    "an integer of 30 digits, negative": b"-" + b"9" * 30,
    "an integer of 4,000 digits": b"9" * 4_000,
    "null": b"null",
    "a list": b"[100]",
    "an object": b'{"amount_cents":100}',
}

AMOUNTS = [
    *(
        Bad(f"the amount is {name}", amount_spelled(spelling), "invalid_value: /data/amount_cents")
        for name, spelling in SPELLINGS.items()
    ),
    invalid("a negative initial vote", a_vote(-5), "appropriations/0/amount_cents"),
    invalid(
        "a negative line in an initial vote",
        a_vote(appropriations=[an_amount(5), an_amount(-5, "490")]),
        "appropriations/1/amount_cents",
    ),
    invalid("zero in an initial vote", a_vote(0), "appropriations/0/amount_cents"),
    invalid("zero in a later vote", a_vote(0, stage="amendment"), "appropriations/0/amount_cents"),
    invalid(
        "a later vote that takes away too much",
        a_vote(-(2**53), stage="supplementary"),
        "appropriations/0/amount_cents",
    ),
    invalid("a transfer of nothing", a_transfer(0), "amount_cents"),
    invalid("an award of nothing", an_award(0), "lines/0/amount_cents"),
    invalid(
        "a department that pays nothing",
        an_award(lines=[an_amount(5, services={"EMPLOI": 5, "JEUNESSE": 0})]),
        "lines/0/services/1/amount_cents",
    ),
    invalid("a total as a string", an_award(stated_total_cents="5"), "stated_total_cents"),
    invalid("eligible cost as a float", a_report(eligible_cost_cents=1.5), "eligible_cost_cents"),
]

DAYS = [
    invalid("30 February", a_payment(executed_on="2023-02-30"), "executed_on"),
    invalid("29 February of no leap year", a_payment(executed_on="2023-02-29"), "executed_on"),
    invalid("month 13", a_payment(executed_on="2023-13-01"), "executed_on"),
    invalid("seconds as a string", a_payment(executed_on="1681257600"), "executed_on"),
    invalid("seconds", a_payment(executed_on=1_681_257_600), "executed_on"),
    invalid("a day with a time", a_payment(executed_on="2023-04-12T00:00:00Z"), "executed_on"),
    invalid("the French order", a_payment(executed_on="12/04/2023"), "executed_on"),
    invalid("a day without dashes", a_payment(executed_on="20230412"), "executed_on"),
    invalid("a day without zeros", a_payment(executed_on="2023-4-12"), "executed_on"),
    invalid("a space behind the day", a_payment(executed_on="2023-04-12 "), "executed_on"),
    invalid("a day before 1900", a_payment(executed_on="1899-12-31"), "executed_on"),
    invalid("a day after 2199", a_payment(executed_on="2200-01-01"), "executed_on"),
    invalid("an act on 31 June", a_vote(act=an_act("2023-06-31")), "act/date"),
    invalid(
        "a year as a string",
        a_report(document={"kind": "evaluation", "year": "2022"}),
        "document/year",
    ),
    invalid(
        "a year as a float",
        a_convention(stated_condition_years=[2022, 2022.0]),
        "stated_condition_years/1",
    ),
    invalid("the year 22", a_report(year=22), "document/year"),
]

PERSONS_AND_BANKS = [
    invalid(
        "a SIRET with a wrong digit",
        an_award(beneficiary=a_beneficiary(siret="37887770800041")),
        "beneficiary/siret",
    ),
    invalid(
        "La Poste with a wrong digit",
        an_award(beneficiary=a_beneficiary(siret="35600000049838")),
        "beneficiary/siret",
    ),
    invalid(
        "a SIREN in place of a SIRET",
        an_award(beneficiary=a_beneficiary(siret="378877708")),
        "beneficiary/siret",
    ),
    invalid(
        "a SIRET with spaces",
        an_award(beneficiary=a_beneficiary(siret="378 877 708 00040")),
        "beneficiary/siret",
    ),
    invalid(
        "a SIRET as a number",
        an_award(beneficiary=a_beneficiary(siret=37887770800040)),
        "beneficiary/siret",
    ),
    invalid("IBAN: check digits", a_new_account(IBAN_WRONG_CHECK_DIGITS), "bank_account/iban"),
    invalid("IBAN: RIB key", a_new_account(IBAN_WRONG_RIB_KEY), "bank_account/iban"),
    invalid("IBAN: small letters", a_new_account(IBAN.lower()), "bank_account/iban"),
    invalid(
        "IBAN: spaces", a_new_account("FR76 1027 8027 1500 0457 8690 110"), "bank_account/iban"
    ),
    invalid("IBAN: too short", a_new_account(IBAN[:-1]), "bank_account/iban"),
    invalid("IBAN: unknown country", a_new_account("ZZ" + IBAN[2:]), "bank_account/iban"),
    invalid("IBAN: empty", a_new_account(""), "bank_account/iban"),
    invalid(
        "BIC: seven internal events",
        a_new_account(bank_account=a_bank_account() | {"bic": "CMCIFR2"}),
        "bank_account/bic",
    ),
    invalid(
        "BIC: unknown country",
        a_new_account(bank_account=a_bank_account() | {"bic": "CMCIZZ2A"}),
        "bank_account/bic",
    ),
    invalid("a title of 4,001 characters", an_award(title="x" * 4_001), "title"),
    invalid("an empty title", an_award(title=""), "title"),
    invalid("a reference of 101 characters", an_award(grant="x" * 101), "grant"),
    invalid("a name that is a number", an_award(interested=[7]), "interested/0"),
]

TWICE = [an_amount(5), an_amount(6)]
IN_TWO_LINES = [an_amount(5), an_amount(6, "490"), an_amount(7)]

LISTS = [
    invalid("a vote without lines", a_vote(appropriations=[]), "appropriations"),
    invalid("an award with an empty list of lines", an_award(lines=[]), "lines"),
    invalid("a convention without act", a_convention(acts=[]), "acts"),
    invalid("a convention without instalment", a_convention(instalments=[]), "instalments"),
    invalid(
        "an instalment without line",
        a_convention(instalments=[an_instalment(lines=[])]),
        "instalments/0/lines",
    ),
    invalid(
        "an empty list of documents",
        a_convention(instalments=[an_instalment(documents=[])]),
        "instalments/0/documents",
    ),
    invalid("an object in place of a list", a_vote(appropriations={}), "appropriations"),
    invalid("a string in place of a list", an_award(interested="Karima HARIZI"), "interested"),
    invalid("a list in place of an object", a_vote(act=[]), "act"),
    invalid("a number in place of a line", a_vote(appropriations=[7]), "appropriations/0"),
    invalid("a line voted twice", a_vote(appropriations=TWICE), "appropriations/1/line"),
    invalid("a line awarded twice", an_award(lines=IN_TWO_LINES), "lines/2/line"),
    invalid(
        "a line twice in an instalment",
        a_convention(instalments=[an_instalment(lines=TWICE)]),
        "instalments/0/lines/1/line",
    ),
    invalid(
        "an instalment twice",
        a_convention(instalments=[an_instalment(5), an_instalment(6, "balance"), an_instalment(7)]),
        "instalments/2/instalment",
    ),
]

LINES_OF_ONE = [an_amount(5)]

ACTS_AND_SCHEDULES = [
    invalid(
        "trigger reports without documents",
        a_convention(instalments=[an_instalment(trigger="reports")]),
        "instalments/0/documents",
    ),
    invalid(
        "documents with trigger signature",
        a_convention(
            instalments=[an_instalment(documents=[("evaluation", 2022)], trigger="signature")]
        ),
        "instalments/0/documents",
    ),
    invalid(
        "documents with trigger notification",
        a_convention(
            instalments=[an_instalment(documents=[("evaluation", 2022)], trigger="notification")]
        ),
        "instalments/0/documents",
    ),
    invalid(
        "an unknown trigger",
        a_convention(instalments=[an_instalment(trigger="soon")]),
        "instalments/0/trigger",
    ),
    invalid(
        "a ceiling in words",
        a_convention(instalments=[an_instalment(ceiling="yes")]),
        "instalments/0/ceiling",
    ),
    invalid("an unknown document", a_report("invoice"), "document/kind"),
    bad(
        "an initial vote without level", a_vote(vote_level=None), "missing_field: /data/vote_level"
    ),
    invalid(
        "a later vote with level", a_vote(stage="amendment", vote_level="chapter"), "vote_level"
    ),
    invalid("a vote by function", a_vote(vote_level="function"), "vote_level"),
    invalid("an unknown stage", a_vote(stage="final"), "stage"),
    bad("an award whose lines are null", an_award(lines=None), "missing_field: /data/lines"),
    invalid(
        "a concurring act with lines", an_award(role="concurring", lines=LINES_OF_ONE), "lines"
    ),
    invalid(
        "a concurring act with instalments",
        a_concurring_act(requires_convention=False, instalments=[an_instalment()]),
        "instalments",
    ),
    invalid(
        "instalments of an award that requires a convention",
        an_award(instalments=[an_instalment()]),
        "instalments",
    ),
    invalid(
        "a convention required in words", an_award(requires_convention="no"), "requires_convention"
    ),
    invalid("a slash in a convention", a_convention(convention="2023/7"), "convention"),
    invalid("a slash in a report's convention", a_report(convention="2023/7"), "convention"),
    invalid(
        "a slash in an instalment",
        a_convention(instalments=[an_instalment(name="1/2")]),
        "instalments/0/instalment",
    ),
    invalid(
        "a slash in a grant without convention",
        an_award(grant="2023/40", requires_convention=False),
        "grant",
    ),
    invalid("an unknown state of an order", an_acknowledgement("paid"), "state"),
    invalid("a reason in words", an_acknowledgement(reason="RIB"), "reason"),
]

FIRST_OF_SEVERAL = [
    bad("the id before the time", a_vote(_id="", _time="noon"), "invalid_value: /id"),
    bad("the time before the data", a_vote(0, _time="noon"), "invalid_value: /time"),
    bad("the type before the data", a_vote(0, _type="x"), "unknown_type: /type"),
    bad("the source before the type", a_vote(_source="", _type="x"), "invalid_value: /source"),
    bad("a missing act before a bad line", a_vote(0, act=...), "missing_field: /data/act"),
    bad(
        "an unknown member of the act before a bad line",
        a_vote(0, act=an_act(place="Lomme")),
        "unknown_field: /data/act/place",
    ),
    invalid(
        "a bad line before an unknown field",
        {"data": {"colour": "red"}} | a_vote(0, colour="red"),
        "appropriations/0/amount_cents",
    ),
    invalid("the title before the lines", an_award(0, title=7), "title"),
    invalid(
        "the beneficiary before the lines", an_award(0, beneficiary={}), "beneficiary/name"
    )._replace(reason="missing_field: /data/beneficiary/name"),
    invalid(
        "the order of the contract, not that of the message",
        {"data": a_payment(0, executed_on="noon")["data"]}
        | a_payment(executed_on="noon", amount_cents=0),
        "amount_cents",
    ),
    invalid(
        "the first bad line of two",
        an_award(lines=[an_amount(5), an_amount(-1, "490"), an_amount(-2, "1978")]),
        "lines/1/amount_cents",
    ),
    invalid("bad stage, so nothing on the level", a_vote(stage="final", vote_level=...), "stage"),
    invalid(
        "a bad budget before a wrong partition key",
        a_vote(budget="lille", _partitionkey=BUDGET),
        "budget",
    ),
]
