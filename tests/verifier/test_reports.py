"""What a verification says, and how it ends."""

import json
import re

import pytest

from events.topics import ACCOUNTING_ENTRIES, DEAD_LETTERS, EVENTS, REFUSALS, SLIPS
from services.cli.commands.proofs import show
from services.cli.terminal.screen import Screen
from services.texts.language import Language
from services.texts.translation import both, translate
from services.verifier.findings import Code, Findings, Place
from services.verifier.journal_proof import merge_figures
from services.verifier.records import NotARecordError, read_record
from services.verifier.report import Note, Remark, Report, report_of
from services.verifier.verify import TOPICS, Totals
from tests.integration.test_tables import unfolded
from tests.verifier.memory_cluster import MemoryCluster
from tests.verifier.planting import without
from tests.verifier.scenarios import a_cluster
from tests.verifier.test_imported import imported

FACT = re.compile(r"{(\w+)}")


def a_report(cluster: MemoryCluster) -> Report:
    proofs = list(cluster.proofs())
    findings = proofs[0].journal.findings
    figures = merge_figures(each.journal.summary() for each in proofs)
    return report_of(findings, {}, figures, [Remark(Note.TRACING)])


def said_of(report: Report, language: Language, capsys: pytest.CaptureFixture[str]) -> list[str]:
    show(Screen(language), report)
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("language", "last"),
    [
        (Language.EN, "proved: 128 events, 3 budgets, 21 payment orders, 0 not comparable"),
        (
            Language.FR,
            "prouvé\u00a0: 128 événements, 3 budgets, 21 mandats, non comparables\u00a0: 0",
        ),
    ],
)
def test_a_proof_is_said_in_one_line_behind_what_it_does_not_prove(
    language: Language, last: str, capsys: pytest.CaptureFixture[str]
) -> None:
    report = a_report(a_cluster())
    assert report.proved
    first, *remark, found = said_of(report, language, capsys)
    assert last == found
    assert first in {"Ce que cela ne prouve pas\u00a0:", "What this does not prove:"}
    notes = (translate(each.value, language) for each in (Note.TRACING, Note.AS_IT_STANDS))
    assert " ".join(remark).split() == " ".join(f"- {each}" for each in notes).split()


def test_a_defect_is_said_with_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    cluster = a_cluster()
    cluster.put(EVENTS, 0, b"k", b"{}")
    report = a_report(cluster)
    assert not report.proved
    lines = said_of(report, Language.FR, capsys)
    assert lines[-1].startswith("1 défaut\u00a0: ")
    text = unfolded("\n".join(lines))
    assert "ecluse.events.v1/" in text
    assert "not_yet_journalled" in text
    assert "pas encore au journal, à partir de cet enregistrement\u00a0: 1" in text


def test_a_program_reads_json() -> None:
    cluster = a_cluster()
    del cluster[REFUSALS][0]
    report = a_report(cluster)
    printed = json.loads(json.dumps(report.row()))
    assert (False, {"message_missing": 1}) == (printed["proved"], printed["codes"])
    assert {"code", "topic", "partition", "offset", "budget", "sequence", "fr", "en"} == set(
        printed["findings"][0]
    )
    assert report.figures["heads"] == printed["heads"]
    assert ["tracing", "as_it_stands"] == [each["code"] for each in printed["not_proved"]]


@pytest.mark.parametrize(("is_sealed", "ends"), [(False, Note.ENDS), (True, Note.BEHIND_SEAL)])
def test_what_only_a_seal_shows_is_said_of_a_cluster_whose_input_is_gone(
    is_sealed: bool, ends: Note
) -> None:
    assert set() == notes_of(a_cluster(), is_sealed) & {Note.ENDS, Note.BEHIND_SEAL}
    expired = a_cluster()
    without(expired, EVENTS)
    expired.first_offsets[EVENTS, expired[EVENTS][0].partition] = expired[EVENTS][0].offset
    for cluster, why in ((imported(a_cluster()), Note.IMPORTED), (expired, Note.EXPIRED)):
        assert {why, ends} <= notes_of(cluster, is_sealed)


def test_a_proof_of_a_cluster_says_that_the_treasury_s_topics_were_not_read() -> None:
    assert not {SLIPS, ACCOUNTING_ENTRIES} & {*TOPICS}
    assert Note.TREASURY in notes_of(a_cluster(), is_sealed=False)


def notes_of(cluster: MemoryCluster, is_sealed: bool) -> set[Note]:
    totals, proofs = Totals(), list(cluster.proofs())
    for each in proofs:
        totals.add(each)
    home = range(cluster.partitions)
    report = totals.report(proofs[0].journal.findings, home, None, is_sealed=is_sealed)
    return {each.note for each in report.remarks}


def test_each_note_says_the_same_in_both_languages() -> None:
    for sentence in (both(note.value) for note in Note):
        french, english = (set(FACT.findall(text)) for text in (sentence.fr, sentence.en))
        assert french == english


def test_findings_beyond_the_limit_are_counted() -> None:
    findings = Findings(kept_max=2)
    for offset in range(5):
        findings.add(Code.DIGEST_DIFFERS, Place("t", 0, offset))
    assert (2, 5) == (len(findings.kept), findings.counts.total())


def test_a_long_fact_is_cut() -> None:
    findings = Findings()
    findings.add(Code.MESSAGE_MISSING, Place(), what="é" * 999)
    assert "é" * 200 + "… is not published" == findings.kept[0].text.en


def test_a_reason_is_said_in_the_reader_s_language() -> None:
    with pytest.raises(NotARecordError) as raised:
        read_record(b"[]", Place())
    findings = Findings()
    findings.add(Code.RECORD_MALFORMED, Place(), why=raised.value.text)
    printed = findings.kept[0].text
    assert "JSON, en anglais\N{NO-BREAK SPACE}: ValueError: no object" in printed.fr
    assert "JSON: ValueError: no object" in printed.en


def test_what_reached_the_end_of_its_retention_is_no_defect() -> None:
    """Topics of the world outside are kept for 400 days, the journal for ever."""
    cluster = a_cluster()
    gone = 0
    for topic, kept in ((EVENTS, 9), (REFUSALS, 5), (DEAD_LETTERS, 1)):
        for partition in range(cluster.partitions):
            records = cluster.topics[topic, partition]
            cluster.first_offsets[topic, partition] = records[kept].offset
            gone += kept
            del records[:kept]
    proofs = list(cluster.proofs())
    assert [] == cluster.findings()
    # A notice and a dead letter of a source that is gone cannot be distinguished from others.
    assert 0 < sum(each.expired for each in proofs) <= gone
