# A board of another machine: GNU is how gcc calls it, MUSL_DIR how musl does, DEB how Debian does.
# Needs gcc-$(GNU) of this machine's own packages. musl comes from the system (musl-dev:$(DEB)) or, without any foreign
# architecture being added to it, from tools/cross, which keeps it under build/cross/.
CROSS    := $(GNU)-
CROSSED  := $(if $(wildcard /usr/lib/$(MUSL_DIR)/rcrt1.o),,build/cross/$(DEB))
MUSL     := $(CROSSED)/usr/lib/$(MUSL_DIR)/rcrt1.o
CC_REL   := $(CROSS)gcc -nostdinc -isystem $(CROSSED)/usr/include/$(MUSL_DIR) \
            -isystem $(shell $(CROSS)gcc -print-file-name=include 2>/dev/null)
# Unit tests stand on glibc as everywhere, and run under qemu where the processor is another.
CC_TEST  := $(CROSS)gcc -isystem build/cross/$(DEB)/usr/include -Lbuild/cross/$(DEB)/usr/lib/$(GNU_DIR)
RUN      := $(QEMU) -L /usr/$(GNU) -E LD_LIBRARY_PATH=build/cross/$(DEB)/usr/lib/$(GNU_DIR)
OPT      ?= -Oz -fno-inline-functions-called-once -fno-tree-sra \
            -fno-gcse -fno-caller-saves -fno-move-loop-invariants
OPT_HOT  ?= -O2
WERROR   :=
# Code and constants are packed in the file (src/sys/image.h); `make PACKED=` leaves them as they are.
PACKED   ?= y
