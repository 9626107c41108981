"""A file of the accountant brought to the console by a form: streamed, once its sender is known.

Any other form is read before its token is checked, whoever sent it. This one may be of 64 MiB, so
its dependency stands before that check: it asks for the right first, and takes a slot.
"""

from collections.abc import AsyncGenerator
from contextlib import ExitStack
from http import HTTPStatus
from typing import Annotated, Final

import structlog
from fastapi import APIRouter, Depends, Request
from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from events.texts import Translatable, _
from services.api.console.lists import Place
from services.api.console.page_context import Visitor
from services.api.http.dependencies import DISK_FULL, IN_MEMORY_BYTES, Given
from services.api.problems import Kind, Problem
from services.api.treasury import acts
from services.api.treasury.acts import Treasurer
from services.api.treasury.page import show_returns
from services.api.treasury.routes import RETURN_BYTES_MAX, RETURN_LIMIT_S, FileName

PATH: Final = "/console/treasury/returns"
LIMITS_S: Final = {PATH: RETURN_LIMIT_S}
BODIES_BYTES_MAX: Final = {PATH: RETURN_BYTES_MAX}

FILES_MAX, FIELDS_MAX, FIELD_BYTES_MAX = 1, 4, 1024
"""Parts of the form: the file, and its token."""

FILE: Final = "file"
NO_FILE: Final = _("Choose the file of the public accountant.")
NO_NAME: Final = _("The name of a file has at most 200 characters, and no line break or slash.")
NO_UPLOAD: Final = Kind(
    "not_an_upload",
    415,
    _("Not of a kind that is read here"),
    _("A file is brought to this address by the form of its page (multipart/form-data)."),
    _("Programs send it to `POST /treasury/returns`."),
)

log: Final = structlog.stdlib.get_logger("ecluse.api")

_names: Final[TypeAdapter[str]] = TypeAdapter(FileName)

router = APIRouter()


async def receive_upload(
    request: Request, caller: Treasurer, components: Given
) -> AsyncGenerator[UploadFile | None]:
    """The file that was chosen until the end of the request; None where none was.

    Raises:
        Problem: 404, there is no treasury; 415, it is no such form; 429, too many large ones are
            being read; 507, there is no room.
    """
    acts.treasury_of(components)
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise Problem(NO_UPLOAD)
    length = request.headers.get("content-length", "")
    with ExitStack() as slot:
        if not length.isdigit() or int(length) > IN_MEMORY_BYTES:
            slot.enter_context(components.upload_slots.take(caller.name))
        form = await _form(request)
        try:
            chosen = form.get(FILE)
            yield chosen if isinstance(chosen, UploadFile) and chosen.filename else None
        finally:
            await form.close()


async def _form(request: Request) -> FormData:
    """The form, its file on the disk from a size on.

    Raises:
        Problem: 507, there is no room.
    """
    try:
        return await request.form(
            max_files=FILES_MAX, max_fields=FIELDS_MAX, max_part_size=FIELD_BYTES_MAX
        )
    except OSError as error:
        log.warning("upload_not_kept", error=error.strerror or str(error))
        raise Problem(DISK_FULL) from error


@router.post(PATH)
async def bring_return(
    visit: Visitor,
    caller: Treasurer,
    components: Given,
    chosen: Annotated[UploadFile | None, Depends(receive_upload)],
) -> Response:
    """Take a file of the accountant, and say why where it cannot be read."""
    await visit.connection.close()  # Nobody waits with one until 64 MiB are read.
    fault = _fault(chosen)
    if fault is not None or chosen is None or chosen.filename is None:
        response = await show_returns(visit, components, Place(None), fault=fault)
        response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY.value
        return response
    taken = await acts.take_return(components, caller, chosen.file, chosen.filename)
    return await show_returns(visit, components, Place(None), taken=taken)


def _fault(chosen: UploadFile | None) -> Translatable | None:
    """The reason for which a file is not read at all."""
    if chosen is None:
        return NO_FILE
    try:
        _names.validate_python(chosen.filename)
    except ValidationError:
        return NO_NAME
    return None
