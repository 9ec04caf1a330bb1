"""Ends tokens as WireContract.md says."""
from denylist import OWN_KEYS, epochs, key, lifetimes, to_ms

LONGEST = 400 * 86_400  # What the store accepts. A token that lives longer is refused for good.

def seconds_to_live(exp, now): return max(0, -((now - exp) // 1000) + 120)

def revoke(denylist, claims, reason="logout"):
    """Ends a verified token and its session. Unless this returns they are not revoked: answer 503."""
    _, now, own = denylist.ask([])
    epoch, of_issuer = denylist.epoch(own), lifetimes(own[0], claims["iss"], denylist.label)
    if epoch is None or not of_issuer: raise RuntimeError("the denylist proves nothing")
    seconds = {"jti": min(LONGEST, seconds_to_live(to_ms(claims["exp"]), now)),
               "sid": seconds_to_live(of_issuer[-1]["ms"], 0)}
    named = [scope for scope in seconds if claims.get(scope)]
    if not named: raise ValueError("the token has neither jti nor sid: revoke its subject")
    pipeline = denylist.store.pipeline(transaction=False)
    for scope in named:
        if seconds[scope]: pipeline.setex(key(scope, claims[scope], denylist.label), seconds[scope], reason)
    *written, behind = pipeline.mget(OWN_KEYS).execute()
    if not all(written) or behind[0] != own[0] or epochs(behind[2])[0] != epoch: raise RuntimeError("not acknowledged")
