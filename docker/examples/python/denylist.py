"""Checks verified tokens as WireContract.md says. One round trip a check, and only "clear" may let a request pass."""
import contextlib, hashlib, json, logging, math, re, time
import redis
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

# The store's epoch, and the one that it replaced if no operator has accepted that yet.
def epochs(value):
    found = re.fullmatch(rb"([!-~]{1,256})(?: replaces (.+))?", value or b"")
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

# The daemon warns of programs that do not say so: they may not look up every scope. Other servers may refuse it.
def introduce(connection):
    connection.on_connect()
    connection.send_command("CLIENT", "SETINFO", "LIB-NAME", "revoked(python)")
    with contextlib.suppress(redis.ResponseError): connection.read_response()

class Denylist:
    def __init__(self, url, state_file, label="", **options):
        options.update(socket_timeout=1, socket_connect_timeout=1, redis_connect_func=introduce)
        self.store = redis.Redis.from_url(url, **options)
        self.state_file, self.label = StateFile(state_file), label

    def check(self, claims, kid):
        try:
            names = scopes(claims, kid)
            values, terms, now, epoch = self.ask([key(scope, name, self.label) for scope, name in names.items()])
            is_on_time = abs(now - time.time() * 1000) <= 30_000
            is_proven = epoch and is_on_time and is_kept(claims, lifetimes(terms, claims["iss"], self.label))
            return verdict(claims, dict(zip(names, values)), now, is_proven)
        except Exception as error:  # whatever it is, nothing is proven; its text might name a token
            logging.error("no verdict: %s", type(error).__name__)
            return "unknown", None

    # Values, terms and the store's time; and its epoch if that is the pinned one.
    def ask(self, keys):
        (seconds, rest), values = self.store.pipeline(transaction=False).time().mget(keys + OWN_KEYS).execute()
        (*values, terms, accepted, epoch), now = values, seconds * 1000 + rest // 1000
        pinned = self.state_file.read()
        new = epoch_to_pin(pinned, epoch, accepted)
        if new != pinned: self.state_file.save(new)
        return values, terms, now, new if new == epochs(epoch)[0] else None
