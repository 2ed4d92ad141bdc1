# 32-bit MIPS, little endian, release 2: routers with MT7620, MT7621, MT7628.
GNU      := mipsel-linux-gnu
GNU_DIR  := mipsel-linux-gnu
MUSL_DIR := mipsel-linux-musl
DEB      := mipsel
QEMU     := qemu-mipsel-static
# All of it for size, in the short instructions of MIPS16e that all these have (a quarter less); only BearSSL and crypt/
# multiply in long ones. MIPS16e knows no -fstack-clash-protection; no frame here is larger than 2 KB (the compiler
# watches), so none can step over the guard page.
OPT      := -Oz -mips16
OPT_HOT  := -Oz -mips16
OPT_VENDOR := -Oz
CLASH    :=
include board/cross.mk
HARDEN_ARCH :=
# Kernels with pages of 4 and 16 KB.
PAGE     ?= 16384
