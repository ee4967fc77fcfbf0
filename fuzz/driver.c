/* Runs a target over files, and over all files below folders, without a fuzzer.
 *
 * Each input lies in a block of exactly its size, so that AddressSanitizer sees one byte too far.
 * What begins with `-` is a switch for libFuzzer, and ignored. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

/* AddressSanitizer asks for this before main. The targets' limits are 1 MiB; only finding out what
 * is wrong with an LZ4 block takes 255 times its bytes, of which the kept inputs have few. */
const char *
__asan_default_options(void)
{
    return "max_allocation_size_mb=3";
}

static int
die(const char *path)
{
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    exit(2);
}

static void
run_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(size > 0 ? size : 1);
    if (file == NULL || data == NULL || fread(data, 1, size, file) != size) {
        die(path);
    }
    fclose(file);
    if (getenv("FUZZ_VERBOSE") != NULL) {
        fprintf(stderr, "%s\n", path);
    }
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
}

static size_t
run_path(const char *path);

static size_t
run_folder(const char *path)
{
    size_t count = 0;
    struct dirent *entry;
    DIR *folder = opendir(path);
    if (folder == NULL) {
        die(path);
    }
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        const size_t size = strlen(path) + strlen(entry->d_name) + 2;
        char *inner = malloc(size);
        if (inner == NULL) {
            die(path);
        }
        (void)snprintf(inner, size, "%s/%s", path, entry->d_name);
        count += run_path(inner);
        free(inner);
    }
    closedir(folder);
    return count;
}

/* How many inputs that were. */
static size_t
run_path(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        die(path);
    }
    if (S_ISDIR(status.st_mode)) {
        return run_folder(path);
    }
    run_file(path, (size_t)status.st_size);
    return 1;
}

int
main(int argc, char **argv)
{
    size_t count = 0;
    (void)LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] != '-') {
            count += run_path(argv[i]);
        }
    }
    printf("%s: %zu inputs\n", argv[0], count);
    return 0;
}
