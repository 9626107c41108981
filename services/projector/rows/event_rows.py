"""Rows of accepted events, apart from the money that they move: copies of their data.

What a record does not say is worked out here by rules of the ledger: an award without convention
is keyed by its grant until one is signed (rules, 13); an opening brings a convention with its
history, maybe under another name, and withdrawn where its grant was (rules, 32). ARCHITECTURE.md
names all that the projector repeats.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from events.budgets import BudgetVoted, CreditsTransferred
from events.conventions import (
    ConventionAmended,
    ConventionNotified,
    ConventionResumed,
    ConventionSigned,
    ConventionSuspended,
    ConventionTerminated,
    ReportReceived,
    ReportRejected,
)
from events.deliberations import DeliberationAdopted, DeliberationWithdrawn
from events.fiscal_years import FiscalYearClosed, FiscalYearOpened
from events.follow_up import RecordReviewed
from events.journal import (
    Act,
    Award,
    Beneficiary,
    Event,
    EventData,
    Instalment,
    LineAmount,
    Obligation,
    Record,
    require,
)
from events.payments import BankAccountChanged, PaymentExecuted, RecoveryCollected, RecoveryOrdered
from services.projector.rows.changes import Changes, Members
from services.projector.rows.column_values import as_json, day_of, fold_names, fold_number

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
            receive_document(changes, budget, sequence, data)
        case BudgetVoted.TYPE:
            _add_vote(changes, record, data)
        case CreditsTransferred.TYPE:
            _act(changes, record, "transfer", data.act)
        case DeliberationAdopted.TYPE:
            _add_deliberation(changes, record, data, alone)
        case DeliberationWithdrawn.TYPE:
            _add_withdrawal(changes, record, event)
        case ConventionSigned.TYPE:
            _add_signature(changes, record, data, alone)
        case ConventionNotified.TYPE:
            notified = {"notified_on": data.notified_on}
            changes.patch("conventions", (budget, _convention(data)), notified)
        case ConventionAmended.TYPE:
            _add_amendment(changes, record, data)
        case ConventionSuspended.TYPE | ConventionResumed.TYPE | ConventionTerminated.TYPE:
            changed = {
                "state": STATES[event.type],
                "effective_on": data.effective_on,
                "reason": data.reason,
            }
            changes.patch("conventions", (budget, _convention(data)), changed)
        case ReportRejected.TYPE:
            reject_document(changes, budget, sequence, data)
        case BankAccountChanged.TYPE:
            _account(changes, record, data)
        case RecoveryOrdered.TYPE | RecoveryCollected.TYPE:
            _recovery(changes, record, data, STEPS[event.type])
        case FiscalYearClosed.TYPE:
            changes.put["budgets"][(budget,)]["closed_on"] = data.closed_on
            alone.pop(budget, None)  # In a closed year nothing is signed.
        case FiscalYearOpened.TYPE:
            _add_opening(changes, record, data, alone)
        case RecordReviewed.TYPE:
            _add_review(changes, record, data)
        case _:
            pass  # Only its moves and orders become rows.


def _add_review(changes: Changes, record: Record, data: EventData) -> None:
    members = {
        "budget": record.budget,
        "sequence": record.sequence,
        "reviewed_by": data.reviewed_by,
        "reviewed_on": data.reviewed_on,
        "comment": data.comment,
    }
    changes.offer("reviews", (data.chain or record.budget, data.sequence), members)


def _convention(data: EventData) -> str:
    return require(data.convention, "convention")


def _grant(data: EventData) -> str:
    return require(data.grant, "grant")


def _name_beneficiary(beneficiary: Beneficiary | None) -> Members:
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
    number = None if act.number is None else fold_number(act.number)
    changes.append("acts", record.budget, record.sequence, item, role, *names, number)


def _add_vote(changes: Changes, record: Record, data: EventData) -> None:
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
        **_name_beneficiary(award.beneficiary),
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
        "folded": fold_names(*found_by),
    }


ANNOUNCED: Final[Members] = {
    "state": "announced",
    "requires_convention": None,
    "act_body": None,
    "act_number": None,
    "act_on": None,
}
"""Columns of a grant of which only concurring acts are known."""


def _add_deliberation(
    changes: Changes, record: Record, data: EventData, alone: UnsignedGrants
) -> None:
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
        changes.put_row("grant_lines", key, amount_members(each))
    if data.requires_convention is False:
        alone.setdefault(budget, set()).add(grant)
        own = _convention_row(grant, data, record.sequence) | {
            "stands_alone": True,
            "signed_on": members["act_on"],
        }
        changes.put_row("conventions", (budget, grant), own)
        plan_instalments(changes, budget, grant, record.sequence, list_award_instalments(data))


def _add_withdrawal(changes: Changes, record: Record, event: Event) -> None:
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
        **_name_beneficiary(data.beneficiary),
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
        "folded": fold_names(convention, data.signatory or ""),
    }


KEPT: Final = ("state", "notified_on", "effective_on", "reason", "carried_from")
"""Columns that a convention takes over from the grant that stood alone."""


def _add_signature(
    changes: Changes, record: Record, data: EventData, alone: UnsignedGrants
) -> None:
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
    plan_instalments(changes, budget, convention, record.sequence, data.instalments or ())
    add_obligations(changes, budget, convention, data.obligations or ())


def _add_amendment(changes: Changes, record: Record, data: EventData) -> None:
    budget, sequence, convention = record.budget, record.sequence, _convention(data)
    _act(changes, record, "amendment", data.act)
    amendment = data.amendment or ""
    planned = data.instalments or ()
    plan_instalments(changes, budget, convention, sequence, planned, amendment)
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


def _add_opening(changes: Changes, record: Record, data: EventData, alone: UnsignedGrants) -> None:
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
    planned = list_carried_instalments(data.instalments or (), former)
    own = _convention_row(convention, data, record.sequence) | {
        "state": "withdrawn" if fell else data.state,
        "continues": former,
    }
    changes.put_row("conventions", (budget, convention), own)
    if data.bank_account is not None:
        _account(changes, record, data, newest=False)
    plan_instalments(changes, budget, convention, record.sequence, planned)
    add_obligations(changes, budget, convention, data.obligations or ())
    carry_documents(changes, budget, convention, record.sequence, data)


WHOLE_AWARD: Final = "1"
"""The one instalment of an award without convention or schedule (rules, 13)."""


def amount_members(each: LineAmount) -> Members:
    """An amount and the departments that share it."""
    return {"amount_cents": each.amount_cents, "services": as_json(each.services)}


def list_award_instalments(data: EventData) -> tuple[Instalment, ...]:
    """The schedule of an award without convention: its own, or all at once (rules, 13)."""
    if data.instalments is not None:
        return data.instalments
    return (Instalment(WHOLE_AWARD, "signature", data.lines or ()),)


def list_carried_instalments(
    planned: Iterable[Instalment], former_grant: str | None
) -> list[Instalment]:
    """A schedule that is carried over, with the name of the grant in the new year.

    Instalments ordered before the convention was signed are called `<grant>/<instalment>` (rules,
    13 and 32).
    """
    found = []
    for each in planned:
        _, slash, instalment = each.instalment.rpartition("/")
        name = f"{former_grant}/{instalment}" if slash else instalment
        found.append(msgspec.structs.replace(each, instalment=name))
    return found


def plan_instalments(
    changes: Changes,
    budget: str,
    convention: str,
    sequence: int,
    planned: Iterable[Instalment],
    amendment: str | None = None,
) -> None:
    """The instalments that an event plans, in its order."""
    for position, each in enumerate(planned, start=1):
        if not each.lines:
            continue  # An opening lists what an earlier year ordered whole or settled (rules, 32).
        members = {
            "position": position,
            "trigger": each.trigger,
            "ceiling": each.ceiling,
            "documents": as_json(each.documents),
            "planned_cents": sum(line.amount_cents for line in each.lines),
            "lines": as_json(each.lines),
            "amendment": amendment,
            "left_out_by": None,
            "sequence": sequence,
        }
        changes.put_row("instalments", (budget, convention, each.instalment), members)


def add_obligations(
    changes: Changes, budget: str, convention: str, owed: Iterable[Obligation]
) -> None:
    """Documents that are owed by a day."""
    for each in owed:
        key = (budget, convention, each.kind, each.year, each.due_on)
        changes.put_row("obligations", key, {})


def receive_document(changes: Changes, budget: str, sequence: int, data: EventData) -> None:
    """Add a received document: its first day and its last stated cost are kept (rules, 19)."""
    assert data.document is not None, "a report is a document"
    members = {"received_on": data.received_on, "rejected_for": None, "sequence": sequence}
    if data.eligible_cost_cents is not None:
        members["eligible_cost_cents"] = data.eligible_cost_cents
    key = (budget, data.convention, data.document.kind, data.document.year)
    changes.put_row("documents", key, members)


def reject_document(changes: Changes, budget: str, sequence: int, data: EventData) -> None:
    """Mark a document as rejected: not received, and without a cost (rules, 24)."""
    assert data.document is not None, "a report is a document"
    members = {"eligible_cost_cents": None, "rejected_for": data.reason, "sequence": sequence}
    key = (budget, data.convention, data.document.kind, data.document.year)
    changes.reject(key)
    changes.put_row("documents", key, members)


def carry_documents(
    changes: Changes,
    budget: str,
    convention: str,
    sequence: int,
    data: EventData,
) -> None:
    """Add the documents that earlier years received, and those that they rejected.

    The reason is theirs: an opening does not carry it, so it is empty here.
    """
    found = [(each.document, each.received_on, each.eligible_cost_cents) for each in data.documents]
    rows = [(*each, None) for each in found] + [(each, None, None, "") for each in data.rejected]
    for document, received_on, cost_cents, rejected_for in rows:
        key = (budget, convention, document.kind, document.year)
        members = {
            "received_on": received_on,
            "eligible_cost_cents": cost_cents,
            "rejected_for": rejected_for,
            "sequence": sequence,
        }
        changes.put_row("documents", key, members)
