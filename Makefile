# Tierline's commands. Each does its own set-up on a fresh machine; `make help` lists them.

PYTHON := .venv/bin/python
DEMO_ARGS ?=
PYTEST_ARGS ?=
BENCH_ARGS ?=
SOAK ?= full
SOAK_ARGS ?=

LOCK := .venv/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet

.DEFAULT_GOAL := help
.PHONY: help setup engine demo test soak check fmt bench lock clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup: ## create .venv with the locked dependencies (done by each other command as well)
	@scripts/setup

engine: setup ## find, download or build the local Temporal engine, once for this user
	@$(PYTHON) -m sandbox.engine

demo: setup ## watch a ticket live: Temporal, a sandbox of Slack, Jira, GitHub and PagerDuty, a story (DEMO_ARGS=--once: exit at its end)
	@.venv/bin/tierline demo $(DEMO_ARGS)

test: engine ## run all tests (PYTEST_ARGS="-k clock" for some of them)
	@$(PYTHON) -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

soak: engine ## run what takes long: kills, small caches, growth (SOAK=small: at most 20 minutes; SOAK_ARGS="-k restarts")
	@SOAK=$(SOAK) $(PYTHON) -m pytest tests/soak -n 2 --dist loadfile --no-loadscope-reorder $(SOAK_ARGS)

check: setup ## format, lint, types and import rules, without changing a file
	@echo "Format (ruff)" && .venv/bin/ruff format --check --quiet . || { echo "Run 'make fmt'."; exit 1; }
	@echo "Lint (ruff)" && .venv/bin/ruff check --quiet .
	@echo "Types (mypy)" && $(PYTHON) -m mypy --no-error-summary
	@echo "Import rules (import-linter)" && said=$$(.venv/bin/lint-imports --no-logo 2>&1) || { echo "$$said"; exit 1; }
	@echo "All checks passed."

fmt: setup ## format the code and mend what lint can mend
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

bench: engine ## run the benchmarks (BENCH_ARGS)
	@$(PYTHON) -m benchmarks $(BENCH_ARGS)

lock: setup ## write the hash-locked requirements anew from pyproject.toml
	@echo "Resolving the dependencies with uv ..."
	@$(PYTHON) -m pip --disable-pip-version-check install --quiet uv
	@$(LOCK) --output-file requirements/runtime.txt
	@$(LOCK) --extra development --output-file requirements/development.txt

clean: ## remove .venv and what tools left; the engine stays in the user's cache
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
