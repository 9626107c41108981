"""Forged tokens against the running API: each is 401, in words, and none is a 5xx."""

import pytest

from tests.api.bad_tokens import BAD, PHRASES
from tests.api.provider import RSA
from tests.attack.target import Target


@pytest.mark.parametrize("name", BAD)
def test_a_forged_token_is_refused_in_words(target: Target, name: str) -> None:
    bad, reason = BAD[name]
    token = bad(target.provider)
    with target.client() as client:
        answer = client.get("/budgets", headers={"Authorization": f"Bearer {token}"})
    assert (401, "unauthenticated") == (answer.status_code, answer.json()["code"])
    assert PHRASES[reason] in answer.json()["detail"]
    assert 'Bearer error="invalid_token"' == answer.headers["www-authenticate"]
    assert token not in target.log.read_text()
    target.check_silent(answer.text)


def test_a_good_token_is_believed_and_forged_ones_have_nobody_asked(target: Target) -> None:
    with target.client() as client:
        bearer = {"Authorization": f"Bearer {target.provider.token(RSA)}"}
        assert 200 == client.get("/budgets", headers=bearer).status_code
        asked = target.provider.asked
        for number in range(20):
            kid = {"kid": f"invented-{number}"}
            bearer = {"Authorization": f"Bearer {target.provider.token(header=kid)}"}
            assert 401 == client.get("/budgets", headers=bearer).status_code
        assert target.provider.asked <= asked + 1
