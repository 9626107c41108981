"""Rows of accepted events, apart from the money that they move: copies of their data.

What a record does not say is worked out here by rules of the ledger: an award without convention
is keyed by its grant until one is signed (rules, 13); an opening brings a convention with its
history, maybe under another name, and withdrawn where its grant was (rules, 32). ARCHITECTURE.md
names all that the projector repeats.
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
from events.folding import folded
from events.journal import Act, Award, Beneficiary, Event, EventData, Record, required
from events.payments import BankAccountChanged, PaymentExecuted
from events.recoveries import RecoveryCollected, RecoveryOrdered
from events.reports import ReportReceived, ReportRejected
from events.reviews import RecordReviewed
from services.projector.rows import schedules
from services.projector.rows.changes import Changes, Members
from services.projector.rows.column_values import day_of, folded_names, folded_number

CONCURRING_FELL: Final = "concurring_act_withdrawn"
"""Review flag of a withdrawal that leaves the award in force (rules, 17)."""

STATES: Final = {
    ConventionSuspended.TYPE: "suspended",
    ConventionResumed.TYPE: "in_force",
    ConventionTerminated.TYPE: "terminated",
}
"""The state of a convention after an event of each type (rules, 17)."""
STEPS: Final = {RecoveryOrdered.TYPE: "ordered", RecoveryCollected.TYPE: "collected"}

UnsignedGrants = dict[str, set[str]]
"""Grants without convention, by budget."""


def add_event(changes: Changes, record: Record, event: Event, alone: UnsignedGrants) -> None:
    """Add the rows of an accepted event."""
    data, budget, sequence = event.data, record.budget, record.sequence
    match event.type:
        # Most records are of these two, and the cases are compared in turn.
        case PaymentExecuted.TYPE:
            paid = (data.payment_order, data.amount_cents, data.executed_on, data.bank_reference)
            changes.append("payments", budget, sequence, *paid)
        case ReportReceived.TYPE:
            schedules.receive(changes, budget, sequence, data)
        case BudgetVoted.TYPE:
            _voted(changes, record, data)
        case CreditsTransferred.TYPE:
            _act(changes, record, "transfer", data.act)
        case DeliberationAdopted.TYPE:
            _adopted(changes, record, data, alone)
        case DeliberationWithdrawn.TYPE:
            _withdrawn(changes, record, event)
        case ConventionSigned.TYPE:
            _signed(changes, record, data, alone)
        case ConventionNotified.TYPE:
            notified = {"notified_on": data.notified_on}
            changes.patch("conventions", (budget, _convention(data)), notified)
        case ConventionAmended.TYPE:
            _amended(changes, record, data)
        case ConventionSuspended.TYPE | ConventionResumed.TYPE | ConventionTerminated.TYPE:
            changed = {
                "state": STATES[event.type],
                "effective_on": data.effective_on,
                "reason": data.reason,
            }
            changes.patch("conventions", (budget, _convention(data)), changed)
        case ReportRejected.TYPE:
            schedules.reject(changes, budget, sequence, data)
        case BankAccountChanged.TYPE:
            _account(changes, record, data)
        case RecoveryOrdered.TYPE | RecoveryCollected.TYPE:
            _recovery(changes, record, data, STEPS[event.type])
        case FiscalYearClosed.TYPE:
            changes.put["budgets"][(budget,)]["closed_on"] = data.closed_on
            alone.pop(budget, None)  # In a closed year nothing is signed.
        case FiscalYearOpened.TYPE:
            _opened(changes, record, data, alone)
        case RecordReviewed.TYPE:
            _reviewed(changes, record, data)
        case _:
            pass  # Only its moves and orders become rows.


def _reviewed(changes: Changes, record: Record, data: EventData) -> None:
    members = {
        "budget": record.budget,
        "sequence": record.sequence,
        "reviewed_by": data.reviewed_by,
        "reviewed_on": data.reviewed_on,
        "comment": data.comment,
    }
    changes.offer("reviews", (data.chain or record.budget, data.sequence), members)


def _convention(data: EventData) -> str:
    return required(data.convention, "convention")


def _grant(data: EventData) -> str:
    return required(data.grant, "grant")


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
    data = record.event.data
    names = (data.grant, record.convention, *act.row, data.title)
    number = None if act.number is None else folded_number(act.number)
    changes.append("acts", record.budget, record.sequence, item, role, *names, number)


def _voted(changes: Changes, record: Record, data: EventData) -> None:
    _act(changes, record, "vote", data.act)
    if data.vote_level is not None:
        assert data.act is not None, "a vote is an act"
        voted = {"vote_level": data.vote_level, "voted_on": data.act.day}
        changes.put["budgets"][record.budget,].update(voted)


def _grant_row(grant: str, award: EventData | Award, sequence: int) -> Members:
    """All columns of a grant whose award is known."""
    assert award.act is not None, "what is awarded rests on an act"
    assert award.beneficiary is not None, "the award names a beneficiary"
    body, number, day = award.act.row
    found_by = (grant, award.title or "", award.beneficiary.name, award.beneficiary.siret)
    return {
        "state": "awarded",
        "title": award.title,
        **_named(award.beneficiary),
        "requires_convention": award.requires_convention is not False,
        "conditions_year": award.conditions_year,
        "act_body": body,
        "act_number": number,
        "act_on": day,
        "awarded_cents": 0,
        "withdrawn_on": None,
        "withdrawn_cause": None,
        "carried_from": None,
        "sequence": sequence,
        "folded": folded_names(*found_by),
    }


ANNOUNCED: Final[Members] = {
    "state": "announced",
    "requires_convention": None,
    "act_body": None,
    "act_number": None,
    "act_on": None,
}
"""Columns of a grant of which only concurring acts are known."""


def _adopted(changes: Changes, record: Record, data: EventData, alone: UnsignedGrants) -> None:
    budget, grant = record.budget, _grant(data)
    awarded = data.role == "award"
    _act(changes, record, data.role or "", data.act)
    members = _grant_row(grant, data, record.sequence)
    members["awarded_cents"] = sum(each.amount_cents for each in data.lines or ())
    if not awarded:
        members |= ANNOUNCED
    changes.offer("grants", (budget, grant), members)
    if not awarded:
        return
    for each in data.lines or ():
        key = (budget, grant, *each.line.codes)
        changes.put_row("grant_lines", key, schedules.amount(each))
    if data.requires_convention is False:
        alone.setdefault(budget, set()).add(grant)
        own = _convention_row(grant, data, record.sequence) | {
            "stands_alone": True,
            "signed_on": members["act_on"],
        }
        changes.put_row("conventions", (budget, grant), own)
        schedules.plan(changes, budget, grant, record.sequence, schedules.of_award(data))


def _withdrawn(changes: Changes, record: Record, event: Event) -> None:
    data, grant = event.data, _grant(event.data)
    _act(changes, record, "withdrawal", data.act)
    if any(flag.code == CONCURRING_FELL for flag in record.review_flags or ()):
        return
    fell = {"state": "withdrawn", "withdrawn_on": day_of(event), "withdrawn_cause": data.cause}
    changes.patch("grants", (record.budget, grant), fell)
    changes.withdrawn.append({"budget": record.budget, "grant": grant, "sequence": record.sequence})


def _convention_row(convention: str, data: EventData, sequence: int) -> Members:
    """All columns of a signed convention, or of a grant in the place of one."""
    return {
        "grant_ref": data.grant,
        "stands_alone": data.stands_alone,
        "state": "in_force",
        **_named(data.beneficiary),
        "signatory": data.signatory,
        "signed_on": data.signed_on,
        "starts_on": data.starts_on,
        "ends_on": data.ends_on,
        "notified_on": data.notified_on,
        "effective_on": None,
        "reason": None,
        "carried_from": data.closed_budget,
        "continues": None,
        "sequence": sequence,
        "folded": folded(convention),
    }


KEPT: Final = ("state", "notified_on", "effective_on", "reason", "carried_from")
"""Columns that a convention takes over from the grant that stood alone."""


def _signed(changes: Changes, record: Record, data: EventData, alone: UnsignedGrants) -> None:
    budget, grant, convention = record.budget, _grant(data), _convention(data)
    row = _convention_row(convention, data, record.sequence)
    if grant in alone.get(budget, ()):
        alone[budget].discard(grant)
        own = {name: value for name, value in row.items() if name not in KEPT}
        changes.rename(budget, grant, convention, own | {"continues": grant})
    else:
        changes.put_row("conventions", (budget, convention), row)
    if data.bank_account is not None:
        _account(changes, record, data)
    schedules.plan(changes, budget, convention, record.sequence, data.instalments or ())
    schedules.oblige(changes, budget, convention, data.obligations or ())


def _amended(changes: Changes, record: Record, data: EventData) -> None:
    budget, sequence, convention = record.budget, record.sequence, _convention(data)
    _act(changes, record, "amendment", data.act)
    amendment = data.amendment or ""
    planned = data.instalments or ()
    schedules.plan(changes, budget, convention, sequence, planned, amendment)
    named = {"budget": budget, "convention": convention, "sequence": sequence}
    changes.replanned.append(named | {"amendment": amendment})


def _account(changes: Changes, record: Record, data: EventData, *, newest: bool = True) -> None:
    """Write the account in force of a beneficiary: the last one (rules, 12).

    An opening's is older than any of this year.
    """
    assert data.beneficiary is not None, "an account has an owner"
    assert data.bank_account is not None, "the event brings an account"
    account = data.bank_account
    members = {
        "iban": account.iban,
        "bic": account.bic,
        "holder": account.holder,
        "sequence": record.sequence,
    }
    key = (record.budget, data.beneficiary.siret)
    offered = changes.offered["bank_accounts"]
    if newest:
        offered.pop(key, None)
        changes.put_row("bank_accounts", key, members)
    elif key not in changes.put["bank_accounts"]:
        changes.offer("bank_accounts", key, members)


def _recovery(changes: Changes, record: Record, data: EventData, step: str) -> None:
    cents = data.amount_cents
    if cents is None:
        cents = sum(each.amount_cents for each in data.lines or ())
    row = (data.convention, data.recovery, step, cents, data.on, data.reason)
    changes.append("recoveries", record.budget, record.sequence, *row)


def _opened(changes: Changes, record: Record, data: EventData, alone: UnsignedGrants) -> None:
    budget, grant, convention = record.budget, _grant(data), record.convention
    assert convention is not None, "the event names a convention"
    award = data.award
    assert award is not None, "what is carried over was awarded"
    carried = _grant_row(grant, award, record.sequence) | {
        "state": "carried",
        "requires_convention": award.requires_convention,
        "carried_from": data.closed_budget,
    }
    changes.offer("grants", (budget, grant), carried)
    for item, act in enumerate(data.acts, start=1):
        _act(changes, record, "carried", act, item)
    if data.stands_alone and convention == grant:
        alone.setdefault(budget, set()).add(grant)
    # A release without instalment ends it; one by a ceiling is of an instalment.
    fell = any(
        each.target == "available" and each.instalment is None for each in record.moves or ()
    )
    former = record.former_grant
    planned = schedules.carried_plan(data.instalments or (), former)
    own = _convention_row(convention, data, record.sequence) | {
        "state": "withdrawn" if fell else data.state,
        "continues": former,
    }
    changes.put_row("conventions", (budget, convention), own)
    if data.bank_account is not None:
        _account(changes, record, data, newest=False)
    schedules.plan(changes, budget, convention, record.sequence, planned)
    schedules.oblige(changes, budget, convention, data.obligations or ())
    schedules.carry_documents(changes, budget, convention, record.sequence, data)
