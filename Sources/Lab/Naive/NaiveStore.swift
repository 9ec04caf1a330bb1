#if os(Linux)
    import Foundation
    import Synchronization

    /// One blocking connection to the store, which callers take in turns. After a failure the next caller reconnects.
    final class NaiveStore: Sendable {
        private let address: ServerAddress
        private let queue = DispatchQueue(label: "revoked.naive")
        private let connection = Mutex<ControlConnection?>(nil)

        init(_ address: ServerAddress) { self.address = address }

        /// - Returns: what each command was answered; nil for a null.
        /// - Throws: ``LoadFailure`` if the store is away, or answers an error.
        func call(_ commands: [[String]]) async throws(LoadFailure) -> [String?] {
            try await withCheckedContinuation { continuation in
                queue.async {
                    continuation.resume(
                        returning: Result { () throws(LoadFailure) in try self.callAndWait(commands) })
                }
            }.get()
        }

        private func callAndWait(_ commands: [[String]]) throws(LoadFailure) -> [String?] {
            let answers = connection.withLock { connection in
                let answers = Result { () throws(LoadFailure) in
                    let open = if let connection { connection } else { try ControlConnection(address) }
                    connection = open
                    var answers: [String?] = []
                    for command in commands { answers.append(try open.call(command)) }
                    return answers
                }
                if case .failure = answers { connection = nil }
                return answers
            }
            return try answers.get()
        }
    }
#endif
