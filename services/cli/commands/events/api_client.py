"""HTTP client of the API, for commands that send an event by hand: questions, trials, sending."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode

import aiohttp

from events.texts import Translatable, _, verbatim
from services.runtime.ops.errors import Stop
from services.runtime.ops.http_fetch import read_within
from services.texts.language import Language

HERE: Final = "http://127.0.0.1:8000"
"""The default address of `ecluse api` and `ecluse serve --embedded`."""

ANSWER_S: Final = 60.0
"""Time limit of an answer: longer than the API's own, and than it waits for a decision."""

BYTES_MAX: Final = 64 * 1024 * 1024
WAIT_S: Final = 20

SILENT = _("the API does not answer ({error}); --url names its address")
NO_ANSWER_OF_OURS = _("what answers here is not the API (HTTP {status})")


class Answer(NamedTuple):
    """An answer of the API: its status, and the JSON that it holds."""

    status: int
    content: Any

    @property
    def is_good(self) -> bool:
        """True if it is what was asked for."""
        return self.status < HTTPStatus.BAD_REQUEST


class Api:
    """The API at an address, asked with a key; with an empty one where access is not checked."""

    def __init__(self, address: str, key: str, language: Language) -> None:
        self._address = address.rstrip("/")
        self._headers = {"Accept-Language": language.value, "Accept": "application/json"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"

    def ask(self, *steps: str, **asked: str) -> Any:
        """What the API has at the address of these steps; None where it has nothing.

        Raises:
            Stop: it does not answer, or not this caller.
        """
        answer = self._send("GET", steps, asked)
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        return self._checked(answer).content

    def try_event(self, event: Mapping[str, Any]) -> Answer:
        """The decision that the ledger would make now, or why none can be texts.

        Raises:
            Stop: it does not answer, or not this caller.
        """
        return self._of_event(event, dry_run="true")

    def send_event(self, event: Mapping[str, Any]) -> Answer:
        """Send it, and wait for the decision.

        Raises:
            Stop: it does not answer, or not this caller.
        """
        return self._of_event(event, wait=str(WAIT_S))

    def _of_event(self, event: Mapping[str, Any], **asked: str) -> Answer:
        answer = self._send("POST", ("events",), asked, event)
        about_the_event = {
            HTTPStatus.UNPROCESSABLE_ENTITY,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        }
        return answer if answer.status in about_the_event else self._checked(answer)

    def _checked(self, answer: Answer) -> Answer:
        if answer.is_good:
            return answer
        raise Stop(self._address, problem_text(answer))

    def _send(
        self,
        method: str,
        steps: Iterable[str],
        asked: Mapping[str, str],
        event: Mapping[str, Any] | None = None,
    ) -> Answer:
        path = "/".join(quote(each, safe="") for each in steps)
        query = f"?{urlencode(asked)}" if asked else ""
        address = f"{self._address}/{path}{query}"
        try:
            return asyncio.run(self._fetched(method, address, event))
        except (aiohttp.ClientError, OSError) as error:
            detail = str(getattr(error, "os_error", error)) or type(error).__name__
            raise Stop(self._address, SILENT.render({"error": detail})) from error

    async def _fetched(self, method: str, address: str, event: Mapping[str, Any] | None) -> Answer:
        headers, body = dict(self._headers), None
        if event is not None:
            headers["Content-Type"] = "application/cloudevents+json"
            body = json.dumps(event, ensure_ascii=False).encode()
        limit = aiohttp.ClientTimeout(total=ANSWER_S)
        async with (
            aiohttp.ClientSession(timeout=limit, headers=headers) as session,
            session.request(method, address, data=body, allow_redirects=False) as answer,
        ):
            try:
                content = json.loads(await read_within(answer, BYTES_MAX))
            except ValueError as error:
                unknown = NO_ANSWER_OF_OURS.render({"status": answer.status})
                raise Stop(self._address, unknown) from error
        return Answer(answer.status, content)


def problem_text(answer: Answer) -> Translatable:
    """The sentences of a problem, in the language in which it was asked."""
    content = answer.content if isinstance(answer.content, Mapping) else {}
    faults = [str(each.get("detail", "")) for each in content.get("faults", ())]
    texts = [*faults, str(content.get("detail", f"HTTP {answer.status}"))]
    return verbatim(" ".join([*texts, str(content.get("advice", ""))]).strip())
