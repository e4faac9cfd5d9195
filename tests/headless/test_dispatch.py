"""The table of requests is complete, and so is its manual."""

from pathlib import Path

from iterm2 import api_pb2

from headless.dispatch import HANDLERS

MANUAL = Path(__file__).parents[2] / "docs" / "headless.md"


def test_every_request_has_a_handler() -> None:
    fields = api_pb2.ClientOriginatedMessage.DESCRIPTOR.oneofs_by_name["submessage"].fields
    assert {field.name for field in fields} == set(HANDLERS) | {"transaction_request"}


def test_every_request_and_notification_is_in_the_manual() -> None:
    manual = MANUAL.read_text(encoding="utf-8")
    requests = api_pb2.ClientOriginatedMessage.DESCRIPTOR.oneofs_by_name["submessage"].fields
    names = [field.message_type.name.removesuffix("Request") for field in requests]
    names += [field.message_type.name.removesuffix("Notification") for field in api_pb2.Notification.DESCRIPTOR.fields]
    known = {"FocusChanged", "ProfileChanged"}
    missing = [name for name in names if name not in manual and name not in known]
    assert not missing
