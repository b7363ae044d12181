"""A state made from a seed number: its agencies, its people and their open cases, and what happens to them on one day, with how each message must end.

What must happen is worked out here, from the state's own tables of towns and duties, and not from the hub's agreements: the two are compared by playing.
The numbers of open cases, their charges, the courts, the towns with a police department of their own, the district offices and the units of the probation
office are public facts of Connecticut; the people and what happens to them are invented."""
import copy
import random

CASES = 71145
PEOPLE = 55804

# Charge, its share of all open cases, statute and NCIC offense.
CHARGES = [
    ("POSSESSION OF NARCOTICS", 5220, "21a-279(a)", "3542"), ("DRIVING UNDER THE INFLUENCE", 4514, "14-227a", "5404"),
    ("SALE OF NARCOTICS", 4025, "21a-277(a)", "3540"), ("ASSAULT, THIRD DEGREE", 3921, "53a-61", "1313"),
    ("FAILURE TO APPEAR, SECOND DEGREE", 2960, "53a-173", "5015"), ("LARCENY, THIRD DEGREE", 2565, "53a-124", "2399"),
    ("BURGLARY, THIRD DEGREE", 2476, "53a-103", "2299"), ("BREACH OF PEACE, SECOND DEGREE", 45464, "53a-181", "5311")]
POLICE = {
    "Bridgeport": "CT0001500", "Bristol": "CT0001700", "Danbury": "CT0003400", "East Hartford": "CT0004300", "Fairfield": "CT0005100",
    "Greenwich": "CT0005700", "Hamden": "CT0006200", "Hartford": "CT0006400", "Manchester": "CT0007700", "Meriden": "CT0008000",
    "Milford": "CT0008400", "New Britain": "CT0008900", "New Haven": "CT0009300", "Norwalk": "CT0010300", "Stamford": "CT0013500",
    "Stratford": "CT0013800", "Waterbury": "CT0015100", "West Hartford": "CT0015500", "West Haven": "CT0015600"}
COURTS = {  # geographical area: its seat
    "GA01": "Stamford", "GA02": "Bridgeport", "GA03": "Danbury", "GA04": "Waterbury", "GA05": "Derby", "GA07": "Meriden", "GA09": "Middletown",
    "GA10": "New London", "GA11": "Danielson", "GA12": "Manchester", "GA13": "Enfield", "GA14": "Hartford", "GA15": "New Britain",
    "GA17": "Bristol", "GA18": "Bantam", "GA19": "Rockville", "GA20": "Norwalk", "GA21": "Norwich", "GA22": "Milford", "GA23": "New Haven"}
OFFICES = {  # parole district office: the towns it serves
    "Bridgeport": ["Bridgeport", "Fairfield", "Greenwich", "Norwalk", "Stamford", "Stratford", "Danbury"],
    "Hartford": ["Hartford", "East Hartford", "West Hartford", "Manchester", "New Britain", "Bristol", "Enfield", "Rockville"],
    "New Haven": ["New Haven", "Hamden", "West Haven", "Milford", "Meriden", "Derby"],
    "Norwich": ["Norwich", "New London", "Danielson", "Middletown"],
    "Waterbury": ["Waterbury", "Bantam"]}
UNITS = ["domestic_violence", "intensive", "interstate", "mental_health", "transition", "sex_offender", "diversionary", "technical_violation",
         "warrant_service", "wocm", "youthful_offender"]
FACILITIES = ["osborn", "york", "cheshire", "hartford_cc"]
PROVIDERS = ["capitol_recovery", "shoreline", "northend", "naugatuck_works"]
TOWNS = sorted({town for towns in OFFICES.values() for town in towns})
GIVEN_M = "Adrian Bennett Carlos Devon Elias Franklin Gabriel Hector Isaac Jerome Kelvin Luis Marcus Nelson Omar Preston Quincy Rafael Samuel Tobias".split()
GIVEN_F = "Alicia Bianca Carmen Denise Elena Faith Gloria Helena Irene Janelle Keisha Lorena Monique Nadine Olivia Priscilla Renee Simone Tanya Vera".split()
FAMILY = ("Abernathy Barlow Castellano Delgado Eastman Fontaine Garrity Hollis Ibarra Jarrett Kowalski Lindqvist Maddox Novak Okafor Pelletier Quintana "
          "Rousseau Santiago Tremblay Underhill Valdez Whitlock Xavier Youngblood Zielinski").split()


