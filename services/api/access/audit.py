"""The audit trail: who revealed what, who made or revoked a key. Lines are added, never changed."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Protocol


class Action(StrEnum):
    """Audited actions."""

    KEY_CREATED = "key_created"
    KEY_REVOKED = "key_revoked"
    KEY_ROTATED = "key_rotated"
    SESSION_OPENED = "session_opened"
    IBAN_REVEALED = "iban_revealed"
    BYTES_SHOWN = "bytes_shown"
    EVENT_PUBLISHED = "event_published"
    DEAD_LETTER_REDRIVEN = "dead_letter_redriven"
    WEBHOOK_ADDED = "webhook_added"
    WEBHOOK_REMOVED = "webhook_removed"
    ORDER_CONFIRMED = "order_confirmed"
    SLIP_PREPARED = "slip_prepared"
    SLIP_ISSUED = "slip_issued"
    SLIP_EXPORTED = "slip_exported"
    SLIP_CANCELLED = "slip_cancelled"
    RETURN_TAKEN = "return_taken"
    FINDING_CLOSED = "finding_closed"


class Audit(Protocol):
    """Keeps audit lines."""

    async def write(
        self,
        actor: str,
        action: Action,
        subject: str,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep a line, durably: before the act it tells of, so that none goes untold.

        Args:
            actor: the caller's name, or the system account that ran the command.
            action: the act.
            subject: the id of a key, a webhook, a slip or a finding, `<budget>/<SIRET>` of an
                account, `<topic>/<partition>/<offset>`, `<budget>/<source>/<id>` of an event that a
                form made, `_dead.<partition>/<number>` of a dead letter, `<budget>/<type>` of a
                slip to be prepared, `<budget>/<order>` of one that is confirmed, the name of
                a return's file.
            facts: never what was revealed; accounts in them, and in the subject, are shortened.

        Raises:
            Problem: it cannot be kept; then the act must not happen.
        """
