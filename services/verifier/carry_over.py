"""Parsing of an opening event: a convention carried over, and its award (rules, 32).

A convention that goes on, and its award (rules, 32).
"""

from services.verifier.grants import Award, Convention, Instalment, named, schedule_of
from services.verifier.lines import Json
from services.verifier.records import without_nulls


def carried_award(data: Json) -> Award:
    """The award of an earlier year behind a convention that goes on, before what is carried."""
    award = without_nulls(data["award"])
    return Award(
        award["act"],
        award["title"],
        award["beneficiary"],
        not award["requires_convention"],
        award.get("conditions_year"),
        {},
        year_cents=award["year_awards_cents"],
    )


def parted(row: Json) -> tuple[str, str, str]:
    """The grant that had an instalment before its convention, and the instalment (rules, 13)."""
    grant, slash, code = str(row["instalment"]).rpartition("/")
    return grant, slash, code


def carried_convention(data: Json, number: str, formerly: str | None) -> Convention:
    """A convention that goes on from an earlier year, and under which names (rules, 32)."""
    schedule: dict[str, Instalment] = {}
    last_orders: dict[str, str] = {}
    for row in (*data["instalments"], *data["former_instalments"]):
        _, slash, code = parted(row)
        key = f"{formerly}/{code}" if slash else code
        last = row.get("order") or named(data["convention"], row["instalment"], row["orders"])
        if row["orders"] and last != named(number, key, row["orders"]):
            last_orders[key] = last
        if "lines" not in row:
            continue
        [instalment] = schedule_of([row]).values()
        schedule[key] = instalment
        instalment.orders = row["orders"]
        instalment.signed_on = row.get("amended_on")
        instalment.ordered_before = not row["lines"]
        instalment.due_again_on = row.get("due_again_on")
    convention = Convention(
        data["grant"], without_nulls(data["beneficiary"]), data["signed_on"], schedule
    )
    convention.formerly, convention.last_orders = formerly, last_orders
    convention.stands_alone = data["stands_alone"]
    if convention.stands_alone:
        convention.year_cents = data["award"]["year_awards_cents"]
    convention.state = data["state"]
    convention.obligations = without_nulls(data["obligations"])
    convention.counts = {each["instalment"]: each["orders"] for each in data["former_instalments"]}
    convention.notified_on = data.get("notified_on")
    convention.earlier = {"paid": data["paid_cents"], "ordered": data["ordered_cents"]}
    for rank, row in enumerate(data["documents"], start=-len(data["documents"])):
        document = (row["document"]["kind"], row["document"]["year"])
        convention.received[document] = row["received_on"]
        if (cost := row.get("eligible_cost_cents")) is not None:
            convention.costs[document] = (rank, cost)
    return convention
