"""Changes of schemas, planted, and harmless ones of the contract: what must be found of each."""

from typing import Final

from tests.published.edits import TEXT, Planted, add, both, data, put, rename, take
from tests.published.planted_addresses import (
    DEAD_LETTERS,
    LINE,
    LINES_ANSWERED,
    LINES_ASKED,
    ORDERS,
)
from tests.published.released import Use

VOTED: Final = "ecluse.budget.voted.v1"
AWARDED: Final = "ecluse.deliberation.adopted.v1"
SIGNED: Final = "ecluse.convention.signed.v1"
CLOSED: Final = "ecluse.fiscal-year.closed.v1"
OPENED: Final = "ecluse.fiscal-year.opened.v1"
ISSUED: Final = "ecluse.payment-order.issued.v1"
ENTRY: Final = "ecluse.accounting-entry.recorded.v1"
RECORD: Final = "ecluse.journal.record.v1"
LAG: Final = "ecluse.lag.v1"

VOTE: Final = data("BudgetVoted")
AWARD: Final = data("DeliberationAdopted")
ORDER: Final = data("PaymentOrderIssued")
SENT, READ, LEDGERS, KEPT = Use.FROM_SENDERS, Use.BY_READERS, Use.BY_LEDGERS, Use.OF_BEFORE

