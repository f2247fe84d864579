.DEFAULT_GOAL := help
SHELL := /bin/bash

TARGET := $(or $(CARGO_TARGET_DIR),target)
VENV := $(TARGET)/venv
# The authors' data and recorded answers, beside the repository where its developers work.
RELEASE := ../shared/reference/CLiKA
REQUIREMENTS := pipeline/datasets/tests/requirements.txt

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-16s %s\n", $$1, $$2 }'

.PHONY: datasets
datasets: ## Build all datasets that need no network and no key into artifacts/datasets
	cargo run --locked --quiet -- datasets

.PHONY: snapshot
snapshot: ## Replace the snapshot by a fresh slice of Wikidata (set CLIKA_CONTACT)
	cargo run --locked --quiet -- snapshot

.PHONY: reproduce
reproduce: ## The paper's tables from recorded predictions: make reproduce PREDICTIONS=folder
	@test -n "$(PREDICTIONS)" || { echo "error: name a folder, make reproduce PREDICTIONS=folder" >&2; exit 1; }
	cargo run --locked --quiet --release -- reproduce --predictions "$(PREDICTIONS)" --out artifacts/report

.PHONY: check
check: ## Formatting, lints and licences
	cargo fmt --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	@if cargo deny --version >/dev/null 2>&1; then \
	  cargo deny --locked check bans licenses sources; \
	else \
	  echo "SKIPPED cargo deny: not installed; cargo install --locked cargo-deny"; \
	fi

.PHONY: test
test: $(VENV)/installed ## All tests; installs Python's datasets and an Oxigraph server into a venv
	CLIKA_TEST_OXIGRAPH=$(abspath $(VENV))/bin/oxigraph cargo test --locked --workspace
	cargo run --locked --quiet -- datasets --out $(TARGET)/test-datasets
	$(VENV)/bin/python pipeline/datasets/tests/open_with_datasets.py $(TARGET)/test-datasets
	@if [ -d $(RELEASE) ]; then \
	  cargo run --locked --quiet -- reproduce --predictions $(RELEASE) --resamples 100 --out $(TARGET)/test-report >/dev/null && \
	  python3 pipeline/report/tests/scores.py $(RELEASE) $(TARGET)/test-report/report.json; \
	else \
	  echo "SKIPPED scores.py: no release of the paper in $(RELEASE)"; \
	fi

$(VENV)/installed: $(REQUIREMENTS)
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet -r $(REQUIREMENTS)
	touch $@

# PyTorch and a server that is not ours: several gigabytes, outside the project.
ENDPOINT_VENV ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/clika/endpoint
ENDPOINT_REQUIREMENTS := pipeline/evaluate/tests/requirements.txt

.PHONY: test-endpoint
test-endpoint: $(ENDPOINT_VENV)/installed ## clika evaluate against a real server, transformers serve (installs PyTorch)
	cargo build --locked --quiet
	cargo run --locked --quiet -- datasets xcopa-mini xcsqa-mini --out $(TARGET)/test-datasets
	$(ENDPOINT_VENV)/bin/python pipeline/evaluate/tests/endpoint.py $(TARGET)/debug/clika $(TARGET)/test-datasets

$(ENDPOINT_VENV)/installed: $(ENDPOINT_REQUIREMENTS)
	python3 -m venv $(ENDPOINT_VENV)
	$(ENDPOINT_VENV)/bin/pip install --quiet -r $(ENDPOINT_REQUIREMENTS)
	touch $@

.PHONY: bench-datasets
bench-datasets: ## Time and memory of load + query + write, ten languages, release build
	cargo build --locked --release --quiet
	python3 pipeline/cli/benches/process.py $(TARGET)/release/clika datasets --force --out OUT

.PHONY: bench-reproduce
bench-reproduce: ## Time and memory of make reproduce PREDICTIONS=folder with 10,000 resamples, release build
	@test -n "$(PREDICTIONS)" || { echo "error: name a folder, make bench-reproduce PREDICTIONS=folder" >&2; exit 1; }
	cargo build --locked --release --quiet
	python3 pipeline/cli/benches/process.py $(TARGET)/release/clika reproduce --predictions "$(PREDICTIONS)"

.PHONY: bench-metrics
bench-metrics: ## Time of 10,000 resamples of a table of 60 scores
	cargo run --locked --quiet --release -p clika-metrics --example bench_table

.PHONY: bench-api
bench-api: ## Requests a second against a server of 50 ms, and the resumption of 100,000 kept answers
	cargo run --locked --quiet --release -p clika-api --example bench_api

.PHONY: clean-artifacts
clean-artifacts: ## Remove what was built, not the snapshot and not the paper's numbers
	rm -rf artifacts/datasets artifacts/cache artifacts/predictions artifacts/report
