import Synchronization

/// Clients that are told the same, by the threads that serve them. However many they are, telling them is one letter to
/// each thread.
struct Audience {
    private struct Group {
        let mailbox: Mailbox
        var clients: [ClientRecord] = []
        /// Where each client stands in ``clients``.
        var places: [Int64: Int] = [:]
    }

    private var groups: [Group] = []
    private(set) var count = 0
    /// Those that are not being closed.
    var receivers: Int {
        groups.reduce(0) { sum, group in sum + group.clients.count { !$0.isEnding.load(ordering: .relaxed) } }
    }

    /// Adds one that is not among them.
    mutating func add(_ client: ClientRecord) {
        let index = groups.firstIndex { $0.mailbox === client.mailbox } ?? groups.count
        if index == groups.count { groups.append(Group(mailbox: client.mailbox)) }
        groups[index].places[client.id] = groups[index].clients.count
        groups[index].clients.append(client)
        count += 1
    }

    mutating func remove(_ client: ClientRecord) {
        guard let index = groups.firstIndex(where: { $0.mailbox === client.mailbox }),
            let place = groups[index].places.removeValue(forKey: client.id)
        else { return }
        let last = groups[index].clients.removeLast()
        if last !== client {
            groups[index].clients[place] = last
            groups[index].places[last.id] = place
        }
        if groups[index].clients.isEmpty { groups.remove(at: index) }
        count -= 1
    }

    func post(_ message: PushMessage, _ condition: Mailbox.Condition) {
        for group in groups {
            group.mailbox.post(Mailbox.Letter(message: message, recipients: group.clients, condition: condition))
        }
    }
}
