"""Tokens of an identity provider: what is not exactly right is refused, each for its own reason."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.api.access.caller import EVERYBODY, Caller, Entities, NotKnown, Scope
from services.api.access.oidc.issuer import AT_MOST_EVERY, FRESH_FOR, USED_FOR, Issuer
from services.api.problems import Problem
from tests import silence
from tests.api.bad_tokens import BAD
from tests.api.environment import LILLE, HandClock
from tests.api.provider import EC, NOW_S, RSA, STRANGER, Provider, a_provider

no_logs = silence.all_logs


@pytest.fixture
def provider() -> Iterator[Provider]:
    with a_provider() as found:
        yield found


def an_issuer(provider: Provider, clock: HandClock | None = None) -> Issuer:
    return Issuer(provider.requirements, f"{provider.url}/keys", clock or HandClock())


def believed(issuer: Issuer, token: str) -> Caller:
    return asyncio.run(issuer.caller_of(token))


@pytest.mark.parametrize(("key", "alg"), [(RSA, "RS256"), (EC, "ES256")])
def test_a_good_token_says_who_asks_and_what_for(provider: Provider, key: Any, alg: str) -> None:
    caller = believed(an_issuer(provider), provider.token(key, alg))
    assert Caller("oidc:agent-7", {Scope.READ: Entities.parse([LILLE])}, "agent-7") == caller


@pytest.mark.parametrize("name", BAD)
def test_a_bad_token_is_refused(provider: Provider, name: str) -> None:
    token, reason = BAD[name]
    issuer = an_issuer(provider)
    with pytest.raises(NotKnown) as refused:
        believed(issuer, token(provider))
    assert reason == refused.value.reason


@pytest.mark.parametrize(
    ("claims", "rights"),
    [
        ({"scope": "ecluse:read ecluse:publish"}, {Scope.READ, Scope.PUBLISH}),
        ({"scope": ["ecluse:operate"]}, {Scope.OPERATE}),
        ({"scope": "read publish operate"}, set()),
        ({"scope": "ecluse:everything"}, set()),
        ({"scope": None}, set()),
        ({"ecluse_entities": None}, set()),
        ({"ecluse_entities": []}, set()),
    ],
)
def test_a_text_that_is_none_of_ours_gives_no_right(
    provider: Provider, claims: dict[str, Any], rights: set[Scope]
) -> None:
    assert rights == set(believed(an_issuer(provider), provider.token(**claims)).rights)


def test_no_two_subjects_share_a_name_in_the_audit(provider: Provider) -> None:
    long = "a" * 100
    subjects = [long, long + "b", long + "c", "agent\n7", "agent\r7", "agent7"]
    issuer = an_issuer(provider)
    names = [believed(issuer, provider.token(sub=each)).name for each in subjects]
    assert len(subjects) == len(set(names))
    assert (f"oidc:{long}", "oidc:agent7") == (names[0], names[-1])
    assert all(len(each) <= len("oidc:") + 100 and each.isprintable() for each in names)


def test_all_entities_are_shown_by_a_text(provider: Provider) -> None:
    caller = believed(an_issuer(provider), provider.token(ecluse_entities="all"))
    assert EVERYBODY == caller.entities(Scope.READ)


def test_a_program_has_its_scopes_and_not_the_roles_of_whoever_uses_it(
    provider: Provider,
) -> None:
    requirements = replace(
        provider.requirements, roles={"compta": frozenset(Scope)}, entities=EVERYBODY
    )
    issuer = Issuer(requirements, f"{provider.url}/keys", HandClock())
    caller = believed(issuer, provider.token(roles=["compta"], azp="some-dashboard"))
    assert {Scope.READ: Entities.parse([LILLE])} == caller.rights
    of_no_entity = provider.token(roles=["compta"], ecluse_entities=None)
    assert {} == believed(issuer, of_no_entity).rights


def test_an_access_token_of_an_older_keycloak_carries_the_nonce_of_its_login(
    provider: Provider,
) -> None:
    token = provider.token(nonce="n", typ="Bearer")
    assert {Scope.READ} == set(believed(an_issuer(provider), token).rights)


def test_clocks_may_be_a_little_apart(provider: Provider) -> None:
    issuer = an_issuer(provider)
    assert "oidc:agent-7" == believed(issuer, provider.token(exp=NOW_S - 29)).name
    assert "oidc:agent-7" == believed(issuer, provider.token(nbf=NOW_S + 30)).name
    bad: list[dict[str, Any]] = [{"exp": NOW_S - 31}, {"nbf": NOW_S + 31}, {"iat": NOW_S + 31}]
    for claims in bad:
        with pytest.raises(NotKnown, match=r"token_(expired|not_yet)"):
            believed(issuer, provider.token(**claims))


async def test_keys_are_fetched_once_and_again_when_they_are_old(provider: Provider) -> None:
    clock = HandClock()
    issuer = an_issuer(provider, clock)

    await asyncio.gather(*(issuer.caller_of(provider.token()) for _ in range(10)))
    assert 1 == provider.asked
    clock.advance(FRESH_FOR)
    await issuer.caller_of(provider.token(exp=NOW_S + 10_000))
    assert 2 == provider.asked


async def test_a_new_key_of_the_provider_is_found_but_not_looked_for_endlessly(
    provider: Provider,
) -> None:
    clock = HandClock()
    issuer = an_issuer(provider, clock)
    new = provider.token(STRANGER, exp=NOW_S + 10_000)

    await issuer.caller_of(provider.token())
    for _ in range(20):
        with pytest.raises(NotKnown):
            await issuer.caller_of(new)
    assert 1 == provider.asked, "the first fetch is too young for another"
    provider.keys.append(STRANGER)
    clock.advance(AT_MOST_EVERY)
    assert "oidc:agent-7" == (await issuer.caller_of(new)).name
    assert 2 == provider.asked


async def test_known_keys_serve_while_the_provider_is_away_but_not_for_ever(
    provider: Provider,
) -> None:
    clock = HandClock()
    issuer = an_issuer(provider, clock)
    token = provider.token(exp=NOW_S + 10_000_000)

    await issuer.caller_of(token)
    provider.away = True
    clock.advance(USED_FOR - timedelta(seconds=1))
    await issuer.caller_of(token)
    clock.advance(timedelta(minutes=1))
    with pytest.raises(Problem) as problem:
        await issuer.caller_of(token)
    assert "issuer_unreachable" == problem.value.kind.code


def test_a_provider_that_never_answered_is_no_refusal(provider: Provider) -> None:
    provider.away = True
    with pytest.raises(Problem) as problem:
        believed(an_issuer(provider), provider.token())
    assert 503 == problem.value.kind.status


def test_the_keys_are_found_by_the_issuers_own_document(provider: Provider) -> None:
    issuer = Issuer(provider.requirements, None, HandClock())
    assert "oidc:agent-7" == believed(issuer, provider.token()).name


def test_the_document_of_another_issuer_is_not_believed(provider: Provider) -> None:
    provider.issuer = "https://elsewhere.example"
    with pytest.raises(Problem):
        believed(Issuer(provider.requirements, None, HandClock()), provider.token())


ODD_KEYS: list[Any] = [
    {"kty": "AKP", "alg": "ML-DSA-65", "kid": "later", "pub": "AAAA"},
    {"kty": "EC", "crv": "P-999", "kid": "curve", "x": "AA", "y": "AA"},
    {"kty": "EC", "crv": "P-256", "kid": "point", "x": "AA", "y": "AA"},
    {"kty": "RSA", "kid": "half", "n": "AQAB"},
    {"kty": "RSA", "kid": "numbers", "n": 3, "e": 65537},
    {"kty": "OKP", "crv": "Ed999", "kid": "edwards", "x": "AA"},
    {"kty": "oct", "kid": "secret", "k": "c2VjcmV0"},
    {"kty": ["RSA"], "kid": "list"},
    {"kid": "nothing"},
    "no key",
    None,
    {**RSA.as_dict(private=False), "kid": "later-alg", "alg": "RS1024"},
]


@pytest.mark.parametrize("odd", ODD_KEYS, ids=range(len(ODD_KEYS)))
@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
def test_a_key_that_is_odd_hides_no_other(provider: Provider, odd: Any, first: bool) -> None:
    published = [each.as_dict(private=False) for each in (RSA, EC)]
    provider.published = [odd, *published] if first else [*published, odd]
    for key, alg in ((RSA, "RS256"), (EC, "ES256")):
        assert "oidc:agent-7" == believed(an_issuer(provider), provider.token(key, alg)).name


def test_keys_that_are_not_read_are_one_line_in_the_log(provider: Provider) -> None:
    provider.published = [*ODD_KEYS, RSA.as_dict(private=False)]
    with capture_logs() as lines:
        believed(an_issuer(provider), provider.token())
    unread = {"event": "issuer_keys_unread", "keys": len(ODD_KEYS), "log_level": "warning"}
    assert [unread] == lines


def test_a_set_of_odd_keys_alone_is_no_set(provider: Provider) -> None:
    provider.published = ODD_KEYS
    with pytest.raises(Problem):
        believed(an_issuer(provider), provider.token())
