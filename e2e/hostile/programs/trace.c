// Tries every way into the memory and the files of process 1.
#include "call.h"
#include <sys/ptrace.h>
#include <sys/uio.h>

int main(void) {
  char there[16] = {0};
  struct iovec mine = {there, sizeof there}, theirs = {(void *)0x400000, sizeof there};
  ATTEMPT("ptrace attach", ptrace(PTRACE_ATTACH, 1, 0, 0));
  ATTEMPT("ptrace seize", ptrace(PTRACE_SEIZE, 1, 0, 0));
  ATTEMPT("process_vm_readv", syscall(SYS_process_vm_readv, 1, &mine, 1, &theirs, 1, 0));
  ATTEMPT("process_vm_writev", syscall(SYS_process_vm_writev, 1, &mine, 1, &theirs, 1, 0));
  ATTEMPT("open /proc/1/mem", open("/proc/1/mem", O_RDWR));
  ATTEMPT("open /proc/1/maps", open("/proc/1/maps", O_RDONLY));
  ATTEMPT("open /proc/1/environ", open("/proc/1/environ", O_RDONLY));
  ATTEMPT("open /proc/1/root", open("/proc/1/root/home", O_RDONLY));
  ATTEMPT("open /proc/1/cwd", open("/proc/1/cwd", O_RDONLY));
  ATTEMPT("open /proc/1/fd", open("/proc/1/fd", O_RDONLY));
  ATTEMPT("open /proc/1/fd/3", open("/proc/1/fd/3", O_RDWR));
  ATTEMPT("open /proc/1/oom_score_adj", open("/proc/1/oom_score_adj", O_WRONLY));
  int agent = syscall(SYS_pidfd_open, 1, 0);
  ATTEMPT("pidfd_getfd", syscall(SYS_pidfd_getfd, agent, 3, 0));
  ATTEMPT("pidfd_send_signal", syscall(SYS_pidfd_send_signal, agent, SIGKILL, NULL, 0));
  ATTEMPT("setns by pidfd", setns(agent, CLONE_NEWNS));
  ATTEMPT("sched_setaffinity", sched_setaffinity(1, sizeof there, (void *)there));
  ATTEMPT("prlimit", syscall(SYS_prlimit64, 1, 7, there, NULL));
  ATTEMPT("process_madvise", syscall(SYS_process_madvise, agent, &theirs, 1, 21, 0));
  ATTEMPT("kcmp", syscall(SYS_kcmp, 1, getpid(), 0, 3, 0));
  return 0;
}
