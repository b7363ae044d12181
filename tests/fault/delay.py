"""A line that is long: a TCP relay that passes each byte on after so many milliseconds, each way, as much at once as comes. For kernels without netem."""
import collections
import selectors
import socket
import threading
import time


class Delay(threading.Thread):
    """From `port` here to `target` (host, port); delay_s may be changed at any time."""

    def __init__(self, target, delay_s):
        super().__init__(daemon=True)
        self.target, self.delay_s = target, delay_s
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.listener.setblocking(False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.other, self.under_way = {}, {}  # socket → the other end; socket → what is to be written to it, with when
        self.is_done = False

    def run(self):
        while not self.is_done:
            for key, _ in self.selector.select(0.005):
                if key.fileobj is self.listener:
                    self.accept()
                else:
                    self.read(key.fileobj)
            for end in list(self.under_way):
                self.write(end)
        for end in list(self.other):
            end.close()
        self.listener.close()

    def accept(self):
        near, _ = self.listener.accept()
        try:
            far = socket.create_connection(self.target, 5)
        except OSError:
            near.close()
            return
        for end, other in ((near, far), (far, near)):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.other[end] = other
            self.under_way[end] = collections.deque()
            self.selector.register(end, selectors.EVENT_READ)

    def read(self, end):
        if end not in self.other:
            return
        try:
            data = end.recv(65536)
        except OSError:
            data = b""
        if not data:
            self.selector.unregister(end)
        self.under_way[self.other[end]].append((time.monotonic() + self.delay_s, data))

    def write(self, end):
        queue = self.under_way.get(end)
        while queue and queue[0][0] <= time.monotonic():
            _, data = queue.popleft()
            try:
                if not data:
                    self.close(end)
                    return
                end.sendall(data)
            except OSError:
                self.close(end)
                return

    def close(self, end):
        for one in (end, self.other.get(end)):
            if one in self.other:
                del self.other[one], self.under_way[one]
                try:
                    self.selector.unregister(one)
                except KeyError:
                    pass
                one.close()

    def stop(self):
        self.is_done = True
        self.join(5)
