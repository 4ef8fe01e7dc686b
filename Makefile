# Dronc. `make` lists the targets. Works as root or as a user with sudo on Debian 12 or 13; safe to run twice.
.DEFAULT_GOAL := help

VERSION := 0.1.0
PREFIX  ?= /usr/local
DESTDIR ?=

ifeq ($(origin CC),default)
CC       := gcc
endif
OPT      ?= -O2 -g
WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes \
            -Wold-style-definition -Wvla -Wformat=2 -Werror
HARDEN   := -fstack-protector-strong -fPIE
DEFS     := -D_GNU_SOURCE -DDRONC_VERSION='"$(VERSION)"'
CPPFLAGS += -I. -Ilib $(DEFS)
CFLAGS   += -std=c17 $(OPT) $(WARN) $(HARDEN) -MMD -MP
LDFLAGS  += -pie -Wl,-z,relro,-z,now

# SANITIZE=1 builds apart, so that both builds can live side by side.
ifeq ($(SANITIZE),1)
BUILD   := build/sanitize
DIST    := dist/sanitize
OPT     := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
LDFLAGS += -fsanitize=address,undefined
else
BUILD   := build/release
DIST    := dist
OPT     += -D_FORTIFY_SOURCE=2
endif

LIB_SRC    := $(sort $(wildcard lib/*.c))
FCGI_SRC   := $(sort $(wildcard fcgi/*.c))
RUNNER_SRC := $(sort $(wildcard runner/*.c))
TEST_SRC   := $(sort $(wildcard tests/unit/test_*.c))
LUA_SRC    := $(sort $(wildcard lib/store/*.lua lib/store/part/*.lua))

LIB_OBJ    := $(LIB_SRC:%.c=$(BUILD)/%.o) $(BUILD)/lib/store_scripts.o
FCGI_OBJ   := $(FCGI_SRC:%.c=$(BUILD)/%.o) $(BUILD)/fcgi/openapi_document.o
RUNNER_OBJ := $(RUNNER_SRC:%.c=$(BUILD)/%.o)
# What a unit test may link besides lib: everything but the two main.c.
PARTS_OBJ  := $(filter-out %/main.o,$(FCGI_OBJ) $(RUNNER_OBJ))
TEST_BIN   := $(TEST_SRC:tests/unit/%.c=$(BUILD)/tests/%)
LIB_A      := $(BUILD)/libdronc.a
PARTS_A    := $(BUILD)/libparts.a

LIB_LIBS    := -ljson-c -lcrypto
FCGI_LIBS   := -lfcgi -lhiredis $(LIB_LIBS)
RUNNER_LIBS := -luv -lhiredis -lcurl $(LIB_LIBS)
TEST_LIBS   := -lcmocka -lfcgi -luv -lhiredis -lcurl $(LIB_LIBS)

# V=1 shows the commands.
ifneq ($(V),1)
Q := @
endif

## -- using it
# What needs packages asks for them first, whatever -j says; hence the second make.
AFTER_DEPS = @$(MAKE) --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

.PHONY: run
run: deps ## build and run the whole stack: Redis, handlers, nginx, and a runner in the foreground
	$(AFTER_DEPS) build-only
	@exec scripts/run

.PHONY: build
build: deps ## install what is missing, then build dist/dronc-fcgi and dist/dronc-runner
	$(AFTER_DEPS) build-only

.PHONY: build-only
build-only: $(DIST)/dronc-fcgi $(DIST)/dronc-runner ## build without looking for packages
	@:

.PHONY: deps
deps: ## install the Debian packages that building and running need
	@scripts/deps

.PHONY: deps-test
deps-test: deps ## install what testing and linting need besides
	@scripts/deps test

.PHONY: install
# Paths in the installed files follow PREFIX.
AT_PREFIX = sed -e 's,/usr/bin/dronc-,$(PREFIX)/bin/dronc-,' -e 's,/usr/share/,$(PREFIX)/share/,'
SHARE     = $(DESTDIR)$(PREFIX)/share
UNITS     = $(DESTDIR)/lib/systemd/system
install: build-only ## install programs, site, units and docs (DESTDIR, PREFIX)
	install -d $(DESTDIR)$(PREFIX)/bin $(SHARE)/dronc/nginx $(SHARE)/doc/dronc $(UNITS) $(DESTDIR)/usr/lib/sysusers.d
	install -m 755 $(DIST)/dronc-fcgi $(DIST)/dronc-runner $(DESTDIR)$(PREFIX)/bin
	install -m 644 nginx/dronc.conf $(SHARE)/dronc/nginx
	$(AT_PREFIX) nginx/site.conf.example >$(SHARE)/dronc/nginx/site.conf.example
	$(AT_PREFIX) systemd/dronc.env.example >$(SHARE)/dronc/dronc.env.example
	install -m 644 redis/redis.conf $(SHARE)/dronc
	install -m 644 systemd/dronc.sysusers $(DESTDIR)/usr/lib/sysusers.d/dronc.conf
	for unit in dronc-fcgi.socket dronc-fcgi.service dronc-runner.service; do \
	    $(AT_PREFIX) systemd/$$unit >$(UNITS)/$$unit || exit 1; done
	cp $(UNITS)/dronc-runner.service $(UNITS)/dronc-runner@.service
	install -m 644 README.md LICENSE docs/api.md docs/redis.md $(SHARE)/doc/dronc

$(DIST)/dronc-fcgi: $(FCGI_OBJ) $(LIB_A)
	@mkdir -p $(@D)
	@echo '  LD    $@'
	$(Q)$(CC) $(LDFLAGS) -o $@ $(FCGI_OBJ) $(LIB_A) $(FCGI_LIBS)

$(DIST)/dronc-runner: $(RUNNER_OBJ) $(LIB_A)
	@mkdir -p $(@D)
	@echo '  LD    $@'
	$(Q)$(CC) $(LDFLAGS) -o $@ $(RUNNER_OBJ) $(LIB_A) $(RUNNER_LIBS)

$(LIB_A): $(LIB_OBJ)
	@rm -f $@
	@ar rcs $@ $^

$(PARTS_A): $(PARTS_OBJ)
	@rm -f $@
	@ar rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo '  CC    $<'
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# Longer than C promises to support, though every compiler that we build with does.
$(BUILD)/lib/store_scripts.o $(BUILD)/fcgi/openapi_document.o: %.o: %.c
	@echo '  CC    $<'
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -Wno-overlength-strings -c -o $@ $<

$(BUILD)/lib/store_scripts.c: $(LUA_SRC) scripts/embed-lua scripts/lua-source
	@mkdir -p $(@D)
	@echo '  LUA   $@'
	$(Q)scripts/embed-lua lib/store >$@.new && mv $@.new $@

$(BUILD)/fcgi/openapi_document.c: fcgi/openapi.json scripts/embed-json
	@mkdir -p $(@D)
	@echo '  JSON  $@'
	$(Q)scripts/embed-json fcgi/openapi.json >$@.new && mv $@.new $@

## -- checking it
.PHONY: test
test: deps-test ## run all tests, about five minutes (SANITIZE=1: with ASan and UBSan)
	$(AFTER_DEPS) test-unit
	$(AFTER_DEPS) test-system

.PHONY: test-unit
test-unit: $(TEST_BIN) ## unit tests only; no services needed
	@scripts/test-unit $(BUILD) $(TEST_BIN)

# They wait for instants more than they compute, so many more run side by side than there are cores.
WORKERS ?= 8

.PHONY: test-system
test-system: build-only ## system tests only: the real nginx, Redis, handler and runner
	DRONC_DIST=$(abspath $(DIST)) /usr/bin/python3 -m pytest -q -n $(WORKERS) tests/system tests/chaos $(PYTEST_ARGS)

$(BUILD)/tests/%: tests/unit/%.c $(PARTS_A) $(LIB_A)
	@mkdir -p $(@D)
	@echo '  TEST  $<'
	$(Q)$(CC) $(CPPFLAGS) -Ifcgi -Irunner -Itests/unit $(CFLAGS) $(LDFLAGS) -o $@ $< $(PARTS_A) $(LIB_A) $(TEST_LIBS)

# DRONC_DIST: another build to point it at.
MINUTES ?= 4
SEED    ?=

.PHONY: chaos
chaos: build deps-test ## kill, stop, cut off and mislead all parts while jobs run, then prove the promises (MINUTES=4, SEED=as printed)
	@DRONC_DIST=$(or $(DRONC_DIST),$(abspath $(DIST))) /usr/bin/python3 tests/chaos/chaos.py --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

.PHONY: chaos-mutants
chaos-mutants: build deps-test ## the same against builds with one guard removed each: all of them have to be noticed (MUTANTS=a,b)
	@/usr/bin/python3 tests/chaos/mutants.py $(if $(MUTANTS),--only $(MUTANTS))

# Each fuzzer starts from its corpus and puts what it finds of interest into build/fuzz, not into the tree.
SECONDS   ?= 60
FUZZERS   := cron zone
ENGINE    := $(wildcard lib/cron*.c lib/zone*.c)
FUZZ_cron := -dict=tests/fuzz/cron.dict
FUZZ_zone := -max_len=1500

.PHONY: fuzz
fuzz: deps-test ## fuzz the cron engine and the zone reader under ASan and UBSan, SECONDS=60 each
	$(AFTER_DEPS) $(FUZZERS:%=build/fuzz/fuzz_%)
	@for name in $(FUZZERS); do \
	    echo "== $$name: $(SECONDS) s"; mkdir -p build/fuzz/corpus-$$name; \
	    case $$name in cron) flags='$(FUZZ_cron)';; *) flags='$(FUZZ_zone)';; esac; \
	    build/fuzz/fuzz_$$name -max_total_time=$(SECONDS) -timeout=5 -print_final_stats=1 -verbosity=0 \
	        -artifact_prefix=build/fuzz/ $$flags build/fuzz/corpus-$$name tests/fuzz/corpus/$$name || exit 1; \
	done

build/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(ENGINE) $(wildcard lib/cron*.h lib/zone*.h) lib/civil.h
	@mkdir -p $(@D)
	@echo '  FUZZ  $<'
	$(Q)clang -std=c17 -D_GNU_SOURCE -O2 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -Ilib \
	    -o $@ $< $(ENGINE)

# What the benchmark runs besides the two programs.
BENCH_BIN := $(addprefix build/bench/,bench_cron bare_loop target hello_fcgi trust.so)

.PHONY: bench
bench: deps-test ## measure everything beside its limit, in one table (ROWS=calls,herd: some of it; QUICK=1: in short)
	$(AFTER_DEPS) build-only $(BENCH_BIN)
	@DRONC_DIST=$(abspath $(DIST)) /usr/bin/python3 tests/bench/bench.py $(if $(filter 1,$(QUICK)),--quick) $(ROWS)

build/bench/%: tests/bench/%.c $(LIB_A)
	@mkdir -p $(@D)
	@echo '  BENCH $<'
	$(Q)$(CC) $(CPPFLAGS) -Itests/unit $(CFLAGS) $(LDFLAGS) -o $@ $< $(LIB_A) $(LIB_LIBS) $(BENCH_LIBS)

build/bench/bare_loop: BENCH_LIBS := -lcurl
build/bench/hello_fcgi: BENCH_LIBS := -lfcgi

build/bench/%.so: tests/bench/%.c
	@mkdir -p $(@D)
	@echo '  BENCH $<'
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -fPIC -shared -o $@ $< -ldl

.PHONY: lint
lint: deps-test ## layout, clang-tidy, shellcheck, and the structure that CONTRIBUTING.md promises
	@scripts/lint

.PHONY: fmt
fmt: ## settle the layout of all C files
	@clang-format -i $$(git ls-files --cached --others --exclude-standard '*.c' '*.h')

.PHONY: lint-fix
lint-fix: fmt ## fmt, and what clang-tidy can mend by itself
	@scripts/lint --fix

.PHONY: clean
clean: ## remove what was built
	rm -rf build dist

.PHONY: clean-all
clean-all: clean ## remove what was built, and ./data with every job in it
	rm -rf data

.PHONY: help
help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^## -- / {printf "\n%s:\n", substr($$0, 7)} /^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' Makefile

-include $(LIB_OBJ:.o=.d) $(FCGI_OBJ:.o=.d) $(RUNNER_OBJ:.o=.d) $(TEST_BIN:=.d)
