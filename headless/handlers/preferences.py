"""PreferencesRequest: the default profile and user defaults (iTerm2 sources/API/iTermAPIHelper.m:3739-3807)."""

import json

from iterm2 import api_pb2

from headless.handlers.call import Call

_Result = api_pb2.PreferencesResponse.Result
#: User defaults a client may set, and how long each may be.
MAX_PREFERENCES = 1000
MAX_VALUE = 1 << 20


def preferences(call: Call, request: api_pb2.PreferencesRequest, response: api_pb2.PreferencesResponse) -> None:
    """One result for each part of the request."""
    for part in request.requests:
        _ACTIONS.get(part.WhichOneof("request") or "", _unrecognized)(call, part, response.results.add())


def _get_default_profile(call: Call, _part: api_pb2.PreferencesRequest.Request, result: _Result) -> None:
    result.get_default_profile_result.guid = call.host.profiles.default_guid


def _set_default_profile(call: Call, part: api_pb2.PreferencesRequest.Request, result: _Result) -> None:
    guid = part.set_default_profile_request.guid
    known = call.host.profiles.by_guid(guid) is not None
    result.set_default_profile_result.status = (
        _Result.SetDefaultProfileResult.OK if known else _Result.SetDefaultProfileResult.BAD_GUID
    )
    if known:
        call.host.profiles.default_guid = guid


def _get_preference(call: Call, part: api_pb2.PreferencesRequest.Request, result: _Result) -> None:
    """What was set in this run; iTerm2's own hundreds of settings have no meaning here and read as null."""
    result.get_preference_result.json_value = call.host.preferences.get(part.get_preference_request.key, "null")


def _set_preference(call: Call, part: api_pb2.PreferencesRequest.Request, result: _Result) -> None:
    """Kept for this run, so that it reads back; it changes nothing else."""
    wanted, stored = part.set_preference_request, call.host.preferences
    status = result.set_preference_result
    try:
        value = json.loads(wanted.json_value)
    except (ValueError, RecursionError):
        status.status = _Result.SetPreferenceResult.BAD_JSON
        return
    full = wanted.key not in stored and len(stored) >= MAX_PREFERENCES
    if full or len(wanted.json_value) > MAX_VALUE:
        status.status = _Result.SetPreferenceResult.INVALID_VALUE
        return
    status.status = _Result.SetPreferenceResult.OK
    if value is None:
        stored.pop(wanted.key, None)
    else:
        stored[wanted.key] = wanted.json_value


def _unrecognized(_call: Call, _part: api_pb2.PreferencesRequest.Request, result: _Result) -> None:
    result.unrecognized_request.SetInParent()


_ACTIONS = {
    "get_default_profile_request": _get_default_profile,
    "set_default_profile_request": _set_default_profile,
    "get_preference_request": _get_preference,
    "set_preference_request": _set_preference,
}
