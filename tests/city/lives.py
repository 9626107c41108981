"""Lives of grants, from award to last report: each has one turn that a grants office knows."""

from datetime import timedelta

from tests.builders import (
    Json,
    a_concurring_act,
    a_notification,
    a_recovery,
    a_reduction,
    a_rejected_report,
    a_report,
    a_resumption,
    a_review,
    a_suspension,
    a_termination,
    a_withdrawal,
    a_withdrawn_event,
    an_acknowledgement,
    an_act,
    an_amendment,
    encoded,
)
from tests.city.city import (
    ANNEX,
    CLOSED,
    DEAD_LETTER,
    DUPLICATE,
    SESSION,
    TODAY,
    WITHDRAWN,
    Grant,
    on_lines,
    planned,
    total,
)

ACCOUNTS, ACTIVITY, FINANCIAL = "certified_accounts", "activity_report", "financial_report"


def ordinary(grant: Grant) -> None:
    """One to four instalments, all paid; the report comes in time, late or never."""
    of = grant.number % 4 + 1
    grant.award()
    if of > 2:
        said: Json = {"grant": grant.reference, "beneficiary": grant.association.beneficiary}
        act = an_act(str(grant.day(4, 9)), body="Conseil de quartier")
        grant.tell(grant.day(4, 9), a_concurring_act(budget=grant.budget, act=act, **said))
    ways = [
        ("acompte", "signature", ()),
        ("notifié", "notification", ()),
        ("solde", "reports", ((ACCOUNTS, grant.year - 1),)),
        ("bilan", "reports", ((ACTIVITY, grant.year),)),
    ]
    schedule = [
        planned(name, grant.part(place, of), trigger, *documents)
        for place, (name, trigger, documents) in enumerate(ways[:of], 1)
    ]
    signed, notified, counted, reported = (grant.day(month, 20) for month in (4, 5, 8, 10))
    grant.sign(signed, *schedule)
    grant.say(notified, a_notification, "notified_on")
    for days, (name, *_), instalment in zip(
        (signed, notified, counted, reported), ways, schedule, strict=False
    ):
        if name == "solde":
            grant.report(counted, ACCOUNTS, grant.year - 1, eligible_cost_cents=grant.cents * 2)
        if name == "bilan":
            grant.report(reported, ACTIVITY, grant.year)
        grant.pay(name, total(instalment["lines"]), days, parts=1 + grant.number % 2)
    hand_in_the_report(grant)


def hand_in_the_report(grant: Grant) -> None:
    """In time, late, or never: of a closed year, and so long after it was closed."""
    month = grant.city.chance.choice((5, 9, None, None))
    if month is not None and grant.year in CLOSED:
        grant.report(grant.day(month, 14, 1), FINANCIAL, grant.year)


def without_convention(grant: Grant) -> None:
    """A small grant that stands alone; its account is known from another paper."""
    grant = grant.alone()
    grant.new_account(grant.day(3, 3))
    grant.award(requires_convention=False)
    grant.pay("1", grant.cents, grant.day(*SESSION))


def rejected_order(grant: Grant) -> None:
    """The bank sends the money back; new bank details issue the order again."""
    grant.award()
    order = grant.sign_for_one_order(grant.day(5, 4))
    grant.acknowledge(order, "taken_in_charge", grant.day(5, 8))
    reason = {"code": "09", "label": "Coordonnées bancaires erronées"}
    grant.acknowledge(order, "rejected", grant.day(5, 19), reason=reason)
    grant.city.orders[grant.budget, order] = ("rejected", grant.cents, 0)
    grant.new_account(grant.day(6, 2), change=1)
    grant.pay("unique/2", grant.cents, grant.day(6, 3))
    hand_in_the_report(grant)


def rejected_for_good(grant: Grant) -> None:
    """The order is rejected, and nobody brings new bank details."""
    grant.award()
    order = grant.sign_for_one_order(grant.day(9, 4))
    grant.acknowledge(order, "rejected", grant.day(9, 19))
    grant.city.orders[grant.budget, order] = ("rejected", grant.cents, 0)


