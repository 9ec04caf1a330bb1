package import Persistence

/// How far a copy is.
package struct StreamPosition: Sendable, Equatable {
    /// The server's name for a run of records without a gap (Redis: replication id).
    package let stretch: String
    /// How many bytes of records of the stretch are applied.
    package var offset: UInt64

    package init(stretch: String, offset: UInt64) {
        self.stretch = stretch
        self.offset = offset
    }

    /// What `PSYNC` asks for: the next byte, counted from 1.
    package static func request(from position: StreamPosition?) -> (stretch: String, offset: String) {
        position.map { ($0.stretch, "\($0.offset + 1)") } ?? ("?", "-1")
    }
}

package enum StreamEvent: Equatable {
    /// All keys follow. The next call is `copy(into:)`.
    case copies
    /// The copy goes on where it was.
    case resumes
    /// The next call of `next()` empties database 0, with a record that ends at this position.
    case empties(until: StreamPosition)
    /// The copy is complete up to the stream's position.
    case applied
}

/// Why a copy is given up. Contains no part of a key or a value.
package enum StreamError: Error, Sendable, Equatable {
    /// The server has answered with an error; its first word.
    case refused(String)
    /// What was read is not what such a server sends.
    case damaged(String)
    /// An entry or a group of records is longer than any may be.
    case tooLarge
    /// The table has reached its limit.
    case full

    /// - Parameter line: an answer that begins with a minus. Only capital letters of its first word are kept: it is
    ///   shown where lines are told apart.
    static func refused(line: String) -> Self {
        let word = line.utf8.dropFirst().prefix { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
        return .refused(String(Substring(word.prefix(32))))
    }
}

/// What a server may send.
struct StreamDialect {
    /// The longest entry or group of records, in bytes.
    var maximumUnit: Int
    /// Whether keys of other types are passed over.
    var skipsUnsupported = false
}

/// Takes what a ``RecordStream`` reads.
package protocol StreamSink: RecordSink, ~Copyable {
    /// Why the copy cannot be right; nil while it can.
    var objection: StreamError? { get }
    /// The file has ended: records follow.
    mutating func endFile()
    /// The following records are applied in one step, at ``endGroup()``.
    mutating func beginGroup()
    mutating func endGroup()
}
