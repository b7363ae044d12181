"""Plays stories through the ports of real adapters, and keeps account of every message: what was sent, its verdict, who received it and when.

A story is a list of steps that follow each other; stories run side by side. A step says who sends what, and how it must end. The account is made from what
the agencies' systems see at their ports, and from nothing that the hub says of itself."""
import collections
import json
import time


import zmq

WINDOW = 64          # messages of one agency that wait for their end
CREDIT = 512         # deliveries that an agency's system takes at once
PATIENCE = 60        # seconds without any progress before the play is given up


class Step:
    """`draft` may be a function of the story's earlier steps. `expect`:
    {"received": {party, …}}            accepted, and a receipt from each of them and nobody else
    {"refused": code}                   by the hub, or at the agency's own port
    {"held": True, "received": {…}}     held first; what is let through later reaches these
    {"answers": {party: outcome}}       beside `received`: what comes back, and that the request is closed"""
    __slots__ = ("agency", "kind", "draft", "expect", "id", "sent", "verdict", "code", "received", "answers", "closed", "alerts", "story", "place", "over")

    def __init__(self, agency, draft, **expect):
        self.agency, self.draft, self.expect = agency, draft, expect
        self.id = self.sent = self.verdict = self.code = self.story = None
        self.kind = "?"
        self.received, self.answers, self.alerts, self.closed, self.place, self.over = {}, {}, [], None, 0, False

    def is_over(self):
        if "refused" in self.expect:
            return self.verdict is not None
        if self.verdict is None:
            return False
        if self.expect.get("held") and not self.story.steps[self.place + 1:]:
            return self.verdict == "held" and set(self.received) >= self.expect["received"]
        if self.expect.get("held"):
            return True  # what lets it through comes later in the story
        if self.verdict != "accepted":
            return True
        return set(self.received) >= self.expect["received"] and ("answers" not in self.expect or self.closed is not None)

    def fault(self):
        """What is wrong with how it ended, or None."""
        expect = self.expect
        if "refused" in expect:
            return None if self.code == expect["refused"] else f"ended as {self.code or self.verdict}, not refused as {expect['refused']}"
        if self.verdict is None:
            return "never got a verdict"
        if expect.get("held") and self.verdict != "held":
            return f"{self.verdict} ({self.code}), not held"
        if not expect.get("held") and self.verdict != "accepted":
            return f"{self.verdict}: {self.code}"
        if set(self.received) != expect["received"]:
            return f"received by {sorted(self.received)}, not by {sorted(expect['received'])}"
        twice = [party for party, times in self.received.items() if len(times) > 1]
        if twice:
            return f"handed over twice to {twice}"
        if "answers" in expect and self.answers != expect["answers"]:
            return f"answered {self.answers}, not {expect['answers']}"
        if "answers" in expect and self.closed is None:
            return "was never closed"
        return None


class Story:
    def __init__(self, name, at, steps):
        self.name, self.at, self.steps, self.next = name, at, steps, 0
        for place, step in enumerate(steps):
            step.story, step.place = self, place


