# Everything that a developer types. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# What a release takes; see CONTRIBUTING.md.
HELM ?= helm
REGISTRY ?=
PLATFORMS ?= linux/amd64,linux/arm64

.DEFAULT_GOAL := help
.PHONY: help setup generate check format test-unit test-apiserver test-e2e test demo \
	cluster-up cluster-down cluster-status bench-overhead bench-search bench-warm-start \
	lock release-prepare release-check dist images publish

help: ## List the targets.
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(STAMP): pyproject.toml constraints.txt
	@echo "setting up $(VENV) (once; about a minute)"
	@$(PYTHON) -m venv $(VENV) || { echo "error: python3 -m venv failed; on Debian: apt-get install python3-venv"; exit 1; }
	@$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

setup: $(STAMP) ## Make the virtual environment.

generate: setup ## Write the CRDs, the chart's copies and the handbook's reference.
	@$(BIN)/python -m generate

check: setup ## Generated files, format, lint, types, layers.
	@$(BIN)/python -m generate --check
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup ## Format and mend what can be mended.
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

test-unit: setup ## Unit and property tests: no cluster, under a minute.
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/pytest --numprocesses auto --dist worksteal -m "not apiserver and not cluster and not tools"

cluster-up: setup ## Bring the cluster up, with images and tools.
	@$(BIN)/python -m tests.cluster up --images --tools

cluster-down: setup ## Take the cluster down; nothing is left behind.
	@$(BIN)/python -m tests.cluster down

cluster-status: setup ## Say what of the cluster runs.
	@$(BIN)/python -m tests.cluster status

test-apiserver: cluster-up ## Tests that need a real API server.
	@$(BIN)/pytest -m apiserver

test-e2e: cluster-up ## Tests that need a real node.
	@$(BIN)/pytest -m cluster

test: setup ## All tests; brings the cluster up and takes it down.
	@$(BIN)/python -m tests.all_tiers

lock: setup ## Pin what the operator's image holds, with hashes.
	@$(BIN)/python -m release lock

release-prepare: setup ## Set VERSION everywhere, close the changelog.
	@$(BIN)/python -m release prepare "$(VERSION)" --date "$$(date -u +%F)"

release-check: setup ## Say what stands against the tag TAG.
	@$(BIN)/python -m release check $(if $(TAG),--tag "$(TAG)")

dist: setup ## Packages, chart, manifest, SBOM, checksums in dist/.
	@$(BIN)/python -m release dist --registry "$(REGISTRY)" --helm "$(HELM)"

images: setup ## Build the images for all platforms, push to REGISTRY.
	@REGISTRY="$(REGISTRY)" PLATFORMS="$(PLATFORMS)" REVISION="$$(git rev-parse HEAD)" \
		VERSION="$$($(BIN)/python -m release version)" \
		SOURCE_DATE_EPOCH="$$(git log -1 --pretty=%ct)" release/images.sh

publish: ## Push the chart, sign it and the images (in the workflow).
	@REGISTRY="$(REGISTRY)" HELM="$(HELM)" release/chart.sh
	@release/sign.sh

demo: setup ## Tune a real model on a real cluster, and watch.
	@$(BIN)/python -m demo

bench-overhead: cluster-up ## What Kubetune adds to bare Jobs, as ratios.
	@$(BIN)/python -m benchmarks.overhead

bench-warm-start: $(VENV)/.bench ## What a warm start gains and costs; an hour, resumable.
	@$(BIN)/python -m benchmarks.warm_start

$(VENV)/.bench: $(STAMP)
	@echo "installing the peers (once; some minutes, some GB)"
	@$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[bench]'
	@touch $@

bench-search: $(VENV)/.bench ## Strategies against peers; hours, resumable.
	@$(BIN)/python -m benchmarks.search --seeds 10
	@$(BIN)/python -m benchmarks.search --report
	@$(BIN)/python -m benchmarks.curves --seeds 10
	@$(BIN)/python -m benchmarks.curves --report
	@$(BIN)/python -m benchmarks.search.latency
