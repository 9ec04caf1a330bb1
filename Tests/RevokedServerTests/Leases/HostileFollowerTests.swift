import Foundation
import TestSupport
import Testing

@testable import Persistence
@testable import RevokedServer

/// Followers that say what is not so.
@Suite(.serialized) struct HostileFollowerTests {
    typealias Kind = LeaseStage.Kind

    @Test(arguments: Kind.allCases) func whatWasNeverSentIsAcknowledgedByNobody(_ kind: Kind) async throws {
        let stage = try LeaseStage(kind)
        try await stage.run {
            for number in 1...2 {
                let follower = try await stage.follower(number)
                follower.apply()
                _ = try follower.renew()
                if number == 1 {
                    follower.acknowledge(follower.position + 1)
                } else {
                    let words = ["LEASE", "RENEW", follower.name, "\(follower.position + 1)"]
                    follower.requests.send(encode(words))
                    #expect(text(follower.requests.receive(within: .seconds(10)) ?? []).hasPrefix("-NOLEASE "))
                }
                while let bytes = follower.stream.receive(within: .seconds(10)) {
                    try #require(!bytes.isEmpty, "it is not ended")
                }
                // Its lease runs on.
                let writer = try stage.connect()
                writer.send(encode(["SETEX", "revoked:jti:\(number)", "60", "logout"]))
                #expect(try await stage.isWaiting(writer))
                stage.clock.advance(.milliseconds(301))
                #expect(text(writer.receive(until: 5)) == "+OK\r\n")
                // The next one comes from the same address, which gets no lease for a while.
                stage.clock.advance(.seconds(10))
            }
        }
    }

    @Test func nobodyRenewsTheLeaseOfAnother() async throws {
        let stage = try LeaseStage { ($0.followerPassword, $0.replicaPassword, $0.adminPassword) = ("f", "r", "a") }
        try await stage.run {
            let (stream, requests, stranger) = (try stage.connect(), try stage.connect(), try stage.connect())
            for socket in [stream, requests] {
                #expect(stage.ask("AUTH", "follower", "f", on: socket) == "+OK\r\n")
            }
            let follower = ScriptedFollower(stream, requests, 1)
            try await follower.copy()
            follower.apply()
            try await eventually { stage.persistence.promisedLease > 0 }
            #expect(stage.ask("AUTH", "admin", "a", on: stranger) == "+OK\r\n")
            let renewal = ["LEASE", "RENEW", follower.name, "0"]
            stranger.send(encode(renewal))
            #expect(text(stranger.receive(within: .seconds(10)) ?? []).hasPrefix("-NOLEASE "))
            #expect(stage.ask("LEASE", "RELEASE", follower.name, on: stranger).hasPrefix("-NOLEASE "))
            let other = String(follower.name.dropLast()) + "f"
            #expect(stage.ask("LEASE", "RENEW", other, "0", on: requests).hasPrefix("-NOLEASE "))
            #expect(try follower.renew().length == LeaseStage.lease)
            // A stream of the same name is another's.
            stranger.send(encode(["REPLCONF", "follower", follower.name]))
            #expect(text(stranger.receive(until: 5)) == "+OK\r\n")
            #expect(stage.ask("PSYNC", "?", "-1", on: stranger) == "-ERR another follower's stream has that name\r\n")
            // A replica may copy, and gets no lease.
            #expect(stage.ask("AUTH", "replica", "r", on: stranger) == "+OK\r\n")
            #expect(stage.ask("LEASE", "RENEW", follower.name, "0", on: stranger).hasPrefix("-NOPERM "))
            for words in [["GET", "revoked:jti:a"], ["SETEX", "revoked:jti:a", "9", "x"], ["FLUSHALL"]] {
                requests.send(encode(words))
                #expect(text(requests.receive(within: .seconds(10)) ?? []).hasPrefix("-NOPERM "))
            }
        }
    }

