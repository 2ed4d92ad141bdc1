/* sizes: x86_64 takes the defaults of base/limits.h. */
