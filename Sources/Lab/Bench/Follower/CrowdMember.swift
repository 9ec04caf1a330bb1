#if os(Linux)
    import Denylist
    import Replication

    /// One follower of a ``FollowerCrowd``. Used on one thread.
    ///
    /// One that counts has read its copy to the end of a record when it begins to.
    final class CrowdMember {
        let stream: ControlConnection
        let leases: ControlConnection
        /// In nanoseconds of `clinux_time`.
        private(set) var nextRenewal: Int64 = 0
        private let secret: String
        private var input: StreamIn
        private var applied: UInt64?

        /// Whether it applies what it is sent, or counts it: the daemon cannot tell.
        private let applies: Bool

        /// - Parameter path: the daemon's Unix socket.
        init(_ number: Int, path: String, applies: Bool) throws(LoadFailure) {
            self.applies = applies
            stream = try ControlConnection(path: path)
            leases = try ControlConnection(path: path)
            secret = KeySpace(seed: .random(in: .min ... .max)).text(UInt64(number)).filter { $0 != "-" }
            input = StreamIn(Self.makeTable(), at: nil)
            _ = try stream.call("CLIENT", "SETNAME", "crowd-\(number)")
            _ = try stream.call("REPLCONF", "follower", secret)
            _ = try stream.call("REPLCONF", "capa", "psync2")
            try stream.send(RESPText.request(["PSYNC", "?", "-1"]))
        }

        private static func makeTable() -> Denylist {
            var settings = Denylist.Configuration()
            settings.guardedPrefix = Array("revoked:".utf8)
            settings.compactPrefixes = [Array("revoked:jti:".utf8)]
            return Denylist(settings)
        }

        /// Applies what the stream has sent, and says so.
        func read(_ bytes: RawSpan, _ change: inout FollowerCrowd.Figures) throws(LoadFailure) {
            let isCounted = !applies && applied != nil
            if !isCounted { try apply(bytes) }
            let known = isCounted ? applied! + UInt64(bytes.byteCount) : input.isComplete ? input.position?.offset : nil
            guard let offset = known, offset != applied else { return }
            if let applied { change.streamed += Int(offset - applied) }
            applied = offset
            try stream.send(RESPText.request(["REPLCONF", "ACK", "\(offset)"]))
        }

        private func apply(_ bytes: RawSpan) throws(LoadFailure) {
            input.append(bytes)
            do {
                while let event = try input.next() {
                    if event == .copies { input.copy(into: Self.makeTable()) }
                }
            } catch { throw LoadFailure(message: "a follower cannot read its stream: \(error)") }
        }

        func renew(at now: Int64, every interval: Int64) throws(LoadFailure) {
            guard let applied else { return }
            nextRenewal = now + interval
            try leases.send(RESPText.request(["LEASE", "RENEW", secret, "\(applied)"]))
        }

        /// - Parameter answer: to a renewal, which is so short that it comes at once.
        func answered(_ answer: ArraySlice<UInt8>, _ change: inout FollowerCrowd.Figures) {
            let isGranted = answer.starts(with: "*6\r\n:".utf8) && !answer.starts(with: "*6\r\n:0\r".utf8)
            if isGranted { change.grants += 1 } else { change.refusals += 1 }
        }
    }
#endif