    @Test func whatIsNoNameIsRefused() async throws {
        let stage = try LeaseStage()
        try await stage.run {
            let socket = try stage.connect()
            let good = String(repeating: "0a", count: 16)
            for bad in [
                "", "0a", good + "0", String(good.dropLast()), good.uppercased(), String(good.dropLast()) + "g",
            ] {
                for words in [
                    ["REPLCONF", "follower", bad], ["LEASE", "RENEW", bad, "0"], ["LEASE", "RELEASE", bad],
                ] {
                    socket.send(encode(words))
                    #expect(
                        text(socket.receive(within: .seconds(10)) ?? [])
                            == "-ERR a follower's name is 32 hexadecimal digits in lower case\r\n", "\(words)")
                }
            }
            for bad in ["-1", "x", "", "99999999999999999999"] {
                #expect(stage.ask("LEASE", "RENEW", good, bad, on: socket).hasPrefix("-ERR value is not an integer"))
            }
            #expect(stage.ask("LEASE", "RENEW", good, "0", on: socket).hasPrefix("-NOLEASE "))
            #expect(stage.ask("MULTI", on: socket) == "+OK\r\n")
            #expect(stage.ask("LEASE", "RENEW", good, "0", on: socket).hasPrefix("-ERR Command not allowed inside"))
        }
    }

    /// A flood of renewals is answered, and holds revocations up for no longer than one lease.
    @Test(arguments: Kind.allCases) func aFloodOfRenewalsHoldsNobodyUp(_ kind: Kind) async throws {
        let stage = try LeaseStage(kind)
        try await stage.run {
            let follower = try await stage.follower()
            follower.apply()
            let renewal = encode(["LEASE", "RENEW", follower.name, "\(follower.position)"])
            var replies = ""
            for _ in 0..<20 {
                follower.requests.send((0..<50).flatMap { _ in renewal })
                for _ in 0..<50 where replies.components(separatedBy: "*6\r\n").count % 50 != 1 || replies.isEmpty {
                    replies += text(follower.requests.receive(within: .milliseconds(20)) ?? [])
                }
            }
            while replies.components(separatedBy: "*6\r\n").count <= 1_000 {
                let more = try #require(follower.requests.receive(within: .seconds(10)))
                replies += text(more)
            }
            #expect(stage.leases.counts.granted == 1 && stage.leases.counts.refused == 999)
            let writer = try stage.connect()
            writer.send(encode(["SETEX", "revoked:jti:a", "60", "logout"]))
            #expect(try await stage.isWaiting(writer))
            stage.clock.advance(.milliseconds(301))
            #expect(text(writer.receive(until: 5)) == "+OK\r\n")
        }
    }

    /// No more than may hold a lease; the others follow without.
    @Test func noMoreHoldALeaseThanMay() async throws {
        let stage = try LeaseStage { $0.maximumFollowers = 2 }
        try await stage.run {
            var followers: [ScriptedFollower] = []
            for number in 1...3 { followers.append(try await stage.follower(number)) }
            for follower in followers { follower.apply() }
            #expect(try followers[0].renew().length > 0)
            #expect(try followers[1].renew().length > 0)
            #expect(try followers[2].renew().reason == "2 others hold a lease")
            let information = text(SessionBench(stage.daemon).converse([encode(["INFO", "followers"])]))
            #expect(information.contains("\r\nfollowers:3\r\nleases_held:2\r\n"))
            #expect(information.contains("follower2:name=,addr=127.0.0.1:"))
            #expect(!information.contains(followers[0].name))
        }
    }

    /// The name is a secret.
    @Test func namesAreShownToNobody() async throws {
        let stage = try LeaseStage { $0.slowLogThreshold = 0 }
        try await stage.run {
            let watcher = try stage.connect()
            #expect(stage.ask("MONITOR", on: watcher) == "+OK\r\n")
            let follower = try await stage.follower()
            _ = try follower.renew()
            #expect(stage.ask("LEASE", follower.name, on: follower.requests).hasPrefix("-ERR unknown subcommand"))
            let slow = text(SessionBench(stage.daemon).converse([encode(["SLOWLOG", "GET", "100"])]))
            let seen = text(watcher.receive(within: .seconds(10)) ?? [])
            for shown in [slow, seen] {
                #expect(shown.contains("(redacted)") && !shown.contains(follower.name))
            }
        }
    }
}
