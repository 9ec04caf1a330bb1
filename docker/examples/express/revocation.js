// Ends tokens as WireContract.md says.
const { OWN_KEYS, epochs, key, lifetimes, toMs } = require('./denylist');

const LONGEST = 400 * 86_400; // What the store accepts. A token that lives longer is refused for good.
const secondsToLive = (exp, now) => Math.max(0, Math.ceil((exp - now) / 1000) + 120);

// Ends a verified token and its session. Unless this returns they are not revoked: answer 503.
async function revoke(denylist, claims, reason = 'logout') {
  const { now, own } = await denylist.ask([]), [terms] = own, epoch = denylist.epoch(own);
  const longest = lifetimes(terms, claims.iss, denylist.label).at(-1)?.ms;
  if (!epoch || !longest) throw new Error('the denylist proves nothing');
  const seconds = { jti: Math.min(LONGEST, secondsToLive(toMs(claims.exp), now)), sid: secondsToLive(longest, 0) };
  const named = Object.keys(seconds).filter((scope) => claims[scope]);
  if (named.length === 0) throw new Error('the token has neither jti nor sid: revoke its subject');
  const writes = named.filter((scope) => seconds[scope] > 0)
    .map((scope) => ['SETEX', key(scope, claims[scope], denylist.label), `${seconds[scope]}`, reason]);
  const replies = await denylist.store.send(...writes, ['MGET', ...OWN_KEYS]);
  const [termsBehind, , epochBehind] = replies.pop();
  if (replies.some((reply) => reply !== 'OK') || termsBehind !== terms || epochs(epochBehind)[0] !== epoch) {
    throw new Error('not acknowledged');
  }
}

module.exports = { revoke, secondsToLive };
