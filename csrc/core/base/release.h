/* Letting go of what may run anyone's code: Python objects, arrays that others lent.
 *
 * Such a release may let go of more such things, in chains as long as the caller has made them. So
 * a thread runs them within each other only so far, and the rest one after the other; and it can
 * put them off altogether while others may be waiting for it. */
#ifndef MA_BASE_RELEASE_H
#define MA_BASE_RELEASE_H

/* Part of the thing itself. */
typedef struct ma_release {
    struct ma_release *next;
    void (*run)(struct ma_release *self); /* may run any code; frees the thing */
} ma_release;

/* Release now, or as soon as this thread is through with what it is releasing, or has paused. */
void
ma_release_soon(ma_release *self);

/* From here on this thread's releases are put off, until ma_releases_resume was called as often. */
void
ma_releases_pause(void);

/* Runs those that were put off. */
void
ma_releases_resume(void);

/* Run each release by calling this with it, which calls its `run`: for the process, before there
 * are any. */
void
ma_releases_setup(void (*around)(ma_release *self));

#endif
