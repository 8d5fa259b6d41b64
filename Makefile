# Every target sets up what it needs, without root; a second set-up is instant. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

root := $(CURDIR)
# The platform's own forge and anvil come before npm's wrappers of the same name (tools/link-native.mjs says why).
export PATH := $(root)/node_modules/.native:$(root)/.venv/bin:$(root)/node_modules/.bin:$(PATH)
export PYTHONPATH := $(root)
# py-solc-x and ape find the compiler here, and ape keeps its caches inside the tree.
export SOLCX_BINARY_PATH := $(root)/tools/solcx
export APE_DATA_FOLDER := $(root)/.build/ape
# Suites start hundreds of processes: each would compile all that it imports anew.
unexport PYTHONDONTWRITEBYTECODE
ifdef PYTHON
export PYTHON
endif

packages := optionix indexer keeper ml api
suites := forge ape python web demo browser faults quotes

.PHONY: help up down test $(suites:%=test-%) prove faults lint fmt abi client snapshots audit lock clean setup

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16
	@echo "test-NAME       one suite alone: $(suites)"

setup: ## set up everything that make test needs
	@tools/setup test

up: ## start the whole market on this machine (ARGS="--detach" and so on)
	@tools/setup run
	@tools/setup page
	@exec .venv/bin/optionix up $(ARGS)

down: ## stop it
	@tools/setup run
	@exec .venv/bin/optionix down $(ARGS)

test: setup ## every suite, side by side; the last line counts
	@.venv/bin/python tools/run_suites.py $(SUITES)

$(suites:%=test-%): test-%: setup
	@.venv/bin/python tools/run_suites.py $*

prove: ## what takes longer than a test: long campaigns, slither, coverage, mutants (PARTS="slither coverage" for some)
	@tools/setup audit
	@.venv/bin/python tools/prove.py $(PARTS)

faults: setup ## the indexer under every fault: 100 kills, 200 reorgs, lying endpoints (ARGS="--seed 7" and so on)
	@.venv/bin/python tools/faults.py $(ARGS)

snapshots: setup ## write snapshots/ anew: the gas that make test holds the contracts to
	@rm -rf snapshots
	@FORGE_SNAPSHOT_CHECK=false FORGE_SNAPSHOT_EMIT=true forge test --match-contract Gas

lint: setup ## ruff, mypy, forge fmt, solhint, oxlint, tsc: nothing is changed
	@tools/lint

fmt: setup ## format Python and Solidity in place
	@ruff check --fix-only --quiet . && ruff format .
	@forge fmt

abi: setup ## write deployments/abi from the contracts
	@.venv/bin/python -m optionix.chain.abi

client: setup ## write clients/ anew: the API's documents and the TypeScript client
	@.venv/bin/optionix api-documents --out clients
	@npm run --silent generate --workspace clients/typescript

audit: ## slither over the contracts
	@tools/setup audit
	@slither .

lock: setup ## renew uv.lock and package-lock.json after a change of their sources
	@UV_NO_CONFIG=1 UV_PYTHON_DOWNLOADS=never .venv/bin/uv lock --default-index https://pypi.org/simple
	@npm install --package-lock-only --no-audit --no-fund --loglevel=error
	@node tools/complete-npm-lock.mjs

clean: ## remove what builds and tests leave (not .venv, node_modules or a market's data)
	@rm -rf out cache artifacts .build web/dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
