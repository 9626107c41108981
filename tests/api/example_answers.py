"""The answers that the OpenAPI document shows, asked of the API over the example's year.

`python -m tests.api.example_answers` writes them again.
"""

import json
import tempfile
from pathlib import Path
from typing import Any, Final

import httpx

from services.api.contract.published import ANSWERS
from tests.api.reads.answers import BUDGET, YEAR, get
from tests.api.test_treasury import paid, post, prepared
from tests.api.treasury_scene import LILLE_TREASURY, a_scene
from tests.builders import a_new_account
from tests.read_model.databases import in_a_file
from tests.read_model.filling import fill, journal_of

ASKED: Final = {
    "GET /balances/lines": "/balances/lines?limit=1",
    "GET /payment-orders": "/payment-orders?limit=1",
    "GET /events/{event_id}": f"/events/paiement-avance?budget={BUDGET}",
}
"""By method and address of the document, what is asked."""

SLIPS: Final = "/treasury/slips"


def answers(url: str) -> dict[str, Any]:
    """The answers of a read model of the example's year, by method and address."""
    found = get(url, *ASKED.values())
    return {path: answer.json() for path, answer in zip(ASKED, found, strict=True)}


def treasury_answers(folder: Path) -> dict[str, Any]:
    """The answers of a day at the treasury of a town in this folder, by method and address."""
    found: dict[str, httpx.Response] = {}

    async def day(client: httpx.AsyncClient) -> None:
        found[f"GET {SLIPS}/waiting"] = await client.get(f"{SLIPS}/waiting?limit=1")
        draft = f"{SLIPS}/{await prepared(client)}"
        found[f"POST {SLIPS}/{{slip_id}}/cancel"] = await client.post(f"{draft}/cancel")
        found[f"POST {SLIPS}"] = await client.post(SLIPS, json={"budget": BUDGET})
        slip = f"{SLIPS}/{found[f'POST {SLIPS}'].json()['slip_id']}"
        found[f"POST {SLIPS}/{{slip_id}}/issue"] = await client.post(f"{slip}/issue")
        await client.get(f"{slip}/file")
        found["POST /treasury/returns"] = await post(client, paid(40_000))
        await post(client, paid(40_000, number=99), "another.xml")
        found[f"GET {SLIPS}"] = await client.get(f"{SLIPS}?limit=1")
        found[f"GET {SLIPS}/{{slip_id}}"] = await client.get(slip)
        found["GET /treasury/findings"] = await client.get("/treasury/findings?limit=1")
        (finding,) = found["GET /treasury/findings"].json()["items"]
        closed = f"/treasury/findings/{finding['finding_id']}/close"
        reason = {"reason": "Compared with the accountant: another town's."}
        found["POST /treasury/findings/{finding_id}/close"] = await client.post(closed, json=reason)

    async def replaced(client: httpx.AsyncClient) -> None:
        (order,) = (await client.get(f"{SLIPS}/waiting?limit=1")).json()["items"]
        its = {name: order[name] for name in ("budget", "payment_order")}
        path = f"{SLIPS}/waiting/confirm"
        body = its | {"record": order["to_confirm"]}
        found[f"POST {path}"] = await client.post(path, json=body)

    scene = a_scene(folder)
    scene.tell(a_new_account())
    scene.asked(LILLE_TREASURY, replaced)
    scene.tell()
    scene.asked(LILLE_TREASURY, day)
    assert {200, 201} == {each.status_code for each in found.values()}
    return {path: answer.json() for path, answer in found.items()}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = in_a_file(Path(folder) / "year.db")
        fill(url, journal_of(YEAR))
        found = answers(url) | treasury_answers(Path(folder))
        text = json.dumps(found, ensure_ascii=False, indent=2)
    ANSWERS.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
