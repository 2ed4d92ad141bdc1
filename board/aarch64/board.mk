# 64-bit ARM: Raspberry Pi 3 and later, most NAS, newer routers.
GNU      := aarch64-linux-gnu
GNU_DIR  := aarch64-linux-gnu
MUSL_DIR := aarch64-linux-musl
DEB      := arm64
QEMU     := qemu-aarch64-static
include board/cross.mk
HARDEN_ARCH := -mbranch-protection=standard
# Kernels with pages of 4, 16 and 64 KB.
PAGE     := 65536
