"""The `ecluse` command from outside: what it prints, in which language, and its exit codes."""

import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from services.cli.app import COMMANDS
from services.cli.terminal.options import find_language
from services.runtime.processing.cycle_collection import BY_DEFAULT, COLLECT_AFTER
from services.texts.language import Language
from tests.builders import BUDGET, IBAN, Json, a_notification, a_vote
from tests.faults import year
from tests.integration.command import (
    COMMAND,
    EXAMPLE,
    MIXED,
    ROOT,
    TIMEOUT_S,
    WIDE,
    ecluse,
    environment,
    real_ecluse,
    written,
)

# docs/contract.md, 5: the members in their order.
OBJECT = {
    "lines": "budget line appropriated_cents available_cents reserved_cents committed_cents"
    " ordered_cents paid_cents carried_over_cents",
    "conventions": "budget convention line granted_cents remaining_cents ordered_cents paid_cents"
    " released_cents carried_over_cents",
    "payment_orders": "payment_order budget convention instalment amount_cents paid_cents state"
    " due_on lines",
    "commitment_entries": "entry_id budget kind line amount_cents convention",
    "refusals": "budget event_id code facts",
    "dead_letters": "position reason",
    "review_flags": "budget event_id code facts",
}
TOP = ["events", "outcomes", *OBJECT, "heads"]


def logged(err: str) -> list[Json]:
    return [json.loads(line) for line in err.splitlines()]


def test_the_year_of_lille_avenirs_as_a_program_reads_it() -> None:
    result = real_ecluse("replay", EXAMPLE, "--json")
    assert (0, 1) == (result.code, result.text.count("\n"))
    assert ": " not in result.text.split('"review_flags"')[0], "no spaces"
    found = json.loads(result.out)
    assert TOP == list(found)
    lines = {row["line"]["operation"]: row for row in found["lines"]}
    assert {"489": 135560000, "1978": 75700000, "490": 15100000} == {
        operation: row["paid_cents"] for operation, row in lines.items()
    }
    assert [0, 0, 0] == [row["available_cents"] for row in lines.values()]
    orders = [(row["amount_cents"], row["state"]) for row in found["payment_orders"]]
    assert [(113180000, "paid")] * 2 == orders
    assert ["condition_year_differs"] == [flag["code"] for flag in found["review_flags"]]
    assert 0 == found["outcomes"]["refused"]


def test_the_object_has_the_members_of_the_contract_in_their_order(mixed: Path) -> None:
    result = ecluse("replay", mixed, "--json")
    assert 1 == result.text.count("\n")
    found = json.loads(result.out)
    assert TOP == list(found)
    assert ["accepted", "duplicate", "refused", "parked", "dead_letter"] == list(found["outcomes"])
    for name, members in OBJECT.items():
        assert found[name], f"{name} is about something"
        assert [members.split()] * len(found[name]) == [list(row) for row in found[name]]
    (line,) = found["lines"]
    assert ["chapter", "article", "function", "operation"] == list(line["line"])
    assert {"accepted": 5, "duplicate": 1, "refused": 1, "parked": 1, "dead_letter": 2} == (
        found["outcomes"]
    )
    assert len(MIXED) == found["events"]
    assert [9, 10] == [each["position"] for each in found["dead_letters"]]
    assert [BUDGET] == list(found["heads"])


@pytest.mark.parametrize("bad", [a_vote(_id="twice"), b"{"], ids=["refused", "unreadable"])
def test_rule_36_strict_exits_1_for_what_was_refused_or_unreadable(
    tmp_path: Path, bad: Json
) -> None:
    file = written(tmp_path / "bad.jsonl", a_vote(), bad)
    assert 0 == ecluse("replay", file).code
    assert 1 == ecluse("replay", file, "--strict", "--json").code


def test_rule_36_strict_does_not_mind_what_waits_or_came_twice(tmp_path: Path) -> None:
    file = written(tmp_path / "waits.jsonl", a_notification(), a_vote(), a_vote())
    assert 0 == ecluse("replay", file, "--strict").code


