// Plays the contract's examples with the middleware of Express: node vectors.js contract.json EXAMPLES
const fs = require('fs'), { isDeepStrictEqual } = require('util');
const [, , file, examples] = process.argv;
const denylist = require(`${examples}/express/denylist.js`), { secondsToLive } = require(`${examples}/express/revocation.js`);

const vectors = JSON.parse(fs.readFileSync(file, 'utf8'));
const words = { token: 'jti', session: 'sid', subject: 'sub', client: 'client', key: 'kid', all: 'all' };
const inSeconds = (claims) => Object.fromEntries(Object.entries(claims)
  .map(([name, claim]) => [name, ['iat', 'auth_time', 'exp'].includes(name) ? claim / 1000 : claim]));

const found = {
  keys: (row) => denylist.key(words[row.scope], row.identifier ?? '', row.label),
  cut_offs: (row) => denylist.verdict({}, [['all', row.value]], row.now, true)[0] === 'revoked',
  lifetimes: (row) => secondsToLive(row.exp, row.now),
  dates: (row) => denylist.toMs(JSON.parse(row.number)),
  verdicts(row) {
    const claims = inSeconds(row.token);
    const held = denylist.scopes(claims, claims.kid)
      .map(([scope, name]) => [scope, row.store[denylist.key(scope, name, row.label)] ?? null]);
    const isProven = denylist.epochs(row.store['revoked.epoch'])[0] === vectors.pinned;
    return denylist.verdict(claims, held, row.now, isProven)[0];
  },
  pins: (row) => denylist.epochToPin(row.pinned, row.epoch, row.accepted) ?? null,
  terms(row) {
    for (const label of ['', 'eu', 'other']) {
      const lifetimes = denylist.lifetimes(row.terms, row.iss, label);
      if (lifetimes.length > 0) {
        const seconds = secondsToLive(lifetimes.at(-1).ms, 0);
        return { label: label || null, seconds, is_kept: denylist.isKept(inSeconds(row), lifetimes) };
      }
    }
    return null;
  },
};

const rows = Object.keys(found).flatMap((name) => vectors[name].map((row) => [name, row, found[name](row)]));
const wrong = rows.filter(([, row, result]) => !isDeepStrictEqual(result, row.expected));
if (wrong.length > 0) {
  console.error(JSON.stringify(wrong.slice(0, 10), null, 1));
  process.exit(1);
}
console.log('%d vectors hold in JavaScript', rows.length);
