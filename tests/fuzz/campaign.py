#!/usr/bin/python3
"""Fuzzes every parser until each has had so many CPU minutes and so many runs; what is found stays in the build folder. Ends with 1 when an input broke one."""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROUND_S = 60  # a run of a target; its corpus is read anew by the next
FACTS = {"runs": r"stat::number_of_executed_units:\s*(\d+)", "edges": r"\bcov: (\d+)", "inputs": r"\bcorp: (\d+)"}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=pathlib.Path, help="a folder built by clang with -DLIAISON_FUZZ=ON")
    parser.add_argument("--minutes", type=float, default=10, help="CPU minutes for each, at least (10)")
    parser.add_argument("--runs", type=float, default=5e6, help="runs of each, at least (5e6)")
    parser.add_argument("--most", type=float, default=60, help="CPU minutes for each, at most: a slow parser ends short of its runs, and it is said (60)")
    parser.add_argument("--only", default="", help="parsers whose name matches the regular expression")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--json", type=pathlib.Path, help="adds what was measured to this file, a line for each parser")
    return parser.parse_args()


def cpu_s_of(command, log):
    """Runs it to its end; its own CPU time in seconds, and its exit code."""
    with open(log, "w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime, process.returncode


def fuzz(target, asked):
    """(name, facts): runs, cpu_s, edges and inputs after the last round, and broken: the words of the input that broke it."""
    name = target.name.removesuffix("_fuzz")
    found = asked.build / "found" / name
    found.mkdir(parents=True, exist_ok=True)
    log = asked.build / f"{name}.fuzz.log"
    seeds = [folder for folder in (HERE / "corpus" / name, HERE / "crashes" / name) if folder.is_dir()]
    facts = {"runs": 0, "cpu_s": 0.0, "edges": 0, "inputs": 0}
    while facts["cpu_s"] < asked.most * 60 and (facts["cpu_s"] < asked.minutes * 60 or facts["runs"] < asked.runs):
        cpu_s, code = cpu_s_of([target, f"-max_total_time={ROUND_S}", f"-artifact_prefix={asked.build}/crash-{name}-", "-print_final_stats=1", "-timeout=20",
                                "-rss_limit_mb=3000", found, *seeds], log)
        told = log.read_text(errors="replace")
        now = {fact: [int(number) for number in re.findall(pattern, told)] for fact, pattern in FACTS.items()}
        facts["cpu_s"] += cpu_s
        facts["runs"] += sum(now["runs"])
        facts["edges"], facts["inputs"] = max([facts["edges"], *now["edges"]]), (now["inputs"] or [facts["inputs"]])[-1]
        if code != 0:
            return name, {**facts, "broken": told[-3000:]}
    return name, facts


def main():
    asked = arguments()
    targets = sorted(path for path in (asked.build / "tests/fuzz").glob("*_fuzz") if re.search(asked.only, path.name))
    if not targets:
        sys.exit(f"{asked.build}/tests/fuzz has no such targets; build with clang and -DLIAISON_FUZZ=ON")
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(asked.jobs) as pool:
        for done in concurrent.futures.as_completed([pool.submit(fuzz, target, asked) for target in targets]):
            name, facts = done.result()
            failed, passed = (failed + 1, passed) if "broken" in facts else (failed, passed + 1)
            short = "" if facts["runs"] >= asked.runs else f", short of {asked.runs:,.0f} runs"
            print(f"{name:14} {facts['runs']:>12,} runs  {facts['cpu_s'] / 60:6.1f} CPU min  {facts['edges']:>6} edges  {facts['inputs']:>5} inputs"
                  + (f"  BROKEN\n{facts['broken']}" if "broken" in facts else short), flush=True)
            if asked.json:
                with open(asked.json, "a") as out:
                    out.write(json.dumps({"parser": name, **facts}) + "\n")
    print(f"fuzzed: {passed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
