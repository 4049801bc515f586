#!/usr/bin/env python3
"""What clients see of a rendered haproxy.cfg, and of the same file with each cure taken out again.

    old_behaviour.py REGINFRA

A real HAProxy a case, all at once, before stand-in smart-proxies on loopback whose checks answer what the case says from
the very start. Each line is a case; the exit code is 1 where one went otherwise than it says.
"""

import contextlib
import http.client
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import time

STAND_IN = pathlib.Path(__file__).parent.parent / "stand_in_proxy" / "smart_proxy.py"
REQUESTS = 12
INVENTORY = """\
[satellite6]
sat private_ip=192.0.2.1
[capsules]
cap1 private_ip=192.0.2.11
cap2 private_ip=192.0.2.12
[capsule_lbs]
lb private_ip=192.0.2.2
[location_a]
lb
cap1
cap2
[all:vars]
haproxy_registration_interval=1s
haproxy_http=false
haproxy_https=false
haproxy_templates=false
haproxy_stats_port=0
haproxy_maxconn=500
haproxy_limit_nofile=2000
"""


def free_ports(number):
    with contextlib.ExitStack() as held:
        listening = [held.enter_context(socket.socket()) for _ in range(number)]
        for one in listening:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in listening]


def rendered(reginfra, folder):
    """The roles' file, without what needs root."""
    (folder / "hosts.ini").write_text(INVENTORY)
    asked = [reginfra, "render", "haproxy", "-i", folder / "hosts.ini"]
    text = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
    text = text[text.index("global\n"):]
    return re.sub(r"    (chroot|user|group|stats socket) .*\n", "", text)


@contextlib.contextmanager
def stopped_afterwards(process):
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def certificates(folder):
    for number in (1, 2):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3", "-subj", f"/CN=cap{number}",
             "-keyout", folder / f"key{number}", "-out", folder / f"pem{number}"], check=True, capture_output=True)


def capsule(folder, number, health, port):
    home = folder / f"cap{number}-{health}"
    home.mkdir()
    (home / "health").write_text(str(health))
    return subprocess.Popen(
        [sys.executable, STAND_IN, "--port", str(port), "--certificate", folder / f"pem{number}",
         "--key", folder / f"key{number}", "--log", home / "log", "--run", home],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def answers(port):
    """How many of the requests were answered, and how many capsules took part."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    scripts = []
    for _ in range(REQUESTS):
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=20)
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/register?activation_keys=AK")
            certificate = connection.sock.getpeercert(binary_form=True)
            if connection.getresponse().status == 200:
                scripts.append(certificate)
        connection.close()
    return len(scripts), len(set(scripts))


def listens(port, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise SystemExit(f"nothing listens on port {port}")


def balancer(folder, number, text, ports):
    """In front of two capsules, on the first of the ports."""
    for server, port in enumerate(ports[1:], 1):
        text = text.replace(f"192.0.2.1{server}:9090", f"127.0.0.1:{port}")
    file = folder / f"haproxy{number}.cfg"
    file.write_text(text.replace("bind *:9090", f"bind 127.0.0.1:{ports[0]}"))
    return subprocess.Popen(["haproxy", "-db", "-f", file], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def seen(folder, tried):
    """What clients of each case see. With a health of None the capsule is dead."""
    wanted = sorted({each for _, _, healths, _ in tried for each in enumerate(healths, 1)}, key=str)
    ports = free_ports(len(wanted) + len(tried))
    fronts, backs = ports[len(wanted):], dict(zip(wanted, ports))
    certificates(folder)
    with contextlib.ExitStack() as running:
        alive = [each for each in wanted if each[1]]
        for number, health in alive:
            running.enter_context(stopped_afterwards(capsule(folder, number, health, backs[number, health])))
        for each in alive:
            listens(backs[each])
        for number, ((_, text, healths, _), front) in enumerate(zip(tried, fronts)):
            behind = [backs[each] for each in enumerate(healths, 1)]
            running.enter_context(stopped_afterwards(balancer(folder, number, text, [front, *behind])))
        for front in fronts:
            listens(front)
        # each capsule has been checked by now, and a failing one has had its first chance to leave
        time.sleep(4)
        return [answers(front) for front in fronts]


def without(text, pattern, instead=""):
    changed = re.sub(pattern, instead, text)
    assert changed != text, pattern
    return changed


def cases(text):
    twin = r"    use_backend host_registration_unchecked.*\n"
    all_, half, none = REQUESTS, REQUESTS // 2, 0
    old = without(text, twin)
    late = without(text, r"nbsrv\(host_registration\) lt 2", "nbsrv(host_registration) lt 1")
    tls = without(text, "check check-ssl verify none", "check ssl verify none")
    # its first check comes after the requests; a server is tried again after as long as connecting may take, 1 s at most
    unseen = without(without(old, "inter 1s", "inter 60s"), r"    option redispatch 1\n    retries 2\n", "    retries 2\n")
    unseen = without(unseen, "timeout connect 4s", "timeout connect 100ms")
    return [
        ("both checks 503 from the start", text, (503, 503), (all_, 2)),
        ("  without the unchecked backend", old, (503, 503), (none, 0)),
        ("one of two 503 from the start", text, (503, 200), (all_, 2)),
        ("  without the unchecked backend", old, (503, 200), (all_, 1)),
        ("  with it for an empty pool only", late, (503, 200), (all_, 1)),
        ("no capsule has the health check", text, (404, 404), (all_, 2)),
        ("  without the unchecked backend", old, (404, 404), (none, 0)),
        ("all is well", text, (200, 200), (all_, 2)),
        ("  with ssl in the place of check-ssl", tls, (200, 200), (none, 0)),
        ("one of two is dead", text, (200, None), (all_, 1)),
        ("  without redispatch, unnoticed", unseen, (200, None), (half, 1)),
    ]


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        tried = cases(rendered(sys.argv[1], folder))
        for (words, _, _, wanted), told in zip(tried, seen(folder, tried)):
            print(f"{'ok    ' if told == wanted else 'FAILED'}  {words}: {told[0]} of {REQUESTS} answered, by {told[1]}")
            failed += told != wanted
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
