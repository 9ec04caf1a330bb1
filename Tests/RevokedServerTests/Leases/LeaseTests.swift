import Denylist
import Dispatch
import TestSupport
import Testing

@testable import Persistence
@testable import RevokedServer

/// Followers that hold leases, over sockets: what revocations wait for.
@Suite(.serialized) struct LeaseTests {
    typealias Kind = LeaseStage.Kind

    @Test(arguments: Kind.allCases) func aRevocationWaitsForWhoeverHoldsALease(_ kind: Kind) async throws {
        let stage = try LeaseStage(kind)
        try await stage.run {
            let writer = try stage.connect()
            #expect(stage.ask("SETEX", "revoked:jti:a", "60", "logout", on: writer) == "+OK\r\n")
            let (one, other) = (try await stage.follower(1), try await stage.follower(2))
            // They follow, and hold no lease.
            #expect(stage.ask("SETEX", "revoked:jti:b", "60", "logout", on: writer) == "+OK\r\n")
            for follower in [one, other] {
                follower.apply()
                let lease = try follower.renew()
                #expect(lease.length == LeaseStage.lease && lease.reason == "")
                #expect(lease.stretch == follower.stretch && lease.position == follower.position)
                #expect(lease.guarded == stage.daemon.clock.now().guarded)
                #expect("\r\n\(lease.epoch)\r\n".contains("-"))
            }
            #expect(stage.leases.holderCount == 2)
            writer.send(encode(["SETEX", "revoked:jti:c", "60", "logout"]))
            #expect(try await stage.isWaiting(writer))
            one.apply()
            #expect(try await stage.isWaiting(writer))
            other.apply()
            #expect(text(writer.receive(until: 5)) == "+OK\r\n")
            // One that says goodbye holds nothing up.
            for follower in [one, other] {
                #expect(stage.ask("LEASE", "RELEASE", follower.name, on: follower.requests) == "+OK\r\n")
            }
            #expect(stage.ask("SETEX", "revoked:jti:d", "60", "logout", on: writer) == "+OK\r\n")
            #expect(stage.leases.counts.waitedOut == 0)
        }
    }

    /// A follower applies a record while the disk makes it durable; its writer is answered when both have it.
    @Test(arguments: Kind.allCases) func followersDoNotWaitForTheDisk(_ kind: Kind) async throws {
        let stage = try LeaseStage(kind)
        try await stage.run {
            let (follower, writer) = (try await stage.follower(), try stage.connect())
            follower.apply()
            #expect(try follower.renew().length == LeaseStage.lease)
            let (log, replicas, start) = (stage.persistence.log, stage.daemon.replicas, follower.position)
            let disk = DispatchSemaphore(value: 0)
            log.observeWrites {
                replicas.logHasProgressed()
                disk.wait()
            }
            writer.send(encode(["SETEX", "revoked:jti:a", "60", "logout"]))
            try await eventually {
                follower.read()
                return follower.position > start
            }
            follower.acknowledge(follower.position)
            #expect(writer.receive(within: .milliseconds(60)) == [])
            let isReleased = stage.leases.released >= follower.position
            #expect(isReleased && log.durable < follower.position)
            for _ in 0..<1_000 { disk.signal() }
            #expect(text(writer.receive(until: 5)) == "+OK\r\n")
        }
    }

