/// Entries on their way from a file to a sink. A few are held back, so that the sink can prefetch memory for all of
/// them before it stores the first.
struct EntryQueue<Sink: RecordSink & ~Copyable> {
    private struct Entry {
        var key: Range<Int>
        var value: Range<Int>
        var expiry: Int64
        var place: Sink.Place
    }

    private var entries: [Entry] = []
    /// Enough entries for prefetches to finish, few enough for the first-level cache.
    private static var capacity: Int { 16 }

    init() { entries.reserveCapacity(Self.capacity) }

    /// Adds an entry, given by the positions of its bytes in a file.
    @inline(__always)
    mutating func add(_ key: Range<Int>, _ value: Range<Int>, expiry: Int64, of bytes: RawSpan, to sink: inout Sink) {
        let place = sink.place(of: bytes.extracting(key))
        entries.append(Entry(key: key, value: value, expiry: expiry, place: place))
        if entries.count == Self.capacity { flush(bytes, to: &sink) }
    }

    /// Hands over the held-back entries, before anything else is handed over.
    @inline(__always)
    mutating func flush(_ bytes: RawSpan, to sink: inout Sink) {
        guard !entries.isEmpty else { return }
        for entry in entries {
            sink.set(
                bytes.extracting(entry.key), bytes.extracting(entry.value), expiry: entry.expiry, at: entry.place)
        }
        entries.removeAll(keepingCapacity: true)
    }
}
