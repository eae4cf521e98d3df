// Memory that belongs to no process: System V segments, POSIX queues, and files without a name. Each is filled so far.
#include "call.h"
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#define MIB (1024L * 1024)

static long fill_segment(long bytes) {
  int id = shmget(IPC_PRIVATE, bytes, IPC_CREAT | 0600);
  if (id < 0) return -1;
  memset(shmat(id, NULL, 0), 1, bytes);
  return 0;
}

static long fill_file(long bytes) {
  int fd = memfd_create("unnamed", 0);
  if (fd < 0) return -1;
  char *room = calloc(1, MIB);
  for (long at = 0; at < bytes; at += MIB)
    if (write(fd, room, MIB) < 0) return -1;
  return 0;
}

int main(int argc, char **argv) {
  ATTEMPT("shm 100 MiB", fill_segment(100 * MIB));
  ATTEMPT("msg", msgget(IPC_PRIVATE, IPC_CREAT | 0600));
  ATTEMPT("sem", semget(IPC_PRIVATE, 1, IPC_CREAT | 0600));
  ATTEMPT("memfd 100 MiB", fill_file(100 * MIB));
  ATTEMPT("mq", syscall(SYS_mq_open, "queue", O_RDWR | O_CREAT, 0600, NULL));
  if (argc > 1) {
    ATTEMPT("shm 300 MiB", fill_segment(300 * MIB));
    ATTEMPT("memfd 300 MiB", fill_file(300 * MIB));
  }
  puts("= filled: done");
  fflush(stdout);
  if (argc == 1) pause();
  return 0;
}
