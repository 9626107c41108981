"""Runbooks as pages: for anybody, without the database, and each link of them leads somewhere."""

import re
from html import unescape
from pathlib import Path
from typing import Final

import httpx
import pytest

from services.api.help import FOLDER, NOW_AND_THEN, RUNBOOKS, SEVERITIES, names, runbook
from services.lag.present import texts as lag_texts
from services.texts.language import Language
from services.texts.translation import translate
from tests.api.environment import ALL_KEY
from tests.api.reads.answers import get

NOWHERE: Final = "sqlite:////no/such/folder/read-model.db"
HREF: Final = re.compile(r'<a href="([^"]+)"')
ROW: Final = re.compile(r"^\| \[(\w+)\]\(\1\.md\) \| (.+) \|$", re.MULTILINE)


def pages(*paths: str, language: str = "en", key: str = "") -> list[httpx.Response]:
    return get(NOWHERE, *paths, key=key, language=language, headers={"accept": "text/html"})


def test_the_list_is_that_of_the_readme() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert dict(ROW.findall(text)) == {
        name: translate(about, Language.EN) for name, about in RUNBOOKS.items()
    }
    listed = {
        severity: tuple(name for name, _ in ROW.findall(part))
        for part in text.split("\n## ")
        for severity in re.findall(r"`severity: (\w+)`", part.splitlines()[0])
    }
    assert {severity: alarms for severity, (_, alarms) in SEVERITIES.items()} == listed
    assert {*RUNBOOKS, *NOW_AND_THEN} == names()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_anybody_reads_the_runbooks_though_nothing_else_answers(language: str) -> None:
    (listed,) = pages("/console/help", language=language)
    assert 200 == listed.status_code
    hrefs = sorted(href for href in HREF.findall(listed.text) if href.startswith("/console/help/"))
    assert sorted(f"/console/help/{name}" for name in names()) == hrefs
    for name, answer in zip(sorted(names()), pages(*hrefs, language=language), strict=True):
        assert 200 == answer.status_code
        assert f"<h1>{runbook(name).title}</h1>" in answer.text
        assert 1 == answer.text.count("<h1")
        about = {**RUNBOOKS, **NOW_AND_THEN}[name]
        phrase = translate(about, Language(language))
        assert f'<p class="lead">{phrase[0].upper()}{phrase[1:]}.</p>' in unescape(answer.text)


def test_every_link_of_a_runbook_leads_somewhere() -> None:
    found = {href for name in names() for href in HREF.findall(runbook(name).html)}
    assert "/console/help/EcluseOrdersUnacknowledged" in found
    ours = sorted(href for href in found if not href.startswith("https://"))
    assert all(href.startswith("/console/help") for href in ours)
    assert {200} == {answer.status_code for answer in pages(*ours)}


def test_what_leads_into_the_repository_is_text() -> None:
    html = runbook("rotation").html
    assert "secured stack" in html
    assert "deployment.md" not in html
    assert "<pre><code" in html


@pytest.mark.parametrize("name", ["nobody", "README", "..%2F..%2FREADME", "EcluseWatchOld.md"])
def test_another_name_is_no_runbook(name: str) -> None:
    (answer,) = pages(f"/console/help/{name}", key=ALL_KEY)
    assert 404 == answer.status_code


def test_an_address_beside_them_is_closed() -> None:
    (answer,) = pages("/console/helpers")
    assert 303 == answer.status_code


def test_the_states_of_a_stage_name_runbooks() -> None:
    assert set(lag_texts.RUNBOOKS.values()) <= names()


def test_they_are_packaged_beside_the_program() -> None:
    text = (FOLDER.parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    assert '"docs/runbooks" = "docs/runbooks"' in text
    assert Path("docs/runbooks") == FOLDER.relative_to(FOLDER.parents[1])
