"""Events that wait: corrected by form together with their withdrawal, or withdrawn."""

from pathlib import Path

from tests.api.by_hand import (
    YEAR,
    checked,
    main,
    pressed,
    visiting,
)
from tests.builders import (
    BUDGET,
    a_convention,
    a_report,
    a_vote,
    an_award,
)

MISTYPED = a_report(convention="O", _id="mistyped", _subject="O")
"""Parked behind the year, as record 4: there is no convention O."""


async def test_a_parked_event_is_corrected_and_withdrawn_in_one_act(tmp_path: Path) -> None:
    async with visiting(tmp_path, *YEAR, MISTYPED) as (client, audit):
        path = f"/console/send/correction/{BUDGET}/4"
        for where in ("/console/troubles/parked", f"/console/records/{BUDGET}/4"):
            assert f'href="{path}"' in (await client.get(where)).text
        assert 422 == (await checked(client, path, convention="C")).status_code
        check = await checked(
            client,
            path,
            budget=BUDGET,
            convention="C",
            document__kind="activity_report",
            document__year="2022",
            received_on="2023-06-26",
        )
        assert "The ledger would accept it." in main(check), main(check)
        assert "The event that waits is withdrawn first" in main(check)
        assert [] == audit.lines, "nothing is sent yet"
        done = await pressed(client, path, check)
        assert "Accepted" in main(done), main(done)
        records = [
            (await client.get(f"/budgets/{BUDGET}/journal/{sequence}")).json()
            for sequence in range(4, 8)
        ]
        assert [
            ("ecluse.report.received.v1", "parked"),
            ("ecluse.event.withdrawn.v1", "accepted"),
            ("ecluse.report.received.v1", "refused"),
            ("ecluse.report.received.v1", "accepted"),
        ] == [(each["event_type"], each["outcome"]) for each in records]
        assert 4 == records[2]["resumes"]
        assert 2 == len(audit.lines)
        assert "No refused event is left" in main(await client.get("/console/troubles/refused"))
        assert 409 == (await client.get(path)).status_code, "it waits no longer"
        again = await pressed(client, path, check)
        assert "Accepted" in main(again), "pressed twice, it is a duplicate"


async def test_a_parked_event_is_withdrawn_with_a_reason(tmp_path: Path) -> None:
    async with visiting(tmp_path, *YEAR, MISTYPED) as (client, audit):
        path = f"/console/send/withdrawal/{BUDGET}/4"
        for where in ("/console/troubles/parked", f"/console/records/{BUDGET}/4"):
            assert f'href="{path}"' in (await client.get(where)).text
        form = await client.get(path)
        assert "mistyped" in main(form)
        assert 422 == (await checked(client, path, reason="")).status_code
        check = await checked(client, path, reason="Numéro erroné")
        assert "The ledger would accept it." in main(check)
        assert [] == audit.lines, "nothing is sent yet"
        assert "Accepted" in main(await pressed(client, path, check))
        refused = (await client.get(f"/budgets/{BUDGET}/journal/6")).json()
        assert ("refused", 4) == (refused["outcome"], refused["resumes"])
        assert "Nothing waits." in main(await client.get("/console/troubles/parked"))
        settled = await client.get("/console/troubles/refused", params={"settled": "true"})
        assert "Withdrawn by: Record 5" in main(settled)
        assert path not in (await client.get(f"/console/records/{BUDGET}/4")).text
        assert "Accepted" in main(await pressed(client, path, check)), "pressed twice"


async def test_what_came_meanwhile_is_not_withdrawn_and_nothing_is_corrected(
    tmp_path: Path,
) -> None:
    late = a_convention(convention="O", grant="H", _id="signed")
    async with visiting(
        tmp_path, *YEAR, MISTYPED, a_vote(stage="supplementary"), an_award(grant="H"), late
    ) as (client, audit):
        for step in ("correction", "withdrawal"):
            answer = await client.get(f"/console/send/{step}/{BUDGET}/4")
            assert 409 == answer.status_code
            assert "It waits no longer" in main(answer)
        assert 404 == (await client.get(f"/console/send/withdrawal/{BUDGET}/1")).status_code
        assert [] == audit.lines
