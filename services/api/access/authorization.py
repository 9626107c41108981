"""Authorization: may this caller do that, and on which entities. The gate has asked who it is.

Rows of a query are bounded to the entities of a caller by `queries.rows.visible`.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer

from services.api.access.caller import Caller, Scope
from services.api.access.session import HOST_ONLY, SESSION_COOKIE
from services.api.problems import ALL_ENTITIES, NOT_FOUND, SCOPE_MISSING, Problem

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="bearer",
    description="A key of `ecluse api-keys create`, or a token of the identity provider.",
)
_session = APIKeyCookie(
    name=HOST_ONLY + SESSION_COOKIE,
    auto_error=False,
    scheme_name="session",
    description="The console's.",
)


def requires_scope(scope: Scope) -> Callable[..., Awaitable[Caller]]:
    """A dependency that gives the caller, if they have this right for any entity."""

    async def caller(
        request: Request,
        _by_bearer: Annotated[object, Security(_bearer, scopes=[scope.value])],
        _by_session: Annotated[object, Security(_session, scopes=[scope.value])],
    ) -> Caller:
        # Without a caller nothing comes as far as here.
        found: Caller = request.state.caller
        if not found.entities(scope):
            headers = _challenge(request, scope)
            raise Problem(SCOPE_MISSING, {"scope": scope.value}, headers=headers)
        return found

    return caller


def _challenge(request: Request, scope: Scope) -> dict[str, str]:
    """Header for a program whose token lacks the right (RFC 6750, 3.1)."""
    if "authorization" not in request.headers:
        return {}
    return {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope.value}"'}


async def reader_of_all(reader: Annotated[Caller, Depends(requires_scope(Scope.READ))]) -> Caller:
    """The caller, if they may read all entities: the answer is of all together.

    Raises:
        Problem: they may read some only.
    """
    if not reader.entities(Scope.READ).every:
        raise Problem(ALL_ENTITIES)
    return reader


def check_authorized(caller: Caller, budget: str, scope: Scope = Scope.READ) -> None:
    """That the caller has this right on the entity of that budget.

    Raises:
        Problem: 404, as for a budget that does not exist: that it does is nobody else's business.
    """
    if not caller.may(scope, budget):
        raise Problem(NOT_FOUND)
