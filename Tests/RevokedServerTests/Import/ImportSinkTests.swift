import Contract
import Denylist
import Logging
import Persistence
import Replication
import TestSupport
import Testing

@testable import RevokedServer

/// What an import writes, and what it leaves.
@Suite struct ImportSinkTests {
    private let clock = TestClock()
    private let daemon: Daemon
    private let sink: ImportSink

    init() {
        var configuration = ServerConfiguration()
        (configuration.maximumMemory, configuration.maximumBulk) = (8 << 20, 1 << 16)
        daemon = Daemon(configuration, time: clock.source, logger: Logger(label: "test"))
        sink = ImportSink(daemon)
    }

    private func write(_ body: (ImportSink) -> Void) { sink.inTurn { body(sink) } }

    private func set(_ key: String, _ value: String, _ expiry: Int64? = nil) {
        write { $0.set(key.utf8.span.bytes, value.utf8.span.bytes, expiry: expiry ?? Expiry.never) }
    }

    /// The value, and milliseconds left; nil if there is none.
    private func read(_ key: String, of database: Int = 0) -> (value: String, left: Int64?)? {
        let (bytes, now) = (key.utf8.span.bytes, daemon.clock.now())
        let hash = daemon.denylist.hash(of: bytes)
        let keys = daemon.denylist.keys
        return (database == 0 ? keys : keys.database(database))?.read(bytes, hash: hash, at: now) { value, expiry in
            (
                value.withUnsafeBytes { String(decoding: $0, as: UTF8.self) },
                expiry == Expiry.never ? nil : expiry - (hash.isGuarded ? now.guarded : now.wall)
            )
        }
    }

    @Test func aRevocationMerges() {
        set("revoked:jti:a", "rotated:1:b", clock.wall + 100_000)
        set("revoked:jti:a", "logout", clock.wall + 50_000)
        set("revoked:jti:a", "admin", clock.wall + 70_000)
        #expect(read("revoked:jti:a")?.value == "logout")
        #expect(read("revoked:jti:a")?.left == 100_000)
        set("revoked:sub:s", "1790000000005", clock.wall + 100_000)
        set("revoked:sub:s", "1790000000003", clock.wall + 200_000)
        #expect(read("revoked:sub:s")?.value == "1790000000005")
        #expect(read("revoked:sub:s")?.left == 200_000)
        write { $0.setExpiry("revoked:sub:s".utf8.span.bytes, clock.wall + 10) }
        write { $0.remove("revoked:sub:s".utf8.span.bytes) }
        write { $0.removeAll() }
        #expect(read("revoked:sub:s")?.left == 200_000)
        #expect(sink.counts.kept == 1)
        // In whichever database it is there.
        write { $0.select(7) }
        set("revoked:jti:b", "logout", clock.wall + 100_000)
        #expect(read("revoked:jti:b")?.value == "logout")
    }

    /// The clock of the source is behind ours, and guarded time is ahead of the wall clock.
    @Test func noClockEndsItEarly() {
        clock.setWall(by: .seconds(-60))
        sink.follow(63_000)
        set("revoked:jti:a", "logout", clock.wall + 100_000)
        #expect(read("revoked:jti:a")?.left == 105_000)
        clock.advance(.seconds(104))
        #expect(read("revoked:jti:a") != nil)
        set("revoked:jti:huge", "logout", Expiry.never - 1)
        #expect(read("revoked:jti:huge") != nil)
        set("revoked:jti:over", "logout", clock.wall - 10_000)
        #expect(read("revoked:jti:over") == nil)
    }

