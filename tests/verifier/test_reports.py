"""What a verification says, and how it ends."""

import json
import socket

import pytest

from events.topics import DEAD_LETTERS, EVENTS, REFUSALS
from services.verifier.__main__ import main, show
from services.verifier.figures import together
from services.verifier.findings import Code, Findings, Place
from services.verifier.records import NotARecordError, read_record
from services.verifier.verify import Report
from tests.verifier.stories import a_world
from tests.verifier.world import World


def a_report(world: World) -> Report:
    proofs = list(world.proofs())
    findings = proofs[0].journal.findings
    figures = together(each.journal.summary() for each in proofs)
    counted = {
        "outcomes": figures["outcomes"],
        "budgets": len(figures["heads"]),
        "payment_orders": len(figures["payment_orders"]),
        "expired": 0,
    }
    counts = {code.value: count for code, count in findings.counts.items()}
    return Report(findings.kept, counts, counted, figures)


def test_a_proof_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    report = a_report(a_world())
    assert (0, 0) == (show(report, "en"), show(report, "fr"))
    assert (
        "proved: 128 events, 3 budgets, 21 payment orders, 0 not comparable\n"
        "prouvé : 128 événements, 3 budgets, 21 mandats, 0 non comparables\n"
    ) == capsys.readouterr().out


def test_a_defect_is_said_with_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    world = a_world()
    world.put(EVENTS, 0, b"k", b"{}")
    assert 1 == show(a_report(world), "fr")
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith("ecluse.events.v1 0 ")
    assert first.endswith(
        "not_yet_journalled 1 enregistrements ne sont pas encore au journal, à partir de celui-ci"
    )
    assert last.startswith("1 défauts : ")


def test_a_program_reads_json(capsys: pytest.CaptureFixture[str]) -> None:
    world = a_world()
    del world[REFUSALS][0]
    report = a_report(world)
    assert 1 == show(report, "en", as_json=True, figures=True)
    said = json.loads(capsys.readouterr().out)
    assert (False, {"message_missing": 1}) == (said["proved"], said["codes"])
    assert {"code", "topic", "partition", "offset", "budget", "sequence", "fr", "en"} == set(
        said["findings"][0]
    )
    assert report.figures == said["figures"]
    assert report.figures["heads"] == said["heads"]


def test_a_cluster_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # Nobody listens on it.
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        assert 3 == main(["--bootstrap", where])
    assert capsys.readouterr().err.startswith(f"{where} : ")


def test_findings_beyond_the_limit_are_counted() -> None:
    findings = Findings(kept_max=2)
    for offset in range(5):
        findings.add(Code.DIGEST_DIFFERS, Place("t", 0, offset))
    assert (2, 5, 3) == (len(findings.kept), findings.counts.total(), findings.dropped)


def test_a_long_fact_is_cut() -> None:
    findings = Findings()
    findings.add(Code.MESSAGE_MISSING, Place(), what="é" * 999)
    assert "é" * 200 + "… is not published" == findings.kept[0].said.en


def test_a_reason_is_said_in_the_reader_s_language() -> None:
    with pytest.raises(NotARecordError) as raised:
        read_record(b"[]", Place())
    findings = Findings()
    findings.add(Code.RECORD_MALFORMED, Place(), why=raised.value.said)
    said = findings.kept[0].said
    assert "JSON, en anglais : ValueError: no object" in said.fr
    assert "JSON: ValueError: no object" in said.en


def test_what_reached_the_end_of_its_retention_is_no_defect() -> None:
    """Topics of the world outside are kept for 400 days, the journal for ever."""
    world = a_world()
    gone = 0
    for topic, kept in ((EVENTS, 9), (REFUSALS, 5), (DEAD_LETTERS, 1)):
        for partition in range(world.partitions):
            records = world.topics[topic, partition]
            world.first_offsets[topic, partition] = records[kept].offset
            gone += kept
            del records[:kept]
    proofs = list(world.proofs())
    assert [] == world.findings()
    # A notice and a dead letter of a source that is gone cannot be told from others.
    assert 0 < sum(each.expired for each in proofs) <= gone
