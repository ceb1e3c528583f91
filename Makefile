# The commands of the house. Each is a script that can be read and called by itself.

SHELL := /bin/bash
export SERVICE FORCE BACKUP

.DEFAULT_GOAL := help
.PHONY: help up down status logs reset backup backups verify restore demo seed figures bench test test-full e2e screenshots lighthouse lint fmt docs ci

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

up: ## install what is missing, build, and start everything on http://localhost:8080
	@infra/dev/stack up

down: ## end everything; the data stays
	@infra/dev/stack down

status: ## what runs
	@infra/dev/stack status

logs: ## follow the logs; of one process with SERVICE=api-1
	@infra/dev/stack logs

reset: ## down, and delete the data (asks first; FORCE=1 does not)
	@infra/dev/stack reset

backup: ## back up the database and the files
	@infra/dev/stack backup

backups: ## those there are
	@infra/dev/stack backups

verify: ## whether the data is whole; a backup's with BACKUP=name
	@infra/dev/stack verify

restore: ## bring BACKUP=name back; the database that was there stays under another name
	@infra/dev/stack restore

demo: ## two people talk over two WebSocket servers (needs `make up`)
	@infra/dev/stack demo

seed: ## fill the database: 10 000 people, 1000 groups, a million messages (needs `make up`)
	@infra/dev/stack seed

figures: ## time what people ask of it (needs `make seed`, and `WARREN_RATE_LIMITS=off make up`)
	@infra/dev/stack figures

bench: ## measure it, on a system of its own; one part with WORKLOAD=room
	@infra/bench/run $(WORKLOAD)

test: ## every test, on servers of its own
	@infra/ci/test

test-full: ## test, the licences, advisories and sources of all dependencies, servers in containers
	@infra/ci/test-full

e2e: ## journeys in a browser, through a whole system of its own
	@infra/ci/e2e

screenshots: ## a picture of every page, in both themes and three sizes, into e2e/shots
	@infra/ci/e2e screenshots

lighthouse: ## what Lighthouse says of the public pages, through a whole system of its own
	@infra/ci/e2e lighthouse

lint: ## formatting, clippy, direction of imports, documentation
	@infra/ci/lint

fmt: ## format the sources
	@cargo fmt --all

docs: ## the documentation of the code, in target/doc
	@cargo doc --workspace --no-deps --locked

ci: ## what must pass before a change is merged
	@.ci/run