    @Test func anExpiryThatFollowsIsWaitedFor() {
        set("revoked:jti:two-steps", "logout")
        #expect(!sink.isSettled)
        write { $0.setExpiry("revoked:jti:two-steps".utf8.span.bytes, clock.wall + 1_000) }
        #expect(sink.isSettled)
        #expect(read("revoked:jti:two-steps")?.left == 1_000)
        // One that comes later shortens nothing.
        set("revoked:jti:forever", "logout")
        write { $0.settle() }
        write { $0.setExpiry("revoked:jti:forever".utf8.span.bytes, clock.wall + 1_000) }
        #expect(read("revoked:jti:forever").map { $0.left == nil } == true)
        #expect(sink.counts.withoutExpiry == 1)
        // What is written over in between stays, too.
        set("revoked:jti:over", "logout")
        set("revoked:jti:over", "logout", clock.wall + 1_000)
        #expect(read("revoked:jti:over").map { $0.left == nil } == true)
        // No more of them wait than there is room for.
        for number in 0..<20_001 { set("revoked:jti:\(number)", "logout") }
        #expect(read("revoked:jti:9999") != nil)
        write { $0.settle() }
        #expect(read("revoked:jti:20000") != nil)
        // Those of a file are complete.
        sink.beginFile()
        set("revoked:jti:file", "logout")
        #expect(sink.isSettled)
    }

    /// The source has extended a revocation that was read, or went on, only after it had expired here.
    @Test func aRevocationThatIsExtendedTooLateMakesANewCopy() {
        let (key, other) = ("revoked:sub:s", "revoked:sub:other")
        let extensions: [(ImportSink) -> Void] = [
            { [clock] in $0.setExpiry(key.utf8.span.bytes, clock.wall + 900_000) },
            { $0.setExpiry(key.utf8.span.bytes, Expiry.never) },
            { $0.copy(key.utf8.span.bytes, to: other.utf8.span.bytes, of: nil) },
            { $0.copy("plain".utf8.span.bytes, to: other.utf8.span.bytes, of: nil) },
            { $0.modify(key.utf8.span.bytes) { _ in Array("5".utf8) } },
        ]
        for extend in extensions {
            for isLate in [false, true] {
                sink.begin(in: 0)
                let expiry = clock.wall + 5_000
                if isLate { clock.advance(.seconds(10)) }
                set(key, "1790000000005", expiry)
                set("plain", "1790000000005", expiry)
                if !isLate { clock.advance(.seconds(10)) }
                write(extend)
                #expect(sink.objection != nil && !sink.isHopeless)
                #expect(read(key) == nil && read(other) == nil)
            }
        }
        // In time nothing is amiss, and one that is over stays so.
        sink.begin(in: 0)
        write { $0.setExpiry(key.utf8.span.bytes, clock.wall - 1) }
        set(key, "1790000000005", clock.wall + 5_000)
        for extend in extensions.prefix(1) { write(extend) }
        #expect(sink.objection == nil)
        #expect(read(key)?.left == 900_000)
    }

    /// As if it had been read in time.
    @Test func aCutOffThatIsReadTooLateCountsInALongerOne() {
        set("revoked:sub:s", "1790000000003", clock.wall + 100_000)
        set("revoked:sub:s", "1790000000005", clock.wall - 1)
        #expect(read("revoked:sub:s")?.value == "1790000000005")
        #expect(read("revoked:sub:s")?.left == 100_000)
        #expect(sink.counts.guarded == 1)
    }

    @Test func aPlainKeyIsWhatTheSourceSays() {
        set("a", "1", clock.wall + 1_000)
        write { $0.setKeepingExpiry("a".utf8.span.bytes, "2".utf8.span.bytes) }
        #expect(read("a")?.value == "2")
        #expect(read("a")?.left == 1_000)
        write { $0.modify("a".utf8.span.bytes) { _ in Array("3".utf8) } }
        write { $0.copy("a".utf8.span.bytes, to: "b".utf8.span.bytes, of: 3) }
        #expect(read("b", of: 3)?.value == "3")
        write { $0.copy("a".utf8.span.bytes, to: "revoked:jti:copy".utf8.span.bytes, of: nil) }
        #expect(read("revoked:jti:copy")?.value == "3")
        write { $0.setExpiry("a".utf8.span.bytes, clock.wall) }
        #expect(read("a") == nil)
        set("c", "1")
        write { $0.remove("c".utf8.span.bytes) }
        #expect(read("c") == nil)
        write {
            $0.select(3)
            $0.removeDatabase()
        }
        #expect(read("b", of: 3) == nil)
        #expect(read("revoked:jti:copy") != nil)
    }

