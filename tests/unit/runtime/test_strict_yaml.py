"""YAML read strictly: no key twice, no reference, and the line of every value."""

import pytest

from services.runtime.strict_yaml import YamlFault, read


def test_a_document_says_where_its_values_stand() -> None:
    document = read('a:\n  "00":\n    - b: 1\n    - c\n')
    assert {"a": {"00": [{"b": 1}, "c"]}} == document.value
    lines = {("a",): 1, ("a", "00"): 2, ("a", "00", 0, "b"): 3, ("a", "00", 1): 4}
    assert lines == {path: document.line_of(path) for path in lines}


def test_what_is_missing_has_the_line_of_what_is_around_it() -> None:
    document = read("a:\n  b: 1\nc: 2\n")
    assert (2, 1, 1) == tuple(map(document.line_of, (("a", "b", "x"), ("a", "x"), ("x",))))


def test_an_empty_text_is_a_document_without_a_value() -> None:
    assert read("# nothing\n").value is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", "line 3: the key a stands twice"),
        ('a:\n  1: x\n  "1": y\n', "line 3: the key 1 stands twice"),
        ("a: &x [1]\nb: *x\n", "line 2: write the value out"),
        ("- [a]: b\n", "line 1: a key must be a text"),
        ("a: [\n", "line 2: expected the node content"),
        ("a: 1\n--- \nb: 2\n", "line 2: but found another document"),
        ("a: !!python/object:os.system x\n", "line 1: could not determine a constructor"),
        ("a: 2026-02-30\n", "it is not YAML: day"),
        ("[" * 1200, "it is not YAML: maximum recursion depth"),
        ("a: \x00\n", "it is not YAML: unacceptable character"),
    ],
)
def test_what_is_not_strict_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(YamlFault, match=said):
        read(text)