FROM_SENDERS: Final = [
    Planted(
        "a member that is required",
        VOTED,
        both(put(*VOTE, ref=TEXT), add("$defs", "BudgetVoted", "required", item="ref")),
        (SENT, "/data/ref", "it is required now"),
    ),
    Planted(
        "a member that was optional is required",
        VOTED,
        add("required", item="subject"),
        (SENT, "/subject", "it is required now"),
    ),
    Planted(
        "a member is not read any more",
        AWARDED,
        take(*AWARD, "published_on"),
        (SENT, "/data/published_on", "it is not read any more"),
    ),
    Planted(
        "a value is taken away",
        VOTED,
        take(*VOTE, "stage", "enum", "amendment"),
        (SENT, "/data/stage", '"amendment" is not allowed any more'),
    ),
    Planted(
        "only some values are left",
        AWARDED,
        put(*AWARD, "title", enum=["Subvention"]),
        (SENT, "/data/title", 'what is allowed was not limited, and is ["Subvention"]'),
    ),
    Planted(
        "another constant",
        VOTED,
        put("properties", "specversion", const="2.0"),
        (SENT, "/specversion", '"1.0" is not allowed any more'),
    ),
    Planted(
        "null is not absence any more",
        AWARDED,
        put(*AWARD, published_on={"type": "string"}),
        (SENT, "/data/published_on", "null is not allowed any more"),
    ),
    Planted(
        "another type",
        AWARDED,
        put(*AWARD, requires_convention={"type": "string", "default": True}),
        (SENT, "/data/requires_convention", "boolean is not allowed any more"),
    ),
    Planted(
        "a shorter text",
        VOTED,
        put("properties", "id", maxLength=100),
        (SENT, "/id", "the longest text was 500, and is 100"),
    ),
    Planted(
        "a longer text at least",
        VOTED,
        put("properties", "id", minLength=2),
        (SENT, "/id", "the shortest text was 1, and is 2"),
    ),
    Planted(
        "a smaller amount at most",
        AWARDED,
        put(*data("LineAmount", "amount_cents"), maximum=10**9),
        (
            SENT,
            "/data/lines/*/amount_cents",
            "the largest number was 9007199254740991, and is 1000000000",
        ),
    ),
    Planted(
        "a shorter list",
        VOTED,
        put(*VOTE, "appropriations", maxItems=10),
        (SENT, "/data/appropriations", "the longest list was not limited, and is 10"),
    ),
    Planted(
        "a longer list at least",
        VOTED,
        put(*VOTE, "appropriations", minItems=2),
        (SENT, "/data/appropriations", "the shortest list was 1, and is 2"),
    ),
    Planted(
        "another pattern",
        VOTED,
        put("properties", "partitionkey", pattern="^[0-9]+$"),
        (SENT, "/partitionkey", 'the pattern was "^[0-9]{14}'),
    ),
    Planted(
        "a format",
        VOTED,
        put("properties", "id", format="uuid"),
        (SENT, "/id", 'the format was not limited, and is "uuid"'),
    ),
    Planted(
        "items that must differ",
        VOTED,
        put(*VOTE, "appropriations", uniqueItems=True),
        (SENT, "/data/appropriations", "that items differ was not limited, and is true"),
    ),
    Planted(
        "another meaning of absence",
        AWARDED,
        put(*AWARD, "requires_convention", default=False),
        (SENT, "/data/requires_convention", "what it means that it is missing was true"),
    ),
    Planted(
        "another condition",
        VOTED,
        take("$defs", "BudgetVoted", "then", "required", "vote_level"),
        (SENT, "/data", "the condition `then` changed"),
    ),
    Planted(
        "an alternative is gone",
        CLOSED,
        put(*data("FiscalYearClosed"), carry_over={"enum": ["all", "none"]}),
        (SENT, "/data/carry_over", 'what is allowed was not limited, and is ["all", "none"]'),
    ),
    Planted(
        "an attribute that was passed over",
        VOTED,
        put("properties", priority={"type": "integer"}),
        (SENT, "/priority", "it was passed over, and has a meaning now"),
    ),
    Planted(
        "attributes that are not passed over any more",
        VOTED,
        put(additionalProperties=False),
        (SENT, "/(any other member)", "it is not read any more"),
    ),
    Planted(
        "a part is narrower",
        SIGNED,
        take(*data("Document", "kind", "enum", "evaluation")),
        (SENT, "/data/instalments/*/documents/*/kind", '"evaluation" is not allowed any more'),
    ),
]
WRITTEN: Final = [
    Planted(
        "a member is gone",
        ISSUED,
        both(take(*ORDER, "title"), take("$defs", "PaymentOrderIssued", "required", "title")),
        (READ, "/data/title", "it is not written any more"),
    ),
    Planted(
        "a member may be missing",
        ISSUED,
        take("$defs", "PaymentOrderIssued", "required", "title"),
        (READ, "/data/title", "it may be missing"),
    ),
    Planted(
        "a value is new",
        ISSUED,
        add(*ORDER, "state", "enum", item="returned"),
        (READ, "/data/state", '"returned" is new'),
    ),
    Planted(
        "another type",
        ISSUED,
        put(*ORDER, "due_on", type=["string", "null"]),
        (READ, "/data/due_on", "null is new"),
    ),
    Planted(
        "an alternative is new",
        ISSUED,
        put(*ORDER, title={"anyOf": [TEXT, {"type": "integer"}]}),
        (READ, "/data/title", "integer is new"),
    ),
    Planted(
        "a longer text",
        ISSUED,
        put(*ORDER, "title", maxLength=5000),
        (READ, "/data/title", "the longest text was 4000, and is 5000"),
    ),
    Planted(
        "an amount below zero",
        ISSUED,
        put(*ORDER, "paid_cents", minimum=-1),
        (READ, "/data/paid_cents", "the smallest number was 0, and is -1"),
    ),
    Planted(
        "an empty list",
        ISSUED,
        put(*ORDER, "acts", minItems=0),
        (READ, "/data/acts", "the shortest list was 1, and is 0"),
    ),
    Planted(
        "a member that messages of before have not",
        ISSUED,
        both(put(*ORDER, ref=TEXT), add("$defs", "PaymentOrderIssued", "required", item="ref")),
        (KEPT, "/data/ref", "it is required now"),
    ),
    Planted(
        "a value that messages of before have",
        ISSUED,
        take(*ORDER, "state", "enum", "on_hold"),
        (KEPT, "/data/state", '"on_hold" is not allowed any more'),
    ),
    Planted(
        "a condition is gone",
        ENTRY,
        take("$defs", "AccountingEntryRecorded", "oneOf"),
        (READ, "/data", "the condition `oneOf` changed"),
    ),
    Planted(
        "a record's member is gone",
        RECORD,
        both(take("properties", "digest"), take("required", "digest")),
        (READ, "/digest", "it is not written any more"),
    ),
    Planted(
        "a member of an internal event, which old workers refuse",
        OPENED,
        put(*data("FiscalYearOpened"), comment={"anyOf": [TEXT, {"type": "null"}]}),
        (LEDGERS, "/data/comment", "it is written, and was not"),
    ),
    Planted(
        "a figure of lag is gone",
        LAG,
        take(*data("Board", "state")),
        (READ, "/state", "it is not written any more"),
    ),
    Planted(
        "a state of lag is new",
        LAG,
        add("$defs", "State", "enum", item="LATE"),
        (READ, "/stages/*/partitions/*/state", '"LATE" is new'),
    ),
]
HARMLESS: Final = [
    Planted("another header", DEAD_LETTERS, put("properties", ecluse_dlq_when=TEXT)),
    Planted("a code more", LINES_ANSWERED, put("properties", **{"404 line_unknown": {}})),
    Planted("a right less", LINES_ASKED, take("required", "right read")),
    Planted("a parameter may be given", LINES_ASKED, put("properties", **{"query order": TEXT})),
    Planted(
        "a figure more",
        LINES_ANSWERED,
        both(
            put(*LINE, "properties", lapsed_cents={"type": "integer"}),
            add(*LINE, "required", item="lapsed_cents"),
        ),
    ),
    Planted("an optional member", VOTED, put(*VOTE, ref={"anyOf": [TEXT, {"type": "null"}]})),
    Planted("a value that is read besides", VOTED, add(*VOTE, "stage", "enum", item="closing")),
    Planted("a longer text is read", VOTED, put("properties", "id", maxLength=1000)),
    Planted("any text is read", VOTED, take("properties", "partitionkey", "pattern")),
    Planted("a larger amount", AWARDED, take(*data("LineAmount", "amount_cents", "maximum"))),
    Planted("a longer list", SIGNED, put(*data("ConventionSigned", "acts"), maxItems=200)),
    Planted(
        "what was required is optional",
        AWARDED,
        take("$defs", "DeliberationAdopted", "required", "title"),
    ),
    Planted("null besides", AWARDED, put(*AWARD, "title", type=["string", "null"])),
    Planted(
        "a number where an integer was",
        AWARDED,
        put(*data("LineAmount", "amount_cents"), type="number"),
    ),
    Planted(
        "a condition is gone",
        VOTED,
        both(*(take("$defs", "BudgetVoted", each) for each in ("if", "then", "else"))),
    ),
    Planted("another description", VOTED, put(description="The council votes.")),
    Planted(
        "another name of a part",
        VOTED,
        rename,
    ),
    Planted(
        "a member that is written besides",
        ISSUED,
        put(*ORDER, ref={"anyOf": [TEXT, {"type": "null"}]}),
    ),
    Planted("another title", ISSUED, put(title="Order")),
    Planted("a member of a record", RECORD, put("properties", worker=TEXT)),
    Planted("a figure of lag", LAG, put(*data("Board"), brokers={"type": "integer"})),
    Planted(
        "kept for longer",
        "ecluse.events.v1",
        put("topics", "ecluse.events.v1", "config", **{"retention.ms": -1}),
    ),
    Planted(
        "larger records", ORDERS, put("topics", ORDERS, "config", **{"max.message.bytes": 2**25})
    ),
    Planted("a topic is new", "topics.yaml", put("topics", **{"ecluse.new.v1": {}})),
    Planted("another description of a topic", ORDERS, put("topics", ORDERS, description="Orders.")),
]
