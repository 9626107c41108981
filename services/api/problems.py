"""Problem details (RFC 9457) of answers that fail, in French and in English."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from fastapi.openapi.constants import REF_PREFIX
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.requests import HTTPConnection

from events.sentences import Sentence
from services.api.language import language_of
from services.texts.language import Language
from services.texts.translation import translate

MEDIA_TYPE: Final = "application/problem+json"


class Kind(NamedTuple):
    """A kind of problem: its stable code, its status, and what people read."""

    code: str
    status: int
    title: Sentence
    detail: Sentence
    """Sentence with the facts; `{name}` stands for one."""
    advice: Sentence
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
    Sentence("Introuvable", "Not found"),
    Sentence(
        "Il n'y a rien à cette adresse, ou rien que cet accès permette de voir.",
        "There is nothing at this address, or nothing that this access may see.",
    ),
    Sentence(
        "Vérifiez l'adresse et l'entité (SIRET) de votre clé\u00a0; /docs liste les adresses.",
        "Check the address and the entity (SIRET) of your key; /docs lists the addresses.",
    ),
)
METHOD_NOT_ALLOWED: Final = Kind(
    "method_not_allowed",
    405,
    Sentence("Méthode refusée", "Method not allowed"),
    Sentence(
        "Cette adresse ne répond pas à {method}.", "This address does not answer to {method}."
    ),
    Sentence("Voyez /docs.", "See /docs."),
)
INVALID_REQUEST: Final = Kind(
    "invalid_request",
    422,
    Sentence("Demande mal formée", "Invalid request"),
    Sentence("La demande ne se lit pas\u00a0: {faults}.", "The request cannot be read: {faults}."),
    Sentence(
        "Corrigez les valeurs nommées dans `faults`\u00a0; /docs dit ce qui est attendu.",
        "Correct the values named in `faults`; /docs says what is expected.",
    ),
)
UNAUTHENTICATED: Final = Kind(
    "unauthenticated",
    401,
    Sentence("Accès non reconnu", "Access not known"),
    Sentence("{why}", "{why}"),
    Sentence(
        "Envoyez « Authorization\u00a0: Bearer … » avec une clé en vigueur (`ecluse api-keys "
        "create`) ou un jeton de votre fournisseur d'identité.",
        "Send “Authorization: Bearer …” with a key in force (`ecluse api-keys create`) or a token "
        "of your identity provider.",
    ),
)
SCOPE_MISSING: Final = Kind(
    "scope_missing",
    403,
    Sentence("Droit manquant", "Right missing"),
    Sentence(
        "Cet accès n'a pas le droit « {scope} » qu'il faut ici.",
        "This access has not the right “{scope}” that is needed here.",
    ),
    Sentence(
        "Demandez à l'opérateur une clé qui l'a (`ecluse api-keys create --{scope} …`).",
        "Ask the operator for a key that has it (`ecluse api-keys create --{scope} …`).",
    ),
)
ALL_ENTITIES: Final = Kind(
    "all_entities_needed",
    403,
    Sentence("Droit trop étroit", "Right too narrow"),
    Sentence(
        "Ces mesures portent sur toutes les entités\u00a0; cet accès n'en voit que quelques-unes.",
        "These measures are of all entities; this access sees only some.",
    ),
    Sentence("Prenez une clé créée avec `--read all`.", "Take a key created with `--read all`."),
)
FORGED_FORM: Final = Kind(
    "forged_form",
    403,
    Sentence("Formulaire non reconnu", "Form not recognised"),
    Sentence(
        "Ce formulaire ne vient pas de votre session, ou d'une session terminée.",
        "This form does not come from your session, or from one that has ended.",
    ),
    Sentence("Rechargez la page et recommencez.", "Load the page again and try once more."),
)
TOO_LARGE: Final = Kind(
    "too_large",
    413,
    Sentence("Demande trop grande", "Request too large"),
    Sentence(
        "La demande dépasse {limit_bytes} octets.", "The request is over {limit_bytes} bytes."
    ),
    Sentence("Découpez-la en plusieurs.", "Split it."),
)
TOO_SLOW: Final = Kind(
    "too_slow",
    503,
    Sentence("Réponse trop longue à venir", "Answer too slow"),
    Sentence(
        "La réponse n'est pas venue en {limit_s:g} s.", "The answer did not come in {limit_s:g} s."
    ),
    Sentence(
        "Restreignez la demande, ou réessayez plus tard.", "Ask for less, or try again later."
    ),
)
DATABASE_UNREACHABLE: Final = Kind(
    "database_unreachable",
    503,
    Sentence("Base de données injoignable", "Database out of reach"),
    Sentence(
        "La base de données ne répond pas. Rien n'est perdu\u00a0: le journal est ailleurs.",
        "The database does not answer. Nothing is lost: the journal is elsewhere.",
    ),
    Sentence(
        "Réessayez\u00a0; si cela dure, prévenez l'opérateur.",
        "Try again; if it lasts, tell the operator.",
    ),
)
INTERNAL: Final = Kind(
    "internal_error",
    500,
    Sentence("Erreur d'Écluse", "Écluse's own error"),
    Sentence(
        "Écluse n'a pas su répondre. C'est son erreur, pas la vôtre.",
        "Écluse failed to answer. The fault is its own, not yours.",
    ),
    Sentence(
        "Signalez-la avec `request_id`, qui la retrouve dans les journaux techniques.",
        "Report it with `request_id`, which finds it in the logs.",
    ),
)
OTHER: Final = Kind(
    "http_error",
    400,
    Sentence("Demande refusée", "Request refused"),
    Sentence("{said}", "{said}"),
    Sentence("Voyez /docs.", "See /docs."),
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
    500: "Our own error.",
    503: "Something that the answer needs is out of reach, or took too long.",
}
"""Descriptions of the problems of each status, for the OpenAPI document."""


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems that an address may answer with, for its `responses`."""
    schema = {"$ref": f"{REF_PREFIX}{ProblemDetails.__name__}"}
    return {
        status: {"description": DESCRIPTIONS[status], "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


def details(problem: Problem, language: Language, request_id: str | None) -> dict[str, Any]:
    """The problem as it is answered."""
    kind = problem.kind
    return {
        "type": f"urn:ecluse:problem:{kind.code}",
        "title": translate(kind.title, language),
        "status": kind.status,
        "detail": _rendered(kind.detail, problem.facts, language),
        "code": kind.code,
        "advice": _rendered(kind.advice, problem.facts, language),
        "request_id": request_id,
        **problem.members,
    }


def _rendered(sentence: Sentence, facts: Mapping[str, object], language: Language) -> str:
    """The sentence in one language; a fact may be a sentence too."""
    known = {
        name: translate(fact, language) if isinstance(fact, Sentence) else fact
        for name, fact in facts.items()
    }
    return translate(sentence, language).format_map(known)


def answer(problem: Problem, asked: HTTPConnection) -> JSONResponse:
    """The problem as an answer to this request, in its language."""
    language = language_of(asked)
    content = details(problem, language, getattr(asked.state, "request_id", None))
    headers = {"Content-Language": language.value, **problem.headers}
    return JSONResponse(content, problem.kind.status, headers, MEDIA_TYPE)
