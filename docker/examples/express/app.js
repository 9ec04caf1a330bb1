// An Express API with jose that accepts a node's access tokens: node app.js
const express = require('express'), fs = require('fs'), http = require('http'), https = require('https');
const jose = require('jose');
const { CUT_OFFS, Denylist } = require('./denylist'), { StateFile } = require('./state_file');
const { Store } = require('./store'), { revoke } = require('./revocation');

const env = process.env;
const store = new Store(env.DENYLIST_URL, env.DENYLIST_PASSWORD_FILE, env.DENYLIST_CA_FILE);
const denylist = new Denylist(store, new StateFile(env.DENYLIST_STATE_FILE), env.DENYLIST_LABEL);
const issuer = new URL(env.JWKS_URL);
const agent = new (issuer.protocol === 'https:' ? https : http).Agent();
const keys = jose.createRemoteJWKSet(issuer, { agent, cacheMaxAge: 300_000, cooldownDuration: 10_000 });
// jose gives up 5 s after the last byte, and all wait for it: here 5 s after the first.
const connect = agent.createConnection;
agent.createConnection = (...options) => {
  const socket = connect.apply(agent, options), end = setTimeout(() => socket.destroy(new Error('too slow')), 5_000);
  return socket.once('close', () => clearTimeout(end));
};
const expected = { typ: 'at+jwt', issuer: env.ISSUER ?? 'revoked', audience: env.AUDIENCE ?? 'revoked', algorithms: ['ES256'] };

const unavailable = (res, message) => res.status(503).set('Retry-After', '1')
  .json({ error: 'temporarily_unavailable', error_description: message });
const invalid = (res, challenge = 'Bearer error="invalid_token"') => res.status(401)
  .set('WWW-Authenticate', challenge).json({ error: 'invalid_token' });
const log = (what, error) => console.error('%s: %s', what, error.code ?? error.name);

async function verified(req, res, next) {
  const [header = '', ...others] = req.headersDistinct.authorization ?? [];
  const [, token] = /^Bearer ([^ ]+)$/i.exec(header) ?? [];
  if (!token || others.length > 0) return invalid(res, 'Bearer');
  try {
    const { payload, protectedHeader } = await jose.jwtVerify(token, keys, expected);
    // jose takes the only key for a token that names none: a thief of a revoked key would leave its kid out.
    if (!protectedHeader.kid) return invalid(res);
    Object.assign(req, { claims: payload, kid: protectedHeader.kid });
  } catch (error) {
    // Everything else says that the keys could not be read.
    if (/^ERR_(JWT|JWS|JOSE_(ALG|NOT))|^ERR_JWKS_NO_MATCHING/.test(error.code)) return invalid(res);
    log('no keys', error);
    return unavailable(res, "the issuer's keys cannot be read");
  }
  return next();
}

async function checked(req, res, next) {
  const [verdict, scope] = await denylist.check(req.claims, req.kid);
  if (verdict === 'clear') return next();
  if (verdict !== 'revoked') return unavailable(res, 'the store cannot say whether the token is revoked');
  return invalid(res, CUT_OFFS.includes(scope) ? 'Bearer error="insufficient_user_authentication", max_age=0' : undefined);
}

const app = express().disable('x-powered-by');
app.get('/me', verified, checked, (req, res) => res.json({ sub: req.claims.sub, answered_by: 'express' }));
// It may be repeated, and is most needed where nothing is proven.
app.post('/logout', verified, async (req, res) => {
  try {
    await revoke(denylist, req.claims);
    res.json({ revoked: true });
  } catch (error) {
    log('not revoked', error);
    unavailable(res, 'the token is not revoked');
  }
});

const tls = env.TLS_CERT_FILE && { cert: fs.readFileSync(env.TLS_CERT_FILE), key: fs.readFileSync(env.TLS_KEY_FILE) };
(tls ? https.createServer(tls, app) : http.createServer(app)).listen(Number(env.PORT ?? 8080), env.BIND ?? '127.0.0.1');
