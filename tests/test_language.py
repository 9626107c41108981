"""The language of the source: the field's terms, and docstrings that say what a thing is.

`docs/glossary.md` defines the terms. A word of the tables below was once private language here.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("bench", "deploy", "docs", "events", "schemas", "services", "tests")
PROGRAM = frozenset({"events", "services"})
SUFFIXES = frozenset({".html", ".json", ".md", ".py", ".sql", ".toml", ".yaml", ".yml"})

IN_ALL_TEXT = {
    "buried": "dead-lettered, quarantined",
    "campaign": "fault-injection run",
    "campaigns": "fault-injection runs",
    "door": "input topic, source kind",
    "doors": "input topics",
    "fate": "outcome",
    "fates": "outcomes",
    "forgotten": "hanging (a transaction), closed out (a year)",
    "heard": "observed, consumed",
    "letter": "internal event, deadline event",
    "letters": "internal events, deadline events",
    "stories": "traces; in tests: histories",
    "story": "trace; in tests: history",
    "strand": "trace filter",
    "strands": "trace filters",
    "told": "counted, rendered, reported",
    "voice": "locale",
    "whereabouts": "write targets",
}
"""Old word → the words to use, in names and in prose alike."""

IN_NAMES = {
    "aside": "quarantined, rejected",
    "house": "package",
    "look": "sample, poll",
    "looks": "samples, polls",
    "nights": "outage scenarios",
    "room": "package, headroom",
    "rooms": "packages",
    "round": "cycle",
    "rounds": "cycles",
    "said": "output, text, body",
    "standing": "status",
    "town": "the name of the fixture",
    "turn": "cycle, life-cycle event",
    "turns": "cycles, life-cycle events",
    "way": "kind of move, transition",
    "ways": "kinds of move, transitions",
    "word": "status, text",
    "words": "status, texts",
    "world": "dependency, environment",
}
"""Plain English in a sentence or a test, but vague in a name of the program."""

ALLOWED = re.compile(
    r"(?i:dead[-_ ]?\W*letters?)"  # the field's own term
    r"|letters? (?:or|and) digits|[Ll]etters, digits"  # the alphabet
    r"|(?:small|capital|other) letters?"
    r"|ascii_letters|letter-spacing|LETTERS_OF_A_COUNTRY"
    r"|urn:ecluse:letters"  # the ids of internal events are derived from it: it cannot change
)

QUESTIONS = ("What", "Whether", "How", "Where", "Which", "Who", "Why", "When")
QUESTIONS_SHARE_MAX = 0.03

WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


class Place(NamedTuple):
    """A word and where it stands."""

    path: str
    line: int
    word: str


@cache
def texts() -> dict[Path, str]:
    """The files that people write, with their text."""
    found: dict[Path, str] = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in SUFFIXES and path != Path(__file__) and not is_a_quotation(path):
                found[path] = path.read_text(encoding="utf-8")
    for name in ("ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "SECURITY.md"):
        found[ROOT / name] = (ROOT / name).read_text(encoding="utf-8")
    return found


def is_a_quotation(path: Path) -> bool:
    """Recorded histories keep the words of their day, as do lock files."""
    parts = path.relative_to(ROOT).parts
    if parts[:2] == ("tests", "golden") and path.suffix != ".py":
        return True
    return any(part in {"__pycache__", "node_modules"} for part in parts)


def words_of(text: str) -> Iterator[tuple[int, str]]:
    """The words of a text in lower case, with their lines; names are taken apart."""
    blanked = ALLOWED.sub(lambda found: re.sub(r"\w", " ", found.group()), text)
    for number, line in enumerate(blanked.splitlines(), 1):
        for word in WORD.findall(line):
            yield number, word.lower()


def banned_in_text(text: str) -> list[tuple[int, str]]:
    """The words of a text that no text may use."""
    return [(line, word) for line, word in words_of(text) if word in IN_ALL_TEXT]


def banned_in_names(source: str) -> list[tuple[int, str]]:
    """The words of Python names that no name may use."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return [
        (token.start[0], word)
        for token in tokens
        if token.type == tokenize.NAME and token.string != "round"  # Python's own
        for _, word in words_of(token.string)
        if word in IN_NAMES
    ]


def docstrings(source: str) -> Iterator[str]:
    """The docstrings of a module, those of attributes among them."""
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        for statement in body if isinstance(body, list) else ():
            value = getattr(statement, "value", None)
            if (
                isinstance(statement, ast.Expr)
                and isinstance(value, ast.Constant)
                and isinstance(value.value, str)
            ):
                yield value.value


def test_no_text_uses_a_private_word() -> None:
    found = [
        Place(str(path.relative_to(ROOT)), line, f"{word} → {IN_ALL_TEXT[word]}")
        for path, text in texts().items()
        for line, word in banned_in_text(text)
    ]
    assert [] == found


def test_no_name_uses_a_vague_word() -> None:
    found = [
        Place(str(path.relative_to(ROOT)), line, f"{word} → {IN_NAMES[word]}")
        for path, text in texts().items()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in PROGRAM
        for line, word in banned_in_names(text)
    ]
    assert [] == found


def test_docstrings_say_what_a_thing_is() -> None:
    """They begin with a noun or a verb: `Due items`, not `What is due`."""
    found = [
        each
        for path, text in texts().items()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in PROGRAM
        for each in docstrings(text)
    ]
    questions = [each for each in found if each.strip().split(maxsplit=1)[0] in QUESTIONS]
    assert len(questions) < QUESTIONS_SHARE_MAX * len(found), questions


@pytest.mark.parametrize(
    "line",
    [
        "# the record's fate",
        "the_letters = []",
        "class Door:",
        "def told(it): ...",
        "Set in a story.",
    ],
)
def test_the_check_of_texts_sees(line: str) -> None:
    assert banned_in_text(line)


@pytest.mark.parametrize(
    "line",
    ["a dead letter", "DEAD_LETTERS", "DeadLetter(1)", "10 letters or digits", "a fateful day"],
)
def test_the_check_of_texts_lets_others_be(line: str) -> None:
    assert not banned_in_text(line)


def test_the_check_of_names_sees_names_alone() -> None:
    source = 'def one_look(ways):\n    """In a word, by turns."""\n    return ways["rounds"]\n'
    assert [(1, "look"), (1, "ways"), (3, "ways")] == banned_in_names(source)
