#!/usr/bin/env python3
"""What a load balancer does with real TLS clients, while its capsules fail, stop and vanish.

    behaviour.py --scenario S --balancer HOST --capsules HOST,HOST --certificates FOLDER --fall N [--statistics URL]

Runs on the machine that holds the containers, and reaches them at their addresses. Each check is a line, `ok` or
`FAILED`; the exit code is 1 where one failed.
"""

import argparse
import base64
import collections
import concurrent.futures
import csv
import hashlib
import http.client
import io
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse
import urllib.request

PORT = 9090


class Host:
    """One container, entered by its namespaces: `podman exec` takes longer than some states last."""

    def __init__(self, scenario, name):
        self.name = name
        self.short = name.split(".")[0]
        self.container = f"mol-{scenario}-{name}"
        form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}} {{.State.Pid}}"
        inspect = ["podman", "inspect", "--format", form, self.container]
        self.address, self.pid = subprocess.run(inspect, check=True, capture_output=True, text=True).stdout.split()

    def run(self, command, check=True):
        enter = ["nsenter", "-a", "-t", self.pid, "--", "sh", "-c", command]
        return subprocess.run(enter, check=check, capture_output=True, text=True)

    def path(self, path):
        """A path in the container, from outside."""
        return f"/proc/{self.pid}/root{path}"

    def write(self, path, text):
        with open(self.path(path), "w", encoding="ascii") as file:
            file.write(f"{text}\n")


class Capsule(Host):
    """A stand-in smart-proxy, and how to make it fail."""

    def __init__(self, scenario, name):
        super().__init__(scenario, name)
        pem = self.run("cat /etc/foreman-proxy/ssl/proxy.pem").stdout
        self.fingerprint = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()

    def health(self, status):
        self.write("/run/stand_in_proxy/health", status)

    def delay(self, seconds):
        self.write("/run/stand_in_proxy/delay", seconds)

    def new_connections(self, verdict):
        """Refused (`reject with tcp reset`) or dropped (`drop`); what is established goes on."""
        rule = f"ip protocol tcp tcp dport {PORT} tcp flags syn / syn,ack {verdict}"
        if self.run("nft list table inet away", check=False).returncode != 0:
            self.run("nft 'add table inet away; add chain inet away in { type filter hook input priority -10; }'")
        self.run(f"nft 'flush chain inet away in; add rule inet away in {rule}'")

    def vanish(self):
        """Nothing that comes from the network is taken any more."""
        self.run("nft 'flush chain inet away in; add rule inet away in iifname != lo drop'")

    def come_back(self):
        self.run("nft delete table inet away; systemctl start foreman-proxy", check=False)


Answer = collections.namedtuple("Answer", "capsule fingerprint text seconds")


class Balancer(Host):
    """The load balancer as its clients see it, and as root on it does."""

    def __init__(self, options):
        super().__init__(options.scenario, options.balancer)
        self.certificates = options.certificates
        self.statistics = options.statistics
        self.socket = self.run("grep -o '/[^ ]*' /etc/haproxy/haproxy.cfg | grep -E 'admin.sock|/stats$'").stdout.strip()
        self.capsules = [Capsule(options.scenario, name) for name in options.capsules.split(",")]

    def get(self, path="/register?activation_keys=AK", certificate=False, timeout=60):
        """One connection, one request. Raises where the client would see a failure."""
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
        if certificate:
            tls.load_cert_chain(f"{self.certificates}/client.pem", f"{self.certificates}/client.key")
        began = time.monotonic()
        connection = http.client.HTTPSConnection(self.address, PORT, timeout=timeout, context=tls)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            text = response.read().decode()
            if response.status != 200:
                raise http.client.HTTPException(f"status {response.status}")
            fingerprint = hashlib.sha256(connection.sock.getpeercert(binary_form=True)).hexdigest()
        finally:
            connection.close()
        capsule = next((c.short for c in self.capsules if f"of {c.name}\n" in text), None)
        return Answer(capsule, fingerprint, text, time.monotonic() - began)

    def shares(self, count=12):
        """How many of `count` requests each capsule served."""
        return collections.Counter(self.get().capsule for _ in range(count))

    def servers(self, backend="host_registration"):
        """The rows of a backend as the statistics page shows them, or the socket: capsule -> row."""
        text = self.page() if self.statistics else self.ask("show stat")
        rows = [row for row in csv.DictReader(io.StringIO(text.removeprefix("# "))) if row["pxname"] == backend]
        return {row["svname"]: row for row in rows if row["svname"] not in ("FRONTEND", "BACKEND")}

    def page(self):
        parts = urllib.parse.urlsplit(self.statistics)
        request = urllib.request.Request(f"http://{parts.hostname}:{parts.port}/;csv")
        if parts.username:
            login = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password)}"
            request.add_header("Authorization", "Basic " + base64.b64encode(login.encode()).decode())
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.read().decode()

    def ask(self, command):
        """What HAProxy answers on its socket; nothing while it is not there."""
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(10)
                client.connect(self.path(self.socket))
                client.sendall(command.encode() + b"\n")
                return client.makefile().read()
        except OSError:
            return ""

    def wait(self, condition, seconds=20):
        """Until the rows of host_registration meet a condition; the rows."""
        ends = time.monotonic() + seconds
        while True:
            try:
                rows = self.servers()
                if condition(rows):
                    return rows
            # not there yet, after a start
            except (OSError, KeyError):
                rows = {}
            if time.monotonic() > ends:
                raise AssertionError(f"the statistics never showed it: {states(rows)}")
            time.sleep(0.1)

    def health(self, status):
        for capsule in self.capsules:
            capsule.health(status)

    def systemctl(self, verb):
        # started often in a row: systemd is not to hold it back
        self.run(f"systemctl reset-failed haproxy; systemctl {verb} haproxy")


