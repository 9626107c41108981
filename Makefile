# The targets of this repository. `make` alone lists them; each does its own set-up.
.DEFAULT_GOAL := help
.PHONY: help setup run console dev test test-all test-rest check size flaky outside faults simulate schemas catalogue \
	texts mutate audit bench lock clean set-up-run set-up-dev test-on-a-broker test-beside test-fault-run test-outages

export PYTHON  # make PYTHON=/path/to/python3 chooses the interpreter of .venv
# Each target starts many processes: where none may keep bytecode, all compile all that they import.
unexport PYTHONDONTWRITEBYTECODE

YEAR := schemas/examples/lille-avenirs-2023.jsonl
# Units of the shell, and those that repeat what other tests do: they cover nothing pure that the
# others leave out, and coverage doubles their time.
UNCOVERED := $(addprefix tests/unit/,api bench cli doctor projector redrive runtime \
	ledger/test_messages.py tables/test_every_answer.py tables/test_kept_state.py tables/test_life_cycles.py \
	events/test_quick_path.py lag/test_properties.py)
# Of these `make test-rest` runs what is marked `rest`.
DIVIDED := $(addprefix tests/,api attack city open_data property published read_model treasury browser/test_pages.py)
QUICK := $(UNCOVERED) $(DIVIDED) $(wildcard tests/test_*.py) \
	$(addprefix tests/,contracts golden kubernetes verifier kafka/test_smoke.py kafka/test_treasury_year.py) \
	$(addprefix tests/simulation/test_,broker.py fifty_years.py found.py planted.py)
# Measured against time-outs and mostly waiting, these run side by side with little else.
FAULT_RUN := tests/kafka/faults/test_run.py
OUTAGES := tests/kafka/test_outage_scenarios.py
# A minute and a half that `make bench` runs first.
SMALL_BENCH := tests/kafka/test_bench.py
ignoring = $(addprefix --ignore=,$(1))
BY_FILE := -n 2 --dist loadfile --no-loadscope-reorder
# Output of what runs beside something else is printed at its end, in one piece.
at_the_end = output=$$($(1) 2>&1); code=$$?; printf '%s\n' "$$output"; exit $$code
# Tests that failed are listed for tests/second_run.py, and what comes behind them goes on; any other
# exit code ends it.
FAILED := build/failed
OUTSIDE := build/outside
listing_failures = $(2) --failed $(FAILED)/$(1).json || \
	{ code=$$?; test $$code -eq 1 -a -s $(FAILED)/$(1).json || exit $$code; }
# UPGRADE=--upgrade takes newer versions; without it `make lock` changes only what pyproject.toml asks.
COMPILE := .venv/bin/uv pip compile --quiet --no-config --universal --python-version 3.11 \
	--generate-hashes --no-header --no-emit-index-url --no-emit-find-links $(UPGRADE)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: set-up-dev ## make .venv with everything: run, tests, linters, benchmarks

run: set-up-run ## replay the Lille Avenirs year: events in, entries, payment orders and balances out
	@.venv/bin/ecluse replay $(YEAR) --next-step "make console"

console: set-up-run ## serve the Lille Avenirs year on this machine, for a browser, until Ctrl-C (PORT=8000)
	@ECLUSE_AUTH=off ECLUSE_LOG_LEVEL=ERROR ECLUSE_NAMES_FILE=deploy/names.example.yaml \
		ECLUSE_TREASURY_FILE=deploy/treasury.example.yaml \
		.venv/bin/ecluse serve --embedded --load $(YEAR) \
		--data build/console --bind 127.0.0.1 --port $(or $(PORT),8000)

dev: set-up-run ## Kafka, ledger, watch, read model, treasury, API and console on this machine, until Ctrl-C
	@.venv/bin/ecluse dev

test: check ## checks, and every kind of test, in minutes; full coverage of the pure packages
	@echo "the units of the pure packages, with their coverage:"
	.venv/bin/pytest tests/unit $(call ignoring,$(UNCOVERED)) $(BY_FILE) --cov
	@echo "all other kinds: properties, histories, pages, a broker:"
	.venv/bin/pytest $(QUICK) -m "not rest" $(BY_FILE)

test-all: test test-rest ## make test, then make test-rest

