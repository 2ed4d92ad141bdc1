# The machine this is built on. musl when musl-gcc is there (Debian: musl-tools), else the system's C library.
ARCH := $(shell uname -m)
MUSL := $(wildcard /usr/lib/$(ARCH)-linux-musl/rcrt1.o)
ifneq ($(MUSL),)
CC_REL   := musl-gcc
else
CC_REL   := gcc
endif
# A function with one caller stays a function: its frame and its cold parts are smaller than as a piece of another. The rest keeps
# values where they are instead of copying them about.
OPT      := -Oz -fno-inline-functions-called-once -fno-tree-sra \
            -fno-gcse -fno-caller-saves -fno-move-loop-invariants
OPT_HOT  := -O2
ifeq ($(ARCH),x86_64)
HARDEN_ARCH := -fcf-protection=full
ifneq ($(MUSL),)
# Code and constants are packed in the file (src/sys/image.h); `make PACKED=` leaves them as they are.
PACKED   := y
endif
endif
