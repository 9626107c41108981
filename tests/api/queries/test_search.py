"""The search: each thing by every name that people give it, and nothing of another entity."""

from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.fr import siret as siret_number

from services.api.code_names import city_names
from services.api.search.query import HITS_MAX, Found, find_hits
from tests.api.environment import ROUBAIX
from tests.api.made import Made
from tests.api.queries.asked import BUDGET, LILLE, OF_A_LONG_TEST, YEAR, ask
from tests.api.reads.two_entities import ADVANCE, AWARDED, FOREIGN, both
from tests.builders import a_beneficiary, a_vote, a_vote_and_awards, an_award, encoded
from tests.read_model.filling import journal_of, journal_of_events, read

CONVENTION: Final = "CONV-2023-LILLE-AVENIRS"
GRANT: Final = "LILLE-AVENIRS-2023"


def found(url: str, text: str, entities: frozenset[str] | None = None) -> Found:
    return ask(url, lambda conn: find_hits(conn, entities, text))


def named(url: str, text: str) -> list[tuple[str, str, bool]]:
    return [(hit.kind, hit.id, hit.whole) for hit in found(url, text).hits]


def valid_sirets(count: int) -> list[str]:
    """That many SIRETs of one legal entity, whose number stands behind Lille's."""
    numbers = (f"378877708{number:05}" for number in range(1, 1000))
    return [each for each in numbers if siret_number.is_valid(each)][:count]


@pytest.mark.parametrize(
    ("text", "hit"),
    [
        (GRANT, ("grant", GRANT, True)),
        ("lille avenirs 2023", ("grant", GRANT, True)),
        ("aven lil", ("grant", GRANT, False)),
        ("LILLE   Avénirs", ("grant", GRANT, False)),
        (CONVENTION, ("convention", CONVENTION, True)),
        ("conv-2023 lille-avenirs", ("convention", CONVENTION, True)),
        ("Martin David-Brochen", ("convention", CONVENTION, False)),
        ("brochen mart", ("convention", CONVENTION, False)),
        (f"{CONVENTION}/solde", ("payment_order", f"{CONVENTION}/solde", True)),
        (f"{CONVENTION.lower()} SOL", ("payment_order", f"{CONVENTION}/solde", False)),
        (BUDGET, ("budget", BUDGET, True)),
        (f" {BUDGET[:14]} ", ("budget", BUDGET, False)),
        ("215 903 501 00017", ("budget", BUDGET, False)),
        ("489", ("operation", "489", True)),
        ("rapport d’activité 2022", ("document", "activity_report/2022", False)),
        ("activity report LILLE", ("document", "activity_report/2022", False)),
    ],
)
def test_a_thing_by_its_names(made: Made, text: str, hit: tuple[str, str, bool]) -> None:
    assert hit in named(made(journal_of(YEAR)), text)


NAMED: Final = """
entities:
  "{entity}":
    name: Lille
    operations: {{"489": "Mission locale", "490": "Insertion par l'école", "7": "Mission close"}}
"""


@pytest.mark.parametrize(
    ("entity", "text", "found_as"),
    [
        (LILLE, "mission", [("489", "Mission locale", False)]),
        (LILLE, "Ecole insert", [("490", "Insertion par l'école", False)]),
        (LILLE, "489", [("489", "Mission locale", True)]),
        (LILLE, "mission nationale", []),
        # Another entity's name of the same code is no name of it.
        (ROUBAIX, "mission", []),
        (ROUBAIX, "489", [("489", None, True)]),
    ],
)
def test_an_operation_is_found_by_the_name_that_its_entity_gave_it(
    made: Made, entity: str, text: str, found_as: list[tuple[str, str | None, bool]]
) -> None:
    names = city_names(NAMED.format(entity=entity))
    hits = ask(made(journal_of(YEAR)), lambda conn: find_hits(conn, None, text, names)).hits
    operations = [hit for hit in hits if hit.kind == "operation"]
    assert found_as == [(hit.id, hit.name, hit.whole) for hit in operations]


