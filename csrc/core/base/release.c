#include "core/base/release.h"

#include <stdatomic.h>
#include <stddef.h>

#include "core/base/status.h"

/* Deep enough for what is nested in earnest; each level may take some kilobytes of the stack. */
#define MOST_NESTED 50

typedef struct releases {
    int pauses;
    int depth;           /* releases of this thread that run within each other */
    ma_release *put_off; /* the last one first */
} releases;

static MA_THREAD_LOCAL releases of_thread;

static void
run_as_it_is(ma_release *self)
{
    self->run(self);
}

static _Atomic(void (*)(ma_release *)) run_around = run_as_it_is;

void
ma_releases_setup(void (*around)(ma_release *self))
{
    atomic_store(&run_around, around);
}

static void
run(releases *here, ma_release *release)
{
    here->depth++;
    atomic_load_explicit(&run_around, memory_order_relaxed)(release);
    here->depth--;
}

/* One of them may put off others. Those of the deepest level are left to the outermost. */
static void
run_put_off(releases *here)
{
    while (here->put_off != NULL && here->pauses == 0 && here->depth < MOST_NESTED) {
        ma_release *release = here->put_off;
        here->put_off = release->next;
        run(here, release);
    }
}

void
ma_release_soon(ma_release *self)
{
    releases *here = &of_thread;
    if (here->pauses > 0 || here->depth == MOST_NESTED) {
        self->next = here->put_off;
        here->put_off = self;
        return;
    }
    run(here, self);
    if (here->depth == 0) {
        run_put_off(here);
    }
}

void
ma_releases_pause(void)
{
    of_thread.pauses++;
}

void
ma_releases_resume(void)
{
    releases *here = &of_thread;
    here->pauses--;
    run_put_off(here);
}
