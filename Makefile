# Every target sets up what it needs below build/ and keeps it until its recipe changes.
# PYTHON names the interpreter to start from (3.10 or later, with venv).

PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3.10 python3 /usr/bin/python3 python; do \
	$$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1 && { echo $$python; break; }; done)
ENVIRONMENTS = build/environments
DEVELOPMENT = $(ENVIRONMENTS)/development/bin
MAKE_ENVIRONMENT = $(if $(PYTHON),$(PYTHON),$(error no Python 3.10 or later with venv was found: give PYTHON=...)) tests/environments.py

.PHONY: help check test test-editors demo bench observe docs clean

help:
	@echo "make demo          show what Keyward finds in examples/ (needs no ML library)"
	@echo "make check         lint, types and the fast tests"
	@echo "make test          all tests but those of editors, with the real torch and transformers"
	@echo "make test-editors  drives real editors"
	@echo "make bench         latency, memory and throughput beside other tools"
	@echo "make observe       holds what is claimed of keywords against running models"
	@echo "make docs          writes again what is generated from the code"

demo:
	@$(MAKE_ENVIRONMENT) demo >/dev/null
	@$(ENVIRONMENTS)/demo/bin/keyward check --python $(ENVIRONMENTS)/demo/bin/python examples; \
	case $$? in 1) ;; *) echo "keyward check did not end as expected" >&2; exit 1;; esac

check:
	@$(MAKE_ENVIRONMENT) development >/dev/null
	$(DEVELOPMENT)/ruff check
	$(DEVELOPMENT)/ruff format --check
	$(DEVELOPMENT)/mypy
	$(DEVELOPMENT)/python -m pytest -q -n 2

test:
	@$(MAKE_ENVIRONMENT) development transformers5 transformers4 libraries tensorflow >/dev/null
	$(DEVELOPMENT)/python -m pytest -m "not editors" -n 2

test-editors:
	@$(MAKE_ENVIRONMENT) development >/dev/null
	$(DEVELOPMENT)/python -m pytest -m editors

bench:
	@$(MAKE_ENVIRONMENT) bench transformers5 >/dev/null
	$(ENVIRONMENTS)/bench/bin/python benchmarks/run.py --python $(ENVIRONMENTS)/transformers5/bin/python

observe:
	@$(MAKE_ENVIRONMENT) development transformers5 transformers4 >/dev/null
	nice $(DEVELOPMENT)/python benchmarks/keywords/compare.py --output build/keywords \
		--python $(ENVIRONMENTS)/transformers5/bin/python --python $(ENVIRONMENTS)/transformers4/bin/python

docs:
	@$(MAKE_ENVIRONMENT) development >/dev/null
	$(DEVELOPMENT)/python docs/generate.py

clean:
	rm -rf build dist
