"""OpenStack Swift with its S3 interface, whole, in the folder given: four servers as children of this process.

Prints the port of the interface when it is to be asked; ends, with its children, when its standard input does.
"""

import ctypes
import os
import pwd
import signal
import socket
import sys
import time

from swift.common import utils
from swift.common.ring import RingBuilder

FOLDER = os.path.abspath(sys.argv[1])
DEVICE = "d1"
PR_SET_PDEATHSIG = 1


class Memory:
    """What a memcached would be: the proxy is one process."""

    def __init__(self):
        self.kept = {}

    def set(self, key, value, **_):
        self.kept[key] = value

    def get(self, key, *_, **__):
        return self.kept.get(key)

    def delete(self, key, *_, **__):
        self.kept.pop(key, None)

    def incr(self, key, delta=1, **_):
        self.kept[key] = self.kept.get(key, 0) + delta
        return self.kept[key]


def cache(_conf, **_):
    memory = Memory()

    def of(app):
        def call(env, start_response):
            env["swift.cache"] = memory
            return app(env, start_response)

        return call

    return of


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def wait_for(port):
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def write(name, text):
    with open(os.path.join(FOLDER, name), "w") as file:
        file.write(text)


def server_conf(name, port, pipeline, sections):
    write(
        name + ".conf",
        f"""[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
user = {pwd.getpwuid(os.getuid()).pw_name}
swift_dir = {FOLDER}
devices = {FOLDER}/srv
mount_check = false
workers = 0
log_level = WARNING
fallocate_reserve = 0
[pipeline:main]
pipeline = {pipeline}
{sections}""",
    )


def ring(name, port):
    builder = RingBuilder(2, 1, 0)
    builder.add_dev(
        {
            "id": 0, "region": 1, "zone": 1, "weight": 1.0, "device": DEVICE, "meta": "",
            "ip": "127.0.0.1", "port": port, "replication_ip": "127.0.0.1", "replication_port": port,
        }
    )
    builder.rebalance()
    builder.get_ring().save(os.path.join(FOLDER, name + ".ring.gz"))


def child(name):
    """A server of its own; it ends with this process, however that does."""
    pid = os.fork()
    if pid:
        return pid
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    utils.set_swift_dir(FOLDER)
    from swift.common.wsgi import run_wsgi

    os._exit(run_wsgi(os.path.join(FOLDER, name + ".conf"), name + "-server", verbose=True) or 0)


PROXY = """[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:cache]
paste.filter_factory = swift_servers:cache
[filter:slo]
use = egg:swift#slo
"""

def main():
    os.makedirs(os.path.join(FOLDER, "srv", DEVICE), exist_ok=True)
    write("swift.conf", "[swift-hash]\nswift_hash_path_suffix = a\nswift_hash_path_prefix = b\n")
    *backs, front = free_ports(4)
    for name, port in zip(("account", "container", "object"), backs):
        ring(name, port)
        server_conf(name, port, name + "-server", f"[app:{name}-server]\nuse = egg:swift#{name}\n")
    server_conf("proxy", front, "catch_errors gatekeeper cache s3api tempauth slo proxy-server", PROXY)

    children = [child(name) for name in ("account", "container", "object", "proxy")]
    # The proxy forgets for a minute a server that it did not reach: nobody asks before all are there.
    for port in (*backs, front):
        wait_for(port)
    print(front, flush=True)
    sys.stdin.read()
    for pid in children:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
