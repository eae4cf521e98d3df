// Every way to a namespace of one's own, where an ordinary user would hold all capabilities.
#include "call.h"
#include <linux/sched.h>

// A child that comes into being all the same ends at once.
static long forked(long pid) {
  if (pid == 0) _exit(0);
  if (pid > 0) waitpid(pid, NULL, 0);
  return pid;
}

static long cloned(unsigned long flags) { return forked(syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0)); }

static long cloned3(uint64_t flags) {
  struct clone_args args = {.flags = flags, .exit_signal = SIGCHLD};
  return forked(syscall(SYS_clone3, &args, sizeof args));
}

int main(void) {
  static const struct { const char *name; unsigned long flag; } KINDS[] = {
    {"user", CLONE_NEWUSER}, {"mount", CLONE_NEWNS}, {"pid", CLONE_NEWPID}, {"net", CLONE_NEWNET},
    {"ipc", CLONE_NEWIPC},   {"uts", CLONE_NEWUTS},  {"cgroup", CLONE_NEWCGROUP}, {"time", 0x80},
  };
  char what[64];
  for (unsigned i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
    snprintf(what, sizeof what, "unshare %s", KINDS[i].name);
    ATTEMPT(what, unshare(KINDS[i].flag));
    if (KINDS[i].flag == 0x80) continue; // to clone it is part of the signal's number
    snprintf(what, sizeof what, "clone %s", KINDS[i].name);
    ATTEMPT(what, cloned(KINDS[i].flag));
    snprintf(what, sizeof what, "clone user and %s", KINDS[i].name);
    ATTEMPT(what, cloned(CLONE_NEWUSER | KINDS[i].flag));
  }
  ATTEMPT("clone3 user", cloned3(CLONE_NEWUSER));
  ATTEMPT("clone3 time", cloned3(0x80));
  ATTEMPT("clone3 plain", cloned3(0));
  ATTEMPT("clone plain", cloned(0));
  static const char *OPEN[] = {"user", "mnt", "pid", "net"};
  for (unsigned i = 0; i < sizeof OPEN / sizeof *OPEN; i++) {
    snprintf(what, sizeof what, "/proc/self/ns/%s", OPEN[i]);
    int own = open(what, O_RDONLY);
    snprintf(what, sizeof what, "setns %s", OPEN[i]);
    ATTEMPT(what, setns(own, 0));
  }
  ATTEMPT("write uid_map", write(open("/proc/self/uid_map", O_WRONLY), "0 0 1", 5));
  ATTEMPT("write setgroups", write(open("/proc/self/setgroups", O_WRONLY), "allow", 5));
  ATTEMPT("setuid 0", setuid(0));
  ATTEMPT("setgid 0", setgid(0));
  ATTEMPT("setgroups", syscall(SYS_setgroups, 1, (gid_t[]){0}));
  return 0;
}
