package import Denylist

/// What a follower reads after `PSYNC` from our daemon (``RecordStream``). Writes the guarded keys into a table.
///
/// After an error nothing of the copy may be believed.
package struct StreamIn: ~Copyable {
    package typealias Position = StreamPosition
    package typealias Event = StreamEvent

    /// The longest entry or group of records, in bytes: more than the daemon takes of a transaction, 96 MiB, and of a
    /// command, 16 MiB.
    package static let maximumUnit = 128 << 20
    static let longRecord = StreamError.damaged("a record or a group of them is longer than any may be")

    private var stream: RecordStream<CopySink>
    private let observer: (any CopyObserver)?
    /// Where the stream is. The copy is complete only if ``isComplete``.
    package var position: Position? { stream.position }
    /// Whether the table is the daemon's as of ``position``.
    package var isComplete: Bool { stream.isComplete }
    /// Bytes that have arrived and are no whole record or file yet.
    package var unreadCount: Int { stream.unreadCount }

    /// - Parameters:
    ///   - table: the one that the stream goes on with.
    ///   - position: that of the table; nil if it holds no copy.
    ///   - observer: hears of each entry that a record stores.
    package init(
        _ table: Denylist, at position: Position?, observer: (any CopyObserver)? = nil,
        maximumUnit: Int = Self.maximumUnit
    ) {
        self.observer = observer
        stream = RecordStream(
            CopySink(table, isFile: false, observer), at: position, StreamDialect(maximumUnit: maximumUnit))
    }

    /// What `PSYNC` asks for: the next byte, counted from 1.
    package static func request(from position: Position?) -> (stretch: String, offset: String) {
        StreamPosition.request(from: position)
    }

    /// - Parameter table: empty.
    package mutating func copy(into table: Denylist) { stream.copy(into: CopySink(table, isFile: true, observer)) }

    /// Takes bytes that have arrived. ``next()`` is called until it returns nil.
    package mutating func append(_ bytes: RawSpan) { stream.append(bytes) }

    /// Reads on.
    /// - Returns: nil if more bytes are needed.
    package mutating func next() throws(StreamError) -> Event? { try stream.next() }
}
