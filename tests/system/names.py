"""A name server of a test's own, and what makes a runner ask it: names that lead where the test says, and names for which there is
never an answer."""
import socket
import struct
import subprocess
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
A = 1


class NameServer:
    """names: a function from a name to its IPv4 addresses; []: there is no such name; None: no answer, ever."""

    def __init__(self, home, names, ttl=1):
        self.names, self.ttl = names, ttl
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.bind(("127.0.0.1", 0))
        self.conf = Path(home) / "resolv.conf"
        self.conf.write_text("nameserver 127.0.0.1\n")
        self.library = Path(home) / "names.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", self.library, HERE / "names.c"], check=True)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    @property
    def settings(self):
        """Of a runner that is to ask it. Its names lead to this machine, where no name leads by default."""
        return {"TARGETS_ALLOW": "127.0.0.0/8", "LD_PRELOAD": self.library, "NAMES_CONF": self.conf, "NAMES_PORT": self.socket.getsockname()[1],
                "ASAN_OPTIONS": "verify_asan_link_order=0"}

    def _serve(self):
        while True:
            try:
                question, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            if len(question) < 17:
                return  # the one that close sends
            answer = self._answer(question)
            if answer is not None:
                self.socket.sendto(answer, peer)

    def _answer(self, question):
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode())
            at += 1 + question[at]
        kind, = struct.unpack_from(">H", question, at + 1)
        name = ".".join(labels).lower()
        if kind == A:
            self.asked.append(name)
        addresses = self.names(name)
        if addresses is None:
            return None
        rows = addresses if kind == A else []
        head = struct.pack(">2sHHHHH", question[:2], 0x8180 if addresses else 0x8183, 1, len(rows), 0, 0)
        records = b"".join(struct.pack(">HHHIH", 0xC00C, A, 1, self.ttl, 4) + socket.inet_aton(row) for row in rows)
        return head + question[12:at + 5] + records

    def close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()
