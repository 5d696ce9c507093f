# Targets of the ledger network; included by the Makefile at the root.

NETWORK      := bin/tongzheng-network
NETWORK_DATA ?= .data/network
# Program of the contract service; "test" is the minimal contract of the tests.
CHAINCODE    ?= bin/tongzheng-chaincode
# Ports of a new network: empty for those of the description, "auto" for free ones
# when another network has them, or a first port.
NETWORK_PORTS ?=

.PHONY: network-tools network-up network-down network-status network-clean network-test soak-network

$(NETWORK): $(wildcard network/*.go network/*.tmpl network/cmd/network/*.go)
	go build -o $@ ./network/cmd/network

bin/tongzheng-chaincode: $(wildcard chaincode/*.go chaincode/fabric/*.go chaincode/wire/*.go cmd/tongzheng-chaincode/*.go registry/*.go registry/sm/*.go)
	go build -o $@ ./cmd/tongzheng-chaincode

network-tools: $(NETWORK) ## Build the pinned Fabric tools (first time: some minutes)
	$(NETWORK) tools

network-up: $(NETWORK) $(filter-out test,$(CHAINCODE)) ## Start a real ledger network of native processes
	$(NETWORK) up -data "$(NETWORK_DATA)" -chaincode $(CHAINCODE) $(if $(NETWORK_PORTS),-ports $(NETWORK_PORTS))

network-down: $(NETWORK) ## Stop the ledger network; its data stays
	$(NETWORK) down -data "$(NETWORK_DATA)"

network-status: $(NETWORK) ## Processes, since when and where, and leader of the ledger network
	$(NETWORK) status -data "$(NETWORK_DATA)"

network-clean: $(NETWORK) ## Stop the ledger network and delete keys, ledger and logs
	$(NETWORK) clean -data "$(NETWORK_DATA)"

network-test: ## Test the ledger network: faults, members, several hosts (root for the last)
	go test -timeout 20m ./network/...

# What make test has in short: streams without pause, every fault, members that
# come back. Root for the tests with hosts of their own.
soak-network: ## Test the ledger network at length: streams at full rate, every fault
	TONGZHENG_EXHAUSTIVE=1 go test -race -count=1 -timeout 90m ./network/... ./chaincode/gateway/... ./chaincode/evidence ./chaincode/fabric
