const words = (text: string) => text.trim().split(/\s+/)

/** Calls that programs need and that reach nothing outside their sandbox. Names that an architecture lacks are passed over. */
export const ALLOWED_SYSCALLS: readonly string[] = [
  // Files and folders
  ...words(`
    open openat openat2 creat close close_range read write readv writev pread64 pwrite64 preadv pwritev preadv2
    pwritev2 lseek stat lstat fstat newfstatat statx statfs fstatfs access faccessat faccessat2 dup dup2 dup3 fcntl
    flock truncate ftruncate fallocate fadvise64 readahead syncfs fsync fdatasync sync_file_range getdents
    getdents64 getcwd chdir fchdir rename renameat renameat2 mkdir mkdirat rmdir link linkat unlink unlinkat symlink
    symlinkat readlink readlinkat chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat umask utime utimes
    utimensat futimesat mknod mknodat sendfile copy_file_range splice tee vmsplice getxattr lgetxattr fgetxattr
    listxattr llistxattr flistxattr setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr cachestat
  `),
  // Waiting for files
  ...words(`
    poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd
    eventfd2 signalfd signalfd4 timerfd_create timerfd_settime timerfd_gettime inotify_init inotify_init1
    inotify_add_watch inotify_rm_watch io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents
  `),
  // Memory
  ...words(`
    brk mmap munmap mremap mprotect madvise process_madvise mincore msync mlock mlock2 munlock mlockall munlockall
    mbind get_mempolicy set_mempolicy set_mempolicy_home_node remap_file_pages pkey_alloc pkey_free pkey_mprotect
    memfd_create membarrier map_shadow_stack mseal
  `),
  // Processes and threads
  ...words(`
    fork vfork execve execveat exit exit_group wait4 waitid getpid getppid gettid set_tid_address set_robust_list
    get_robust_list rseq futex futex_waitv futex_wake futex_wait futex_requeue getpgid getpgrp setpgid getsid setsid
    prctl arch_prctl set_thread_area get_thread_area kill tkill tgkill pidfd_open pidfd_send_signal pidfd_getfd
    process_mrelease getrlimit setrlimit prlimit64 getrusage times getpriority setpriority ioprio_get ioprio_set
    restart_syscall seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self
  `),
  // Debuggers: a visitor's programs share one id, and the agent has another
  ...words(`
    ptrace process_vm_readv process_vm_writev
  `),
  // Scheduling
  ...words(`
    sched_yield sched_getparam sched_setparam sched_getscheduler sched_setscheduler sched_getattr sched_setattr
    sched_getaffinity sched_setaffinity sched_get_priority_max sched_get_priority_min sched_rr_get_interval getcpu
  `),
  // Ids
  ...words(`
    getuid geteuid getgid getegid getresuid getresgid getgroups setuid setgid setreuid setregid setresuid setresgid
    setfsuid setfsgid setgroups capget capset
  `),
  // Signals and time
  ...words(`
    rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigqueueinfo rt_tgsigqueueinfo
    rt_sigsuspend sigaltstack pause alarm getitimer setitimer timer_create timer_settime timer_gettime
    timer_getoverrun timer_delete nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday time
  `),
  // Between processes; a socket's family is looked at apart
  ...words(`
    pipe pipe2 bind listen accept accept4 connect getsockname getpeername getsockopt setsockopt shutdown sendto
    recvfrom sendmsg recvmsg sendmmsg recvmmsg shmget shmat shmctl shmdt semget semop semctl semtimedop msgget
    msgsnd msgrcv msgctl mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr
  `),
  // The rest
  ...words(`
    uname sysinfo getrandom
  `),
]

/** Calls refused by policy: they answer EPERM, where those that are merely not listed answer ENOSYS. */
export const REFUSED_SYSCALLS: readonly string[] = [
  // Mounts and roots
  ...words(`
    mount umount2 pivot_root chroot move_mount fsopen fsconfig fsmount fspick open_tree mount_setattr
  `),
  // Namespaces
  ...words(`
    unshare setns
  `),
  // Large and young surfaces
  ...words(`
    bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register memfd_secret fanotify_init
    fanotify_mark
  `),
  // Keys
  ...words(`
    add_key request_key keyctl
  `),
  // The machine
  ...words(`
    reboot kexec_load kexec_file_load init_module finit_module delete_module acct swapon swapoff syslog quotactl
    quotactl_fd sethostname setdomainname settimeofday clock_settime clock_adjtime adjtimex iopl ioperm vhangup
    nfsservctl sync
  `),
  // Ways around paths and places
  ...words(`
    name_to_handle_at open_by_handle_at lookup_dcookie kcmp move_pages migrate_pages modify_ldt
  `),
]
