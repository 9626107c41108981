"""The console before anything came: each list says so in words, and no page shows a constant."""

import asyncio
import re
from html import unescape
from pathlib import Path
from typing import Final

import pytest

from services.api.console.texts import TROUBLES
from services.api.rejections.view import KINDS
from services.texts.language import Language
from services.texts.translation import translate
from tests.api.console_pages import NOWHERE, addresses
from tests.api.environment import an_app, an_empty_read_model, asking

PAGES: Final = (*addresses(NOWHERE), "/console/lag", "/console/login")
CONSTANTS: Final = re.compile(r"\b(None|True|False|Undefined)\b")
"""Values of Python or of the templates, which are no word to anybody."""


def read(folder: Path, language: str) -> dict[str, str]:
    """Every page of an empty console."""

    async def go() -> dict[str, str]:
        found = {}
        async with asking(an_app(an_empty_read_model(folder)), language=language) as client:
            for path in PAGES:
                answer = await client.get(
                    path, headers={"accept": "text/html"}, follow_redirects=True
                )
                assert answer.status_code in {200, 404}, path
                found[path] = unescape(answer.text)
        return found

    return asyncio.run(go())


@pytest.mark.parametrize("language", ["fr", "en"])
def test_an_empty_console_says_so_in_texts(language: str, tmp_path: Path) -> None:
    pages = read(tmp_path, language)
    for kind in KINDS:
        phrase = TROUBLES[f"no_{kind}"]
        text = pages[f"/console/troubles/{kind}"]
        assert translate(phrase, Language(language)) in text
    assert {} == {path: found for path, text in pages.items() if (found := CONSTANTS.findall(text))}
