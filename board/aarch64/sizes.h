/* sizes: aarch64 takes the defaults of base/limits.h. */
