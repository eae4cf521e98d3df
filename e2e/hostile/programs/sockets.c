// A socket of every family and kind that could reach something other than this sandbox's own loopback.
#include "call.h"
#include <linux/netlink.h>

int main(void) {
  ATTEMPT("AF_UNIX", socket(AF_UNIX, SOCK_STREAM, 0));
  ATTEMPT("AF_INET stream", socket(AF_INET, SOCK_STREAM, 0));
  ATTEMPT("AF_INET datagram", socket(AF_INET, SOCK_DGRAM, 0));
  ATTEMPT("AF_INET6 stream", socket(AF_INET6, SOCK_STREAM, 0));
  ATTEMPT("AF_INET raw ICMP", socket(AF_INET, SOCK_RAW, 1));
  ATTEMPT("AF_INET datagram ICMP", socket(AF_INET, SOCK_DGRAM, 1));
  ATTEMPT("AF_INET6 raw ICMP", socket(AF_INET6, SOCK_RAW, 58));
  ATTEMPT("AF_INET raw", socket(AF_INET, SOCK_RAW, 255));
  ATTEMPT("AF_PACKET raw", socket(AF_PACKET, SOCK_RAW, 0x300));
  ATTEMPT("AF_PACKET datagram", socket(AF_PACKET, SOCK_DGRAM, 0x300));
  ATTEMPT("AF_ALG", socket(AF_ALG, SOCK_SEQPACKET, 0));
  ATTEMPT("AF_VSOCK", socket(AF_VSOCK, SOCK_STREAM, 0));
  ATTEMPT("AF_KEY", socket(AF_KEY, SOCK_RAW, 2));
  ATTEMPT("AF_BLUETOOTH", socket(AF_BLUETOOTH, SOCK_RAW, 1));
  ATTEMPT("AF_CAN", socket(AF_CAN, SOCK_RAW, 1));
  ATTEMPT("AF_TIPC", socket(AF_TIPC, SOCK_RDM, 0));
  ATTEMPT("AF_RDS", socket(AF_RDS, SOCK_SEQPACKET, 0));
  ATTEMPT("AF_XDP", socket(44, SOCK_RAW, 0));
  ATTEMPT("AF_SMC", socket(43, SOCK_STREAM, 0));
  ATTEMPT("AF_QIPCRTR", socket(42, SOCK_DGRAM, 0));
  // Routes alone are what runtimes ask for: a machine's addresses are read there.
  ATTEMPT("AF_NETLINK route", socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
  ATTEMPT("AF_NETLINK audit", socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT));
  ATTEMPT("AF_NETLINK netfilter", socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER));
  ATTEMPT("AF_NETLINK kobject", socket(AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT));
  ATTEMPT("AF_NETLINK generic", socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC));
  ATTEMPT("AF_NETLINK sock_diag", socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG));
  ATTEMPT("AF_NETLINK xfrm", socket(AF_NETLINK, SOCK_RAW, NETLINK_XFRM));
  // A filter sees 64 bits of what the kernel reads 32 of.
  ATTEMPT("AF_ALG with a dirty upper half", syscall(SYS_socket, 0x100000000 + AF_ALG, SOCK_SEQPACKET, 0));
  ATTEMPT("AF_VSOCK pair", socketpair(AF_VSOCK, SOCK_STREAM, 0, (int[2]){0}));
  return 0;
}
