"""Bad input at the end of a year.

Closings, and internal events that nobody may send (rules 1 and 32).
"""

from tests.builders import BUDGET, Json, a_closing, an_event, encoded
from tests.unit.tables.bad_records import Bad, without

LAST_BUDGET = f"{BUDGET[:-4]}2199"


def invalid(name: str, event: Json, pointer: str = "") -> Bad:
    return Bad(name, encoded(event), f"invalid_value: /data/carry_over{pointer}")


def named(*conventions: Json) -> Json:
    return a_closing() | {"data": a_closing()["data"] | {"carry_over": list(conventions)}}


CLOSINGS = [
    *(
        Bad(
            f"fiscal-year.closed without {member}",
            encoded(without(a_closing(), f"data/{member}")),
            f"missing_field: /data/{member}",
        )
        for member in ("budget", "closed_on", "carry_over")
    ),
    invalid("a word that is neither all nor none", a_closing("some")),
    invalid("all, in capitals", a_closing("ALL")),
    invalid("carry over what: true", a_closing(True)),
    invalid("carry over what: an object", a_closing({"convention": "C"})),
    invalid("an empty list of conventions to carry over", a_closing([])),
    invalid("more conventions to carry over than may be named", a_closing(["C"] * 10_001)),
    invalid(
        "a convention to carry over is named twice", a_closing(["C", "D", "C"]), "/2/convention"
    ),
    invalid("a convention to carry over with a slash", a_closing(["C/D"]), "/0/convention"),
    invalid("a convention to carry over that is text", named("C"), "/0"),  # type: ignore[arg-type]
    Bad(
        "a convention to carry over without its number",
        encoded(named({})),
        "missing_field: /data/carry_over/0/convention",
    ),
    Bad(
        "a convention to carry over with an amount",
        encoded(named({"convention": "C", "amount_cents": 5})),
        "unknown_field: /data/carry_over/0/amount_cents",
    ),
    invalid("no year follows the last one", a_closing("all", budget=LAST_BUDGET)),
    Bad(
        "an opening that the world sends",
        encoded(an_event("fiscal-year.opened", {"convention": "C"})),
        "unknown_type: /type",
    ),
    Bad(
        "an opening that the world sends, without an id",
        encoded(without(an_event("fiscal-year.opened", {}), "id")),
        "missing_field: /id",
    ),
]
