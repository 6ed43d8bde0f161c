# HYDRA: `make run` opens the app, `make test` runs every check.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --quiet --disable-pip-version-check

.PHONY: run test install install-test format docs bench peers soak clean

run: $(VENV)/.installed
	$(BIN)/hydra

test: $(VENV)/.installed-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 --dist loadfile

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
	$(PIP) install --editable '.[torch,finbert,dev]'
	touch $@ $(VENV)/.installed

format: $(VENV)/.installed-test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.installed
	$(BIN)/python docs/generate.py

bench: $(VENV)/.installed-test
	$(BIN)/python -m tests.bench.run_benchmarks --date $$(date +%F)

# Other libraries, each in an environment of its own, for the rows of `hydra bench options` and the comparison of
# densities. numba 0.59 needs Python 3.9 to 3.12.
peers: .venv-peers/.installed .venv-oipd/.installed

.venv-peers/.installed: Makefile
	test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	.venv-peers/bin/pip --quiet --disable-pip-version-check install py_vollib_vectorized==0.1.1 py_vollib==1.0.1 \
	  py_lets_be_rational==1.0.1 numba==0.59.1 numpy==1.26.4 'pandas<3' 'QuantLib>=1.40,<2'
	touch $@

.venv-oipd/.installed: Makefile
	test -x .venv-oipd/bin/python || $(PYTHON) -m venv .venv-oipd
	.venv-oipd/bin/pip --quiet --disable-pip-version-check install oipd==2.0.4
	touch $@

soak: $(VENV)/.installed-test
	HYDRA_SOAK=1 $(BIN)/pytest -m "slow or not slow" tests/faults tests/demo tests/fuzz tests/storage/feature_store --durations=20
	if [ -n "$$HYDRA_REAL_DATA" ]; then $(PIP) install 'atheris>=3,<4' && \
	  $(BIN)/python -m tests.fuzz.coverage_guided "$$HYDRA_REAL_DATA" --runs 2000; fi

clean:
	rm -rf $(VENV) .venv-peers .venv-oipd build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
