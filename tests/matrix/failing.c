/* A disk that fails, and one without locks: preloaded, it lets the calls of the C library fail for some files, from some moment on.
   FAILING: what stands in the paths of the files; FAILING_CALLS: "write" (and sync) or "lock"; FAILING_CODE: the number of the error;
   FAILING_FROM: it fails while a file of this name is there. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static int fails(int fd, const char *calls)
{
    const char *part = getenv("FAILING"), *when = getenv("FAILING_FROM"), *wanted = getenv("FAILING_CALLS"), *code = getenv("FAILING_CODE");
    char link[64], path[4096];
    int kept = errno;
    if (!part || !wanted || !code || strcmp(wanted, calls) || (when && access(when, F_OK))) {
        errno = kept;
        return 0;
    }
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    errno = kept;
    if (size < 0)
        return 0;
    path[size] = 0;
    if (!strstr(path, part))
        return 0;
    errno = atoi(code);
    return 1;
}

#define REAL(name) ((__typeof__(&name)) dlsym(RTLD_NEXT, #name))
#define FAIL(calls) do { if (fails(fd, calls)) return -1; } while (0)

ssize_t write(int fd, const void *data, size_t size) { FAIL("write"); return REAL(write)(fd, data, size); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { FAIL("write"); return REAL(pwrite)(fd, data, size, at); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) { FAIL("write"); return REAL(pwrite64)(fd, data, size, at); }
ssize_t writev(int fd, const struct iovec *parts, int count) { FAIL("write"); return REAL(writev)(fd, parts, count); }
int fsync(int fd) { FAIL("write"); return REAL(fsync)(fd); }
int fdatasync(int fd) { FAIL("write"); return REAL(fdatasync)(fd); }
int ftruncate(int fd, off_t size) { FAIL("write"); return REAL(ftruncate)(fd, size); }
int ftruncate64(int fd, off64_t size) { FAIL("write"); return REAL(ftruncate64)(fd, size); }
int flock(int fd, int what) { FAIL("lock"); return REAL(flock)(fd, what); }

static int locks(int command) { return command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK || command == F_OFD_SETLKW; }

int fcntl(int fd, int command, ...)
{
    va_list more;
    va_start(more, command);
    void *value = va_arg(more, void *);
    va_end(more);
    if (locks(command)) FAIL("lock");
    return REAL(fcntl)(fd, command, value);
}

int fcntl64(int fd, int command, ...)
{
    va_list more;
    va_start(more, command);
    void *value = va_arg(more, void *);
    va_end(more);
    if (locks(command)) FAIL("lock");
    return REAL(fcntl64)(fd, command, value);
}
