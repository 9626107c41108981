"""Statements as files to be kept: their formats, and the answer that holds one."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from fastapi import Response

from services.api.http.answering import answered
from services.api.http.components import Components
from services.api.http.question import Asked
from services.api.statements import csv_file, xlsx_file
from services.api.statements.sheet import Sheet
from services.texts.language import Language


class FileFormat(StrEnum):
    """File formats of a statement."""

    CSV = "csv"
    XLSX = "xlsx"


MEDIA_TYPES: Final = {
    FileFormat.CSV: csv_file.MEDIA_TYPE,
    FileFormat.XLSX: xlsx_file.MEDIA_TYPE,
}
FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file.",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            xlsx_file.MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


async def file_answer(
    question: Asked,
    name: str,
    file_format: FileFormat,
    sheets: Callable[[], Awaitable[Sequence[Sheet]]],
) -> Response:
    """These sheets as a file to be kept, written beside the event loop: a CSV has the first."""

    async def body() -> tuple[bytes, Mapping[str, str]]:
        made = await sheets()
        # Writing takes seconds, and may wait for others: nobody needs the connection meanwhile.
        await question.connection.close()
        components: Components = question.request.app.state.components
        async with components.file_slots:
            content = await asyncio.to_thread(_written, made, file_format, question.language)
        disposition = f'attachment; filename="{name}.{file_format}"'
        return content, {"Content-Disposition": disposition}

    # Its heading names the day.
    return await answered(question, MEDIA_TYPES[file_format], body, dated=True)


def _written(sheets: Sequence[Sheet], file_format: FileFormat, language: Language) -> bytes:
    if file_format is FileFormat.CSV:
        return csv_file.as_csv(sheets[0], language)
    return xlsx_file.as_xlsx(sheets[0], language, *sheets[1:])