def states(rows):
    return {name: f"{row['status']} {row['check_status']} {row['check_code']}" for name, row in rows.items()}


class Load:
    """Clients that register one after the other, from several threads, until it ends."""

    def __init__(self, balancer, clients=20):
        self.balancer, self.failures, self.answers = balancer, [], []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.client) for _ in range(clients)]

    def client(self):
        while not self.over.is_set():
            try:
                self.answers.append(self.balancer.get(timeout=30))
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
            # clients, capsules and balancers share this machine's cores
            time.sleep(0.5)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        time.sleep(1)
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def must_not_have_failed(self):
        assert not self.failures, f"{len(self.failures)} of {len(self.answers)} requests failed: {self.failures[:3]}"
        assert len(self.answers) > 50, f"{len(self.answers)} requests are no load"


def must_be_even(shares, capsules):
    least = sum(shares.values()) // len(capsules) * 2 // 3
    assert all(shares[c.short] >= least for c in capsules), f"shares are {dict(shares)}"


# What holds whatever `fall` is


def both_capsules_in_turn_with_their_own_certificates(b):
    answers = [b.get() for _ in range(12)]
    must_be_even(collections.Counter(a.capsule for a in answers), b.capsules)
    known = {c.short: c.fingerprint for c in b.capsules}
    assert all(a.fingerprint == known[a.capsule] for a in answers), "a certificate is not that of the capsule"


def client_certificates_pass_through(b):
    assert "# certificate host1.example.com\n" in b.get(certificate=True).text
    assert "# certificate none\n" in b.get().text


def statistics_show_good_checks(b):
    b.health(200)
    b.wait(lambda rows: rows and all(r["check_status"] == "L7OK" and r["check_code"] == "200" for r in rows.values()))


def a_capsule_that_refuses_or_stops_costs_no_request(b):
    gone = b.capsules[0]
    with Load(b) as load:
        gone.new_connections("reject with tcp reset")
        time.sleep(1.5)
        gone.run("systemctl stop foreman-proxy")
        time.sleep(2)
    gone.come_back()
    load.must_not_have_failed()


def a_capsule_that_vanishes_costs_no_request(b):
    gone = b.capsules[0]
    with Load(b) as load:
        gone.new_connections("drop")
        time.sleep(1.5)
        gone.vanish()
        time.sleep(6)
    gone.come_back()
    load.must_not_have_failed()
    slowest = max(a.seconds for a in load.answers)
    assert slowest < 14, f"one request took {slowest:.1f} s"


def a_reload_cuts_none_of_200_open_registrations(b):
    for capsule in b.capsules:
        capsule.delay(5)
    try:
        with concurrent.futures.ThreadPoolExecutor(200) as pool:
            waiting = [pool.submit(b.get) for _ in range(200)]
            time.sleep(3)
            assert not any(w.done() for w in waiting), "the registrations were not open any more"
            b.systemctl("reload")
            shares = collections.Counter(w.result().capsule for w in waiting)
    finally:
        for capsule in b.capsules:
            capsule.delay(0)
    must_be_even(shares, b.capsules)


def reloads_under_load_cost_no_request(b):
    with Load(b) as load:
        for _ in range(3):
            b.systemctl("reload")
            time.sleep(1)
    load.must_not_have_failed()


