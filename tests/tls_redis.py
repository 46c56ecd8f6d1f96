"""A Redis that is reached by TLS and a user's password alone, with a certificate made for the test."""

import socket
import ssl
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import redis
import trustme

from shared.stack.redis_server import find_redis_server, redis_command

USER, PASSWORD = "imagesieve", "correct-horse:/@"


class TlsRedis:
    """The redis-server on PATH where it was built with TLS, else the embedded one behind a TLS endpoint made here.

    native: whether Redis itself speaks TLS here.
    """

    def __init__(self, folder: Path) -> None:
        self.authority = folder / "ca.pem"
        self.stranger = folder / "stranger.pem"  # of an authority that signed nothing here
        authority, key = trustme.CA(), folder / "key.pem"
        certificate = authority.issue_cert("localhost", "127.0.0.1")
        authority.cert_pem.write_to_path(str(self.authority))
        trustme.CA().cert_pem.write_to_path(str(self.stranger))
        certificate.private_key_and_cert_chain_pem.write_to_path(str(key))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        command = redis_command(find_redis_server(), folder / "redis.sock")
        # Everything that imagesieve does, and nothing that administers a server; nobody else may do anything.
        rights = ["on", f">{PASSWORD}", "~*", "&*", "+@all", "-@dangerous", "+info"]
        users = ["--user", "default", "off", "--user", USER, *rights]
        self._process, self.native = self._start([*command, *users], key)
        if not self.native:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(key)
            threading.Thread(target=self._serve, args=(context, folder / "redis.sock"), daemon=True).start()
        self._wait()

    def _start(self, command: list[str], key: Path) -> tuple["subprocess.Popen[bytes]", bool]:
        secure = ["--tls-port", str(self.port), "--tls-auth-clients", "no"]
        secure += ["--tls-cert-file", str(key), "--tls-key-file", str(key), "--tls-ca-cert-file", str(self.authority)]
        self._listener.close()
        process = subprocess.Popen([*command, *secure], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(1.0)  # one that knows no TLS ends at once
        except subprocess.TimeoutExpired:
            return process, True
        self._listener = socket.create_server(("127.0.0.1", self.port))
        return subprocess.Popen(command, stdout=subprocess.DEVNULL), False

    def _serve(self, context: ssl.SSLContext, redis_socket: Path) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self._carry, args=(context, plain, redis_socket), daemon=True).start()

    def _carry(self, context: ssl.SSLContext, plain: socket.socket, redis_socket: Path) -> None:
        """One connection: what comes decrypted goes to Redis, and back."""
        with (
            suppress(OSError),
            context.wrap_socket(plain, server_side=True) as near,
            socket.socket(socket.AF_UNIX) as far,
        ):
            far.connect(str(redis_socket))
            threading.Thread(target=_copy, args=(far, near), daemon=True).start()
            _copy(near, far)

    def _wait(self) -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with suppress(redis.ConnectionError), redis.Redis.from_url(self.url(0)) as client:
                client.ping()
                return
            time.sleep(0.05)
        raise TimeoutError("the TLS Redis did not answer within 20 s")

    def url(self, db: int, password: str = PASSWORD, authority: Path | None = None, scheme: str = "rediss") -> str:
        """The one form that redis-py and Celery both take."""
        options = f"?ssl_cert_reqs=required&ssl_ca_certs={authority or self.authority}" if scheme == "rediss" else ""
        return f"{scheme}://{USER}:{quote(password, safe='')}@localhost:{self.port}/{db}{options}"

    def stop(self) -> None:
        """End it."""
        self._listener.close()
        self._process.terminate()
        self._process.wait(20)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
