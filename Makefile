# Everything a person or a machine runs here. `make demo` and `make test` need Python 3.11 with venv, nothing else.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
SEED   := $(shell date +%s)
BIN    := $(VENV)/bin
CODE   := $(wildcard isomod_graphql schema permissions migrations tests benchmarks)

# A stamp carries the hash of the locks it was installed from, so that a second run installs nothing.
RUN_STAMP := $(VENV)/.installed-run-$(shell cat requirements.lock requirements-build.lock | sha256sum | cut -c1-16)
DEV_STAMP := $(VENV)/.installed-dev-$(shell cat requirements.lock requirements-build.lock requirements-dev.lock | sha256sum | cut -c1-16)

CONSOLE := isomod_graphql/web/console
CONSOLE_SOURCES := $(wildcard $(CONSOLE)/src/* $(CONSOLE)/*.json $(CONSOLE)/*.js $(CONSOLE)/*.html)
COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --python-version 3.11

.DEFAULT_GOAL := help
.PHONY: help demo test proofs check format bench console schema policy image-check lock install clean

help:
	@echo 'make demo [ARGS=...]   the whole product on this machine, with two organisations of sample data'
	@echo 'make test [ARGS=...]   the tests, without the long proofs'
	@echo 'make proofs            the long proofs'
	@echo 'make check             lint, types, layers, and the committed schema and policy against the code'
	@echo 'make format            what ruff can put right by itself'
	@echo 'make bench [ARGS=...]  the product beside its peers (--quick: a minute or three)'
	@echo 'make console           builds the console that /graphiql serves'
	@echo 'make schema            writes schema/schema.graphql and what the TypeScript client takes from it'
	@echo 'make policy            writes permissions/policy.json, after the policy was changed on purpose'
	@echo 'make image-check       builds and runs the image in a fresh Debian root (as root, needs mmdebstrap)'
	@echo 'make lock              resolves the dependencies anew and writes the locks'
	@echo 'make clean             removes caches and the environment'

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(RUN_STAMP): | $(BIN)/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock -r requirements-build.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/.installed-run-*
	@touch $@

$(DEV_STAMP): $(RUN_STAMP)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	@rm -f $(VENV)/.installed-dev-*
	@touch $@

install: $(DEV_STAMP)

# The API is the product; where the console cannot be built, the demo goes without it and says so.
demo: $(RUN_STAMP)
	@$(MAKE) --quiet --no-print-directory console || echo 'The console is not built: /graphiql stays closed.' >&2
	@exec $(BIN)/isomod demo $(ARGS)

test: $(DEV_STAMP) console
	$(BIN)/pytest -n 2 -q $(ARGS)

proofs: $(DEV_STAMP) console
	@echo 'seed $(SEED): make proofs SEED=$(SEED) draws the same examples again'
	$(BIN)/pytest -q -m proof --hypothesis-seed=$(SEED) $(or $(ARGS),--ignore=tests/proofs)
	$(if $(ARGS),,$(BIN)/pytest -n 2 -q -m proof --hypothesis-seed=$(SEED) tests/proofs)

check: $(DEV_STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports
	$(BIN)/isomod schema check
	$(BIN)/isomod client check
	$(BIN)/isomod policy check

format: $(DEV_STAMP)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(DEV_STAMP)
	$(BIN)/python -m benchmarks $(ARGS)

schema: $(RUN_STAMP)
	@$(BIN)/isomod schema print > schema/.schema.graphql.new
	@mv schema/.schema.graphql.new schema/schema.graphql
	@$(BIN)/isomod client print > clients/typescript/.generated.ts.new
	@mv clients/typescript/.generated.ts.new clients/typescript/src/generated.ts

policy: $(RUN_STAMP)
	@$(BIN)/isomod policy print > permissions/.policy.json.new
	@mv permissions/.policy.json.new permissions/policy.json

# With the machine's Node, else the one of the build lock.
$(CONSOLE)/dist/index.html: $(CONSOLE_SOURCES) | $(RUN_STAMP)
	$(BIN)/python -m isomod_graphql.web.console_build

console: $(CONSOLE)/dist/index.html

image-check: $(DEV_STAMP)
	$(BIN)/python -m tests.contract.image_check

# --upgrade is left to the caller: make lock ARGS=--upgrade
lock: $(DEV_STAMP)
	$(COMPILE) $(ARGS) pyproject.toml -o requirements.lock
	$(COMPILE) $(ARGS) --group build -o requirements-build.lock
	$(COMPILE) $(ARGS) pyproject.toml --group dev -c requirements.lock -c requirements-build.lock -o requirements-dev.lock

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
