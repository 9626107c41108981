"""What an accepted event says beside the money that it moves, as rows. Pure: it copies.

What must be known of the ledger's ways: an award without convention stands under its grant's
reference, and a signature renames it (rules, 13); an internal event brings a convention with all it
had, under the name that its moves bear, and to a grant that was withdrawn a withdrawn one (rules,
32).
"""

from typing import Final

from events.budgets import BudgetVoted, CreditsTransferred
from events.conventions import (
    ConventionAmended,
    ConventionNotified,
    ConventionResumed,
    ConventionSigned,
    ConventionSuspended,
    ConventionTerminated,
)
from events.deliberations import DeliberationAdopted, DeliberationWithdrawn
from events.fiscal_years import FiscalYearClosed, FiscalYearOpened
from events.journal import Act, Beneficiary, Event, EventData, Record, required
from events.payments import BankAccountChanged, PaymentExecuted
from events.recoveries import RecoveryCollected, RecoveryOrdered
from events.reports import ReportReceived, ReportRejected
from services.projector import schedules
from services.projector.changes import Changes, Members, Renamed, Replanned, Withdrawn
from services.projector.column_values import day_of

CONCURRING_FELL: Final = "concurring_act_withdrawn"
"""The flag of a withdrawal under which the award stands (rules, 17)."""

TURNS: Final = {
    ConventionSuspended.TYPE: "suspended",
    ConventionResumed.TYPE: "in_force",
    ConventionTerminated.TYPE: "terminated",
}
STEPS: Final = {RecoveryOrdered.TYPE: "ordered", RecoveryCollected.TYPE: "collected"}

Alone = dict[str, set[str]]
"""Grants that stand without convention, by their budgets."""


def learn(changes: Changes, record: Record, event: Event, alone: Alone) -> None:
    """Keep what the event of an accepted record says."""
    said, budget, sequence = event.data, record.budget, record.sequence
    match event.type:
        case BudgetVoted.TYPE:
            _voted(changes, record, said)
        case CreditsTransferred.TYPE:
            _act(changes, record, "transfer", said.act)
        case DeliberationAdopted.TYPE:
            _adopted(changes, record, said, alone)
        case DeliberationWithdrawn.TYPE:
            _withdrawn(changes, record, event)
        case ConventionSigned.TYPE:
            _signed(changes, record, said, alone)
        case ConventionNotified.TYPE:
            notified = {"notified_on": said.notified_on}
            changes.patch("conventions", (budget, _convention(said)), notified)
        case ConventionAmended.TYPE:
            _amended(changes, record, said)
        case ConventionSuspended.TYPE | ConventionResumed.TYPE | ConventionTerminated.TYPE:
            turn = {
                "state": TURNS[event.type],
                "effective_on": said.effective_on,
                "reason": said.reason,
            }
            changes.patch("conventions", (budget, _convention(said)), turn)
        case ReportReceived.TYPE:
            schedules.receive(changes, budget, sequence, said)
        case ReportRejected.TYPE:
            schedules.reject(changes, budget, sequence, said)
        case BankAccountChanged.TYPE:
            _account(changes, record, said)
        case PaymentExecuted.TYPE:
            paid = (said.payment_order, said.amount_cents, said.executed_on, said.bank_reference)
            changes.append("payments", budget, sequence, *paid)
        case RecoveryOrdered.TYPE | RecoveryCollected.TYPE:
            _recovery(changes, record, said, STEPS[event.type])
        case FiscalYearClosed.TYPE:
            changes.put["budgets"][(budget,)]["closed_on"] = said.closed_on
            alone.pop(budget, None)  # In a closed year nothing is signed.
        case FiscalYearOpened.TYPE:
            _opened(changes, record, said, alone)
        case _:
            pass  # Moves and orders, in the record, say it all.


def _convention(said: EventData) -> str:
    return required(said.convention, "convention")


def _grant(said: EventData) -> str:
    return required(said.grant, "grant")


def _named(beneficiary: Beneficiary | None) -> Members:
    assert beneficiary is not None, "the event names a beneficiary"
    return {
        "beneficiary": beneficiary.name,
        "siret": beneficiary.siret,
        "representative": beneficiary.representative,
    }


def _act(changes: Changes, record: Record, role: str, act: Act | None, item: int = 1) -> None:
    """A decision that the event rests on, where it names one."""
    if act is None or record.event is None:
        return
    said = record.event.data
    names = (said.grant, record.convention, *act.row, said.title)
    changes.append("acts", record.budget, record.sequence, item, role, *names)


def _voted(changes: Changes, record: Record, said: EventData) -> None:
    _act(changes, record, "vote", said.act)
    if said.vote_level is not None:
        assert said.act is not None, "a vote is an act"
        voted = {"vote_level": said.vote_level, "voted_on": said.act.day}
        changes.put["budgets"][record.budget,].update(voted)


def _adopted(changes: Changes, record: Record, said: EventData, alone: Alone) -> None:
    budget, grant = record.budget, _grant(said)
    awarded = said.role == "award"
    _act(changes, record, said.role or "", said.act)
    assert said.act is not None, "a deliberation is an act"
    body, number, day = said.act.row
    members = {
        "state": "awarded" if awarded else "announced",
        "title": said.title,
        **_named(said.beneficiary),
        "requires_convention": said.requires_convention is not False if awarded else None,
        "conditions_year": said.conditions_year,
        "act_body": body if awarded else None,
        "act_number": number if awarded else None,
        "act_on": day if awarded else None,
        "awarded_cents": sum(each.amount_cents for each in said.lines or ()),
        "withdrawn_on": None,
        "withdrawn_cause": None,
        "carried_from": None,
        "sequence": record.sequence,
    }
    changes.offer("grants", (budget, grant), members)
    if not awarded:
        return
    for each in said.lines or ():
        key = (budget, grant, *each.line.codes)
        changes.put_row("grant_lines", key, schedules.amount(each))
    if said.requires_convention is False:
        alone.setdefault(budget, set()).add(grant)
        own = _convention_row(said, record.sequence) | {"stands_alone": True, "signed_on": day}
        changes.put_row("conventions", (budget, grant), own)
        schedules.plan(changes, budget, grant, record.sequence, schedules.of_award(said))


