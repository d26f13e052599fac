# What a contributor does here; `make` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# What builds our package is pinned too: older pips take the first, newer ones the second.
export PIP_CONSTRAINT := constraints.txt
export PIP_BUILD_CONSTRAINT := constraints.txt
export PIP_QUIET := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test slow lint types format bench docs picture constraints audit sbom clean pango

help:  ## list the commands
	@sed -n 's/^\([a-z]*\):.*  ## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: $(VENV)/.installed pango  ## sample transactions -> a run -> where its report is
	@$(BIN)/segmenter demo

test: $(VENV)/.developing pango  ## ruff, mypy and pytest, under five minutes
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pytest -n 2 --dist worksteal -m "not slow"

slow: $(VENV)/.developing pango  ## checks on real exports and many repetitions
	$(BIN)/pytest -n 2 --dist worksteal -m "slow or hypothesis" --hypothesis-profile=many

format: $(VENV)/.developing  ## format the code and mend what ruff can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: $(VENV)/.developing  ## write config.toml and the references in docs/ from the code
	$(BIN)/python -m segmenter.config.reference

picture: $(VENV)/.developing  ## photograph the first page of the sample's report for the README
	$(BIN)/python bench/picture.py

bench: $(VENV)/.developing pango  ## measure beside the usual alternatives (SIZE=1M,10M for more), into bench/RESULTS.md
	$(BIN)/pip install -e '.[dev,bench,spark]'
	$(BIN)/python bench/run.py --size $(or $(SIZE),1M)

constraints: $(BIN)/python  ## pin the newest versions that go together, of everything that any extra needs
	PIP_CONSTRAINT= PIP_BUILD_CONSTRAINT= $(BIN)/pip install --upgrade --upgrade-strategy eager \
	  -e '.[dev,spark,bench,release]'
	$(BIN)/pip freeze --exclude-editable | grep -v '@' > constraints.txt

audit: $(BIN)/python  ## known holes in the pinned versions, by the public advisory databases
	$(BIN)/pip install pip-audit
	$(BIN)/pip-audit --strict --requirement constraints.txt --no-deps --disable-pip

sbom: $(BIN)/python  ## what a release is made of, into dist/sbom.cdx.json (CycloneDX)
	$(BIN)/pip install cyclonedx-bom
	$(PYTHON) -m venv --clear --without-pip build/release
	$(BIN)/pip --python build/release/bin/python install .
	@mkdir -p dist
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --of JSON -o dist/sbom.cdx.json build/release
	@echo "dist/sbom.cdx.json lists what segmenter needs when it runs."

clean:  ## remove what the other commands made, but no runs
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist

# The virtual environment; a machine without ensurepip gets it from the package manager where it may.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "segmenter needs Python 3.11 or newer; set PYTHON=python3.11 (or later) and run make again." >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || sh .ci/system python3-venv
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(BIN)/python pyproject.toml constraints.txt
	$(BIN)/pip install -e .
	@touch $@

$(VENV)/.developing: $(BIN)/python pyproject.toml constraints.txt
	$(BIN)/pip install -e '.[dev]'
	@touch $@ $(VENV)/.installed

# Pango, which the PDF needs; without it the HTML report is made all the same.
pango: $(VENV)/.installed
	@$(BIN)/python -c 'import weasyprint' >/dev/null 2>&1 \
	  || sh .ci/system libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
	  || echo "Going on without Pango: the report will be HTML only."