def test_standard_input_is_a_file_named_with_a_dash(mixed: Path) -> None:
    piped = real_ecluse("replay", "-", "--json", given=mixed.read_bytes())
    assert ecluse("replay", mixed, "--json").out == piped.out
    assert {"-"} == {line["topic"].split("#")[0] for line in logged(piped.err)}


def test_several_files_are_read_one_after_the_other(tmp_path: Path, mixed: Path) -> None:
    pieces = [
        written(tmp_path / f"{number}.jsonl", event) for number, event in enumerate(MIXED, start=1)
    ]
    apart = json.loads(ecluse("replay", *pieces, "--json").out)
    whole = json.loads(ecluse("replay", mixed, "--json").out)
    assert [1, 1] == [each["position"] for each in apart.pop("dead_letters")]
    assert whole.pop("dead_letters")
    assert whole == apart


def test_replay_searches_rarely_for_cycles(mixed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_to: list[tuple[int, ...]] = []
    monkeypatch.setattr(gc, "set_threshold", lambda *numbers: set_to.append(numbers))
    ecluse("validate", mixed)
    assert [BY_DEFAULT] == set_to
    ecluse("replay", mixed)
    assert [BY_DEFAULT, BY_DEFAULT, COLLECT_AFTER] == set_to


def test_rule_6_blank_lines_are_no_events_and_keep_their_numbers(tmp_path: Path) -> None:
    file = written(tmp_path / "blank.jsonl", b"", b"  ", a_vote(), b"\r", b"{")
    found = json.loads(ecluse("replay", file, "--json").out)
    assert (2, [{"position": 5, "reason": "bad_json"}]) == (found["events"], found["dead_letters"])


def test_a_database_keeps_the_ledger_between_runs(mixed: Path, db: Path) -> None:
    first = ecluse("replay", mixed, "--db", db, "--json", "--batch-lines", 3)
    again = ecluse("replay", mixed, "--db", db, "--json")
    assert first.out == again.out == ecluse("replay", mixed, "--json").out
    assert "" == again.err, "what was handled before is not logged again"


# ------------------------------------------------------------------ validate
VALIDATED = {
    "fr": (
        "ligne 9\u00a0: bad_json",
        "Valeur non admise en /data/appropriations",
        "8 événements valides",
    ),
    "en": ("line 9: bad_json", "Value not allowed at /data/appropriations", "8 valid events of 10"),
}


@pytest.mark.parametrize("language", VALIDATED)
def test_validate_says_what_is_wrong_where(mixed: Path, language: str) -> None:
    result = ecluse("--lang", language, "validate", mixed, COLUMNS=WIDE)
    assert 1 == result.code
    assert [] == [texts for texts in VALIDATED[language] if texts not in result.text]


def test_validate_gives_programs_both_languages(mixed: Path) -> None:
    result = ecluse("validate", mixed, "--json")
    assert (1, 1) == (result.code, result.text.count("\n"))
    found = json.loads(result.out)
    assert {"lines": 10, "valid": 8} == {name: found[name] for name in ("lines", "valid")}
    assert [(9, "bad_json"), (10, "invalid_value: /data/appropriations")] == [
        (fault["position"], fault["reason"]) for fault in found["faults"]
    ]
    assert [["fr", "en"]] * 2 == [list(fault["message"]) for fault in found["faults"]]


def test_validate_is_content_with_the_example() -> None:
    assert 0 == ecluse("validate", EXAMPLE).code
    result = ecluse("validate", "-", "--json", given=EXAMPLE.read_bytes())
    assert 0 == result.code
    assert b'{"lines":10,"valid":10,"faults":[],"warnings":[]}\n' == result.out


# ------------------------------------------------------------------ help and what goes wrong
def test_the_help_groups_the_commands() -> None:
    result = ecluse("--help")
    panels = (
        *("The job\n", "  replay ", "  validate ", "  publish ", "Roles\n", "  ledger ", "  dev "),
        *("Look\n", "  balances ", "  trace ", "  parked ", "  journal "),
        *("Prove\n", "  whatif ", "Operate\n", "  quarantine ", "  topics "),
    )
    order = [result.text.index(f"\n{text}") for text in panels]
    assert sorted(order) == order
    assert 0 == result.code
    assert "--batch-lines" in ecluse("replay", "--help").text


@pytest.mark.parametrize(
    "args",
    [
        ("replay", "missing.jsonl"),
        ("validate", "missing.jsonl"),
        ("replay",),
        ("replay", "--batch-lines", "0", EXAMPLE),
        ("--log-level", "LOUD", "replay", EXAMPLE),
        ("--lang", "de", "replay", EXAMPLE),
        ("journal", "tail", "--db", "x.db", "-n", "0"),
        *(("journal", "tail", "-n", 10**each, "--db", "x.db") for each in (10, 23)),
        ("journal", "show", BUDGET, 10**23, "--db", "x.db"),
        ("api-keys", "audit", "--last", 10**23),
        ("webhooks", "deliveries", "ID", "--last", 10**23),
        ("replay", "--batch-lines", 10**23, EXAMPLE),
        ("nothing",),
    ],
    ids=str,
)
def test_what_cannot_be_meant_exits_2(args: tuple[object, ...]) -> None:
    result = ecluse(*args)
    assert (2, b"") == (result.code, result.out)
    assert "Traceback" not in result.err


def a_missing_folder(tmp_path: Path) -> Path:
    return tmp_path / "missing" / "ledger.db"


def another_file(tmp_path: Path) -> Path:
    return written(tmp_path / "text.db", b"no database, but more than sixteen bytes" * 20)


def a_folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.mark.parametrize("where", [a_missing_folder, another_file, a_folder])
def test_a_database_that_cannot_be_written_exits_3_with_a_sentence(
    tmp_path: Path, where: Callable[[Path], Path]
) -> None:
    result = ecluse("--lang", "fr", "replay", EXAMPLE, "--db", where(tmp_path), ECLUSE_LANG="en")
    assert (3, b"") == (result.code, result.out)
    assert result.err.startswith(f"Arrêt\N{NO-BREAK SPACE}: {where(tmp_path)}\N{NO-BREAK SPACE}: ")
    assert 1 == result.err.count("\n")


def test_a_journal_that_is_not_there_exits_3(db: Path) -> None:
    for args in (("tail", "--db", db), ("show", BUDGET, 1, "--db", db)):
        result = real_ecluse("journal", *args) if args[0] == "tail" else ecluse("journal", *args)
        assert (3, b"") == (result.code, result.out)
        assert f"Stopped: {db}: no such database" in result.err
    assert not db.exists()


def test_the_command_refuses_to_run_without_its_assertions() -> None:
    done = subprocess.run(
        [sys.executable, "-O", "-m", "services.cli.app", "--help"],
        capture_output=True,
        check=False,
        timeout=TIMEOUT_S,
        env=environment(),
        cwd=ROOT,
    )
    assert (1, b"") == (done.returncode, done.stdout)
    assert b"ecluse: assertions are part of this program: run it without -O\n" == done.stderr


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path, db: Path) -> None:
    file = written(tmp_path / "year.jsonl", *year.lines(grants=30))
    ecluse("replay", file, "--db", db, ECLUSE_LOG_LEVEL="ERROR")
    for args in (
        ["journal", "tail", "--db", db, "-n", "9999", "--json"],
        ["replay", file],
        ["--help"],
    ):
        with subprocess.Popen(
            [*COMMAND, *map(str, args)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(ECLUSE_LOG_LEVEL="ERROR"),
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            if "--help" not in args:
                process.stdout.readline()
            process.stdout.close()
            assert b"" == process.stderr.read()
            assert 0 == process.wait(TIMEOUT_S)


def test_the_example_names_no_full_iban_on_standard_error() -> None:
    assert IBAN in EXAMPLE.read_text()
    assert IBAN not in real_ecluse("--log-level", "DEBUG", "replay", EXAMPLE, "--json").err


def test_the_language_may_be_asked_for_behind_the_command(mixed: Path, db: Path) -> None:
    ecluse("replay", mixed, "--db", db)
    for args in (
        ("replay", mixed),
        ("validate", mixed),
        ("journal", "tail", "--db", db),
        ("journal", "show", BUDGET, 1, "--db", db),
    ):
        before = ecluse("--lang", "fr", *args)
        assert before.out == ecluse(*args, "--lang", "fr").out
        assert before.out == ecluse("--lang", "en", *args, "--lang", "fr").out, (
            "the one behind wins"
        )
        assert before.out != ecluse(*args).out
    result = ecluse("journal", "tail", "--db", "missing.db", "--lang", "fr")
    assert result.err.startswith("Arrêt\N{NO-BREAK SPACE}: missing.db")


def test_the_version_is_printed() -> None:
    result = ecluse("--version")
    assert (0, True) == (result.code, result.text.startswith("ecluse 0."))


def test_a_log_level_may_be_written_small_and_a_wrong_one_is_named(mixed: Path) -> None:
    assert "" == ecluse("--log-level", "error", "replay", mixed).err
    assert "--log-level" in ecluse("--log-level", "loud", "replay", mixed).err


def every_command() -> list[tuple[str, ...]]:
    """The commands as the help names them, and those under a name of their own."""
    return sorted(
        (command.name,) if within is None else (command.name, within)
        for command in COMMANDS
        for within in (*getattr(command, "commands", [None]), *OWN_WORK.get(command.name, ()))
    )


OWN_WORK = {"dev": [None]}
"""Commands that do something by themselves, beside those under their name."""


def test_the_line_of_a_command_in_the_list_is_the_first_of_its_own_help() -> None:
    for each in COMMANDS:
        assert each.short_help == " ".join(each.imported.help.split("\n\n")[0].split()), each.name


@pytest.mark.parametrize("command", [(), ("journal",), ("topics",), *every_command()], ids=" ".join)
def test_the_help_fits_a_page_and_names_no_types(command: tuple[str, ...]) -> None:
    result = ecluse(*command, "--help", COLUMNS="100")
    assert 100 >= max(map(len, result.text.splitlines()))
    assert "<bool>" not in result.text
    assert "{" not in result.text
    assert command != ("journal", "show") or "journal show [OPTIONS] BUDGET N" in result.text


WITHOUT_KAFKA = {
    ("replay",),
    ("validate",),
    ("schema",),
    ("serve",),
    ("entries",),
    ("open-data",),
    ("reconcile",),
    ("treasury", "check"),
    ("lag",),
    ("database", "grants"),
}
WITHIN_WITHOUT_KAFKA = {
    *("api-keys", "config", "dev", "webhooks"),
    *("findings", "returns", "slips"),
}
"""Names of commands of which none asks Kafka; `dev` brings its own."""


@pytest.mark.parametrize("command", every_command(), ids=" ".join)
def test_the_help_of_each_command_names_its_output_for_programs_and_its_settings(
    command: tuple[str, ...],
) -> None:
    result = ecluse(*command, "--help", COLUMNS="100")
    settings = ("ECLUSE_BOOTSTRAP_SERVERS", "ECLUSE_TOPIC_PREFIX")
    named = () if command in WITHOUT_KAFKA or command[0] in WITHIN_WITHOUT_KAFKA else settings
    assert [] == [texts for texts in ("--json", "--lang", *named) if texts not in result.text]


def test_a_file_name_that_is_not_utf_8_does_not_matter(tmp_path: Path) -> None:
    file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.jsonl"))
    try:
        written(file, a_vote(), b"{")
    except OSError:
        pytest.skip("this file system wants names in UTF-8")
    result = real_ecluse("replay", file, "--db", tmp_path / "x.db")
    assert (0, True) == (result.code, "\ufffd.jsonl, line 2" in result.text)
    assert 1 == real_ecluse("validate", file).code


def test_the_language_of_a_command_is_its_own() -> None:
    """Else whatever comes next in this process, a test too, would speak it."""
    before = find_language()
    ecluse("--lang", "fr", "validate", EXAMPLE)
    assert before == find_language()
    other = Language.EN if before is Language.FR else Language.FR
    ecluse("--lang", other, "validate", EXAMPLE)
    assert before == find_language()
