# Tongzheng: two commands for a newcomer, `make run` and `make test`.
# Targets install the Debian packages they need, by name, and only those that
# are missing.

SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

GO      ?= go
BIN     := bin
DATA    ?= $(or $(TONGZHENG_DATA),$(CURDIR)/.data)
LEDGER  ?= embedded
# What one ledger anchored means nothing on another: in the default folder, an
# instance on Fabric keeps its records apart.
INSTANCE = $(DATA)$(if $(filter fabric,$(LEDGER)),$(if $(filter $(CURDIR)/.data,$(DATA)),/fabric))
DEMO_NETWORK := $(CURDIR)/.data/demo-network
# On Fabric a program runs beside a network that is up meanwhile; network.mk.
ON_FABRIC = $(filter fabric,$(LEDGER))
FABRIC_PROGRAMS = $(if $(ON_FABRIC),$(NETWORK) $(filter-out test,$(CHAINCODE)))
ON_LEDGER = $(if $(ON_FABRIC),$(NETWORK) run $(1) -ports auto -chaincode "$(CHAINCODE)" --,TONGZHENG_LEDGER="$(LEDGER)")
SUDO    := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

RUN_PACKAGES  := postgresql fonts-lxgw-wenkai
DEMO_PACKAGES := $(RUN_PACKAGES)
TEST_PACKAGES := $(DEMO_PACKAGES) poppler-utils zbar-tools chromium openssl nodejs npm gcc libc6-dev python3-fonttools iproute2 systemd nginx

# Not named $(MAKE): make runs lines that say so even when asked to print only.
SUBMAKE := $(MAKE)

-include network/network.mk

## help: list the targets
.PHONY: help
help:
	@echo "Tongzheng (同证): electronic licenses and seals, anchored on a shared ledger"; echo
	@sed -n -e 's/^## \([a-z-]*\): \(.*\)/  make \1|\2/p' -e 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'
	@echo; echo "  LEDGER=embedded|fabric   DATA=folder   KEEP=folder (demo)"

## build: compile the programs into bin/
.PHONY: build
build:
	$(GO) build -trimpath -buildvcs=auto -o $(BIN)/ ./cmd/...
	GOOS=js GOARCH=wasm $(GO) build -trimpath -ldflags="-s -w" -o $(BIN)/verifier.wasm ./cmd/tongzheng-offline
	cp "$$($(GO) env GOROOT)/lib/wasm/wasm_exec.js" $(BIN)/

## run: everything on one machine, with the demo city (LEDGER=fabric: city and county each their own); Ctrl-C stops it
.PHONY: run
run: packages-run build
	$(if $(ON_FABRIC),$(SUBMAKE) $(FABRIC_PROGRAMS))
	TONGZHENG_DATA="$(INSTANCE)" $(call ON_LEDGER,-data "$(DATA)/network") $(BIN)/tongzheng $(if $(ON_FABRIC),neighbors,serve --demo-city --signer-process)

## demo: the whole story on a throw-away instance, narrated
.PHONY: demo
demo: packages-demo build
	$(if $(ON_FABRIC),$(SUBMAKE) $(FABRIC_PROGRAMS))
	$(call ON_LEDGER,-throwaway -data "$(DEMO_NETWORK)") $(BIN)/tongzheng demo $(if $(KEEP),--keep "$(KEEP)")

## test: every test, with the race detector
.PHONY: test
test: packages-test
	$(GO) vet ./...
	@# PDFium is compiled once for a machine: seconds here, a minute under the race detector.
	$(GO) test -run TestReported ./api/codes
	$(GO) test -race -timeout 45m ./...

# Who asks soaktest how long to run, or reads its variable itself.
SOAK_PACKAGES = $(shell grep -rlE --include='*_test.go' 'tongzheng/soaktest|TONGZHENG_EXHAUSTIVE' . | xargs -n1 dirname | sort -u)

## soak: tests that could go on for hours, to the end
.PHONY: soak
soak: packages-test
	TONGZHENG_EXHAUSTIVE=1 $(GO) test -count=1 -timeout 12h $(SOAK_PACKAGES)

## check: format, vet, staticcheck, the import table, modules tidy
.PHONY: check
check:
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) vet ./...
	$(GO) tool -modfile=.ci/tools/go.mod staticcheck ./...
	$(GO) test -run 'TestImportTable|TestPureImports|TestHouseStyle|TestSizes|TestVerifierIsSmall|TestTracked' .
	$(GO) mod tidy -diff

## fuzz: every fuzz target for a short while (FUZZTIME=20s)
.PHONY: fuzz
fuzz:
	@set -e; for p in $$($(GO) list ./...); do for f in $$($(GO) test -list '^Fuzz' $$p | grep ^Fuzz || true); do \
		echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(or $(FUZZTIME),20s) -fuzzminimizetime 1x $$p; done; done

## bench: measurements against yardsticks taken in the same run; writes bench.json
.PHONY: bench
bench: packages-test build
	$(BIN)/tongzheng-bench -o bench.json

## bench-growth: what requests cost while an instance grows to N licenses (N=10000); writes bench-growth.json
.PHONY: bench-growth
bench-growth: packages-test build
	$(BIN)/tongzheng-growth -n $(or $(N),10000) -o bench-growth.json

## clean: remove what was built; DATA stays
.PHONY: clean
clean:
	rm -rf $(BIN)

# Debian packages: looked for first, so that a machine that has them needs
# neither root nor network.
.PHONY: packages-run packages-demo packages-test
packages-run packages-demo packages-test: packages-%:
	@wanted="$($(shell echo $* | tr a-z A-Z)_PACKAGES)"; missing=""; \
	for p in $$wanted; do \
	  case "$$p" in \
	    postgresql) ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 && continue;; \
	    nodejs) command -v node >/dev/null && continue;; \
	    npm) command -v npm >/dev/null && continue;; \
	    gcc) command -v gcc >/dev/null && continue;; \
	  esac; \
	  dpkg-query -W -f '$${Status}' "$$p" 2>/dev/null | grep -q 'install ok installed' || missing="$$missing $$p"; \
	done; \
	if [ -n "$$missing" ]; then echo "installing$$missing"; \
	  $(SUDO) apt-get update -qq && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; fi
