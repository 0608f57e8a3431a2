# Everything a developer runs. `make demo` and `make test` set up what they need.
VENV := .venv/bin

.PHONY: setup setup-dev demo test test-all lint format bench clean

setup:            ## make .venv with Facewire in it
	@tools/dev/setup.sh run

setup-dev:        ## the same with what tests and linters need
	@tools/dev/setup.sh dev

demo: setup       ## real speech through a real daemon; leaves demo_out/
	@$(VENV)/facewire demo

test: setup-dev   ## lint, types, layers, C++ core, all quick tests
	@$(VENV)/python tools/dev/run_tests.py

test-all: setup-dev  ## the same and the long ones (soak, long fuzz)
	@$(VENV)/python tools/dev/run_tests.py --all

lint: setup-dev   ## ruff, mypy --strict, import-linter
	@$(VENV)/python tools/dev/run_tests.py --only lint

format: setup-dev ## let ruff lay out the sources
	@$(VENV)/ruff format . && $(VENV)/ruff check --fix .

bench: setup      ## figures side by side in one run
	@$(VENV)/facewire bench ipc
	@$(VENV)/facewire bench animate
	@$(VENV)/facewire bench render

clean:            ## remove what the targets made
	rm -rf .venv build demo_out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
