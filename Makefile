# mcpgated. `make help` lists the targets. One variant is built at a time:
#   rel   release: static, stripped, musl when it is there        (make)
#   test  the objects unit tests link, hooks included             (make test)
#   asan  the same under AddressSanitizer and UBSan               (make test, make debug)
#   fuzz  clang and libFuzzer                                     (make fuzz X=head)
BOARD   ?= native
VARIANT ?= rel
B       ?= build/$(BOARD)$(LIKE:%=-%)$(if $(filter-out rel,$(VARIANT)),-$(VARIANT))
Q       := $(if $(V),,@)

include board/$(BOARD)/board.mk

FLOORS  := $(shell sed -n 's/^\([a-z0-9]*\):.*/\1/p' tools/floors.txt)
# The floors a folder stands on, itself first, highest first: the order the linker wants. Wider than what it may
# include: call may not see crypt, but links it, because net uses it.
below    = $(shell awk -v want=$(1) 'BEGIN{FS=":"} /^[a-z]/{n++; name[n]=$$1; deps[$$1]=$$2} \
           END{may[want]=1; for(i=n;i>0;i--) if(name[i] in may) {print name[i]; \
           m=split(deps[name[i]], d, " "); for(j=1;j<=m;j++) may[d[j]]=1}}' tools/floors.txt)

# A source tarball (make dist) says in .version what git said.
VER     := $(shell sed -n 1p .version 2>/dev/null || git describe --tags --always --dirty=+ 2>/dev/null || echo dev)
SOURCE_DATE := $(or $(SOURCE_DATE_EPOCH),$(shell sed -n 2p .version 2>/dev/null || git log -1 --format=%ct 2>/dev/null),0)

# A board of another machine meets compilers that nobody here has seen: it only warns (cross.mk).
WERROR  ?= -Werror
WARN    := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes \
           -Wvla -Wframe-larger-than=2048 -Wno-unused-parameter -Wno-sign-conversion $(WERROR)
CLASH   ?= -fstack-clash-protection
# How code may lie in memory, and what a static program of such code starts with: board.mk.
ANYWHERE ?= -fPIE
HARDEN  := $(ANYWHERE) -fstack-protector-strong $(CLASH) $(HARDEN_ARCH) \
           -fno-delete-null-pointer-checks -fno-strict-overflow -fno-strict-aliasing
BASEFLAGS := -std=gnu11 -D_GNU_SOURCE -Isrc -Iboard/$(BOARD) -MMD -MP -g

ifeq ($(VARIANT),rel)
CC      := $(CC_REL)
# No unwind tables: nothing here unwinds, and they are a sixth of the file. The linker compiles once more, all of it
# together (a tenth smaller); it needs the flags again that are not kept for each function. The objects are whole
# without it, too: tools/check reads them. Registers are wiped at the end of each function where secrets are worked on,
# in crypt/ and BearSSL, which the linker takes as they are; for all the rest it would be 13 KB.
SMALL   := -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fno-unwind-tables \
           -flto=auto -ffat-lto-objects -flto-partition=one
CFLAGS   = $(BASEFLAGS) $(OPT) $(WARN) $(HARDEN) -ftrivial-auto-var-init=zero $(SMALL)
VFLAGS   = $(or $(OPT_VENDOR),$(OPT)) $(HARDEN) $(SMALL) -w
TESTSRC := n
else ifeq ($(VARIANT),test)
CC      := $(or $(CC_TEST),gcc)
CFLAGS  := $(BASEFLAGS) -O1 $(WARN) -DTEST_BUILD
VFLAGS  := -O2 -w
TESTSRC := y
else ifeq ($(VARIANT),asan)
CC      := gcc
SAN     := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS  := $(BASEFLAGS) -O1 $(WARN) -Wno-frame-larger-than -DTEST_BUILD $(SAN)
VFLAGS  := -O2 -w -fsanitize=address
LDSAN   := $(SAN)
TESTSRC := y
else ifeq ($(VARIANT),fuzz)
CC      := clang
SAN     := -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all
CFLAGS  := $(BASEFLAGS) -O1 -DTEST_BUILD $(SAN)
VFLAGS  := -O2 -w -fsanitize=address,fuzzer-no-link
TESTSRC := y
endif

