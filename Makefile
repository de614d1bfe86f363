# make demo   install into .venv, fetch and verify two small models, run the demo study
# make test   install the test extras into the same .venv and run the tests
# make lint   formatting, lint, types, floors        make test-slow   the tests that take minutes
# make docs   the documentation as a site, in build/site
# make bench  timings beside peers                   make clean       remove what the demo made

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PEER := .peer-venv
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check

# Test files are spread over this many processes, in the order of tests/conftest.py; two real models may run in each.
WORKERS ?= 2

.PHONY: demo test test-slow lint docs bench clean

demo: $(VENV)/.demo
	@$(BIN)/valuelex run instruments/studies/demo.yaml

test: $(VENV)/.test
	$(BIN)/python -m pytest -m "not slow" --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

test-slow: $(VENV)/.test
	$(BIN)/python -m pytest -m slow

lint: $(VENV)/.test
	$(BIN)/ruff format --check valuelex tests benchmarks docs notebooks
	$(BIN)/ruff check valuelex tests benchmarks docs notebooks
	$(BIN)/mypy
	$(BIN)/python -m pytest --quiet tests/test_floors.py

docs: $(VENV)/.test
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict --config-file docs/site/mkdocs.yml

bench: $(VENV)/.test $(PEER)/.made
	$(BIN)/python benchmarks/efa.py --peer-python $(PEER)/bin/python

# factor_analyzer needs an older scikit-learn; R's packages are taken where Rscript finds them (apt-get install r-cran-psych r-cran-lavaan).
$(PEER)/.made:
	@$(PYTHON) -m venv $(PEER)
	@$(PEER)/bin/python -m pip -qq --disable-pip-version-check install 'factor-analyzer==0.5.1' 'scikit-learn<1.6'
	@touch $@

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "valuelex needs Python 3.11 or newer; set PYTHON=..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "This Python cannot make a virtual environment: apt-get install python3-venv"; rm -rf $(VENV); exit 1; }
	@touch $@

$(VENV)/.demo: pyproject.toml | $(VENV)/.made
	@echo "Installing valuelex into $(VENV) ..."
	@$(PIP) install --no-compile --editable '.[demo]'
	@$(BIN)/valuelex models --fetch > /dev/null
	@touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/.made
	@echo "Installing the test extras into $(VENV) ..."
	@$(PIP) install --editable '.[test]'
	@touch $@

clean:
	rm -rf results/demo
