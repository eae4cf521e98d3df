// The kernel's larger and younger parts, which no program needs that somebody tries in a browser. Arguments are such that
// a call that is let through answers something else than one that is not. On x86 also through the doors of 32-bit and of
// x32 programs, whose numbers differ.
#include "call.h"

int main(void) {
  char room[256] = {0};
  // A filter's refusal must be told from a call's own: these arguments would be EFAULT, EINVAL, EBADF or success.
  ATTEMPT("bpf", syscall(SYS_bpf, 0, room, sizeof room));
  ATTEMPT("perf_event_open", syscall(SYS_perf_event_open, room, 0, -1, -1, 0));
  ATTEMPT("userfaultfd", syscall(SYS_userfaultfd, 1));
  ATTEMPT("io_uring_setup", syscall(SYS_io_uring_setup, 1, room));
  ATTEMPT("io_uring_enter", syscall(SYS_io_uring_enter, 0, 0, 0, 0, NULL));
  ATTEMPT("io_uring_register", syscall(SYS_io_uring_register, 0, 0, NULL, 0));
  ATTEMPT("add_key", syscall(SYS_add_key, "user", "name", "value", 5, -3));
  ATTEMPT("request_key", syscall(SYS_request_key, "user", "name", NULL, -3));
  ATTEMPT("keyctl", syscall(SYS_keyctl, 0, -3, 0));
  ATTEMPT("kexec_load", syscall(SYS_kexec_load, 0, 0, NULL, 0));
  ATTEMPT("kexec_file_load", syscall(SYS_kexec_file_load, -1, -1, 0, NULL, 0));
  ATTEMPT("init_module", syscall(SYS_init_module, room, sizeof room, ""));
  ATTEMPT("finit_module", syscall(SYS_finit_module, 0, "", 0));
  ATTEMPT("delete_module", syscall(SYS_delete_module, "none", 0));
  ATTEMPT("quotactl", syscall(SYS_quotactl, 0, NULL, 0, room));
  ATTEMPT("acct", syscall(SYS_acct, NULL));
  ATTEMPT("swapon", syscall(SYS_swapon, "/tmp", 0));
  ATTEMPT("swapoff", syscall(SYS_swapoff, "/tmp"));
  ATTEMPT("reboot", syscall(SYS_reboot, 0xfee1dead, 672274793, 0, NULL));
  ATTEMPT("syslog", syscall(SYS_syslog, 3, room, sizeof room));
  ATTEMPT("name_to_handle_at", syscall(SYS_name_to_handle_at, AT_FDCWD, "/", room, room + 128, 0));
  ATTEMPT("open_by_handle_at", syscall(SYS_open_by_handle_at, AT_FDCWD, room, O_RDONLY));
  ATTEMPT("fanotify_init", syscall(SYS_fanotify_init, 0, 0));
  ATTEMPT("fanotify_mark", syscall(SYS_fanotify_mark, -1, 1, 0, AT_FDCWD, "/"));
  ATTEMPT("lookup_dcookie", syscall(SYS_lookup_dcookie, 0, room, sizeof room));
  ATTEMPT("vhangup", syscall(SYS_vhangup));
  ATTEMPT("sethostname", sethostname("owned", 5));
  ATTEMPT("setdomainname", syscall(SYS_setdomainname, "owned", 5));
  ATTEMPT("settimeofday", syscall(SYS_settimeofday, room, NULL));
  ATTEMPT("clock_settime", syscall(SYS_clock_settime, 0, room));
  ATTEMPT("adjtimex set", (*(int *)room = 1, syscall(SYS_adjtimex, room)));
  ATTEMPT("move_pages", syscall(SYS_move_pages, 1, 0, NULL, NULL, NULL, 0));
  ATTEMPT("migrate_pages", syscall(SYS_migrate_pages, 1, 0, NULL, NULL));
  ATTEMPT("memfd_secret", syscall(447, 0));
  ATTEMPT("landlock ruleset too large", syscall(444, room, 1, 0));
  ATTEMPT("a call that does not exist", syscall(999));
#ifdef __x86_64__
  ATTEMPT("iopl", syscall(SYS_iopl, 3));
  ATTEMPT("ioperm", syscall(SYS_ioperm, 0x80, 1, 1));
  ATTEMPT("modify_ldt", syscall(SYS_modify_ldt, 0, room, sizeof room));
#endif
  return 0;
}
