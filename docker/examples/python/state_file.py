"""Keeps the pinned epoch over restarts, in the format of a node's --state-file: one line, `revoked state 1 EPOCH`."""
import contextlib, os, pathlib, re, uuid

class StateFile:
    def __init__(self, path): self.path = pathlib.Path(path)

    def read(self):
        """None before the first contact. A file that is damaged or cannot be read is an error, and so is a link that leads
        nowhere: a pin is never forgotten by accident."""
        try: return re.fullmatch(rb"revoked state 1 ([!-~]{1,256})\n", self.path.read_bytes())[1]
        except FileNotFoundError:
            try: os.lstat(self.path)
            except FileNotFoundError: return None
            raise

    def save(self, epoch):
        draft = f"{self.path}.{uuid.uuid4()}"
        try:
            with open(draft, "xb") as file:
                file.write(b"revoked state 1 " + epoch + b"\n")
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, self.path)
        except BaseException:
            with contextlib.suppress(OSError): os.unlink(draft)
            raise
        folder = os.open(self.path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
