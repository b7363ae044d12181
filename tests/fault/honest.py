"""An honest pair of agencies that send at a steady pace while somebody misbehaves: how long each message takes from SUBMIT to the recipient, one at a
time, and whether all of them come. Played by liaison_wire, so that nothing but the hub and its links are measured."""
import math
import threading
import time

import liaison_wire as wire


def quantile(values, part):
    """The least value that is not smaller than `part` of all."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)]


class Taker(threading.Thread):
    """A recipient that acknowledges by a receipt, batch by batch, and notes when each message came."""

    def __init__(self, link):
        super().__init__(daemon=True)
        self.link, self.came, self.is_over, self.fault = link, {}, False, None
        link.send([wire.CREDIT, 512])
        self.start()

    def run(self):
        try:
            while not self.is_over:
                self.take()
        except Exception as why:  # told by check()
            self.fault = None if self.is_over else why

    def take(self):
        try:
            frame = self.link.receive(0.2)
        except TimeoutError:
            return
        if frame[0] == wire.PING:
            self.link.send([wire.PONG, frame[1]])
        if frame[0] == wire.BYE:
            raise AssertionError(f"the recipient was told goodbye: {frame}")
        if frame[0] != wire.DELIVER:
            return
        now, receipts = time.monotonic(), []
        for data in frame[1]:
            header_bytes = wire.unpack(data)[1]
            header = wire.header_decode(header_bytes)
            self.came.setdefault(header["id"], []).append(now)
            if header["type"] == "admin.message/1":
                sent = type("Sent", (), {"id": header["id"], "header_bytes": header_bytes})
                receipts.append(wire.Message(self.link.party, "receipt/1", wire.receipt_body(sent), re=header["id"],
                                             thread=header.get("thread", header["id"])))
        if receipts:
            self.link.send(wire.submit_frame(self.link.papers, receipts))
        self.link.send([wire.CREDIT, len(frame[1])])

    def stop(self):
        self.is_over = True
        self.join(5)
        assert self.fault is None, self.fault


class Pair:
    """`sender` submits to `taker`, one message each `every` seconds, at any time."""

    def __init__(self, sender, taker):
        self.sender, self.taker = sender, Taker(taker)
        self.recipient = taker.party
        self.sent = {}

    def play(self, seconds, every=0.01):
        """Milliseconds from SUBMIT to the recipient, of each message of this time."""
        begun, mine = time.monotonic(), []
        while time.monotonic() - begun < seconds:
            message = wire.Message(self.sender.party, "admin.message/1", {"text": "Radio check."}, [self.recipient])
            at = time.monotonic()
            self.sent[message.id] = at
            mine.append(message.id)
            self.sender.send(wire.submit_frame(self.sender.papers, [message]))
            frame = self.sender.expect(wire.VERDICT, wire.BYE)
            assert frame[0] == wire.VERDICT and frame[1][0][1] == "ok", frame
            rest = every - (time.monotonic() - at)
            if rest > 0:
                time.sleep(rest)  # the pace of the load, no waiting for anything
        end = time.monotonic() + 20
        while any(id not in self.taker.came for id in mine) and time.monotonic() < end:
            time.sleep(0.005)
        missing = [id for id in mine if id not in self.taker.came]
        assert not missing, f"{len(missing)} of {len(mine)} never came"
        return [1000 * (self.taker.came[id][0] - self.sent[id]) for id in mine]

    def stop(self):
        """All came, each once."""
        self.taker.stop()
        twice = [id for id in self.sent if len(self.taker.came[id]) != 1]
        assert not twice, f"{len(twice)} came more than once"


def memory_kib(pid):
    """Resident, of a process."""
    with open(f"/proc/{pid}/status") as status:
        return int(next(line for line in status if line.startswith("VmRSS")).split()[1])


def children(pid):
    """The processes below one, at any depth."""
    below = []
    for task in _tasks(pid):
        with open(f"/proc/{pid}/task/{task}/children") as file:
            for child in map(int, file.read().split()):
                below += [child, *children(child)]
    return below


def _tasks(pid):
    import os
    return os.listdir(f"/proc/{pid}/task")


def gateway_pid(hub_pid):
    """The hub's process that holds the connections."""
    for child in children(hub_pid):
        with open(f"/proc/{child}/comm") as file:
            if file.read().startswith("liaison-gateway"):
                return child
    raise AssertionError("the hub has no gateway process")


def processor_s(pid):
    """Seconds of a core that a process has used."""
    import os
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
