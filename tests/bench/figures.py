"""What a run has measured: figures by name, each with its unit and all its rounds."""
import json
import os
import platform
import statistics


class Figures:
    def __init__(self, rounds, command):
        self.head = {"machine": machine(), "command": command, "rounds": rounds, "notes": []}
        self.values, self.units = {}, {}

    def add(self, name, value, unit):
        self.values.setdefault(name, []).append(value)
        self.units[name] = unit

    def note(self, text):
        """What a reader must know: something skipped, something that stands in for something else."""
        if text not in self.head["notes"]:
            self.head["notes"].append(text)
            print(f"note: {text}", flush=True)

    def as_json(self):
        return {**self.head, "figures": {name: {"unit": self.units[name], **spread(values)} for name, values in self.values.items()}}

    def save(self, path):
        path.write_text(json.dumps(self.as_json(), indent=1, ensure_ascii=False) + "\n")


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "rounds": len(values)}


def joined(runs):
    """Runs of parts as one: a figure that several have is the last one's."""
    whole = dict(runs[0], figures={}, notes=[])
    whole["command"] = "`, `".join(dict.fromkeys(run["command"] for run in runs))
    for run in runs:
        whole["figures"].update(run["figures"])
        whole["notes"] += [note for note in run["notes"] if note not in whole["notes"]]
    return whole


def machine():
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    memory = int(next(line for line in open("/proc/meminfo") if line.startswith("MemTotal")).split()[1])
    release = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    return {"cpu": cpu, "cores": len(os.sched_getaffinity(0)), "memory_gib": round(memory / 2**20), "kernel": platform.release(), "system": release}
