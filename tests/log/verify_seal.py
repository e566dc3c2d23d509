"""What seals a log: tree, tiles, checkpoints, proofs of single events. Used by verify.py.

Written from the page docs/log.md ("Sealing") and the formats that it names. Needs nothing but
Python 3.8.
"""

import base64
import hashlib
import itertools
import json
import os
import re

import ed25519

WIDTH = 256
MARK = "\u2014 "
MAGIC = "c2sp.org/tlog-proof@v1"
NAME = re.compile(r"(entries|[0-7])/((?:x\d{3}/)*\d{3})(?:\.p/(\d+))?")
TEXT = re.compile(r"(\S+)\n(0|[1-9]\d*)\n(\S+)\ncommit (0|[1-9]\d*):([0-9a-f]{64})\n"
                  r"recorded_at (\S+)\n")


class Fault(Exception):
    pass


def demand(holds, what):
    if not holds:
        raise Fault(what)


def decoded(text, what):
    """Base64 in its one spelling."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Fault(f"{what} is no base64") from None
    demand(base64.b64encode(data).decode() == text, f"{what} is spelled in another way")
    return data


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def leaf(line):
    return hashlib.sha256(b"\0" + line).digest()


class Tree:
    """The tree over the event lines: each row holds the roots of all complete subtrees."""

    def __init__(self):
        self.rows, self.entries, self.ends = [], [], {}

    def add(self, line):
        demand(len(line) < 65536, "an event line is longer than an entry can be")
        self.entries.append(len(line).to_bytes(2, "big") + line)
        root = leaf(line)
        for level in itertools.count():
            if level == len(self.rows):
                self.rows.append([])
            self.rows[level].append(root)
            if len(self.rows[level]) % 2:
                return
            root = node(*self.rows[level][-2:])

    def end(self, seq, digest, recorded_at):
        """A commit ends here."""
        self.ends[len(self.entries)] = (seq, digest, recorded_at)

    def root(self, size):
        root = None
        for level in range(size.bit_length()):
            if size >> level & 1:
                left = self.rows[level][(size >> level) - 1]
                root = left if root is None else node(left, root)
        return root

    def tile(self, kind, index, width):
        """The bytes that a tile or bundle of entries must have; None beyond the log's end."""
        row = self.entries if kind == "entries" else self.row(8 * int(kind))
        part = row[WIDTH * index:WIDTH * index + width]
        return b"".join(part) if len(part) == width else None

    def row(self, level):
        return self.rows[level] if level < len(self.rows) else []


class Key:
    """NAME+ID+BASE64, as `leviathanctl log key` prints it."""

    def __init__(self, text):
        parts = text.strip().split("+", 2)
        demand(len(parts) == 3, "the key has not three parts")
        self.name, data = parts[0], decoded(parts[2], "the key")
        demand(len(data) == 33 and data[0] == 1, "the key is no Ed25519 key")
        self.public = data[1:]
        self.id = hashlib.sha256(self.name.encode() + b"\n" + data).digest()[:4]
        demand(self.id.hex() == parts[1], "the key's id is not its own")

    def signed(self, text, signatures):
        for name, line in signatures:
            if name == self.name and line[:4] == self.id:
                right = ed25519.verifies(self.public, text.encode(), line[4:])
                return demand(right, "the signature is wrong")
        raise Fault("it is not signed by the key")


class Checkpoint:
    def __init__(self, data, key):
        text, blank, rest = data.decode().rpartition("\n\n")
        demand(blank and rest.endswith("\n"), "it is no signed note")
        text += "\n"
        signatures = [self.signature(line) for line in rest[:-1].split("\n")]
        match = TEXT.fullmatch(text)
        demand(match, "its text is not that of a checkpoint")
        self.origin, size, root, seq, self.digest, self.recorded_at = match.groups()
        self.size, self.root, self.seq = int(size), decoded(root, "the root"), int(seq)
        if key:
            demand(self.origin == key.name, "it is one of another log")
            key.signed(text, signatures)

    @staticmethod
    def signature(line):
        name, blank, data = line[len(MARK):].partition(" ")
        demand(line.startswith(MARK) and name and blank, "a signature line can't be read")
        return name, decoded(data, "a signature")