def on_hold(grant: Grant) -> None:
    """The accountant waits for a paper, then takes the order in charge."""
    grant.award()
    order = grant.sign_for_one_order(grant.day(5, 11))
    reason = {"code": "03", "label": "Pièce manquante"}
    grant.acknowledge(order, "on_hold", grant.day(5, 20), reason=reason)
    grant.pay("unique", grant.cents, grant.day(6, 22), parts=3)
    hand_in_the_report(grant)


def suspended(grant: Grant) -> None:
    """Nothing is ordered while the convention is suspended."""
    grant.award()
    grant.sign(grant.day(5, 6), planned("bilan", grant.part(1, 1), "reports", (ACTIVITY, 2023)))
    said: Json = {"reason": "Dissolution annoncée"}
    grant.say(grant.day(5, 30), a_suspension, "effective_on", **said)
    grant.report(grant.day(6, 8), ACTIVITY, 2023)
    grant.say(grant.day(7, 1), a_resumption, "effective_on", **said)
    grant.tell(grant.day(7, 2), a_resumption(**grant.of(), **said), "wrong_state")
    grant.pay("bilan", grant.cents, grant.day(7, 3))


def terminated(grant: Grant) -> None:
    """The rest is given up; what was paid goes on to owe its report."""
    grant.award()
    half = grant.part(1, 2)
    grant.sign(
        grant.day(4, 28),
        planned("acompte", half, "signature"),
        planned("solde", grant.part(2, 2), "reports", (ACTIVITY, grant.year)),
    )
    grant.pay("acompte", total(half), grant.day(4, 28))
    grant.say(grant.day(9, 15), a_termination, "effective_on")
    grant.report(grant.day(10, 15), ACTIVITY, grant.year)


def withdrawn(grant: Grant) -> None:
    """The award falls before anything was paid."""
    grant.award()
    grant.sign(grant.day(4, 30), planned("notifié", grant.part(1, 1), "notification"), owes=False)
    act = an_act(str(grant.day(*SESSION)))
    grant.tell(grant.day(6, 11), a_withdrawal(budget=grant.budget, grant=grant.reference, act=act))


def reduced(grant: Grant) -> None:
    """The association asks for less than was promised."""
    grant.award()
    documents = ((ACTIVITY, grant.year - 1),)
    grant.sign(grant.day(5, 2), planned("bilan", grant.part(1, 1), "reports", *documents))
    less = dict.fromkeys(grant.shares, 10007)
    grant.tell(grant.day(6, 5), a_reduction(**grant.of(lines=on_lines(less))))
    grant.report(grant.day(7, 7), ACTIVITY, grant.year - 1)
    grant.pay("bilan", grant.cents - sum(less.values()), grant.day(7, 7))


def paid_back(grant: Grant) -> None:
    """Accounts show lower costs than the advance: a part is asked back by line, a part in all.

    What comes back in the next year is revenue: the closed budget stays as it was.
    """
    grant.award()
    half = grant.part(1, 2)
    grant.sign(
        grant.day(4, 22),
        planned("acompte", half, "signature"),
        planned("solde", grant.part(2, 2), "reports", (ACCOUNTS, grant.year - 1)),
    )
    grant.pay("acompte", total(half), grant.day(4, 22))
    grant.report(
        grant.day(8, 19), ACCOUNTS, grant.year - 1, eligible_cost_cents=total(half) - 50_000
    )
    by_line = {"lines": on_lines({next(iter(grant.shares)): 20_000})}
    for recovery, said, back_on in (
        ("L", by_line, grant.day(10, 10)),
        ("S", {"amount_cents": 30_000}, grant.day(3, 3, 1)),
    ):
        facts = grant.of(**said, recovery=f"T-{grant.number}-{recovery}")
        grant.tell(grant.day(9, 9), a_recovery(**facts, on=str(grant.day(9, 9))))
        if back_on <= TODAY:
            grant.tell(back_on, a_recovery(verb="collected", **facts, on=str(back_on)))
    grant.city.paid_cents[grant.budget] -= 20_000
    hand_in_the_report(grant)


