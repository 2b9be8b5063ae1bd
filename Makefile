# One environment in .venv, made from the hashed lock; every target sets it up first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help demo test lint bench golden lock lab clean

help:
	@echo "make demo    run the demo company's newest month and print where the report is"
	@echo "make test    all tests"
	@echo "make lint    ruff and mypy"
	@echo "make bench   print the figures of tests/benchmarks/"
	@echo "make golden  renew the checked notebook copies in tests/notebooks/"
	@echo "make lock    resolve requirements.lock anew from pyproject.toml"
	@echo "make lab     JupyterLab at the notebooks"

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "sopkit needs Python 3.11 or newer: make demo PYTHON=python3.11")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-build-isolation --no-deps -e .
	$(BIN)/python -m compileall -q sopkit
	@touch $(READY)

demo: $(READY)
	$(BIN)/sopkit demo

test: $(READY)
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: $(READY)
	$(BIN)/ruff check sopkit tests
	$(BIN)/ruff format --check sopkit tests
	$(BIN)/mypy

bench: $(READY)
	$(BIN)/python tests/benchmarks/figures.py

golden: $(READY)
	$(BIN)/python tests/golden.py

lock: $(READY)
	rm -f requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --extra test --extra dask --extra postgres pyproject.toml -o requirements.lock

lab: $(READY)
	$(BIN)/sopkit lab

clean:
	rm -rf $(VENV) reports data/cycles
