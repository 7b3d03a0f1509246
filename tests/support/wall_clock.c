/* Lets a program see another wall clock: preloaded, it moves what the C library tells of the time,
 * and the stamps that the kernel gives to datagrams. The monotonic clock stays as it is.
 *
 * The file that WANCTL_WALL_CLOCK names holds five 64-bit numbers: until when (true time) the first
 * offset holds, that offset, the one from then on, all in nanoseconds; then how many stamps were
 * moved and how often the wall clock was asked for, which are written here. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define BILLION 1000000000LL

struct wish {
    _Atomic int64_t until, before, after, stamps, looks;
};

static struct wish *wish;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("WANCTL_WALL_CLOCK");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *room = MAP_FAILED;
    if (file >= 0)
        room = mmap(NULL, sizeof *wish, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    /* Without the file the test would prove nothing. */
    if (room == MAP_FAILED)
        abort();
    close(file);
    wish = room;
}

/* The wall clock's time at this true time. */
static int64_t moved(int64_t nanos)
{
    if (!wish)
        return nanos;
    int64_t until = atomic_load(&wish->until);
    return nanos + atomic_load(nanos < until ? &wish->before : &wish->after);
}

static int64_t wall(void)
{
    struct timespec now;
    syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
    if (wish)
        atomic_fetch_add(&wish->looks, 1);
    return moved(now.tv_sec * BILLION + now.tv_nsec);
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
    if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)
        return syscall(SYS_clock_gettime, clock, time);
    int64_t now = wall();
    time->tv_sec = now / BILLION;
    time->tv_nsec = now % BILLION;
    return 0;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
    (void)zone;
    int64_t now = wall();
    time->tv_sec = now / BILLION;
    time->tv_usec = now % BILLION / 1000;
    return 0;
}

time_t time(time_t *told)
{
    time_t now = wall() / BILLION;
    if (told)
        *told = now;
    return now;
}

/* A control message may hold seconds with nanoseconds or with microseconds. */
static void move_stamp(struct cmsghdr *message, int64_t unit)
{
    int64_t parts[2];
    memcpy(parts, CMSG_DATA(message), sizeof parts);
    int64_t stamp = moved(parts[0] * BILLION + parts[1] * unit);
    parts[0] = stamp / BILLION;
    parts[1] = stamp % BILLION / unit;
    memcpy(CMSG_DATA(message), parts, sizeof parts);
    atomic_fetch_add(&wish->stamps, 1);
}

static void move_stamps(struct msghdr *header)
{
    struct cmsghdr *message = header->msg_controllen ? CMSG_FIRSTHDR(header) : NULL;
    for (; message; message = CMSG_NXTHDR(header, message)) {
        if (message->cmsg_level != SOL_SOCKET)
            continue;
        if (message->cmsg_type == SCM_TIMESTAMPNS)
            move_stamp(message, 1);
        else if (message->cmsg_type == SCM_TIMESTAMP)
            move_stamp(message, 1000);
    }
}

int recvmmsg(int socket, struct mmsghdr *headers, unsigned int count, int flags,
             struct timespec *timeout)
{
    int got = syscall(SYS_recvmmsg, socket, headers, count, flags, timeout);
    for (int i = 0; i < got; i++)
        move_stamps(&headers[i].msg_hdr);
    return got;
}

ssize_t recvmsg(int socket, struct msghdr *header, int flags)
{
    ssize_t got = syscall(SYS_recvmsg, socket, header, flags);
    if (got >= 0)
        move_stamps(header);
    return got;
}
