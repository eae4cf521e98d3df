// Holds memory in place, takes huge pages, and asks for swap of its own.
#include "call.h"
#include <sys/mman.h>
#include <sys/resource.h>

int main(void) {
  size_t size = 256UL << 20;
  void *held = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
  ATTEMPT("RLIMIT_MEMLOCK", setrlimit(RLIMIT_MEMLOCK, &all));
  ATTEMPT("mlock", mlock(held, size));
  ATTEMPT("mlock2", syscall(SYS_mlock2, held, size, 1));
  ATTEMPT("mlockall", mlockall(MCL_CURRENT | MCL_FUTURE));
  ATTEMPT("MAP_LOCKED", (long)mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0) == -1 ? -1 : 0);
  ATTEMPT("MAP_HUGETLB", (long)mmap(0, 64UL << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0) == -1 ? -1 : 0);
  ATTEMPT("SHM_HUGETLB", syscall(SYS_shmget, 0, 64UL << 20, 04000 | 01000 | 0600));
  ATTEMPT("memfd huge", syscall(SYS_memfd_create, "huge", 4U) < 0 ? -1 : 0);
  int file = open("/tmp/swap", O_RDWR | O_CREAT, 0600);
  if (file >= 0 && ftruncate(file, 1 << 20) == 0) ATTEMPT("swapon", syscall(SYS_swapon, "/tmp/swap", 0));
  ATTEMPT("swapoff", syscall(SYS_swapoff, "/dev/sda2"));
  unlink("/tmp/swap");
  return 1;
}
