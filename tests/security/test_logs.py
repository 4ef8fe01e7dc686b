"""What a client writes does not reach a terminal through the logs."""
import socket
import ssl
import subprocess
import threading

import pytest

from harness import at_second, soon, wait_for

REFERERS = [b"\x1b]0;pwned\x07\x1b[2J", b"http://a/\x01", b"http://a/\x7f", b"http://a/\x9b2J", "http://a/\u009b2J".encode(), b"\xe2\x80\xaehttp://a/", b"a\tb"]


def ask(door, referer):
    """A body that is too long, which nginx says in its error log, with the Referer."""
    with socket.create_connection(("127.0.0.1", door.port), timeout=15) as peer:
        peer.sendall(b"POST /v1/schedule/api-caller HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\nReferer: " + referer + b"\r\n\r\n")
        answer = peer.recv(65536)
        return int(answer.split()[1]), answer


def error_log(door):
    return (door.home / "log" / "nginx-error.log").read_bytes()


@pytest.mark.parametrize("referer", REFERERS)
def test_referer_that_is_no_text_is_refused(door, referer):
    status, answer = ask(door, referer)
    assert status == 400 and b"application/json" in answer and b'"INVALID_REQUEST"' in answer
    assert not [byte for byte in error_log(door) if byte < 32 and byte != 10 or byte > 126]


def test_referer_that_is_text_is_taken(door):
    assert ask(door, b"http://localhost/a?b=%1b#c~")[0] == 413
    assert b'referrer: "http://localhost/a?b=%1b#c~"' in error_log(door)


class TlsTarget:
    """Shakes hands with a certificate that nobody trusts."""

    def __init__(self, home):
        key, cert = home / "key.pem", home / "cert.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert,
                        "-subj", "/CN=target.test", "-days", "2"], check=True, capture_output=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(cert, key)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self.listener.getsockname()[1]}/"
        self.hands = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer = self.listener.accept()[0]
            except OSError:
                return  # closed
            try:
                with peer:
                    self.context.wrap_socket(peer, server_side=True)
            except OSError:
                self.hands += 1  # the runner refuses the certificate, after the keys are made

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def test_keys_of_tls_connections_are_written_nowhere(home, handler, make_runner):
    """Whatever the environment asks for."""
    target, file = TlsTarget(home), home / "keys.log"
    try:
        make_runner(SSLKEYLOGFILE=file)
        handler.schedule(at_second(soon()), target.url)
        wait_for(lambda: target.hands, what="a handshake")
    finally:
        target.close()
    assert not file.exists()


def test_tokens_in_paths_stay_out_of_logs(handler, runner, hook):
    handler.schedule(at_second(soon()), f"{hook.url}/S3CRETTOKEN?x=S3CRETQUERY")
    call = wait_for(lambda: runner.calls)[0]
    assert call["api"] == hook.url + "/…?…"
    assert "S3CRET" not in runner.out + runner.err + handler.err
