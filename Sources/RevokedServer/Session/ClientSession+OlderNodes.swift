import RESP
import Synchronization

/// What a connection that checks tokens has said about itself.
enum CheckingPeer {
    /// It has not read the epoch.
    case none
    /// It read the epoch and had said that it is this library (`CLIENT SETINFO LIB-NAME revoked`).
    case known
    /// It read the epoch and had not: it is of a release before that, or another program.
    case older
}

extension ClientSession {
    /// The library's name, as `CLIENT SETINFO` gives it; what it is built into may follow in parentheses.
    private static let library = Array("revoked".utf8)

    /// The command that was just executed read the epoch: whoever checks tokens does so in every check.
    mutating func noteEpochRead(_ context: inout ServingContext) {
        context.hasReadEpoch = false
        guard checkingPeer == .none else { return }
        let name = client.details.withLock { $0.libraryName }
        let isLibrary = name.starts(with: Self.library) && [nil, UInt8(ascii: "(")].contains(name.dropFirst(7).first)
        checkingPeer = isLibrary ? .known : .older
        guard checkingPeer == .older else { return }
        context.daemon.counters.olderNodes.wrappingAdd(1, ordering: .relaxed)
        context.daemon.warn(
            of: .olderNode,
            "\(client.address) reads revoked.epoch without CLIENT SETINFO LIB-NAME revoked: it is a node of an older "
                + "release, where revocations by key and log-in times are not in force, or another program. Update it")
    }

    /// The connection has another name, or is gone: it is judged anew.
    mutating func forgetPeer(_ daemon: Daemon) {
        if checkingPeer == .older { daemon.counters.olderNodes.wrappingSubtract(1, ordering: .relaxed) }
        checkingPeer = .none
    }
}

extension Daemon {
    /// What an operator should know of nodes that are not up to date; nil if there is nothing.
    var olderNodesWarning: String? {
        let count = counters.olderNodes.load(ordering: .relaxed)
        guard count > 0 else { return nil }
        return
            "\(count) connections read revoked.epoch without CLIENT SETINFO LIB-NAME revoked: nodes of an older release, where "
            + "revocations by key and log-in times are not in force, or other programs"
    }
}
