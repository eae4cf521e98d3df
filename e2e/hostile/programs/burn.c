// Asks for more of the processors than its share, then takes what it gets.
#include "call.h"
#include <sys/resource.h>

int main(void) {
  struct sched_param high = {.sched_priority = 50}, none = {0};
  struct { uint32_t size, policy; uint64_t flags; int32_t nice; uint32_t priority; uint64_t runtime, deadline, period; } deadline = {
      48, 6, 0, 0, 0, 1000000, 10000000, 10000000};
  ATTEMPT("SCHED_FIFO", sched_setscheduler(0, SCHED_FIFO, &high));
  ATTEMPT("SCHED_RR", sched_setscheduler(0, SCHED_RR, &high));
  ATTEMPT("SCHED_DEADLINE", syscall(SYS_sched_setattr, 0, &deadline, 0));
  ATTEMPT("SCHED_BATCH", sched_setscheduler(0, SCHED_BATCH, &none));
  ATTEMPT("nice -20", setpriority(PRIO_PROCESS, 0, -20));
  ATTEMPT("nice 19", setpriority(PRIO_PROCESS, 0, 19));
  ATTEMPT("ioprio real-time", syscall(SYS_ioprio_set, 1, 0, (1 << 13) | 0));
  puts("burning");
  fflush(stdout);
  for (int n = 0; n < 16; n++)
    if (fork() == 0)
      for (volatile unsigned long turn = 0;; turn++)
        ;
  pause();
  return 0;
}
