#!/usr/bin/env python3
"""What clients see of a rendered haproxy.cfg, and of the same file with each cure taken out again.

    old_behaviour.py REGINFRA

A real HAProxy and two stand-in smart-proxies on loopback, with checks that answer what a case says from the very start.
Each line is a case; the exit code is 1 where one went otherwise than it says.
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


def free_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def rendered(reginfra, folder, ports):
    """The roles' file, on loopback and without what needs root."""
    (folder / "hosts.ini").write_text(INVENTORY)
    asked = [reginfra, "render", "haproxy", "-i", folder / "hosts.ini"]
    text = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
    text = text[text.index("global\n"):]
    for number in (1, 2):
        text = text.replace(f"192.0.2.1{number}:9090", f"127.0.0.1:{ports[number]}")
    text = text.replace("bind *:9090", f"bind 127.0.0.1:{ports[0]}")
    return re.sub(r"    (chroot|user|group|stats socket) .*\n", "", text)


@contextlib.contextmanager
def stopped_afterwards(process):
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def capsule(folder, number, port, health):
    home = folder / f"cap{number}"
    if not home.exists():
        home.mkdir()
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3", "-subj", f"/CN=cap{number}",
             "-keyout", home / "key", "-out", home / "pem"], check=True, capture_output=True)
    (home / "health").write_text(str(health))
    return subprocess.Popen(
        [sys.executable, STAND_IN, "--port", str(port), "--certificate", home / "pem", "--key", home / "key",
         "--log", home / "log", "--run", home], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


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


def seen(folder, text, ports, healths):
    """With a health of None the capsule is dead."""
    with contextlib.ExitStack() as running:
        for number, health in enumerate(healths, 1):
            if health:
                running.enter_context(stopped_afterwards(capsule(folder, number, ports[number], health)))
                listens(ports[number])
        (folder / "haproxy.cfg").write_text(text)
        running.enter_context(stopped_afterwards(subprocess.Popen(
            ["haproxy", "-db", "-f", folder / "haproxy.cfg"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)))
        listens(ports[0])
        # each capsule has been checked by now, and a failing one has had its first chance to leave
        time.sleep(3)
        return answers(ports[0])


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
    # its first check comes after the requests
    unseen = without(without(old, "inter 1s", "inter 60s"), r"    option redispatch 1\n    retries 2\n", "    retries 2\n")
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
        ports = [free_port() for _ in range(3)]
        for words, text, healths, wanted in cases(rendered(sys.argv[1], folder, ports)):
            told = seen(folder, text, ports, healths)
            print(f"{'ok    ' if told == wanted else 'FAILED'}  {words}: {told[0]} of {REQUESTS} answered, by {told[1]}",
                  flush=True)
            failed += told != wanted
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
