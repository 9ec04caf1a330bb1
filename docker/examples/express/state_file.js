// Keeps the pinned epoch over restarts, in the format of a node's --state-file: one line, `revoked state 1 EPOCH`.
const { randomUUID } = require('crypto'), fs = require('fs'), { dirname } = require('path');

class StateFile {
  constructor(path) { this.path = path; }

  // undefined before the first contact. A file that is damaged or cannot be read is an error, and so is a link that leads
  // nowhere: a pin is never forgotten by accident.
  read() {
    try {
      return /^revoked state 1 ([!-~]{1,256})\n$/.exec(fs.readFileSync(this.path, 'latin1'))[1];
    } catch (error) {
      if (error.code !== 'ENOENT' || fs.lstatSync(this.path, { throwIfNoEntry: false })) throw error;
      return undefined;
    }
  }

  save(epoch) {
    const draft = `${this.path}.${randomUUID()}`;
    try {
      // writeFileSync writes all of it: writeSync may write a part.
      this.synced(draft, 'wx', (file) => fs.writeFileSync(file, `revoked state 1 ${epoch}\n`));
      fs.renameSync(draft, this.path);
    } catch (error) {
      fs.rmSync(draft, { force: true });
      throw error;
    }
    this.synced(dirname(this.path), 'r');
  }

  synced(path, flags, change = () => {}) {
    const file = fs.openSync(path, flags);
    try {
      change(file);
      fs.fsyncSync(file);
    } finally { fs.closeSync(file); }
  }
}

module.exports = { StateFile };
