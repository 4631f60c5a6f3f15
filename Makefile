# `make` or `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCK := .ci/requirements-dev.txt
PACKAGES := $(shell sed -n 's/^sudo apt-get install //p' README.md)
CODE := agent server_stub tests
# Many tests wait for timers: more workers than cores keep the cores busy.
WORKERS ?= 4

.DEFAULT_GOAL := help
.PHONY: help run test lint fix test-root browser-test verify-page packages machines bench bench-engine bench-documents mutants pictures vectors schemas texts lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

run: $(VENV)/ready ## open the screen on simulated machines, with a registry on loopback
	@$(BIN)/python -m tests.demo

test: packages $(VENV)/ready lint ## everything that needs no root: lint, unit, screens, end to end
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not root" -q $(AGAIN)

lint: $(VENV)/ready ## ruff, mypy --strict, direction of imports
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(VENV)/ready ## let ruff repair what it can
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

test-root: packages $(VENV)/ready ## as root: real block devices (loop devices on sparse files only)
	$(BIN)/python -m pytest -m root -q $(AGAIN)

browser-test: packages $(VENV)/ready ## verify.html in a headless Chromium, without a network
	@sh .ci/packages chromium chromium-driver
	$(BIN)/python -m pytest -q --durations=3 tests/browser/browser_*.py $(AGAIN)

verify-page: $(VENV)/ready ## build verify.html from its sources
	$(BIN)/python -m agent.certificate.web.build

packages: ## install the README's packages where this user may, else name what is missing
	@sh .ci/packages $(PACKAGES)

machines: $(VENV)/ready ## make simulated drives with real files under build/machines
	$(BIN)/python -m tests.bench make build/machines

bench: bench-engine bench-documents ## as root: every figure of speed that docs/ names, measured anew (20 minutes)

bench-engine: packages $(VENV)/ready ## as root: the engine's speed beside fio, dd and nwipe, into docs/benchmarks.md
	@command -v fio >/dev/null && command -v nwipe >/dev/null || apt-get -q install -y --no-install-recommends fio nwipe
	$(BIN)/python -m tests.speed

bench-documents: $(VENV)/ready ## how long certificates and a lot of 3,800 take, into docs/lots.md
	$(BIN)/python -m tests.speed.documents docs/lots.md

mutants: $(VENV)/ready ## put defects into a copy of the program, one by one: the tests must see each (as root: those on loop devices too)
	$(BIN)/python -m tests.mutants

pictures: $(VENV)/ready ## draw screens and documents of docs/images anew, and the auditor's guide on paper
	$(BIN)/python -m tests.tui.pictures docs/images
	$(BIN)/python -m tests.document_pictures docs/images
	$(BIN)/python -m tests.documents.certificates docs/images
	$(BIN)/python -m tests.documents.guide docs

vectors: $(VENV)/ready ## make tests/vectors anew
	$(BIN)/python -m tests.vectors.make

schemas: $(VENV)/ready ## write docs/schema anew: what is signed, as JSON Schema
	$(BIN)/python -m tests.schemas docs/schema

texts: $(VENV)/ready ## collect the screen's texts and compile the catalogues
	$(BIN)/python -m tests.texts

lock: $(VENV)/ready ## resolve the locked versions anew
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -o image/requirements.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra dev -c image/requirements.txt pyproject.toml -o $(LOCK)

clean: ## remove what was built here
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Built beside its place and renamed: an interrupted set-up starts again instead of being half there.
$(VENV)/ready: $(LOCK) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed." >&2; exit 3; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "python3-venv is needed: sudo apt-get install python3-venv" >&2; exit 3; }
	@echo "Setting up $(VENV) (a few minutes the first time) ..."
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r $(LOCK)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

include image/image.mk
include tests/lab/lab.mk
