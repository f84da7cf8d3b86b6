# Everything one does with Amends by hand. `make run` needs Python 3.11 or newer and nothing else.

PYTHON ?= python3
PORT ?= 8000
SIZE ?= 100000
AMENDS_DEMO ?= 1
COMPILE = .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header

.PHONY: run test lint format bench shots messages lock clean prepare prepare-dev

run: export AMENDS_DEMO := $(AMENDS_DEMO)
run: export PORT := $(PORT)
run: prepare  ## starts Amends with demo data at http://127.0.0.1:$(PORT)
	@.venv/bin/python manage.py run_product

test: prepare-dev  ## runs all tests, in parallel and in random order
	@.venv/bin/python -m pytest --numprocesses auto --dist loadgroup

lint: prepare-dev  ## checks style, types, templates, layers and migrations
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy .
	.venv/bin/djlint templates --lint --check --quiet
	.venv/bin/lint-imports
	.venv/bin/python manage.py makemigrations --check --dry-run

format: prepare-dev  ## formats Python
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

bench: prepare-dev  ## measures the product on SIZE generated cases
	@.venv/bin/python -m bench --size $(SIZE) $(OFFERS:%=--offers %)

shots: prepare-dev  ## takes a picture of every page into shots/
	@.venv/bin/python -m tests.browser.shots

messages: prepare-dev  ## finds new texts and brings the catalogues up to date
	@.venv/bin/python scripts/messages.py

lock: prepare-dev  ## pins what requirements*.in ask for, with hashes
	$(COMPILE) requirements.in --output-file requirements.txt
	$(COMPILE) requirements-dev.in --output-file requirements-dev.txt
	$(COMPILE) requirements-node.in --output-file requirements-node.txt
	npm install --package-lock-only

clean:  ## removes what was made and can be made again; data in var/ stays
	rm -rf .venv node_modules staticfiles shots .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find locale -name '*.mo' -delete

prepare:
	@$(PYTHON) scripts/prepare.py

prepare-dev:
	@$(PYTHON) scripts/prepare.py dev
