"""`itermbus config`: every setting, with its origin."""

import json

import msgspec

from bus import config
from itermbus import exit_codes
from tests.itermbus.support import Home


def test_without_a_file_all_are_defaults(home: Home) -> None:
    answer = json.loads(home.run("config", "--json").stdout)
    assert answer["exists"] is False
    assert {setting["origin"] for setting in answer["settings"]} == {"default"}
    names = {setting["name"] for setting in answer["settings"]}
    for section in ("gateway", "worker", "broker", "headless"):
        for name in getattr(config.Settings(), section).__struct_fields__:
            assert f"{section}.{name}" in names
    assert "log_level" in names
    assert not home.paths.root.exists(), "to look changes nothing"


def test_what_the_file_says_is_named_even_where_it_says_the_default(home: Home) -> None:
    home.run("init")
    home.paths.config.write_text('log_level = "debug"\n[gateway]\nclients = 64\naudit = true\n')
    lines = [line.split() for line in home.run("config").stdout.splitlines()]
    assert ["log_level", '"debug"', "config.toml"] in lines
    assert ["gateway.clients", "64", "config.toml"] in lines
    assert ["gateway.audit", "true", "config.toml"] in lines
    assert ["worker.ring_bytes", "4194304", "default"] in lines


def test_check_names_what_is_wrong(home: Home) -> None:
    home.run("init")
    done = home.run("config", "--check")
    assert done.returncode == exit_codes.OK
    assert "need not" in done.stdout
    home.paths.config.write_text("[gateway]\nclients = 'many'\n")
    for arguments in (("config", "--check"), ("config",), ("config", "--json")):
        done = home.run(*arguments)
        assert done.returncode == exit_codes.SETUP
        assert "gateway.clients" in done.stderr
    home.paths.config.write_text("[gateway]\nclients = 3\n")
    assert "can be used" in home.run("config", "--check").stdout


def test_every_setting_can_be_shown_as_json() -> None:
    msgspec.json.encode(config.Settings())
