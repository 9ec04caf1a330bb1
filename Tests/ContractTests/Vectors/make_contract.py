#!/usr/bin/env python3
"""Writes contract.json: what the wire contract says of keys, values, times and tokens, in examples.

It is written from the contract's words alone and shares nothing with any implementation:

    python3 make_contract.py > contract.json

Each section is a list of examples; `expected` is what an implementation must find, null for nothing. Times are Unix
milliseconds, `now` is the store's clock, `pinned` the epoch that is believed, `store` what the store holds by key.
"""
import hashlib
import itertools
import json
import random
import sys

NOW = 1_800_000_000_000  # the store's clock
MARGIN = 120  # seconds
EPOCH = "3f2b8c1e-5a77-4d0e-9c55-1a2b3c4d5e6f"
SCOPES = ["token", "session", "subject", "client", "key", "all"]
WORDS = dict(token="jti", session="sid", subject="sub", client="client", key="kid", all="all")
CLAIMS = dict(token="jti", session="sid", subject="sub", client="client_id", key="kid")
CUT_OFF_SCOPES = ["subject", "client", "all"]


# Keys: revoked:<word>:<identifier>, with several issuers revoked:<label>:<word>:<identifier>.

def key(scope, identifier, label=None):
    """An identifier longer than 256 bytes, or one that begins with sha256:, is replaced by its digest."""
    pieces = ["revoked"]
    if label is not None:
        pieces.append(label)
    pieces.append(WORDS[scope])
    if scope != "all":
        as_bytes = identifier.encode("utf-8")
        if len(as_bytes) > 256 or as_bytes[:7] == b"sha256:":
            identifier = "sha256:" + hashlib.sha256(as_bytes).hexdigest()
        pieces.append(identifier)
    return ":".join(pieces)


IDENTIFIERS = [
    "a", "A", "a:b", "jti:a", "eu:jti:a", "all", " ", "\0", "a\r\nDEL x\r\n", "\u00e9", "e\u0301", "\u00c4\U0001f600",
    "x" * 255, "x" * 256, "x" * 257, "\u00e9" * 128, "\u00e9" * 129, "sha256:", "sha256:abc", "sha256", "SHA256:abc",
    "sha256:" + "0" * 64, "01890a5d-ac96-774b-bcce-b302099a8057", "https://user@example.com/a?b=c",
]


def keys():
    rows = []
    for label in [None, "eu-1"]:
        for scope in SCOPES:
            for identifier in [None] if scope == "all" else IDENTIFIERS if label is None else IDENTIFIERS[::3]:
                row = dict(scope=scope, expected=key(scope, identifier, label))
                if label is not None:
                    row["label"] = label
                if identifier is not None:
                    row["identifier"] = identifier
                rows.append(row)
    return rows


def labels():
    """1 to 32 of a-z, 0-9 and -, and no scope's word."""
    good = ["a", "z9", "eu-1", "-", "0", "jtix", "kids", "token", "x" * 32]
    bad = ["", "A", "a_b", "a:b", "a b", "\u00fc", "x" * 33] + list(WORDS.values())
    return [dict(label=text, expected=True) for text in good] + [dict(label=text, expected=False) for text in bad]


def kinds():
    """What the daemon takes a key for. One of no known shape is a token's: its presence revokes."""
    rows = []
    for label in ["", "eu:", "x" * 32 + ":", "sha256:"]:
        for scope in SCOPES:
            for identifier in ["a", "a:b", "sub:a", "all", "kid:a"]:
                text = "revoked:" + label + WORDS[scope] + ("" if scope == "all" else ":" + identifier)
                rows.append(dict(key=text, expected=scope))
    for rest in ["", "a", "allx", "all:", "ALL", "SUB:a", "sub", "EU:sub:a", ":sub:a", "a:b:sub:a", "eu:allx", "kid",
                 "x" * 33 + ":sub:a", "client_id:a", "key:a"]:
        rows.append(dict(key="revoked:" + rest, expected="token"))
    unique = {row["key"]: row for row in rows}
    return list(unique.values())


# Values.

def is_plausible(value):
    """A cut-off is Unix milliseconds, decimal, not below 10^12 and no more than 60 s ahead of the store's clock."""
    if not value or any(character not in "0123456789" for character in value):
        return False
    return 1_000_000_000_000 <= int(value) <= NOW + 60_000


