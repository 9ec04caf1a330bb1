import Persistence
import Settings
import Synchronization

/// What one `CONFIG SET` changes. A property of the configuration that it leaves alone reads as nil.
@dynamicMemberLookup
struct ConfigChanges: Sendable {
    private var configuration = ServerConfiguration()
    private var changed: [any PartialKeyPath<ServerConfiguration> & Sendable] = []

    subscript<Value>(dynamicMember path: KeyPath<ServerConfiguration, Value>) -> Value? {
        changed.contains { ($0 as PartialKeyPath) == path } ? configuration[keyPath: path] : nil
    }

    /// Reads one setting.
    /// - Returns: why it cannot be set to this, in Redis' words; nil if it can.
    mutating func read(_ name: String, _ value: String) -> String? {
        guard let setting = ServerConfiguration.settings.first(where: { $0.name == name }) else {
            if name == "maxmemory-policy" { return value == "noeviction" ? nil : "revocations are never evicted" }
            return "can't set immutable config"
        }
        switch setting.runtime {
        case .hidden, .readOnly: return "can't set immutable config"
        case .protected: return "can't set protected config"
        case .changeable: break
        }
        var text = value
        if case .oneOf(let names) = setting.kind {
            text = text.lowercased()
            guard names.contains(text) else { return setting.kind.refusal(of: text) }
        }
        guard setting.parse(text, into: &configuration) else { return setting.kind.refusal(of: text) }
        changed.append(setting.path)
        return nil
    }

    /// The first setting that nothing could come of without a data directory.
    var needsDirectory: String? {
        if self.isLogging == true { return "appendonly" }
        if self.syncPolicy != nil { return "appendfsync" }
        if self.rewritePercentage != nil { return "auto-aof-rewrite-percentage" }
        return self.rewriteMinimum != nil ? "auto-aof-rewrite-min-size" : nil
    }

    /// Those that cannot fail.
    func apply(to daemon: Daemon) {
        daemon.memory.set(maximum: self.maximumMemory, reserve: self.guardedReserve)
        if let maximum = self.maximumClients { daemon.clients.maximum.store(maximum, ordering: .relaxed) }
        if let level = self.logLevel { daemon.logLevel.withLock { $0 = level } }
        daemon.persistence?.setRewriting(percentage: self.rewritePercentage, minimum: self.rewriteMinimum)
    }
}

extension Daemon {
    /// The configuration as it is now.
    var currentConfiguration: ServerConfiguration {
        var current = configuration
        current.port = port.load(ordering: .relaxed)
        current.maximumMemory = denylist.maximumBytes
        current.guardedReserve = memory.reserve
        current.maximumClients = clients.maximum.load(ordering: .relaxed)
        current.logLevel = logLevel.withLock { $0 }
        // It was for one start.
        current.trustsClock = false
        let persistence = persistence?.configuration
        current.isLogging = persistence?.isLogging ?? false
        current.syncPolicy = persistence?.policy ?? current.syncPolicy
        current.rewritePercentage = persistence?.rewritePercentage ?? current.rewritePercentage
        current.rewriteMinimum = persistence?.rewriteMinimum ?? current.rewriteMinimum
        return current
    }
}

extension SettingKind {
    fileprivate func refusal(of text: String) -> String {
        switch self {
        case .size: "argument must be a memory value"
        case .number where Int64(text) == nil: "argument couldn't be parsed into an integer"
        case .number(let range, _): "argument must be between \(range.lowerBound) and \(range.upperBound) inclusive"
        case .oneOf(["yes", "no"]): "argument must be 'yes' or 'no'"
        case .oneOf(let names): "argument(s) must be one of the following: \(names.joined(separator: ", "))"
        case .other(let what, _): "argument must be \(what)"
        }
    }
}