def amended(grant: Grant) -> None:
    """The council raises the grant; the rest is planned anew."""
    grant.award()
    half, more = grant.part(1, 2), grant.part(2, 2)
    grant.sign(
        grant.day(4, 25),
        planned("acompte", half, "signature"),
        planned("solde", more, "notification"),
    )
    grant.pay("acompte", total(half), grant.day(4, 25))
    signed = grant.day(7, 9)
    raised = [each | {"amount_cents": each["amount_cents"] + 12_345} for each in more]
    said: Json = {"signed_on": str(signed), "act": an_act(str(grant.day(6, 25)))}
    plan = [planned("solde", raised, "signature")]
    grant.tell(signed, an_amendment(**grant.of(**said, instalments=plan)))
    grant.pay("solde", total(raised), signed)
    hand_in_the_report(grant)


def carried_over(grant: Grant, years: int = 1) -> None:
    """The balance waits for a report that comes in the next year, or the one after it."""
    grant.award()
    half, rest = grant.part(1, 2), grant.part(2, 2)
    grant.sign(
        grant.day(9, 30),
        planned("acompte", half, "signature"),
        planned("solde", rest, "reports", (ACTIVITY, grant.year)),
    )
    grant.pay("acompte", total(half), grant.day(9, 30))
    first, of_year = grant, grant.year
    for _ in range(years):
        if grant.year not in CLOSED:
            return
        city, goes_on = grant.city, grant.next_year()
        city.carried_cents[grant.budget, grant.convention] = total(rest)
        city.conventions.add((goes_on.budget, goes_on.convention))
        for document in [
            each for each in city.owed if each[:2] == (grant.budget, grant.convention)
        ]:
            city.owed[document._replace(budget=goes_on.budget)] = city.owed.pop(document)
        grant = goes_on
    came = grant.day(3, 17)
    # To the budget that is closed: refused with the one where it goes on.
    first.report(came - timedelta(days=1), ACTIVITY, of_year, "fiscal_year_closed")
    grant.report(came, ACTIVITY, of_year)
    grant.pay("solde", total(rest), came)
    if grant.number % 2:
        grant.report(grant.day(6, 20), FINANCIAL, of_year)


def carried_twice(grant: Grant) -> None:
    carried_over(grant, years=2)


def paid_after_the_closing(grant: Grant) -> None:
    """Taken in charge before the year is closed, and paid behind it; reports come at both times."""
    grant.award()
    order = grant.sign_for_one_order(grant.day(11, 20))
    grant.acknowledge(order, "taken_in_charge", grant.day(11, 27))
    grant.city.orders[grant.budget, order] = ("taken_in_charge", grant.cents, 0)
    if grant.year in CLOSED:
        grant.report(grant.day(2, 14, 1), FINANCIAL, grant.year)
        reason = "Comptes non signés"
        document = {"kind": FINANCIAL, "year": grant.year}
        rejected = a_rejected_report(**grant.of(document=document, reason=reason))
        grant.tell(grant.day(2, 25, 1), rejected)
        grant.owe(grant.day(6, 30, 1))
        grant.send_money(order, grant.cents, grant.day(3, 9, 1))
        grant.city.orders[grant.budget, order] = ("paid", grant.cents, grant.cents)
        if grant.section != ANNEX:
            grant.report(grant.day(7, 14, 1), FINANCIAL, grant.year)


