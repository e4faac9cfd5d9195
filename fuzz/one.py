"""`python -m fuzz.one TARGET [libFuzzer's options]`: feeds one target with what coverage leads to."""

import sys

import atheris

with atheris.instrument_imports(include=["bus", "broker", "workers", "headless", "tomllib", "configparser"]):
    from fuzz.targets import TARGETS


def main() -> None:
    target = TARGETS[sys.argv[1]]
    atheris.Setup([sys.argv[0], *sys.argv[2:]], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
