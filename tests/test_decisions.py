"""The decision pages: numbered without holes, indexed, of one form; links lead somewhere."""

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent
DECISIONS: Final = ROOT / "docs" / "decisions"
PAGES: Final = sorted(DECISIONS.glob("0*.md"))
LINKING: Final = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
WORDS_MAX: Final = 25_000
LINK: Final = re.compile(r"\]\((?!https?:)([^)\s#]*)(?:#([^)\s]*))?\)")


def anchors_of(page: Path) -> set[str]:
    """Return the anchors that GitHub makes of the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    plain = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", each).lower() for each in headings)
    return {re.sub(r"[^\w\- ]", "", each).replace(" ", "-") for each in plain}


def list_dead_links(page: Path) -> list[str]:
    dead = []
    for path, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        target = (page.parent / path).resolve() if path else page
        named = not anchor or target.suffix != ".md" or anchor in anchors_of(target)
        if not target.exists() or not named:
            dead.append(f"{path}#{anchor}")
    return dead


def test_pages_are_numbered_without_holes() -> None:
    assert [f"{number:04}" for number in range(1, len(PAGES) + 1)] == [
        page.name[:4] for page in PAGES
    ]


def test_the_index_names_every_page_once() -> None:
    index = (DECISIONS / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in PAGES] == re.findall(r"\((0[\w-]+\.md)\)", index)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_has_the_other_choice_the_price_and_what_would_change_it(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {int(page.name[:4])}. ")
    assert re.search("[Rr]unner-up|not kept", text)
    assert "Price" in text
    assert text.count("**Would change our mind:**") == 1


def test_decisions_stay_short() -> None:
    words = sum(len(page.read_text(encoding="utf-8").split()) for page in PAGES)
    assert words <= WORDS_MAX


@pytest.mark.parametrize("page", LINKING, ids=lambda page: page.stem)
def test_a_link_leads_somewhere(page: Path) -> None:
    assert [] == list_dead_links(page)
