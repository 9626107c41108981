"""Words of people hold nothing that a terminal obeys, a line turns by, or a database refuses."""

from typing import Any, Final

import httpx
import pytest

from tests.api.treasury_scene import LILLE_TREASURY, Scene
from tests.attack.target import Target
from tests.attack.test_returns import HONEST
from tests.builders import an_award, encoded

HIDDEN: Final = ("a\0b", "a\x1b[2J", "a\tb", "a\rb", "a\x7fb", "a\x9bb", "a\u202eb", "a\u2066b")
"""NUL, which PostgreSQL does not keep; controls; characters that turn a line."""

PLACES: Final[dict[str, Any]] = {
    "a title": lambda text: ("/events", encoded(an_award(title=text)), {}),
    "why a finding is closed": lambda text: ("/treasury/findings/x/close", {"reason": text}, {}),
    "why a slip is cancelled": lambda text: ("/treasury/slips/x/cancel", {"reason": text}, {}),
    "the name of a return": lambda text: ("/treasury/returns", HONEST, {"file_name": text}),
}


def posted(client: httpx.Client, place: str, text: str) -> httpx.Response:
    path, content, params = PLACES[place](text)
    if isinstance(content, dict):
        return client.post(path, json=content)
    kind = {"Content-Type": "application/cloudevents+json" if path == "/events" else "text/xml"}
    return client.post(path, content=content, params=params, headers=kind)


@pytest.mark.parametrize("place", PLACES)
def test_words_that_hide_something_are_refused_on_postgresql(target: Target, place: str) -> None:
    with target.client("lille" if "/events" == PLACES[place]("a")[0] else "treasury") as client:
        answers = [posted(client, place, text) for text in HIDDEN]
    assert [422] * len(HIDDEN) == [each.status_code for each in answers]
    target.check_silent(*(each.text for each in answers))


PATHS: Final = (
    "/treasury/findings/{}/close",
    "/treasury/slips/{}/cancel",
    "/treasury/slips/{}/issue",
    "/treasury/slips/{}",
    "/treasury/slips/{}/file",
    "/console/treasury/slips/{}",
    "/budgets/{}",
    "/orders/{}/{}",
    "/console/grants/{}/{}",
    "/beneficiaries/{}",
)


@pytest.mark.parametrize("path", PATHS)
def test_a_null_character_in_an_address_is_none_of_ours(target: Target, path: str) -> None:
    method = "POST" if path.endswith(("close", "cancel", "issue")) else "GET"
    with target.client("treasury") as client:
        answer = client.request(method, path.format("a%00b", "a%00b"), json={"reason": "seen"})
    assert answer.status_code in {404, 422}, answer.text
    target.check_silent(answer.text)


@pytest.mark.parametrize("path", ["slips/x", "findings/x"])
@pytest.mark.parametrize("text", HIDDEN)
async def test_words_in_a_form_that_hide_something_are_refused(
    scene: Scene, path: str, text: str
) -> None:
    async with scene.visitor(LILLE_TREASURY) as client:
        form = {"act": "cancel", "reason": text}
        assert 422 == (await client.post(f"/console/treasury/{path}", data=form)).status_code
