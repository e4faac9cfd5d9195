"""Profile properties of sessions, and the shared profiles (iTerm2 sources/PTYSession/PTYSession.m:21841)."""

import json
from collections.abc import Iterable

from iterm2 import api_pb2

from headless import naming
from headless.handlers.call import Call
from headless.profiles import accepts, selected

_Get = api_pb2.GetProfilePropertyResponse
_Set = api_pb2.SetProfilePropertyResponse


def get_property(
    call: Call, request: api_pb2.GetProfilePropertyRequest, response: api_pb2.GetProfilePropertyResponse
) -> None:
    """Properties of the session's profile over the defaults; no keys mean all."""
    session = call.host.app.session(request.session)
    if session is None:
        response.status = _Get.SESSION_NOT_FOUND
        return
    response.status = _Get.OK
    for key, value in selected(session.profile.values(), request.keys):
        response.properties.add(key=key, json_value=value)


def set_property(
    call: Call, request: api_pb2.SetProfilePropertyRequest, response: api_pb2.SetProfilePropertyResponse
) -> None:
    """For a session (or `all`) a divorced copy of its profile is changed, for guids the shared profiles."""
    changes = _changes(request)
    if changes is None:
        response.status = _Set.REQUEST_MALFORMED
        return
    app = call.host.app
    if request.WhichOneof("target") == "guid_list":
        profiles = [call.host.profiles.by_guid(guid) for guid in request.guid_list.guids]
        if any(profile is None for profile in profiles):
            response.status = _Set.BAD_GUID
            return
        for profile in profiles:
            if profile is not None:
                profile.update(changes)
        response.status = _Set.OK
        return
    session = app.session(request.session)
    sessions = list(app.windowed_sessions()) if request.session == "all" else [session]
    for each in sessions:
        if each is None:
            response.status = _Set.SESSION_NOT_FOUND
            return
        each.profile.divorce(changes)
        if isinstance(name := changes.get("Name"), str):
            each.variables.set("profileName", name)
            naming.set_session_name(call.host, each, name)
        if isinstance(badge := changes.get("Badge Text"), str):
            each.variables.set("badge", badge or None)
    response.status = _Set.OK


def _changes(request: api_pb2.SetProfilePropertyRequest) -> dict[str, object] | None:
    """Assignments, or the older single key; None if a value is no JSON, null, or of the wrong type."""
    pairs: Iterable[tuple[str, str]] = [(item.key, item.json_value) for item in request.assignments]
    if not request.assignments:
        if not request.HasField("key"):
            return None
        pairs = [(request.key, request.json_value)]
    changes: dict[str, object] = {}
    for key, text in pairs:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return None
        if not accepts(key, value):
            return None
        changes[key] = value
    return changes


def list_profiles(call: Call, request: api_pb2.ListProfilesRequest, response: api_pb2.ListProfilesResponse) -> None:
    """The shared profiles; empty lists mean all of them, all properties."""
    for profile in call.host.profiles:
        if request.guids and profile["Guid"] not in request.guids:
            continue
        target = response.profiles.add()
        for key, value in selected(profile, request.properties):
            target.properties.add(key=key, json_value=value)