def slug(text):
    return text.lower().replace(" ", "_")


class State:
    """The agencies. `agencies`: party → (kind, roles, town attribute, ORI)."""

    def __init__(self):
        self.board, self.agencies = "ct.bopp", {"ct.bopp": ("parole_board", ["parole_board"], "", "")}
        self.police = {town: f"ct.police.{slug(town)}" for town in POLICE}
        self.office = {town: f"ct.doc.parole.{slug(office)}" for office, towns in OFFICES.items() for town in towns}
        self.court = {ga: f"ct.court.{ga.lower()}" for ga in COURTS}
        self.units = [f"ct.cssd.hartford.{unit}" for unit in UNITS]
        self.facilities = [f"ct.doc.facility.{name}" for name in FACILITIES]
        self.providers = [f"ct.community.{name}" for name in PROVIDERS]
        for town, party in self.police.items():
            self.agencies[party] = ("police", ["police"], town, POLICE[town])
        for office, towns in OFFICES.items():
            self.agencies[f"ct.doc.parole.{slug(office)}"] = ("parole_office", ["parole_office"], ", ".join(towns), "")
        for ga, party in self.court.items():
            self.agencies[party] = ("community", ["court"], COURTS[ga], "")
        for party in self.units:
            self.agencies[party] = ("probation", ["probation"], "", "")
        for party in self.facilities:
            self.agencies[party] = ("facility", ["facility"], "", "")
        for party in self.providers:
            self.agencies[party] = ("community", ["community"], "", "")

    def hears_release(self, town):
        return {self.office[town]} | ({self.police[town]} if town in self.police else set())


class Person:
    __slots__ = ("number", "doc_number", "sid", "name", "dob", "sex", "town")

    def __init__(self, number, dice):
        self.number = number
        self.doc_number, self.sid = f"{10000000 + number}", f"CT{20000000 + number}"
        self.sex = "F" if dice.random() < 0.22 else "M"
        self.name = {"family": dice.choice(FAMILY), "given": dice.choice(GIVEN_F if self.sex == "F" else GIVEN_M)}
        self.dob = f"{dice.randrange(1950, 2006)}-{dice.randrange(1, 13):02}-{dice.randrange(1, 29):02}"
        self.town = dice.choice(TOWNS)


class Case:
    __slots__ = ("number", "person", "charge", "court", "unit")

    def __init__(self, number, person, dice, state):
        self.number, self.person = number, person
        self.charge = dice.choices(CHARGES, [share for _, share, _, _ in CHARGES])[0]
        self.court = dice.choice(sorted(COURTS))
        self.unit = dice.choice(state.units)

    @property
    def supervision_id(self):
        return f"SUP-{self.number:06}"


def population(seed, cases):
    """The same people and cases for the same seed; about 1.275 cases for each person."""
    dice, state = random.Random(seed), State()
    people = [Person(number, dice) for number in range(max(1, round(cases * PEOPLE / CASES)))]
    return state, people, [Case(number, people[number] if number < len(people) else dice.choice(people), dice, state) for number in range(cases)]


class Forms:
    """Bodies, made from the catalogue's own examples: what a type asks for stands there and nowhere else."""

    def __init__(self, example):
        self.example, self.known = example, {}

    def __call__(self, kind, person=None, subject=None, **changes):
        if kind not in self.known:
            self.known[kind] = self.example(kind)
        draft = copy.deepcopy(self.known[kind])
        draft = {"type": draft["type"], "subject": subject or {}, "body": draft["body"], **({"by": draft["by"]} if "by" in draft else {})}
        body = draft["body"]
        if person and "person" in body:
            body["person"] = {**{key: value for key, value in body["person"].items() if key not in ("aliases", "ids", "name", "dob", "sex", "ssn")},
                              "name": person.name, "dob": person.dob, "sex": person.sex, "ids": {"doc_number": person.doc_number, "sid": person.sid}}
        if person and "person_name" in body:
            body["person_name"] = person.name
        for path, value in changes.items():
            keys = path.split("__")
            place = body
            for key in keys[:-1]:
                place = place.setdefault(key, {})
            if value is None:
                place.pop(keys[-1], None)
            else:
                place[keys[-1]] = value
        if subject is None and person:
            draft["subject"] = {"doc_number": person.doc_number, "sid": person.sid}
        return draft
