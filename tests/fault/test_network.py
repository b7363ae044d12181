"""Lines between adapters and the hub that are cut, heard only one way, slow, lossy, reset, or half open, and then healed, under load. In network
namespaces; LIAISON_TEST_SEED repeats a run."""
import pytest

from delay import Delay
from field import Field, wait_until
from load import Crew, Load, furnish, long_or
from net import HUB_ADDRESS, PREFIX, Net, has_netem, need_network, sh

LIMITS = {"heartbeat_ms": "1 s", "redeliver_ms": "4 s", "handshake_ms": "3 s", "attempts": 50}
SPACES = ("near", "a", "b", "c")
FAULT_S = long_or(4, 60)
QUICK = "stall = \"4 s\"; handshake = \"3 s\";"


def space_of(number):
    """Every second agency has a good line."""
    return "near" if number % 2 else SPACES[1 + number // 2 % 3]


@pytest.fixture(scope="module")
def net():
    need_network()
    with Net(SPACES) as made:
        yield made


@pytest.fixture(scope="module")
def county(net):
    with Field(HUB_ADDRESS) as made:
        made.limits = LIMITS
        furnish(made, more_limits=QUICK)
        made.hub.before = net.inside("hub")
        made.of = {name: [] for name in SPACES}
        for number, agency in enumerate(made.agencies.values()):
            agency.before = net.inside(space_of(number))
            made.of[space_of(number)].append(agency)
        yield made.start()


@pytest.fixture
def field(net, county):
    county.log_begins = len(county.hub.log())
    yield county
    for name in SPACES:
        net.heal(name)


def links_down(field, **wanted):
    """In this test."""
    return {line["party"] for line in field.hub.log()[field.log_begins:]
            if line["event"] == "link_down" and all(line.get(key) == value for key, value in wanted.items())}


def others_p99(load, field, begin, end):
    """End to end, of what had a good line from its sender to its recipient."""
    good = {agency.party for agency in field.of["near"]}
    offers = {event["key"]: event for event in load.history.all("offered") if begin <= event["at"] <= end and event["who"] in good}
    times = sorted(event["at"] - offers[event["key"]]["at"] for event in load.history.all("got") if event["key"] in offers and event["who"] in good)
    return round(1000 * times[int(len(times) * 0.99)])


def play(load, net, figure, name, faults, seconds=FAULT_S):
    """The faults, one for each namespace, for so long, then healed; everything ends."""
    load.flow_for(1)
    begin = load.now()
    for space, fault in faults.items():
        load.history.note("fault", name=name, victim=space)
        fault(space)
    load.flow_for(seconds)
    end = load.now()
    for space in faults:
        net.heal(space)
    healed = load.now()
    load.flow_for(1)
    numbers = load.settle(60)
    figure(f"{name}: messages accounted for", numbers["messages"])
    figure(f"{name}: p99 end to end over good lines meanwhile", others_p99(load, load.field, begin, end), "ms")
    figure(f"{name}: p99 end to end of all", load.p99_ms(begin, end), "ms")
    return healed


def test_cut_deaf_and_mute_at_once(field, net, figure):
    with Load(field, 40) as load:
        play(load, net, figure, "lines cut, deaf, mute", {"a": net.cut, "b": net.deafen, "c": net.mute}, FAULT_S + 2)
        assert {agency.party for space in "abc" for agency in field.of[space]} <= links_down(field), "each was missed after three questions"


def test_a_fifth_of_the_packets_is_lost(field, net, figure):
    with Load(field, 40) as load:
        play(load, net, figure, "20 % of packets lost", {space: lambda name: net.lose(name, 20) for space in "abc"})


def test_resets(field, net, figure):
    with Load(field, 40) as load:
        for _ in range(long_or(2, 20)):
            for space in "abc":
                net.reject(space)
            load.flow_for(0.3)
            for space in "abc":
                net.heal(space)
            load.flow_for(0.7)
        numbers = load.settle(60)
        figure("lines reset again and again: messages accounted for", numbers["messages"])


def test_half_open_a_peer_that_vanishes_without_a_word(field, net, figure):
    """Adapters die and nothing tells the hub: when they come back it still has a link for each."""
    with Load(field, 40) as load:
        crew = Crew(load)
        load.flow_for(1)
        net.swallow_ends("a")
        for agency in field.of["a"]:
            crew.kill(agency, after_s=0.2)
        back = load.now()
        crew.mind_for(1)
        crew.bring_back()
        assert links_down(field, code="superseded"), "the old link was still there, and gave way to the new one"
        wait_until(lambda: any(event["at"] > back and event["who"] in {agency.party for agency in field.of["a"]} for event in load.history.all("got")), 20,
                   "a delivery to one that came back")
        numbers = load.settle(60)
        figure("half-open links taken over: messages accounted for", numbers["messages"])


@pytest.mark.skipif(not has_netem(), reason="this kernel has no netem: the slow line is a relay, in the next test")
def test_half_a_second_of_delay_by_netem(field, net, figure):
    def slow(space):
        for side, device in ((space, f"{PREFIX}b{SPACES.index(space)}"), ("hub", f"{PREFIX}a{SPACES.index(space)}")):
            sh(*net.inside(side), "tc", "qdisc", "add", "dev", device, "root", "netem", "delay", "500ms")
    with Load(field, 40) as load:
        for space in "abc":
            slow(space)
        load.flow_for(FAULT_S)
        numbers = load.settle(90)
        figure("500 ms each way by netem: messages accounted for", numbers["messages"])
        figure("500 ms each way by netem: p99 end to end", load.p99_ms(), "ms")


def test_half_a_second_of_delay_each_way(figure):
    with Field() as field:
        field.limits = LIMITS
        furnish(field, more_limits=QUICK)
        slow = list(field.agencies.values())[::2]
        relay = Delay(("127.0.0.1", field.port), 0.5)
        relay.start()
        try:
            field.write_hub()
            field.start_hub()
            for agency in field.agencies.values():
                field.write_agency(agency, relay.port if agency in slow else None)
                agency.start()
            field.wait_connected()
            with Load(field, 40) as load:
                load.flow_for(FAULT_S)
                assert not field.hub.log("link_down"), "a slow line is no silent one"
                numbers = load.settle(90)
                figure("500 ms each way at half of the lines: messages accounted for", numbers["messages"])
                figure("500 ms each way at half of the lines: p99 end to end", load.p99_ms(), "ms")
        finally:
            relay.stop()
