"""Life-cycle events of a grant: amended, suspended, ended, recovered (rules, 15 to 27)."""

from typing import Final

from services.verifier import expected_moves as ask
from services.verifier.expected_moves import Moves
from services.verifier.findings import Code
from services.verifier.grants import OPEN, Convention, falls_with, schedule_of
from services.verifier.ledger_state import Books
from services.verifier.lines import Json, amounts_of
from services.verifier.records import without_nulls
from services.verifier.recoveries import Back, Recovery

STATES: Final = {
    "convention.suspended": "suspended",
    "convention.resumed": "in_force",
    "convention.terminated": "ended",
}


def asked(books: Books, kind: str, data: Json) -> Moves:
    """Moves of a life-cycle event."""
    convention = books.conventions.get(data.get("convention", ""))
    if convention is None:
        return {}
    match kind:
        case "convention.amended":
            return ask.amended(data, convention, books.reserved)
        case "convention.terminated":
            return ask.ended(data["convention"], convention, books.reserved)
        case "commitment.reduced":
            return ask.reduced(data, convention, _waiting(books, convention))
        case "recovery.collected" if not _is_revenue(books, data):
            return ask.collected(data, convention)
        case _:
            return {}


def withdrawn(books: Books, data: Json) -> tuple[Moves, list[str]]:
    """Moves and cancelled orders of a withdrawn or annulled act (rules, 17)."""
    grant = books.grants[data["grant"]]
    if grant.withdrawn:
        books.find(Code.NUMBER_TWICE, what=data["grant"])
    if not _award_falls(books, data):
        return {}, []
    moves, cancelled = ask.unreserved(data["grant"], books.reserved), []
    for name, convention in books.conventions.items():
        if convention.grant != data["grant"]:
            continue
        moves |= ask.ended(name, convention, {})
        for instalment in convention.schedule.values():
            order = books.orders.get(instalment.order or "")
            if order is not None and order.state in OPEN:
                moves |= ask.rejected(order, ended=True)
                order.state = "cancelled"
                cancelled.append(instalment.order or "")
    return moves, cancelled


def learn(books: Books, kind: str, data: Json) -> None:
    """Apply the facts of a life-cycle event beside its moves."""
    if kind == "deliberation.withdrawn":
        _withdraw(books, data)
        return
    convention = books.conventions.get(data.get("convention", ""))
    if convention is None:
        return
    match kind:
        case "convention.suspended" | "convention.resumed" | "convention.terminated":
            convention.state = STATES[kind]
        case "convention.amended":
            _raise_award(books, data, convention)
            _amend(books, data, convention)
        case "report.rejected":
            key = (data["document"]["kind"], data["document"]["year"])
            convention.received.pop(key, None)
            convention.costs.pop(key, None)
        case "recovery.ordered":
            known = convention.recoveries.setdefault(data["recovery"], Recovery())
            known.ordered += ask.sum_of(data)
            for line, cents in amounts_of(data.get("lines") or ()).items():
                known.back.setdefault(line, Back()).named += cents
            _prove_recoveries(books, data["convention"], convention)
        case "recovery.collected":
            known = convention.recoveries[data["recovery"]]
            known.collected += ask.sum_of(data)
            revenue = _is_revenue(books, data)
            for line, cents in ask.came_back(data, convention).items():
                back = known.back.setdefault(line, Back())
                back.came += cents
                back.revenue += cents if revenue else 0
            _prove_recoveries(books, data["convention"], convention)
        case _:
            return


def _waiting(books: Books, convention: Convention) -> list[str]:
    """The instalments that no order holds."""
    return [name for name, each in convention.schedule.items() if not books.is_held(each)]


def _is_revenue(books: Books, data: Json) -> bool:
    """Return whether money came after the budget's year or its closing (rules, 31)."""
    return books.closed or int(data["on"][:4]) > int(books.budget[-4:])


def _award_falls(books: Books, data: Json) -> bool:
    """Not where the act is known as another, be the award there or not (rules, 17)."""
    grant = books.grants[data["grant"]]
    fallen = falls_with(grant, without_nulls(data["act"]))
    return fallen is None or (grant.award is not None and fallen == grant.award.act)


def _withdraw(books: Books, data: Json) -> None:
    if not _award_falls(books, data):
        return
    grant = books.grants[data["grant"]]
    grant.withdrawn = True
    award = grant.awarded
    books.awarded[award.siret] -= sum(award.lines.values()) - award.carried_cents
    for convention in books.conventions.values():
        if convention.grant == data["grant"]:
            convention.state = "ended"


def _raise_award(books: Books, data: Json, convention: Convention) -> None:
    """The act that an amendment cites raises the award to what then lives of it."""
    if data.get("act") is None:
        return
    grant, act = books.grants[convention.grant], without_nulls(data["act"])
    if act not in grant.acts:
        grant.acts.append(act)
    award = grant.awarded
    for (line, _, _, origin, _), cents in ask.amended(data, convention, books.reserved).items():
        if origin != "available":
            continue
        live = books.live_cents(convention.grant, line) + cents
        more = max(0, live - award.lines.get(line, 0))
        award.lines[line] = award.lines.get(line, 0) + more
        books.awarded[award.siret] += more


def _amend(books: Books, data: Json, convention: Convention) -> None:
    """The new schedule behind what an order holds; counts of orders are never lost."""
    for name in _waiting(books, convention):
        gone = convention.schedule.pop(name)
        if gone.orders and "/" not in name:
            convention.counts[name] = gone.orders
    for name, planned in schedule_of(data["instalments"]).items():
        if name in convention.schedule:
            books.find(Code.NUMBER_TWICE, what=f"{data['convention']}/{name}")
        planned.signed_on = data["signed_on"]
        planned.orders = convention.counts.pop(name, 0)
        convention.schedule[name] = planned


def _prove_recoveries(books: Books, name: str, convention: Convention) -> None:
    """Nothing comes back that was not asked back."""
    for number, each in convention.recoveries.items():
        left = each.ordered - each.collected
        if left < 0:
            books.find(Code.BELOW_ZERO, what=f"{name}, {number}", cents=left)
