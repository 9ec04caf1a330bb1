import NIOCore

/// The connections of an admin HTTP server. Where there are too many, the oldest that has not sent a request makes
/// room: a health check is answered however many say nothing.
struct AdminConnections {
    /// Connections at once: scrapers and health checks, not users.
    private static let maximum = 64

    /// Those that have not sent a request, oldest first.
    private var silent: [any Channel] = []
    /// Those that are being answered.
    private var answered: [ObjectIdentifier: any Channel] = [:]

    /// - Returns: whether there is room for it, and whose place it takes.
    mutating func add(_ channel: any Channel) -> (isAdmitted: Bool, victim: (any Channel)?) {
        var victim: (any Channel)?
        if silent.count + answered.count >= Self.maximum {
            guard !silent.isEmpty else { return (false, nil) }
            victim = silent.removeFirst()
        }
        silent.append(channel)
        return (true, victim)
    }

    mutating func noteRequest(of channel: any Channel) {
        guard let index = silent.firstIndex(where: { $0 === channel }) else { return }
        answered[ObjectIdentifier(channel)] = silent.remove(at: index)
    }

    mutating func remove(_ channel: any Channel) {
        silent.removeAll { $0 === channel }
        answered[ObjectIdentifier(channel)] = nil
    }
}
