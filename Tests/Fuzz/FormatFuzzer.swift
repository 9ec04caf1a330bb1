// Compiled together with Sources/Persistence/Formats by `run`, which says how. Not part of the package.
import Denylist
import RESP

/// libFuzzer's entry: any bytes, as a file of a data directory. They are refused, or what they say has to be the same
/// however it is read or written again. The last byte chooses what they are taken for, so that the rest is the plain
/// file.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let choice = bytes.last else { return 0 }
    let input = Array(bytes.dropLast())
    switch choice & 3 {
    case 0: checkLog(input)
    case 1: checkSealedLog(input, pieces: Int(choice >> 2) + 1)
    case 2: checkSnapshot(input)
    default: checkManifest(input)
    }
    return 0
}

/// What a log says stays the same once its torn tail is cut.
private func checkLog(_ bytes: [UInt8]) {
    guard let (end, sink) = readLog(bytes) else { return }
    check(end.offset >= 0 && end.offset <= bytes.count, "a log ends outside of the file")
    check((end.torn == nil) == (end.offset == bytes.count), "it is silent about a torn tail")
    guard let again = readLog(Array(bytes[..<end.offset])) else { fatalError("a cut log is refused") }
    check(again.sink == sink && again.end.torn == nil && again.end.chain == end.chain, "a cut log says something else")
    guard var chain = end.chain else { return }
    var longer = Array(bytes[..<end.offset])
    chain.close(synced: chain.start, to: &longer)
    check(readLog(longer)?.sink == sink && readLog(longer)?.end.chain == chain, "a log cannot be gone on with")
}

/// The same records in a log with lines say the same; with a byte changed or the end cut off, they say no more than
/// that.
private func checkSealedLog(_ bytes: [UInt8], pieces: Int) {
    guard let plain = readLog(bytes), plain.end.torn == nil, plain.end.chain == nil, plain.end.database == 0,
        !RDBReader.recognizes(bytes.span.bytes)
    else { return }
    var log: [UInt8] = []
    var chain = SealChain(beginning: &log, salt: 0x5EED_5EED_5EED_5EED)
    for _ in 0..<pieces {
        log += bytes
        chain.add(bytes.span.bytes)
        chain.close(synced: chain.start, to: &log)
    }
    var expected = ChangeList()
    for _ in 0..<pieces {
        expected.changes += plain.sink.changes
        expected.databases += plain.sink.databases
    }
    guard let whole = readLog(log) else {
        // A group that one file may leave open.
        return
    }
    check(whole.sink == expected && whole.end.chain == chain, "lines change the records")
    let place = bytes.count &* 31 % log.count
    var damaged = log
    damaged[place] ^= UInt8(truncatingIfNeeded: pieces | 1)
    if let read = readLog(damaged) { check(expected.changes.starts(with: read.sink.changes), "damage is believed") }
    if let cut = readLog(Array(log[..<place])) {
        check(expected.changes.starts(with: cut.sink.changes), "a cut log says something else")
    } else {
        fatalError("a torn log is refused")
    }
}

/// To pass over what is not kept changes nothing for a file that has nothing of the kind; written again it says the
/// same.
private func checkSnapshot(_ bytes: [UInt8]) {
    var lenient = ChangeList()
    let settings = ReadConfiguration(now: 1_000_000, skipsUnsupported: true)
    guard let read = try? RDBReader.read(bytes.span.bytes, settings, into: &lenient) else { return }
    check(
        read.end <= bytes.count && read.counts.records == lenient.changes.count, "a snapshot ends outside of the file")
    var strict = ChangeList()
    let isPlain = (try? RDBReader.read(bytes.span.bytes, ReadConfiguration(now: 1_000_000), into: &strict)) != nil
    if isPlain { check(strict == lenient && read.counts.skipped == 0, "passing over loses something") }

    var writer = RDBWriter(created: 0, isLogBase: false, entries: 0, expiring: 0)
    var database = 0
    for case (.set(let key, let value, let expiry), let number) in zip(lenient.changes, lenient.databases) {
        if number != database { writer.select(number, entries: 0, expiring: 0) }
        database = number
        writer.append(key.span.bytes, value.span.bytes, expiry: expiry)
    }
    writer.finish()
    var written: [UInt8] = []
    writer.drain { piece in piece.withUnsafeBytes { written += Array($0) } }
    var again = ChangeList()
    _ = try? RDBReader.read(written.span.bytes, settings, into: &again)
    #if CANARY
        // A planted bug, which the fuzzer has to find: a rare key is lost.
        again.changes.removeAll { $0.key.count == 3 && $0.key.first == UInt8(ascii: "r") }
    #endif
    check(again == lenient, "written again a snapshot says something else")
}

private func checkManifest(_ bytes: [UInt8]) {
    guard let manifest = try? Manifest(decoding: bytes.span.bytes) else { return }
    let again = try? Manifest(decoding: manifest.encode().span.bytes)
    check(again?.files == manifest.files, "a manifest changes when written")
}

private func readLog(_ bytes: [UInt8]) -> (end: LogReader.End, sink: ChangeList)? {
    var sink = ChangeList()
    guard let end = try? LogReader.read(bytes.span.bytes, ReadConfiguration(now: 1_000_000), into: &sink) else {
        return nil
    }
    return (end, sink)
}

/// What a file says, change by change.
private struct ChangeList: RecordSink, Equatable {
    enum Change: Equatable {
        case set([UInt8], [UInt8], Int64)
        case setKeepingExpiry([UInt8], [UInt8])
        case setExpiry([UInt8], Int64)
        case remove([UInt8])
        case copy([UInt8], [UInt8], Int?)
        case swap(Int, Int)
        case removeDatabase
        case removeAll

        var key: [UInt8] {
            switch self {
            case .set(let key, _, _), .copy(let key, _, _), .setKeepingExpiry(let key, _), .setExpiry(let key, _),
                .remove(let key):
                key
            case .swap, .removeDatabase, .removeAll: []
            }
        }
    }

    var changes: [Change] = []
    /// The database of each.
    var databases: [Int] = []
    private var database = 0

    private mutating func note(_ change: Change) {
        changes.append(change)
        databases.append(database)
    }

    mutating func select(_ database: Int) { self.database = database }

    mutating func set(_ key: RawSpan, _ value: RawSpan, expiry: Int64) { note(.set(copy(key), copy(value), expiry)) }

    mutating func setKeepingExpiry(_ key: RawSpan, _ value: RawSpan) {
        note(.setKeepingExpiry(copy(key), copy(value)))
    }

    mutating func setExpiry(_ key: RawSpan, _ expiry: Int64) { note(.setExpiry(copy(key), expiry)) }
    mutating func remove(_ key: RawSpan) { note(.remove(copy(key))) }
    mutating func copy(_ key: RawSpan, to other: RawSpan, of database: Int?) {
        note(.copy(copy(key), copy(other), database))
    }
    mutating func swap(_ database: Int, _ other: Int) { note(.swap(database, other)) }
    mutating func removeDatabase() { note(.removeDatabase) }
    mutating func removeAll() { note(.removeAll) }

    /// A file that ends in one database says the same as one that ends in another.
    static func == (one: Self, other: Self) -> Bool {
        one.changes == other.changes && one.databases == other.databases
    }

    private func copy(_ bytes: RawSpan) -> [UInt8] { bytes.withUnsafeBytes(Array.init) }
}

/// Says which property is broken, which `precondition` does not in an optimized build.
private func check(_ holds: Bool, _ property: StaticString) { if !holds { fatalError("\(property)") } }
