"""The lines that rows are written in: each says one thing, and what is not understood fails."""

import pytest

from tests.builders import a_line
from tests.unit.tables.notation import Money, Outcome, read_outcome

ALL = """
    refused below_ordered before insufficient_credit: convention C, line 490, asked_cents 1_000;
    flag report_late: convention C, documents [{kind accounts, year 2023}], due_on 2024-06-30;
    flag name_differs: field siret, expected '37887770800040', found null, of 'two words';
    flag line_overdrawn: line 65/6574/61/–, available_cents -40;
    489 for C: 100 = 10 available + 30 committed + 60 paid; 490: 0 = -40 available + 40 reserved;
    65/6574/61/–: 7 reserved; 491: 0; C on 490: 25 = 20 remaining + 5 ordered;
    C/advance issued 100 (70 paid); C/balance paid 60; C/rest/2 rejected 40;
    decommitment 489 1_010 C; accounting_commitment 65/6574/61/– 5
"""


def test_every_line_of_the_notation_is_read() -> None:
    other = {"chapter": "65", "article": "6574", "function": "61", "operation": None}
    documents = [{"kind": "accounts", "year": 2023}]
    siret = {"expected": "37887770800040", "found": None, "of": "two words"}
    assert read_outcome(ALL) == Outcome(
        answer="below_ordered",
        facts={"convention": "C", "line": a_line("490"), "asked_cents": 1_000},
        before="insufficient_credit",
        flags=[
            ("report_late", {"convention": "C", "documents": documents, "due_on": "2024-06-30"}),
            ("name_differs", {"field": "siret"} | siret),
            ("line_overdrawn", {"line": other, "available_cents": -40}),
        ],
        money=Money(
            {
                "489": {"appropriated": 100, "available": 10, "committed": 30, "paid": 60},
                "490": {"available": -40, "reserved": 40},
                "65/6574/61/–": {"appropriated": 7, "reserved": 7},
                "491": {},
            },
            {
                "C": {
                    "489": {"granted": 100, "released": 10, "remaining": 30, "paid": 60},
                    "490": {"granted": 25, "remaining": 20, "ordered": 5},
                }
            },
            {
                "C/advance": ("issued", 100, 70),
                "C/balance": ("paid", 60, 60),
                "C/rest/2": ("rejected", 40, 0),
            },
        ),
        entries=[
            ("decommitment", "489", 1_010, "C"),
            ("accounting_commitment", "65/6574/61/–", 5, None),
        ],
    )


@pytest.mark.parametrize("answer", ["duplicate", "waits for recovery C/R"])
def test_other_answers_have_no_facts(answer: str) -> None:
    assert read_outcome(f"{answer}; no money; no entries") == Outcome(answer, entries=[])


MISTAKES = {
    "nothing": "",
    "no word of the money": "refused below_ordered: convention C",
    "an order alone": "C/advance issued 60",
    "money, and no money": "489: 5 paid; no money",
    "an empty line": "489: 5 paid;",
    "an unknown line": "489: 5 paid; all is well",
    "an unknown word of money": "489: 5 payed",
    "a convention's word on a line": "489: 5 remaining",
    "a line's word on a convention": "489: 5 paid; C on 489: 5 available",
    "what no convention has": "489 for C: 5 reserved",
    "parts that do not add up": "489: 100 = 60 ordered + 39 paid",
    "one part of a sum": "489: 5 = 5 paid",
    "a sum without its whole": "489: 60 ordered + 40 paid",
    "a zero": "489: 5 = 5 paid + 0 ordered",
    "figures without thousands": "489: 1000 paid",
    "euros": "489: 5.00 paid",
    "a part said twice": "489: 10 = 5 paid + 5 paid",
    "a line said twice": "489: 5 paid; 489: 5 paid",
    "a share said twice": "489 for C: 5 paid; C on 489: 5 paid",
    "an order said twice": "489: 5 paid; C/1 paid 5; C/1 paid 5",
    "an unknown state": "489: 5 paid; C/1 payed 5",
    "an unknown refusal": "refused below_order: convention C; no money",
    "an unknown refusal behind it": "refused below_ordered before that: convention C; no money",
    "a refusal without facts": "refused below_ordered; no money",
    "two answers": "refused below_ordered: convention C; duplicate; no money",
    "an unknown flag": "flag late: convention C; no money",
    "an unknown entry": "commitment 489 10 C; no money",
    "entries, and no entries": "decommitment 489 10 C; no entries; no money",
    "a fact without value": "flag recovery_due: convention; no money",
    "a fact of two words": "flag recovery_due: convention C D; no money",
    "a fact said twice": "flag recovery_due: convention C, convention C; no money",
    "facts that go on": "flag recovery_due: convention C,; no money",
    "a list that is open": "flag report_late: documents [{kind a, year 2023}; no money",
    "a bracket too many": "flag report_late: documents [a]]; no money",
    "a quote that is open": "flag report_late: due_on '2023; no money",
    "a number that is neither cents nor a year": "flag recovery_due: amount_cents 10000; no money",
    "a line that is none": "flag line_overdrawn: line all; no money",
}


@pytest.mark.parametrize("text", MISTAKES.values(), ids=MISTAKES)
def test_what_is_not_understood_fails(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_outcome(text)
