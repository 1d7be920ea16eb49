# Thin names over cmake, ctest and sluice; `make help` lists them.
SHELL := /bin/bash
JOBS ?= $(shell nproc)
BUILD := build/release
SLUICE := $(BUILD)/bin/sluice
DEMO_SECONDS ?= 0
KAFKA_NODES ?= 1
PREFIX ?= /usr/local
# A fresh clone finds what another clone on this machine compiled.
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1
export PATH := $(CURDIR)/$(BUILD)/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup build demo run test test-build test-main asan tsan fuzz lint format bench docs coverage abi-golden install \
  kafka-up kafka-down clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

setup:  ## install the packages the build needs (apt)
	@.ci/setup build

$(BUILD)/build.ninja: CMakePresets.json | setup
	@cmake --preset release -DSLUICE_TESTS=OFF -DSLUICE_BENCHES=OFF >/dev/null

build: setup  ## build the gateway and its plugins (Release)
	@[ -f $(BUILD)/build.ninja ] || cmake --preset release -DSLUICE_TESTS=OFF -DSLUICE_BENCHES=OFF >/dev/null
	@cmake --build $(BUILD) -j $(JOBS)

demo: build  ## readings of this machine and simulated devices through an embedded broker; DEMO_SECONDS=20 ends by itself
	@$(SLUICE) run configs/demo.toml --duration $(DEMO_SECONDS)

run: build  ## run a configuration: make run CONFIG=configs/devices.toml
	@$(SLUICE) run $(or $(CONFIG),configs/sluice.toml)

test-build:
	@.ci/setup test
	@cmake --preset release -DSLUICE_TESTS=ON -DSLUICE_BENCHES=ON >/dev/null
	@cmake --build $(BUILD) -j $(JOBS)

test: test-build asan tsan fuzz  ## everything: sanitizers, short fuzz, then the whole suite with real Kafka
	@tests/support/kafka.sh fetch
	@ctest --test-dir $(BUILD) --output-on-failure --no-tests=error -j $(JOBS)

asan:  ## unit and loader tests under the address and undefined-behaviour sanitizers
	@.ci/setup test
	@cmake --preset asan >/dev/null && cmake --build build/asan -j $(JOBS) --target sanitizer_tests
	@ctest --test-dir build/asan --output-on-failure --no-tests=error -j $(JOBS) -L 'unit|loader'

tsan:  ## the concurrent parts under the thread sanitizer
	@.ci/setup test
	@cmake --preset tsan >/dev/null && cmake --build build/tsan -j $(JOBS) --target concurrent_tests
	@ctest --test-dir build/tsan --output-on-failure --no-tests=error -j $(JOBS) -R '^unit_(journal|pipeline|plugin|runtime|admin)\.'

FUZZ_SECONDS ?= 15
fuzz:  ## each fuzz target for FUZZ_SECONDS (15)
	@.ci/setup test
	@cmake --preset fuzz >/dev/null && cmake --build build/fuzz -j $(JOBS) --target fuzz_targets
	@FUZZ_SECONDS=$(FUZZ_SECONDS) ctest --test-dir build/fuzz --output-on-failure --no-tests=error -j $(JOBS) -L fuzz

lint:  ## clang-format (check) and clang-tidy
	@.ci/setup lint
	@git ls-files '*.cpp' '*.hpp' '*.h' '*.c' | grep -v '^tests/golden' | xargs clang-format --dry-run -Werror
	@cmake --preset dev >/dev/null && cmake --build build/dev -j $(JOBS)
	@git ls-files 'gateway/*.cpp' 'plugins/*.cpp' | xargs -P $(JOBS) -n 4 clang-tidy --quiet -p build/dev

format:  ## reformat the sources
	@.ci/setup lint
	@git ls-files '*.cpp' '*.hpp' '*.h' '*.c' | xargs clang-format -i

bench: ## measure the gates of docs/performance.md: one line each
	@.ci/setup bench
	@tests/support/kafka.sh fetch
	@cmake --preset release -DSLUICE_BENCHES=ON >/dev/null
	@cmake --build $(BUILD) -j $(JOBS)
	@tests/bench/run $(BUILD)

docs: build  ## write the documents that are made from tables
	@$(SLUICE) plugins --manual > docs/configuration.md

coverage:  ## line coverage of the unit tests
	@.ci/setup test
	@cmake --preset coverage >/dev/null && cmake --build build/coverage -j $(JOBS)
	@ctest --test-dir build/coverage -j $(JOBS) -L 'unit|loader' --output-on-failure
	@gcov -n -o build/coverage $$(find build/coverage/gateway -name '*.gcda') 2>/dev/null | grep -A1 "^File.*gateway/" | grep -E "File|Lines"

install: build  ## install under PREFIX (/usr/local), DESTDIR honoured
	@cmake --install $(BUILD) --prefix $(PREFIX)

kafka-up:  ## start real Kafka on this machine (KAFKA_NODES=1 or 3)
	@.ci/setup bench
	@tests/support/kafka.sh up $(KAFKA_NODES)

kafka-down:  ## stop it
	@tests/support/kafka.sh down

clean:  ## remove the build folder
	@rm -rf build
