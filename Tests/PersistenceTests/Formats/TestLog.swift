import Denylist

@testable import Persistence

/// A log file as the daemon writes it, in memory.
struct TestLog {
    static let salt: UInt64 = 0x0123_4567_89AB_CDEF
    var bytes: [UInt8] = []
    var chain: SealChain

    init() { chain = SealChain(beginning: &bytes, salt: Self.salt) }

    /// Appends a batch and its line.
    /// - Parameter synced: how much was on disk by then; by default all before the batch.
    mutating func append(_ kind: SealLine.Kind = .seal, synced: Int? = nil, _ write: (inout [UInt8]) -> Void) {
        var batch: [UInt8] = []
        write(&batch)
        bytes += batch
        chain.add(batch.span.bytes)
        chain.close(kind, synced: synced ?? chain.start, to: &bytes)
    }

    /// Appends a batch of `count` revocations.
    mutating func appendRevocations(_ numbers: Range<Int>, synced: Int? = nil) {
        append(synced: synced) { bytes in
            for number in numbers { bytes.appendSet("revoked:jti:\(number)", "logout", expiry: 1_800_000_000_000) }
        }
    }

    func read() throws(FormatError) -> (end: LogReader.End, sink: RecordingSink) { try bytes.readLog() }
}

extension [UInt8] {
    mutating func appendSet(_ key: String, _ value: String, expiry: Int64 = Expiry.never) {
        RecordEncoding.appendSet(Array(key.utf8).span.bytes, Array(value.utf8).span.bytes, expiry: expiry, to: &self)
    }

    /// A request as clients and Redis write it.
    mutating func append(request words: String...) {
        self += "*\(words.count)\r\n".utf8
        for word in words { self += "$\(word.utf8.count)\r\n\(word)\r\n".utf8 }
    }

    func readLog(skipsUnsupported: Bool = false) throws(FormatError) -> (end: LogReader.End, sink: RecordingSink) {
        var sink = RecordingSink()
        let settings = ReadConfiguration(now: 1_000_000, skipsUnsupported: skipsUnsupported)
        let end = try LogReader.read(span.bytes, settings, into: &sink)
        return (end, sink)
    }
}
