"""Plays the contract's examples with the middleware of Flask and Django: vectors.py contract.json EXAMPLES"""
import json, sys

sys.path.insert(0, sys.argv[2] + "/python")
import denylist, revocation

with open(sys.argv[1], encoding="utf-8") as file: vectors = json.load(file)
WORDS = {"token": "jti", "session": "sid", "subject": "sub", "client": "client", "key": "kid", "all": "all"}


def raw(text): return None if text is None else text.encode()
def text(value): return None if value is None else value.decode()
def in_seconds(claims): return {name: claim / 1000 if name in ("iat", "auth_time", "exp") else claim for name, claim in claims.items()}


def verdict(row):
    claims, label = in_seconds(row["token"]), row.get("label", "")
    held = {scope: raw(row["store"].get(denylist.key(scope, name, label)))
            for scope, name in denylist.scopes(claims, claims.get("kid")).items()}
    is_proven = denylist.epochs(raw(row["store"].get("revoked.epoch")))[0] == raw(vectors["pinned"])
    return denylist.verdict(claims, held, row["now"], is_proven)[0]


def terms(row):
    for label in ("", "eu", "other"):
        lifetimes = denylist.lifetimes(row["terms"], row["iss"], label)
        if lifetimes:
            seconds = revocation.seconds_to_live(lifetimes[-1]["ms"], 0)
            return {"label": label or None, "seconds": seconds, "is_kept": denylist.is_kept(in_seconds(row), lifetimes)}


found = {
    "keys": lambda row: denylist.key(WORDS[row["scope"]], row.get("identifier", ""), row.get("label", "")),
    "cut_offs": lambda row: denylist.verdict({}, {"all": raw(row["value"])}, row["now"], True)[0] == "revoked",
    "lifetimes": lambda row: revocation.seconds_to_live(row["exp"], row["now"]),
    "dates": lambda row: denylist.to_ms(json.loads(row["number"])),
    "verdicts": verdict,
    "pins": lambda row: text(denylist.epoch_to_pin(*(raw(row.get(name)) for name in ("pinned", "epoch", "accepted")))),
    "terms": terms,
}
wrong = [(name, row, found[name](row)) for name in found for row in vectors[name] if found[name](row) != row["expected"]]
if wrong: sys.exit("\n".join(map(str, wrong[:10])))
print(sum(len(vectors[name]) for name in found), "vectors hold in Python")
