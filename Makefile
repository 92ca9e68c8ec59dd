# kurto: every target does its own set-up; nothing but Linux x86-64, Python >= 3.11 with venv, and
# make has to be there. Re-running a target repeats only what has changed.
#
#   make demo     the whole stack with four simulated machines; prints the dashboard's address
#   make up       the whole stack
#   make test     every test           (ARGS="tests/unit -k name" runs some)
#   make check    style, types, layers, contract and generated code, offline after set-up
#   make generate stubs from protos/
#   make bench    benchmarks           make faults   fault drills
#   make soak     an hour under load: nothing lost, nothing grows (KURTO_SOAK_DURATION_S=3600)
#   make wheels   wheels of all members into dist/
#   make docs     API reference of the libraries into build/api/
#   make lock     renew the pins       make release-protos   accept the contract as released

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
# The stamps bear the checkout's path: an environment that was moved doesn't work and is remade.
STAMPS := $(VENV)/stamps$(subst /,.,$(CURDIR))
MEMBERS := $(sort $(wildcard packages/*/pyproject.toml services/*/pyproject.toml))
DASHBOARD := services/gateway/dashboard
DASHBOARD_OUT := services/gateway/src/kurto_gateway/static/dashboard

# Tools of the environment come first, and no setting of the caller's shell leaks into it. Images
# for containers often set PYTHONDONTWRITEBYTECODE: every process would compile all that it imports.
export PATH := $(CURDIR)/$(BIN):$(PATH)
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV PYTHONDONTWRITEBYTECODE
# Trust what this machine trusts, as pip and npm do: it may sit behind a proxy of its own.
export UV_SYSTEM_CERTS ?= 1
NODE_TRUST := NODE_OPTIONS="$${NODE_OPTIONS:---use-system-ca}"

.PHONY: help setup demo up test check format generate release-protos bench faults soak dashboard browser
.PHONY: wheels docs lock clean setup-examples

help:
	@sed -n 's/^#  *make/  make/p' Makefile

## Set-up ------------------------------------------------------------------------------------------

setup: $(STAMPS)/members $(STAMPS)/protos

$(STAMPS)/environment: tools/installer.txt
	@python=$$(bash tools/find_python.sh); \
	echo "setup: making $(VENV) with $$python"; \
	if [ ! -d $(STAMPS) ] || ! $(PY) -c '' 2>/dev/null; then "$$python" -m venv --clear $(VENV); fi
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r tools/installer.txt
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/packages: constraints.txt $(STAMPS)/environment
	@echo "setup: installing the pinned packages"
	@$(BIN)/uv pip install --quiet --python $(PY) --require-hashes -r constraints.txt
	@touch $@

$(STAMPS)/members: $(MEMBERS) $(STAMPS)/packages
	@echo "setup: installing kurto's own packages"
	@$(BIN)/uv pip install --quiet --python $(PY) --no-deps --no-build-isolation --offline \
	  $(foreach member,$(MEMBERS),-e $(dir $(member)))
	@touch $@

$(STAMPS)/protos: $(STAMPS)/packages tools/link_protos.py
	@$(PY) tools/link_protos.py
	@touch $@

## Dashboard ---------------------------------------------------------------------------------------

ifneq ($(wildcard $(DASHBOARD)/package.json),)
NODE_MODULES := $(DASHBOARD)/node_modules/.installed
DASHBOARD_SOURCES := $(shell find $(DASHBOARD) -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)

dashboard: $(DASHBOARD_OUT)/index.html

$(NODE_MODULES): $(DASHBOARD)/package-lock.json $(STAMPS)/packages
	@echo "setup: installing the dashboard's packages"
	@cd $(DASHBOARD) && $(NODE_TRUST) npm ci --no-audit --no-fund --no-update-notifier --loglevel=error
	@touch $@

$(DASHBOARD_OUT)/index.html: $(NODE_MODULES) $(DASHBOARD_SOURCES)
	@echo "setup: building the dashboard"
	@cd $(DASHBOARD) && npm run --silent build
	@touch $@
else
NODE_MODULES :=
dashboard: setup
endif

# The example that pushes from Node: its packages, and its code from the protos.
NODE_EXAMPLE := examples/node-push
setup-examples: $(NODE_EXAMPLE)/gen/.generated
$(NODE_EXAMPLE)/node_modules/.installed: $(NODE_EXAMPLE)/package-lock.json $(STAMPS)/packages
	@echo "setup: installing the packages of the Node example"
	@cd $(NODE_EXAMPLE) && $(NODE_TRUST) npm ci --no-audit --no-fund --no-update-notifier --loglevel=error
	@touch $@
$(NODE_EXAMPLE)/gen/.generated: $(NODE_EXAMPLE)/node_modules/.installed $(NODE_EXAMPLE)/buf.gen.yaml $(STAMPS)/protos $(shell find protos -name '*.proto')
	@rm -rf $(@D) && cd $(NODE_EXAMPLE) && buf generate && touch gen/.generated

# The browser of the end-to-end tests: the machine's Chromium, else Debian's, else npm's.
browser: $(STAMPS)/browser
$(STAMPS)/browser: $(STAMPS)/packages tools/install_browser.py
	@$(NODE_TRUST) $(PY) tools/install_browser.py
	@touch $@

## Run ---------------------------------------------------------------------------------------------

demo: setup dashboard
	@exec $(BIN)/kurto up --demo $(ARGS)

up: setup dashboard
	@exec $(BIN)/kurto up $(ARGS)

# A run of all tests has several workers, for many tests wait; a run of some needs no more than one.
WORKERS ?= $(if $(or $(CI),$(if $(ARGS),,all)),3,0)
test: setup dashboard browser setup-examples
	@$(PY) -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

# The libraries that the benchmarks compare with: installed for them alone.
$(STAMPS)/peers: benchmarks/peers.txt $(STAMPS)/packages
	@echo "setup: installing the libraries to compare with"
	@$(BIN)/uv pip install --quiet --python $(PY) --require-hashes -r benchmarks/peers.txt
	@touch $@

bench: setup dashboard $(STAMPS)/peers
	@$(PY) -m benchmarks $(ARGS)

soak: setup dashboard
	@$(PY) -m benchmarks.soak $(ARGS)

faults: export KURTO_FAULTS ?= full
faults: setup dashboard
	@$(PY) -m pytest $(if $(filter tests/%,$(ARGS)),,tests/faults) $(ARGS)

## Check and generate ------------------------------------------------------------------------------

check: setup $(NODE_MODULES) setup-examples
	@$(PY) tools/check.py

format: setup
	@ruff check --fix --quiet . ; ruff format --quiet . && buf format --write protos

generate: setup $(NODE_MODULES)
	@$(PY) tools/generate.py

release-protos: setup
	@$(PY) tools/released_protos.py

## Pins and packages -------------------------------------------------------------------------------

lock: $(STAMPS)/environment
	@$(PY) tools/lock.py

docs: setup
	@$(PY) tools/api_reference.py

wheels: setup dashboard
	@rm -rf dist && $(PY) tools/build_wheels.py dist

clean:
	@rm -rf $(VENV) third_party dist uv.lock $(DASHBOARD)/node_modules $(DASHBOARD_OUT) .chromium
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
