"""Rule 21: a rejected payment order is issued again, for what it left unpaid."""

from tests.builders import (
    Json,
    Scenario,
    a_line,
    a_new_account,
    a_payment,
    a_report,
    an_acknowledgement,
)
from tests.unit.tables.notation import Figures
from tests.unit.tables.rows import (
    REJECTED,
    SIGNED,
    TWO_LINES_SIGNED,
    Row,
    check,
    each_row,
    reader_of,
)

PART, ALL = a_payment(40), a_payment(100)
NEW_ACCOUNT = a_new_account(_id="a new account")

read_rows = reader_of(globals())

REISSUE_ROWS = read_rows("""
    a new bank account issues the rejected order again
        SIGNED; REJECTED; NEW_ACCOUNT
        => 489 for C: 100 ordered; C/advance rejected 100; C/advance/2 issued 100; no entries
    the account of another establishment does not
        SIGNED; REJECTED; new account, beneficiary {name 'Lille Avenirs', siret '37887770800057'}
        => 489 for C: 100 committed; C/advance rejected 100
    a report on the convention issues it again
        SIGNED; REJECTED; report
        => 489 for C: 100 ordered; C/advance rejected 100; C/advance/2 issued 100
    a notification does not
        SIGNED; REJECTED; notification
        => 489 for C: 100 committed; C/advance rejected 100
    another convention that brings an account does not
        vote 100; award 60; award 40, grant H; convention 60; REJECTED; convention 40, convention D,
        grant H, bank_account {iban FR7630001007941234567890185, holder 'Lille Avenirs'}
        => 489: 100 = 60 committed + 40 ordered; C on 489: 60 remaining; D on 489: 40 ordered;
           C/advance rejected 60; D/advance issued 40
    a live order is not issued again
        SIGNED; NEW_ACCOUNT
        => 489 for C: 100 ordered; C/advance issued 100
    a paid order is not issued again
        SIGNED; ALL; NEW_ACCOUNT; report
        => 489 for C: 100 paid; C/advance paid 100
    only what was not paid is ordered again
        SIGNED; PART; REJECTED; NEW_ACCOUNT
        => 489 for C: 100 = 60 ordered + 40 paid; C/advance rejected 100 (40 paid);
           C/advance/2 issued 60
    rejected twice, the third order is /3 and for what both left unpaid
        SIGNED; PART; REJECTED; NEW_ACCOUNT; payment 25 of C/advance/2; C/advance/2 rejected; report
        => 489 for C: 100 = 35 ordered + 65 paid; C/advance rejected 100 (40 paid);
           C/advance/2 rejected 60 (25 paid); C/advance/3 issued 35
    the new order is paid, the rejected one stays as it was
        SIGNED; PART; REJECTED; NEW_ACCOUNT; payment 60 of C/advance/2
        => 489 for C: 100 paid; C/advance rejected 100 (40 paid); C/advance/2 paid 60
    one event may issue a rejected order again and another for the first time
        vote 100; award 100; convention [advance 60, balance 40 against activity_report 2022];
        REJECTED; report
        => 489 for C: 100 ordered; C/advance rejected 60; C/advance/2 issued 60; C/balance issued 40
    a rejected order of a grant that now needs a convention is held back (rule 14)
        vote 10_000_000; new account; award 1_000_000, without convention; G/1 rejected;
        award 1_300_001, grant H; NEW_ACCOUNT
        => flag convention_required: convention G, siret '37887770800040', total_cents 2_300_001,
           limit_cents 2_300_000;
           489: 10_000_000 = 7_699_999 available + 1_300_001 reserved + 1_000_000 committed;
           G on 489: 1_000_000 remaining; G/1 rejected 1_000_000
""")

ROWS = REISSUE_ROWS


@each_row(REISSUE_ROWS)
def test_rule_21_a_rejected_order_is_issued_again_for_what_it_left_unpaid(row: Row) -> None:
    check(row)


def test_rules_20_and_21_what_payments_left_of_lines_and_departments_is_ordered_again() -> None:
    def after(paid_cents: int) -> tuple[list[Json], Figures, Figures]:
        scenario = Scenario(*TWO_LINES_SIGNED, a_payment(paid_cents), REJECTED, NEW_ACCOUNT)
        order = scenario.summary()["payment_orders"][-1]
        assert ("C/advance/2", 100 - paid_cents) == (order["payment_order"], order["amount_cents"])
        return order["lines"], scenario.line("489"), scenario.line("490")

    def left(cents: int, **services: int) -> Json:
        rows = [{"code": code, "amount_cents": part} for code, part in services.items()]
        return {"line": a_line(), "amount_cents": cents, "services": rows}

    other = {"line": a_line("490"), "amount_cents": 40, "services": None}
    untouched = {"appropriated": 40, "ordered": 40}
    assert (
        [left(50, EMPLOI=25, JEUNESSE=25), other],
        {"appropriated": 60, "ordered": 50, "paid": 10},
        untouched,
    ) == after(10)
    assert (
        [left(20, JEUNESSE=20), other],
        {"appropriated": 60, "ordered": 20, "paid": 40},
        untouched,
    ) == after(40)
    assert (
        [other | {"amount_cents": 10}],
        {"appropriated": 60, "paid": 60},
        {"appropriated": 40, "ordered": 10, "paid": 30},
    ) == after(90)


def test_rule_21_a_new_order_keeps_the_due_date_and_names_the_one_that_it_replaces() -> None:
    late = "2023-11-20T12:00:00+01:00"
    scenario = Scenario(*SIGNED, REJECTED, a_new_account(_id="second", _time=late))
    scenario.tell(an_acknowledgement("rejected", "C/advance/2"))
    scenario.tell(a_report(_time=late))
    issued = [
        (change.order.payment_order, change.order.due_on.isoformat(), change.issued["previous"])
        for record in scenario.records
        for change in record.payment_orders
        if change.issued is not None
    ]
    assert [
        ("C/advance", "2023-07-14", None),
        ("C/advance/2", "2023-07-14", "C/advance"),
        ("C/advance/3", "2023-07-14", "C/advance/2"),
    ] == issued
