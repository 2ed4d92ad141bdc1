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
# (-fno-ipa-ra).
OPT      := -Oz -mips16 -fno-ipa-ra
OPT_HOT  := -Oz -mips16 -fno-ipa-ra
OPT_VENDOR := -Oz
CLASH    :=
include board/cross.mk
HARDEN_ARCH :=
# Kernels with pages of 4, 16 and 64 KB.
PAGE     := 65536
LINK_ARCH := -Wl,-T,board/mipsel/got.ld
# What unpacks all the rest runs before there are addresses: no table of them for its calls, and long instructions.
START_FLAGS := -Os -mno-mips16 -mabicalls -mno-shared -fno-pic -fno-pie
