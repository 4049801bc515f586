# Each target does its own set-up on a fresh Debian or EL machine with a Rust toolchain; `make help` lists them.

SHELL := bash
.DEFAULT_GOAL := help

# cargo refuses an empty one
ifeq ($(CARGO_TARGET_DIR),)
unexport CARGO_TARGET_DIR
endif
TARGET := $(or $(CARGO_TARGET_DIR),target)
# `make test` takes what its unit tests have built (by `cargo build` features of dependencies differ): minutes quicker,
# and it stops at an overflow
PROFILE ?= release
export REGINFRA := $(TARGET)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))/reginfra

CHECKS := fmt clippy docs scripts licences advisories
DEMO := target/demo

.PHONY: help demo test lint bench verdicts alarms fuzz clean setup build $(CHECKS) unit parity engines ansible-lint molecule end-to-end \
  bench-pool bench-logs bench-ssh

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

demo: build ## simulate a storm and show where its time goes
	@rm -rf $(DEMO)
	@echo '$$ reginfra simulate $(DEMO)/storm --sessions 1000 --rate 40 --seed 7'
	@$(REGINFRA) simulate $(DEMO)/storm --sessions 1000 --rate 40 --seed 7
	@echo '$$ reginfra metrics --log $(DEMO)/storm -i $(DEMO)/storm/inventory.ini'
	@$(REGINFRA) metrics --log $(DEMO)/storm -i $(DEMO)/storm/inventory.ini
	@sed -e 's|@REGINFRA@|$(REGINFRA)|g' -e 's|@DEMO@|$(DEMO)|g' .ci/after-demo

test: ## lint, tests, roles on test hosts, end to end; a summary at the end (this is what CI runs)
	@.ci/setup test lint molecule
	@MAKE='$(MAKE)' PROFILE=dev .ci/steps $(CHECKS) unit parity+ansible-lint+engines molecule end-to-end demo

lint: ## formatting, clippy, docs, scripts, licences, advisories
	@.ci/setup lint
	@MAKE='$(MAKE)' .ci/steps $(CHECKS)

bench: build ## speed and memory beside wc, grep and zcat, then each stage; BENCH_SCALE=large for 10 GB and more
	@.ci/setup bench
	@MAKE='$(MAKE)' .ci/steps bench-pool bench-logs bench-ssh

verdicts: build ## how often verdicts of `compare` are wrong: the tables of docs/compare.md
	$(REGINFRA) bench-verdicts --into docs/compare.md

alarms: ## how often `history` tells a change that is none: the tables of docs/history.md
	cargo test --locked --test history -- --ignored --nocapture tables

fuzz: ## each fuzz target for FUZZ_SECONDS (600); FUZZ_TARGETS names some
	@.ci/setup fuzz
	.ci/fuzz

clean: ## remove what was built and simulated; .cache stays
	cargo clean
	rm -rf target fuzz/target

setup: ## what all targets need
	@.ci/setup test lint bench fuzz molecule engines

# the steps of `test`, `lint` and `bench`, each by itself

build: ## the program, optimised (PROFILE=dev: quickly built)
	@.ci/setup build
	cargo $(if $(filter dev,$(PROFILE)),test --no-run --test cli_house,build --profile $(PROFILE)) --locked

fmt:
	cargo fmt --check
	cargo fmt --check --manifest-path fuzz/Cargo.toml

clippy:
	cargo clippy --all-targets --locked -- -D warnings

docs:
	RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --locked

scripts:
	.ci/check scripts

licences:
	.ci/check licences

advisories:
	.ci/check advisories

# many wait for hosts and servers: more of them than cores
unit:
	RUST_TEST_THREADS=$${RUST_TEST_THREADS:-4} cargo test --locked --no-fail-fast

parity:
	.ci/check parity

engines:
	@.ci/setup engines
	.ci/check engines

ansible-lint:
	.ci/check ansible-lint

molecule:
	.ci/molecule

end-to-end: build
	.ci/end-to-end

bench-pool: build
	.ci/bench-infrastructure

bench-logs: build
	.ci/bench

bench-ssh: build
	.ci/bench-ssh
