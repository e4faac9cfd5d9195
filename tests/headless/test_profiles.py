"""Profiles from a file, and what sessions make of them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from iterm2 import api_pb2

from headless.errors import StartError
from headless.profiles import ProfileStore, palette
from tests.headless.conftest import HostProcess, wait_until


def test_dynamic_profiles_are_offered_and_used(home: Path, start_host: Callable[..., HostProcess]) -> None:
    file = home / "profiles.json"
    entry = {"Name": "Work", "Guid": "WORK", "Custom Command": "Yes", "Command": "/bin/cat ~/text", "Columns": 40}
    file.write_text(json.dumps({"Profiles": [entry]}))
    (home / "text").write_text("from the profile\n")
    host = start_host("--profile", str(file))
    with host.connect() as client:
        listed = client.ask(list_profiles_request=api_pb2.ListProfilesRequest(properties=["Name", "Rows"]))
        values = [
            {item.key: item.json_value for item in profile.properties}
            for profile in listed.list_profiles_response.profiles
        ]
        assert values == [{"Name": '"Default"', "Rows": "25"}, {"Name": '"Work"', "Rows": "25"}]
        request = api_pb2.CreateTabRequest(profile_name="Work")
        request.custom_profile_properties.add(key="Close Sessions On End", json_value="0")
        made = client.ask(create_tab_request=request).create_tab_response
        wait_until(lambda: client.screen(made.session_id)[0] == "from the profile", "the command's output")
        size = client.windows().windows[1].tabs[0].root.links[0].session.grid_size
        assert (size.width, size.height) == (40, 25)
        unknown = client.ask(create_tab_request=api_pb2.CreateTabRequest(profile_name="None")).create_tab_response
        assert unknown.status == api_pb2.CreateTabResponse.INVALID_PROFILE_NAME


@pytest.mark.parametrize(
    "content", ["", "[]", '{"Profiles": [{"Name": "x"}]}', '{"Profiles": [{"Name": "x", "Guid": "y", "Columns": "z"}]}']
)
def test_bad_files_are_named(home: Path, content: str) -> None:
    file = home / "profiles.json"
    file.write_text(content)
    with pytest.raises(StartError, match=r"profiles\.json"):
        ProfileStore().load(file)


def test_palette_follows_the_theme() -> None:
    profile = ProfileStore().default
    assert palette(profile, dark=False)["background"] == (250, 250, 250)
    assert palette(profile, dark=True)["background"] == (21, 25, 31)
    assert palette({**profile, "Use Separate Colors for Light and Dark Mode": False}, dark=True)["0"] == (20, 25, 30)
