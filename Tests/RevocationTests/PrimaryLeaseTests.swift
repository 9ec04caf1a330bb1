import Testing

@testable import Revocation

/// For how long which primary is believed, by what the sentinels say.
@Suite struct PrimaryLeaseTests {
    private let old = StoreURL.Location.tcp(host: "old", port: 1)
    private let new = StoreURL.Location.tcp(host: "new", port: 2)
    private let start = ContinuousClock.now
    private let long = Duration.seconds(3_600)

    private func lease() -> PrimaryLease { PrimaryLease(sentinelCount: 3, interval: .seconds(1)) }

    private func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    @Test func aMajorityConfirmsAPrimary() {
        var lease = lease()
        #expect(lease.location(at: start) == nil)
        #expect(lease.objection(to: old, for: .check, at: start) != nil)
        lease.heard([.primary(old, age: long), .silent, .silent], askedAt: start)
        #expect(lease.location(at: start) == nil)
        lease.heard([.primary(old, age: long), .primary(new, age: long), .silent], askedAt: start)
        #expect(lease.location(at: start) == nil)
        lease.heard([.primary(old, age: long), .primary(old, age: long), .down], askedAt: start)
        #expect(lease.location(at: start) == old)
        for purpose in [StoreConnection.Purpose.check, .write] {
            #expect(lease.objection(to: old, for: purpose, at: start) == nil)
            #expect(lease.objection(to: new, for: purpose, at: start) == .replaced)
        }
    }

    /// Two answers in a row may be missing, no more.
    @Test func aConfirmationEnds() {
        var lease = lease()
        lease.heard(Array(repeating: .primary(old, age: long), count: 3), askedAt: at(0))
        lease.heard(Array(repeating: .silent, count: 3), askedAt: at(1_000))
        lease.heard(Array(repeating: .silent, count: 3), askedAt: at(2_000))
        #expect(lease.objection(to: old, for: .check, at: at(3_000)) == nil)
        let objection = lease.objection(to: old, for: .check, at: at(3_001))
        #expect(objection?.message.contains("3 do not answer") == true)
        #expect(lease.objection(to: old, for: .write, at: at(3_001)) == objection)
        #expect(lease.location(at: at(3_001)) == nil)
        // An answer counts from when it was asked for, however late it comes.
        lease.heard(Array(repeating: .primary(old, age: long), count: 3), askedAt: at(500))
        #expect(lease.location(at: at(3_501)) == nil)
    }

    /// Those who cannot be asked may be cut off; those who say otherwise know better.
    @Test(arguments: [SentinelWord.down, .unknownName, .tooFew, .primary(.tcp(host: "new", port: 2), age: .zero)])
    func whatTheSentinelsTakeBackIsOverAtOnce(word: SentinelWord) {
        var lease = lease()
        lease.heard(Array(repeating: .primary(old, age: long), count: 3), askedAt: at(0))
        lease.heard([.primary(old, age: long), .silent, word], askedAt: at(1_000))
        #expect(lease.location(at: at(1_000)) == old)
        lease.heard([.primary(old, age: long), word, .tooFew], askedAt: at(2_000))
        #expect(lease.location(at: at(2_000)) == nil)
        #expect(lease.objection(to: old, for: .check, at: at(2_000)) != nil)
    }

    /// It is written to when no client believes the old one any more.
    @Test(arguments: [Duration.zero, .seconds(3_600)])
    func aNewPrimaryIsNotWrittenToAtOnce(age: Duration) {
        var (witness, writer) = (lease(), lease())
        for index in 0..<2 {
            let words = Array(repeating: SentinelWord.primary(old, age: long), count: 3)
            witness.heard(words, askedAt: at(index * 1_000))
            writer.heard(words, askedAt: at(index * 1_000))
        }
        // The sentinels have just made another one the primary. What they say of its age may be wrong.
        for time in stride(from: 1_001, through: 5_001, by: 1_000) {
            writer.heard([.primary(new, age: age), .primary(new, age: age), .silent], askedAt: at(time))
            #expect(writer.objection(to: new, for: .check, at: at(time)) == nil)
        }
        #expect(writer.objection(to: new, for: .write, at: at(5_000)) != nil)
        if age > .zero { #expect(writer.objection(to: new, for: .write, at: at(5_001)) == nil) }
        // Even with clocks that differ by 10 % each.
        #expect(witness.location(at: at(4_000)) == old)
        #expect(witness.location(at: at(4_001)) == nil)
        #expect(writer.quarantine * 0.9 > writer.lifetime * 1.1)
    }

    /// A process that has just begun goes by what the sentinels say: by those of a majority that have known it for
    /// longest.
    @Test func whoHasJustBegunWritesToAPrimaryThatIsKnownForLong() {
        var lease = lease()
        lease.heard(
            [.primary(old, age: long), .primary(old, age: .seconds(4)), .primary(old, age: .zero)], askedAt: at(0))
        #expect(lease.objection(to: old, for: .write, at: at(0)) == nil)
        var other = self.lease()
        other.heard([.primary(old, age: long), .primary(old, age: .seconds(3)), .silent], askedAt: at(0))
        #expect(other.objection(to: old, for: .check, at: at(0)) == nil)
        #expect(other.objection(to: old, for: .write, at: at(999)) != nil)
        #expect(other.objection(to: old, for: .write, at: at(1_000)) == nil)
    }

    private func words(_ pairs: [(String, String)]) -> Reply {
        .array(pairs.flatMap { [.bulk(Array($0.0.utf8)), .bulk(Array($0.1.utf8))] })
    }

    @Test func whatASentinelSays() {
        func replies(flags: String = "master", ip: String = "10.0.0.1", quorum: Reply? = nil) -> [Reply] {
            [
                .array([.bulk(Array("10.0.0.1".utf8)), .bulk(Array("6379".utf8))]),
                words([
                    ("name", "m"), ("ip", ip), ("port", "6379"), ("flags", flags), ("role-reported-time", "1500"),
                ]), quorum ?? .status(Array("OK 3 usable Sentinels.".utf8)),
            ]
        }
        let primary = StoreURL.Location.tcp(host: "10.0.0.1", port: 6_379)
        #expect(SentinelWord(replies()) == .primary(primary, age: .milliseconds(1_500)))
        // It is being replaced: the name has the new address already, and the old one's fields.
        #expect(
            SentinelWord(replies(flags: "s_down,o_down,master,failover_in_progress", ip: "10.0.0.2"))
                == .primary(primary, age: .zero))
        #expect(SentinelWord(replies(flags: "s_down,master")) == .down)
        #expect(SentinelWord(replies(flags: "master,o_down")) == .down)
        #expect(SentinelWord(replies(quorum: .error(Array("NOQUORUM 1 usable".utf8)))) == .tooFew)
        #expect(SentinelWord(replies(quorum: .error(Array("NOPERM no".utf8)))) == .silent)
        #expect(SentinelWord([.null, .error([]), .error([])]) == .unknownName)
        #expect(SentinelWord([.error([]), .error([]), .error([])]) == .silent)
        #expect(SentinelWord([]) == .silent)
    }
}
