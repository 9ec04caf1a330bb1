import TestSupport
import Testing

@testable import RevokedServer

/// `LEASE RECEIPT`, over sockets.
@Suite(.serialized) struct LeaseReceiptTests {
    private static func pipeline(_ commands: [String]...) -> [UInt8] { commands.flatMap { encode($0) } }

    @Test(arguments: LeaseStage.Kind.allCases) func itComesBehindTheWrite(_ kind: LeaseStage.Kind) async throws {
        let stage = try LeaseStage(kind)
        try await stage.run {
            let writer = try stage.connect()
            #expect(stage.ask("LEASE", "RECEIPT", on: writer) == "*2\r\n:0\r\n*0\r\n")
            let (one, other) = (try await stage.follower(1), try await stage.follower(2))
            for follower in [one, other] {
                follower.apply()
                #expect(try follower.renew().length == LeaseStage.lease)
            }
            let write = Self.pipeline(["SETEX", "revoked:jti:a", "60", "logout"], ["LEASE", "RECEIPT"], ["PING"])
            writer.send(write)
            #expect(try await stage.isWaiting(writer))
            one.apply()
            #expect(try await stage.isWaiting(writer))
            other.apply()
            let inForce = "+OK\r\n*2\r\n:2\r\n*0\r\n+PONG\r\n"
            #expect(text(writer.receive(until: inForce.utf8.count)) == inForce)
            // Nothing holds the same up again.
            #expect(stage.ask("LEASE", "RECEIPT", on: writer) == "*2\r\n:2\r\n*0\r\n")

            // No earlier may they renew.
            stage.clock.advance(.milliseconds(LeaseStage.lease / 10))
            for follower in [one, other] { #expect(try follower.renew().length == LeaseStage.lease) }
            writer.send(write)
            #expect(try await stage.isWaiting(writer))
            one.apply()
            #expect(try await stage.isWaiting(writer))
            stage.clock.advance(.milliseconds(LeaseStage.lease + 1))
            let name = "at 127.0.0.1"
            let silent = "+OK\r\n*2\r\n:1\r\n*1\r\n$\(name.utf8.count)\r\n\(name)\r\n+PONG\r\n"
            #expect(text(writer.receive(until: silent.utf8.count)) == silent)
        }
    }

    /// One whose caller is gone holds nobody up, and wrong ones are refused.
    @Test func aCallerMayLeave() async throws {
        let stage = try LeaseStage()
        try await stage.run {
            let follower = try await stage.follower()
            follower.apply()
            _ = try follower.renew()
            let (gone, writer) = (try stage.connect(), try stage.connect())
            gone.send(Self.pipeline(["SETEX", "revoked:jti:a", "60", "logout"], ["LEASE", "RECEIPT"]))
            #expect(try await stage.isWaiting(gone))
            gone.reset()
            #expect(stage.ask("LEASE", "RECEIPT", "x", on: writer).hasPrefix("-ERR wrong number of arguments"))
            writer.send(Self.pipeline(["LEASE", "RECEIPT"]))
            #expect(try await stage.isWaiting(writer))
            follower.apply()
            let reply = "*2\r\n:1\r\n*0\r\n"
            #expect(text(writer.receive(until: reply.utf8.count)) == reply)
            _ = stage.ask("MULTI", on: writer)
            #expect(stage.ask("LEASE", "RECEIPT", on: writer).hasPrefix("-ERR Command not allowed inside"))
        }
    }
}
