"""Signatures of Standard Webhooks, held against the example of their specification."""

import base64

from services.api.webhooks.delivery import headers_of, secret_of


def test_a_message_is_signed_as_the_specification_s_example() -> None:
    found = headers_of(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    } == found


def test_a_secret_is_spelled_as_the_libraries_read_it() -> None:
    secret = secret_of(bytes(range(32)))
    assert secret.startswith("whsec_")
    assert bytes(range(32)) == base64.b64decode(secret.removeprefix("whsec_"))
