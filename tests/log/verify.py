"""Checks a log in a folder, or the proof of one event:

    python3 verify.py FOLDER [KEY]          FOLDER/events holds the commits, FOLDER/tile and
                                            FOLDER/checkpoints what seals them
    python3 verify.py --proof FILE KEY

KEY is the log's public key, as `leviathanctl log key` prints it; without it no signature is looked
at. Written from docs/log.md alone, to show that the page is enough. Needs nothing but Python 3.8.
"""

import datetime
import hashlib
import json
import math
import os
import re
import sys

sys.dont_write_bytecode = True

from verify_seal import Fault, Key, Tree, check_bundle, check_seal, demand  # noqa: E402

HEADER = "format min_reader epoch seq prev nonce recorded_at writer first_offset count parts".split()
PART = "kind decided_at read_seq target bundle_id content_digest first_offset count".split()
EVENT = ("offset seq recorded_at event_id event_type timestamp actor_id principal target payload"
         " hash").split()
ROLES = "tick dispatch publish pr-ingest api operator attempt legacy keeper".split()
SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{0,5}[1-9]))?Z")
SENT = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[Tt _](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?"
                  r"(?:([Zz])|([+-])(\d\d):?(\d\d))?)?")


class Digits(str):
    """A number as it is spelled."""


def object_of(pairs):
    demand(len({key for key, _ in pairs}) == len(pairs), "a key stands twice in one object")
    return dict(pairs)


def escape(text, ascii_only):
    def one(match):
        char = match.group()
        if char in SHORT:
            return SHORT[char]
        units = char.encode("utf-16-be")
        return "".join("\\u" + units[at:at + 2].hex() for at in range(0, len(units), 2))
    return '"' + re.sub(r'["\\]|[^ -~]' if ascii_only else r'["\\\x00-\x1f]', one, text) + '"'


def number(digits, canonical):
    if not canonical:
        return re.sub(r"[eE]([+-]?)", lambda e: "e" + (e.group(1) or "+"), digits)
    if not re.search("[.eE]", digits):
        return "0" if digits == "-0" else digits
    demand(math.isfinite(float(digits)), "a number is beyond a double")
    return repr(float(digits))


def spell(value, canonical):
    if isinstance(value, Digits):
        return number(value, canonical)
    if isinstance(value, str):
        return escape(value, canonical)
    if isinstance(value, list):
        return "[" + ",".join(spell(item, canonical) for item in value) + "]"
    if isinstance(value, dict):
        pairs = sorted(value.items()) if canonical else value.items()
        return "{" + ",".join(escape(k, canonical) + ":" + spell(v, canonical) for k, v in pairs) + "}"
    return {None: "null", True: "true", False: "false"}[value]


def read(line, keys):
    try:
        value = json.loads(line, parse_int=Digits, parse_float=Digits, object_pairs_hook=object_of)
        again = spell(value, False).encode()
    except (ValueError, TypeError, KeyError, RecursionError) as problem:
        raise Fault(f"a line is not JSON: {problem}") from None
    demand(isinstance(value, dict) and list(value) == keys, "a line has other keys")
    demand(again == line, "a line is spelled in another way")
    return value


def whole(value, what):
    demand(isinstance(value, Digits) and re.fullmatch(r"0|[1-9]\d*", value), f"{what} is no number")
    demand(int(value) < 2 ** 64, f"{what} is too large")
    return int(value)


def sortable(value, what):
    match = TIME.fullmatch(value) if isinstance(value, str) else None
    demand(match, f"{what} is no time")
    return match.group(1), (match.group(2) or "").ljust(6, "0")


def isoformat(sent):
    if re.fullmatch(r"[+-]?\d[\d.eE+]*", sent):
        value = float(sent)
        value = value / 1000 if abs(value) > 2e10 else value
        micros = int(math.copysign(math.floor(abs(value * 1e6) + 0.5), value))
        utc = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
        return (utc + datetime.timedelta(microseconds=micros)).isoformat()
    match = SENT.fullmatch(sent)
    demand(match, "a timestamp can't be read")
    *parts, fraction, zulu, sign, hours, minutes = match.groups()
    civil = datetime.datetime(*(int(part or 0) for part in parts),
                              int((fraction or "").ljust(6, "0")[:6]))
    offset = "+00:00" if zulu else f"{sign}{hours}:{minutes}" if sign else ""
    return civil.isoformat() + ("+00:00" if offset == "-00:00" else offset)


