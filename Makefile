# Peibu. `make` alone prints what can be done.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help install run demo up down peibu status bench test test-fast test-fuzz test-kill-all check format reference system-packages test-packages lock clean

SHELL := /bin/bash
BIN := .venv/bin
# The first Python on the PATH that is new enough; looked for only when something is installed.
PYTHON ?= $(shell for python in python3 python3.11 python3.12 python3.13 python3.14; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$python; break; }; done)
INSTALL = PYTHON="$(PYTHON)" deploy/install.sh
INSTALLED_FROM := requirements/build.txt pyproject.toml deploy/install.sh
TYPED := shared services peibu deploy bench
LOCK := $(BIN)/uv pip compile --universal --generate-hashes --no-header --no-annotate --python-version 3.11

help: ## Print every target with one line each
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

install: .venv/installed-dev ## Install Peibu with its development tools into .venv (instant the second time)

run: .venv/installed-runtime ## Run everything in one process on SQLite and the embedded log; Ctrl-C stops it
	@exec $(BIN)/peibu run $(ARGS)

demo: .venv/installed-runtime ## Play one class from application to money (ARGS="--against URL" for a running system)
	@exec $(BIN)/peibu demo $(ARGS)

up: .venv/installed-runtime system-packages ## Start PostgreSQL, Kafka, services, workers, gateway (sandbox; REAL=1 for the real clock)
	@$(BIN)/python -m deploy.fleet up $(if $(REAL),,--sandbox) $(ARGS)

down: .venv/installed-runtime ## Stop what `make up` started
	@$(BIN)/python -m deploy.fleet down $(ARGS)

peibu: .venv/installed-runtime ## Run one peibu command on what `make up` started (ARGS="events tail --from-start")
	@exec $(BIN)/python -m deploy.fleet peibu $(ARGS)

status: .venv/installed-runtime ## Say which processes of `make up` run
	@$(BIN)/python -m deploy.fleet status $(ARGS)

bench: .venv/installed-runtime .tools/bench/installed system-packages ## Measure P10 and P11 on real servers and say what changed (ARGS="P11 --fraction 0.1")
	@exec $(BIN)/python -m bench $(ARGS)

test: install test-packages check ## Check everything and run every suite on both databases, event log and Kafka
	$(BIN)/pytest -n 2 --dist loadscope -m "not kafka and not kill"
	$(BIN)/pytest -m "kafka or kill"

test-fast: install ## Run what needs neither PostgreSQL nor Kafka
	$(BIN)/pytest -n 2 --dist loadscope -m "not postgres and not kafka and not kill"

test-fuzz: install ## Send 100,000 generated requests to the services (long)
	$(BIN)/pytest -n 2 --dist loadscope tests/gates/test_fuzz.py --fuzz-requests 100000

test-kill-all: install system-packages ## Kill every process at every step of the journey (long)
	$(BIN)/pytest -m kill --kill-all

check: install ## Check format, lint, types, boundaries, YAML, Dockerfile and compose file
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(addprefix -p ,$(TYPED))
	$(BIN)/lint-imports
	$(BIN)/yamllint --strict --config-file deploy/yamllint.yaml $$(git ls-files --cached --others --exclude-standard '*.yml' '*.yaml')
	$(BIN)/hadolint deploy/Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

format: install ## Format the code and mend what the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

reference: .venv/installed-runtime ## Write docs/asyncapi.json anew from the contracts
	$(BIN)/peibu events describe > docs/asyncapi.json

system-packages: .venv/installed-runtime ## Install PostgreSQL, Java and Maven (root on Debian, Ubuntu) or say how
	@$(BIN)/python -m deploy.system_packages

test-packages: .venv/installed-runtime ## The same, and npm, which only the tests need
	@$(BIN)/python -m deploy.system_packages --tests

lock: install ## Compute requirements/*.txt anew from pyproject.toml (ARGS=--upgrade for newer releases)
	$(LOCK) $(ARGS) pyproject.toml -o requirements/runtime.txt
	$(LOCK) $(ARGS) pyproject.toml --extra dev -c requirements/runtime.txt -o requirements/dev.txt
	$(LOCK) $(ARGS) requirements/build.in -c requirements/dev.txt -o requirements/build.txt
	$(LOCK) $(ARGS) requirements/bench.in -o requirements/bench.txt

clean: ## Remove what installing and testing made; the state under .peibu stays
	rm -rf .venv .tools .reports .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.tools/bench/installed: requirements/bench.txt $(INSTALLED_FROM)
	@$(INSTALL) bench

.venv/installed-dev: requirements/dev.txt $(INSTALLED_FROM)
	@$(INSTALL) dev

.venv/installed-runtime: requirements/runtime.txt $(INSTALLED_FROM)
	@$(INSTALL) runtime
