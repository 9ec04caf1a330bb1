/// Why there is no durable denylist. The message says what to do, and contains no part of a key or a value.
package struct PersistenceError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable {
        /// Another process uses the directory.
        case locked
        /// A file has other contents than were written.
        case damaged
        /// A required file does not exist.
        case missing
        /// A file holds data that we do not keep.
        case unsupported
        /// The system refused.
        case disk
        /// Another operation has to end first.
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
