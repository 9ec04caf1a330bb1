/// Entries on their way from a file to a sink: a few are held back, so that the sink has asked for the memory of all of
/// them before it stores the first one.
struct EntryQueue<Sink: RecordSink & ~Copyable> {
    private struct Entry {
        var key: Range<Int>
        var value: Range<Int>
        var expiry: Int64
        var place: Sink.Place
    }

    private var entries: [Entry] = []
    /// So many that the memory is there by then, so few that it is still in the processor's first cache.
    private static var capacity: Int { 16 }

    init() { entries.reserveCapacity(Self.capacity) }

    /// Takes an entry by where its bytes stand in a file.
    @inline(__always)
    mutating func add(_ key: Range<Int>, _ value: Range<Int>, expiry: Int64, of bytes: RawSpan, to sink: inout Sink) {
        let place = sink.place(of: bytes.extracting(key))
        entries.append(Entry(key: key, value: value, expiry: expiry, place: place))
        if entries.count == Self.capacity { flush(bytes, to: &sink) }
    }

    /// Hands on what is held back, before anything else is.
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