.PHONY: all help debug test boards units check size bench fuzz fidelity dist clean vendor testbuild
all: $(B)/mcpgated
help:
	@sed -n 's/^## //p' Makefile

## make            release binary, build/native/mcpgated
## make debug      the same under ASan and UBSan, build/native-asan/mcpgated
## make testbuild  release-like binary with the test clock and the fault hooks, build/native-test/mcpgated
## make test       unit tests, plain and under ASan+UBSan
## make boards     every board: built, sized, the way of a new user, its unit tests, under qemu (half an hour)
## make check      floors, lengths, documented headers, forbidden symbols, warnings
## make size       what the binary is made of, against the budgets and the last tag; BOARD=... for another board
## make bench      CPU per request beside nginx (needs ../shared/bench)
## make fidelity   every tool of every document is called and compiled; libraries of others judge (SEED=n)
## make fuzz X=f   one fuzz target for T=60 seconds
## make dist       the source in one tarball, vendored sources included: builds offline
debug:
	$(Q)$(MAKE) --no-print-directory VARIANT=asan
testbuild:
	$(Q)$(MAKE) --no-print-directory VARIANT=test

# What no file's time tells. HOW: where this tree lies (build/ may be a copy of another one's) and the flags; WHICH: the
# sources there are and how they are linked. Each file is written anew only when its text is another one.
HOW     := $(B)/.how
WHICH   := $(B)/.which
HOSTHOW := build/host/.how
NAMED   := $(B)/.named
known    = $(and $(findstring <$(2)>,<$(strip $(file <$(1)))>),$(findstring <$(strip $(file <$(1)))>,<$(2)>))
note     = $(if $(call known,$(1),$(2)),,$(shell mkdir -p $(dir $(1)))$(file >$(1),$(2)))

# --- vendor: fetched and verified, never committed -------------------------------------------------
VENDOR  := vendor/src
VSTAMP  := $(VENDOR)/.verified
BEARSRC := $(VENDOR)/bearssl
vendor: $(VSTAMP)
$(VSTAMP): vendor/fetch vendor/pins
	$(Q)sh vendor/fetch

# Seed and time are arguments: BearSSL neither opens /dev/urandom nor asks for the clock (the jail allows neither).
BEARDEFS := -DBR_USE_URANDOM=0 -DBR_USE_UNIX_TIME=0

# What a board of another machine is linked with.
build/cross/%/.there:
	$(Q)sh tools/cross $*

# The list is known only after the fetch: a sub-make with the folder in place finds it by wildcard.
ifneq ($(wildcard $(BEARSRC)/src),)
BEARC   := $(wildcard $(BEARSRC)/src/*.c $(BEARSRC)/src/*/*.c)
endif
BEARO   := $(BEARC:$(BEARSRC)/src/%.c=$(B)/vendor/%.o)
$(B)/vendor/%.o: $(BEARSRC)/src/%.c $(HOW) | $(CROSSED:%=%/.there)
	@mkdir -p $(@D)
	$(Q)$(CC) $(VFLAGS) $(BEARDEFS) -I$(BEARSRC)/inc -I$(BEARSRC)/src -c -o $@ $<
$(B)/lib/libbearssl.a: $(VSTAMP) $(BEARO)
	@mkdir -p $(@D)
	$(Q)if [ -z "$(BEARO)" ]; then exec $(MAKE) --no-print-directory BOARD=$(BOARD) VARIANT=$(VARIANT) B=$(B) $@; fi; \
	rm -f $@ && $(CROSS)ar rcD $@ $(BEARO)

