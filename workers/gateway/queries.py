"""Terminal queries: what a program asks its terminal, to be answered by one terminal only. Pure.

iTerm2 answers the session's queries. A viewer that saw them would answer too, and its answers would be typed into
the shell as garbage, so they are taken out of a viewer's stream. The list is what terminals answer: ECMA-48, the
DEC manuals, xterm's ctlseqs, and iTerm2's own reports.
"""

import re

_CSI = rb"\x1b\["
_STRING_END = rb"(?:\x07|\x1b\\)"

#: One alternative a family of queries.
_QUERIES = (
    rb"\x1bZ",  # DECID: identify terminal
    _CSI + rb"[>=]?[0-9;]*c",  # DA1, DA2, DA3: device attributes
    _CSI + rb"\??[0-9;]*n",  # DSR: status, cursor position, printer, keyboard, colour scheme
    _CSI + rb"[01]?x",  # DECREQTPARM: terminal parameters
    _CSI + rb"\?[0-9;]*\$p",  # DECRQM: a private mode
    _CSI + rb"[0-9;]*\$p",  # DECRQM: an ANSI mode
    _CSI + rb">[0-9;]*q",  # XTVERSION
    _CSI + rb"\?u",  # the keyboard protocol's flags
    _CSI + rb"\?[0-9;]*m",  # XTQMODKEYS
    _CSI + rb"(?:11|13|14|15|16|18|19|20|21)(?:;[0-9;]*)?t",  # XTWINOPS: reports of window, size, title
    _CSI + rb"[0-9;]*\*y",  # DECRQCRA: checksum of a rectangle
    _CSI + rb"[0-9;]*\$[uw]",  # DECRQTSR, DECRQPSR: terminal and presentation state
    _CSI + rb"\?[0-9;]*S",  # XTSMGRAPHICS
    rb"\x1b\](?:4|5|1[0-9]|2[1-9])(?:;[0-9?]*)*;\?" + _STRING_END,  # colours: palette and dynamic
    rb"\x1b\]52;[a-z0-9]*;\?" + _STRING_END,  # the clipboard
    rb"\x1b\]1337;Report[A-Za-z]{1,32}(?:=[^\x07\x1b]{0,256})?" + _STRING_END,  # iTerm2: cell size, a variable
    rb"\x1bP\$q[^\x07\x1b]{0,64}\x1b\\",  # DECRQSS: a setting
    rb"\x1bP\+q[0-9A-Fa-f;]{0,1024}\x1b\\",  # XTGETTCAP: terminfo strings
)
_QUERY = re.compile(b"|".join(b"(?:%s)" % query for query in _QUERIES))

#: The longest query that is recognised: the longest beginning of one that is held back for its end.
QUERY_BYTES = 1100

#: An unfinished sequence that may yet become a query. Broader than the table on purpose: holding back a sequence
#: that turns out to be none delays only bytes on which no terminal acts before it is complete.
_UNFINISHED = re.compile(
    rb"\x1b(?:"
    rb"\[[0-9;:<=>?]*[ -/]*"
    rb"|\](?:[0-9]{0,4}|(?:4|5|1[0-9]|2[1-9])(?:;[0-9?]*)*|52;[a-z0-9]*(?:;\??)?|1337;[A-Za-z]*(?:=[^\x07\x1b]*)?)\x1b?"
    rb"|P(?:[$+](?:q[^\x07\x1b]*\x1b?)?)?"
    rb")?\Z"
)


def without_queries(data: bytes) -> bytes:
    """`data` less the complete queries in it."""
    return _QUERY.sub(b"", data) if b"\x1b" in data else data


def query_spans(data: bytes) -> list[tuple[int, int]]:
    """Where the complete queries in `data` begin and end."""
    return [match.span() for match in _QUERY.finditer(data)] if b"\x1b" in data else []


def unfinished_at(data: bytes) -> int:
    """Where a sequence begins that `data` does not finish and that may become a query; `len(data)` if none does."""
    begin = max(0, len(data) - QUERY_BYTES)
    escape = data.rfind(b"\x1b", begin)
    if escape < 0:
        return len(data)
    # The last escape may be the first half of a string's end, ESC \, so the one before it is looked at first.
    before = data.rfind(b"\x1b", begin, escape)
    for start in (before, escape):
        if start >= 0 and _UNFINISHED.match(data, start):
            return start
    return len(data)
