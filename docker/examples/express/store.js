// A connection to the store. Commands that are sent together go out in one pipeline.
const fs = require('fs'), { createClient } = require('redis');

class Store {
  constructor(url, passwordFile, caFile) {
    const password = passwordFile && fs.readFileSync(passwordFile, 'utf8').trim();
    const socket = { connectTimeout: 1000, ...(caFile && { ca: fs.readFileSync(caFile) }) };
    this.client = createClient({ url, socket, disableOfflineQueue: true, ...(password && { password }) });
    this.client.on('error', (error) => console.error('no connection to the store: %s', error.code ?? error.name));
    // The daemon warns of programs that do not say so: they may not look up every scope. Other servers may refuse it.
    this.client.on('ready', () => this.client.sendCommand(['CLIENT', 'SETINFO', 'LIB-NAME', 'revoked(node)']).catch(() => {}));
    this.client.connect().catch(() => {}); // it goes on trying
  }

  async send(...commands) {
    if (!this.client.isReady) throw new Error('not connected');
    const pipeline = commands.reduce((multi, command) => multi.addCommand(command), this.client.multi());
    let timer;
    const timeout = new Promise((_, reject) => { timer = setTimeout(() => reject(this.replace()), 1000); });
    try { return await Promise.race([pipeline.execAsPipeline(), timeout]); } finally { clearTimeout(timer); }
  }

  // Ends a connection that hangs, and makes another.
  replace() {
    if (this.client.isReady) this.client.disconnect().then(() => this.client.connect()).catch(() => {});
    return new Error('no answer within a second');
  }
}

module.exports = { Store };
