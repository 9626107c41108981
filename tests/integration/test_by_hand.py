"""`ecluse order` and `ecluse document`: shown, tried, confirmed, sent to the API, its outcome."""

import json
from collections.abc import Iterator
from http import HTTPStatus

import httpx
import pytest

from tests.api.answering import Answer, answering
from tests.api.processes import Running, embedded
from tests.builders import (
    BUDGET,
    NEXT_BUDGET,
    Json,
    a_convention,
    a_vote,
    an_award,
    an_instalment,
)
from tests.integration.command import CommandResult, ecluse, written
from tests.integration.test_tables import unfolded

NAMES = [f"C{number}" for number in range(8)]


def a_grant(name: str, budget: str = BUDGET) -> list[Json]:
    """A grant with an order, and a balance that waits for two reports."""
    waiting = an_instalment(
        400, "balance", documents=[("activity_report", 2022), ("activity_report", 2023)]
    )
    award = an_award(1_000, grant=f"G-{name}", budget=budget)
    signed = a_convention(
        grant=f"G-{name}",
        convention=name,
        budget=budget,
        instalments=[an_instalment(600), waiting],
    )
    return [award, signed]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A small town's Écluse, in one process."""
    folder = tmp_path_factory.mktemp("town")
    events = [a_vote(), *(event for name in NAMES for event in a_grant(name))]
    events += [a_vote(budget=NEXT_BUDGET), *a_grant("C7", NEXT_BUDGET)]
    year = written(folder / "year.jsonl", *events)
    with embedded(folder / "data", "--load", year, log=folder / "log") as running:
        yield running


def sent(town: Running, *args: object, given: bytes = b"", lang: str = "en") -> CommandResult:
    return ecluse(*args, "--url", town.address, "--lang", lang, given=given)


def order(town: Running, name: str) -> Json:
    found = httpx.get(f"{town.address}/budgets/{BUDGET}/payment-orders/{name}", timeout=30).json()
    result: Json = found["order"]
    return result


def test_an_order_is_acknowledged_once_somebody_has_agreed(town: Running) -> None:
    asked = ("order", "acknowledge", "C0/advance", "--on", "2023-05-22")
    result = sent(town, *asked, given=b"n\n")
    assert 0 == result.code
    assert "The ledger would decide: accepted." in result.text
    assert "Nothing was sent." in result.text
    assert "issued" == order(town, "C0/advance")["state"]
    result = sent(town, *asked, given=b"y\n")
    assert 0 == result.code
    assert "The ledger has decided: accepted." in result.text
    assert '"source": "urn:ecluse:command"' in result.text
    assert "taken_in_charge" == order(town, "C0/advance")["state"]


def test_a_rejection_has_a_code_and_a_reason(town: Running) -> None:
    asked = ("order", "acknowledge", "C1/advance", "--on", "2023-05-22", "--state", "rejected")
    half = sent(town, *asked, "--reason", "compte clos", "--yes")
    assert (2, "issued") == (half.code, order(town, "C1/advance")["state"])
    whole = sent(town, *asked, "--reason-code", "RIB", "--reason", "compte clos", "--yes")
    assert (0, "rejected") == (whole.code, order(town, "C1/advance")["state"])
    assert "compte clos" == order(town, "C1/advance")["reason_label"]


def test_a_payment_is_of_all_that_is_left_unless_an_amount_is_named(town: Running) -> None:
    asked = ("order", "pay", "C2/advance", "--on", "2023-05-30", "--yes")
    part = sent(town, *asked, "--amount", "1,50", "--bank-reference", "VIR 1", lang="fr")
    assert (0, 150) == (part.code, order(town, "C2/advance")["paid_cents"])
    assert "Le grand livre a décidé" in part.text
    rest = sent(town, *asked)
    assert 0 == rest.code
    assert ("paid", 600) == (
        order(town, "C2/advance")["state"],
        order(town, "C2/advance")["paid_cents"],
    )
    again = sent(town, *asked)
    assert (1, True) == (again.code, "C2/advance is paid, €6.00: nothing is left" in again.err)


def test_a_refusal_is_said_in_a_sentence_and_exits_1(town: Running) -> None:
    asked = ("order", "pay", "C3/advance", "--on", "2023-05-30", "--amount", "7.00")
    result = sent(town, *asked, "--yes")
    assert 1 == result.code
    text = unfolded(result.text)
    assert "The ledger would decide: refused." in text
    assert "The ledger has decided: refused." in text
    assert "is for €6.00" in text


def test_a_document_is_received_for_the_year_that_is_awaited(town: Running) -> None:
    asked = ("document", "received", "G-C4", "activity_report", "--on", "2023-06-26", "--yes")
    several = sent(town, *asked)
    assert (2, True) == (several.code, "2022, 2023" in unfolded(several.err))
    assert 0 == sent(town, *asked, "--year", 2022).code
    alone = sent(town, *asked, "--eligible-cost", "12 345,67", lang="fr")
    assert 0 == alone.code, alone.err
    assert '"eligible_cost_cents": 1234567' in alone.text
    assert "issued" == order(town, "C4/balance")["state"]
    none = sent(town, "document", "received", "G-C4", "evaluation", "--on", "2023-06-26")
    assert (2, True) == (none.code, "name its year" in unfolded(none.err))


