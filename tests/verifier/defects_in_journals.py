"""Defects of a journal: its chain, what was decided when, and money."""

from events.topics import JOURNAL
from tests.builders import OTHER_IBAN
from tests.verifier.planting import (
    ACCOUNT,
    AMENDED,
    AWARD,
    COLLECTED,
    DOCUMENT_REJECTED,
    DUPLICATE,
    ENDED,
    PAID,
    PARKED,
    REDUCED,
    REFUSED,
    SIGNED,
    VOTE,
    WITHDRAWN,
    Planted,
    a_member_twice,
    an_order_again,
    decided_twice,
    edit,
    far_from_its_waker,
    find,
    forge,
    forged,
    no_order,
    parked_for_ever,
    put,
    replaced,
    respelled,
    resumed,
    waited_too_long,
    without,
)

CHAIN = [
    Planted(
        "a record is lost",
        lambda cluster: without(cluster, JOURNAL, find(cluster, PAID)),
        "sequence_broken not_journalled",
        "order_differs moves_differ sums_differ balance_differs message_unexpected",
    ),
    Planted(
        "an amount is changed",
        lambda cluster: edit(cluster, VOTE, put("moves", 0, "amount_cents", value=900_001)),
        "hash_differs moves_differ balance_differs",
    ),
    Planted(
        "a record names another before it",
        lambda cluster: edit(cluster, PAID, put("previous_hash", value="0" * 64)),
        "hash_differs previous_hash_differs",
    ),
    Planted(
        "a link of the chain is another",
        lambda cluster: edit(cluster, PAID, put("hash", value="0" * 64)),
        "hash_differs previous_hash_differs",
    ),
    Planted("a record is spelled in another way", respelled, "spelled_otherwise"),
    Planted(
        "an event is changed",
        lambda cluster: edit(cluster, REFUSED, put("event", "data", "amount_cents", value=1)),
        "event_hash_differs digest_differs",
    ),
    Planted(
        "a record is no JSON",
        replaced(JOURNAL, -1, value=b"{" * 9),
        "record_malformed not_yet_journalled",
        "message_unexpected balance_missing",
    ),
    Planted(
        "a record has no value",
        replaced(JOURNAL, -1, value=None),
        "record_malformed not_yet_journalled",
        "message_unexpected balance_missing",
    ),
    Planted(
        "a member stands twice",
        a_member_twice,
        "record_malformed not_yet_journalled",
        "message_unexpected balance_missing",
    ),
    Planted(
        "a member is unknown",
        lambda cluster: edit(cluster, PAID, put("more", value=1)),
        "record_malformed not_journalled",
        "sequence_broken order_differs moves_differ sums_differ balance_differs message_unexpected",
    ),
    Planted(
        "a record stands under another budget's key", replaced(JOURNAL, key=b"k"), "key_differs"
    ),
    Planted(
        "a record knows of another partition count",
        replaced(JOURNAL, headers=(("ecluse_partitions", b"12"),)),
        "partition_count_differs",
    ),
    Planted("the digest is another", forged(REFUSED, "digest", value="0" * 64), "digest_differs"),
    Planted(
        "the event's id is another",
        forged(DUPLICATE, "event_id", value="x"),
        "identity_differs duplicate_of_nothing",
    ),
    Planted("a refusal has moves", forged(REFUSED, "moves", value=[]), "outcome_malformed"),
]

DECIDED = [
    Planted(
        "an event is decided a second time",
        forged(DUPLICATE, "outcome", value="accepted"),
        "decided_twice number_twice moves_differ not_refused",
    ),
    Planted(
        "a payment is journalled, and paid, a second time",
        decided_twice,
        "decided_twice journalled_twice",
        "order_differs sums_differ message_unexpected moves_differ balance_differs "
        "balance_missing below_zero unknown_reference not_refused",
    ),
    Planted(
        "a new event is called a duplicate",
        forged(ACCOUNT, "outcome", value="duplicate"),
        "duplicate_of_nothing outcome_malformed",
        "order_differs message_unexpected unknown_reference balance_differs sums_differ "
        "not_refused",
    ),
    Planted(
        "an id is called reused that was new",
        forged(REFUSED, "refusal", "code", value="event_id_reused"),
        "reused_without_cause message_differs",
    ),
    Planted(
        "a record resumes what never waited",
        forged(PAID, "resumes", value=1),
        "resumes_nothing",
        "not_journalled",
    ),
    Planted(
        "what resumes does not say so",
        forged(resumed, "resumes", value=None),
        "decided_twice journalled_twice not_resumed",
        "resumes_nothing",
    ),
    Planted(
        "what resumes was read elsewhere",
        forged(resumed, "source", "offset", value=0),
        "resumed_otherwise",
    ),
    Planted("what resumes is far from what woke it", far_from_its_waker, "resumed_out_of_order"),
    Planted(
        "what could resume never did",
        parked_for_ever,
        "not_resumed not_yet_journalled",
        "message_unexpected balance_missing",
    ),
    Planted(
        "an event waits for what it does not need",
        forged(PARKED, "waits_for", "id", value="x"),
        "parked_needlessly message_differs",
        "resumed_out_of_order",
    ),
    Planted(
        "an award is accepted before the vote",
        forged(PARKED, "outcome", value="accepted"),
        "accepted_too_early outcome_malformed",
        "resumes_nothing moves_differ number_twice message_unexpected balance_missing "
        "decided_twice below_zero credit_exceeded not_refused",
    ),
]

