#if os(Linux)
    import Foundation
    import Glibc

    /// A running server that receives load.
    struct WireServer: Sendable {
        private static let loadingPoll: Duration = .milliseconds(200)

        let address: ServerAddress
        /// What it is and which version, such as `redis-server 7.0.15`.
        let name: String
        let epoch: String?
        /// Its process, if that runs on this machine and listens on that very port.
        let process: Int32?

        /// Connects, waits while it is loading, and asks what it is.
        /// - Parameter note: is told what is waited for.
        /// - Throws: ``LoadFailure`` if there is no such server, or it does not let us in.
        static func contact(_ url: String, note: (String) -> Void) async throws -> WireServer {
            let address = try ServerAddress(url: url)
            let control = try ControlConnection(address)
            try await waitUntilLoaded(control, address, note)
            let information: String?
            do throws(LoadFailure) {
                information = try control.call("INFO", "server")
            } catch {
                throw LoadFailure(message: "\(address): \(error.message)")
            }
            func field(_ name: String) -> String? { BenchServer.field(name, of: information) }
            let name =
                field("revoked_version").map { "revoked \($0)" } ?? field("valkey_version").map {
                    "valkey-server \($0)"
                }
                ?? "redis-server \(field("redis_version") ?? "?")"
            let process = field("process_id").flatMap { Int32($0) }
                .flatMap { ListeningProcess.listens($0, on: address.port) && control.isLocal ? $0 : nil }
            return WireServer(
                address: address, name: name, epoch: try control.call("GET", "revoked.epoch"), process: process)
        }

        private static func waitUntilLoaded(
            _ control: ControlConnection, _ address: ServerAddress, _ note: (String) -> Void
        ) async throws {
            var isWaiting = false
            while true {
                let answer = try control.ask(RESPText.request(["PING"]))
                if answer == "+PONG" { return }
                guard answer.hasPrefix("-LOADING") else {
                    let hint = answer.hasPrefix("-NOAUTH") ? ": give redis://user:password@host:port" : ""
                    throw LoadFailure(message: "\(address) answered \(answer)\(hint)")
                }
                if !isWaiting { note("\(address) is loading its data: waiting until it is done") }
                isWaiting = true
                try await Task.sleep(for: loadingPoll)
            }
        }
    }

    extension ControlConnection {
        /// Whether the other end has the same address, and so is on this machine.
        var isLocal: Bool {
            func address(_ ask: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32)
                -> [UInt8]
            {
                var storage = sockaddr_storage()
                var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
                let isKnown = withUnsafeMutablePointer(to: &storage) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { ask(descriptor, $0, &length) == 0 }
                }
                guard isKnown else { return [] }
                let isVersion4 = storage.ss_family == sa_family_t(AF_INET)
                // The address alone, without the port before it.
                return withUnsafeBytes(of: storage) { Array(isVersion4 ? $0[4..<8] : $0[8..<24]) }
            }
            let own = address(getsockname)
            return !own.isEmpty && own == address(getpeername)
        }
    }
#endif
