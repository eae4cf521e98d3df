// One line of the table for each attempt: what it was, and how the kernel answered.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static inline void say(const char *what, long answer) {
  const char *name = answer < 0 ? strerrorname_np(errno) : "done";
  if (name) printf("= %s: %s\n", what, name);
  else printf("= %s: %d\n", what, errno);
  fflush(stdout);
}

#define ATTEMPT(what, call) (errno = 0, say(what, (long)(call)))
