# Needs only git, make and Python 3.9 or later; `make demo` is the first command to type.

PYTHON ?= python3
UV_VERSION := 0.13.9
VENV := .venv
CLIENTS := .venv-clients
BIN := $(VENV)/bin
# uv brings Python 3.11 where the machine has none.
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)

.PHONY: demo demo-compose setup clients test test-clients test-compose check lint unit bench docs lock clean

demo: setup  ## Run the whole course
	$(BIN)/sandbox demo

setup: $(VENV)/.ready  ## Make .venv, install from the lock, fetch jars and data once

$(VENV)/.ready: requirements.lock pyproject.toml | $(UV)
	@echo "Making $(VENV) with Python 3.11"
	$(UV) venv --quiet --clear --python 3.11 $(VENV)
	$(UV) pip sync --quiet --compile-bytecode --require-hashes --python $(BIN)/python requirements.lock
	$(UV) pip install --quiet --no-deps --python $(BIN)/python --editable .
	$(BIN)/sandbox jars fetch
	$(BIN)/sandbox datasets fetch census --best-effort
	@touch $@

.uv/bin/uv:
	@command -v $(PYTHON) >/dev/null || { echo "Python is missing: install python3 (3.9 or later)"; exit 3; }
	@$(PYTHON) -m venv .uv || { echo "mend: install your system's python3-venv, or uv"; exit 3; }
	.uv/bin/python -m pip install --quiet uv==$(UV_VERSION)

test: setup  ## Unit, contract and end-to-end tests
	$(BIN)/python -m pytest

clients: $(CLIENTS)/.ready  ## The AWS CLI and emr-cli, each in an environment of its own

$(CLIENTS)/.ready: $(wildcard tests/clients/*.lock) | $(UV)
	@for lock in tests/clients/*.lock; do \
		name=$$(basename $$lock .lock); \
		$(UV) venv --quiet --clear --python 3.11 $(CLIENTS)/$$name && \
		$(UV) pip sync --quiet --require-hashes --python $(CLIENTS)/$$name/bin/python $$lock || exit 1; \
	done
	@touch $@

test-clients: setup clients  ## Unmodified clients on the sandbox
	$(BIN)/python -m pytest tests/clients

test-compose: setup  ## Contract tests and the course on the Compose stack; needs a Docker engine
	$(BIN)/python -m pytest --stack tests/compose tests/contract

demo-compose: setup  ## Run the whole course on the Compose stack
	$(BIN)/sandbox demo --compose

check: setup lint unit  ## Lint, types, imports and unit tests: less than a minute

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: setup
	$(BIN)/python -m pytest --numprocesses auto tests/unit

bench: setup  ## Ratios against the bare tools, as tables
	$(BIN)/python -m benchmarks

lock: | $(UV)  ## Resolve the dependencies anew
	$(UV) pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --no-annotate \
		--no-header --group dev --python-version 3.11 --output-file requirements.lock pyproject.toml
	$(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header \
		--python-version 3.11 --constraint requirements.lock --output-file compose/spark/requirements.lock \
		pyproject.toml

clean:
	rm -rf $(VENV) $(CLIENTS) .uv dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

docs: setup  ## The reference pages, from the code
	$(BIN)/python -m sandbox.cli.reference docs/reference
