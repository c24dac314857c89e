# What a person types: `make run` and `make test` do all the set-up themselves, and each part of it only when its lock
# or its sources have changed (each leaves a stamp in what it made). `make help` lists the rest.
#
#   PYTHON       the Python to make .venv with (default: python3, or a newer one that is on the PATH)
#   TORCH_INDEX  another package index for torch: plain PyPI has the CUDA build for Linux, which is large
#   ONLY         with `make test`: the names of the steps to run, as in ONLY=ruff,mypy
#   UPGRADE      with `make lock`: 1 takes the newest versions instead of keeping those that still fit
#   BENCH        with `make bench-training` and `make bench-data`: their options
#   KEEP_GOING   with `make test`: 1 runs every step though one has failed

PYTHON ?= python3
TORCH_INDEX ?=
STAMPS := .venv/stamps
PIP := .venv/bin/python -m pip --disable-pip-version-check install -qq
FRONTEND_SOURCES := $(shell find frontend -path frontend/node_modules -prune -o -path frontend/dist -prune -o -type f -print 2>/dev/null)

# The Python packages and the front end install side by side.
MAKEFLAGS += --no-print-directory
ifeq ($(filter -j%,$(MAKEFLAGS)),)
MAKEFLAGS += -j2
endif

.PHONY: help run test install loop bench-labeling bench-workbench bench-data bench-training screenshots schema lock format clean
.DELETE_ON_ERROR:

help:
	@echo "make run             serve labelapp on this machine (PORT=8000, DATA_DIR=./data)"
	@echo "make test            run every check (ONLY=name,name for some)"
	@echo "make loop            run the whole loop headless against a fresh instance"
	@echo "make bench-labeling  measure the labeling endpoints"
	@echo "make bench-workbench measure the labeler's screen in Chromium"
	@echo "make bench-data      measure datasets at a million rows (BENCH=--quick)"
	@echo "make bench-training  measure training against TRL, which it installs beside (BENCH=--quick, BENCH='--device cuda')"
	@echo "make screenshots     take the pictures of docs/screenshots again"
	@echo "make schema          write the OpenAPI schema and both clients' types anew"
	@echo "make format          format and fix the sources"
	@echo "make lock            resolve requirements/*.in again"
	@echo "make clean           remove .venv, node_modules and what was built; DATA_DIR stays"

run: install
	@.venv/bin/python manage.py serve

test: install $(STAMPS)/dev
	@.venv/bin/python scripts/check.py --only="$(ONLY)" $(if $(KEEP_GOING),--keep-going)

install: $(STAMPS)/models frontend/dist/index.html

loop: install $(STAMPS)/dev
	@.venv/bin/python -m benchmarks.loop

bench-labeling: install $(STAMPS)/dev
	@.venv/bin/python -m benchmarks.labeling

bench-data: install $(STAMPS)/dev
	@.venv/bin/python -m benchmarks.data $(BENCH)

bench-workbench: install $(STAMPS)/dev
	@.venv/bin/python -m benchmarks.workbench

bench-training: install $(STAMPS)/dev
	@.venv/bin/python -m benchmarks.training $(BENCH)

screenshots: install $(STAMPS)/dev
	@.venv/bin/python scripts/screenshots.py

schema: $(STAMPS)/dev frontend/node_modules/.installed
	@.venv/bin/python scripts/schema.py --write
	@.venv/bin/python scripts/node.py npm run --silent api

format: $(STAMPS)/dev frontend/node_modules/.installed
	@.venv/bin/ruff check --fix --quiet .; .venv/bin/ruff format --quiet .
	@.venv/bin/python scripts/node.py npm run --silent fix

# ---- what is installed ----

$(STAMPS)/made: scripts/environment.py
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed: install it, or name one with PYTHON=" >&2; exit 1; }
	@$(PYTHON) scripts/environment.py
	@mkdir -p $(STAMPS)
	@touch $@

$(STAMPS)/web: requirements/web.lock $(STAMPS)/made
	@echo "installing the web server's packages"
	@$(PIP) --require-hashes --no-deps -r requirements/web.lock
	@touch $@

# torch comes after what it needs, so that those versions are the locked ones; it has no hash because its build depends
# on the machine.
$(STAMPS)/models: requirements/models.lock $(STAMPS)/web
	@echo "installing the models' packages (torch is large)"
	@$(PIP) --require-hashes --no-deps -r requirements/models.lock
	@$(PIP) $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) torch==2.13.0
	@touch $@

$(STAMPS)/dev: requirements/dev.lock $(STAMPS)/models
	@echo "installing the checks' packages"
	@$(PIP) --require-hashes --no-deps -r requirements/dev.lock
	@touch $@

frontend/node_modules/.installed: frontend/package-lock.json frontend/package.json | $(STAMPS)/made
	@echo "installing the front end's packages"
	@.venv/bin/python scripts/node.py npm ci --silent --no-audit --no-fund
	@touch $@

frontend/dist/index.html: frontend/node_modules/.installed $(FRONTEND_SOURCES)
	@echo "building the front end"
	@.venv/bin/python scripts/node.py npm run --silent build -- --logLevel warn
	@touch $@

# ---- upkeep ----

# torch and what its CUDA build brings, which pip chooses for the machine at hand.
OF_TORCH := torch triton cuda-bindings cuda-pathfinder cuda-toolkit nvidia-cublas nvidia-cuda-cupti nvidia-cuda-nvrtc \
	nvidia-cuda-runtime nvidia-cudnn-cu13 nvidia-cufft nvidia-cufile nvidia-curand nvidia-cusolver nvidia-cusparse \
	nvidia-cusparselt-cu13 nvidia-nccl-cu13 nvidia-nvjitlink nvidia-nvshmem-cu13 nvidia-nvtx
UV_COMPILE = ../.venv/bin/python -m uv pip compile --quiet $(if $(UPGRADE),--upgrade) --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header $(addprefix --no-emit-package=,$(OF_TORCH)) \
	--custom-compile-command "make lock"

# One after the other: models.in and dev.in are constrained by the locks before them.
lock: $(STAMPS)/made
	@$(PIP) uv
	@cd requirements && $(UV_COMPILE) web.in -o web.lock
	@cd requirements && $(UV_COMPILE) models.in -o models.lock
	@cd requirements && $(UV_COMPILE) dev.in -o dev.lock
	@cd requirements && $(UV_COMPILE) node.in -o node.lock

clean:
	rm -rf .venv .make frontend/node_modules frontend/dist build
