# Two commands set everything up on a machine with Python 3.11 or newer, make and git:
#   make demo    make test
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
AZ_VENV := .venv-azure-cli
AZURITE := .azurite
AZURITE_VERSION := 3.35.0
STAMP := $(VENV)/.installed
SPEC := specs/phi3-ultrachat.yaml
MUTMUT := 3.8.1
PIP_AUDIT := 2.10.1
QUESTION ?= What is tungsten used for?

.PHONY: demo demo-loop import-corpus test test-clients test-image azure-cli azurite check bench prices replay sandbox-table reliability soak mutation audit licences examples shapes \
	schema reference lock clean

demo: $(STAMP)
	@$(BIN)/reconcile --version
	@echo '$$ reconcile apply $(SPEC) --sandbox --yes'
	@$(BIN)/reconcile apply $(SPEC) --sandbox --yes
	@echo
	@echo '$$ reconcile plan $(SPEC) --sandbox'
	@$(BIN)/reconcile plan $(SPEC) --sandbox
	@echo
	@echo '$$ reconcile chat $(SPEC) --sandbox "$(QUESTION)"'
	@$(BIN)/reconcile chat $(SPEC) --sandbox "$(QUESTION)"

# The loop: a sandbox, a git repository, a push, a change behind its back. Half a minute.
demo-loop: $(STAMP)
	@$(BIN)/python -m tools.demo_loop

# A file at a time, so that what a file makes once is made once; the longest first. One process more
# than there are processors: some tests wait.
# What is compiled is kept, whatever the shell says: else each process compiles all tests anew.
test: export PYTHONDONTWRITEBYTECODE =
# Of a clean clone all tests are compiled once before, and not by each process.
test: $(STAMP)
	@test -d tests/__pycache__ || ls -d tests/*/ | xargs -n 10 -P 2 $(BIN)/python -m pytest -q --collect-only >/dev/null 2>&1 || true
	$(BIN)/python -m pytest -q -n $$(( $$(getconf _NPROCESSORS_ONLN) + 1 )) --dist loadfile --no-loadscope-reorder -m "not azure_cli and not azurite and not notebook and not image"

# Foreign clients that need an environment of their own: make azure-cli, make azurite. And notebooks.
test-clients: $(STAMP)
	$(BIN)/python -m pytest -q tests/clients -m "azure_cli or azurite or notebook"

# How many az ml files become a spec that plans, and why the others do not.
CORPUS ?= ../shared/azure-ml-yaml
import-corpus: $(STAMP)
	@$(BIN)/python -m tests.import_corpus $(CORPUS)

# The container image, built and run without a registry: needs root and Debian's buildah, mmdebstrap, bubblewrap.
test-image: $(STAMP)
	$(BIN)/python -m pytest -q tests/image -m image

azure-cli: $(AZ_VENV)/.installed

$(AZ_VENV)/.installed: tests/clients/azure_cli/requirements.txt
	@echo "making the Azure CLI's environment in $(AZ_VENV) (a minute, once)"
	@$(PYTHON) -m venv $(AZ_VENV)
	@$(AZ_VENV)/bin/python -m pip install --quiet --no-compile --disable-pip-version-check -r $<
	@touch $@

azurite: $(AZURITE)/$(AZURITE_VERSION)

$(AZURITE)/$(AZURITE_VERSION):
	@echo "installing Azurite $(AZURITE_VERSION) from npm in $(AZURITE) (a minute, once)"
	@mkdir -p $(AZURITE)
	@npm install --silent --no-fund --no-audit --prefix $(AZURITE) azurite@$(AZURITE_VERSION)
	@touch $@

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/reconcile schema | diff -u schemas/reconcile.v1.schema.json -

replay: $(STAMP)
	$(BIN)/python -m tests.sandbox.replay --write

# Its survey of clients and errors is from a run of the tests: see tools/sandbox_survey.py.
sandbox-table: $(STAMP)
	$(BIN)/python -m tools.sandbox_table

bench: $(STAMP)
	$(BIN)/python -m benchmarks

examples: $(STAMP)
	$(BIN)/python -m tests.sandbox.examples --all

shapes: $(STAMP)
	$(BIN)/python -m tests.sandbox.published_shapes --write

# What a release must pass, kept in docs: make reliability SAMPLE="--release --write"; see docs/reliability.md
FUZZ ?= 10000
reliability: $(STAMP)
	@$(BIN)/python -m tests.faults $(SAMPLE)
	@RECONCILE_FUZZ=$(FUZZ) $(BIN)/python -m pytest -q -n auto tests/hostile tests/contract/test_base.py \
		tests/spec/test_corpus.py tests/faults/test_data_killed.py $$(grep -rl --include='test_*.py' 'sampled(' tests)

# Does anything grow? One sandbox and one process for as long as you like.
HOURS ?= 1
soak: $(STAMP)
	@$(BIN)/python -m tests.faults.soak --hours $(HOURS)

# The generated parts of the pages in docs/: commands, spec, kinds.
reference: $(STAMP)
	$(BIN)/python -m tools.pages

# The list prices that come with the package, as Azure's public list has them today.
prices: $(STAMP)
	$(BIN)/python -m tools.price_snapshot

schema: $(STAMP)
	$(BIN)/reconcile schema > schemas/reconcile.v1.schema.json

# Which changes of what must not be wrong would go unnoticed? Kept in docs with WRITE=--write.
mutation: $(STAMP)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check mutmut==$(MUTMUT)
	rm -rf mutants
	$(BIN)/mutmut run --max-children 2
	@$(BIN)/python -m tools.mutation_page $(WRITE)

# Has a package that the product runs with a known weakness? Needs PyPI, and says where it has none.
audit: $(STAMP)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check pip-audit==$(PIP_AUDIT)
	@$(BIN)/python -m tools.audit

licences: $(STAMP)
	$(BIN)/python -m tools.dependencies

LOCK := uv pip compile pyproject.toml --python-version 3.11 --universal --generate-hashes --no-annotate \
	--no-header --quiet

# The second is for containers: what the product runs with, of the same versions, and nothing else.
lock:
	$(LOCK) --group dev --extra loop --extra sandbox --extra schemas -o requirements.lock
	$(LOCK) --extra loop --constraint requirements.lock -o requirements-runtime.lock

$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "error: Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "making the environment in $(VENV) (about a minute, once)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@$(BIN)/python -m compileall -q reconciler
	@touch $@

clean:
	rm -rf $(VENV) $(AZ_VENV) $(AZURITE) .reconcile build dist
