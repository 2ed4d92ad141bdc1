# 64-bit PCs and servers, as a release is made: always musl, whatever the machine that builds has.
GNU      := x86_64-linux-gnu
GNU_DIR  := x86_64-linux-gnu
MUSL_DIR := x86_64-linux-musl
DEB      := amd64
QEMU     := 
include board/cross.mk
HARDEN_ARCH := -fcf-protection=full
RUN      :=
