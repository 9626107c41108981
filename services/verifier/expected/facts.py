"""The facts that an accepted event leaves in the books, beside the money that it moves."""

from collections.abc import Callable, Mapping
from typing import Final

from services.verifier.expected import years
from services.verifier.expected.moves import is_revenue, move_amendment, share_recovered, sum_of
from services.verifier.findings import Code
from services.verifier.records import Json, drop_nulls
from services.verifier.state.books import Books
from services.verifier.state.grants import (
    Award,
    Convention,
    Grant,
    Recovery,
    award_alone,
    award_falls,
    document_of,
    schedule_of,
)
from services.verifier.state.lines import amounts_of


def learn(books: Books, kind: str, data: Json) -> None:
    """Apply what an event of this kind says beside its moves."""
    if kind in FACTS:
        FACTS[kind](books, data)
    elif kind in OF_CONVENTION and data["convention"] in books.conventions:
        OF_CONVENTION[kind](books, books.conventions[data["convention"]], data)


def _note_vote(books: Books, data: Json) -> None:
    if data["stage"] != "initial":
        return
    if books.level is not None:
        books.find(Code.NUMBER_TWICE, what=books.budget)
    books.level = data["vote_level"]
    books.credit = books.credit_again()


def _note_deliberation(books: Books, data: Json) -> None:
    grant = books.grants.setdefault(data["grant"], Grant())
    act = drop_nulls(data["act"])
    if act not in grant.acts:
        grant.acts.append(act)
    if data["role"] != "award":
        return
    if grant.award is not None:
        books.find(Code.NUMBER_TWICE, what=data["grant"])
    alone, lines = data.get("requires_convention") is False, amounts_of(data["lines"])
    body, year = drop_nulls(data["beneficiary"]), data.get("conditions_year")
    grant.award = Award(act, data["title"], body, alone, year, lines)
    books.awarded[grant.award.siret] += sum(lines.values())
    if grant.stands_alone:
        books.open(data["grant"], award_alone(data))


def _note_withdrawal(books: Books, data: Json) -> None:
    grant = books.grants[data["grant"]]
    if not award_falls(grant, data):
        return
    grant.withdrawn = True
    award = grant.awarded
    books.awarded[award.siret] -= sum(award.lines.values()) - award.carried_cents
    for convention in books.conventions.values():
        if convention.grant == data["grant"]:
            convention.state = "ended"


def _note_signature(books: Books, data: Json) -> None:
    body, schedule = drop_nulls(data["beneficiary"]), schedule_of(data["instalments"])
    obligations = drop_nulls(data.get("obligations") or [])
    named = (data["grant"], body, data["signed_on"], schedule)
    convention = Convention(*named, obligations=obligations)
    if books.alone(data["grant"]) is not None:
        _take_over(books, data["convention"], convention, data["grant"])
    _account(books, data)
    books.open(data["convention"], convention)


def _take_over(books: Books, name: str, convention: Convention, replaced: str) -> None:
    """Give the convention what its grant had and what its orders hold (rules, 13)."""
    alone = books.conventions.pop(replaced)
    drawn = books.is_drawn(alone)
    convention.formerly, convention.is_for_rest = replaced, drawn
    held = {f"{replaced}/{key}": one for key, one in alone.schedule.items() if books.is_held(one)}
    convention.schedule = held | convention.schedule
    convention.shares, convention.state = alone.shares, alone.state
    convention.notified_on, convention.earlier = alone.notified_on, alone.earlier
    convention.received, convention.costs = alone.received, alone.costs
    convention.rejected = alone.rejected
    convention.recoveries = alone.recoveries
    for order in books.orders.values() if drawn else ():
        if order.holder == replaced:
            order.holder, order.key = name, f"{replaced}/{order.instalment}"


def _account(books: Books, data: Json) -> None:
    if data.get("bank_account") is not None:
        books.accounts[data["beneficiary"]["siret"]] = drop_nulls(data["bank_account"])


def _note_notification(books: Books, data: Json) -> None:
    convention = books.conventions[data["convention"]]
    convention.notified_on = convention.notified_on or data["notified_on"]


