# 64-bit ARM: Raspberry Pi 3 and later, most NAS, newer routers.
GNU      := aarch64-linux-gnu
GNU_DIR  := aarch64-linux-gnu
MUSL_DIR := aarch64-linux-musl
DEB      := arm64
QEMU     := qemu-aarch64-static
include board/cross.mk
HARDEN_ARCH := -mbranch-protection=standard
# Segments lie on borders of 16 KB, for kernels with pages of 4 and 16 KB. Those of 64 KB want PAGE=65536: 100 KB more.
PAGE     ?= 16384
