#!/usr/bin/env python3
"""What a cache lets a capsule do, by the line that the role wrote into its settings.

    ask_cache.py REGISTRATION_YML KEY URL_PATTERN AUTHORITIES

Prints one JSON object: the URL fits the pattern; what works; what is refused and with which word; what comes without
credentials. Exit code 1 where there is not exactly one line of ours.
"""

import json
import re
import sys
import urllib.parse

sys.path.insert(0, "/opt/stand_in_proxy")
import smart_proxy  # noqa: E402

WORKS = ["PING", "SET verify 1 EX 60", "SETEX verify 60 1", "GET verify", "EXISTS verify", "TTL verify",
         "EXPIRE verify 60", "DEL verify", "SELECT 0", "CLIENT SETNAME verify"]
ERRORS = ("NOPERM", "NOAUTH", "ERR", "WRONGPASS")
REFUSED = ["CONFIG GET requirepass", "CONFIG SET dir /tmp", "KEYS *", "SCAN 0", "FLUSHALL", "FLUSHDB", "INFO",
           "CLIENT LIST", "ACL LIST", "SAVE", "BGSAVE", "BGREWRITEAOF", "SHUTDOWN", "REPLICAOF 10.0.0.1 6379", "EVAL 1 0",
           "MONITOR", "SUBSCRIBE x", "RANDOMKEY", "MODULE LIST", "SLOWLOG GET"]


def said(cache, command):
    """The first word of the reply; an error's without its minus."""
    try:
        reply = cache.ask(*command.split())
    except (ConnectionError, EOFError) as error:
        return str(error).split(" ")[0]
    return reply.decode() if reply is not None else "nil"


def main():
    path, key, pattern, authorities = sys.argv[1:5]
    text = open(path, encoding="utf-8", newline="").read()
    urls = re.findall(r"^:(\w+)_url: (rediss?://\S+)", text, re.MULTILINE)
    if len(urls) != 1 or urls[0][0] + "_url" != key:
        sys.exit(f"lines of ours: {[name for name, _ in urls]}")
    url = urls[0][1]
    cache = smart_proxy.Cache(url, authorities or None)
    bare = urllib.parse.urlsplit(url)
    nobody = smart_proxy.Cache(bare._replace(netloc=bare.netloc.rpartition("@")[2]).geturl(), authorities or None)
    try:
        nobody.ask("GET", "verify")
        without = "served"
    except (ConnectionError, EOFError) as error:
        without = str(error).split(" ")[0]
    # a connection of its own: what comes after it is RESP 3
    hello = said(smart_proxy.Cache(url, authorities or None), "HELLO 3")
    print(json.dumps({
        "hello": not hello.isupper(),
        "url": bool(re.fullmatch(pattern, url)),
        "not_working": [command for command in WORKS if said(cache, command) in ERRORS],
        "not_refused": [command for command in REFUSED if said(cache, command) != "NOPERM"],
        "without": without,
    }))


if __name__ == "__main__":
    main()
