"""The alarms: promtool has each ring and be silent, people understand them, runbooks exist."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import typer.main
import yaml

from services.cli.app import app
from tests.observability.written import (
    FOLDER,
    RULES,
    RUNBOOKS,
    UNIT_TESTS,
    alarms,
    metrics_of,
    program,
    rules,
    unit_tests,
)

PROMTOOL_TIMEOUT_S: Final = 100
IN_A_HURRY: Final = {"GOGC": "800", "GOMAXPROCS": "1"}
"""It ends soon: to collect its garbage on every core takes a quarter of its time."""
SEVERITIES: Final = {"critical", "warning", "info"}
TEXTS: Final = ("summary", "summary_fr", "description", "description_fr")
SECTIONS: Final = ("What it means", "What to look at", "What to do")
COMMAND: Final = re.compile(r"`ecluse ([^`]+)`")
SERIES: Final = re.compile(r"^[a-zA-Z_:][\w:]*")


def promtool(*args: str | Path) -> str:
    """What it says; it must agree."""
    done = subprocess.run(
        [program("promtool"), *map(str, args)],
        capture_output=True,
        text=True,
        cwd=FOLDER,
        env=os.environ | IN_A_HURRY,
        timeout=PROMTOOL_TIMEOUT_S,
        check=False,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


def test_the_rules_are_rules() -> None:
    promtool("check", "rules", *RULES)


@pytest.mark.parametrize("path", UNIT_TESTS, ids=lambda path: path.name)
def test_each_ring_and_each_silence_is_as_promtool_tests_it(path: Path) -> None:
    assert "SUCCESS" in promtool("test", "rules", path)


def labels_of(samples: list[dict[str, Any]]) -> set[str]:
    """The alarms that an expectation names."""
    labels = " ".join(sample["labels"] for sample in samples)
    return set(re.findall(r'alertname="(\w+)"', labels))


def test_each_alarm_is_seen_to_ring_and_before_or_after_to_be_silent() -> None:
    rings, silences = set(), set()
    for test in unit_tests():
        in_this = [labels_of(query["exp_samples"]) for query in test["promql_expr_test"]]
        rung = set().union(*in_this)
        rings |= rung
        silences |= {name for name in rung if any(name not in named for named in in_this)}
    assert set(alarms()) == rings
    assert set(alarms()) == silences


def test_all_that_an_alarm_reads_has_a_sample_where_all_is_well_and_nothing_rings() -> None:
    (well,) = (test for test in unit_tests() if test["name"].startswith("All is well"))
    given = {found[0] for row in well["input_series"] if (found := SERIES.match(row["series"]))}
    asked = set().union(*(metrics_of(rule["expr"]) for rule in rules()))
    # These have a sample only where something waits or was wrong.
    only_then = {
        "ecluse_oldest_unprocessed_event_timestamp_seconds",
        "ecluse_lag_oldest_event_timestamp_seconds",
        "ecluse_lag_waits_since_timestamp_seconds",
        "ecluse_dead_letters_newest_timestamp_seconds",
    }
    assert only_then == asked - given
    assert [[]] == [
        query["exp_samples"] for query in well["promql_expr_test"] if query["expr"] == "ALERTS"
    ]


@pytest.mark.parametrize("name", alarms())
def test_an_alarm_says_what_is_wrong_in_both_languages_and_names_its_page(name: str) -> None:
    rule = alarms()[name]
    annotations = rule["annotations"]
    assert name.startswith("Ecluse")
    assert {*TEXTS, "runbook_url"} == set(annotations)
    assert all(annotations[name].strip().endswith(".") for name in TEXTS)
    assert annotations["summary"] != annotations["summary_fr"]
    assert rule["labels"]["severity"] in SEVERITIES
    assert (RUNBOOKS / f"{name}.md").is_file()
    assert f"{{{{ $externalLabels.console }}}}/console/help/{name}" == annotations["runbook_url"]


def test_there_is_a_page_for_each_alarm_and_none_for_none() -> None:
    assert set(alarms()) == {path.stem for path in RUNBOOKS.glob("Ecluse*.md")}
    assert all(each.startswith("Ecluse") for each in alarms())


@pytest.mark.parametrize("name", alarms())
def test_a_page_says_what_it_means_what_to_look_at_and_what_to_do(name: str) -> None:
    text = (RUNBOOKS / f"{name}.md").read_text(encoding="utf-8")
    assert f"# {name}" == text.splitlines()[0]
    assert list(SECTIONS) == re.findall(r"^## (.+)$", text, re.MULTILINE)


def test_the_list_of_pages_has_each_alarm_under_its_severity() -> None:
    text = (RUNBOOKS / "README.md").read_text(encoding="utf-8")
    listed = {
        name: severity
        for part in text.split("\n## ")
        for severity in re.findall(r"`severity: (\w+)`", part.splitlines()[0])
        for name in re.findall(r"^\| \[(\w+)\]\(\1\.md\)", part, re.MULTILINE)
    }
    assert {name: rule["labels"]["severity"] for name, rule in alarms().items()} == listed


def is_command(args: list[str]) -> bool:
    """Whether `ecluse` has this command, its second word and its options."""
    command: Any = typer.main.get_command(app)
    while args and (commands := getattr(command, "commands", None)):
        name, *args = args
        if name not in commands:
            return False
        command = commands[name]
    options = {option for each in command.params for option in each.opts}
    return all(name in options for name in args if name.startswith("-"))


@pytest.mark.parametrize("path", sorted(RUNBOOKS.glob("*.md")), ids=lambda path: path.stem)
def test_the_commands_of_a_page_are_commands_and_its_links_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    annotations = [found for found in COMMAND.findall(text) if found != "…"]
    assert [] == [args for args in annotations if not is_command(args.split())]
    links = re.findall(r"\]\((?!http|#)([^)#]+)", text)
    assert [] == [link for link in links if not (path.parent / link).exists()]


def test_the_configuration_names_the_stages_that_the_rules_rely_on() -> None:
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    jobs = [job["job_name"] for job in config["scrape_configs"]]
    assert ["ledger", "projector", "treasury", "watch", "api"] == jobs
