// Everything that changes what a process sees of file systems, with arguments that would work for somebody who may.
#include "call.h"
#include <sys/mount.h>

static int chroot_and_climb(void) {
  mkdir("jail", 0755);
  return chroot("jail");
}

int main(void) {
  mkdir("/tmp/place", 0755);
  struct { uint64_t set, clear, propagation, userns; } attr = {1, 0, 0, 0};
  struct { uint64_t flags, mode, resolve; } how = {0};
  ATTEMPT("mount tmpfs", mount("none", "/tmp/place", "tmpfs", 0, NULL));
  ATTEMPT("mount proc", mount("proc", "/tmp/place", "proc", 0, NULL));
  ATTEMPT("mount sysfs", mount("sysfs", "/tmp/place", "sysfs", 0, NULL));
  ATTEMPT("mount cgroup", mount("cgroup", "/tmp/place", "cgroup", 0, "memory"));
  ATTEMPT("mount overlay", mount("overlay", "/tmp/place", "overlay", 0, "lowerdir=/usr,upperdir=/tmp,workdir=/tmp"));
  ATTEMPT("mount bind", mount("/", "/tmp/place", NULL, MS_BIND | MS_REC, NULL));
  ATTEMPT("mount remount rw", mount(NULL, "/usr", NULL, MS_REMOUNT | MS_BIND, NULL));
  ATTEMPT("mount make shared", mount(NULL, "/", NULL, MS_SHARED | MS_REC, NULL));
  ATTEMPT("umount /proc/sys", umount2("/proc/sys", MNT_DETACH));
  ATTEMPT("umount /proc/kcore", umount2("/proc/kcore", MNT_DETACH));
  ATTEMPT("umount /home/visitor", umount2("/home/visitor", MNT_DETACH));
  ATTEMPT("pivot_root", syscall(SYS_pivot_root, "/tmp", "/tmp/place"));
  ATTEMPT("chroot", chroot_and_climb());
  ATTEMPT("fsopen", syscall(SYS_fsopen, "tmpfs", 0));
  ATTEMPT("fspick", syscall(SYS_fspick, AT_FDCWD, "/usr", 0));
  ATTEMPT("fsconfig", syscall(SYS_fsconfig, 0, 0, NULL, NULL, 0));
  ATTEMPT("fsmount", syscall(SYS_fsmount, 0, 0, 0));
  ATTEMPT("open_tree", syscall(SYS_open_tree, AT_FDCWD, "/usr", 1));
  ATTEMPT("move_mount", syscall(SYS_move_mount, AT_FDCWD, "/usr", AT_FDCWD, "/tmp/place", 0));
  ATTEMPT("mount_setattr", syscall(442, AT_FDCWD, "/usr", 0x8000, &attr, sizeof attr));
  ATTEMPT("open_tree_attr", syscall(467, AT_FDCWD, "/usr", 1, &attr, sizeof attr));
  ATTEMPT("openat2 above the root", syscall(SYS_openat2, AT_FDCWD, "/../../etc/shadow", &how, sizeof how));
  return 0;
}
