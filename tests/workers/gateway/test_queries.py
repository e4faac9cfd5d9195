import pytest

from workers.gateway.queries import QUERY_BYTES, unfinished_at, without_queries

QUERIES = [
    b"\x1bZ",
    b"\x1b[c",
    b"\x1b[0c",
    b"\x1b[>c",
    b"\x1b[>0c",
    b"\x1b[=c",
    b"\x1b[5n",
    b"\x1b[6n",
    b"\x1b[?6n",
    b"\x1b[?996n",
    b"\x1b[x",
    b"\x1b[?2026$p",
    b"\x1b[4$p",
    b"\x1b[>q",
    b"\x1b[>0q",
    b"\x1b[?u",
    b"\x1b[?4m",
    b"\x1b[14t",
    b"\x1b[18t",
    b"\x1b[21t",
    b"\x1b[16;2t",
    b"\x1b[1;1;1;1;1;1*y",
    b"\x1b[1$w",
    b"\x1b[?1;1;0S",
    b"\x1b]4;1;?\x07",
    b"\x1b]4;1;?;2;?\x1b\\",
    b"\x1b]10;?\x1b\\",
    b"\x1b]11;?\x07",
    b"\x1b]52;c;?\x07",
    b"\x1b]1337;ReportCellSize\x07",
    b"\x1b]1337;ReportVariable=c2Vzc2lvbg==\x1b\\",
    b"\x1bP$qm\x1b\\",
    b"\x1bP+q544e;524742\x1b\\",
]

OTHERS = [
    b"\x1b[31m",
    b"\x1b[2J",
    b"\x1b[?25h",
    b"\x1b[>4;2m",
    b"\x1b[2 q",
    b"\x1b[8;25;80t",
    b"\x1b[22;0t",
    b"\x1b[S",
    b"\x1b[3S",
    b"\x1b[>1u",
    b"\x1b[<u",
    b"\x1b]0;a title; really?\x07",
    b"\x1b]4;1;rgb:00/00/00\x07",
    b"\x1b]10;#ffffff\x07",
    b"\x1b]52;c;aGVsbG8=\x07",
    b"\x1b]8;;https://example.org/?q\x1b\\",
    b"\x1b]1337;SetMark\x07",
    b"\x1bP1;2;3q#0;2;0;0;0\x1b\\",
    b"\x1bc",
    b"\x1b7",
    b"\x1b(B",
    b"[6n",
    "ünïcode".encode(),
]


@pytest.mark.parametrize("query", QUERIES)
def test_queries_are_taken_out(query: bytes) -> None:
    assert without_queries(b"a" + query + b"b" + query) == b"ab"


@pytest.mark.parametrize("other", OTHERS)
def test_what_is_no_query_stays(other: bytes) -> None:
    assert without_queries(b"a" + other + b"b") == b"a" + other + b"b"


@pytest.mark.parametrize("query", QUERIES)
def test_every_beginning_of_a_query_is_held_back(query: bytes) -> None:
    for length in range(1, len(query)):
        data = b"text" + query[:length]
        assert unfinished_at(data) == 4, query[:length]
    assert unfinished_at(b"text" + query) == 4 + len(query)
    assert unfinished_at(b"text" + query + b"x") == 5 + len(query)


@pytest.mark.parametrize("other", OTHERS)
def test_finished_sequences_are_not_held_back(other: bytes) -> None:
    assert unfinished_at(b"text" + other + b"x") == 5 + len(other)


def test_what_never_ends_is_held_back_to_a_bound() -> None:
    for begin in (b"\x1bP+q", b"\x1b]1337;ReportVariable=", b"\x1b["):
        data = begin + b"0" * QUERY_BYTES
        assert unfinished_at(data) == len(data)
