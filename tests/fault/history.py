"""The judge. It knows nothing of the broker's own records: only what each agency's system handed over, was told, and got, in the order in which it
saw it, over all lives of all programs. judge(history) names each breach of a promise: what, whose, which message, when and why.

A system notes:
  offered   who, key, to, priority, content, may_end, expect    it hands a document over; key is in the text, unlike any other; tolerate: codes of what
                                                                the test does meanwhile
  taken     who, key, id                                        the adapter says that it has it on disk
  refused   who, key, code                                      the adapter says that it does not take it
  status    who, id, state, verdict, outcomes                   what it is told of one of its messages; each change of it
  got       who, id, key, sender, type, content, order          a message is in its hands; order: when it appeared, equal means unknown
  kept      who, id                                             and is its own now: a file taken away, an acknowledgement that was answered
The test notes:
  fault     name, victim                                        something was done to a program
  ended     who, code                                           a program ended that nobody told to
  complaint who, id, code, text                                 an adapter refused what the hub brought
  ledger    ok, text                                            what `liaison ledger verify` says at the end"""
import collections
import hashlib
import json
import threading
import time

ENDS = ("received", "refused", "expired", "dead_lettered", "discarded", "withdrawn")
HUB_TYPES = ("notice/1", "alert/1", "exchange.complete/1")

Finding = collections.namedtuple("Finding", "breach who id at why")


def content_of(message):
    """The same for a draft and for what comes of it: all that its originator said."""
    said = {name: message.get(name) or None for name in ("type", "body", "subject", "to", "re")}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:24]


class History:
    def __init__(self):
        self.begin = time.monotonic()
        self.events = []
        self.lock = threading.Lock()

    def note(self, what, **more):
        with self.lock:
            self.events.append({"at": round(time.monotonic() - self.begin, 4), "what": what, **more})

    def all(self, what, since=0):
        with self.lock:
            return [event for event in self.events[since:] if event["what"] == what]

    def count(self, what):
        return len(self.all(what))

    def save(self, path):
        with self.lock, open(path, "w") as out:
            for event in self.events:
                out.write(json.dumps(event) + "\n")

    @staticmethod
    def load(path):
        history = History()
        with open(path) as lines:
            history.events = [json.loads(line) for line in lines]
        return history

    # ---- figures ----

    def latencies_ms(self, begin=0.0, end=float("inf")):
        """From handing over to getting, of what was offered in between, sorted."""
        offered = {event["key"]: event["at"] for event in self.all("offered") if begin <= event["at"] <= end}
        seen, found = set(), []
        for event in self.all("got"):
            if event["key"] in offered and (event["who"], event["key"]) not in seen:
                seen.add((event["who"], event["key"]))
                found.append(1000 * (event["at"] - offered[event["key"]]))
        return sorted(found)

    def first_after(self, at, what="got"):
        return next((event for event in self.all(what) if event["at"] >= at), None)


def percentile(values, part):
    return values[min(len(values) - 1, int(len(values) * part))] if values else float("nan")


