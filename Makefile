# Everything starts from nothing: `setup` makes .venv from the lock file, the other targets need it.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
LOCK   := requirements/dev.txt
WATCH  ?=
VERSION := $(shell sed -n 's/^version = "\(.*\)"$$/\1/p' pyproject.toml)
PLATFORMS ?= linux/amd64,linux/arm64

.DEFAULT_GOAL := help
.PHONY: help setup up demo test hard keys trial quick check hooks bench chaos machines fuzz audit lock dist release image clean

help: ## say what the targets do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## make the virtual environment from the lock file

$(STAMP): $(LOCK) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' || \
		{ echo "imagesieve needs Python 3.11 or 3.12; name one with PYTHON=python3.12" >&2; exit 2; }
	@echo "installing TensorFlow and what else is in $(LOCK) into $(VENV): 3 GB on disk, some minutes"
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r $(LOCK)
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

up: $(STAMP) ## run everything on this machine: make up WATCH=~/Pictures/incoming
	@test -n "$(WATCH)" || { echo "name the folder to watch: make up WATCH=~/Pictures/incoming" >&2; exit 2; }
	@exec $(BIN)/imagesieve up "$(WATCH)"

demo: $(STAMP) ## show the whole way on pictures that it makes itself
	@$(BIN)/imagesieve demo

check: $(STAMP) ## style, types, import arrows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Side by side: tests of the whole stack wait more than they compute. Each process has a Redis and folders of its own.
# The many programs that they start find our modules compiled, wherever the caller wants no bytecode written.
test: export PYTHONDONTWRITEBYTECODE =
# Threads that wait would spin on processors that the other processes could use.
test hard: export OMP_WAIT_POLICY = passive
test hard: export OPENBLAS_NUM_THREADS = 1
test: check ## all checks and all tests, on a real Redis; the tests in N processes: make test N=8
	$(BIN)/python -m pytest --numprocesses $(or $(N),3) --dist worksteal

hard: $(STAMP) ## every hard case in every dress: pictures that look alike and are not the same
	HARD_CASES=all $(BIN)/python -m pytest --numprocesses $(or $(N),3) --dist worksteal tests/unit/test_hard_cases.py

keys: $(STAMP) ## 5,000 groups of duplicates resolved in a browser by keys alone; a quarter of an hour
	WEB_GROUPS=5000 $(BIN)/python -m pytest -s tests/browser/test_web_duplicates.py -k keys_alone

trial: $(STAMP) ## a new user's way in a browser, with a stopwatch: 200 groups; PICTURES=docs/pictures keeps pictures of it
	$(BIN)/python -m tests.web.trial $(if $(PICTURES),--pictures $(PICTURES))

quick: $(STAMP) ## every benchmark at its smallest sizes, also those that `make test` leaves out: does it run?
	BENCHMARKS=all $(BIN)/python -m pytest tests/e2e/test_benchmarks.py

hooks: $(STAMP) ## let git check style, import arrows and the subject at each commit (needs pre-commit)
	pre-commit install

bench: $(STAMP) ## measure everything into docs/benchmarks.md, or one: make bench ONLY=extract
	$(BIN)/python -m benchmarks $(ONLY)

chaos: $(STAMP) ## kill everything, again and again, under a stream of 1,000 pictures, and show that nothing is lost
	$(BIN)/python -m tests.chaos

machines: $(STAMP) ## two machines beside a third, as network namespaces: one is killed, one cut off (wants root)
	$(BIN)/python -m tests.machines

fuzz: $(STAMP) ## decode 20,000 mutated files, ten minutes; more: make fuzz EXAMPLES=100000
	$(BIN)/python -m tests.fuzz --examples $(or $(EXAMPLES),20000)

audit: ## look the locked dependencies up among known vulnerabilities (needs uv and a network)
	@uvx pip-audit --strict --disable-pip --require-hashes --requirement requirements/run.txt || { echo \
		"make audit: a dependency has a known vulnerability, or could not be looked up, as it says above" >&2; exit 1; }

lock: ## resolve the dependencies anew into requirements/ (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --quiet --output-file requirements/dev.txt
	uv pip compile pyproject.toml --constraint requirements/dev.txt --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --quiet --output-file requirements/run.txt
	uv pip compile pyproject.toml --extra gpu --constraint requirements/dev.txt --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --quiet --output-file requirements/gpu.txt

dist: $(STAMP) ## build the wheel and the source archive into dist/
	rm -rf dist build *.egg-info
	$(BIN)/python -c 'from setuptools import build_meta as m; m.build_sdist("dist"); m.build_wheel("dist")' > /dev/null
	rm -rf build
	@ls dist

# All that a release needs is made and looked at; nothing leaves this machine.
release: ## checks, all tests, wheel and source archive of a version that CHANGELOG.md describes; pushes nothing
	@case "$(VERSION)" in *dev*) echo "pyproject.toml says $(VERSION): write the version of the release there" >&2; \
		exit 2;; esac
	@awk '/^## /{on = index($$0, "## [$(VERSION)] - ") == 1} on && /^- /{n++} END{exit n == 0}' CHANGELOG.md || { \
		echo "CHANGELOG.md says nothing below '## [$(VERSION)] - DATE'" >&2; exit 2; }
	@test -z "$$(git status --porcelain)" || { echo "commit first: a release is made of what git holds" >&2; exit 2; }
	$(MAKE) test
	$(MAKE) dist
	@echo "to release $(VERSION): git tag -a v$(VERSION) -m 'imagesieve $(VERSION)'"

image: ## build the container image for PLATFORMS into dist/ (needs docker buildx)
	@mkdir -p dist
	docker buildx build --platform $(PLATFORMS) --build-arg VERSION=$(VERSION) \
		--build-arg REVISION=$$(git rev-parse HEAD) --tag imagesieve:$(VERSION) \
		--output type=oci,dest=dist/imagesieve-$(VERSION)-image.tar .

clean: ## remove the virtual environment, caches and what was built
	rm -rf $(VENV) dist build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
