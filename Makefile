# Everything sets up by itself; README.md has the raw commands.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
SETUP  := $(VENV)/.setup

export NO_MKDOCS_2_WARNING := 1

.DEFAULT_GOAL := help
.PHONY: help site preview serve test quick lint replicate bench clean

help: ## say what there is to make
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

site: $(SETUP) ## train the lessons and write site/
	$(BIN)/lessonkit build
	$(BIN)/mkdocs build --strict
	@echo "Open http://localhost:8000 after  $(PYTHON) -m http.server -d site"

preview: $(SETUP) ## write preview/ within a minute: every page, nothing measured, and marked so
	LESSONKIT_PROFILE=smoke $(BIN)/lessonkit build
	LESSONKIT_PROFILE=smoke $(BIN)/mkdocs build --strict --site-dir preview
	@echo "Open http://localhost:8000 after  $(PYTHON) -m http.server -d preview"

serve: $(SETUP) ## show the site while you write
	$(BIN)/mkdocs serve

test: $(SETUP) lint ## check everything but what quick runs show, which make site does
	$(BIN)/python -m pytest -n auto --dist loadfile

quick: $(SETUP) lint ## check what is checked within a minute
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not slow" -q

lint: $(SETUP) ## check form and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

replicate: $(SETUP) ## measure every lesson on fresh seeds, and record it
	$(BIN)/lessonkit replicate

bench: $(SETUP) ## time the press and the training, beside their peers
	$(BIN)/python tests/benchmark.py

clean: $(SETUP) ## forget every run and all that was made of them; asks, unless YES=1
	$(BIN)/lessonkit clean --all $(if $(YES),--yes)
	rm -rf site preview outputs .cache

$(SETUP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[site,test]'
	touch $(SETUP)
