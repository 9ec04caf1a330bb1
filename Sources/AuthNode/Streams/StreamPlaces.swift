import HTTPTypes
import RevocationHTTP
import Synchronization

/// How many streams are open: each takes a connection for as long as it likes.
final class StreamPlaces: Sendable {
    /// Of one subject.
    static let maximumOfOne = 32
    /// Of all, at most.
    private static let maximum = 20_000

    private struct State {
        var count = 0
        var bySubject: [String: Int] = [:]
    }

    /// Given back when its last reference is released.
    final class Place: Sendable {
        private let places: StreamPlaces
        private let subject: String

        fileprivate init(_ places: StreamPlaces, _ subject: String) {
            self.places = places
            self.subject = subject
        }

        deinit { places.giveBack(subject) }
    }

    private let maximum: Int
    private let state = Mutex(State())

    /// - Parameter connections: how many users may have. Half of them are for requests that end.
    init(connections: Int) { maximum = min(Self.maximum, connections / 2) }

    /// - Throws: 429 if the subject has too many, 503 if all have.
    func take(for subject: String) throws(Refusal) -> Place {
        let refusal = state.withLock { state -> Refusal? in
            guard state.bySubject[subject, default: 0] < Self.maximumOfOne else {
                return Refusal(
                    .tooManyRequests, code: "temporarily_unavailable",
                    message: "\(Self.maximumOfOne) streams are open: close one", headers: [.retryAfter: "60"])
            }
            guard state.count < maximum else { return .unavailable("too many streams are open") }
            state.count += 1
            state.bySubject[subject, default: 0] += 1
            return nil
        }
        if let refusal { throw refusal }
        return Place(self, subject)
    }

    private func giveBack(_ subject: String) {
        state.withLock { state in
            state.count -= 1
            let left = (state.bySubject[subject] ?? 1) - 1
            state.bySubject[subject] = left > 0 ? left : nil
        }
    }

    var count: Int { state.withLock { $0.count } }
}
