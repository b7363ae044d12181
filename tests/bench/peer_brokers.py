"""What others would use instead, as contenders: brokers of Debian with mutual TLS 1.3 and the settings in which each says that it keeps what it acknowledged. Each
runs in a folder and on ports of its own; none of them checks a signature, a schema or an authority, nor gives a receipt."""
import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile

import field
import processes
from contest import WINDOW

PLACES = f"{os.environ['PATH']}:/usr/sbin:/usr/lib/rabbitmq/bin"


class PeerBroker:
    """A kind of broker; `configure` writes its configuration and gives its command."""
    program = protocol = package = name = ""
    surroundings = {}

    def __init__(self, papers):
        self.papers = papers

    def path(self, suffix, who="server"):
        return self.papers[who].with_suffix(suffix)

    @classmethod
    def where(cls):
        return shutil.which(cls.program, path=PLACES)

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"bench-{self.name}-"))
        self.port = field.free_port()
        self.data = self.folder / "data"
        self.data.mkdir()
        command = self.configure()
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, "PATH": PLACES, **self.surroundings})
        try:
            field.wait_until(self.is_listening, 60, f"the start of {self.name}: {self.folder}/log")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(30)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.after()
        shutil.rmtree(self.folder, ignore_errors=True)

    def after(self):
        """What it leaves running."""

    def is_listening(self):
        if self.process.poll() is not None:
            raise SystemExit(f"{self.name} ended: {(self.folder / 'log').read_text()[-2000:]}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def groups(self):
        return {"broker": list(processes.family(self.process.pid))}

    def load(self, count, size, rate, pairs=1, window=WINDOW):
        done = subprocess.run([field.BIN / "tests/bench/bench_peer", self.protocol, str(self.port), self.path(".pem", "client"), self.path(".key", "client"),
                               self.papers["ca"], str(count), str(size), str(rate), str(window), str(pairs)], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{self.name}: {done.stderr}\n{(self.folder / 'log').read_text(errors='replace')[-1000:]}")
        return json.loads(done.stdout)


class Redis(PeerBroker):
    name, program, package, protocol = "redis", "redis-server", "redis-server", "redis"
    words = "streams with a group of readers, append-only file, appendfsync always: synced in groups before the answer"

    def configure(self):
        return ["redis-server", self.write("redis.conf", f'''bind 127.0.0.1
port 0
tls-port {self.port}
tls-cert-file {self.path(".pem")}
tls-key-file {self.path(".key")}
tls-ca-cert-file {self.papers["ca"]}
tls-auth-clients yes
tls-protocols "TLSv1.3"
dir {self.data}
appendonly yes
appendfsync always
auto-aof-rewrite-percentage 0
save ""
''')]


class Mosquitto(PeerBroker):
    name, program, package, protocol = "mosquitto", "mosquitto", "mosquitto", "mqtt"
    words = "QoS 1, sessions kept, persistence on: it writes its state now and then, and acknowledges what is only in memory"

    def configure(self):
        return ["mosquitto", "-c", self.write("mosquitto.conf", f'''listener {self.port} 127.0.0.1
cafile {self.papers["ca"]}
certfile {self.path(".pem")}
keyfile {self.path(".key")}
tls_version tlsv1.3
require_certificate true
allow_anonymous true
persistence true
persistence_location {self.data}/
user root
max_inflight_messages 4000
max_queued_messages 0
set_tcp_nodelay true
log_type error
''')]


class Nats(PeerBroker):
    name, program, package, protocol = "nats", "nats-server", "nats-server", "nats"
    words = "JetStream, file store, explicit acknowledgement: it acknowledges what the kernel has, and syncs every two minutes"
    sync = ""

    def version(self):
        return tuple(int(part) for part in subprocess.check_output(["nats-server", "--version"], text=True).split("v")[-1].split(".")[:2])

    def configure(self):
        least = ', min_version: "1.3"' if self.version() >= (2, 10) else ""  # before, only the client can ask for it, and does
        return ["nats-server", "-c", self.write("nats.conf", f'''host: 127.0.0.1
port: {self.port}
jetstream {{ store_dir: "{self.data}", max_memory_store: 1GB, max_file_store: 50GB{self.sync} }}
tls {{ cert_file: "{self.path(".pem")}", key_file: "{self.path(".key")}", ca_file: "{self.papers["ca"]}", verify: true, timeout: 30{least} }}
''')]


class NatsSync(Nats):
    name = "nats-sync"
    words = "the same with every write synced before its acknowledgement (sync_interval: always; before 2.10 a folder whose files are written synchronously)"

    def configure(self):
        if self.version() >= (2, 10):
            self.sync = ", sync_interval: always"
        else:
            subprocess.run(["chattr", "+S", self.data], check=True)
        return super().configure()


class RabbitMq(PeerBroker):
    name, program, package, protocol = "rabbitmq", "rabbitmq-server", "rabbitmq-server", "amqp"
    words = "quorum queue of one member, persistent messages, publisher confirms: synced in groups before the confirm"

    def configure(self):
        self.names_port, self.nodes_port = field.free_port(), field.free_port()
        config = self.write("rabbitmq.conf", f'''listeners.tcp = none
listeners.ssl.1 = 127.0.0.1:{self.port}
ssl_options.cacertfile = {self.papers["ca"]}
ssl_options.certfile = {self.path(".pem")}
ssl_options.keyfile = {self.path(".key")}
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = true
ssl_options.versions.1 = tlsv1.3
log.file.level = error
log.console = false
vm_memory_high_watermark.relative = 0.4
disk_free_limit.absolute = 50MB
''')
        (self.folder / "logs").mkdir()
        self.surroundings = {"HOME": str(self.folder), "ERL_EPMD_ADDRESS": "127.0.0.1", "ERL_EPMD_PORT": str(self.names_port),
                             "ERL_CRASH_DUMP": "/dev/null", "RABBITMQ_NODENAME": f"bench{self.port}@localhost", "RABBITMQ_DIST_PORT": str(self.nodes_port),
                             "RABBITMQ_CONFIG_FILE": str(config), "RABBITMQ_MNESIA_BASE": str(self.data), "RABBITMQ_LOG_BASE": str(self.folder / "logs"),
                             "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.write("plugins", "[].\n")), "RABBITMQ_PID_FILE": str(self.folder / "pid"),
                             "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}"}
        return [shutil.which("rabbitmq-server", path="/usr/lib/rabbitmq/bin") or self.where()]

    def groups(self):
        return {"broker": [pid for pid, name in processes.family(self.process.pid).items() if "beam" in name]}

    def after(self):
        subprocess.run(["epmd", "-port", str(self.names_port), "-kill"], env={**os.environ, "ERL_EPMD_ADDRESS": "127.0.0.1"}, capture_output=True)


KINDS = (Redis, RabbitMq, NatsSync, Nats, Mosquitto)


def installed(figures, papers):
    """Makers of those that are here; a note for each, and for each that is not."""
    makers = []
    for kind in KINDS:
        if kind.where():
            figures.note(f"{kind.name}: {kind.words}")
            makers.append(lambda kind=kind: kind(papers))
        else:
            figures.note(f"{kind.name}: skipped, {kind.program} is not installed (apt-get install {kind.package})")
    return makers
