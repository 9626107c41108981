"""The identity provider's notice that a session has ended there (Back-Channel Logout)."""

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Form
from starlette.responses import Response

from events.texts import Translatable, _
from services.api.access.caller import NotKnown
from services.api.access.oidc.tokens import TOKEN_CHARACTERS_MAX
from services.api.access.session import LOGOUT_NOTICE_PATH
from services.api.http.dependencies import Given
from services.api.problems import NOT_FOUND, Kind, Problem

router = APIRouter()

LOGOUT_TOKEN_REFUSED: Final = Kind(
    "logout_token_refused",
    400,
    _("Logout token refused"),
    Translatable("{why}"),
    _("Check issuer, client and clock of the identity provider."),
)


@router.post(LOGOUT_NOTICE_PATH, include_in_schema=False)
async def notice(
    components: Given,
    logout_token: Annotated[str, Form(max_length=TOKEN_CHARACTERS_MAX)] = "",
) -> Response:
    """End the sessions that a logout token names. Nobody is logged in here: the token proves it."""
    if components.login is None:
        raise Problem(NOT_FOUND)
    try:
        await components.login.end_by(logout_token)
    except NotKnown as error:
        raise Problem(LOGOUT_TOKEN_REFUSED, {"why": error.why}, reason=error.reason) from error
    return Response(status_code=HTTPStatus.OK.value)
