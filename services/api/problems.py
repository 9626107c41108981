"""Problem details (RFC 9457) of answers that fail, in French and in English."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from fastapi.openapi.constants import REF_PREFIX
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.requests import HTTPConnection

from events.texts import Translatable, _
from services.api.requests import language_of
from services.texts.translation import translate

MEDIA_TYPE: Final = "application/problem+json"
CONSOLE: Final = "/console"


class Kind(NamedTuple):
    """A kind of problem: its stable code, its status, and what people read."""

    code: str
    status: int
    title: Translatable
    detail: Translatable
    """Sentence with the facts; `{name}` stands for one."""
    advice: Translatable
    """Advice."""


class Problem(Exception):
    """Ends a request with a problem.

    `facts` fill the sentences; `members` stand in the answer beside them, as they are.
    """

    def __init__(
        self,
        kind: Kind,
        facts: Mapping[str, object] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(kind.code)
        self.kind = kind
        self.facts = facts or {}
        self.headers = dict(headers or {})
        self.members = members


class ProblemDetails(BaseModel):
    """A problem as it is answered (RFC 9457)."""

    type: str = Field(description="`urn:ecluse:problem:` and the code.")
    title: str
    status: int
    detail: str = Field(description="What happened, in the language that was asked for.")
    code: str = Field(description="Stable: what a program may rely on.")
    advice: str = Field(description="What to do, in the language that was asked for.")
    request_id: str | None = Field(None, description="Names this request in the logs.")
    model_config = {"extra": "allow"}


NOT_FOUND: Final = Kind(
    "not_found",
    404,
    _("Not found"),
    _("There is nothing at this address, or nothing that this access may see."),
    _("Check the address and the entity (SIRET) of your key."),
)
METHOD_NOT_ALLOWED: Final = Kind(
    "method_not_allowed",
    405,
    _("Method not allowed"),
    _("This address does not answer to {method}."),
    _("See /docs."),
)
INVALID_REQUEST: Final = Kind(
    "invalid_request",
    422,
    _("Invalid request"),
    _("The request cannot be read: {faults}."),
    _("Correct the values named in `faults`; /docs says what is expected."),
)
UNAUTHENTICATED: Final = Kind(
    "unauthenticated",
    401,
    _("Access not known"),
    Translatable("{why}"),
    _(
        "Send “Authorization: Bearer …” with a key in force (`ecluse api-keys create`) or a token "
        "of your identity provider."
    ),
)
SCOPE_MISSING: Final = Kind(
    "scope_missing",
    403,
    _("Right missing"),
    _("This access has not the right “{scope}” that is needed here."),
    _("Ask the operator for a key that has it (`ecluse api-keys create --{scope} …`)."),
)
ALL_ENTITIES: Final = Kind(
    "all_entities_needed",
    403,
    _("Right too narrow"),
    _("These measures are of all entities; this access sees only some."),
    _("Take a key created with `--read all`."),
)
FORGED_FORM: Final = Kind(
    "forged_form",
    403,
    _("Form not recognised"),
    _("This was not sent from a page of Écluse, or the session of that page has ended."),
    _("Load the page again and try once more."),
)
TOO_LARGE: Final = Kind(
    "too_large",
    413,
    _("Request too large"),
    _("The request is over {limit_bytes} bytes."),
    _("Split it."),
)
LENGTH_TWICE: Final = Kind(
    "length_twice",
    400,
    _("Length said twice"),
    _("The request says its length by Content-Length and by Transfer-Encoding too."),
    _("Send one of the two."),
)
TOO_SLOW: Final = Kind(
    "too_slow",
    503,
    _("Answer too slow"),
    _("The answer did not come in {limit_s:g} s."),
    _("Ask for less, or try again later."),
)
DATABASE_UNREACHABLE: Final = Kind(
    "database_unreachable",
    503,
    _("Database out of reach"),
    _("The database does not answer. Nothing is lost: the journal is elsewhere."),
    _("Try again; if it lasts, tell the operator."),
)
INTERNAL: Final = Kind(
    "internal_error",
    500,
    _("Écluse's own error"),
    _("Écluse failed to answer. The fault is its own, not yours."),
    _("Report it with `request_id`, which finds it in the logs."),
)
OTHER: Final = Kind(
    "http_error",
    400,
    _("Request refused"),
    Translatable("{said}"),
    _("See /docs."),
)


DESCRIPTIONS: Final = {
    400: "The request contradicts itself.",
    401: "No access, or none that is in force.",
    403: "This access has not the right that is needed.",
    404: "Nothing there, or nothing that this access may see.",
    409: "Not as things stand.",
    413: "Too large.",
    415: "Not of a kind that is read here.",
    421: "Asked by a name that is not this server's, while access is not checked.",
    422: "The request cannot be read.",
    429: "Too many at once.",
    500: "Our own error.",
    503: "Something that the answer needs is out of reach, or took too long.",
    507: "No room to take the request in.",
}
"""Descriptions of the problems of each status, for the OpenAPI document."""


def problems(*kinds: Kind) -> dict[int | str, dict[str, Any]]:
    """The problems that an address may answer with, for its `responses`: their codes by status."""
    return {
        status: {
            "description": DESCRIPTIONS[status],
            "content": {
                MEDIA_TYPE: {
                    "schema": {
                        "$ref": f"{REF_PREFIX}{ProblemDetails.__name__}",
                        "properties": {"code": {"enum": codes}},
                    }
                }
            },
        }
        for status, codes in _codes_of(kinds).items()
    }


def add_problems(document: dict[str, Any], kinds: Iterable[Kind]) -> None:
    """Add to each address of an OpenAPI document, beside its own, what any may answer with."""
    by_status = {str(status): codes for status, codes in _codes_of(kinds).items()}
    for methods in document["paths"].values():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                if content := answer.get("content", {}).get(MEDIA_TYPE):
                    code = content["schema"]["properties"]["code"]
                    code["enum"] = [*dict.fromkeys((*by_status.get(status, ()), *code["enum"]))]


def _codes_of(kinds: Iterable[Kind]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for kind in dict.fromkeys(kinds):
        found.setdefault(kind.status, []).append(kind.code)
    return found


def answer(problem: Problem, request: HTTPConnection) -> Response:
    """The problem as an answer to this request, in its language: a page to a browser that asks."""
    kind, language = problem.kind, language_of(request)
    content = {
        "type": f"urn:ecluse:problem:{kind.code}",
        "title": translate(kind.title, language),
        "status": kind.status,
        "detail": translate(kind.detail.render(problem.facts), language),
        "code": kind.code,
        "advice": translate(kind.advice.render(problem.facts), language),
        "request_id": getattr(request.state, "request_id", None),
        **problem.members,
    }
    headers = {"Content-Language": language.value, **problem.headers}
    if is_console(request.scope["path"]) and "text/html" in request.headers.get("accept", ""):
        page: Response = request.app.state.problem_page(request, content, headers)
        return page
    return JSONResponse(content, kind.status, headers, MEDIA_TYPE)


def is_console(path: str) -> bool:
    """True of the addresses of the console's pages."""
    return path == CONSOLE or path.startswith(CONSOLE + "/")
