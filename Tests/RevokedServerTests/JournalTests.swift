import Denylist
import Logging
import RESP
import Synchronization
import Testing

@testable import RevokedServer

@Suite struct JournalTests {
    /// A reader that writes down what it sees.
    private final class Recorder: JournalReader {
        private let lines = Mutex<[String]>([])
        var seen: [String] { lines.withLock { $0 } }

        private func note(_ line: String) { lines.withLock { $0.append(line) } }
        func set(_ key: RawSpan, _ value: RawSpan, expiry: Int64, isGuarded: Bool, at moment: ClockReading) {
            let shown = expiry == Expiry.never ? "never" : "\(expiry - moment.guarded)"
            note("set \(string(key)) \(string(value)) \(shown)\(isGuarded ? " guarded" : "")")
        }
        func remove(_ key: RawSpan) { note("remove \(string(key))") }
        func select(_ database: Int) { note("select \(database)") }
        func swap(_ database: Int, _ other: Int) { note("swap \(database) \(other)") }
        func removeDatabase() { note("remove database") }
        func removeAll() { note("remove all") }
        func beginGroup(at moment: ClockReading) { note("begin") }
        func endGroup() { note("end") }
        private func string(_ bytes: RawSpan) -> String {
            bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// Each kind of write, and what fails or changes nothing: all readers see the same, once.
    @Test func everyWriteIsAppendedOnceForEachReader() {
        let readers = [Recorder(), Recorder()]
        let bench = SessionBench(journalReaders: readers)
        for words in [
            ["SETEX", "revoked:jti:a", "100", "logout"], ["SETEX", "revoked:jti:a", "50", "admin"],
            ["SET", "k", "1"], ["SET", "k", "2", "NX"], ["EXPIRE", "revoked:jti:a", "200"],
            ["EXPIRE", "revoked:jti:a", "10"], ["MSET", "a", "1", "b", "2"], ["GETDEL", "k"], ["PERSIST", "a"],
            ["DEL", "a", "nothing"], ["GET", "b"], ["SELECT", "3"], ["SET", "c", "1"], ["DEL", "c", "b"],
            ["SETEX", "revoked:jti:b", "100", "logout"], ["FLUSHDB"], ["FLUSHALL"],
            ["MULTI"], ["SET", "k", "3"], ["SELECT", "0"], ["MSET", "a", "1", "b", "2"], ["GET", "a"], ["DEL", "a"],
            ["EXEC"], ["SET", "k", "4"],
        ] { _ = bench.converse([encode(words)]) }
        let expected = [
            "set revoked:jti:a logout 100000 guarded", "set k 1 never", "set revoked:jti:a logout 200000 guarded",
            "begin", "set a 1 never", "set b 2 never", "end", "remove k", "remove a",
            "begin", "select 3", "set c 1 never", "select 0", "end",
            "begin", "select 3", "remove c", "select 0", "end",
            "set revoked:jti:b logout 100000 guarded", "begin", "select 3", "remove database", "select 0", "end",
            "begin", "remove all", "end",
            "begin", "select 3", "set k 3 never", "select 0", "set a 1 never", "set b 2 never", "remove a", "end",
            "set k 4 never",
        ]
        for reader in readers { #expect(reader.seen == expected) }
    }

    /// Threads that write at once: all readers see one order.
    @Test func readersSeeOneOrder() async {
        let readers = [Recorder(), Recorder(), Recorder()]
        let daemon = SessionBench.daemon(journalReaders: readers)
        await withTaskGroup { group in
            for writer in 0..<4 {
                group.addTask {
                    let bench = SessionBench(daemon)
                    for number in 0..<500 {
                        _ = bench.ask("SETEX", "revoked:jti:\(writer)-\(number)", "100", "logout")
                        _ = bench.ask("SET", "shared", "\(writer)-\(number)")
                    }
                }
            }
        }
        let first = readers[0].seen
        #expect(first.count == 4 * 500 * 2)
        #expect(Set(first).count == first.count)
        for reader in readers.dropFirst() { #expect(reader.seen == first) }
        // The last of a key's records is what the table holds.
        let last = first.last { $0.hasPrefix("set shared ") }?.split(separator: " ")[2] ?? ""
        #expect(SessionBench(daemon).ask("GET", "shared") == "$\(last.utf8.count)\r\n\(last)\r\n")
    }
}
