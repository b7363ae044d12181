"""A hub and its adapters under load, as a contender. Everything of the product is as delivered but what would stop a load on purpose: the limits on messages a
second of one party are off, and text may be longer than 4,000 characters."""
import contextlib
import json
import shutil
import subprocess

import field
import processes
from contest import WINDOW


class LoadedField:
    name = "liaison"

    def __init__(self, pairs=8, receivers=1, batch=None, name=None, message_bytes="1 MiB", routed=False, agreements=1, parties=()):
        self.name = name or self.name
        self.field = made = field.Field()
        self.senders = [f"s{i}" for i in range(pairs)]
        self.receivers = {sender: [f"r{i}x{j}" for j in range(receivers)] for i, sender in enumerate(self.senders)}
        limits = "" if batch is None else f"batch = {batch};"
        limits += f' message_bytes = "{message_bytes}"; document_bytes = "16 MiB";'
        for name in [*self.senders, *(one for group in self.receivers.values() for one in group)]:
            made.agency(name, f"bench.{name}", "community", roles=("receiver",) if name.startswith("r") else (), spool=False, more_limits=limits)
        made.parties += [(party, ("bystander",), None) for party in parties]
        made.agreements = agreements_text(agreements, routed)
        made.limits = {"rate": 0, "rate_bytes": "0 B", "handshake_rate": 0, "source_handshake_rate": 0}
        if parties:
            made.limits["links"] = len(parties) + 256
        if message_bytes != "1 MiB":
            made.limits |= {"message_bytes": message_bytes, "frame_bytes": "16 MiB", "window_bytes": "64 MiB"}
        self._widen_catalogue()

    def _widen_catalogue(self):
        folder = self.field.folder / "catalogue"
        shutil.copytree(field.CATALOGUE, folder)
        common = json.loads((folder / "common.json").read_text())
        common["$defs"]["narrative"]["maxLength"] = 16 << 20
        (folder / "common.json").write_text(json.dumps(common))
        self.catalogue = folder

    def _rewrite(self, path):
        text = path.read_text().replace(f'catalogue = "{field.CATALOGUE}"', f'catalogue = "{self.catalogue}"')
        path.write_text(text.replace('level = "info"', 'level = "warning"'))

    def __enter__(self):
        with contextlib.ExitStack() as undo:
            made = undo.enter_context(self.field)
            self._start(made)
            undo.pop_all()
        return self

    def _start(self, made):
        made.write_hub()
        self._rewrite(made.hub.config)
        made.start_hub()
        for agency in made.agencies.values():
            made.write_agency(agency)
            self._rewrite(agency.config)
            agency.start()
        made.wait_connected()

    def __exit__(self, *why):
        self.field.__exit__(*why)

    def groups(self):
        """The broker, its gateway and the adapters; what starts the gateway counts as broker."""
        hub = processes.family(self.field.hub.pid)
        gateway = [pid for pid, name in hub.items() if name.startswith("liaison-gatew")]
        return {"broker": [pid for pid in hub if pid not in gateway], "gateway": gateway,
                "adapters": [agency.pid for agency in self.field.agencies.values() if agency.is_up()]}

    def arguments(self, pairs, fan_out):
        found = []
        for sender in self.senders[:pairs]:
            receivers = self.receivers[sender][:fan_out]
            found += [self.field.agencies[sender].endpoint, str(len(receivers))]
            for receiver in receivers:
                found += [self.field.agencies[receiver].party, self.field.agencies[receiver].endpoint]
        return found

    def load(self, count, size, rate, pairs=1, fan_out=1, window=WINDOW):
        done = subprocess.run([field.BIN / "tests/bench/bench_load", str(count), str(size), str(rate), str(window), *self.arguments(pairs, fan_out)],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{self.name}: {done.stderr}\n{self.field.last_words(8)}")
        return json.loads(done.stdout)


def agreements_text(count, routed):
    """The one that counts stands last; those before it are of the same senders, with other types."""
    types = sorted(json.loads(path.read_text()).get("type", "") for path in field.CATALOGUE.glob("*-1.json"))
    types = [name for name in types if name and name != "admin.message/1"]
    others = [f'''  {{ name = "other {i}"; from = ["role:community"]; types = ["{types[i % len(types)]}"]; to = ["role:community"]; route = false; }}'''
              for i in range(count - 1)]
    last = f'''  {{ name = "bench"; from = ["role:community"]; types = ["admin.message/1"]; to = ["role:receiver"]; route = {str(routed).lower()}; }}'''
    return ",\n".join([*others, last])