def _withdrawn(changes: Changes, record: Record, event: Event) -> None:
    said, grant = event.data, _grant(event.data)
    _act(changes, record, "withdrawal", said.act)
    if any(flag.code == CONCURRING_FELL for flag in record.review_flags or ()):
        return
    fell = {"state": "withdrawn", "withdrawn_on": day_of(event), "withdrawn_cause": said.cause}
    changes.patch("grants", (record.budget, grant), fell)
    changes.withdrawn.append(Withdrawn(record.budget, grant, record.sequence))


def _convention_row(said: EventData, sequence: int) -> Members:
    """All columns of a convention that was signed, or of what stands in the place of one."""
    return {
        "grant_ref": said.grant,
        "stands_alone": said.stands_alone,
        "state": "in_force",
        **_named(said.beneficiary),
        "signatory": said.signatory,
        "signed_on": said.signed_on,
        "starts_on": said.starts_on,
        "ends_on": said.ends_on,
        "notified_on": said.notified_on,
        "effective_on": None,
        "reason": None,
        "carried_from": said.closed_budget,
        "continues": None,
        "sequence": sequence,
    }


KEPT: Final = ("state", "notified_on", "effective_on", "reason", "carried_from")
"""What a convention takes over from the grant that stood alone."""


def _signed(changes: Changes, record: Record, said: EventData, alone: Alone) -> None:
    budget, grant, convention = record.budget, _grant(said), _convention(said)
    row = _convention_row(said, record.sequence)
    if grant in alone.get(budget, ()):
        alone[budget].discard(grant)
        own = {name: value for name, value in row.items() if name not in KEPT}
        changes.rename(Renamed(budget, grant, convention), own | {"continues": grant})
    else:
        changes.put_row("conventions", (budget, convention), row)
    if said.bank_account is not None:
        _account(changes, record, said)
    schedules.plan(changes, budget, convention, record.sequence, said.instalments or ())
    schedules.oblige(changes, budget, convention, said.obligations or ())


def _amended(changes: Changes, record: Record, said: EventData) -> None:
    budget, sequence, convention = record.budget, record.sequence, _convention(said)
    _act(changes, record, "amendment", said.act)
    amendment = said.amendment or ""
    planned = said.instalments or ()
    schedules.plan(changes, budget, convention, sequence, planned, amendment)
    changes.replanned.append(Replanned(budget, convention, amendment, sequence))


def _account(changes: Changes, record: Record, said: EventData, *, newest: bool = True) -> None:
    """The account in force of a beneficiary.

    An internal event's is older than any told this year.
    """
    assert said.beneficiary is not None, "an account has an owner"
    assert said.bank_account is not None, "the event brings an account"
    account = said.bank_account
    members = {
        "iban": account.iban,
        "bic": account.bic,
        "holder": account.holder,
        "sequence": record.sequence,
    }
    key = (record.budget, said.beneficiary.siret)
    offered = changes.offered.get("bank_accounts", {})
    if newest:
        offered.pop(key, None)
        changes.put_row("bank_accounts", key, members)
    elif key not in changes.put.get("bank_accounts", {}):
        changes.offer("bank_accounts", key, members)


def _recovery(changes: Changes, record: Record, said: EventData, step: str) -> None:
    cents = said.amount_cents
    if cents is None:
        cents = sum(each.amount_cents for each in said.lines or ())
    told = (said.convention, said.recovery, step, cents, said.on, said.reason)
    changes.append("recoveries", record.budget, record.sequence, *told)


def _opened(changes: Changes, record: Record, said: EventData, alone: Alone) -> None:
    budget, grant, convention = record.budget, _grant(said), record.convention
    assert convention is not None, "the event names a convention"
    award = said.award
    assert award is not None, "what is carried over was awarded"
    body, number, day = award.act.row
    carried = {
        "state": "carried",
        "title": award.title,
        **_named(award.beneficiary),
        "requires_convention": award.requires_convention,
        "conditions_year": award.conditions_year,
        "act_body": body,
        "act_number": number,
        "act_on": day,
        "awarded_cents": 0,
        "withdrawn_on": None,
        "withdrawn_cause": None,
        "carried_from": said.closed_budget,
        "sequence": record.sequence,
    }
    changes.offer("grants", (budget, grant), carried)
    for item, act in enumerate(said.acts, start=1):
        _act(changes, record, "carried", act, item)
    if said.stands_alone and convention == grant:
        alone.setdefault(budget, set()).add(grant)
    # What a ceiling cuts off is some instalment's.
    fell = any(
        each.target == "available" and each.instalment is None for each in record.moves or ()
    )
    planned, former = schedules.renamed(said.instalments or (), record.renamed)
    own = _convention_row(said, record.sequence) | {
        "state": "withdrawn" if fell else said.state,
        "continues": former,
    }
    changes.put_row("conventions", (budget, convention), own)
    if said.bank_account is not None:
        _account(changes, record, said, newest=False)
    schedules.plan(changes, budget, convention, record.sequence, planned)
    schedules.oblige(changes, budget, convention, said.obligations or ())
    schedules.carry_documents(changes, budget, convention, record.sequence, said.documents)
