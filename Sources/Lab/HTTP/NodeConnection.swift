#if os(Linux)
    import CLinux
    import Glibc

    /// A connection to one node, with at most one request under way. Comes back by itself.
    final class NodeConnection {
        let node: Int
        /// Whether it belongs to the prober.
        let isProbe: Bool
        private let address: NodeAddress
        private(set) var descriptor: Int32 = -1
        private var reader = HTTPAnswerReader()
        private(set) var operation: NodeOperation?
        private(set) var sentAt: Int64 = 0
        /// When the request should have been sent, in an open loop.
        private(set) var intendedAt: Int64 = 0
        private var retryAt: Int64 = 0

        private static let retryInterval: Int64 = 20_000_000

        init(node: Int, address: NodeAddress, isProbe: Bool) {
            self.node = node
            self.address = address
            self.isProbe = isProbe
        }

        deinit { disconnect() }

        var isConnected: Bool { descriptor >= 0 }
        var isIdle: Bool { isConnected && operation == nil }
        var host: String { address.authority }

        /// Connects if it is not connected and it is time to try again.
        /// - Returns: whether it has connected now.
        func connect(at now: Int64) -> Bool {
            guard !isConnected, now >= retryAt else { return false }
            retryAt = now + Self.retryInterval
            guard let descriptor = address.connect() else { return false }
            self.descriptor = descriptor
            reader = HTTPAnswerReader()
            return true
        }

        /// Closes it. Whatever is under way stays so, for ``finish()``.
        func disconnect() {
            guard descriptor >= 0 else { return }
            close(descriptor)
            descriptor = -1
        }

        func begin(_ operation: NodeOperation, intendedAt: Int64, sentAt: Int64) {
            self.operation = operation
            self.intendedAt = intendedAt
            self.sentAt = sentAt
        }

        /// - Returns: false if the node is gone.
        func send(_ bytes: [UInt8]) -> Bool {
            bytes.withUnsafeBytes { LoopbackSocket.send($0, to: descriptor) }
        }

        func finish() -> NodeOperation? {
            defer { operation = nil }
            return operation
        }

        enum Received {
            case nothing
            case answer(HTTPAnswer)
            /// The connection is of no use any more: closed, or answered with something malformed.
            case lost(String)
        }

        /// Takes in what has come.
        func receive(_ buffer: UnsafeMutableRawBufferPointer) -> Received {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
            guard count > 0 else {
                if count < 0, errno == EAGAIN || errno == EINTR { return .nothing }
                return .lost("connection lost")
            }
            reader.append(buffer[..<count])
            do throws(HTTPAnswerReader.Malformed) {
                guard let answer = try reader.next() else { return .nothing }
                return operation == nil ? .lost("an answer to nothing") : .answer(answer)
            } catch {
                return .lost("malformed answer: \(error.what)")
            }
        }
    }
#endif