    /// What changes nothing waits for what it found; plain keys and rotations do not wait.
    @Test(arguments: Kind.allCases) func whatIsReliedOnWaitsAndNothingElse(_ kind: Kind) async throws {
        let stage = try LeaseStage(kind)
        try await stage.run {
            let follower = try await stage.follower()
            follower.apply()
            _ = try follower.renew()
            let plain = try stage.connect()
            for (words, reply) in [
                (["SET", "k", "1"], "+OK\r\n"), (["MSET", "k", "1", "l", "2"], "+OK\r\n"), (["DEL", "l"], ":1\r\n"),
                (["RENAME", "k", "m"], "+OK\r\n"), (["GET", "m"], "$1\r\n1\r\n"),
                (["SETEX", "revoked:jti:r", "60", "rotated:1:next"], "+OK\r\n"),
                (["SET", "revoked:jti:r", "rotated:2:next", "EX", "60", "NX"], "$-1\r\n"),
            ] {
                plain.send(encode(words))
                #expect(text(plain.receive(until: reply.utf8.count)) == reply, "\(words)")
            }
            let first = try stage.connect()
            first.send(encode(["SETEX", "revoked:jti:a", "60", "logout"]))
            #expect(try await stage.isWaiting(first))
            // Everyone sees it already.
            #expect(stage.ask("EXISTS", "revoked:jti:a", on: plain) == ":1\r\n")
            let waiting: [([[String]], String)] = [
                ([["SET", "revoked:jti:a", "logout", "EX", "60", "NX"]], "$-1\r\n"),
                ([["SETEX", "revoked:jti:a", "10", "logout"]], "+OK\r\n"),
                ([["SET", "revoked:jti:a", "rotated:1:next", "EX", "9", "NX", "GET"]], "$6\r\nlogout\r\n"),
                ([["EXPIRE", "revoked:jti:a", "60"]], ":1\r\n"),
                ([["MSETEX", "2", "p", "1", "revoked:jti:z", "x", "EX", "9"]], ":1\r\n"),
                (
                    [["MULTI"], ["SET", "q", "1"], ["SETEX", "revoked:jti:y", "9", "x"], ["EXEC"]],
                    "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n+OK\r\n"
                ),
                // The reply that comes first tells of a write that has none.
                (
                    [["CLIENT", "REPLY", "SKIP"], ["SETEX", "revoked:jti:x", "9", "x"], ["PING"]], "+PONG\r\n"
                ),
                ([["SET", "s", "1"], ["DEL", "revoked:jti:a", "s"]], "+OK\r\n:2\r\n"),
            ]
            var sockets: [(PlainSocket, String)] = []
            for (conversation, reply) in waiting {
                let socket = try stage.connect()
                socket.send(conversation.flatMap { encode($0) })
                var left = reply
                // What needs no follower is not held up by what stands behind it.
                for early in ["+OK\r\n+QUEUED\r\n+QUEUED\r\n", "+OK\r\n:2\r\n"] where reply.hasPrefix(early) {
                    let before = early.hasSuffix(":2\r\n") ? "+OK\r\n" : early
                    #expect(text(socket.receive(until: before.utf8.count)) == before)
                    left.removeFirst(before.count)
                }
                #expect(try await stage.isWaiting(socket), "\(conversation)")
                sockets.append((socket, left))
            }
            follower.apply()
            sockets.append((first, "+OK\r\n"))
            for (socket, reply) in sockets { #expect(text(socket.receive(until: reply.utf8.count)) == reply) }
        }
    }

    /// Whoever is silent is waited for until its lease has run out, once.
    @Test(arguments: Kind.allCases) func aSilentFollowerIsWaitedForOnce(_ kind: Kind) async throws {
        let stage = try LeaseStage(kind)
        try await stage.run {
            let follower = try await stage.follower()
            follower.apply()
            #expect(try follower.renew().length == LeaseStage.lease)
            let writers = try (0..<20).map { _ in try stage.connect() }
            for (number, writer) in writers.enumerated() {
                writer.send(encode(["SETEX", "revoked:jti:\(number)", "60", "logout"]))
            }
            for writer in writers { #expect(try await stage.isWaiting(writer)) }
            // It renews, and applies nothing.
            stage.pass(100)
            #expect(try follower.renew().reason == "more than 75 ms behind")
            stage.pass(200)
            #expect(try await stage.isWaiting(writers[0]))
            stage.pass(1)
            for writer in writers { #expect(text(writer.receive(until: 5)) == "+OK\r\n") }
            #expect(stage.leases.counts.waitedOut == 1 && stage.leases.counts.waited == 301)
            // From now on nobody waits for it.
            for _ in 0..<20 {
                #expect(stage.ask("SETEX", "revoked:jti:later", "60", "logout", on: writers[0]) == "+OK\r\n")
            }
            follower.apply()
            #expect(try follower.renew().reason == "a lease had to be waited out: the next one in 10 s")
            stage.clock.advance(.seconds(10))
            #expect(try follower.renew().length == LeaseStage.lease)
        }
    }

    /// A daemon that was stopped, with its machine or without, cannot tell what its followers did meanwhile.
    @Test(arguments: Kind.allCases) func aDaemonThatStoodStillBlamesNobody(_ kind: Kind) async throws {
        let stage = try LeaseStage(kind)
        try await stage.run {
            let follower = try await stage.follower()
            follower.apply()
            _ = try follower.renew()
            let writer = try stage.connect()
            writer.send(encode(["SETEX", "revoked:jti:a", "60", "logout"]))
            #expect(try await stage.isWaiting(writer))
            stage.pass(40)
            stage.clock.advance(.seconds(5))
            #expect(text(writer.receive(until: 5)) == "+OK\r\n")
            #expect(stage.leases.counts.waitedOut == 1)
            follower.apply()
            #expect(try follower.renew().length == LeaseStage.lease)
        }
    }

    @Test(arguments: Kind.allCases) func oneThatBreaksOffIsWaitedForUntilItsLeaseHasRunOut(_ kind: Kind) async throws {
        let stage = try LeaseStage(kind)
        try await stage.run {
            let follower = try await stage.follower()
            follower.apply()
            _ = try follower.renew()
            follower.stream.reset()
            try await eventually { stage.daemon.replicas.all.isEmpty }
            let writer = try stage.connect()
            writer.send(encode(["SETEX", "revoked:jti:a", "60", "logout"]))
            #expect(try await stage.isWaiting(writer))
            follower.requests.send(encode(["LEASE", "RENEW", follower.name, "\(follower.position)"]))
            let refusal = text(follower.requests.receive(within: .seconds(10)) ?? [])
            #expect(refusal == "-NOLEASE no follower's stream has that name\r\n")
            stage.clock.advance(.milliseconds(301))
            #expect(text(writer.receive(until: 5)) == "+OK\r\n")
        }
    }

    /// Whoever finds what a process before has written waits for those whom that may have promised a lease.
    @Test func aSuccessorWaitsForWhatWasPromised() async throws {
        let folder = try TemporaryFolder()
        let first = try LeaseStage(in: folder)
        try await first.run {
            let writer = try first.connect()
            #expect(first.ask("SETEX", "revoked:jti:a", "60", "logout", on: writer) == "+OK\r\n")
            _ = try await first.follower()
        }
        // A shorter lease does not shorten what was promised.
        let second = try LeaseStage(in: folder) { $0.lease = 0 }
        try await second.run {
            let (writer, other) = (try second.connect(), try second.connect())
            #expect(second.ask("SET", "k", "1", on: other) == "+OK\r\n")
            writer.send(encode(["SET", "revoked:jti:a", "logout", "EX", "60", "NX"]))
            #expect(try await second.isWaiting(writer))
            second.clock.advance(.milliseconds(300))
            #expect(try await second.isWaiting(writer))
            second.clock.advance(.milliseconds(1))
            #expect(text(writer.receive(until: 5)) == "$-1\r\n")
        }
        // Without a follower nothing is promised, and nobody waits.
        let third = try LeaseStage()
        try await third.run {
            #expect(third.persistence.promisedLease == 0 && third.leases.released == .max)
        }
    }
}
