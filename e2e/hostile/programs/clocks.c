// Turns every clock it can name, so that no limit would come.
#include "call.h"
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>

int main(void) {
  struct timeval day = {86400, 0};
  struct timespec spec = {86400, 0};
  struct timezone zone = {720, 0};
  struct timex tick = {.modes = ADJ_SETOFFSET | ADJ_OFFSET, .offset = 100000};
  struct timeval slow = {1, 0};
  ATTEMPT("settimeofday", settimeofday(&day, 0));
  ATTEMPT("settimeofday zone", syscall(SYS_settimeofday, 0, &zone));
  ATTEMPT("CLOCK_REALTIME", clock_settime(CLOCK_REALTIME, &spec));
  ATTEMPT("CLOCK_MONOTONIC", clock_settime(CLOCK_MONOTONIC, &spec) < 0 ? -1 : 0);
  ATTEMPT("CLOCK_BOOTTIME", clock_settime(CLOCK_BOOTTIME, &spec));
  ATTEMPT("adjtimex", adjtimex(&tick));
  ATTEMPT("clock_adjtime", clock_adjtime(CLOCK_REALTIME, &tick));
  ATTEMPT("adjtime", adjtime(&slow, 0));
  int offsets = open("/proc/self/timens_offsets", O_WRONLY);
  ATTEMPT("time namespace", offsets < 0 ? -1 : write(offsets, "monotonic 86400 0\n", 18));
  ATTEMPT("unshare time", syscall(SYS_unshare, 0x80));
  ATTEMPT("rtc", open("/dev/rtc0", O_WRONLY));
  ATTEMPT("ptp", open("/dev/ptp0", O_RDWR));
  ATTEMPT("wake alarm", timer_create(CLOCK_REALTIME_ALARM, 0, &(timer_t){0}));
  return 1;
}
