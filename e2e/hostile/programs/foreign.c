// The same kernel by its other doors: a filter that knows only the numbers of the machine's own programs would let these
// pass, or take one call for another. Each attempt is a process of its own, since a filter may kill.
#include "call.h"

static long by_int80(long number, long first, long second, long third) {
  long answer;
  __asm__ volatile("int $0x80" : "=a"(answer) : "a"(number), "b"(first), "c"(second), "d"(third) : "memory", "r8", "r9", "r10", "r11");
  return answer;
}

static long by_x32(long number, long first, long second, long third) { return syscall(0x40000000 + number, first, second, third); }

typedef long door(long number, long first, long second, long third);

static void attempt(const char *what, door *through, long number, long first) {
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) {
    errno = 0;
    long answer = through(number, first, 0, 0);
    if (answer < 0 && answer > -4096 && answer != -1) errno = -answer; // int80 answers without libc
    _exit(answer < 0 ? errno : 200);
  }
  int status;
  waitpid(pid, &status, 0);
  if (WIFSIGNALED(status)) printf("= %s: killed by %s\n", what, sigabbrev_np(WTERMSIG(status)));
  else if (WEXITSTATUS(status) == 200) printf("= %s: done\n", what);
  else printf("= %s: %s\n", what, strerrorname_np(WEXITSTATUS(status)));
  fflush(stdout);
}

int main(void) {
  attempt("int80 getpid", by_int80, 20, 0);
  attempt("int80 mount", by_int80, 21, 0);
  attempt("int80 ptrace", by_int80, 26, 16);
  attempt("int80 unshare", by_int80, 310, CLONE_NEWUSER);
  attempt("int80 add_key", by_int80, 286, 0);
  attempt("int80 keyctl", by_int80, 288, 0);
  attempt("int80 bpf", by_int80, 357, 0);
  attempt("int80 io_uring_setup", by_int80, 425, 1);
  attempt("int80 socketcall", by_int80, 102, 1);
  attempt("x32 getpid", by_x32, 39, 0);
  attempt("x32 mount", by_x32, 165, 0);
  attempt("x32 ptrace", by_x32, 521, 16);
  attempt("x32 unshare", by_x32, 272, CLONE_NEWUSER);
  attempt("x32 keyctl", by_x32, 250, 0);
  attempt("x32 bpf", by_x32, 321, 0);
  attempt("x32 io_uring_setup", by_x32, 425, 1);
  return 0;
}
