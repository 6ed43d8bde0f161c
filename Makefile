# HYDRA: `make run` opens the app, `make test` runs every check.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --quiet --disable-pip-version-check

.PHONY: run test install install-test format docs bench soak clean

run: $(VENV)/.installed
	$(BIN)/hydra

test: $(VENV)/.installed-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest

install: $(VENV)/.installed
install-test: $(VENV)/.installed-test

$(VENV)/.installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --editable .
	touch $@

# torch by its exact version: a range would take gigabytes of CUDA.
$(VENV)/.installed-test: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install torch==2.13.0
	$(PIP) install --editable '.[torch,dev]'
	touch $@ $(VENV)/.installed

format: $(VENV)/.installed-test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.installed
	$(BIN)/python docs/generate.py

bench: $(VENV)/.installed-test
	$(BIN)/python -m tests.bench.run_benchmarks --date $$(date +%F)

soak: $(VENV)/.installed-test
	HYDRA_SOAK=1 $(BIN)/pytest -m "slow or not slow" tests/faults tests/demo tests/fuzz tests/storage/feature_store --durations=20
	if [ -n "$$HYDRA_REAL_DATA" ]; then $(PIP) install 'atheris>=3,<4' && \
	  $(BIN)/python -m tests.fuzz.coverage_guided "$$HYDRA_REAL_DATA" --runs 2000; fi

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