def cut_offs():
    texts = ["0", "1", "999999999999", "1000000000000", str(NOW // 1000), str(NOW - 1), str(NOW), str(NOW + 1),
             str(NOW + 59_999), str(NOW + 60_000), str(NOW + 60_001), str(NOW * 1000), "9" * 18, "9" * 19, "9" * 40, "",
             " ", "-1", "+" + str(NOW), " " + str(NOW), str(NOW) + " ", str(NOW) + ".0", "1.8e12", "0x1A3185C5000", "180000000000:", "18000000000/0",
             "logout", "soon", "\u0661" * 13, str(NOW) + "\0", "rotated:1:a"]
    return [dict(value=text, now=NOW, expected=is_plausible(text)) for text in texts]


def merges():
    """A revocation only grows: the larger cut-off; the first reason, but rotated yields to any other."""
    rows = []
    for scope in SCOPES:
        if scope in CUT_OFF_SCOPES:
            values = [str(NOW - 1), str(NOW), str(NOW + 1), "1000000000000", "999999999999"]
            for old, new in itertools.product(values, values):
                rows.append(dict(scope=scope, held=old, written=new, expected=str(max(int(old), int(new)))))
        else:
            values = ["logout", "compromised", "admin", "a text of one's own", "1", "2", "rotated:1:a", "rotated:2:b"]
            for old, new in itertools.product(values, values):
                yields = old.startswith("rotated:") and not new.startswith("rotated:")
                rows.append(dict(scope=scope, held=old, written=new, expected=new if yields else old))
    return rows


def rotations():
    """rotated:<ms>:<successor jti>"""
    rows = [dict(value="rotated:%d:%s" % (time, jti), expected=dict(time=time, successor=jti))
            for time, jti in [(NOW, "a"), (NOW, "a:b"), (NOW, "\u00e9"), (NOW, ":"), (0, "a")]]
    for text in ["rotated", "rotated:", "rotated:1", "rotated:1:", "rotated::a", "rotated:x:a", "rotated:-1:a",
                 "Rotated:1:a", "logout", ""]:
        rows.append(dict(value=text, expected=None))
    return rows


# Times.

def lifetimes():
    """A token's revocation is kept for ceil(exp - now) + margin seconds; nothing is written for 0 or less."""
    rows = []
    for left in [-10**9, -121_000, -120_001, -120_000, -119_999, -119_001, -119_000, -1_001, -1_000, -999, -1, 0, 1, 999,
                 1_000, 1_001, 59_999, 600_000, 600_001, 86_400_000, 30 * 86_400_000, 399 * 86_400_000]:
        seconds = -(-left // 1000) + MARGIN
        rows.append(dict(exp=NOW + left, now=NOW, expected=max(0, seconds)))
    return rows


def dates():
    """Seconds since 1970 become milliseconds, rounded to nearest; a whole second is its start."""
    pairs = [("1800000000", 0), ("1800000000.0", 0), ("1800000000.001", 1), ("1800000000.0004", 0),
             ("1800000000.0006", 1), ("1800000000.123", 123), ("1800000000.1234", 123), ("1800000000.1236", 124),
             ("1800000000.5", 500), ("1800000000.999", 999), ("1800000000.9994", 999), ("1800000000.9996", 1000),
             ("1.8e9", 0), ("18e8", 0)]
    return [dict(number=text, expected=NOW + rest) for text, rest in pairs]


def cut_offs_of_now():
    """The store's time, as far ahead as the issuer's clock may be; behind cut-offs that may have pushed a log-in; and the
    token that asks for it ends too, unless it is more than 60 s ahead."""
    rows = []
    for lead in [0, 2_000, 30_000]:
        for held in [[], [-1], [0], [1], [1_999], [2_000], [2_001], [59_999], [60_000], [60_001], [5, 3], [7, 60_001]]:
            for log_in in [None, -60_000, 0, 1, 2_001, 60_000, 60_001]:
                if log_in is not None and held not in ([], [1], [60_000]):
                    continue
                row = dict(now=NOW, lead=lead, held=[str(NOW + ahead) for ahead in held], expected=None)
                if log_in is not None:
                    row["log_in"] = NOW + log_in
                target = max(lead, log_in or 0)
                if target <= 60_000:
                    for ahead in held:
                        if ahead <= 60_000:
                            target = max(target, min(ahead + 1, 60_000))
                    row["expected"] = NOW + target
                rows.append(row)
    rows.append(dict(now=NOW, lead=0, held=["soon", "1", str(NOW // 1000)], expected=NOW))
    return rows


def log_ins():
    """iat = auth_time = max(now, cut-off + 1) over every cut-off that applies. Not to be had while a cut-off is more than
    a second ahead or cannot be meant, while the session, the key or the jti is revoked, or without the pinned epoch."""
    token = dict(jti="t", sid="s", sub="u", client_id="c", kid="k")
    rows = []
    for ahead in itertools.product([None, -1, 0, 2], repeat=3):
        store = {"revoked.epoch": EPOCH}
        for scope, milliseconds in zip(CUT_OFF_SCOPES, ahead):
            if milliseconds is not None:
                store[key(scope, token.get(CLAIMS.get(scope)))] = str(NOW + milliseconds)
        time = max([NOW] + [NOW + milliseconds + 1 for milliseconds in ahead if milliseconds is not None])
        rows.append(dict(token=token, store=store, now=NOW, expected=time))
    for milliseconds in [998, 999, 1_000, 60_000, 60_001]:
        store = {"revoked.epoch": EPOCH, "revoked:sub:u": str(NOW + milliseconds)}
        expected = NOW + milliseconds + 1 if milliseconds + 1 <= 1_000 else None
        rows.append(dict(token=token, store=store, now=NOW, expected=expected))
    for held in [{"revoked:sid:s": "logout"}, {"revoked:kid:k": "compromised"}, {"revoked:jti:t": "admin"},
                 {"revoked:all": "soon"}, {"revoked:client:c": "1"}]:
        rows.append(dict(token=token, store={"revoked.epoch": EPOCH, **held}, now=NOW, expected=None))
    for epoch in [{}, {"revoked.epoch": ""}, {"revoked.epoch": "another"}]:
        rows.append(dict(token=token, store=epoch, now=NOW, expected=None))
    # Of somebody else.
    others = {"revoked.epoch": EPOCH, "revoked:sub:v": str(NOW + 50_000), "revoked:eu:all": str(NOW + 50_000)}
    rows.append(dict(token=token, store=others, now=NOW, expected=NOW))
    return rows


def refreshes():
    """A refresh keeps auth_time; of a token without it, iat becomes that."""
    rows = []
    for iat, auth_time in [(-5, None), (-5, -9), (-5, -5), (3, None), (3, 3), (3, -2), (None, -9), (None, None)]:
        row = dict(now=NOW, expected=None)
        if iat is not None:
            row["iat"] = NOW + iat
        if auth_time is not None:
            row["auth_time"] = NOW + auth_time
        logged_in = iat if auth_time is None else auth_time
        if logged_in is not None:
            row["expected"] = dict(iat=NOW + max(0, logged_in), auth_time=NOW + logged_in)
        rows.append(row)
    return rows


# Verdicts.

def verdict(token, store, label=None):
    """Revoked if any scope says so; unknown if that cannot be said; clear if nothing speaks against it."""
    unknown = False
    for scope in SCOPES:
        identifier = None
        if scope != "all":
            identifier = token.get(CLAIMS[scope])
            if not identifier:
                continue
        value = store.get(key(scope, identifier, label))
        if value is None:
            continue
        if scope not in CUT_OFF_SCOPES:
            return "revoked"
        if not is_plausible(value):
            unknown = True
            continue
        logged_in = token.get("auth_time", token.get("iat"))
        if logged_in is None or logged_in <= int(value):
            return "revoked"
    epoch = store.get("revoked.epoch")
    if epoch is None or epoch == "" or epoch != EPOCH:
        unknown = True
    if not any(token.get(claim) for claim in ["jti", "sid", "sub", "client_id"]):
        unknown = True  # nothing that could be revoked names it
    return "unknown" if unknown else "clear"


class Verdicts:
    def __init__(self):
        self.rows = []

    def add(self, token, store, epoch=EPOCH, label=None):
        store = dict(store)
        if epoch is not None:
            store["revoked.epoch"] = epoch
        row = dict(token=token, store=store, now=NOW, expected=verdict(token, store, label))
        if label is not None:
            row["label"] = label
        self.rows.append(row)


def verdicts():
    rows = Verdicts()
    claims = dict(jti="t", sid="s", sub="u", client_id="c", kid="k")
    times = dict(iat=NOW - 1_000, auth_time=NOW - 5_000)
    whole = {**claims, **times}
    # Nothing is revoked.
    for count in range(6):
        for names in itertools.combinations(claims, count):
            rows.add({**{name: claims[name] for name in names}, **times}, {})
    # One scope is, and the token falls under it, or not.
    for scope in SCOPES:
        value = str(NOW) if scope in CUT_OFF_SCOPES else "logout"
        for label in [None, "eu"]:
            held = {key(scope, claims.get(CLAIMS.get(scope)), label): value}
            rows.add(whole, held, label=label)
            rows.add(whole, held, label="eu" if label is None else None)
            rows.add(whole, held, label="eu-1")
            if scope != "all":
                rows.add({name: claim for name, claim in whole.items() if name != CLAIMS[scope]}, held, label=label)
                rows.add({**whole, CLAIMS[scope]: "another"}, held, label=label)
                # An empty identifier is none: its key would be shared by strangers.
                rows.add({**whole, CLAIMS[scope]: ""}, held, label=label)
                rows.add({**whole, CLAIMS[scope]: ""}, {key(scope, "", label): value}, label=label)
    # Whatever the value: presence revokes a token, a session and a key.
    for scope in ["token", "session", "key"]:
        for value in ["", "logout", "rotated:1:a", "0", str(NOW), "a text"]:
            rows.add(whole, {key(scope, claims[CLAIMS[scope]]): value})
    # The edges of a cut-off: log-in time at or before it.
    for scope in CUT_OFF_SCOPES:
        for ahead in [-1, 0, 1]:
            for stated in [dict(iat=NOW), dict(auth_time=NOW), dict(iat=NOW, auth_time=NOW),
                           dict(iat=NOW + 900, auth_time=NOW), dict(iat=NOW, auth_time=NOW - 900), {}]:
                rows.add({**claims, **stated}, {key(scope, claims.get(CLAIMS.get(scope))): str(NOW + ahead)})
    # Several of them: any says so, whichever comes first.
    for ahead in itertools.product([None, -2_000, -500, 500], repeat=3):
        held = {key(scope, claims.get(CLAIMS.get(scope))): str(NOW + milliseconds)
                for scope, milliseconds in zip(CUT_OFF_SCOPES, ahead) if milliseconds is not None}
        rows.add({**claims, "iat": NOW - 1_000}, held)
    # What cannot be meant is neither believed nor passed over.
    for scope in CUT_OFF_SCOPES:
        for value in ["", "soon", "0", "999999999999", str(NOW // 1000), str(NOW + 60_000), str(NOW + 60_001), "-1"]:
            held = {key(scope, claims.get(CLAIMS.get(scope))): value}
            rows.add(whole, held)
            rows.add(whole, {**held, "revoked:sid:s": "logout"})
            rows.add({**whole, "auth_time": NOW + 70_000}, held)
    # The epoch vouches for clear, and for nothing else.
    for epoch in [None, "", "another", EPOCH.upper(), EPOCH + " ", EPOCH]:
        for held in [{}, {"revoked:jti:t": "logout"}, {"revoked:sub:u": str(NOW)}, {"revoked:sub:u": str(NOW - 9_000)},
                     {"revoked:client:c": "soon"}, {"revoked:kid:k": "compromised"}]:
            rows.add(whole, held, epoch=epoch)
    # Identifiers are bytes.
    for one, other in itertools.product(IDENTIFIERS[:6] + IDENTIFIERS[9:20], repeat=2):
        if one == other or len(one) == len(other) or one[:1] == other[:1]:
            rows.add({"jti": one, "iat": NOW}, {key("token", other): "logout"})
    rows.add({"jti": "x" * 257, "iat": NOW}, {"revoked:jti:" + "x" * 257: "logout"})
    rows.add({"sub": "x" * 257, "iat": NOW}, {key("subject", "x" * 257): str(NOW)})
    rows.add({"kid": "sha256:k", "jti": "t", "iat": NOW}, {key("key", "sha256:k"): "compromised"})
    rows.add({"kid": "sha256:k", "jti": "t", "iat": NOW}, {"revoked:kid:sha256:k": "compromised"})
    # By chance.
    chance = random.Random(7519)
    for _ in range(200):
        label = chance.choice([None, None, "eu"])
        token = {name: claim for name, claim in claims.items() if chance.random() < 0.7}
        for name in ["iat", "auth_time"]:
            if chance.random() < 0.7:
                token[name] = NOW + chance.choice([-2_000, -1, 0, 1, 2_000])
        held = {}
        for scope in SCOPES:
            if chance.random() < 0.25:
                value = str(NOW + chance.choice([-2_000, -1, 0, 1, 2_000, 60_001])) if scope in CUT_OFF_SCOPES else "admin"
                held[key(scope, claims.get(CLAIMS.get(scope)), label)] = value
        rows.add(token, held, epoch=chance.choice([EPOCH, EPOCH, EPOCH, EPOCH, None, "another"]), label=label)
    return rows.rows


# What a process remembers: the epoch, and how long revocations are kept.

def pins():
    """A process pins the first bare epoch. Another one follows only by an acceptance that names it and the pinned one."""
    a, b, c = ("%08x-0000-4000-8000-000000000000" % number for number in range(3))
    replaces = lambda new, old: "%s replaces %s" % (new, old)
    rows = []
    for pinned, epoch, accepted in itertools.product(
            [None, a], [None, "", a, b, replaces(b, a), replaces(b, c), replaces(a, b)],
            [None, "", b, replaces(b, a), replaces(b, c), replaces(c, a), replaces(a, b), replaces(a, a)]):
        expected = pinned
        if epoch and pinned is None and " " not in epoch:
            expected = epoch
        elif epoch and pinned is not None and accepted == replaces(epoch.split(" ")[0], pinned):
            expected = epoch.split(" ")[0]
        row = dict(pinned=pinned, epoch=epoch, accepted=accepted, expected=expected)
        rows.append({name: value for name, value in row.items() if value is not None or name == "expected"})
    return rows


def terms():
    """Of the issuer that a token names: its label, how many seconds its sessions' revocations are kept, and whether the
    token lives no longer than revocations were kept when it was issued (to a second: `exp` may be rounded up)."""
    hour, day, since = 3_600_000, 86_400_000, NOW - 86_400_000
    one = dict(lead=0, lifetimes=[dict(ms=day, since=0)])
    grown = dict(lead=0, lifetimes=[dict(ms=hour, since=0), dict(ms=day, since=since)], name="https://a")
    other = dict(label="eu", lead=2_000, lifetimes=[dict(ms=hour + 1, since=0)], name="https://b")
    rows = []
    for issuers in [[one], [dict(one, name="https://a")], [grown, other], [other]]:
        text = json.dumps(dict(issuers=issuers, leeway=0, v=1), sort_keys=True, separators=(",", ":"))
        for name in ["https://a", "https://b", "https://c", ""]:
            for issued in [since - 1, since, NOW]:
                for lifetime in [hour, hour + 1_000, hour + 1_001, hour + 1_002, day, day + 1_000, day + 1_001]:
                    found = [issuer for issuer in issuers if issuer.get("name", name) == name]
                    row = dict(terms=text, iss=name, iat=issued, exp=issued + lifetime, expected=None)
                    if found:
                        allowed = [row["ms"] for row in found[0]["lifetimes"] if row["since"] <= issued][-1]
                        longest = found[0]["lifetimes"][-1]["ms"]
                        row["expected"] = dict(label=found[0].get("label"), seconds=-(-longest // 1000) + MARGIN,
                                               is_kept=lifetime <= allowed + 1_000)
                    rows.append(row)
    return rows


def main():
    sections = dict(
        keys=keys(), labels=labels(), kinds=kinds(), cut_offs=cut_offs(), merges=merges(), rotations=rotations(),
        lifetimes=lifetimes(), dates=dates(), cut_offs_of_now=cut_offs_of_now(), log_ins=log_ins(),
        refreshes=refreshes(), verdicts=verdicts(), pins=pins(), terms=terms())
    lines = ['"pinned": "%s"' % EPOCH]
    for name, rows in sections.items():
        body = ",\n".join(json.dumps(row, sort_keys=True) for row in rows)
        lines.append('"%s": [\n%s\n]' % (name, body))
    sys.stdout.write("{\n" + ",\n".join(lines) + "\n}\n")


main()
