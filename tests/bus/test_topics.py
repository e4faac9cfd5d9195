import pytest

from bus import topics
from bus.errors import Invalid

SESSION = "0A1B2C3D-0000-4000-8000-00000000000F"


def test_topics_are_prefixes_of_their_family() -> None:
    assert topics.pty(SESSION).startswith(topics.PTY.encode())
    assert topics.event("layout") == b"event.layout"
    assert topics.stat("pty-" + SESSION) == b"stat.pty-" + SESSION.lower().encode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        SESSION.lower(),
        SESSION + "\n",
        SESSION[:-1],
        "../" + SESSION,
        SESSION.replace("-", "."),
        "active",
        SESSION[:-1] + "\uff21",
    ],
)
def test_only_a_session_id_becomes_a_topic_or_a_name(text: str) -> None:
    assert not topics.is_session_id(text)
    for use in (topics.pty, topics.worker_name, topics.check_session_id):
        with pytest.raises(Invalid) as refusal:
            use(text)
        assert not text or text not in str(refusal.value)


@pytest.mark.parametrize("name", ["", "a.b", "A", "1x", "x" * 65, "ü"])
def test_only_plain_names_become_topics(name: str) -> None:
    with pytest.raises(Invalid):
        topics.event(name)
