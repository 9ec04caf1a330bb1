#if os(Linux)
    import Denylist
    import Glibc
    import Replication

    /// One follower of a ``FollowerCrowd``. Used on one thread.
    final class CrowdMember {
        let stream: ControlConnection
        private let leases: ControlConnection
        /// In nanoseconds of `clinux_time`.
        private(set) var nextRenewal: Int64 = 0
        private let secret: String
        private var input: StreamIn
        /// The position up to which it has everything; 0 until it has the copy.
        private(set) var applied: UInt64 = 0
        /// By how much later it renews than the first, in nanoseconds.
        private var lag: Int64
        private var isAnswerDue = false

        /// Whether it applies what it is sent, or counts it: the daemon cannot tell.
        private let applies: Bool

        /// - Parameter path: the daemon's Unix socket.
        init(_ number: Int, path: String, applies: Bool, lag: Int64) throws(LoadFailure) {
            (self.applies, self.lag) = (applies, lag)
            // The daemon's threads get connections by turns: not one of them all streams.
            let (one, other) = (try ControlConnection(path: path), try ControlConnection(path: path))
            (stream, leases) = number % 2 == 0 ? (one, other) : (other, one)
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
        func read(_ buffer: inout [UInt8], _ change: inout FollowerCrowd.Figures) throws(LoadFailure) {
            let count = try Self.receive(&buffer, from: stream)
            if count > 0 { try read(buffer.span.bytes.extracting(first: count), &change) }
        }

        /// - Returns: 0 if there is nothing.
        private static func receive(
            _ buffer: inout [UInt8], from connection: ControlConnection
        ) throws(LoadFailure) -> Int {
            let count = recv(connection.descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count > 0 { return count }
            guard count < 0, errno == EAGAIN || errno == EINTR else {
                throw LoadFailure(message: "the daemon ended a follower")
            }
            return 0
        }

        private func read(_ bytes: RawSpan, _ change: inout FollowerCrowd.Figures) throws(LoadFailure) {
            if applied > 0, !applies { return try acknowledge(applied + UInt64(bytes.byteCount), &change) }
            try apply(bytes)
            guard input.isComplete, var offset = input.position?.offset, offset != applied else { return }
            // One that counts goes on behind what has arrived.
            if !applies { offset += UInt64(input.unreadCount) }
            try acknowledge(offset, &change)
        }

        private func acknowledge(
            _ offset: UInt64, _ change: inout FollowerCrowd.Figures
        ) throws(LoadFailure) {
            if applied > 0 { change.streamed += Int(offset - applied) }
            applied = offset
            let digits = "\(offset)"
            try stream.send("*3\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$\(digits.utf8.count)\r\n\(digits)\r\n")
        }

        private func apply(_ bytes: RawSpan) throws(LoadFailure) {
            input.append(bytes)
            do {
                while let event = try input.next() {
                    if event == .copies { input.copy(into: Self.makeTable()) }
                }
            } catch { throw LoadFailure(message: "a follower cannot read its stream: \(error)") }
        }

        /// Asks for a lease, if the last request was answered.
        func renew(
            at now: Int64, every interval: Int64, _ buffer: inout [UInt8], _ change: inout FollowerCrowd.Figures
        ) throws(LoadFailure) {
            guard applied > 0 else { return }
            nextRenewal = now + interval + lag
            lag = 0
            if isAnswerDue {
                let count = try Self.receive(&buffer, from: leases)
                guard count > 0 else { return }
                note(buffer[..<count], &change)
            }
            try leases.send(RESPText.request(["LEASE", "RENEW", secret, "\(applied)"]))
            isAnswerDue = true
        }

        /// - Parameter answer: to a renewal, which is so short that it comes at once.
        private func note(_ answer: ArraySlice<UInt8>, _ change: inout FollowerCrowd.Figures) {
            let isGranted = answer.starts(with: "*6\r\n:".utf8) && !answer.starts(with: "*6\r\n:0\r".utf8)
            if isGranted { change.grants += 1 } else { change.refusals += 1 }
        }
    }
#endif
