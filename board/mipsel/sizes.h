/* sizes: mipsel takes the defaults of base/limits.h. */
