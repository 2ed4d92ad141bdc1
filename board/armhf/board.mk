# 32-bit ARMv7 with hardware floating point: Raspberry Pi 2, routers of the Cortex-A7 and A9 kind.
GNU      := arm-linux-gnueabihf
GNU_DIR  := arm-linux-gnueabihf
MUSL_DIR := arm-linux-musleabihf
DEB      := armhf
QEMU     := qemu-arm-static
include board/cross.mk
HARDEN_ARCH :=
# Nothing is built for speed: gcc takes a string for aligned there, but does not align it when code that is built for size
# has the same one (a bus error, seen in the line of an audit).
OPT_HOT  := $(OPT)
