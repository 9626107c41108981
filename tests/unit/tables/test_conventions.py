"""Rules 10 to 12: conventions commit what the award reserved; whom they name and pay."""

from tests.builders import (
    OTHER_ESTABLISHMENT,
    Json,
    a_bank_account,
    a_beneficiary,
    a_concurring_act,
    a_convention,
    a_new_account,
    a_notification,
    a_vote,
    an_act,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import AWARDED, Row, check, each_row, reader_of

ON_60_40 = [an_amount(60_000), an_amount(40_000, "490")]
TWO_LINES = [a_vote(appropriations=ON_60_40), an_award(lines=ON_60_40)]


read_rows = reader_of(globals())

COMMITMENT_ROWS = read_rows("""
    the signature commits what the award reserved
        AWARDED; convention, no bank_account
        => 489 for C: 100_000 committed; legal_commitment 489 100_000 C
    what the award has beyond the convention stays reserved
        AWARDED; convention 60_000, no bank_account
        => 489: 100_000 = 40_000 reserved + 60_000 committed; C on 489: 60_000 remaining;
           legal_commitment 489 60_000 C
    a second one does not take the place of one that bears its grant's reference
        AWARDED; convention 60_000, convention G, no bank_account;
        convention 40_000, no bank_account
        => 489: 100_000 committed; C on 489: 40_000 remaining; G on 489: 60_000 remaining;
           legal_commitment 489 40_000 C
    a line has one entry, whatever the number of instalments that pay it
        TWO_LINES; convention [A 30_000, B 40_000 on 490 + 30_000 on 489], no bank_account
        => 489 for C: 60_000 committed; 490 for C: 40_000 committed; legal_commitment 489 60_000 C;
           legal_commitment 490 40_000 C
    the convention asks a cent more than its award
        AWARDED; convention 100_001
        => refused exceeds_award: convention C, line 489, award_cents 100_000, asked_cents 100_001;
           489: 100_000 reserved; no entries
    its instalments exceed the award together, each line on its own
        TWO_LINES; convention [A 30_000, advance 30_001]
        => refused exceeds_award: convention C, line 489, award_cents 60_000, asked_cents 60_001;
           489: 60_000 reserved; 490: 40_000 reserved
    what one line has left does not pay for another
        TWO_LINES; convention [advance 1 on 489 + 40_001 on 490]
        => refused exceeds_award: convention C, line 490, award_cents 40_000, asked_cents 40_001;
           489: 60_000 reserved; 490: 40_000 reserved
    the convention pays on a line that its award does not have
        AWARDED; convention [advance 1 on 1978]
        => refused exceeds_award: convention C, line 1978, award_cents 0, asked_cents 1;
           489: 100_000 reserved
    two conventions share an award
        AWARDED; convention 60_000, no bank_account;
        convention 40_000, convention D, no bank_account
        => 489: 100_000 committed; C on 489: 60_000 remaining; D on 489: 40_000 remaining;
           legal_commitment 489 40_000 D
    the second convention asks more than the first has left
        AWARDED; convention 60_000, no bank_account;
        convention 40_001, convention D, no bank_account
        => refused exceeds_award: convention D, line 489, award_cents 40_000, asked_cents 40_001;
           489: 100_000 = 40_000 reserved + 60_000 committed; C on 489: 60_000 remaining
    the first convention left nothing
        AWARDED; convention, no bank_account; convention 1, convention D, no bank_account
        => refused exceeds_award: convention D, line 489, award_cents 0, asked_cents 1;
           489 for C: 100_000 committed
    a number that is known
        AWARDED; convention 60_000, no bank_account; convention 40_000, no bank_account, id again
        => refused convention_exists: convention C;
           489: 100_000 = 40_000 reserved + 60_000 committed; C on 489: 60_000 remaining
    a number that is known of another grant
        vote; award 60_000; award 40_000, grant H; convention 60_000, no bank_account;
        convention 40_000, grant H, no bank_account
        => refused convention_exists: convention C;
           489: 100_000 = 40_000 reserved + 60_000 committed; C on 489: 60_000 remaining
    the number of a refused convention is free
        AWARDED; convention 100_001, no bank_account; convention, no bank_account, id corrected
        => 489 for C: 100_000 committed
""")


OTHER_ACCOUNT_HOLDER = a_new_account(beneficiary=a_beneficiary(siret=OTHER_ESTABLISHMENT))

ACCOUNT_ROWS = read_rows("""
    the bank account came before the convention
        AWARDED; new account; convention, no bank_account
        => 489 for C: 100_000 ordered; C/advance issued 100_000
    the bank account comes after the convention
        AWARDED; convention, no bank_account; new account
        => 489 for C: 100_000 ordered; C/advance issued 100_000; no entries
    the bank account of another establishment is not the convention's
        AWARDED; convention, no bank_account; OTHER_ACCOUNT_HOLDER
        => 489 for C: 100_000 committed
    the account is that of the establishment that the convention names
        AWARDED;
        convention, beneficiary {name 'Lille Avenirs', siret '37887770800057'}, no bank_account;
        OTHER_ACCOUNT_HOLDER
        => 489 for C: 100_000 ordered; C/advance issued 100_000
    the account of a refused convention is not known
        AWARDED; convention 100_001; convention, no bank_account, id corrected
        => 489 for C: 100_000 committed
    a second convention brings the account that the first still waits for (rule 18)
        AWARDED; convention 60_000, no bank_account; convention 40_000, convention D
        => 489: 100_000 ordered; C on 489: 60_000 ordered; D on 489: 40_000 ordered;
           C/advance issued 60_000; D/advance issued 40_000
    the notification is a fact; nothing waits for it
        AWARDED; convention; notification
        => 489 for C: 100_000 ordered; C/advance issued 100_000
""")


@each_row(COMMITMENT_ROWS)
def test_rule_10_a_convention_commits_what_its_award_still_has(row: Row) -> None:
    check(row)


@each_row(ACCOUNT_ROWS)
def test_rule_12_the_account_may_come_with_before_or_after_the_convention(row: Row) -> None:
    check(row)


def test_rule_12_the_last_accepted_account_is_in_force_for_the_next_order() -> None:
    first, last = a_bank_account(), a_new_account()["data"]["bank_account"]
    schedule = [an_instalment(60_000), an_instalment(40_000, "rest", trigger="notification")]
    convention = a_convention(bank_account=first, instalments=schedule)
    scenario = check(
        Row(
            "the account changes between two orders",
            [*AWARDED, convention, a_new_account(), a_notification()],
            "489 for C: 100_000 ordered; C/advance issued 60_000; C/rest issued 40_000",
        )
    )
    issued = [change.issued for record in scenario.records for change in record.payment_orders]
    ibans = [each["bank_account"]["iban"] for each in issued if each is not None]
    assert [first["iban"], last["iban"]] == ibans


def signed_by(signatory: str | None = None, **beneficiary: str) -> Json:
    return a_convention(beneficiary=a_beneficiary(**beneficiary), signatory=signatory)


MARTIN, DAVID = "Martin DAVID-BROCHEN", "David MARTIN-BROCHEN"

NAME_ROWS = read_rows("""
    the convention names another body than the award
        AWARDED;
        convention, beneficiary {name 'Lille Avenirs', siret '21590350100017'}, signatory null
        => refused beneficiary_differs: award '37887770800040', convention '21590350100017';
           489: 100_000 reserved
    the convention names another establishment of the same body
        AWARDED;
        convention, beneficiary {name 'Lille Avenirs', siret '37887770800057'}, signatory null
        => flag name_differs: field siret, expected '37887770800040', found '37887770800057';
           489 for C: 100_000 ordered; C/advance issued 100_000
    the convention names the thousandth establishment: nine digits say which body it is
        AWARDED;
        convention, beneficiary {name 'Lille Avenirs', siret '37887770810007'}, signatory null
        => flag name_differs: field siret, expected '37887770800040', found '37887770810007';
           489 for C: 100_000 ordered; C/advance issued 100_000
    the convention spells the name another way
        AWARDED; signed_by, name Lille-Avenirs
        => flag name_differs: field name, expected 'Lille Avenirs', found Lille-Avenirs;
           489 for C: 100_000 ordered; C/advance issued 100_000
    capitals and spaces make no other name
        vote; award, beneficiary {name 'Lille Avenirs', siret '37887770800040',
        representative 'Martin DAVID-BROCHEN'}; signed_by, name ' LILLE   AVENIRS'
        => 489 for C: 100_000 ordered; C/advance issued 100_000
    the representative is David MARTIN-BROCHEN here, Martin DAVID-BROCHEN there
        vote; award, beneficiary {name 'Lille Avenirs', siret '37887770800040',
        representative 'David MARTIN-BROCHEN'}; convention, beneficiary {name 'Lille Avenirs',
        siret '37887770800040', representative 'Martin DAVID-BROCHEN'}, signatory null
        => flag name_differs: field representative, expected 'David MARTIN-BROCHEN',
           found 'Martin DAVID-BROCHEN'; 489 for C: 100_000 ordered; C/advance issued 100_000
    one act alone names the representative
        AWARDED; convention, beneficiary {name 'Lille Avenirs', siret '37887770800040',
        representative 'Martin DAVID-BROCHEN'}, signatory null
        => 489 for C: 100_000 ordered; C/advance issued 100_000
    the convention is signed by another than the representative that it names
        AWARDED; convention, beneficiary {name 'Lille Avenirs', siret '37887770800040',
        representative 'David MARTIN-BROCHEN'}, signatory 'Martin DAVID-BROCHEN'
        => flag name_differs: field signatory, expected 'David MARTIN-BROCHEN',
           found 'Martin DAVID-BROCHEN'; 489 for C: 100_000 ordered; C/advance issued 100_000
    the convention is signed by another than the representative whom the award names
        vote; award, beneficiary {name 'Lille Avenirs', siret '37887770800040',
        representative 'David MARTIN-BROCHEN'}; convention, signatory 'Martin DAVID-BROCHEN'
        => flag name_differs: field signatory, expected 'David MARTIN-BROCHEN',
           found 'Martin DAVID-BROCHEN'; 489 for C: 100_000 ordered; C/advance issued 100_000
    the convention is signed by its representative
        AWARDED; convention, beneficiary {name 'Lille Avenirs', siret '37887770800040',
        representative 'Martin DAVID-BROCHEN'}, signatory 'MARTIN DAVID-BROCHEN'
        => 489 for C: 100_000 ordered; C/advance issued 100_000
    the signatory is named, no representative is
        AWARDED; convention, signatory 'Martin DAVID-BROCHEN'
        => 489 for C: 100_000 ordered; C/advance issued 100_000
""")

LOMME, LILLE = "Conseil communal de Lomme", "Conseil municipal de Lille"
TWO_ACTS = [
    a_vote(),
    an_award(act=an_act("2023-04-12", LOMME, number="2023/40")),
    a_concurring_act(act=an_act("2023-04-13", LILLE)),
]


ACT_ROWS = read_rows("""
    the convention cites both acts of the grant by body and date
        TWO_ACTS; convention, acts [{body 'Conseil communal de Lomme', date 2023-04-12},
        {body 'Conseil municipal de Lille', date 2023-04-13}]
        => 489 for C: 100_000 ordered; C/advance issued 100_000
    the source's own case: 13 April is cited for both acts, Lomme's is of 12 April
        TWO_ACTS; convention, acts [{body 'Conseil communal de Lomme', date 2023-04-13,
        number 2023/40}, {body 'Conseil municipal de Lille', date 2023-04-13}]
        => flag act_not_found: grant G, act {body 'Conseil communal de Lomme', number 2023/40,
           date 2023-04-13}; 489 for C: 100_000 ordered; C/advance issued 100_000
    acts of another grant do not count, and each act not found is flagged
        vote 200_000; award;
        award, act {body 'Conseil municipal de Lille', date 2023-04-13}, grant H; convention,
        acts [{body 'Conseil municipal de Lille', date 2023-04-13},
        {body 'Conseil communal de Lomme', date 2023-04-12}]
        => flag act_not_found: grant G, act {body 'Conseil municipal de Lille', number null,
           date 2023-04-13}; flag act_not_found: grant G, act {body 'Conseil communal de Lomme',
           number null, date 2023-04-12}; 489: 200_000 = 100_000 reserved + 100_000 ordered;
           C on 489: 100_000 ordered; C/advance issued 100_000
""")


@each_row(NAME_ROWS)
def test_rule_11_another_body_is_refused_another_name_flagged(row: Row) -> None:
    check(row)


@each_row(ACT_ROWS)
def test_rule_10_an_act_that_the_grant_does_not_have_is_flagged(row: Row) -> None:
    check(row)


ROWS = [*COMMITMENT_ROWS, *ACCOUNT_ROWS, *NAME_ROWS, *ACT_ROWS]
