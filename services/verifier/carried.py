"""What a letter brings of an earlier year: a convention that goes on, and its award (rules, 32)."""

from services.verifier.grants import Award, Convention, Instalment, schedule_of
from services.verifier.lines import Json
from services.verifier.records import without_nulls


def carried_award(data: Json) -> Award:
    """The award of an earlier year behind a convention that goes on, before what is carried."""
    said = without_nulls(data["award"])
    return Award(
        said["act"],
        said["title"],
        said["beneficiary"],
        not said["requires_convention"],
        said.get("conditions_year"),
        {},
        year_cents=said["year_awards_cents"],
    )


def carried_convention(data: Json) -> Convention:
    """A convention that goes on from an earlier year (rules, 32)."""
    schedule: dict[str, Instalment] = {}
    for row in data["instalments"]:
        [(name, instalment)] = schedule_of([row]).items()
        instalment.under = row.get("convention")
        schedule[name if instalment.under is None else f"{instalment.under}/{name}"] = instalment
        instalment.orders = row["orders"]
        instalment.signed_on = row.get("amended_on")
        instalment.ordered_before = not row["lines"]
        instalment.due_again_on = row.get("due_again_on")
    convention = Convention(
        data["grant"], without_nulls(data["beneficiary"]), data["signed_on"], schedule
    )
    convention.stands_alone = data["stands_alone"]
    if convention.stands_alone:
        convention.year_cents = data["award"]["year_awards_cents"]
    convention.state = data["state"]
    convention.obligations = without_nulls(data["obligations"])
    convention.counts = {each["instalment"]: each["orders"] for each in data["former_instalments"]}
    convention.notified_on = data.get("notified_on")
    convention.earlier = {"paid": data["paid_cents"], "ordered": data["ordered_cents"]}
    for rank, row in enumerate(data["documents"], start=-len(data["documents"])):
        key = (row["document"]["kind"], row["document"]["year"])
        convention.received[key] = row["received_on"]
        if (cost := row.get("eligible_cost_cents")) is not None:
            convention.costs[key] = (rank, cost)
    return convention