    @Test func whatCannotBeImportedStopsIt() {
        write { $0.skip("list".utf8.span.bytes) }
        #expect(sink.objection == nil)
        write { $0.skip("revoked:jti:list".utf8.span.bytes) }
        #expect(sink.objection != nil)
        #expect(sink.isHopeless)
        sink.begin(in: 0)
        write { $0.swap(1, 2) }
        #expect(sink.objection != nil)
        #expect(!sink.isHopeless)
        sink.begin(in: 0)
        for number in 0..<200_000 where sink.objection == nil {
            set("revoked:jti:\(number)", "logout", clock.wall + 1_000_000)
        }
        #expect(sink.objection == .full)
    }

    /// As a client's write: no revocation that is too long for one is dropped in silence, or kept.
    @Test func aRevocationThatIsTooLongStopsIt() {
        let (long, value) = (String(repeating: "k", count: 513 - "revoked:jti:".utf8.count), "logout")
        let later = clock.wall + 100_000
        for (key, value) in [
            ("revoked:jti:\(long)", value), ("revoked:jti:a", String(repeating: "v", count: 129)),
        ] {
            let (key, value) = (Array(key.utf8), Array(value.utf8))
            let writes: [(ImportSink) -> Void] = [
                { $0.set(key.span.bytes, value.span.bytes, expiry: later) },
                { $0.set(key.span.bytes, value.span.bytes, expiry: Expiry.never) },
                { $0.setKeepingExpiry(key.span.bytes, value.span.bytes) },
                { $0.modify(key.span.bytes) { _ in value } },
                {
                    $0.set("plain".utf8.span.bytes, value.span.bytes, expiry: later)
                    $0.copy("plain".utf8.span.bytes, to: key.span.bytes, of: nil)
                },
            ]
            for body in writes {
                sink.begin(in: 0)
                write(body)
                #expect(sink.objection != nil && sink.isHopeless)
            }
            #expect(read(String(decoding: key, as: UTF8.self)) == nil)
        }
        #expect(sink.isSettled && sink.counts.guarded == 0)
        // One byte less is kept.
        sink.begin(in: 0)
        set("revoked:jti:\(long.dropLast())", String(repeating: "v", count: 128), later)
        #expect(sink.objection == nil && sink.counts.guarded == 1)
    }

    @Test func aPlainKeyThatIsTooLongIsPassedOver() {
        let longest = daemon.configuration.maximumBulk
        set("a", "1")
        set("a", String(repeating: "v", count: longest))
        #expect(read("a")?.value.utf8.count == longest)
        set("a", String(repeating: "v", count: longest + 1))
        // The source has no older value either.
        #expect(read("a") == nil)
        set(String(repeating: "k", count: longest + 1), "1")
        write { $0.modify("b".utf8.span.bytes) { _ in [UInt8](repeating: 1, count: longest + 1) } }
        #expect(sink.counts.tooLarge == 3 && sink.counts.plain == 2)
        #expect(sink.objection == nil)
    }

    /// The source's epoch names another list; its terms are ours, as long as nothing shrinks.
    @Test func itsTermsGrowOurs() throws {
        set("revoked.epoch", "another")
        set("revoked.accepted", "another replaces one")
        #expect(read("revoked.epoch")?.value != "another")
        let issuer = Terms.Issuer(name: nil, lifetime: 3_600_000)
        let (small, large) = (try Terms(issuers: [issuer]), try Terms(issuers: [issuer], leeway: 10_000))
        for terms in [small, large, small] {
            write { $0.set("revoked.terms".utf8.span.bytes, terms.bytes.span.bytes, expiry: Expiry.never) }
            #expect(sink.objection == nil)
        }
        #expect(read("revoked.terms")?.value == large.text)
        set("revoked.terms", "no terms")
        #expect(sink.isHopeless)
    }
}
