// Checks verified tokens as WireContract.md says. One round trip a check, and only "clear" may let a request pass.
const { createHash } = require('crypto');

const CUT_OFFS = ['sub', 'client', 'all'], OWN_KEYS = ['revoked.terms', 'revoked.accepted', 'revoked.epoch'];
const toMs = (seconds) => Math.round(seconds * 1000);

function key(scope, name, label = '') {
  const isReplaced = Buffer.byteLength(name) > 256 || name.startsWith('sha256:');
  if (isReplaced) name = 'sha256:' + createHash('sha256').update(name).digest('hex');
  return 'revoked:' + (label && label + ':') + scope + (scope === 'all' ? '' : ':' + name);
}

const scopes = (claims, kid) => Object.entries(
  { jti: claims.jti, sid: claims.sid, sub: claims.sub, client: claims.client_id, kid, all: 'all' }).filter(([, name]) => name);

// The store's epoch, and the one that it replaced if no operator has accepted that yet. None of one left for a daemon.
const epochs = (value) => (/^(?!left:)([!-~]{1,256})(?: replaces (.+))?$/s.exec(value ?? '') ?? []).slice(1);

// The first bare epoch; later one that an operator accepted in place of the pinned one.
function epochToPin(pinned, epoch, accepted) {
  const [found, replaced] = epochs(epoch), [to, from] = epochs(accepted);
  return found && (pinned ? to === found && from === pinned : !replaced) ? found : pinned;
}

// Of the issuer's tokens; none if the denylist's terms do not name it with this label.
const lifetimes = (terms, iss, label) => JSON.parse(terms ?? '{"issuers":[]}').issuers.find(
  (row) => (row.name ?? iss) === iss && (row.label ?? '') === label)?.lifetimes ?? [];

// Whether revocations are kept for as long as the token lives.
const isKept = ({ iat, exp }, allowed) => allowed.some(
  (row) => row.since <= toMs(iat) && toMs(exp) - toMs(iat) <= row.ms + 1000);

// Whether no date of the token lies ahead of the store's time by more than clocks may differ: cut-offs would miss it.
const isOfNow = ({ iat, auth_time: logIn }, now) => toMs(Math.max(iat, logIn ?? 0)) <= now + 30_000;

// From what the store holds by scope, and its time. Also: which scope says so.
function verdict(claims, held, now, isProven) {
  const logIn = toMs(claims.auth_time ?? claims.iat);
  for (const [scope, value] of held.filter(([, value]) => value !== null)) {
    if (!CUT_OFFS.includes(scope)) return ['revoked', scope];
    const cutOff = /^[0-9]{1,18}$/.test(value) ? Number(value) : 0;
    if (cutOff < 1e12 || cutOff > now + 60_000) isProven = false;
    else if (!(logIn > cutOff)) return ['revoked', scope];
  }
  return [isProven && held.some(([scope]) => scope !== 'kid' && scope !== 'all') ? 'clear' : 'unknown'];
}

class Denylist {
  constructor(store, stateFile, label = '') { Object.assign(this, { store, stateFile, label }); }

  async check(claims, kid) {
    try {
      const names = scopes(claims, kid);
      const { values, now, own } = await this.ask(names.map(([scope, name]) => key(scope, name, this.label)));
      return verdict(claims, names.map(([scope], index) => [scope, values[index]]), now, this.isProven(claims, now, own));
    } catch (error) { // whatever it is, nothing is known; its text might name a token
      console.error('no verdict: %s', error.code ?? error.name);
      return ['unknown'];
    }
  }

  // Where something is damaged nothing is proven, but what is revoked stays so.
  isProven(claims, now, own) {
    try {
      const isPinned = this.epoch(own) !== undefined, isOnTime = Math.abs(now - Date.now()) <= 30_000;
      const ofIssuer = lifetimes(own[0], claims.iss, this.label);
      return isPinned && isOnTime && isOfNow(claims, now) && isKept(claims, ofIssuer);
    } catch (error) {
      console.error('nothing is proven: %s', error.code ?? error.name);
      return false;
    }
  }

  // Values, and the store's time; and what OWN_KEYS hold.
  async ask(keys) {
    const [[seconds, rest], values] = await this.store.send(['TIME'], ['MGET', ...keys, ...OWN_KEYS]);
    if (values.length !== keys.length + OWN_KEYS.length) throw new Error('not a value for each key');
    return { values: values.slice(0, -3), now: seconds * 1000 + Math.floor(rest / 1000), own: values.slice(-3) };
  }

  // The store's, if that is the pinned one.
  epoch([, accepted, epoch]) {
    const pinned = this.stateFile.read(), found = epochToPin(pinned, epoch, accepted);
    if (found !== pinned) this.stateFile.save(found);
    return found === epochs(epoch)[0] ? found : undefined;
  }
}

module.exports = { CUT_OFFS, OWN_KEYS, Denylist, epochToPin, epochs, isKept, key, lifetimes, scopes, toMs, verdict };