def for_the_rest(grant: Grant) -> None:
    """Two grants take a body above the limit: the second half waits for a convention."""
    first, rest = grant.part(1, 2), grant.part(2, 2)
    alone = grant.alone()
    alone.new_account(grant.day(3, 6))
    documents = ((ACTIVITY, grant.year - 1),)
    plan = [planned("1", first, "signature"), planned("2", rest, "reports", *documents)]
    alone.award(requires_convention=False, instalments=plan)
    alone.pay("1", total(first), grant.day(*SESSION))
    other = {"grant": f"{grant.reference}-B", "title": "Équipement"}
    grant.award(**other)
    alone.report(grant.day(5, 5), ACTIVITY, grant.year - 1)
    signed = grant.day(6, 1)
    grant.city.conventions.discard((alone.budget, alone.convention))
    own = planned("reste", rest, "signature")
    grant.sign(signed, own, owes=False)
    grant.pay("reste", total(rest), signed)
    facts: Json = {"budget": grant.budget, "convention": alone.convention, "amount_cents": 5_000}
    for verb, month in (("ordered", 9), ("collected", 10)):
        day = grant.day(month, 1)
        said = facts | {"recovery": f"T-{grant.number}", "on": str(day)}
        grant.tell(day, a_recovery(verb=verb, **said))
    grant.city.paid_cents[grant.budget] -= 5_000


def never_paid(grant: Grant) -> None:
    """This year's order stays with the accountant; in years before it was paid in time."""
    grant.award()
    signed = grant.day(7, 20)
    grant.sign_for_one_order(signed)
    if grant.year in CLOSED:
        grant.pay("unique", grant.cents, signed)
        hand_in_the_report(grant)
    else:
        grant.leave_open("unique", grant.cents, signed)


def out_of_order(grant: Grant) -> None:
    """The convention arrives before the award, its notification before both: they wait."""
    grant.say(grant.day(3, 20), a_notification, "notified_on")
    grant.sign(grant.day(3, 25), planned("notifié", grant.part(1, 1), "notification"))
    grant.award()
    grant.pay("notifié", grant.cents, grant.day(*SESSION))
    hand_in_the_report(grant)


def mistakes(grant: Grant) -> None:
    """What a grants office sends that cannot be: refused, parked, repeated or unreadable."""
    city, day = grant.city, grant.day(6, 15)
    grant.award()
    grant.award("grant_already_awarded")
    everything = dict.fromkeys(grant.shares, 10**12)
    grant.award("insufficient_credit", grant="SUB-TOO-LARGE", lines=on_lines(everything))
    plan = planned("unique", grant.part(1, 1), "signature")
    grant.sign(day, planned("unique", on_lines(everything), "signature"), outcome="exceeds_award")
    grant.sign(day, plan)
    grant.sign(day, plan, outcome="convention_exists")
    grant.pay("unique", grant.cents, day)
    paid = city.said[-1].event
    hold = an_acknowledgement("on_hold", f"{grant.convention}/unique", budget=grant.budget)
    grant.tell(grant.day(7, 20), hold, "payment_order_closed")
    city.repeat(grant.day(7, 21), paid, DUPLICATE)
    assert isinstance(paid, dict)
    other = paid | {"data": paid["data"] | {"amount_cents": 1}}
    city.repeat(grant.day(7, 22), other, "event_id_reused")
    misspelt = grant.convention.replace("0", "O", 1)
    closed = "fiscal_year_closed" if grant.year in CLOSED else "dependency_missing"
    grant.report(grant.day(9, 1), ACTIVITY, grant.year, closed, convention=misspelt)
    day = grant.day(9, 6)
    waits = a_report(**grant.of(convention=f"{misspelt}-bis", received_on=str(day)))
    city.say(day, waits, WITHDRAWN)
    reference = {name: waits[name] for name in ("source", "id")}
    grant.tell(grant.day(9, 8), a_withdrawn_event(budget=grant.budget, event=reference))
    in_euros = paid | {"data": paid["data"] | {"amount_cents": 10.5}}
    city.say(grant.day(9, 2), encoded(in_euros), DEAD_LETTER)
    city.say(grant.day(9, 3), b'{"specversion":"1.0","id":', DEAD_LETTER)
    city.say(grant.day(9, 4), encoded(other).replace(b"executed_on", b"executed"), DEAD_LETTER)
    seen: Json = {"budget": grant.budget, "reviewed_on": str(grant.day(9, 9))}
    grant.tell(grant.day(9, 9), a_review(2, **seen, _source="urn:test"))
    hand_in_the_report(grant)