def test_the_same_code_in_many_other_budgets_hides_no_operation_that_has_the_name(
    made: Made,
) -> None:
    others = [f"{each}-00-2023" for each in valid_sirets(HITS_MAX + 1)]
    votes = [a_vote(_id=f"v{n}", budget=each) for n, each in enumerate([BUDGET, *others])]
    names = city_names(NAMED.format(entity=LILLE))
    url = made(journal_of_events(map(encoded, votes)))
    hits = ask(url, lambda conn: find_hits(conn, None, "mission", names)).hits
    assert [(BUDGET, "489")] == [(hit.budget, hit.id) for hit in hits]


def test_the_names_that_the_journal_gives_lead_to_it(made: Made) -> None:
    """Acts, events, SIRETs and amounts of the year, as its own tables have them."""
    url = made(journal_of(YEAR))
    tables = read(url)
    for act in tables["acts"]:
        if act["number"]:
            for text in (act["number"], f"n°\u00a0{act['number']}", f"no. {act['number']}"):
                assert ("act", act["number"], True) in named(url, text)
    for record in tables["journal"]:
        for text in (record["event_id"], record["event_id"].upper(), record["event_id"][:-1]):
            hits = [hit for hit in found(url, text).hits if hit.kind == "event"]
            if text != record["event_id"].upper() or text == record["event_id"]:
                assert record["event_id"] in [hit.id for hit in hits], text
    for grant in tables["grants"]:
        siret = grant["siret"]
        grouped = f"{siret[:3]} {siret[3:6]}\u00a0{siret[6:9]} {siret[9:]}"
        for text, whole in ((siret, True), (grouped, True), (siret[:9], False)):
            assert ("beneficiary", siret, whole) in named(url, text)
        cents = f"{grant['awarded_cents'] // 100}"
        assert ("grant", grant["grant_ref"], True) in named(url, cents)
    for order in tables["payment_orders"]:
        amount = f"{order['amount_cents'] // 100:,},{order['amount_cents'] % 100:02}"
        text = amount[:-3].replace(",", "\u202f") + amount[-3:] + "\u00a0€"
        assert ("payment_order", order["payment_order"], True) in named(url, text)


def test_digits_inside_a_number_find_nothing(made_in_files: Made) -> None:
    url = made_in_files(journal_of(YEAR))
    siret = read(url)["grants"][0]["siret"]
    assert [] == named(url, siret[4:9])


@pytest.mark.parametrize("text", ["", "  ", "…", "zzz", "9" * 100, "%", "_"])
def test_what_nothing_is_called_finds_nothing(made: Made, text: str) -> None:
    assert Found((), more=False) == found(made(journal_of(YEAR)), text)


