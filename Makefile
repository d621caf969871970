# The three commands of this project. Each makes and reuses .venv; only Python >= 3.11 and make are needed.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test faults generated check fix docs example wheel bench bench-peers clean

demo: $(STAMP)
	@$(BIN)/fcproxy demo

test: $(STAMP)
	$(BIN)/python -m pytest -n 2 --dist worksteal -q

# Processes killed, disks filled, answers cut, by the hundred; prints the figures. Minutes.
faults: $(STAMP)
	$(BIN)/python -m tests.faults.campaign

# 10,000 requests to the fake, made out of its own OpenAPI document; prints the figures. Minutes.
generated: $(STAMP)
	$(BIN)/python -m tests.fake.generated

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python scripts/docs.py --check
	$(BIN)/fcproxy audit cassettes fuzz

fix: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(STAMP)
	$(BIN)/python scripts/docs.py

example: $(STAMP)
	$(BIN)/python scripts/example.py

# Builds the package, installs it in an environment of its own and runs the demo there.
wheel: $(STAMP)
	rm -rf dist build/wheel
	$(BIN)/python -m build --outdir dist .
	$(PYTHON) -m venv build/wheel/venv
	build/wheel/venv/bin/python -m pip install --quiet --disable-pip-version-check dist/*.whl
	cd build/wheel && venv/bin/fcproxy demo

# Measures fcproxy, its engine's limits and its peers in turns; a quarter of an hour. BENCH=--quick for two minutes.
bench: $(STAMP)
	$(BIN)/python -m bench $(BENCH)

# The peers that `make bench` compares with, outside the package. Needs npm and, for WireMock, Java.
bench-peers:
	$(PYTHON) -m venv bench/.peers/py
	bench/.peers/py/bin/python -m pip install --quiet --disable-pip-version-check --requirement bench/requirements.txt
	cp bench/package.json bench/.peers/
	cd bench/.peers && npm install --no-audit --no-fund

# pip older than 25.1 does not know dependency groups: bring it up first.
$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "fcproxy needs Python 3.11 or newer; set PYTHON=/path/to/it")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	@touch $(STAMP)

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .hypothesis
