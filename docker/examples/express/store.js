// A connection to the store. Commands that are sent together go out in one pipeline.
const fs = require('fs'), { createClient } = require('redis');

class Store {
  constructor(url, passwordFile, caFile) {
    const password = passwordFile && fs.readFileSync(passwordFile, 'utf8').trim();
    Object.assign(this, { url, password, ca: caFile && fs.readFileSync(caFile) });
    this.connect();
  }

  // Each connection has a client of its own: node-redis 4 keeps half a reply over a reconnection, and would give every
  // later one to the wrong call.
  connect() {
    const { url, password, ca } = this, socket = { connectTimeout: 1000, ...(ca && { ca }) };
    const client = createClient({ url, socket, disableOfflineQueue: true, ...(password && { password }) });
    const late = setTimeout(() => this.replace(client, new Error('no connection within 2 seconds')), 2000);
    this.client = client;
    client.on('error', (error) => this.replace(client, error));
    // The daemon warns of programs that do not say so: they may not look up every scope. Other servers may refuse it.
    client.on('ready', () => {
      clearTimeout(late);
      client.sendCommand(['CLIENT', 'SETINFO', 'LIB-NAME', 'revoked(node)']).catch(() => {});
    });
    client.connect().catch(() => {});
  }

  async send(...commands) {
    const { client } = this;
    if (!client.isReady) throw new Error('not connected');
    const pipeline = commands.reduce((multi, command) => multi.addCommand(command), client.multi());
    let timer;
    const timeout = new Promise((_, reject) => {
      timer = setTimeout(() => reject(this.replace(client, new Error('no answer within a second'))), 1000);
    });
    try { return await Promise.race([pipeline.execAsPipeline(), timeout]); } finally { clearTimeout(timer); }
  }

  // Ends a connection that is lost or hangs, and makes another soon.
  replace(client, error) {
    if (client !== this.client || client.isReplaced) return error;
    client.isReplaced = true;
    console.error('no connection to the store: %s', error.code ?? error.message);
    client.disconnect().catch(() => {});
    setTimeout(() => this.connect(), 100);
    return error;
  }
}

module.exports = { Store };
