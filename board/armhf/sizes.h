/* sizes: armhf takes the defaults of base/limits.h. */
