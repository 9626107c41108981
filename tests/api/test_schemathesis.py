"""Everything that the OpenAPI document allows, and much that it does not, asked of a real server.

No 500, no undocumented answer, no address that forgets to ask who is there.
"""

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any, Final

import pytest
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import openapi
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from services.api.read_model import open_read_model
from services.projector.database import an_engine, prepare
from tests import silence
from tests.api.world import ALL_KEY, an_app
from tests.read_model.filling import EXAMPLES, fill, journal_of

EXAMPLES_MAX = 12
START_S = 20

pytestmark = pytest.mark.timeout(300)
no_logs = silence.no_logs


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server over the examples' years, in a thread of its own."""
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('schemathesis') / 'read.db'}"
    asyncio.run(_prepare(url))
    fill(url, journal_of(*sorted(EXAMPLES.glob("*.jsonl"))))
    app = an_app(open_read_model(url))
    opened = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))

    async def serve() -> None:
        await server.serve(sockets=[opened])
        await app.state.parts.engine.dispose()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        yield f"http://127.0.0.1:{opened.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(START_S)
        opened.close()


async def _prepare(url: str) -> None:
    engine = an_engine(url)
    await prepare(engine)
    await engine.dispose()


CHECKS: Final = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.ignored_auth,
    checks.unsupported_method,
]
AUTHORIZED: Final = {"Authorization": f"Bearer {ALL_KEY}"}


@pytest.fixture(scope="module")
def document(address: str) -> Any:
    return openapi.from_url(f"{address}/openapi.json", headers=AUTHORIZED)


def operations() -> list[tuple[str, str]]:
    """What the document holds, found without a server."""
    paths = an_app(open_read_model("sqlite://")).openapi()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


KNOWN: Final[dict[str, list[Any]]] = {
    "budget": ["21590350100017-00-2023", "21590350100017-00-2024", "_dead.0"],
    "grant": ["LILLE-AVENIRS-2023"],
    "convention": ["CONV-2023-LILLE-AVENIRS"],
    "payment_order": ["CONV-2023-LILLE-AVENIRS/advance"],
    "event_id": ["budget-2023-primitif", "convention-lille-avenirs-2023"],
    "sequence": [1, 4, 12],
    "ref": ["LILLE-AVENIRS-2023", "CONV-2023-LILLE-AVENIRS/balance"],
}
"""What there is: asked for by chance alone, nothing would ever be found."""


@pytest.mark.parametrize(("method", "path"), operations(), ids=lambda each: each.strip("/"))
def test_no_question_meets_an_error_or_an_undocumented_answer(
    document: Any, method: str, path: str
) -> None:
    operation = document[path][method]

    @given(case=operation.as_strategy(), known=st.booleans(), data=st.data())
    @settings(
        max_examples=EXAMPLES_MAX,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any, known: bool, data: st.DataObject) -> None:
        if known:
            for given_names in (case.path_parameters, case.query):
                for name in KNOWN.keys() & (given_names or {}).keys():
                    given_names[name] = data.draw(st.sampled_from(KNOWN[name]))
        case.call_and_validate(headers=AUTHORIZED, checks=CHECKS)

    ask()
