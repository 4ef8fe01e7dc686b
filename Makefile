# Dronc. `make` lists the targets. Works as root or as a user with sudo on Debian 12 or 13; safe to run twice.
.DEFAULT_GOAL := help

PREFIX  ?= /usr/local
DESTDIR ?=

ifeq ($(origin CC),default)
CC       := gcc
endif
OPT      ?= -O2 -g
WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes \
            -Wold-style-definition -Wvla -Wformat=2 -Werror
HARDEN   := -fstack-protector-strong -fPIE
DEFS     := -D_GNU_SOURCE
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

LIB_SRC    := $(sort $(wildcard lib/*/*.c))
FCGI_SRC   := $(sort $(wildcard fcgi/*.c fcgi/*/*.c))
RUNNER_SRC := $(sort $(wildcard runner/*.c runner/*/*.c))
ADMIN_SRC  := $(sort $(wildcard admin/*.c))
TEST_SRC   := $(sort $(wildcard tests/unit/test_*.c))
LUA_SRC    := $(sort $(wildcard lib/store/lua/*.lua lib/store/lua/part/*.lua))

LIB_OBJ    := $(LIB_SRC:%.c=$(BUILD)/%.o) $(BUILD)/lib/store/store_scripts.o
FCGI_OBJ   := $(FCGI_SRC:%.c=$(BUILD)/%.o) $(BUILD)/fcgi/api/openapi_document.o
RUNNER_OBJ := $(RUNNER_SRC:%.c=$(BUILD)/%.o)
ADMIN_OBJ  := $(ADMIN_SRC:%.c=$(BUILD)/%.o) $(filter $(BUILD)/fcgi/redis/%,$(FCGI_OBJ))
TEST_OBJ   := $(TEST_SRC:%.c=$(BUILD)/%.o) $(BUILD)/tests/unit/test.o
TEST_BIN   := $(TEST_SRC:tests/unit/%.c=$(BUILD)/tests/%)
# What a unit test may link besides lib: everything but the main.c of each program, the handler's own free, and the main of test programs.
PARTS_OBJ  := $(filter-out %/main.o %/wipe.o,$(sort $(FCGI_OBJ) $(RUNNER_OBJ) $(ADMIN_OBJ))) $(BUILD)/tests/unit/test.o
LIB_A      := $(BUILD)/libdronc.a
PARTS_A    := $(BUILD)/libparts.a

LIB_LIBS    := -ljson-c -lcrypto
FCGI_LIBS   := -lfcgi -lhiredis $(LIB_LIBS)
ADMIN_LIBS  := -lhiredis $(LIB_LIBS)
RUNNER_LIBS := -luv -lhiredis -lcurl -lcares -lssl $(LIB_LIBS)
TEST_LIBS   := -lcmocka -lfcgi -luv -lhiredis -lcurl -lcares -lssl $(LIB_LIBS)

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
build: deps ## install what is missing, then build dist/dronc-fcgi, dist/dronc-runner and dist/dronc-admin
	$(AFTER_DEPS) build-only

.PHONY: build-only
build-only: $(DIST)/dronc-fcgi $(DIST)/dronc-runner $(DIST)/dronc-admin ## build without looking for packages
	@:

.PHONY: deps
deps: ## install the Debian packages that building and running need
	@scripts/deps

.PHONY: deps-test
deps-test: deps ## install what testing and linting need besides
	@scripts/deps test

.PHONY: install
quoted = '$(subst ','\'',$(1))'
# Where there is no compiler, what was built elsewhere is installed.
install: $(if $(shell command -v $(CC)),build-only) ## install programs, site, units and docs (DESTDIR, PREFIX)
	@DESTDIR=$(call quoted,$(DESTDIR)) PREFIX=$(call quoted,$(PREFIX)) DIST=$(DIST) scripts/install

# Nothing is written where others look for it: two builds at once in one tree (two `make run`, say) do not disturb each other.
NEW = $@.$$$$
PUT = mv -f $(NEW) $@

$(DIST)/dronc-fcgi: $(FCGI_OBJ) $(LIB_A)
	@mkdir -p $(@D)
	@echo '  LD    $@'
	$(Q)$(CC) $(LDFLAGS) -o $(NEW) $(FCGI_OBJ) $(LIB_A) $(FCGI_LIBS) && $(PUT)

$(DIST)/dronc-runner: $(RUNNER_OBJ) $(LIB_A)
	@mkdir -p $(@D)
	@echo '  LD    $@'
	$(Q)$(CC) $(LDFLAGS) -o $(NEW) $(RUNNER_OBJ) $(LIB_A) $(RUNNER_LIBS) && $(PUT)

$(DIST)/dronc-admin: $(ADMIN_OBJ) $(LIB_A)
	@mkdir -p $(@D)
	@echo '  LD    $@'
	$(Q)$(CC) $(LDFLAGS) -o $(NEW) $(ADMIN_OBJ) $(LIB_A) $(ADMIN_LIBS) && $(PUT)

# A room names those that it includes from, below its own program or lib.
$(FCGI_OBJ): CPPFLAGS += -Ifcgi
$(RUNNER_OBJ): CPPFLAGS += -Irunner
$(ADMIN_SRC:%.c=$(BUILD)/%.o): CPPFLAGS += -Iadmin -Ifcgi
$(TEST_OBJ): CPPFLAGS += -Ifcgi -Irunner -Iadmin -Itests/unit

# Thin archives, so that the linker names each object that it takes from them by its path.
$(LIB_A): $(LIB_OBJ)
$(PARTS_A): $(PARTS_OBJ)
$(LIB_A) $(PARTS_A): Makefile
	@ar rcsT $(NEW) $(filter %.o,$^) && $(PUT)

# Its list of headers is put first: an object without one would not be rebuilt when a header changes.
HEADERS = $(@:.o=.d)
COMPILE = $(CC) $(CPPFLAGS) $(CFLAGS) -MF $(HEADERS).$$$$ -MT $@ -c -o $(NEW) $< && mv -f $(HEADERS).$$$$ $(HEADERS) && $(PUT)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo '  CC    $<'
	$(Q)$(COMPILE)

# Longer than C promises to support, though every compiler that we build with does.
$(BUILD)/lib/store/store_scripts.o $(BUILD)/fcgi/api/openapi_document.o: CFLAGS += -Wno-overlength-strings
$(BUILD)/lib/store/store_scripts.o $(BUILD)/fcgi/api/openapi_document.o: %.o: %.c
	@echo '  CC    $<'
	$(Q)$(COMPILE)

$(BUILD)/lib/store/store_scripts.c: lib/store/contract.def $(LUA_SRC) $(wildcard scripts/*.awk) scripts/embed-lua
	@mkdir -p $(@D)
	@echo '  LUA   $@'
	$(Q)scripts/embed-lua lib/store/lua >$(NEW) && $(PUT)

$(BUILD)/fcgi/api/openapi_document.c: fcgi/api/openapi.json scripts/embed-json
	@mkdir -p $(@D)
	@echo '  JSON  $@'
	$(Q)scripts/embed-json fcgi/api/openapi.json >$(NEW) && $(PUT)

## -- checking it
.PHONY: test
test: deps-test ## run all tests, about eight minutes (SANITIZE=1: with ASan and UBSan)
	$(AFTER_DEPS) test-unit
	$(AFTER_DEPS) test-system

# T=NAME…: only tests/unit/test_NAME.c. K=WORDS: what pytest -k chooses.
T        :=
K        :=
RUN_SRC  := $(foreach name,$(T:test_%=%),$(or $(wildcard tests/unit/test_$(name).c),$(error T=$(name): there is no tests/unit/test_$(name).c)))
RUN_TEST := $(if $(T),$(RUN_SRC:tests/unit/%.c=$(BUILD)/tests/%),$(TEST_BIN))

.PHONY: test-unit
test-unit: $(RUN_TEST) ## unit tests only (T=heap, T='url job_*': only those of tests/unit/test_heap.c and so on)
	@scripts/test-unit $(BUILD) $(RUN_TEST)

# They wait for instants more than they compute, so many more run side by side than there are cores.
WORKERS ?= 8

.PHONY: test-system
test-system: build-only ## system tests only: the real nginx, Redis, handler and runner (K=overlap: only those whose name or file has it)
	DRONC_DIST=$(abspath $(DIST)) /usr/bin/python3 -m pytest -q -n $(WORKERS) $(if $(K),-k $(call quoted,$(K))) tests/system tests/chaos tests/fuzz $(PYTEST_ARGS)

.PHONY: test-security
test-security: build-only ## what is promised about security, each test in a network of its own, in which only a loopback exists; takes root (K=targets)
	DRONC_DIST=$(abspath $(DIST)) /usr/bin/python3 -m pytest -q -n $(WORKERS) $(if $(K),-k $(call quoted,$(K))) tests/security $(PYTEST_ARGS)

# Two at once, each with a browser and a stack of its own: a browser is heavy.
.PHONY: test-ui
test-ui: deps-test ## the page in a real Chromium: each flow by mouse and by keyboard, axe, the CSP, its weight; about two minutes (K=flows; DRONC_UI_SHOTS=folder for screenshots)
	$(AFTER_DEPS) build-only
	DRONC_DIST=$(abspath $(DIST)) /usr/bin/python3 -m pytest -q -n 2 $(if $(K),-k $(call quoted,$(K))) tests/ui $(PYTEST_ARGS)

.PHONY: screenshot
screenshot: build-only ## take docs/page.png, which the README shows, anew
	DRONC_DIST=$(abspath $(DIST)) /usr/bin/python3 tests/ui/screenshot.py

# A test program is linked again only when an object in it changes: the linker lists those that it took.
$(TEST_BIN): $(BUILD)/tests/%: $(BUILD)/tests/unit/%.o | $(PARTS_A) $(LIB_A)
	@echo '  LD    $@'
	$(Q)took=$$($(CC) $(LDFLAGS) -Wl,--trace -o $(NEW) $< $(PARTS_A) $(LIB_A) $(TEST_LIBS)) && \
	    echo "$$took" | sed -n 's|^$(BUILD)/.*\.o$$|$@: &\n&:|p' >$@.d.$$$$ && mv -f $@.d.$$$$ $@.d && $(PUT)

SUITES ?= bookworm

.PHONY: test-deploy
test-deploy: ## as root: run the deployment section of docs/operations.md on a fresh Debian that boots in a container (SUITES="bookworm trixie")
	@scripts/deps deploy
	SUITES="$(SUITES)" /usr/bin/python3 -m pytest -q tests/deploy/test_deployment.py $(PYTEST_ARGS)

.PHONY: test-docker
test-docker: ## as root: docker-compose.yml, by an engine of its own with few descriptors
	@scripts/deps docker
	/usr/bin/python3 -m pytest -q tests/deploy/test_docker.py $(PYTEST_ARGS)

# DRONC_DIST: another build to point it at.
MINUTES ?= 4
SEED    ?=

.PHONY: chaos
chaos: build deps-test ## kill, stop, cut off and mislead all parts while jobs run, then prove the promises (MINUTES=4, SEED=as printed)
	@DRONC_DIST=$(or $(DRONC_DIST),$(abspath $(DIST))) /usr/bin/python3 tests/chaos/chaos.py --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

.PHONY: chaos-mutants
chaos-mutants: build deps-test ## the same against builds with one guard removed each: all of them have to be noticed (MUTANTS=a,b)
	@/usr/bin/python3 tests/chaos/mutants.py $(if $(MUTANTS),--only $(MUTANTS))

.PHONY: test-mutants
test-mutants: build deps-test ## only those guards that have a test of their own, which has to fail without them: a minute or two
	@/usr/bin/python3 tests/chaos/mutants.py --tested

.PHONY: chaos-rollback
chaos-rollback: build deps-test ## put Redis' data back by 50 to 500 ms over and over: no job may be lost with it (SECONDS=60)
	@DRONC_DIST=$(or $(DRONC_DIST),$(abspath $(DIST))) /usr/bin/python3 tests/chaos/rollback.py --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))

.PHONY: idle
idle: build deps-test ## does a call get lost because its target closes idle connections? Four minutes (IDLE='--idle 1,2 --trip 40 --calls 100')
	@DRONC_DIST=$(or $(DRONC_DIST),$(abspath $(DIST))) /usr/bin/python3 tests/idle/idle.py $(IDLE)

# Each fuzzer starts from its named seeds (tests/fuzz/seeds) and from what earlier runs found (tests/fuzz/corpus.tar.xz, unpacked into
# build/fuzz/grown), and adds what it finds to build/fuzz, not to the tree. The last one, answers, plays the target to a whole runner:
# ANSWERS=200000 lets it (and only it) go on for so many, SEED= has what it printed, REPLAY= plays a file that it saved.
SECONDS   ?= 60
ANSWERS   ?=
REPLAY    ?=
FUZZERS   := cron zone targets token secret request
ENGINE    := $(wildcard lib/cron/*.c lib/zone/*.c)
# What a fuzzer is linked with, besides its own file.
PARSER_cron    := $(ENGINE)
PARSER_zone    := $(ENGINE)
PARSER_targets := $(wildcard lib/net/*.c)
PARSER_token   := lib/access/token.c lib/text/digest.c lib/base/buffer.c lib/base/err.c lib/base/utf8.c
PARSER_secret  := $(filter-out lib/store/% lib/resp/%,$(wildcard lib/*/*.c))
PARSER_request := $(filter-out %/response.c %/etag.c %/query.c,$(wildcard fcgi/http/*.c)) $(addprefix lib/base/,buffer.c err.c utf8.c)
FUZZ_cron := -dict=tests/fuzz/cron.dict
FUZZ_zone := -max_len=1500
FUZZ_targets := -dict=tests/fuzz/targets.dict -max_len=500
FUZZ_request := -dict=tests/fuzz/request.dict -max_len=2000

.PHONY: fuzz
fuzz: deps-test ## fuzz the cron engine, the zone reader, the lists of targets, tokens, secrets, requests and the runner's answers under ASan and UBSan, SECONDS=60 each (ANSWERS=200000, SEED=, REPLAY=)
	$(AFTER_DEPS) $(FUZZERS:%=build/fuzz/fuzz_%) build/fuzz/grown fuzz-build
ifeq ($(ANSWERS)$(REPLAY),)
	$(AFTER_DEPS) --output-sync=target $(FUZZERS:%=fuzz-%)
endif
	@echo '== answers'
	@DRONC_DIST=$(or $(DRONC_DIST),$(abspath dist/sanitize)) /usr/bin/python3 tests/fuzz/fuzz_answers.py --seconds $(SECONDS) $(if $(ANSWERS),--answers $(ANSWERS)) \
	    $(if $(SEED),--seed $(SEED)) $(if $(REPLAY),--replay $(REPLAY))

# Side by side: each of them keeps one core busy.
.PHONY: $(FUZZERS:%=fuzz-%)
$(FUZZERS:%=fuzz-%): fuzz-%: build/fuzz/fuzz_% build/fuzz/grown
	@echo '== $*: $(SECONDS) s'
	@mkdir -p build/fuzz/corpus-$* build/fuzz/grown/$*
	@build/fuzz/fuzz_$* -max_total_time=$(SECONDS) -timeout=5 -print_final_stats=1 -verbosity=0 -artifact_prefix=build/fuzz/ $(FUZZ_$*) \
	    build/fuzz/corpus-$* tests/fuzz/seeds/$* build/fuzz/grown/$*

.PHONY: fuzz-pack
fuzz-pack: deps-test ## add what `make fuzz` found to the packed corpus
	$(AFTER_DEPS) $(FUZZERS:%=build/fuzz/fuzz_%) build/fuzz/grown
	@scripts/fuzz-pack $(FUZZERS)

build/fuzz/grown: tests/fuzz/corpus.tar.xz
	@rm -rf $@ && mkdir -p $@ && tar -xJf $< -C $@ && touch $@

# The runner that is fuzzed, what lets it trust the target's certificate, and what keeps it on this machine.
.PHONY: fuzz-build
fuzz-build: build/fuzz/trust.so build/fuzz/loopback.so
	@$(MAKE) --no-print-directory SANITIZE=1 build-only

build/fuzz/trust.so: tests/bench/trust.c
build/fuzz/loopback.so: tests/fuzz/loopback.c
build/fuzz/trust.so build/fuzz/loopback.so:
	@mkdir -p $(@D)
	@echo '  FUZZ  $<'
	$(Q)$(CC) -std=c17 -D_GNU_SOURCE -O2 -fPIC -shared -o $@ $< -ldl

.SECONDEXPANSION:
build/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $$(PARSER_$$*) $(wildcard lib/*/*.h fcgi/http/*.h)
	@mkdir -p $(@D)
	@echo '  FUZZ  $<'
	$(Q)clang -std=c17 -D_GNU_SOURCE -O2 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -Ilib -Ifcgi \
	    -o $@ $< $(PARSER_$*) -lcrypto -ljson-c

# What the benchmark runs besides the two programs.
BENCH_BIN := $(addprefix build/bench/,bench_cron bench_signature bare_loop target hello_fcgi trust.so)

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

-include $(LIB_OBJ:.o=.d) $(FCGI_OBJ:.o=.d) $(RUNNER_OBJ:.o=.d) $(ADMIN_OBJ:.o=.d) $(TEST_OBJ:.o=.d) $(TEST_BIN:=.d)