def test_programs_read_one_object_and_nothing_is_sent_without_their_yes(town: Running) -> None:
    asked = ("order", "pay", "C5/advance", "--on", "2023-05-30", "--json")
    result = sent(town, *asked)
    tried = json.loads(result.out)
    assert (0, None, 0) == (result.code, tried["sent"], order(town, "C5/advance")["paid_cents"])
    assert "accepted" == tried["trial"]["events"][0]["decision"]["outcome"]
    result = sent(town, *asked, "--yes")
    done = json.loads(result.out)
    assert ["event", "trial", "sent"] == list(done)
    assert "accepted" == done["sent"]["events"][0]["decision"]["outcome"]
    assert 600 == order(town, "C5/advance")["paid_cents"]
    refused = sent(town, *asked, "--amount", "1", "--yes")
    assert 1 == refused.code


@pytest.mark.parametrize(
    ("args", "code", "phrase"),
    [
        (("order", "pay", "nobody/advance", "--on", "2023-05-30"), 3, "no payment order nobody"),
        (("order", "pay", "C7/advance", "--on", "2023-05-30"), 2, NEXT_BUDGET),
        (("order", "pay", "C6/advance", "--on", "30 May"), 2, "is no day"),
        (("order", "pay", "C6/advance", "--on", "2023-05-30", "--amount", "1.234"), 2, "1234"),
        (("order", "pay", "C6/advance", "--on", "1800-01-01", "--yes"), 1, "/data/executed_on"),
        (("document", "received", "nobody", "evaluation", "--on", "2023-05-30"), 3, "no grant"),
        (("document", "received", "G-C7", "evaluation", "--on", "2023-05-30"), 2, NEXT_BUDGET),
    ],
)
def test_what_cannot_be_sent_is_said_before_anything_is(
    town: Running, args: tuple[str, ...], code: int, phrase: str
) -> None:
    result = sent(town, *args)
    assert (code, True) == (result.code, phrase in unfolded(result.err)), result.err


def test_with_its_budget_an_order_is_found_where_several_have_it(town: Running) -> None:
    asked = ("order", "pay", "C7/advance", "--on", "2024-05-30", "--budget", NEXT_BUDGET, "--yes")
    assert 0 == sent(town, *asked).code
    assert 0 == order(town, "C7/advance")["paid_cents"]


REFUSED = json.dumps({"status": 401, "detail": "Unknown key.", "advice": "Ask for one."})


def test_an_api_that_is_away_is_named_and_exits_3() -> None:
    asked = ("order", "pay", "C/advance", "--on", "2023-05-30", "--url", "http://127.0.0.1:9")
    away = ecluse(*asked, "--lang", "en")
    assert (3, True) == (away.code, "--url names its address" in unfolded(away.err))


@pytest.mark.parametrize(
    ("body", "phrase"), [(REFUSED, "Unknown key. Ask for one."), ("<p>", "not the API")]
)
def test_an_api_that_refuses_says_why_and_its_key_is_shown_nowhere(body: str, phrase: str) -> None:
    answer = Answer(HTTPStatus.UNAUTHORIZED, body.encode())
    with answering(lambda _path: answer) as address:
        asked = ("order", "pay", "C/advance", "--on", "2023-05-30", "--url", address)
        result = ecluse(*asked, "--lang", "en", ECLUSE_API_KEY="secret")
    assert (3, True) == (result.code, phrase in unfolded(result.err)), result.err
    assert "secret" not in result.err


@pytest.mark.parametrize("key", ["secret\nX-Other: 1", "secr\u00e9t", "se\x7fcret"])
@pytest.mark.parametrize(
    "command",
    [("order", "pay", "C/advance"), ("document", "received", "G-C1", "activity_report")],
    ids=" ".join,
)
def test_what_is_no_key_is_refused_by_the_name_of_its_variable(
    command: tuple[str, ...], key: str
) -> None:
    asked = (*command, "--on", "2023-05-30", "--url", "http://127.0.0.1:1")
    result = ecluse(*asked, "--lang", "en", ECLUSE_API_KEY=key)
    assert (3, True) == (result.code, "ECLUSE_API_KEY: this is no key" in result.err), result.err
    assert "secr" not in result.err


def test_white_space_around_a_key_is_no_part_of_it() -> None:
    """A file that `echo` made ends with a line break, and so does a secret of a cluster with it."""
    answer = Answer(HTTPStatus.UNAUTHORIZED, b'{"detail": "no"}')
    with answering(lambda _path: answer) as address:
        asked = ("order", "pay", "C/advance", "--on", "2023-05-30", "--url", address)
        result = ecluse(*asked, "--lang", "en", ECLUSE_API_KEY=" secret\n")
    assert (3, f"Stopped: {address}: no\n") == (result.code, result.err)
