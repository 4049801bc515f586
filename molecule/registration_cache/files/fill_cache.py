#!/usr/bin/env python3
"""Fills a cache from a capsule, as the capsules' user, beyond what it may hold.

    fill_cache.py REGISTRATION_YML MEBIBYTES

Takes address and credentials from the line that the role wrote. Exit code 1 where a value is refused, or where all
are still there at the end.
"""

import os
import re
import sys

sys.path.insert(0, "/opt/stand_in_proxy")
import smart_proxy  # noqa: E402


def main():
    text = open(sys.argv[1], encoding="utf-8", newline="").read()
    url = re.search(r"^:(?:cache|redis)_url: (\S+)", text, re.MULTILINE)[1]
    cache = smart_proxy.Cache(url, None)
    value = os.urandom(1 << 18)
    names = [f"fill:{number}" for number in range(int(sys.argv[2]) * 4)]
    for name in names:
        cache.ask("SET", name, value)
    # which ones go is left to chance within a second; that some do, and not the last one, is not
    there = [name for name in names if cache.ask("GET", name) == value]
    sys.exit(0 if names[-1] in there and len(there) < len(names) else 1)


if __name__ == "__main__":
    main()