def the_socket_is_for_root_and_changes_nothing(b):
    assert b.run(f"stat -c '%U %a' {b.socket}").stdout.split() == ["root", "600"]
    for command in ("disable server host_registration/capsule1", "set weight host_registration/capsule1 0"):
        answer = b.ask(command)
        assert "Permission denied" in answer, f"{command}: {answer!r}"
    assert "host_registration,capsule1" in b.ask("show stat")


# The default: a failing check is seen, and takes nobody out


def share_is_kept(b, failing, status):
    """Through the first failing check, a restart and a reload."""
    b.health(200)
    b.systemctl("restart")
    for capsule in failing:
        capsule.health(status)
    names = [c.short for c in failing]

    def seen(rows):
        return all(rows[n]["check_status"] == "L7STS" and rows[n]["check_code"] == str(status) for n in names)

    for act in ("reload", "restart", None):
        b.wait(seen)
        time.sleep(1.5)
        must_be_even(b.shares(), b.capsules)
        if act:
            b.systemctl(act)
            # the edge: servers that were just started, before and at their first check
            for _ in range(4):
                must_be_even(b.shares(), b.capsules)
                time.sleep(0.3)
    b.health(200)


def one_of_two_failing_keeps_its_share(b):
    share_is_kept(b, b.capsules[:1], 503)


def all_failing_keep_their_share(b):
    share_is_kept(b, b.capsules, 503)


def capsules_without_the_health_check_keep_their_share(b):
    share_is_kept(b, b.capsules, 404)


# With a fall of 3


def a_failing_capsule_leaves_after_three_checks_and_comes_back_after_two(b):
    bad = b.capsules[0]
    b.health(200)
    b.systemctl("restart")
    # full health: it takes three in a row, not the one that is enough right after a start
    b.wait(lambda rows: rows[bad.short]["check_status"] == "L7OK")
    time.sleep(8)
    bad.health(503)
    seen = set()

    def down(rows):
        seen.add(rows[bad.short]["status"])
        return rows[bad.short]["status"].startswith("DOWN")

    b.wait(down)
    assert {"UP 2/3", "UP 1/3"} & seen, f"it left at once: {seen}"
    assert set(b.shares()) == {b.capsules[1].short}
    bad.health(200)
    seen.clear()

    def up(rows):
        seen.add(rows[bad.short]["status"])
        return rows[bad.short]["status"].startswith("UP")

    b.wait(up)
    assert "DOWN 1/2" in seen, f"it was back at once: {seen}"
    must_be_even(b.shares(), b.capsules)


def a_failing_capsule_leaves_after_one_check_right_after_a_start(b):
    bad = b.capsules[0]
    b.health(200)
    bad.health(503)
    b.systemctl("restart")
    # two more checks would take it past this
    b.wait(lambda rows: rows[bad.short]["status"].startswith("DOWN"), 4)
    assert set(b.shares()) == {b.capsules[1].short}
    b.health(200)
    b.wait(lambda rows: rows[bad.short]["status"].startswith("UP"))


ALWAYS = [
    both_capsules_in_turn_with_their_own_certificates,
    client_certificates_pass_through,
    statistics_show_good_checks,
    a_capsule_that_refuses_or_stops_costs_no_request,
    a_capsule_that_vanishes_costs_no_request,
    a_reload_cuts_none_of_200_open_registrations,
    reloads_under_load_cost_no_request,
    the_socket_is_for_root_and_changes_nothing,
]
KEPT = [
    one_of_two_failing_keeps_its_share,
    all_failing_keep_their_share,
    capsules_without_the_health_check_keep_their_share,
]
LEFT = [
    a_failing_capsule_leaves_after_three_checks_and_comes_back_after_two,
    a_failing_capsule_leaves_after_one_check_right_after_a_start,
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("scenario", "balancer", "capsules", "certificates"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--statistics", help="URL of the page; without it the socket is asked")
    parser.add_argument("--fall", type=int, required=True)
    parser.add_argument("--only", help="checks whose names hold this")
    options = parser.parse_args()
    balancer = Balancer(options)
    failed = 0
    for check in ALWAYS + KEPT if options.fall >= 100 else LEFT:
        if options.only and options.only not in check.__name__:
            continue
        began, told = time.monotonic(), ""
        try:
            check(balancer)
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            told = f": {error or type(error).__name__}"
        result = "FAILED" if told else "ok"
        words = check.__name__.replace("_", " ")
        print(f"{result:6} {balancer.name} {words} ({time.monotonic() - began:.1f} s){told}", flush=True)
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
