/* sizes: s390x takes the defaults of base/limits.h. */
