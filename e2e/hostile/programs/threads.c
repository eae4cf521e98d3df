// Makes threads until the kernel has enough of it.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void *wait_for_ever(void *unused) {
  pause();
  return unused;
}

int main(void) {
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 64 * 1024);
  int made = 0, error;
  for (pthread_t thread; !(error = pthread_create(&thread, &small, wait_for_ever, NULL)); made++)
    ;
  printf("= %d threads, then %s\n", made, strerrorname_np(error));
  return 1;
}
