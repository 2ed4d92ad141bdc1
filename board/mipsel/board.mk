# 32-bit MIPS, little endian, release 2: routers with MT7620, MT7621, MT7628.
GNU      := mipsel-linux-gnu
GNU_DIR  := mipsel-linux-gnu
MUSL_DIR := mipsel-linux-musl
DEB      := mipsel
QEMU     := qemu-mipsel-static
# All of it for size, in the short instructions of MIPS16e that all these have (a quarter less); only BearSSL and crypt/
# multiply in long ones. MIPS16e knows no -fstack-clash-protection; no frame here is larger than 2 KB (the compiler
# watches), so none can step over the guard page.
# gcc forgets that the first instructions of a MIPS16e function use $3, so no caller may rely on what one leaves alone
# (-fno-ipa-ra). Why the rest: board/native/board.mk.
OPT      := -Oz -mips16 -fno-ipa-ra -fno-inline-functions-called-once -fno-tree-sra \
            -fno-gcse -fno-caller-saves -fno-move-loop-invariants
OPT_HOT  := $(OPT)
OPT_VENDOR := -Oz -minterlink-compressed
CLASH    :=
include board/cross.mk
HARDEN_ARCH :=
# Kernels with pages of 4, 16 and 64 KB.
PAGE     := 65536
LINK_ARCH := -Wl,-T,board/mipsel/got.ld
# What unpacks all the rest runs before there are addresses: no table of them for its calls, and long instructions.
START_FLAGS := -Os -mno-mips16 -mno-abicalls -fno-pic -fno-pie -G0 -fno-optimize-sibling-calls
ifneq ($(PACKED),)
# Code that finds its addresses in a table, so that it may lie anywhere, is a third longer here. Ours holds them as they
# are, linked for address 0; tools/squeeze takes them out, and what unpacks the program puts them in for the place where
# the system has put it: the file may lie anywhere all the same. musl's own code goes by the table.
ANYWHERE := -fno-pie -fno-pic -mno-abicalls -G0
LINK_AS  := -static -no-pie
LINK_CRT := crt1.o
LINK_ARCH += -Wl,--emit-relocs,-Ttext-segment=0,--no-warn-mismatch -Wl,--no-warnings
# Nobody else wants to know where addresses are, least of all who reads the debug information.
LINK_THEN = $(CROSS)objcopy --remove-relocations='*' $@.sym
endif
