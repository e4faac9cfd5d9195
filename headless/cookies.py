"""Cookies that let an API connection in (iTerm2 sources/API/iTermWebSocketCookieJar.m:35)."""

import secrets
from collections import OrderedDict

#: Cookies waiting for their connection; the oldest make way.
MAX_COOKIES = 10_000


class CookieJar:
    """In memory only. A cookie lets in one connection and has no other expiry."""

    def __init__(self) -> None:
        self._cookies: OrderedDict[str, None] = OrderedDict()

    def issue(self) -> str:
        """A new cookie: 16 random bytes as hex."""
        cookie = secrets.token_hex(16)
        self._cookies[cookie] = None
        while len(self._cookies) > MAX_COOKIES:
            self._cookies.popitem(last=False)
        return cookie

    def consume(self, cookie: str) -> bool:
        """Whether the cookie is good; it is not any more after this."""
        if cookie not in self._cookies:
            return False
        del self._cookies[cookie]
        return True
