"""ECLUSE_AUTH=off: a page of another site changes nothing by the browser of who opens it."""

from pathlib import Path
from typing import Final

import httpx
import pytest

from services.api.access.authentication import OpenAccess
from tests.api.environment import ALL_KEY
from tests.api.treasury_scene import Scene, a_scene
from tests.builders import a_vote, encoded
from tests.treasury.return_files import Line, Mandat, a_return, a_slip

OURS: Final = "http://127.0.0.1:8000"
EVIL: Final = "https://evil.example"
SIMPLE: Final = {"Content-Type": "text/plain"}
"""Asked without a preflight."""

HONEST: Final = a_return(
    a_slip(Mandat(1, (Line("1.00"),))), head={"IdPost": "059999", "CodColl": "350"}
)
VOTE: Final = encoded(a_vote())
BUDGET: Final = "21590350100017-00-2023"
SLIP: Final = f'{{"budget": "{BUDGET}", "slip_type": "01"}}'.encode()
ACTS: Final = [
    ("/treasury/slips", SLIP, {"Content-Type": "application/json"}, 201),
    (f"/treasury/slips/{BUDGET}-S1/issue", b"", SIMPLE, 200),
    (f"/treasury/slips/{BUDGET}-S1/cancel", b"", SIMPLE, 200),
    ("/treasury/returns?file_name=x.xml", HONEST, SIMPLE, 200),
    ("/events", VOTE, {"Content-Type": "application/cloudevents+json"}, 202),
    ("/console/treasury/slips", b"", SIMPLE, 422),
]
FOREIGN: Final[dict[str, dict[str, str]]] = {
    "a page elsewhere": {"Origin": EVIL, "Sec-Fetch-Site": "cross-site"},
    "another port": {"Origin": "http://127.0.0.1:3000", "Sec-Fetch-Site": "same-site"},
    "an older browser": {"Origin": EVIL},
    "a sandbox": {"Origin": "null"},
    "a file": {"Sec-Fetch-Site": "cross-site"},
    "a name and a password": {"Origin": EVIL, "Authorization": "Basic eDp5"},
}
OWN: Final[dict[str, dict[str, str]]] = {
    "a program": {},
    "a page of ours": {"Origin": OURS, "Sec-Fetch-Site": "same-origin"},
    "an older browser": {"Origin": OURS},
    "an address that was typed": {"Sec-Fetch-Site": "none"},
    "a key that nobody asks for": {"Authorization": f"Bearer {ALL_KEY}"},
}


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    found = a_scene(tmp_path)
    found.access = OpenAccess()
    return found


def done(scene: Scene, path: str, content: bytes, headers: dict[str, str]) -> int:
    """The status of this act, by the name of this machine and without a key."""

    async def ask(client: httpx.AsyncClient) -> int:
        sent = {"Host": "127.0.0.1:8000"} | headers
        return (await client.post(path, content=content, headers=sent)).status_code

    status: int = scene.asked(None, ask)
    return status


@pytest.mark.parametrize("sender", FOREIGN)
def test_what_another_site_sends_changes_nothing(scene: Scene, sender: str) -> None:
    for path, content, kind, expected in ACTS:
        assert 403 == done(scene, path, content, kind | FOREIGN[sender]), path
        # The next one has its draft, or its issued slip.
        assert expected == done(scene, path, content, kind)


@pytest.mark.parametrize("sender", OWN)
def test_programs_and_pages_of_ours_go_on(scene: Scene, sender: str) -> None:
    for path, content, kind, expected in ACTS:
        assert expected == done(scene, path, content, kind | OWN[sender]), path
