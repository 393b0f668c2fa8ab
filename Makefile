# One command each. `make test` and `make run` work on a bare Debian 12, as root or with sudo.

BUILD ?= build
JOBS  ?= $(shell nproc)

PREFIX ?= /usr/local

STARTER_STATE ?= starter-state

.PHONY: build run test test-long everything bench install docs packages test-packages format clean sanitize starter-model

# What serves: the programs and the plugins.
build: packages
	@scripts/build.sh $(BUILD) $(JOBS) programs

run: build
	$(BUILD)/alice serve

# The tests, the plugins' templates and the program under test of each, too.
everything: test-packages
	@scripts/build.sh $(BUILD) $(JOBS) all -DALICE_TESTS=ON

test: everything
	cd $(BUILD) && ctest --output-on-failure -j 2

# Campaigns: the tests that try things often, with their large counts. Hours.
test-long: everything
	cd $(BUILD) && ALICE_LONG=1 ctest --output-on-failure -L long --timeout 7200

# How fast this machine makes pictures of 512x512 with a model of Stable Diffusion 1.5's exact shape and random weights, and
# how much of what it could do that is. Some minutes, on a machine that does nothing else. The figures stay in
# $(BUILD)/bench.json.
BENCH_MODEL = $(BUILD)/made-models/stable-diffusion-v1-5
bench: build
	@test -d $(BENCH_MODEL) || $(BUILD)/alice --config config/bench.yaml make-model --dtype float16 \
	  --config tests/data/configs/stable-diffusion-v1-5 $(BENCH_MODEL)
	$(BUILD)/alice bench --config config/bench.yaml --model $(BENCH_MODEL) --size 512 \
	  --backend float32 --backend bfloat16 --backend int8 --json $(BUILD)/bench.json

# Programs, plugins and the SDK: make install PREFIX=/opt/alice
install: build
	cmake --install $(BUILD) --prefix $(PREFIX)

# What docs/plugins says of the plugins, and its code, from the plugins and the files themselves.
docs: build
	python3 sdk/docs.py $(BUILD)

# The tests of files, configuration and errors under the address and undefined-behaviour sanitizers.
sanitize: test-packages
	cmake -S . -B $(BUILD)-sanitize -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DALICE_SANITIZE=ON -DALICE_TESTS=ON
	cmake --build $(BUILD)-sanitize -j $(JOBS)
	cd $(BUILD)-sanitize && ctest --output-on-failure -L robustness

# Trains the models that ALICE comes with, from Debian's fonts and names: hours on two cores. It goes on where it was
# stopped; STARTER_STATE keeps what that needs.
starter-model:
	@scripts/install_packages.sh train
	cd tools && /usr/bin/python3 -m starter_model all --threads $(JOBS) --state $(abspath $(STARTER_STATE)) --models $(abspath models)

packages:
	@scripts/install_packages.sh build

test-packages:
	@scripts/install_packages.sh test

format:
	clang-format -i $$(git ls-files '*.h' '*.cpp')

clean:
	rm -rf $(BUILD) $(BUILD)-sanitize