# --- our floors ------------------------------------------------------------------------------------
HOOKS   := src/sys/clock_test.c src/sys/fault.c
REL_ONLY := src/base/copy.c
srcs     = $(filter-out $(if $(filter n,$(TESTSRC)),$(HOOKS),$(REL_ONLY)) $(LEFT_OUT),$(wildcard src/$(1)/*.c))
objs     = $(patsubst src/%.c,$(B)/obj/%.o,$(call srcs,$(1)))
LIBS    := $(FLOORS:%=$(B)/lib/lib%.a)

# The leaves that run for each byte of a request are built for speed, all the rest for size: board.mk OPT_HOT, OPT. Where
# the code is packed (PACKED), what a request runs through is built for speed, too: 65 KB more in memory, 25 KB of file,
# and a call costs 18 % less.
HOTSRC  := $(wildcard $(addprefix src/,$(addsuffix .c, $(addprefix base/,buf copy crc pool str) \
           $(addprefix json/,jesc jesc_x86 jout jscan json json_find json_request) $(addprefix http/,field head url) net/wire)))
ifneq ($(PACKED),)
HOTSRC  += $(filter-out $(HOTSRC),$(wildcard $(addprefix src/,$(addsuffix .c, base/arena base/lease base/log base/map \
           $(addprefix http/,body head_resp hout) net/net sys/loop sys/sock sys/timer \
           $(addprefix catalog/,args catalog catalog_open fold params style) filter/* serve/* call/* \
           $(addprefix auth/,key known principal token) $(addprefix gate/,audit gate quota) \
           $(addprefix op/,accept credential meter op record secrets) \
           $(addprefix mcp/,asked gated listing mcp modern rpc) \
           $(addprefix app/,endpoint guard job routes)))))
endif
HOT     := $(HOTSRC:src/%.c=$(B)/obj/%.o) $(B)/vendor/hash/sha2small.o
$(HOT): OPT := $(OPT_HOT)
$(B)/obj/crypt/%.o $(B)/obj/sys/atomic.o: OPT := $(or $(OPT_VENDOR),$(OPT))

$(B)/obj/sys/atomic.o $(B)/obj/crypt/%.o $(B)/vendor/%.o: SMALL += -fno-lto -fzero-call-used-regs=used-gpr
# What unpacks all the rest has nothing else yet: no library that it could call, no stack guard.
$(B)/obj/sys/start.o: SMALL += -fno-lto -fno-stack-protector -fno-tree-loop-distribute-patterns -fno-tree-vectorize -ftrivial-auto-var-init=uninitialized \
    $(START_FLAGS)
$(B)/obj/sys/start.o: OPT := $(OPT_HOT)
$(B)/obj/crypt/%.o $(B)/unit/crypt/%: private CPPFLAGS += -isystem $(BEARSRC)/inc
$(B)/obj/json/%.o: CPPFLAGS += -I$(VENDOR)
# A release says which one it is. Others need not be linked anew for a new name.
$(B)/obj/main/boot.o: CPPFLAGS += -DMCPGATED_VERSION='"$(VER)"' -DBUILD_TIME=$(SOURCE_DATE)
$(B)/obj/main/boot.o: $(if $(filter rel,$(VARIANT)),$(NAMED))

# Flags are no files: what changes them makes everything anew, or a size would be that of yesterday's objects.
$(B)/obj/%.o: src/%.c Makefile board/$(BOARD)/board.mk $(HOW) | $(VSTAMP) $(CROSSED:%=%/.there)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

define floor_lib
$(B)/lib/lib$(1).a: $$(call objs,$(1)) $(WHICH)
	@mkdir -p $$(@D)
	$$(Q)rm -f $$@ && $$(CROSS)ar rcD $$@ $$(filter %.o,$$^)
endef
$(foreach f,$(FLOORS),$(eval $(call floor_lib,$(f))))

ALLOBJ  := $(foreach f,$(FLOORS),$(call objs,$(f)))
-include $(ALLOBJ:.o=.d)

# fs/ as one object: a C table that tools/pack.c makes on the machine that builds, so every compiler can do it.
HOSTCC  ?= gcc
PACK    := build/host/pack
SQUEEZE := build/host/squeeze
$(PACK) $(SQUEEZE): build/host/%: tools/%.c tools/packer.h tools/way.h tools/apart.h tools/apart_mips.h src/base/pack.h src/base/arena.h src/sys/image.h $(HOSTHOW)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -O2 -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Isrc -Iboard/native -o $@.$$$$ $< && mv $@.$$$$ $@
# FS_EDIT: a script that takes from a copy of fs/ what a board leaves out.
$(B)/gen/pack.c: $(PACK) $(FS_EDIT) $(shell find fs -type f 2>/dev/null)
	@mkdir -p $(@D)
	$(Q)rm -rf $(@D)/fs && cp -R fs $(@D)/fs $(if $(FS_EDIT),&& cd $(@D)/fs && sh $(CURDIR)/$(FS_EDIT))
	$(Q)$(PACK) $(@D)/fs > $@.new && mv $@.new $@ && rm -rf $(@D)/fs
# INSTEAD: sources that answer for what a board leaves out (LEFT_OUT).
$(B)/instead/%.o: board/$(BOARD)/%.c Makefile board/$(BOARD)/board.mk $(HOW) | $(VSTAMP) $(CROSSED:%=%/.there)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<
$(B)/gen/pack.o: $(B)/gen/pack.c | $(CROSSED:%=%/.there)
	$(Q)$(CC) $(filter-out -Wpedantic -Werror -MMD -MP,$(CFLAGS)) -c -o $@ $<

LINKLIBS := $(foreach f,$(call below,main),$(B)/lib/lib$(f).a)
ifeq ($(VARIANT),rel)
ifneq ($(MUSL),)
M       := $(dir $(MUSL))
LINK     = $(CROSS)gcc $(OPT) $(HARDEN) $(SMALL) $(or $(LINK_AS),-static-pie) -nostdlib -nostartfiles $(M)$(or $(LINK_CRT),rcrt1.o) $(M)crti.o $(1) \
           -Wl,--start-group $(M)libc.a -lgcc -Wl,--end-group $(M)crtn.o \
           -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code,--no-dynamic-linker$(if $(PAGE),$(comma)-z$(comma)max-page-size=$(PAGE)$(comma)-z$(comma)common-page-size=$(PAGE)) \
           -Wl,--gc-sections -Wl,--build-id=none \
           -Wl,--version-script=tools/local.map $(if $(PACKED),-Wl$(comma)-e$(comma)image_entry$(comma)-T$(comma)tools/image.ld) $(LINK_ARCH)
else
LINK     = $(CC) $(OPT) $(HARDEN) $(SMALL) -static-pie $(1) -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--gc-sections -Wl,--build-id=none
endif
else
LINK     = $(CC) $(LDSAN) $(1) -lpthread
endif

# Where the entry is ours the constants are packed, too: the file that runs has no sections, $@.sym is for whoever looks.
$(B)/mcpgated: $(LINKLIBS) $(B)/lib/libbearssl.a $(B)/gen/pack.o $(INSTEAD:board/$(BOARD)/%.c=$(B)/instead/%.o) $(WHICH) $(if $(PACKED),$(SQUEEZE) tools/image.ld)
	$(Q)$(call LINK,-o $@.sym $(B)/obj/main/main.o $(B)/gen/pack.o $(INSTEAD:board/$(BOARD)/%.c=$(B)/instead/%.o) \
	    -Wl$(comma)--start-group $(LINKLIBS) $(B)/lib/libbearssl.a -Wl$(comma)--end-group)
	$(Q)$(if $(filter-out rel,$(VARIANT)),cp $@.sym $@,$(if $(PACKED),$(SQUEEZE) $@.sym $@.small && chmod 755 $@.small && mv $@.small $@,$(STRIP) -s -o $@ $@.sym))
	$(Q)$(if $(and $(filter rel,$(VARIANT)),$(PACKED)),$(LINK_THEN))
comma   := ,
STRIP   ?= $(CROSS)strip
$(call note,$(HOW),$(strip $(CURDIR) $(CC) $(CFLAGS) $(VFLAGS) $(OPT_HOT) $(START_FLAGS) $(HOTSRC)))
$(call note,$(WHICH),$(strip $(foreach f,$(FLOORS),$(call srcs,$(f))) $(call LINK,) $(STRIP) $(PACKED)))
$(call note,$(HOSTHOW),$(CURDIR) $(HOSTCC))
$(if $(filter rel,$(VARIANT)),$(call note,$(NAMED),$(VER) $(SOURCE_DATE)))

# --- unit tests: tests/unit/<folder>/test_<file>.c links that folder and the floors below it -------
UNITS   := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*/test_*.c))
TESTLIB := $(patsubst tests/lib/%.c,$(B)/testlib/%.o,$(wildcard tests/lib/*.c))
.PRECIOUS: $(B)/testlib/%.o
$(B)/testlib/%.o: tests/lib/%.c $(HOW) | $(VSTAMP)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -Itests -c -o $@ $<

define unit_rule
$(B)/unit/$(1)/%: tests/unit/$(1)/%.c $(TESTLIB) $(foreach f,$(call below,$(1)),$(B)/lib/lib$(f).a) $(B)/lib/libbearssl.a
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(CPPFLAGS) $$(CFLAGS) -Wno-frame-larger-than -Itests -o $$@ $$< $$(LDSAN) \
	    $$(if $$(NEEDS_TESTLIB_$(1)),$$(TESTLIB),) \
	    -Wl,--start-group $$(TESTLIB) $$(filter %.a,$$^) -Wl,--end-group -lcmocka -lpthread
endef
$(foreach f,$(FLOORS),$(eval $(call unit_rule,$(f))))
-include $(UNITS:%=%.d) $(TESTLIB:.o=.d)

units: $(UNITS)
	$(Q)RUN='$(RUN)' sh tools/units $(UNITS)
test:
	$(Q)$(MAKE) --no-print-directory VARIANT=test units
	$(Q)$(MAKE) --no-print-directory VARIANT=asan units

# The store's crash tests (tests/store/run.sh) judge this driver by what it acknowledged.
DRVLIBS := $(foreach f,$(call below,store),$(B)/lib/lib$(f).a) $(B)/lib/libbearssl.a
$(B)/store-driver: tests/store/driver.c $(DRVLIBS)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -Wno-frame-larger-than -o $@ $< $(LDSAN) \
	    -Wl,--start-group $(DRVLIBS) -Wl,--end-group -lpthread

# The YAML reader for a judge that we did not write (tests/outside/yaml.test.mjs).
YMLLIBS := $(foreach f,$(call below,catalog),$(B)/lib/lib$(f).a)
$(B)/yaml-driver: tests/yaml/driver.c $(YMLLIBS)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -Wno-frame-larger-than -o $@ $< $(LDSAN) -Wl,--start-group $(YMLLIBS) -Wl,--end-group -lpthread

# The gate for a judge that knows only what it should do (tests/outside/gate.test.mjs).
GATLIBS := $(foreach f,$(call below,gate),$(B)/lib/lib$(f).a)
$(B)/gate-driver: tests/gate/driver.c tests/lib/doc.h $(GATLIBS) $(B)/lib/libbearssl.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -Wno-frame-larger-than -Itests -o $@ $< $(LDSAN) \
	    -Wl,--start-group $(GATLIBS) $(B)/lib/libbearssl.a -Wl,--end-group -lpthread

# --- fuzz: tests/fuzz/fuzz_<x>.c names its floor in a first line  /* floor: http */ ------------------
T       ?= 60
fuzz:
	$(Q)$(MAKE) --no-print-directory VARIANT=fuzz $(if $(X),build/$(BOARD)-fuzz/fuzz/fuzz_$(X),fuzzers)
	$(Q)sh tools/fuzz build/$(BOARD)-fuzz $(T) $(X)
FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
.PHONY: fuzzers
fuzzers: $(FUZZERS)
ifeq ($(VARIANT),fuzz)
fuzz_libs = $(foreach f,$(call below,$(shell sed -n '1s,^/\* floor: \([a-z]*\).*,\1,p' tests/fuzz/$(1).c)),$(B)/lib/lib$(f).a)
define fuzz_rule
$(B)/fuzz/$(1): tests/fuzz/$(1).c $(call fuzz_libs,$(1)) $(B)/lib/libbearssl.a
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(CFLAGS) -fsanitize=fuzzer -Itests -o $$@ $$< -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group -lpthread
endef
$(foreach f,$(FUZZERS:$(B)/fuzz/%=%),$(eval $(call fuzz_rule,$(f))))
endif

# --- judgement -------------------------------------------------------------------------------------
check: $(B)/mcpgated
	$(Q)sh tools/check $(B)
size: $(B)/mcpgated
	$(Q)CROSS='$(CROSS)' RUN='$(QEMU)' SIZE_MAX='$(SIZE_MAX)' BOARD_IS='BOARD=$(BOARD)$(LIKE:%= LIKE=%)' sh tools/size $(B)
boards:
	$(Q)sh tests/boards/all.sh
fidelity: $(B)/mcpgated
	$(Q)FIDELITY=full VERBOSE=1 MCPGATED=$(CURDIR)/$(B)/mcpgated sh tests/outside/run.sh fidelity.test.mjs schemas.test.mjs
bench: $(B)/mcpgated
	$(Q)sh tools/bench $(B)/mcpgated
dist:
	$(Q)sh tools/package dist
clean:
	rm -rf build
