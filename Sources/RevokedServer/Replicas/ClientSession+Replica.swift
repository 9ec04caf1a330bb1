import Synchronization

extension ClientSession {
    /// Whether what waits for it is bounded as for those who subscribe. A replica is sent no more than it takes.
    var isBoundAsSubscriber: Bool { isListening && !modes.contains(.copies) }

    /// Of a replica: how much has not left of what was posted to it.
    @inline(__always)
    func noteUnsent(_ bytes: Int) {
        if modes.contains(.copies) { client.unsent.store(bytes, ordering: .releasing) }
    }
}
