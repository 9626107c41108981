"""The README shows what the commands print: shown again here, and compared."""

from tests.integration.command import EXAMPLE, ROOT, ecluse


def shown_after(command: str) -> list[str]:
    """The lines of the README's block that begins with `$ command`."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = readme.split(f"```console\n$ {command}\n")[1].split("\n```")[0]
    return block.splitlines()


def test_the_readme_shows_what_make_run_prints() -> None:
    said = ecluse("--lang", "en", "replay", EXAMPLE)
    assert [line.rstrip() for line in said.text.splitlines()] == shown_after("make run")


def test_the_events_that_the_readme_shortens_are_those_of_the_example() -> None:
    example = EXAMPLE.read_text(encoding="utf-8")
    for fact in (
        '"id":"deliberation-lomme-2023-40"',
        '"grant":"LILLE-AVENIRS-2023","role":"award"',
        '"id":"convention-lille-avenirs-2023"',
        '"convention":"CONV-2023-LILLE-AVENIRS","grant":"LILLE-AVENIRS-2023"',
        '"instalment":"balance","trigger":"reports"',
    ):
        assert fact in example