MONEY = [
    Planted(
        "a vote opens more than was voted",
        forged(VOTE, "moves", 0, "amount_cents", value=900_001),
        "moves_differ balance_differs",
    ),
    Planted(
        "more is reserved than was awarded",
        forged(AWARD, "moves", 0, "amount_cents", value=1_000_000),
        "moves_differ entries_differ credit_exceeded",
        "balance_differs sums_differ not_refused",
    ),
    Planted(
        "money goes where none may go",
        forged(PAID, "moves", 0, "to", value="available"),
        "move_impossible moves_differ",
        "balance_differs below_zero sums_differ message_unexpected balance_missing",
    ),
    Planted(
        "more is paid than was ordered",
        forged(PAID, "moves", 0, "amount_cents", value=60_000),
        "moves_differ below_zero balance_differs",
        "sums_differ",
    ),
    Planted(
        "an entry is of another amount",
        forged(AWARD, "commitment_entries", 0, "amount_cents", value=1),
        "entries_differ message_differs",
    ),
    Planted(
        "an entry is missing",
        forged(AWARD, "commitment_entries", value=None),
        "entries_differ message_unexpected",
    ),
    Planted(
        "an entry rests on another act",
        forged(SIGNED, "commitment_entries", 0, "act", "date", value="2020-01-01"),
        "entries_differ message_differs",
    ),
    Planted(
        "an order is of another amount",
        forged(SIGNED, "payment_orders", 0, "amount_cents", value=1),
        "order_differs message_differs",
        "not_refused",
    ),
    Planted(
        "an order is due on another day",
        forged(SIGNED, "payment_orders", 0, "due_on", value="2023-07-15"),
        "order_differs message_differs",
    ),
    Planted(
        "an order goes to another account",
        forged(SIGNED, "payment_orders", 0, "bank_account", "iban", value=OTHER_IBAN),
        "order_differs message_differs",
    ),
    Planted(
        "an order is shared otherwise",
        forged(SIGNED, "payment_orders", 0, "lines", 0, "services", 0, "amount_cents", value=9),
        "order_differs message_differs",
    ),
    Planted(
        "an order is issued twice",
        an_order_again,
        "order_issued_twice moves_differ message_missing",
        "order_differs sums_differ below_zero balance_differs",
    ),
    Planted(
        "an order is not issued",
        lambda cluster: forge(cluster, SIGNED, no_order),
        "order_differs message_unexpected balance_differs unknown_reference",
        "balance_missing moves_differ sums_differ below_zero not_refused refused_otherwise",
    ),
    Planted(
        "an order is paid otherwise than the treasury says",
        forged(PAID, "payment_orders", 0, "paid_cents", value=10_000),
        "order_differs",
    ),
]

TURNS = [
    Planted(
        "an amendment's entry rests on the award's act",
        forged(AMENDED, "commitment_entries", 0, "act", "date", value="2023-04-12"),
        "entries_differ message_differs",
    ),
    Planted(
        "an amendment commits less than it plans",
        forged(AMENDED, "moves", 0, "amount_cents", value=1),
        "moves_differ entries_differ",
        "balance_differs sums_differ below_zero order_differs",
    ),
    Planted(
        "a reduction takes from no instalment",
        forged(REDUCED, "moves", 0, "instalment", value=None),
        "moves_differ",
        "order_differs balance_differs sums_differ message_differs below_zero entries_differ",
    ),
    Planted(
        "a termination gives more back than remains",
        forged(ENDED, "moves", 0, "amount_cents", value=40_000),
        "moves_differ entries_differ below_zero",
        "balance_differs sums_differ order_differs",
    ),
    Planted(
        "an order that was cancelled is called issued",
        forged(WITHDRAWN, "payment_orders", 0, "state", value="issued"),
        "order_differs message_unexpected",
    ),
    Planted(
        "an order that was cancelled is not named",
        forged(WITHDRAWN, "payment_orders", value=None),
        "order_differs message_unexpected",
    ),
    Planted(
        "more came back than was asked",
        forged(COLLECTED, "moves", 0, "amount_cents", value=6_000),
        "moves_differ",
        "sums_differ balance_differs order_differs moves_differ below_zero entries_differ "
        "message_differs",
    ),
    Planted(
        "money of a later year is not flagged as revenue",
        forged(
            lambda row: COLLECTED(row) and row["event_id"] == "revenue", "review_flags", value=None
        ),
        "flag_differs",
    ),
    Planted(
        "a document is rejected after its order, and no flag says so",
        forged(DOCUMENT_REJECTED, "review_flags", value=None),
        "flag_differs",
    ),
    Planted(
        "a document is rejected after its order, and the flag names another",
        forged(DOCUMENT_REJECTED, "review_flags", 0, "facts", "payment_order", value="TC/advance"),
        "flag_differs",
    ),
    Planted(
        "a payment that came says that a report is late",
        forged(PAID, "review_flags", value=[{"code": "report_late", "facts": {}}]),
        "flag_differs",
    ),
    Planted(
        "what waited too long is refused for another reason",
        forged(waited_too_long, "refusal", "code", value="wrong_state"),
        "resumed_out_of_order message_differs",
        "refused_otherwise",
    ),
]
