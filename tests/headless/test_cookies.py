"""Cookies in the environment of sessions: only with iTerm2's setting `setCookie` (PTYSession.m:3093)."""

from collections.abc import Callable

import pytest
from iterm2 import api_pb2

from tests.headless.conftest import HostProcess, wait_until
from tests.headless.raw_client import RawClient


def cookie_of(host: HostProcess, client: RawClient, session: str) -> str:
    """What the session's shell has in ITERM2_COOKIE."""
    out = host.home / f"cookie-{session}"
    client.type(session, f'echo "[$ITERM2_COOKIE]" > "{out}"\n')
    wait_until(lambda: out.exists() and out.read_text().endswith("]\n"), "the shell's variable")
    return out.read_text()[1:-2]


def new_session(client: RawClient) -> str:
    return client.ask(create_tab_request=api_pb2.CreateTabRequest()).create_tab_response.session_id


def test_off_by_default(start_host: Callable[..., HostProcess]) -> None:
    host = start_host(ITERM2_COOKIE="of-whoever-started-the-host")
    with host.connect() as client:
        assert cookie_of(host, client, client.sessions()[0]) == ""


def test_each_launch_gets_one_that_lets_in_once(start_host: Callable[..., HostProcess]) -> None:
    host = start_host("--set-cookie")
    with host.connect() as client:
        cookies = [cookie_of(host, client, session) for session in (client.sessions()[0], new_session(client))]
        assert len({*cookies}) == 2
        out = host.home / "co"
        command = f"echo $ITERM2_COOKIE > {out}"
        client.invoke(client.sessions()[0], f'iterm2.run_coprocess(commandLine: "{command}")')
        wait_until(lambda: out.exists() and out.read_text().endswith("\n"), "the coprocess' variable")
        assert out.read_text().strip() not in ("", *cookies)
        with RawClient(host.api_path, cookies[0]) as other:
            assert other.sessions()
        with pytest.raises(Exception, match="401"):
            RawClient(host.api_path, cookies[0])


def test_the_setting_is_a_user_default(host: HostProcess) -> None:
    with host.connect() as client:
        part = api_pb2.PreferencesRequest.Request()
        part.set_preference_request.key, part.set_preference_request.json_value = "SetCookie", "true"
        client.ask(preferences_request=api_pb2.PreferencesRequest(requests=[part]))
        assert len(cookie_of(host, client, new_session(client))) == 32
        assert cookie_of(host, client, client.sessions()[0]) == "", "launched before"
