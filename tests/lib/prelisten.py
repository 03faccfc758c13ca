#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Starts a program whose socket has messages waiting, as systemd does.

prelisten.py SOCKET COUNT COMMAND...
Binds SOCKET, puts as many of COUNT messages into it as the kernel takes
(net.unix.max_dgram_qlen), writes that number to SOCKET.sent, and the time in
microseconds to SOCKET.exec; then becomes COMMAND with LISTEN_FDS=1.
"""
import os, socket, sys, time

path, count, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(path)
client = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
client.setblocking(False)
client.connect(path)
sent = 0
try:
    while sent < count:
        client.send(b"<86>Nov 21 10:00:00 waiting: message %d" % sent)
        sent += 1
except BlockingIOError:
    pass
client.close()
with open(path + ".sent", "w") as f:
    f.write("%d\n" % sent)
fd = server.detach()
if fd != 3:
    os.dup2(fd, 3)
    os.close(fd)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
with open(path + ".exec", "w") as f:
    f.write("%d\n" % (time.time() * 1e6))
os.execvp(command[0], command)