def tile_name(kind, index, width):
    digits = f"{index % 1000:03}"
    while index >= 1000:
        index //= 1000
        digits = f"x{index % 1000:03}/{digits}"
    return f"{kind}/{digits}" + (f".p/{width}" if width < WIDTH else "")


def files(folder, name):
    """Every file below FOLDER/NAME, by its key."""
    top = os.path.join(folder, name)
    for at, _, names in sorted(os.walk(top)):
        for file in sorted(names):
            path = os.path.join(at, file)
            with open(path, "rb") as opened:
                yield os.path.relpath(path, top).replace(os.sep, "/"), opened.read()


def each(folder, name, check):
    for key, data in files(folder, name):
        try:
            check(key, data)
        except (Fault, ValueError) as problem:
            raise Fault(f"{name}/{key}: {problem}") from None


def check_seal(folder, tree, key):
    """Everything that lies in the log's store beside the commits. The newest checkpoint."""
    tiles, checkpoints = set(), {}

    def tile(name, data):
        match = NAME.fullmatch(name)
        demand(match, "it is not the log's")
        kind, digits, width = match.groups()
        index, width = int(re.sub("[x/]", "", digits)), int(width or WIDTH)
        demand(0 < width <= WIDTH and tile_name(kind, index, width) == name, "it is not the log's")
        expected = tree.tile(kind, index, width)
        demand(expected is not None, "it is of a longer log")
        demand(data == expected, "it is not what the events give")
        tiles.add(name)

    def checkpoint(name, data):
        found = Checkpoint(data, key)
        demand(name == f"{found.size:020}", "it is one of another size")
        demand(found.size <= len(tree.entries), f"the log is shorter: {len(tree.entries)} events")
        demand(found.size in tree.ends, "no commit ends after so many events")
        demand(found.root == tree.root(found.size), "the events give another root")
        end = (found.seq, found.digest, found.recorded_at)
        demand(end == tree.ends[found.size], "its commit is another one")
        checkpoints[found.size] = data

    each(folder, "tile", tile)
    each(folder, "checkpoints", checkpoint)
    newest = max(checkpoints, default=0)
    for level, kind in [(0, "entries")] + [(level, str(level)) for level in range(8)]:
        for index in range(-(-(newest >> 8 * level) // WIDTH)):
            width = min(WIDTH, (newest >> 8 * level) - WIDTH * index)
            name = tile_name(kind, index, width)
            demand(name in tiles, f"tile/{name}: it is missing")
    copy = os.path.join(folder, "checkpoint")
    if os.path.exists(copy):
        with open(copy, "rb") as file:
            demand(file.read() in checkpoints.values(), "checkpoint: it is a copy of none")
    return len(checkpoints), newest


def includes(root, size, index, proof, hash_):
    """RFC 9162, 2.1.3.2."""
    here, last = index, size - 1
    for sibling in proof:
        if last == 0:
            return False
        if here & 1 or here == last:
            hash_ = node(sibling, hash_)
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            hash_ = node(hash_, sibling)
        here, last = here >> 1, last >> 1
    return last == 0 and hash_ == root


def check_bundle(data, key):
    """One event with its proof, by the key alone. The event, and the checkpoint that covers it."""
    bundle = json.loads(data)
    demand(isinstance(bundle, dict) and set(bundle) == {"format", "event", "header", "proof", "key"},
           "it has other keys than a bundle")
    demand(bundle["format"] == 1, "an unknown format")
    head, blank, note = bundle["proof"].partition("\n\n")
    magic, index, *hashes = head.split("\n") + [""] * (head.count("\n") < 1)
    demand(blank and magic == MAGIC and re.fullmatch(r"index (0|[1-9]\d*)", index), "no proof")
    index = int(index[len("index "):])
    proof = [decoded(line, "a hash") for line in hashes]
    demand(all(len(hash_) == 32 for hash_ in proof), "a hash has not 32 bytes")
    checkpoint = Checkpoint(note.encode(), key)
    event = json.loads(bundle["event"])
    demand(event["offset"] == index, "the event has another offset than its proof")
    demand(index < checkpoint.size, "the event is not sealed")
    demand(includes(checkpoint.root, checkpoint.size, index, proof, leaf(bundle["event"].encode())),
           "the event is not in the tree that was signed")
    return event, checkpoint
