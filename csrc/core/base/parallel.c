#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sched_getaffinity */
#endif
#include "core/base/parallel.h"

#include <stdatomic.h>

#include "core/base/memory.h"
#include "core/base/number.h"

#if defined(_WIN32)
#define WITH_WINDOWS_THREADS 1
#include <windows.h>
#elif defined(__wasi__) || (defined(__EMSCRIPTEN__) && !defined(__EMSCRIPTEN_PTHREADS__))
#define WITHOUT_THREADS 1
#else
#define WITH_POSIX_THREADS 1
#include <pthread.h>
#include <sched.h>
#include <unistd.h>
#endif

#define STACK_SIZE   (2 << 20)
#define MOST_THREADS 256

/* What all threads of one call share. */
typedef struct team {
    ma_task task;
    void *context;
    int64_t count;
    _Atomic int64_t next; /* the item that is begun next */
    atomic_bool failed;
} team;

typedef struct worker {
    team *team;
#if defined(WITH_WINDOWS_THREADS)
    HANDLE thread;
#elif defined(WITH_POSIX_THREADS)
    pthread_t thread;
#endif
    ma_status status;
    int64_t failed_at;
    ma_error error;
} worker;

/* Items are begun in order, and one that was taken is always run. So when an item fails, all before
 * it have begun: the lowest that fails is found however the threads are scheduled. */
static void
work(worker *self)
{
    team *team = self->team;
    while (!atomic_load_explicit(&team->failed, memory_order_relaxed)) {
        const int64_t item = atomic_fetch_add_explicit(&team->next, 1, memory_order_relaxed);
        if (item >= team->count) {
            return;
        }
        self->status = team->task(team->context, item, &self->error);
        if (self->status != MA_OK) {
            self->failed_at = item;
            atomic_store_explicit(&team->failed, true, memory_order_relaxed);
            return;
        }
    }
}

/* ---- threads, as each system has them ---- */

#if defined(WITH_WINDOWS_THREADS)

static DWORD WINAPI
run_thread(void *context)
{
    work(context);
    return 0;
}

static bool
start_thread(worker *self)
{
    self->thread =
        CreateThread(NULL, STACK_SIZE, run_thread, self, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    return self->thread != NULL;
}

static void
join_thread(worker *self)
{
    (void)WaitForSingleObject(self->thread, INFINITE);
    (void)CloseHandle(self->thread);
}

int
ma_processors(void)
{
    DWORD_PTR ours, all;
    int count = 0;
    if (GetProcessAffinityMask(GetCurrentProcess(), &ours, &all)) {
        for (; ours != 0; ours &= ours - 1) {
            count++;
        }
    }
    return count > 0 ? count : 1;
}

#elif defined(WITH_POSIX_THREADS)

static void *
run_thread(void *context)
{
    work(context);
    return NULL;
}

static bool
start_thread(worker *self)
{
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) {
        return false;
    }
    /* where the size is refused, the system's own will do */
    (void)pthread_attr_setstacksize(&attributes, STACK_SIZE);
    const int failure = pthread_create(&self->thread, &attributes, run_thread, self);
    (void)pthread_attr_destroy(&attributes);
    return failure == 0;
}

static void
join_thread(worker *self)
{
    (void)pthread_join(self->thread, NULL);
}

int
ma_processors(void)
{
#ifdef __linux__
    cpu_set_t set; /* fails on a machine with more than 1,024 processors */
    if (sched_getaffinity(0, sizeof(set), &set) == 0) {
        return (int)ma_max_i64(CPU_COUNT(&set), 1);
    }
#endif
    return (int)ma_max_i64(sysconf(_SC_NPROCESSORS_ONLN), 1);
}

#else

static bool
start_thread(worker *self)
{
    (void)self;
    return false;
}

static void
join_thread(worker *self)
{
    (void)self;
}

int
ma_processors(void)
{
    return 1;
}

#endif

/* ---- one call ---- */

static ma_status
run_alone(ma_task task, void *context, int64_t count, ma_error *err)
{
    for (int64_t i = 0; i < count; i++) {
        MA_TRY(task(context, i, err));
    }
    return MA_OK;
}

/* What the failure of the lowest index said; NULL if all went well. */
static const worker *
first_to_blame(const worker *workers, int count)
{
    const worker *first = NULL;
    for (int i = 0; i < count; i++) {
        const worker *it = &workers[i];
        if (it->status != MA_OK && (first == NULL || it->failed_at < first->failed_at)) {
            first = it;
        }
    }
    return first;
}

static ma_status
run_team(team *team, worker *workers, int count, ma_error *err)
{
    int started = 0;
    for (int i = 0; i < count; i++) {
        workers[i].team = team;
        workers[i].status = MA_OK;
        ma_error_init(&workers[i].error);
        if (err != NULL) { /* what the caller knows already, as a task that is run alone has it */
            workers[i].error.offset = err->offset;
            workers[i].error.message = err->message;
        }
    }
    /* the first of them is this thread */
    while (started + 1 < count && start_thread(&workers[started + 1])) {
        started++;
    }
    work(&workers[0]);
    for (int i = 1; i <= started; i++) {
        join_thread(&workers[i]);
    }
    const worker *blamed = first_to_blame(workers, count);
    if (blamed == NULL) {
        return MA_OK;
    }
    if (err != NULL) {
        *err = blamed->error;
    }
    return blamed->status;
}

ma_status
ma_parallel(ma_task task, void *context, int64_t count, int threads, ma_error *err)
{
    const int64_t wanted = ma_min_i64(threads > 0 ? threads : ma_processors(), MOST_THREADS);
    const int n_workers = (int)ma_min_i64(wanted, count);
    worker *workers = n_workers > 1 ? ma_malloc(n_workers * (int64_t)sizeof(worker)) : NULL;
    if (workers == NULL) { /* slower, but done */
        return run_alone(task, context, count, err);
    }
    team team = {.task = task, .context = context, .count = count};
    atomic_init(&team.next, 0);
    atomic_init(&team.failed, false);
    const ma_status st = run_team(&team, workers, n_workers, err);
    ma_free(workers);
    return st;
}
