# Everything a contributor runs. CI runs `make test`, the same as here.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
JOBS ?= 2
SHELL := /bin/bash
.DELETE_ON_ERROR:

.PHONY: help demo test test-full conformance lint types docs bench clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(VENV)/.core: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet -c constraints.txt -e .
	@touch $@

$(VENV)/.all: $(VENV)/.core
	$(BIN)/pip install --quiet -c constraints.txt -e '.[all]' --group test --group lint
	@touch $@

demo: $(VENV)/.core ## simulated card payments: from a table to a decision, in a minute or two
	$(BIN)/evenkeel sample payments -o payments.parquet --rows 100000 --seed 7
	$(BIN)/evenkeel run payments.parquet --target is_fraud --positive 1 --cost-fn 122 --cost-fp 4 \
		--time ts --drop card,note

test: $(VENV)/.all lint types ## lint, type-check, and run every test
	OMP_NUM_THREADS=1 $(BIN)/pytest -n $(JOBS) -m "not slow"

test-full: $(VENV)/.all lint types ## the same with the slow full forms
	OMP_NUM_THREADS=1 $(BIN)/pytest -n $(JOBS)

conformance: $(VENV)/.all ## imbalanced-learn's own tests, against our resamplers
	PYTHONPATH=tests/conformance OMP_NUM_THREADS=1 $(BIN)/pytest -p alias -o addopts="" -o filterwarnings=default -o xfail_strict=false \
		-o testpaths= -n $(JOBS) -q --pyargs imblearn.over_sampling imblearn.under_sampling imblearn.combine \
		imblearn.tests.test_common

lint: $(VENV)/.all ## ruff, as configured in pyproject.toml
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.all ## mypy, strict
	$(BIN)/mypy

docs: $(VENV)/.all ## print again the tables in docs/results.md and README.md from their commands
	$(BIN)/python -m benchmarks.results

bench: $(VENV)/.all ## speed and memory against peers; prints ratios
	$(BIN)/python -m benchmarks.startup
	$(BIN)/python -m benchmarks.decide
	$(BIN)/python -m benchmarks.coverage
	$(BIN)/python -m benchmarks.multilabel
	$(BIN)/python -m benchmarks.run_overhead
	$(BIN)/python -m benchmarks.resample
	$(BIN)/python -m benchmarks.ensemble
	$(BIN)/python -m benchmarks.nn

clean: ## remove what the commands above made
	rm -rf $(VENV) runs payments.parquet .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
