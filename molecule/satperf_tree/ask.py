#!/usr/bin/env python3
"""Asks a cache one thing without a password: ask.py HOST PORT WORD...; prints its answer as it comes, or why there is none."""

import socket
import sys

host, port, *words = sys.argv[1:]
request = f"*{len(words)}\r\n" + "".join(f"${len(w.encode())}\r\n{w}\r\n" for w in words)
try:
    with socket.create_connection((host, int(port)), timeout=3) as connection:
        connection.sendall(request.encode())
        print(connection.recv(4096).decode(errors="replace"))
except OSError as error:
    print(f"refused: {error}")
