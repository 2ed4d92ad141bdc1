# For the smallest boxes: another board (LIKE) with less in it: README.md tells what and what to do instead; few
# connections (sizes.h), and built for size everywhere.
#   make BOARD=tiny                  build/tiny-mipsel/mcpgated
#   make BOARD=tiny LIKE=x86_64      build/tiny-x86_64/mcpgated
LIKE     ?= mipsel
include board/$(LIKE)/board.mk
OPT_HOT  := $(OPT)
LEFT_OUT := $(wildcard src/main/cmd_demo.c src/main/*doctor*.c src/app/demo*.c src/app/adminpage.c src/app/adminact.c \
            src/app/adminlog.c \
            src/catalog/import.c src/main/cmd_lint.c)
# Bytes that the file may have (make size).
SIZE_MAX := 409600
INSTEAD  := board/tiny/absent.c board/tiny/absent_import.c
FS_EDIT  := board/tiny/fs.sh