def event_hash(event, last):
    text = spell({"actor_id": event["actor_id"], "event_id": event["event_id"],
                  "event_type": event["event_type"], "payload": event["payload"],
                  "prev_hash": last, "timestamp": isoformat(event["timestamp"])}, True)
    return hashlib.sha256(text.encode()).hexdigest()


def check_parts(header, offset, recorded_at):
    demand(header["parts"], "there are no parts")
    for part in header["parts"]:
        demand(isinstance(part, dict) and list(part) == PART, "a part has other keys")
        demand(whole(part["first_offset"], "first_offset") == offset, "a part begins elsewhere")
        demand(whole(part["count"], "count") > 0, "a part is empty")
        demand(sortable(part["decided_at"], "decided_at") <= recorded_at, "decided after appended")
        offset += whole(part["count"], "count")
    return offset


def check_commit(data, at, tree):
    demand(len(data) <= 4 * 1024 * 1024 and data.endswith(b"\n"), "too long or cut off")
    head, *lines = data[:-1].split(b"\n")
    header = read(head, HEADER)
    demand(whole(header["format"], "format") == 1, "an unknown format")
    demand(whole(header["seq"], "seq") == at["seq"], "seq is not the key's")
    demand(header["prev"] == at["prev"], "prev is not the SHA-256 of the commit before")
    demand(re.fullmatch("[0-9a-f]{32}", str(header["nonce"])), "no nonce")
    demand(whole(header["epoch"], "epoch") >= at["epoch"], "an earlier epoch")
    time = sortable(header["recorded_at"], "recorded_at")
    demand(time >= at["time"], "recorded_at goes back")
    demand(whole(header["first_offset"], "first_offset") == at["offset"], "first_offset")
    end = check_parts(header, at["offset"], time)
    demand(0 < len(lines) <= 1024 and len(lines) == whole(header["count"], "count"), "count")
    demand(end == at["offset"] + len(lines), "the parts cover other events")
    for index, line in enumerate(lines):
        event = read(line, EVENT)
        demand(whole(event["offset"], "offset") == at["offset"] + index, "an event's offset")
        demand(event["seq"] == header["seq"], "an event's seq")
        demand(event["recorded_at"] == header["recorded_at"], "an event's recorded_at")
        demand(str(event["principal"]).split(":")[0] in ROLES, "an event's principal")
        demand(isinstance(event["payload"], dict), "an event's payload")
        demand(event["hash"] == event_hash(event, at["hash"]), f"hash of event {event['offset']}")
        at["hash"] = event["hash"]
        tree.add(line)
    tree.end(at["seq"], hashlib.sha256(data).hexdigest(), header["recorded_at"])
    at.update(seq=at["seq"] + 1, prev=hashlib.sha256(data).hexdigest(), offset=end, time=time,
              epoch=int(header["epoch"]))


def check_log(folder, key):
    at = {"seq": 0, "prev": None, "offset": 0, "hash": None, "time": ("", ""), "epoch": 0}
    tree = Tree()
    for name in sorted(os.listdir(os.path.join(folder, "events"))):
        try:
            demand(name == f"{at['seq']:020}", f"a hole: commit {at['seq']} should come here")
            with open(os.path.join(folder, "events", name), "rb") as file:
                check_commit(file.read(), at, tree)
        except (Fault, ValueError, TypeError, OverflowError) as problem:
            sys.exit(f"events/{name}: {problem}")
    checkpoints, newest = check_seal(folder, tree, key)
    print(f"ok: {at['seq']} commits, {at['offset']} events, head {at['seq'] - 1}:{at['prev']}")
    if checkpoints:
        signed = f"signed by {key.name}" if key else "signatures not looked at"
        print(f"sealed: {checkpoints} checkpoints, the newest over {newest} events, {signed}")


def main(arguments):
    try:
        if arguments[0] == "--proof":
            with open(arguments[1], "rb") as file:
                event, checkpoint = check_bundle(file.read(), Key(arguments[2]))
            print(f"proven: event {event['offset']} of {checkpoint.size}")
        else:
            check_log(arguments[0], Key(arguments[1]) if len(arguments) > 1 else None)
    except (Fault, ValueError, TypeError, KeyError) as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main(sys.argv[1:])
