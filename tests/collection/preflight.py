#!/usr/bin/env python3
"""What the preflight of role haproxy refuses, case by case, and that each refusal names host and variable.

Each case is a load balancer in a location of its own, with a capsule or more; all go through preflight in one run of
Ansible, in check mode, and nothing is contacted. `refused` is what must be said; None where all is well.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def case(refused, balancer=None, capsules=None, without=()):
    return {"refused": refused, "balancer": balancer or {}, "capsules": capsules or [{}], "without": without}


CASES = {
    "good": case(None),
    "good_ipv6": case(None, {"haproxy_bind": ["::"], "haproxy_stats_port": 0}, [{"private_ip": "2001:db8::1"}]),
    "good_text": case(None, {"haproxy_registration_fall": "3", "haproxy_mqtt": "true"}),
    "no_location": case("no_location: location is not set", without=("location",)),
    "no_capsule": case("no_capsule: no host of group capsules is in location no_capsule", capsules=[{"location": "x"}]),
    "two_balancers": case("location two_balancers has another load balancer, second", {}),
    "no_address": case('c0.no_address: private_ip is no IP address: "10.0.0.x"', capsules=[{"private_ip": "10.0.0.x"}]),
    "empty_address": case('c0.empty_address: private_ip is no IP address: ""', capsules=[{"private_ip": ""}]),
    "own_address": case("c0.own_address: private_ip is the load balancer's own", {"private_ip": "10.0.0.1"}),
    "own_ipv6": case(
        "c0.own_ipv6: private_ip is the load balancer's own: [2001:db8::1]",
        {"private_ip": "2001:db8::1"},
        [{"private_ip": "2001:db8::1"}],
    ),
    "shared": case("c1.shared: private_ip is another capsule's too", capsules=[{"private_ip": "10.0.0.1"}] * 2),
    "port_clash": case(
        "port 443 is asked for by host registration (haproxy_registration_port) and by service https",
        {"haproxy_registration_port": 443},
    ),
    "stats_clash": case("port 9090 is asked for by host registration", {"haproxy_stats_port": 9090}),
    "bad_port": case("the port of service x is not", {"haproxy_extra_services": [{"name": "x", "port": 70000}]}),
    "bad_fall": case("bad_fall: haproxy_registration_fall is no whole number", {"haproxy_registration_fall": 0}),
    "bad_maxconn": case("haproxy_registration_maxconn is no whole number", {"haproxy_registration_maxconn": -1}),
    "bad_time": case("bad_time: haproxy_registration_interval is no time", {"haproxy_registration_interval": "30 s"}),
    "bad_limit": case("bad_limit: haproxy_limit_nofile (65536) is less than two files", {"haproxy_maxconn": 40000}),
    "bad_uri": case("haproxy_registration_health_uri is no path", {"haproxy_registration_health_uri": "features"}),
    "no_signer": case('is no capsule of its location: "" (haproxy_puppet_ca_capsule)', {"haproxy_puppet_ca": True}),
    "bad_balance": case(
        "service x has a balance that is not known",
        {"haproxy_extra_services": [{"name": "x", "port": 81, "balance": "random"}]},
    ),
    "bad_name": case("a name that is taken", {"haproxy_extra_services": [{"name": "https", "port": 8444}]}),
    "open_stats": case("open_stats: haproxy_stats_password is not set", {"haproxy_stats_address": "10.0.0.9"}),
    "stats_name": case("haproxy_stats_address is no IP address", {"haproxy_stats_address": "lb"}),
    "el8": case("el8: EL 8 has HAProxy 1.8", {"family": "RedHat", "major": "8"}),
    "debian11": case("debian11: Debian 11 is too old", {"family": "Debian", "major": "11"}),
    "suse": case("suse: Suse is not known to this role", {"family": "Suse", "major": "15"}),
}

PLAY = """
- hosts: capsule_lbs
  gather_facts: false
  vars:
    ansible_facts: {os_family: "{{ family }}", distribution: "{{ family }}", distribution_major_version: "{{ major }}"}
  tasks:
    - block:
        - ansible.builtin.include_role: {name: satperf.reginfra.haproxy, tasks_from: preflight}
        - ansible.builtin.debug: {msg: "SAID {{ [inventory_hostname, ''] | to_json }}"}
      rescue:
        - ansible.builtin.debug:
            msg: "SAID {{ [inventory_hostname, ansible_failed_result.msg] | to_json }}"
"""


def inventory(cases):
    balancers, capsules = {}, {}
    for name, each in cases.items():
        balancers[name] = {"location": name, "family": "RedHat", "major": "9", **each["balancer"]}
        for variable in each["without"]:
            del balancers[name][variable]
        for number, given in enumerate(each["capsules"]):
            host = f"c{number}.{name}"
            capsules[host] = {"location": name, "private_ip": f"10.0.0.{number + 1}", **given}
    if "two_balancers" in cases:
        balancers["second"] = {"location": "Two_Balancers", "family": "RedHat", "major": "9"}
    groups = {"capsule_lbs": {"hosts": balancers}, "capsules": {"hosts": capsules}}
    return {"all": {"vars": {"ansible_connection": "local"}, "children": groups}}


def answers(folder, hosts):
    (folder / "inventory.json").write_text(json.dumps(hosts))
    (folder / "play.yaml").write_text(PLAY)
    command = ["ansible-playbook", "--check", "-i", str(folder / "inventory.json"), str(folder / "play.yaml")]
    plain = {**os.environ, "ANSIBLE_NOCOLOR": "1"}
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=plain)
    if run.returncode:
        sys.exit(run.stdout[-3000:] + run.stderr[-3000:])
    said = {}
    for line in run.stdout.splitlines():
        if '"SAID ' in line:
            text = json.loads(line.split('"msg": ', 1)[1])
            host, message = json.loads(text.removeprefix("SAID "))
            said[host] = message
    return said


def main():
    failed = 0

    def judge(name, refused, message):
        nonlocal failed
        good = message == "" if refused is None else refused in (message or "")
        failed += not good
        told = "" if good else f": wanted {refused!r}, was told {message!r}"
        print(f"{'ok' if good else 'FAILED':6} {name}{told}")

    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        said = answers(folder, inventory(CASES))
        for name, each in CASES.items():
            judge(name, each["refused"], said.get(name))
        # a capsule in no location keeps every load balancer waiting
        hosts = inventory({"good": CASES["good"]})
        hosts["all"]["children"]["capsules"]["hosts"]["nowhere"] = {}
        judge("nowhere", "nowhere: location is not set", answers(folder, hosts).get("good"))
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