test-rest: set-up-dev ## what make test leaves out: brokers, PostgreSQL, processes, faults; what failed is run once more
	@rm -rf $(FAILED)
	@$(MAKE) --no-print-directory --jobs 3 test-on-a-broker test-beside test-fault-run test-outages
	@.venv/bin/python -m tests.second_run $(FAILED)/*.json

test-on-a-broker:
	@echo "on a broker; what needs none runs beside it at a lower priority:"
	$(call listing_failures,on-a-broker,.venv/bin/pytest tests/kafka -n 3 --dist loadfile --no-loadscope-reorder \
		$(call ignoring,$(QUICK) $(FAULT_RUN) $(OUTAGES) $(SMALL_BENCH)))
	@echo "a fault-injection run and four outage scenarios, side by side:"

test-beside:
	@$(call at_the_end,$(call listing_failures,beside,nice .venv/bin/pytest tests $(BY_FILE) \
		$(call ignoring,tests/unit tests/kafka $(QUICK))))
	@$(call at_the_end,$(call listing_failures,divided,nice .venv/bin/pytest $(DIVIDED) -m rest $(BY_FILE)))

# By `python -m`: what they fork would begin with reading `.venv/bin/pytest` itself.
test-fault-run: test-on-a-broker
	@$(call at_the_end,$(call listing_failures,fault-run,.venv/bin/python -m pytest $(FAULT_RUN)))

test-outages: test-on-a-broker
	@$(call at_the_end,$(call listing_failures,outages,.venv/bin/python -m pytest $(OUTAGES)))

flaky: set-up-dev ## what has brokers, processes or browsers, RUNS=4 times beside two busy processes (TESTS=PATHS); a table of what failed
	.venv/bin/python -m tests.flaky $(or $(RUNS),4) $(or $(TESTS),$(addprefix tests/,attack browser faults integration kafka)) \
		$(call ignoring,$(FAULT_RUN) $(OUTAGES) $(SMALL_BENCH)) $(BY_FILE)

outside: set-up-dev ## what people and programs see, compared with that of a commit (BASE=HEAD), which is kept in build/outside
	@set -e; base=$$(git rev-parse --short $(or $(BASE),HEAD)); mkdir -p $(OUTSIDE); cd $(OUTSIDE); \
	if [ ! -d $$base ]; then \
		git worktree add --quiet --force --detach tree $$base; \
		(cd tree && $(CURDIR)/.venv/bin/python -m tests.outside ../being-made); \
		git worktree remove --force tree; mv being-made $$base; \
	fi; \
	rm -rf now; (cd $(CURDIR) && .venv/bin/python -m tests.outside $(OUTSIDE)/now); \
	diff -r $$base now; echo "outside: the same as $$base"

faults: set-up-dev ## kill a projector over 50,000 records; break workers and broker FAULTS=200 times, prove what is left, write build/faults.json (SEED=N, EVENTS=N, BROKERS=3: also network, disks, clock, readers)
	ECLUSE_TEST_RECORDS=50000 .venv/bin/pytest -p no:randomly -k "killed_ten_times or under_load" \
		tests/kafka/test_projector.py
	.venv/bin/python -m tests.kafka.faults --faults $(or $(FAULTS),200) \
		$(if $(SEED),--seed $(SEED)) $(if $(BROKERS),--brokers $(BROKERS)) \
		$(if $(EVENTS),--events $(EVENTS))

simulate: set-up-dev ## run HISTORIES=2000 generated years while things go wrong, prove each (SEED=N, CASE=FILE)
	.venv/bin/python -m tests.simulation $(if $(SEED),--seed $(SEED)) $(if $(FIRST),--first $(FIRST)) \
		$(if $(HISTORIES),--histories $(HISTORIES)) $(if $(JOBS),--jobs $(JOBS)) \
		$(if $(CASE),--case $(CASE))

check: set-up-dev ## style, types, layers and size, in seconds: ruff, mypy, import-linter
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo
	.venv/bin/python -m tests.size --check

schemas: set-up-run ## write schemas/ again from the models in events/ and from schemas/topics.yaml
	.venv/bin/python -m events.schemas
	.venv/bin/python -m services.api.contract.asyncapi

catalogue: set-up-run ## write docs/refusals.md, life-cycles.md and rights.md again, from the code and deploy/*.yaml
	.venv/bin/python -m services.ledger.explain.catalogue
	.venv/bin/python -m services.projector.database_rights

texts: set-up-run ## write services/texts/fr.po and fr.mo again from the messages in the code
	@.venv/bin/python -m services.texts.catalogue

size: set-up-dev ## the size of the tree by package, and the ceilings that `make check` holds
	@.venv/bin/python -m tests.size

mutate: set-up-dev ## judge mutants of the rules, print the score (MODULES=a,b SAMPLE=N SEED=N PAGE=FILE)
	.venv/bin/python -m tests.mutation $(if $(MODULES),--modules $(MODULES)) \
		$(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED)) $(if $(PAGE),--page $(PAGE))

bench: set-up-dev ## steps alone, then all on a broker; build/bench.json (BENCH=--help, BENCH="--only read-model")
	$(if $(BENCH),,.venv/bin/pytest $(SMALL_BENCH))
	$(if $(findstring --only,$(BENCH)),,.venv/bin/pytest bench -p no:randomly --timeout=0 -s -q)
	.venv/bin/python -m bench.kafka $(BENCH)
	$(if $(BENCH),,.venv/bin/python -m bench.treasury)

audit: set-up-dev ## build/sbom-*.json of wheel and image, known vulnerabilities of the locked packages (IMAGE=ecluse:local)
	.venv/bin/python -m tests.audit $(if $(IMAGE),--image $(IMAGE))

lock: set-up-dev ## lock requirements/*.txt again (UPGRADE=--upgrade for newer versions)
	@test -x .venv/bin/uv || { echo "lock: set-up could not bring uv; make clean, then again" >&2; exit 1; }
	$(COMPILE) pyproject.toml -o requirements/run.txt
	$(COMPILE) --group build -c requirements/run.txt -o requirements/build.txt
	$(COMPILE) pyproject.toml --group test --group lint --group bench --group mutation --group audit \
		-c requirements/run.txt -c requirements/build.txt -o requirements/dev.txt
	$(COMPILE) --group java -o requirements/java.txt
	$(COMPILE) --group lock -o requirements/lock.txt

clean: ## remove .venv, caches and what tests leave behind
	rm -rf .venv .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .grimp_cache .import_linter_cache \
		.benchmarks .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

set-up-run:
	@deploy/set-up run

set-up-dev:
	@deploy/set-up dev
