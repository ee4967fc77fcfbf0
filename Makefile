# The commands of this project; `make help` lists them. `make demo` and `make test` set up
# everything that they need. A variable narrows them:
#
#     make test PYTHON=python3.12           on this interpreter only
#     make test ARGS="tests/stream -x"      what pytest is asked
#     make fuzz SECONDS=1800                how long each fuzzer looks for inputs

PYTHON ?=
ARGS ?=
SECONDS ?= 60
export PYTHON

RUN := tools/python.sh
INSIDE = "$$($(RUN) tools/environments.py make $(1))"

.DEFAULT_GOAL := help
.PHONY: help setup demo test bench build lint format docs fuzz soak soak-leaks wheel clean \
	test-sanitize test-thread test-faults test-faults-sanitize test-freethreaded

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/\1|\2/p' $(MAKEFILE_LIST) | \
		while IFS='|' read -r name text; do printf '  make %-20s %s\n' "$$name" "$$text"; done

setup:  ## install the Debian packages that are missing
	@tools/setup-debian.sh

demo: setup  ## 336,776 flights through a socket, a file and a memory map
	@python=$(call INSIDE,demo) && "$$python" examples/flights.py

test: setup  ## the tests, on every Python >= 3.11 of this machine
	@$(RUN) tools/run_tests.py -- $(ARGS)

test-sanitize: setup  ## the tests, and the fuzzers' files, under Address- and UBSanitizer
	@$(MAKE) -s --no-print-directory -C fuzz check
	@$(RUN) tools/run_tests.py --variant sanitize -- $(ARGS)

test-thread: setup  ## the tests of threads under ThreadSanitizer
	@$(RUN) tools/run_tests.py --variant thread -- $(ARGS)

test-faults: setup  ## the tests in a build whose allocations can be made to fail
	@$(RUN) tools/run_tests.py --variant faults -- $(ARGS)

test-faults-sanitize: setup  ## those where memory fails, under the sanitizers as well
	@$(RUN) tools/run_tests.py --variant faults-sanitize -- $(ARGS)

test-freethreaded: setup  ## the tests, each by four threads at once, on a CPython without GIL
	@python=$$(tools/free-threaded.sh) && \
		$(RUN) tools/run_tests.py --python "$$python" -- --parallel-threads=4 $(ARGS)

fuzz: setup  ## look for inputs that break the core, with each fuzzer in turn (clang)
	@for target in fuzz/fuzz_*.c; do \
		name=$$(basename "$$target" .c) && \
		$(MAKE) -s --no-print-directory -C fuzz run TARGET="$${name#fuzz_}" SECONDS=$(SECONDS) || exit 1; \
	done

soak: setup  ## the tests with as many mutants as they know, under the sanitizers
	@MINARROW_SOAK=1 $(RUN) tools/run_tests.py --variant sanitize -- $(ARGS)

soak-leaks: setup  ## 100,000 rounds of everything public; memory means nothing under sanitizers
	@MINARROW_SOAK=1 $(RUN) tools/run_tests.py --python "$$($(RUN) --which)" -- tests/memory $(ARGS)

bench: setup  ## minarrow beside pyarrow and others, in one table
	@python=$(call INSIDE,bench) && "$$python" benchmarks/run.py $(ARGS)

build: setup  ## build in place, for development
	@$(RUN) tools/environments.py make test dev

lint: setup  ## what is checked about the source text
	@python=$(call INSIDE,test dev) && \
		"$$python" -m ruff check minarrow tests fuzz tools benchmarks examples setup.py && \
		"$$python" -m pytest -q tests/lint

format:  ## lay out csrc/ (clang-format) and the Python files (ruff)
	find csrc fuzz -name '*.[ch]' | xargs clang-format -i
	$(RUN) -m ruff format minarrow tests fuzz tools benchmarks examples setup.py

docs: setup  ## the pages of docs/, as HTML under docs/_build
	@python=$(call INSIDE,docs) && "$$python" -m sphinx -q -b html docs docs/_build/html

wheel: setup  ## a wheel and a source archive under dist/
	@python=$(call INSIDE,dev) && "$$python" -m build

clean:  ## all that was built; the environments stay
	rm -rf build dist *.egg-info minarrow/*.so docs/_build
