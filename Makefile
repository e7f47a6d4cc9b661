# `make site` and `make test` set up everything by themselves; README.md has the raw commands.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
SETUP  := $(VENV)/.setup

export NO_MKDOCS_2_WARNING := 1

.PHONY: site serve test bench lint clean

site: $(SETUP)
	$(BIN)/lessonkit build
	$(BIN)/mkdocs build --strict
	@echo "The site is in site/: open it with  $(PYTHON) -m http.server -d site"

serve: $(SETUP)
	$(BIN)/mkdocs serve

test: $(SETUP) lint
	$(BIN)/python -m pytest -n auto --dist loadfile

lint: $(SETUP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(SETUP)
	$(BIN)/python tests/benchmark.py

clean: $(SETUP)
	$(BIN)/lessonkit clean --all
	rm -rf site outputs .cache

$(SETUP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[site,test]'
	touch $(SETUP)
