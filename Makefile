# Everything starts from `make`: the environment is made when first needed and again when its description changes.
PYTHON ?= python3
ROOT := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))
VENV := $(ROOT).venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
DESCRIPTION := $(ROOT)pyproject.toml $(ROOT)constraints.txt
# One thread a test process: two on busy cores wait for each other far longer than they work.
TEST_ENV := OMP_NUM_THREADS=1 MPLBACKEND=Agg

.PHONY: help demo test check docs pictures format clean lock

help:
	@echo "make demo    train four models on real digits and write runs/demo/report.html"
	@echo "make test    the whole fast test suite"
	@echo "make check   format, lint, types, import contract, docstring examples, docs"
	@echo "make docs    the documentation, in docs/_build/html"
	@echo "make pictures    draws the pictures of its model pages again, in docs/images"

demo: $(VENV)/.app
	cd $(ROOT) && $(BIN)/tildex demo --out runs/demo

test: $(VENV)/.dev
	cd $(ROOT) && $(TEST_ENV) $(BIN)/python -m pytest -n auto

check: $(VENV)/.dev docs
	cd $(ROOT) && $(BIN)/ruff format --check .
	cd $(ROOT) && $(BIN)/ruff check .
	cd $(ROOT) && $(BIN)/mypy
	cd $(ROOT) && $(BIN)/lint-imports
	cd $(ROOT) && $(TEST_ENV) $(BIN)/python -m pytest --doctest-modules -n auto src/tildex

docs: $(VENV)/.dev
	cd $(ROOT) && $(TEST_ENV) $(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html

# The pictures of the model pages, which are committed: some minutes, and only when one is to change.
pictures: $(VENV)/.dev
	cd $(ROOT) && $(TEST_ENV) $(BIN)/python docs/pictures

format: $(VENV)/.dev
	cd $(ROOT) && $(BIN)/ruff check --fix . && $(BIN)/ruff format .

# Pins every dependency; torch-pin.txt keeps torch at a version with builds for processors and GPUs alike.
lock: $(VENV)/.dev
	cd $(ROOT) && $(PIP) install uv && env -u PIP_FIND_LINKS -u UV_FIND_LINKS $(BIN)/uv pip compile pyproject.toml \
		--extra app --group dev --universal -c torch-pin.txt --no-header --no-annotate -o constraints.txt

clean:
	rm -rf $(VENV) $(ROOT)docs/_build

$(VENV)/.python:
	@command -v $(PYTHON) >/dev/null || { echo "Tildex needs Python 3.11 or newer, and '$(PYTHON)' is not there:" \
		"install it, or say where it is: make PYTHON=/path/to/python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tildex needs Python 3.11 or newer," \
		"and '$(PYTHON)' is $$($(PYTHON) --version): make PYTHON=/path/to/python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Tildex needs Python's venv module: on Debian or" \
		"Ubuntu, apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade 'pip>=25.1'
	@touch $@

$(VENV)/.app: $(VENV)/.python $(DESCRIPTION)
	cd $(ROOT) && $(PIP) install -c constraints.txt -e '.[app]'
	@touch $@

$(VENV)/.dev: $(VENV)/.app
	cd $(ROOT) && $(PIP) install -c constraints.txt -e '.[app]' --group dev
	@touch $@
