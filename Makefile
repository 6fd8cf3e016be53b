# Bare `make` prints what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FOUND_UV := $(shell command -v uv 2>/dev/null)
UV := $(or $(FOUND_UV),$(BIN)/uv)
INSTALL := $(UV) pip install --quiet --python $(BIN)/python -c requirements.lock

# Each file on one worker; the longest first, while there is something to run beside it.
PYTEST := $(BIN)/pytest -n logical --dist loadfile --no-loadscope-reorder
NBVAL := --nbval --nbval-current-env --nbval-sanitize-with tests/nbval.cfg
LONGEST := tests/test_book.py
VIEWER := src/rampore/audit/static/scene

# Packages are compiled as they are first used: half the time of compiling all of them.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help book pdf test test-arithmetic drawing lint notebooks bench sweep viewer lock clean browser

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

book: $(VENV)/.book ## run the chapters that changed and build the book in build/html
	@$(BIN)/rampore reproduce

pdf: $(VENV)/.book ## build the book and print it as one PDF by Chromium: build/html/book/book.pdf
	@$(BIN)/rampore reproduce --pdf

test: $(VENV)/.test lint browser ## run the linters, the tests, and the committed notebooks against their outputs
	@$(PYTEST) $(NBVAL) book; notebooks=$$?; $(PYTEST) --durations=50 $(LONGEST) tests && exit $$notebooks

test-arithmetic: $(VENV)/.test ## run `make test` under four kinds of arithmetic, one after the other
	@$(BIN)/python benchmarks/arithmetic.py $(MAKE) test

lint: $(VENV)/.test ## run the linters and the type checker alone
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/basedpyright

drawing: $(VENV)/.test ## draw in CONTRIBUTING.md which rooms of the package import which
	@$(BIN)/python tests/rooms.py

notebooks: $(VENV)/.book ## refresh the committed notebooks and the summary in README.md
	@$(BIN)/rampore reproduce --update

bench: $(VENV)/.test ## measure speed, accuracy and memory beside other codes, and refresh benchmarks/results
	@$(INSTALL) -e '.[book,test,validation,bench]'
	@$(BIN)/python benchmarks/bench_p4d.py -o benchmarks/results/p4d/speed.json
	@for name in conduction diffusion impedance pores; do $(BIN)/python benchmarks/bench_$$name.py -o benchmarks/results/$$name.json || exit 1; done
	@echo verification:; $(BIN)/python benchmarks/bench_verification.py

sweep: $(VENV)/.book ## compute anew the crossing, samples, designs and positive control of the P4D study: about 25 minutes on 2 quiet cores
	@for study in crossing inverse design kinds control; do $(BIN)/rampore sweep $$study -o book/data/$$study.nc || exit 1; done

viewer: ## build the viewer of scenes anew from its source, by node and npm
	@cd $(VIEWER) && npm install --silent --no-package-lock && npm run --silent build; rm -rf node_modules

lock: $(VENV)/.made ## write requirements.lock anew from pyproject.toml
	@$(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --all-extras \
		--custom-compile-command 'make lock' pyproject.toml --output-file requirements.lock

clean: ## remove what was generated, the environment too
	rm -rf build $(VENV)

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "Python 3.11 to 3.13 is needed: make PYTHON=/path/to/python3.12"; exit 1; }
	@echo "Making the environment in $(VENV) ..."
	@$(if $(FOUND_UV),$(UV) venv --quiet --python $(PYTHON) $(VENV),$(PYTHON) -m venv $(VENV) && $(BIN)/pip install --quiet uv)
	@touch $@

$(VENV)/.book: $(VENV)/.made requirements.lock pyproject.toml
	@echo "Installing the packages of requirements.lock ..."
	@$(INSTALL) -e '.[book]'
	@touch $@

$(VENV)/.test: $(VENV)/.made requirements.lock pyproject.toml
	@echo "Installing the packages of requirements.lock ..."
	@$(INSTALL) -e '.[book,test,validation]'
	@touch $(VENV)/.book $@

# The browser tests skip where there is none. A bare Debian machine that runs CI gets one.
browser:
	@if [ -n "$$CI" ] && ! command -v chromium >/dev/null && ! command -v google-chrome >/dev/null \
		&& command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; fi