def _report_received(books: Books, data: Json) -> None:
    convention, key = books.conventions[data["convention"]], document_of(data["document"])
    convention.received.setdefault(key, data["received_on"])
    convention.rejected.pop(key, None)
    cost = data.get("eligible_cost_cents")
    if cost is not None:
        convention.costs[key] = (books.place.sequence, cost)


def _report_rejected(_books: Books, convention: Convention, data: Json) -> None:
    key = document_of(data["document"])
    convention.rejected.setdefault(key)
    convention.received.pop(key, None)
    convention.costs.pop(key, None)


def _becomes(state: str) -> Callable[[Books, Convention, Json], None]:
    def rule(_books: Books, convention: Convention, _data: Json) -> None:
        convention.state = state

    return rule


def _note_amendment(books: Books, convention: Convention, data: Json) -> None:
    """The new schedule behind what an order holds; counts of orders are never lost."""
    if data.get("act") is not None:
        _raise_award(books, convention, data)
    for name in books.not_held(convention):
        gone = convention.schedule.pop(name)
        if gone.orders and "/" not in name:
            convention.counts[name] = gone.orders
    for name, planned in schedule_of(data["instalments"]).items():
        if name in convention.schedule:
            books.find(Code.NUMBER_TWICE, what=f"{data['convention']}/{name}")
        planned.signed_on = data["signed_on"]
        planned.orders = planned.orders_before = convention.counts.pop(name, 0)
        convention.schedule[name] = planned


def _raise_award(books: Books, convention: Convention, data: Json) -> None:
    """The act that an amendment cites raises the award to what then lives of it."""
    grant, act = books.grants[convention.grant], drop_nulls(data["act"])
    if act not in grant.acts:
        grant.acts.append(act)
    award = grant.awarded
    for (line, _, _, origin, _), cents in move_amendment(books, convention, data).items():
        if origin == "available":
            live = books.live_cents(convention.grant, line) + cents
            more = max(0, live - award.lines.get(line, 0))
            award.lines[line] = award.lines.get(line, 0) + more
            books.awarded[award.siret] += more


def _recovery_ordered(books: Books, convention: Convention, data: Json) -> None:
    recovery = convention.recoveries.setdefault(data["recovery"], Recovery())
    recovery.ordered += sum_of(data)
    for line, cents in amounts_of(data.get("lines") or ()).items():
        recovery.back[line].recovered += cents
    _prove_recoveries(books, convention, data)


def _recovery_collected(books: Books, convention: Convention, data: Json) -> None:
    recovery, came = convention.recoveries[data["recovery"]], share_recovered(data, convention)
    recovery.collected += sum_of(data)
    for line, cents in came.items():
        recovery.back[line].came += cents
        recovery.back[line].revenue += cents if is_revenue(books, data) else 0
    _prove_recoveries(books, convention, data)


def _prove_recoveries(books: Books, convention: Convention, data: Json) -> None:
    """Prove that nothing comes back that was not asked back."""
    for number, each in convention.recoveries.items():
        left = each.ordered - each.collected
        if left < 0:
            books.find(Code.BELOW_ZERO, what=f"{data['convention']}, {number}", cents=left)


FACTS: Final[Mapping[str, Callable[[Books, Json], None]]] = {
    "budget.voted": _note_vote,
    "deliberation.adopted": _note_deliberation,
    "deliberation.withdrawn": _note_withdrawal,
    "convention.signed": _note_signature,
    "convention.notified": _note_notification,
    "report.received": _report_received,
    "bank-account.changed": _account,
    "fiscal-year.closed": years.learn_closed,
    "fiscal-year.opened": years.learn_opened,
}
OF_CONVENTION: Final[Mapping[str, Callable[[Books, Convention, Json], None]]] = {
    "convention.amended": _note_amendment,
    "convention.suspended": _becomes("suspended"),
    "convention.resumed": _becomes("in_force"),
    "convention.terminated": _becomes("ended"),
    "report.rejected": _report_rejected,
    "recovery.ordered": _recovery_ordered,
    "recovery.collected": _recovery_collected,
}
"""What a type changes; the facts of orders are applied where they are proved (`accepted`)."""
