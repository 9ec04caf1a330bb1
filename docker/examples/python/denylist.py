"""Checks verified tokens as WireContract.md says. One round trip a check, and only "clear" may let a request pass."""
import hashlib, json, logging, math, re, time
from state_file import StateFile

CUT_OFFS, OWN_KEYS = ("sub", "client", "all"), ["revoked.terms", "revoked.accepted", "revoked.epoch"]
CLAIMS = {"jti": "jti", "sid": "sid", "sub": "sub", "client": "client_id"}

def to_ms(seconds): return math.floor(seconds * 1000 + 0.5)

def key(scope, name, label=""):
    raw = name.encode()
    if len(raw) > 256 or raw.startswith(b"sha256:"): name = "sha256:" + hashlib.sha256(raw).hexdigest()
    return "revoked:" + (label + ":" if label else "") + scope + ("" if scope == "all" else ":" + name)

def scopes(claims, kid):
    names = {scope: claims.get(claim) for scope, claim in CLAIMS.items()}
    return {scope: name for scope, name in {**names, "kid": kid, "all": "all"}.items() if name}

# The store's epoch, and the one that it replaced if no operator has accepted that yet. None of one left for a daemon.
def epochs(value):
    found = re.fullmatch(rb"(?!left:)([!-~]{1,256})(?: replaces (.+))?", value or b"")
    return found.groups() if found else (None, None)

# The first bare epoch; later one that an operator accepted in place of the pinned one.
def epoch_to_pin(pinned, epoch, accepted):
    new, replaced = epochs(epoch)
    return new if new and (epochs(accepted) == (new, pinned) if pinned else not replaced) else pinned

# Of the issuer's tokens; none if the denylist's terms do not name it with this label.
def lifetimes(terms, iss, label):
    return next((row["lifetimes"] for row in json.loads(terms or '{"issuers":[]}')["issuers"]
                 if row.get("name", iss) == iss and row.get("label", "") == label), [])

# Whether revocations are kept for as long as the token lives.
def is_kept(claims, lifetimes):
    issued, expires = to_ms(claims["iat"]), to_ms(claims["exp"])
    return any(row["since"] <= issued and expires - issued <= row["ms"] + 1000 for row in lifetimes)

# Whether no date of the token lies ahead of the store's time by more than clocks may differ: cut-offs would miss it.
def is_of_now(claims, now): return to_ms(max(claims["iat"], claims.get("auth_time") or 0)) <= now + 30_000

# From what the store holds by scope, and its time. Also: which scope says so.
def verdict(claims, held, now, is_proven):
    log_in = claims.get("auth_time", claims.get("iat"))
    for scope, value in held.items():
        if value is None: continue
        if scope not in CUT_OFFS: return "revoked", scope
        cut_off = int(value) if re.fullmatch(rb"[0-9]{1,18}", value) else 0
        if not 10**12 <= cut_off <= now + 60_000: is_proven = False
        elif log_in is None or to_ms(log_in) <= cut_off: return "revoked", scope
    return ("clear" if is_proven and held.keys() & CLAIMS.keys() else "unknown"), None

class Denylist:
    def __init__(self, store, state_file, label=""):
        self.store, self.state_file, self.label = store, StateFile(state_file), label

    def check(self, claims, kid):
        try:
            names = scopes(claims, kid)
            values, now, own = self.ask([key(scope, name, self.label) for scope, name in names.items()])
            return verdict(claims, dict(zip(names, values, strict=True)), now, self.is_proven(claims, now, own))
        except Exception as error:  # whatever it is, nothing is known; its text might name a token
            logging.error("no verdict: %s", type(error).__name__)
            return "unknown", None

    # Where something is damaged nothing is proven, but what is revoked stays so.
    def is_proven(self, claims, now, own):
        try:
            is_pinned, is_on_time = self.epoch(own) is not None, abs(now - time.time() * 1000) <= 30_000
            is_good = is_of_now(claims, now) and is_kept(claims, lifetimes(own[0], claims["iss"], self.label))
            return is_pinned and is_on_time and is_good
        except Exception as error:
            logging.error("nothing is proven: %s", type(error).__name__)
            return False

    # Values, and the store's time; and what OWN_KEYS hold.
    def ask(self, keys):
        (seconds, rest), values = self.store.pipeline(transaction=False).time().mget(keys + OWN_KEYS).execute()
        return values[:-3], seconds * 1000 + rest // 1000, values[-3:]

    # The store's, if that is the pinned one.
    def epoch(self, own):
        (_, accepted, epoch), pinned = own, self.state_file.read()
        if (new := epoch_to_pin(pinned, epoch, accepted)) != pinned: self.state_file.save(new)
        return new if new == epochs(epoch)[0] else None
