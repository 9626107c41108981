"""Everything that the OpenAPI document allows, and much that it does not, asked of a real server.

No 500, no undocumented answer, no address that forgets to ask who is there.
"""

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import openapi
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from services.api.adapters.read_model import open_read_model
from tests.api.environment import ALL_KEY, LILLE_KEY, ROUBAIX, Kept, an_app
from tests.api.reads.answers import ACCESS, ROUBAIX_KEY
from tests.api.reads.walking import IN_PATH, document_paths
from tests.builders import a_vote, encoded
from tests.read_model.databases import BOTH, POSTGRESQL, SQLITE, prepared
from tests.read_model.filling import EXAMPLES, fill, journal_of
from tests.waiting import WAIT_S

EXAMPLES_MAX = {SQLITE: 12, POSTGRESQL: 3}
"""How often each address is asked.

The input topics are the same, the databases speak differently.
"""

ANSWER_S = 60
"""How long an answer may take on a machine that is busy with other tests."""


pytestmark = pytest.mark.timeout(300)


class Served(NamedTuple):
    """A server, and what it stands on."""

    database: str
    address: str
    publisher: Kept


@pytest.fixture(scope="module", params=BOTH)
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A server over the examples' years, in a thread of its own."""
    if request.param == SQLITE:
        url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('schemathesis') / 'read.db'}"
    else:
        url = request.getfixturevalue("postgresql_server").a_database()
    fill(prepared(url), journal_of(*sorted(EXAMPLES.glob("*.jsonl"))))
    publisher = Kept()
    app = an_app(open_read_model(url), ACCESS, publisher)
    opened = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))

    async def serve() -> None:
        await server.serve(sockets=[opened])
        await app.state.components.engine.dispose()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        address = f"http://127.0.0.1:{opened.getsockname()[1]}"
        yield Served(request.param, address, publisher)
    finally:
        server.should_exit = True
        thread.join(WAIT_S)
        opened.close()


ANSWERS: Final = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
CHECKS: Final = {
    SQLITE: [*ANSWERS, checks.ignored_auth, checks.unsupported_method],
    POSTGRESQL: ANSWERS,
}
KEYS: Final = (ALL_KEY, LILLE_KEY, ROUBAIX_KEY)
"""Of everything; of the town whose years these are; of one that has nothing in them."""


@schemathesis.serializer("application/x-ndjson")
def lines(_context: Any, value: Any) -> bytes:
    """Lines of JSON as they are: the document says of them that they are text."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture(scope="module")
def document(served: Served) -> Any:
    return openapi.from_url(
        f"{served.address}/openapi.json", headers=bearer(ALL_KEY), timeout=ANSWER_S
    )


def operations() -> list[tuple[str, str]]:
    """What the document holds, found without a server."""
    paths = document_paths().items()
    return [(method.upper(), path) for path, methods in paths for method in methods]


LONG: Final = ("POST", "/events")
"""The address whose questions are made of every type of event: a quarter of a minute."""


KNOWN: Final[dict[str, list[Any]]] = {
    "budget": ["21590350100017-00-2023", "21590350100017-00-2024", "_dead.0"],
    "grant": ["LILLE-AVENIRS-2023"],
    "convention": ["CONV-2023-LILLE-AVENIRS"],
    "payment_order": ["CONV-2023-LILLE-AVENIRS/avance"],
    "event_id": ["budget-2023-primitif", "convention-lille-avenirs-2023"],
    "sequence": [1, 4, 12],
    "file_format": ["xlsx", "csv"],
    "stage": ["available"],
    "ref": ["LILLE-AVENIRS-2023", "CONV-2023-LILLE-AVENIRS/solde"],
}
"""What there is: asked for by chance alone, nothing would ever be found."""


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param(*each, marks=pytest.mark.rest) if each == LONG else each
        for each in operations()
    ],
    ids=lambda each: each.strip("/"),
)
def test_no_question_meets_an_error_or_an_undocumented_answer(
    served: Served, document: Any, method: str, path: str
) -> None:
    operation = document[path][method]

    @given(
        case=operation.as_strategy(),
        key=st.sampled_from(KEYS),
        known=st.booleans(),
        data=st.data(),
    )
    @settings(
        max_examples=EXAMPLES_MAX[served.database],
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any, key: str, known: bool, data: st.DataObject) -> None:
        if known:
            for given_names in (case.path_parameters, case.query):
                for name in KNOWN.keys() & (given_names or {}).keys():
                    given_names[name] = data.draw(st.sampled_from(KNOWN[name]))
        case.call_and_validate(
            headers=bearer(key), checks=CHECKS[served.database], timeout=ANSWER_S
        )

    ask()


ONE, LINES = "application/cloudevents+json", "application/x-ndjson"
GOOD: Final = [a_vote(_id="one"), a_vote(_id="two")]


@pytest.mark.parametrize(
    ("key", "media_type", "body", "status", "published"),
    [
        (LILLE_KEY, ONE, GOOD[0], 202, 1),
        (LILLE_KEY, "application/json", GOOD[0], 202, 1),
        (LILLE_KEY, LINES, b"\n".join(map(encoded, GOOD)), 202, 2),
        (LILLE_KEY, ONE, a_vote(budget=f"{ROUBAIX}-00-2023"), 403, 0),
        (ROUBAIX_KEY, ONE, GOOD[0], 403, 0),
        (LILLE_KEY, ONE, GOOD[0] | {"data": {}}, 422, 0),
    ],
)
def test_an_event_is_answered_as_the_document_says(
    served: Served, document: Any, key: str, media_type: str, body: Any, status: int, published: int
) -> None:
    before = len(served.publisher.messages)
    case = document["/events"]["POST"].Case(body=body, media_type=media_type)
    answer = case.call_and_validate(headers=bearer(key), checks=ANSWERS, timeout=ANSWER_S)
    assert status == answer.status_code, answer.text
    assert published == len(served.publisher.messages) - before
    if published:
        phrase = answer.json()
        assert published == phrase["published"] == len(phrase["events"])
        if published == 1:
            assert [phrase["events"][0]["outcome"]] == answer.headers["location"]


@pytest.mark.parametrize(("key", "seen"), [(ALL_KEY, 200), (LILLE_KEY, 200), (ROUBAIX_KEY, 404)])
def test_what_is_there_is_shown_as_the_document_says_to_its_own_entity(
    served: Served, document: Any, key: str, seen: int
) -> None:
    """By chance alone a good answer may be missed: each address that can be is asked for one."""
    found = []
    for method, path in operations():
        names = IN_PATH.findall(path)
        if method != "GET" or not names or not set(names) <= KNOWN.keys():
            continue
        asked = document.raw_schema["paths"][path]["get"].get("parameters", ())
        required = [each["name"] for each in asked if each["in"] == "query" and each["required"]]
        if not required and names == ["file_format"]:
            continue  # A list's file: of what nobody may see it has no rows.
        values = {name: KNOWN[name][0] for name in names}
        query = {name: KNOWN[name][0] for name in required}
        case = document[path][method].Case(path_parameters=values, query=query)
        answer = case.call_and_validate(headers=bearer(key), checks=ANSWERS, timeout=ANSWER_S)
        found.append((path, answer.status_code))
    assert len(found) > 8
    assert [] == [each for each in found if each[1] != seen]
