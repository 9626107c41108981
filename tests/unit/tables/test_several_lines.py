"""Rules 13 to 16 on several lines: what is said of one line is looked for on each."""

from typing import Any

import pytest

from tests.builders import (
    SIRET,
    Json,
    Scenario,
    a_collection,
    a_concurring_act,
    a_convention,
    a_line,
    a_new_account,
    a_payment,
    a_recovery,
    a_report,
    a_vote,
    an_act,
    an_amendment,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import REPORT, Row, check, each_row, flags_of, reader_of


def on(cents: int, other_cents: int, **more: Any) -> Json:
    """An instalment on lines 489 and 490 that waits for a report."""
    lines = [an_amount(cents), an_amount(other_cents, "490")]
    return an_instalment(name="rest", documents=REPORT, lines=lines, **more)


def amended(*instalments: Json, **more: Any) -> Json:
    return an_amendment(instalments=list(instalments), **more)


CREDIT = a_vote(appropriations=[an_amount(9_000_000), an_amount(9_000_000, "490")])
GRANT = [an_amount(1_000_000), an_amount(1_000_000, "490")]
AWARDED = [CREDIT, an_award(lines=GRANT)]
SIGNED = [*AWARDED, a_convention(instalments=[on(1_000_000, 1_000_000)])]
ALONE = [
    CREDIT,
    an_award(lines=GRANT, requires_convention=False, instalments=[on(1_000_000, 1_000_000)]),
]


read_rows = reader_of(globals())

ROWS = read_rows("""
    an amendment leaves the first line as it is, and is above the award on the second
        SIGNED; amendment [rest 1_000_000 on 489 + 1_000_001 on 490 against activity_report 2022]
        => refused exceeds_award: convention C, line 490, award_cents 1_000_000,
           asked_cents 1_000_001; 489: 9_000_000 = 8_000_000 available + 1_000_000 committed;
           C on 489: 1_000_000 remaining;
           490: 9_000_000 = 8_000_000 available + 1_000_000 committed; C on 490: 1_000_000 remaining
    down on the first line, up on the second
        SIGNED; amendment [rest 900_000 on 489 + 1_100_000 on 490 against activity_report 2022],
        act 2023-09-01
        => 489: 9_000_000 = 8_100_000 available + 900_000 committed;
           C on 489: 1_000_000 = 100_000 released + 900_000 remaining;
           490: 9_000_000 = 7_900_000 available + 1_100_000 committed;
           C on 490: 1_100_000 remaining; decommitment 489 100_000 C;
           supplementary_commitment 490 100_000 C
    an act raises two lines, by 3,000.01 € together: a convention is required
        ALONE; amendment [rest 1_150_000 on 489 + 1_150_001 on 490 against activity_report 2022],
        convention G, act 2023-09-01
        => refused convention_required: siret '37887770800040', total_cents 2_300_001,
           limit_cents 2_300_000; 489: 9_000_000 = 8_000_000 available + 1_000_000 committed;
           G on 489: 1_000_000 remaining;
           490: 9_000_000 = 8_000_000 available + 1_000_000 committed; G on 490: 1_000_000 remaining
    an act raises two lines, by 3,000 € together
        ALONE; amendment [rest 1_150_000 on 489 + 1_150_000 on 490 against activity_report 2022],
        convention G, act 2023-09-01
        => 489: 9_000_000 = 7_850_000 available + 1_150_000 committed;
           G on 489: 1_150_000 remaining;
           490: 9_000_000 = 7_850_000 available + 1_150_000 committed; G on 490: 1_150_000 remaining
    with a convention an act may raise a grant above 23,000 €
        SIGNED; amendment [rest 1_500_000 on 489 + 1_500_000 on 490 against activity_report 2022],
        act 2023-09-01
        => 489: 9_000_000 = 7_500_000 available + 1_500_000 committed;
           C on 489: 1_500_000 remaining;
           490: 9_000_000 = 7_500_000 available + 1_500_000 committed; C on 490: 1_500_000 remaining
    a reduction on a line that only the first instalment pays on
        AWARDED; convention [rest 1_000_000 on 489 + 600_000 on 490 against activity_report 2022,
        last 400_000 on 490 against activity_report 2022]; reduction 300_000
        => 489: 9_000_000 = 8_300_000 available + 700_000 committed;
           C on 489: 1_000_000 = 300_000 released + 700_000 remaining;
           490: 9_000_000 = 8_000_000 available + 1_000_000 committed; C on 490: 1_000_000 remaining
    a convention leaves out a line of one cent: that cent is released
        CREDIT; award 1_000_000 on 489 + 1 on 490, without convention,
        instalments [rest 1_000_000 on 489 + 1 on 490 against activity_report 2022];
        convention [advance 1_000_000 against activity_report 2022]
        => 489: 9_000_000 = 8_000_000 available + 1_000_000 committed;
           C on 489: 1_000_000 remaining; 490: 9_000_000 available; C on 490: 1 released;
           decommitment 490 1 C
""")


@each_row(ROWS)
def test_rules_13_to_16_each_line_is_looked_at(row: Row) -> None:
    check(row)


def waiting(cents: int) -> Json:
    return an_instalment(cents, "rest", documents=REPORT)


def alone(cents: int, **more: Any) -> Json:
    return an_award(cents, requires_convention=False, instalments=[waiting(cents)], **more)


def test_rule_14_what_was_given_up_may_be_planned_again_up_to_the_award_itself() -> None:
    """At 23,000 € to the cent: nothing is raised, so nothing more is awarded."""
    scenario = Scenario(a_vote(9_000_000), alone(2_300_000))
    scenario.tell(amended(waiting(2_000_000), convention="G"))
    scenario.tell(amended(waiting(2_300_000), convention="G", amendment="2", _id="again"))
    assert "accepted" == scenario.answer()
    assert 2_300_000 == scenario.convention("G")["remaining"]


def test_rule_14_a_grant_above_the_limit_may_be_amended_downwards() -> None:
    """A later award took the sum above 23,000 €: an amendment that raises nothing goes on."""
    scenario = Scenario(a_vote(9_000_000), alone(2_000_000), an_award(1_000_000, grant="H"))
    scenario.tell(amended(waiting(1_999_999), convention="G"))
    assert "accepted" == scenario.answer()
    assert 1_999_999 == scenario.convention("G")["remaining"]


def test_rule_15_a_line_that_was_never_voted_has_its_award_all_the_same() -> None:
    lines = [an_amount(100, "490")]
    scenario = Scenario(
        a_vote(100),
        an_award(lines=lines),
        a_convention(instalments=[an_instalment(lines=[an_amount(60, "490")])]),
        amended(an_instalment(name="rest", documents=REPORT, lines=[an_amount(40, "490")])),
    )
    assert "accepted" == scenario.answer()
    assert {"granted": 100, "ordered": 60, "remaining": 40} == scenario.convention("C", "490")


def test_rule_22_a_convention_in_place_of_a_grant_begins_with_nothing_had() -> None:
    """Its ceiling leaves just the cost, to the cent."""
    scenario = Scenario(
        a_vote(), an_award(requires_convention=False, instalments=[waiting(100_000)])
    )
    scenario.tell(a_report(convention="G", eligible_cost_cents=60_000))
    ceiling = an_instalment(100_000, "rest", documents=REPORT, ceiling=True)
    scenario.tell(a_convention(instalments=[ceiling]))
    assert {"C/rest": ("issued", 60_000, 0)} == scenario.orders()


def test_rule_27_in_one_sum_it_comes_back_as_the_convention_names_the_lines_not_the_award() -> None:
    """A convention in the place of a grant without one may name them the other way round."""
    award = an_award(lines=[an_amount(60), an_amount(40, "490")], requires_convention=False)
    turned = an_instalment(lines=[an_amount(40, "490"), an_amount(60)])
    scenario = Scenario(a_vote(100), award, a_convention(instalments=[turned]), a_payment(100))
    scenario.tell(a_recovery(50))
    scenario.tell(a_collection(50))
    assert {"granted": 40, "released": 40} == scenario.convention("C", "490")
    assert {"granted": 60, "paid": 50, "released": 10} == scenario.convention("C", "489")


def differ(of: str, stated: int, total: int, **where: Any) -> tuple[str, Json]:
    facts = {"of": of, **where, "stated_cents": stated, "sum_cents": total}
    return ("figures_differ", facts)


def test_rule_13_every_line_that_its_own_schedule_pays_in_part_or_not_at_all_is_flagged() -> None:
    instalment = an_instalment(lines=[an_amount(59), an_amount(39, "490")])
    lines = [an_amount(60), an_amount(40, "490"), an_amount(1, "1978")]
    scenario = Scenario(
        a_vote(200), an_award(lines=lines, requires_convention=False, instalments=[instalment])
    )
    assert [
        ("line_overdrawn", {"line": a_line("490"), "available_cents": -40}),
        ("line_overdrawn", {"line": a_line("1978"), "available_cents": -1}),
        differ("instalments", 60, 59, line=a_line("489")),
        differ("instalments", 40, 39, line=a_line("490")),
        differ("instalments", 1, 0, line=a_line("1978")),
    ] == flags_of(scenario)


def test_rule_13_the_departments_of_an_award_and_of_its_schedule_are_both_flagged() -> None:
    lines = [an_amount(100, services={"EMPLOI": 99})]
    instalments = [an_instalment(lines=[an_amount(100, services={"EMPLOI": 98})])]
    scenario = Scenario(
        a_vote(100), an_award(lines=lines, requires_convention=False, instalments=instalments)
    )
    assert [
        differ("services", 100, 99, line=a_line()),
        differ("services", 100, 98, instalment="advance", line=a_line()),
    ] == flags_of(scenario)


def test_rule_9_the_departments_of_every_line_are_added_up() -> None:
    lines = [
        an_amount(100, services={"EMPLOI": 99}),
        an_amount(100, "490", services={"EMPLOI": 100}),
        an_amount(100, "1978", services={"EMPLOI": 1, "JEUNESSE": 97}),
    ]
    appropriations = [an_amount(100, name) for name in ("489", "490", "1978")]
    scenario = Scenario(a_vote(appropriations=appropriations), an_award(lines=lines))
    assert [
        differ("services", 100, 99, line=a_line("489")),
        differ("services", 100, 98, line=a_line("1978")),
    ] == flags_of(scenario)


@pytest.mark.parametrize("total_cents", [99_999, 100_000])
def test_rule_9_every_name_that_a_concurring_act_gave_is_flagged(total_cents: int) -> None:
    """Beside what else is odd in the award."""
    scenario = Scenario(
        a_vote(),
        a_concurring_act(beneficiary={"name": "Lille", "siret": SIRET}),
        a_concurring_act(
            beneficiary={"name": "Lomme", "siret": SIRET}, act=an_act("2023-04-14"), _id="third"
        ),
        a_new_account(),
        an_award(stated_total_cents=total_cents),
    )
    names = [
        ("name_differs", {"field": "name", "expected": "Lille Avenirs", "found": found})
        for found in ("Lille", "Lomme")
    ]
    odd = [] if total_cents == 100_000 else [differ("total", total_cents, 100_000)]
    assert [*odd, *names] == flags_of(scenario)
