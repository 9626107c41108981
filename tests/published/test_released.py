"""Nothing that was released is broken: today's contract against every released one."""

import json
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from events import topics
from services.api.contract.asyncapi import TYPES
from services.api.contract.published import examples, examples_written_by_ecluse
from tests.integration.command import ROOT
from tests.published.compatibility import expanded
from tests.published.documents import documents
from tests.published.planted import HARMLESS
from tests.published.release import freeze
from tests.published.released import SUMS, breaks, current, released, releases, sums
from tests.published.test_compatibility import with_it

NOW: Final = current()
EACH_RELEASE: Final = pytest.mark.parametrize("folder", releases(), ids=lambda each: each.name)
READ: Final = (*TYPES[topics.EVENTS], *TYPES[topics.INTERNAL_EVENTS])
WIDENED: Final = [each for each in HARMLESS if each.name in TYPES[topics.EVENTS]]

drawn_seldom: Final = settings(
    max_examples=10, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)


@EACH_RELEASE
def test_whoever_kept_to_a_release_is_understood(folder: Path) -> None:
    found = breaks(released(folder), NOW)
    assert [] == [each.sentence for each in found], "see CONTRIBUTING.md, release a schema"


@EACH_RELEASE
def test_what_was_published_is_never_changed(folder: Path) -> None:
    assert (folder / SUMS).read_text("utf-8") == sums(folder)


def test_the_present_version_is_released() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = [folder.name for folder in releases()]
    assert project["version"] in names, "python -m tests.published.release VERSION"


def test_a_release_is_what_is_published_now_and_is_written_once(tmp_path: Path) -> None:
    folder = freeze("9.9.9", tmp_path)
    assert NOW._replace(version="9.9.9") == released(folder)
    assert sums(folder) == (folder / SUMS).read_text("utf-8")
    with pytest.raises(SystemExit, match=r"9\.9\.9: released before"):
        freeze("9.9.9", tmp_path)


def test_a_change_of_a_released_file_would_be_noticed(tmp_path: Path) -> None:
    folder = freeze("9.9.9", tmp_path)
    (folder / "topics.yaml").write_text("partitions: 1\n")
    assert sums(folder) != (folder / SUMS).read_text("utf-8")


@pytest.mark.rest
@pytest.mark.parametrize(
    ("folder", "name"),
    [(each, name) for each in releases() for name in READ if name in released(each).schemas],
    ids=lambda each: each.name if isinstance(each, Path) else each,
)
def test_a_document_of_a_released_schema_is_one_of_today_s(folder: Path, name: str) -> None:
    before, now = released(folder).schemas[name], Draft202012Validator(NOW.schemas[name])
    was = Draft202012Validator(before)

    @drawn_seldom
    @given(documents(expanded(before)))
    def holds(document: Any) -> None:
        assert was.is_valid(document)
        assert now.is_valid(document)

    holds()


@pytest.mark.rest
@drawn_seldom
@given(st.data(), st.sampled_from(WIDENED))
def test_a_document_is_still_one_after_a_change_that_is_called_harmless(
    data: st.DataObject, planted: Any
) -> None:
    document = data.draw(documents(expanded(NOW.schemas[planted.name])))
    widened = with_it(planted).schemas[planted.name]
    assert Draft202012Validator(widened).is_valid(document), planted.id


@EACH_RELEASE
def test_today_s_examples_are_documents_of_a_release_that_knows_their_type(folder: Path) -> None:
    schemas = released(folder).schemas
    shown = examples() | examples_written_by_ecluse()
    assert shown
    for name in shown.keys() & schemas.keys():
        faults = Draft202012Validator(schemas[name]).iter_errors(shown[name])
        assert [] == [json.dumps(each.message) for each in faults], name