class _Judge:
    def __init__(self, history, systems, hub, may_die):
        self.history, self.systems, self.hub, self.may_die = history, systems, hub, may_die
        self.findings = []
        self.offers, self.ids, self.keys = {}, {}, {}       # key → offer, key → id, id → key
        self.turned_away = {}                               # key → event
        self.last, self.verdicts, self.told = {}, {}, {}    # id → newest status, first verdict, {recipient: end}
        self.got, self.kept = {}, {}                        # (who, id) → [event], event of the first

    def find(self, breach, who, message, at, why, *more):
        self.findings.append(Finding(breach, who, message, at, why % more))

    # ---- reading ----

    def read(self):
        for number, event in enumerate(self.history.events):
            reader = getattr(self, "read_" + event["what"], None)
            if reader:
                reader(event, number)

    def read_offered(self, event, number):
        if event["key"] in self.offers:
            return  # the same document once more: the first counts for the order
        self.offers[event["key"]] = {**event, "number": number}

    def read_taken(self, event, _number):
        key, message = event["key"], event["id"]
        if self.ids.setdefault(key, message) != message:
            self.find("twice", event["who"], message, event["at"], "%s was taken under two ids, first as %s", key, self.ids[key])
        if self.keys.setdefault(message, key) != key:
            self.find("verdicts_disagree", event["who"], message, event["at"], "two documents were taken under one id: %s and %s", key, self.keys[message])

    def read_refused(self, event, _number):
        self.turned_away[event["key"]] = event

    def read_status(self, event, _number):
        message, verdict = event["id"], event["verdict"]
        before = self.last.get(message)
        if before and before["verdict"] and not verdict:
            self.find("verdicts_disagree", event["who"], message, event["at"], "its verdict %s is gone again", before["verdict"]["code"])
        self.last[message] = event
        if verdict:
            self.read_verdict(event, verdict)
        ends = self.told.setdefault(message, {})
        for outcome in event["outcomes"]:
            if outcome["what"] not in ENDS:
                continue
            known = ends.setdefault(outcome["recipient"], outcome)
            if known["what"] != outcome["what"] or known["code"] != outcome["code"]:
                self.find("ends_disagree", event["who"], message, event["at"], "at %s it ended as %s (%s) and as %s (%s)", outcome["recipient"],
                          known["what"], known["code"], outcome["what"], outcome["code"])
        gone = set(ends) - {outcome["recipient"] for outcome in event["outcomes"]}
        if gone:
            self.find("ends_disagree", event["who"], message, event["at"], "the end at %s is gone again", ", ".join(sorted(gone)))

    def read_verdict(self, event, verdict):
        said = (verdict["code"], verdict["entry"], tuple(sorted(recipient["party"] for recipient in verdict["recipients"])))
        first = self.verdicts.setdefault(event["id"], said)
        if first != said:
            self.find("verdicts_disagree", event["who"], event["id"], event["at"], "first %s (entry %s, to %s), then %s (entry %s, to %s)", *first, *said)

    def read_got(self, event, _number):
        place = (event["who"], event["id"])
        if place in self.kept:
            self.find("twice", event["who"], event["id"], event["at"], "it had it for good since %.3f s", self.kept[place]["at"])
        self.got.setdefault(place, []).append(event)
        if event["sender"] != self.hub:
            self.check_origin(event)

    def read_kept(self, event, _number):
        self.kept.setdefault((event["who"], event["id"]), event)

    def read_ended(self, event, _number):
        self.find("crashed", event["who"], None, event["at"], "it ended by itself with %s", event["code"])

    def read_complaint(self, event, _number):
        self.find("refused_delivery", event["who"], event["id"], event["at"], "its adapter refused what the hub brought: %s, %s", event["code"], event["text"])

    def read_ledger(self, event, _number):
        if not event["ok"]:
            self.find("ledger", self.hub, None, event["at"], "%s", event["text"])

    # ---- each hand-over ----

    def check_origin(self, event):
        offer = self.offers.get(event["key"])
        if not offer or offer["who"] != event["sender"]:
            self.find("never_sent", event["who"], event["id"], event["at"], "%s never sent what says to be %s", event["sender"], event["key"])
        elif offer["content"] != event["content"]:
            self.find("altered", event["who"], event["id"], event["at"], "%s of %s is not what was handed over", event["key"], event["sender"])

    # ---- after all is read ----

    def check_ids(self):
        """One document, one id, wherever it was seen; and nobody gets it twice under two."""
        for (who, message), events in self.got.items():
            key = events[0]["key"]
            if key in self.offers and self.ids.setdefault(key, message) != message:
                self.find("twice", who, message, events[0]["at"], "%s also goes by the id %s", key, self.ids[key])

    def check_order(self):
        lines = {}
        for (who, message), events in self.got.items():
            offer = self.offers.get(events[0]["key"])
            if offer:
                lines.setdefault((offer["who"], who, offer["priority"]), []).append((events[0]["order"], offer["number"], message, events[0]["at"]))
        for (sender, who, priority), line in lines.items():
            line.sort()
            newest = newest_same = (-1, None)  # the latest document of all that appeared before; and at the same instant
            at = None
            for order, number, message, when in line:
                if order != at:
                    newest, at = max(newest, newest_same), order
                if number < newest[0]:
                    self.find("out_of_order", who, message, when, "from %s with priority %s it came after %s, which was handed over later", sender, priority,
                              newest[1])
                newest_same = max(newest_same, (number, message))

    def check_offers(self):
        for key, offer in self.offers.items():
            message = self.ids.get(key)
            status = self.last.get(message)
            if key in self.turned_away:
                self.check_turned_away(key, offer, message)
            elif message is None:
                self.find("vanished", offer["who"], key, offer["at"], "neither taken nor refused by the adapter, nor seen anywhere")
            elif status is None:
                self.find("vanished", offer["who"], message, offer["at"], "%s has no status", key)
            elif not status["verdict"]:
                self.find("never_ended", offer["who"], message, offer["at"], "%s has no verdict", key)
            else:
                self.check_verdict(offer, message, status)

    def check_turned_away(self, key, offer, message):
        event = self.turned_away[key]
        if message is not None:
            self.find("verdicts_disagree", offer["who"], message, event["at"], "%s was refused at the port (%s), and taken as well", key, event["code"])
        if offer["expect"] != "port " + event["code"] and event["code"] not in offer.get("tolerate", ()) and not (event["code"] == "expired" and "expired" in offer["may_end"]):
            self.find("unexpected", offer["who"], key, event["at"], "the adapter refused it: %s", event["code"])

    def check_verdict(self, offer, message, status):
        code, recipients = status["verdict"]["code"], [recipient["party"] for recipient in status["verdict"]["recipients"]]
        seen_by = [who for who in self.systems if (who, message) in self.got]
        if code not in (offer["expect"], "held", *offer.get("tolerate", ())) and not (code == "expired" and "expired" in offer["may_end"]):
            self.find("unexpected", offer["who"], message, status["at"], "the hub's verdict on %s is %s and not %s", offer["key"], code, offer["expect"])
        if code not in ("ok", "held"):
            if seen_by:
                self.find("unaccepted", seen_by[0], message, self.got[seen_by[0], message][0]["at"], "handed over although refused: %s", code)
            if status["outcomes"]:
                self.find("ends_disagree", offer["who"], message, status["at"], "refused, and with an end as well")
            return
        if offer["to"] and sorted(offer["to"]) != sorted(recipients):
            self.find("unexpected", offer["who"], message, status["at"], "accepted for %s, it was for %s", ", ".join(recipients), ", ".join(offer["to"]))
        for who in set(seen_by) - set(recipients):
            self.find("stranger", who, message, self.got[who, message][0]["at"], "the verdict does not name it as a recipient")
        for party in recipients:
            self.check_end(offer, message, party)

    def check_end(self, offer, message, party):
        outcome = self.told.get(message, {}).get(party)
        events = self.got.get((party, message))
        if outcome is None:
            self.find("never_ended", offer["who"], message, offer["at"], "accepted for %s, and nothing says what became of it there%s", party,
                      "; it was handed over" if events else "")
            return
        if outcome["what"] == "received":
            if party in self.systems and not events:
                self.find("receipt_without_hand_over", party, message, offer["at"], "%s was told that it was received", offer["who"])
        elif outcome["what"] not in offer["may_end"] and outcome["code"] not in offer.get("tolerate", ()) and not (outcome["what"] == "dead_lettered" and self.may_die):
            self.find("unexpected", offer["who"], message, offer["at"], "at %s it ended as %s (%s): %s", party, outcome["what"], outcome["code"],
                      outcome.get("reason", ""))
        if outcome["what"] == "refused" and events:
            self.find("ends_disagree", party, message, events[0]["at"], "handed over although its adapter refused it: %s", outcome["code"])

    def check_hub_messages(self):
        for (who, message), events in self.got.items():
            if events[0]["sender"] == self.hub and events[0]["type"] not in HUB_TYPES:
                self.find("never_sent", who, message, events[0]["at"], "the hub does not say %s", events[0]["type"])

    def check_ledger(self):
        if not any(event["what"] == "ledger" for event in self.history.events):
            self.find("ledger", self.hub, None, 0, "nobody has verified it")

    def work(self):
        self.read()
        self.check_ids()
        self.check_order()
        self.check_offers()
        self.check_hub_messages()
        self.check_ledger()
        return self.findings


def judge(history, systems, hub="ct.hub", may_die=False):
    """All findings. systems: the parties whose systems were watched; may_die: dead letters are what the test is about."""
    return _Judge(history, set(systems), hub, may_die).work()


def account(history):
    """What the history speaks of, in numbers."""
    messages, ends = {}, collections.Counter()
    for event in history.all("status"):
        messages[event["id"]] = event
    for event in messages.values():
        ends.update(outcome["what"] for outcome in event["outcomes"])
        if event["verdict"] and event["verdict"]["code"] != "ok":
            ends["refused by the hub"] += 1
    hand_overs = {(event["who"], event["id"]) for event in history.all("got")}
    return {"offered": len({event["key"] for event in history.all("offered")}), "messages": len(messages), "hand_overs": len(hand_overs),
            "refused at the port": history.count("refused"), **ends}


def explain(findings, most=25):
    lines = [f"{finding.breach}: {finding.who} {finding.id or ''} at {finding.at:.3f} s: {finding.why}" for finding in findings[:most]]
    if len(findings) > most:
        lines.append(f"… and {len(findings) - most} more")
    return "\n".join(lines)
