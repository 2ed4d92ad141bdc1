/* sizes: native takes the defaults of base/limits.h. */
