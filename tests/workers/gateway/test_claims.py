import pytest

from workers.gateway.claims import Claims, Held
from workers.gateway.identity import Identity


def test_one_holder_a_session_until_it_lets_go() -> None:
    claims, one, two = Claims(), Identity(1, name="one"), Identity(2)
    claims.claim("s", one)
    claims.claim("s", one)
    claims.check("s", one)
    for refused in (claims.check, claims.claim, claims.release):
        with pytest.raises(Held) as error:
            refused("s", two)
        assert error.value.holder == "one"
    claims.check("other", two)
    claims.release("s", one)
    claims.claim("s", two)
    with pytest.raises(Held, match="client 2"):
        claims.check("s", one)


def test_claims_end_with_their_client_and_their_session() -> None:
    claims, one, two = Claims(), Identity(1), Identity(2)
    claims.claim("s", one)
    claims.drop_client(one)
    claims.check("s", two)
    claims.claim("s", one)
    claims.keep_sessions({"other"})
    claims.check("s", two)
