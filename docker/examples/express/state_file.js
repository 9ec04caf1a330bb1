// Keeps the pinned epoch over restarts, in the format of a node's --state-file: one line, `revoked state 1 EPOCH`.
const { randomUUID } = require('crypto'), fs = require('fs');

class StateFile {
  constructor(path) { this.path = path; }

  // undefined before the first contact. A damaged file is an error: a pin is never forgotten by accident.
  read() {
    if (!fs.existsSync(this.path)) return undefined;
    return /^revoked state 1 ([!-~]{1,256})\n$/.exec(fs.readFileSync(this.path, 'latin1'))[1];
  }

  save(epoch) {
    const draft = `${this.path}.${randomUUID()}`, file = fs.openSync(draft, 'wx');
    fs.writeSync(file, `revoked state 1 ${epoch}\n`);
    fs.fsyncSync(file);
    fs.closeSync(file);
    fs.renameSync(draft, this.path);
  }
}

module.exports = { StateFile };
