# One command each. `make test` and `make run` work on a bare Debian 12, as root or with sudo.

BUILD ?= build
JOBS  ?= $(shell nproc)

PREFIX ?= /usr/local

.PHONY: build test run install docs packages format clean sanitize

build: packages
	cmake -S . -B $(BUILD) -G Ninja -DCMAKE_BUILD_TYPE=Release
	cmake --build $(BUILD) -j $(JOBS)

# Where there are no models yet, the random one stands in, so that there is something to ask.
run: build
	@ls models | grep -qvx -e README.md -e loras || cp -R $(BUILD)/made-models/tiny models/tiny
	$(BUILD)/alice serve

test: build
	cd $(BUILD) && ctest --output-on-failure -j 2

# Programs, plugins and the SDK: make install PREFIX=/opt/alice
install: build
	cmake --install $(BUILD) --prefix $(PREFIX)

# What docs/plugins says of the plugins, and its code, from the plugins and the files themselves.
docs: build
	python3 sdk/docs.py $(BUILD)

# The tests of files, configuration and errors under the address and undefined-behaviour sanitizers.
sanitize: packages
	cmake -S . -B $(BUILD)-sanitize -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DALICE_SANITIZE=ON
	cmake --build $(BUILD)-sanitize -j $(JOBS)
	cd $(BUILD)-sanitize && ctest --output-on-failure -L robustness

packages:
	@scripts/install_packages.sh

format:
	clang-format -i $$(git ls-files '*.h' '*.cpp')

clean:
	rm -rf $(BUILD) $(BUILD)-sanitize
