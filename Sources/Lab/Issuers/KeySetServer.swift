#if os(Linux)
    import CLinux
    import Foundation
    import Glibc
    import Synchronization

    /// Serves a key set over HTTP on 127.0.0.1, whole or not: stalled, it sends the head of its answer and nothing
    /// after it.
    final class KeySetServer: Sendable {
        let location: String
        private let isStalled = Atomic(false)
        private let isClosed = Atomic(false)
        private let keySet: Mutex<Data>
        private let port: Int

        init() throws(LoadFailure) {
            let (listener, port) = try LoopbackSocket.listen()
            self.port = port
            location = "http://127.0.0.1:\(port)/jwks.json"
            keySet = Mutex(Data())
            // Lives as long as the server is open.
            Thread.detachNewThread { [self] in
                clinux_name_thread("keys")
                serve(listener)
            }
        }

        func publish(_ keySet: Data) { self.keySet.withLock { $0 = keySet } }

        func stall(_ stalls: Bool) { isStalled.store(stalls, ordering: .relaxed) }

        func close() {
            isClosed.store(true, ordering: .relaxed)
            // Wakes the thread.
            if let descriptor = try? ServerAddress.loopback(port: port).connect() { Glibc.close(descriptor) }
        }

        private func serve(_ listener: Int32) {
            var stalled: [Int32] = []
            var request = [UInt8](repeating: 0, count: 4096)
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0, !isClosed.load(ordering: .relaxed) else { break }
                var patience = timeval(tv_sec: 1, tv_usec: 0)
                setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
                _ = recv(client, &request, request.count, 0)
                let body = keySet.withLock { $0 }
                let head =
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
                    + "Content-Length: \(body.count)\r\n\r\n"
                let stalls = isStalled.load(ordering: .relaxed)
                if !stalls {
                    for client in stalled { Glibc.close(client) }
                    stalled = []
                }
                let answer = Array(head.utf8) + (stalls ? [] : Array(body))
                _ = answer.withUnsafeBytes { LoopbackSocket.send($0, to: client) }
                if stalls { stalled.append(client) } else { Glibc.close(client) }
            }
            for client in stalled { Glibc.close(client) }
            Glibc.close(listener)
        }
    }
#endif
