# Everything a developer runs. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The environment is made anew when the locks or the package's metadata change.
STAMP := $(VENV)/.ready

# Many tests wait for a TTL or a server. Under CI these run one after the other: there nothing may be
# flaky. Without reordering the files with the longest waits (contract, real, stories) begin first.
PARALLEL := --numprocesses=4 --dist=loadfile --no-loadscope-reorder
# These wait for nothing: two at a time also under CI.
BUSY := tests/unit/leaks tests/recall tests/fuzz

.PHONY: help demo test lint real fuzz bench lock clean
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-6s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): requirements/dev.txt pyproject.toml scripts/ci-secrets
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "ci-secrets needs Python 3.11 or newer; say which: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(STAMP) ## the whole story on embedded parts, in a few seconds
	@$(BIN)/ci-secrets demo

test: $(STAMP) ## all tests; those on real parts need `make real` first
ifdef CI
	$(BIN)/python -m pytest -q --numprocesses=2 --dist=loadfile $(BUSY)
	$(BIN)/python -m pytest -q $(addprefix --ignore=,$(BUSY))
else
	$(BIN)/python -m pytest -q $(PARALLEL)
endif

lint: $(STAMP) ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

real: ## fetch and build the real parts (Vault, PostgreSQL) into the user's cache
	tests/real/install

fuzz: $(STAMP) ## a minute of random bytes for the leak engine
	$(BIN)/python -m tests.fuzz

bench: $(STAMP) ## ratios against peers, on this machine
	$(BIN)/python -m benchmarks

lock: ## renew requirements/*.txt (needs uv)
	uv pip compile --quiet --upgrade --universal --generate-hashes --no-header --python-version 3.11 pyproject.toml -o requirements/runtime.txt
	uv pip compile --quiet --upgrade --universal --generate-hashes --no-header --python-version 3.11 pyproject.toml --group dev -o requirements/dev.txt

clean: ## remove the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