class Play:
    def __init__(self, endpoints):
        """endpoints: party → the adapter's ZeroMQ port."""
        self.context = zmq.Context()
        self.poller = zmq.Poller()
        self.sockets, self.party_of = {}, {}
        for party, endpoint in endpoints.items():
            socket = self.context.socket(zmq.DEALER)
            socket.setsockopt(zmq.LINGER, 0)
            socket.setsockopt(zmq.SNDHWM, 0)
            socket.setsockopt(zmq.RCVHWM, 0)
            socket.connect(endpoint)
            self.sockets[party], self.party_of[socket] = socket, party
            self.poller.register(socket, zmq.POLLIN)
            self.say(party, {"op": "receive", "credit": CREDIT})
        self.credit = dict.fromkeys(endpoints, CREDIT)
        self.by_id, self.by_ref, self.refs = {}, {}, 0
        self.open = collections.Counter()          # steps of an agency on their way
        self.ready = collections.defaultdict(collections.deque)
        self.early = collections.defaultdict(list)  # deliveries that came before the sender heard of the id
        self.latency = collections.defaultdict(list)
        self.strays, self.done, self.alerts = [], [], collections.Counter()
        self.moved = time.monotonic()
        self.first = self.last = None

    def say(self, party, request):
        self.sockets[party].send(json.dumps(request).encode())

    # ---- sending ----

    def submit(self, step):
        draft = step.draft(step.story.steps) if callable(step.draft) else step.draft
        step.kind = draft["type"]
        self.refs += 1
        self.by_ref[self.refs] = step
        step.sent = time.monotonic()
        self.first = self.first or step.sent
        self.say(step.agency, {"op": "send", "ref": self.refs, **draft})

    def push(self, party):
        while self.ready[party] and self.open[party] < WINDOW:
            self.open[party] += 1
            self.submit(self.ready[party].popleft())

    def begin(self, story):
        step = story.steps[0]
        self.ready[step.agency].append(step)
        self.push(step.agency)

    def settle(self, step):
        """The story goes on when the step has ended."""
        if step.over or not step.is_over():
            return
        step.over = True
        self.open[step.agency] -= 1
        story = step.story
        if step.place == story.next:
            story.next += 1
            if story.next < len(story.steps):
                following = story.steps[story.next]
                self.ready[following.agency].append(following)
                self.push(following.agency)
            else:
                self.done.append(story)
        self.push(step.agency)

    # ---- hearing ----

    def on_sent(self, step, answer):
        if "error" in answer:
            step.verdict, step.code = "refused", answer["error"]["code"]
        else:
            step.id = answer["id"]
            self.by_id[step.id] = step
            for party, message, at in self.early.pop(step.id, ()):
                self.on_message(party, message, at)
        self.settle(step)

    def on_fate(self, fate):
        step = self.by_id.get(fate["id"])
        if step and fate["state"] != "waiting" and step.verdict is None:
            step.verdict = "accepted" if fate["state"] == "settled" else fate["state"]  # settled: its receipts are there already
            step.code = fate["verdict"]["code"]
            self.settle(step)

    def on_message(self, party, message, at):
        if message["from"].endswith(".hub"):
            self.on_hub(party, message, at)
            return
        step = self.by_id.get(message["id"])
        if not step and message.get("re") in self.by_id and message["type"] == "query.result/1":
            self.by_id[message["re"]].answers[message["from"]] = message["body"]["result"]
            return
        if not step:
            self.early[message["id"]].append((party, message, at))
            return
        step.received.setdefault(party, []).append(at)
        self.latency[step.kind].append(at - step.sent)
        self.last = at
        self.settle(step)

    def on_hub(self, party, message, at):
        body = message["body"]
        step = self.by_id.get(body.get("of"))
        if not step:
            self.early[body.get("of")].append((party, message, at))
            return
        self.alerts[f'{message["type"]} {body.get("event", body.get("because", ""))}'.strip()] += 1
        if body.get("event") in ("conflict", "candidate", "overtaken"):  # nobody in this state is taken for another
            self.strays.append((party, message["type"], body))
        elif message["type"] == "exchange.complete/1":
            step.closed = body
            self.settle(step)
        else:
            step.alerts.append((party, body["event"]))

    def hear(self, party, frame, at):
        answer = json.loads(frame)
        event = answer.get("event")
        if event == "message":
            message = answer["message"]
            self.say(party, {"op": "ack", "id": message["id"]})
            self.credit[party] -= 1
            if self.credit[party] < CREDIT // 2:
                self.say(party, {"op": "receive", "credit": CREDIT - self.credit[party]})
                self.credit[party] = CREDIT
            self.on_message(party, message, at)
        elif event == "fate":
            self.on_fate(answer)
        elif "ref" in answer:
            step = self.by_ref.pop(answer["ref"], None)
            if step:
                self.on_sent(step, answer)
        elif "error" in answer:
            self.strays.append((party, "error", answer["error"]))

    def turn(self, wait_ms):
        events = self.poller.poll(wait_ms)
        at = time.monotonic()
        for socket, _ in events:
            party = self.party_of[socket]
            for _ in range(256):
                try:
                    frame = socket.recv(zmq.NOBLOCK)
                except zmq.Again:
                    break
                self.hear(party, frame, at)
                self.moved = at

    # ---- the whole ----

    def run(self, stories, pace=None, tell=None):
        """Plays them all; `pace`: seconds of the play for one second of the plan, None: as fast as it goes. False: given up, what is missing is not done."""
        stories = collections.deque(stories)
        total, started, told = len(stories), time.monotonic(), time.monotonic()
        while len(self.done) < total:
            now = time.monotonic()
            while stories and (pace is None or stories[0].at * pace <= now - started):
                if pace is None and sum(map(len, self.ready.values())) > 4096:
                    break
                self.begin(stories.popleft())
            self.turn(20)
            if now - self.moved > PATIENCE and (not stories or pace is None):
                return False
            if tell and now - told > 10:
                told = now
                tell(len(self.done), total, now - started)
        return True

    def settle_down(self, seconds=3):
        """What comes late, and should not, is seen too."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.turn(50)

    def close(self):
        for socket in self.sockets.values():
            socket.close()
        self.context.term()
