/// Why there is no durable denylist. The message says what to do; nothing of a key or a value is in it.
package struct PersistenceError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable {
        /// Another process works in the directory.
        case locked
        /// A file is not what was written.
        case damaged
        /// A file that has to be there is not.
        case missing
        /// A file holds what we do not keep.
        case unsupported
        /// The system refused.
        case disk
        /// Something else is going on that has to end first.
        case busy
    }

    package let code: Code
    package let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    init(_ error: FileError) {
        if error.isInUse {
            self.init(.locked, "another process uses the directory \(error.path): stop it, or pass another --dir")
        } else {
            self.init(.disk, error.description)
        }
    }

    package var description: String { message }
}
