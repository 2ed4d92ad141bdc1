# 64-bit, big endian: mainframes, and the board that finds every mistake in the order of bytes.
GNU      := s390x-linux-gnu
GNU_DIR  := s390x-linux-gnu
MUSL_DIR := s390x-linux-musl
DEB      := s390x
QEMU     := qemu-s390x-static
include board/cross.mk
HARDEN_ARCH := 
