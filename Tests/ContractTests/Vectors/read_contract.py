"""Reads contract.json, and finds the same by itself: python3 read_contract.py contract.json"""
import decimal, hashlib, json, sys
vectors = json.load(open(sys.argv[1], encoding="utf-8"))
cut_offs = ("subject", "client", "all")
words = {"token": "jti", "session": "sid", "subject": "sub", "client": "client", "key": "kid", "all": "all"}
def key(scope, identifier, label):
    if identifier and (len(identifier.encode()) > 256 or identifier.startswith("sha256:")):
        identifier = "sha256:" + hashlib.sha256(identifier.encode()).hexdigest()
    return "revoked:" + (label + ":" if label else "") + words[scope] + ("" if scope == "all" else ":" + identifier)
def cut_off(value, now):
    number = int(value) if value.isascii() and value.isdigit() else 0
    return number if 10**12 <= number <= now + 60_000 else None
def merged(scope, held, written):
    if scope in cut_offs: return str(max(int(held), int(written)))
    return written if held.startswith("rotated:") and not written.startswith("rotated:") else held
def verdict(token, store, now, label=None):
    names, time = {**token, "client": token.get("client_id"), "all": "all"}, token.get("auth_time", token.get("iat", 0))
    held = {scope: store.get(key(scope, names[word], label)) for scope, word in words.items() if names.get(word)}
    ends = [cut_off(held[scope], now) if scope in cut_offs else time for scope in held if held[scope] is not None]
    if any(end is not None and time <= end for end in ends): return "revoked"
    is_named = any(token.get(name) for name in ("jti", "sid", "sub", "client_id"))
    return "clear" if store.get("revoked.epoch") == vectors["pinned"] and None not in ends and is_named else "unknown"
found = {"keys": lambda row: key(row["scope"], row.get("identifier"), row.get("label")),
    "cut_offs": lambda row: cut_off(row["value"], row["now"]) is not None,
    "merges": lambda row: merged(row["scope"], row["held"], row["written"]),
    "lifetimes": lambda row: max(0, -((row["now"] - row["exp"]) // 1000) + 120),
    "dates": lambda row: int((decimal.Decimal(row["number"]) * 1000).to_integral_value()),
    "verdicts": lambda row: verdict(row["token"], row["store"], row["now"], row.get("label"))}
wrong = [(name, row) for name in found for row in vectors[name] if row["expected"] != found[name](row)]
sys.exit("\n".join(map(str, wrong)) if wrong else print(sum(len(vectors[name]) for name in found), "vectors hold"))