@pytest.mark.parametrize(
    "text", [*FOREIGN, "chorale", str(AWARDED // 100), str(ADVANCE // 100), "R-"]
)
def test_nothing_of_another_entity_is_found(made: Made, text: str) -> None:
    url = made(both())
    assert found(url, text).hits, "it is there"
    assert () == found(url, text, frozenset({LILLE})).hits
    assert () == found(url, text, frozenset()).hits


def test_a_name_that_two_entities_share_is_found_once_for_each(made: Made) -> None:
    url = made(both())
    every = {hit.budget for hit in found(url, "2023/40").hits}
    own = {hit.budget for hit in found(url, "2023/40", frozenset({LILLE})).hits}
    assert {BUDGET} == own < every


def test_a_beneficiary_of_several_grants_is_found_by_name(made: Made) -> None:
    choir = a_beneficiary(name="Chœur de Lille")
    awards = [
        an_award(1_000, grant=f"G{n}", title="Chant", beneficiary=choir, _id=f"a{n}")
        for n in range(2)
    ]
    url = made(journal_of_events(map(encoded, [a_vote(), *awards])))
    kinds = [hit.kind for hit in found(url, "CHOEUR lil").hits]
    assert ["grant", "grant", "beneficiary"] == kinds
    assert ["grant", "grant"] == [hit.kind for hit in found(url, "chant").hits]


def test_a_name_that_was_refused_is_found_in_its_record(made: Made) -> None:
    events = [a_vote(1_000), an_award(5_000, grant="TOO-MUCH", _id="refused")]
    (hit,) = found(made(journal_of_events(map(encoded, events))), "TOO-MUCH").hits
    assert ("record", 2, "refused") == (hit.kind, hit.sequence, hit.state)


def test_of_many_some_are_listed_and_that_is_said(made: Made) -> None:
    events = a_vote_and_awards(BUDGET, HITS_MAX + 5)
    url = made(journal_of_events(map(encoded, events)))
    hits = found(url, read(url)["grants"][0]["beneficiary"])
    assert hits.more
    assert HITS_MAX == sum(hit.kind == "grant" for hit in hits.hits)


def test_many_records_that_mention_a_name_are_cut_and_that_is_said(made: Made) -> None:
    refused = [
        an_award(5_000, grant="TOO-MUCH", _id=f"refused-{each}") for each in range(HITS_MAX + 1)
    ]
    url = made(journal_of_events(map(encoded, [a_vote(1_000), *refused])))
    hits = found(url, "TOO-MUCH")
    assert (HITS_MAX, {"record"}) == (len(hits.hits), {hit.kind for hit in hits.hits})
    assert hits.more


def test_a_beneficiary_who_is_spelled_in_two_ways_hides_no_other(made: Made) -> None:
    sirets = valid_sirets(HITS_MAX + 1)
    spellings = [(sirets[0], "Chorale"), *((each, "CHORALE") for each in sirets)]
    awards = [
        an_award(
            1,
            grant=f"G{number}",
            beneficiary=a_beneficiary(name=name, siret=siret),
            _id=f"a{number}",
        )
        for number, (siret, name) in enumerate(spellings)
    ]
    hits = found(made(journal_of_events(map(encoded, [a_vote(), *awards]))), sirets[0][:9])
    listed = [hit.id for hit in hits.hits if hit.kind == "beneficiary"]
    assert sirets[:HITS_MAX] == listed
    assert hits.more


def test_the_one_of_that_whole_name_stands_before_many_that_begin_so(made: Made) -> None:
    events = a_vote_and_awards(BUDGET, HITS_MAX + 5)
    url = made(journal_of_events(map(encoded, events)))
    last = read(url)["grants"][-1]["grant_ref"]
    first = found(url, last.lower()).hits[0]
    assert ("grant", last, True) == (first.kind, first.id, first.whole)


def spelled(name: str) -> st.SearchStrategy[str]:
    """A name as somebody may type it: in any case, with more spaces, accents or none."""
    ways = (str.lower, str.upper, str.title, lambda text: text.replace(" ", "  "), str)
    return st.sampled_from(ways).map(lambda way: f" {way(name)} ")


@pytest.mark.parametrize("history", OF_A_LONG_TEST, ids=lambda path: path.name.partition(".")[0])
@settings(max_examples=25)
@given(data=st.data())
def test_whatever_is_in_the_tables_is_found_by_each_of_its_names(
    made_in_files: Made, history: object, data: st.DataObject
) -> None:
    url = made_in_files(journal_of(history))  # type: ignore[arg-type] # a path
    tables = read(url)
    names = [
        *(("grant", row["grant_ref"], row["grant_ref"]) for row in tables["grants"]),
        *(("grant", row["beneficiary"], row["grant_ref"]) for row in tables["grants"]),
        *(
            ("grant", row["title"] or row["grant_ref"], row["grant_ref"])
            for row in tables["grants"]
        ),
        *(
            ("convention", row["convention"], row["convention"])
            for row in tables["conventions"]
            if not row["stands_alone"]
        ),
        *(
            ("payment_order", row["payment_order"], row["payment_order"])
            for row in tables["payment_orders"]
        ),
        *(("act", row["number"], row["number"]) for row in tables["acts"] if row["number"]),
        *(("budget", row["budget"], row["budget"]) for row in tables["budgets"]),
    ]
    kind, name, wanted = data.draw(st.sampled_from(names))
    text = data.draw(spelled(name))
    hits = found(url, text)
    assert hits.more or (kind, wanted) in {(hit.kind, hit.id) for hit in hits.hits}
