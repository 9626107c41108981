"""The reasons of dead letters, explained; their sentences are those of `events.unreadable`."""

from events.texts import _
from events.unreadable import Reason
from services.ledger.explain.answer import Advice

_CORRECT = _("Correct the event and send it again; it may keep its id.")

DEAD_LETTERS: dict[Reason, Advice] = {
    Reason.TOO_LARGE: Advice(
        _("too large"),
        (1,),
        _("The event is over 1 MiB."),
        _("Split it into several events."),
    ),
    Reason.WRONG_PARTITION: Advice(
        _("wrong partition"),
        (1, 37),
        _("The event is on another partition than its budget's."),
        _("Set partitioner=murmur2_random in the client."),
    ),
    Reason.BAD_JSON: Advice(
        _("bad JSON"),
        (1,),
        _(
            "It is not a strict JSON object in UTF-8: syntax, a key twice, NaN, more than 64 "
            "levels."
        ),
        _("Correct the program that sends it."),
    ),
    Reason.UNKNOWN_TYPE: Advice(
        _("unknown type"),
        (1, 32),
        _("The type is not in the contract, or is read among internal events only."),
        _("Take a type that /schemas lists (folder schemas/)."),
    ),
    Reason.UNKNOWN_FIELD: Advice(
        _("unknown field"),
        (1,),
        _("A field is not in the contract."),
        _("Remove it or correct its name."),
    ),
    Reason.MISSING_FIELD: Advice(
        _("missing field"),
        (1, 2),
        _("A required field is missing."),
        _("Add it."),
    ),
    Reason.INVALID_VALUE: Advice(
        _("invalid value"),
        (1, 2),
        _("A value is not of the type, form, check digits or range of the contract."),
        _CORRECT,
    ),
    Reason.WRONG_PARTITION_KEY: Advice(
        _("wrong partition key"),
        (1,),
        _("partitionkey, the Kafka key and the event's budget are not the same."),
        _("Make all three the same."),
    ),
    Reason.UNDECODABLE: Advice(
        _("undecodable"),
        (),
        _("Écluse failed to read the event, by a fault of its own."),
        _("Report it."),
    ),
    Reason.QUARANTINED: Advice(
        _("quarantined"),
        (),
        _("An operator set the record aside: it stopped its partition."),
        _("Ask the operators whether it will be redriven."),
    ),
}
"""The reasons of dead letters."""
