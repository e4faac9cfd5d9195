"""ColorPresetRequest: the presets that come with the host."""

from iterm2 import api_pb2

from headless.default_profile import DARK, LIGHT
from headless.handlers.call import Call
from headless.profiles import Profile

_Status = api_pb2.ColorPresetResponse
#: Preset names to the suffix of the default profile's keys that hold their colours.
_PRESETS = {"Light Background": LIGHT, "Dark Background": DARK}


def color_preset(call: Call, request: api_pb2.ColorPresetRequest, response: api_pb2.ColorPresetResponse) -> None:
    """Lists the presets, or gives the colours of one."""
    kind = request.WhichOneof("request")
    if kind == "list_presets":
        response.status = _Status.OK
        response.list_presets.name.extend(_PRESETS)
    elif kind == "get_preset":
        suffix = _PRESETS.get(request.get_preset.name)
        if suffix is None:
            response.status = _Status.PRESET_NOT_FOUND
            return
        response.status = _Status.OK
        response.get_preset.SetInParent()
        _add_colors(call.host.profiles.default, suffix, response.get_preset)
    else:
        response.status = _Status.REQUEST_MALFORMED


def _add_colors(profile: Profile, suffix: str, target: api_pb2.ColorPresetResponse.GetPreset) -> None:
    for key, value in profile.items():
        if not key.endswith(suffix) or not isinstance(value, dict):
            continue
        setting = target.color_settings.add(key=key.removesuffix(suffix))
        setting.red, setting.green = float(value["Red Component"]), float(value["Green Component"])
        setting.blue, setting.alpha = float(value["Blue Component"]), float(value["Alpha Component"])
        setting.color_space = str(value["Color Space"])
