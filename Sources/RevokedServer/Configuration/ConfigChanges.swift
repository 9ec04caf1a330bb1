import Persistence
import Settings
import Synchronization
import TLS

/// What one `CONFIG SET` changes. A property of the configuration that it leaves alone reads as nil.
@dynamicMemberLookup
struct ConfigChanges: Sendable {
    private var configuration = ServerConfiguration()
    private var changed: [any PartialKeyPath<ServerConfiguration> & Sendable] = []
    /// What changes, as it was given.
    private var texts: [(setting: Setting<ServerConfiguration>, text: String)] = []

    subscript<Value>(dynamicMember path: KeyPath<ServerConfiguration, Value>) -> Value? {
        changed.contains { ($0 as PartialKeyPath) == path } ? configuration[keyPath: path] : nil
    }

    /// Reads one setting.
    /// - Returns: why it cannot be set to this, in Redis' words; nil if it can.
    mutating func read(_ name: String, _ value: String) -> String? {
        guard let setting = ServerConfiguration.settings.first(where: { $0.name == name }) else {
            if ConfigCommands.constants[name] == value { return nil }
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
        texts.append((setting, text))
        return nil
    }

    /// The first setting that nothing could come of without a data directory.
    var needsDirectory: String? {
        if self.isLogging == true { return "appendonly" }
        if self.syncPolicy != nil { return "appendfsync" }
        if self.rewritePercentage != nil { return "auto-aof-rewrite-percentage" }
        return self.rewriteMinimum != nil ? "auto-aof-rewrite-min-size" : nil
    }

    /// Whether the disk has to agree to one of them.
    var waitsForDisk: Bool { self.syncPolicy != nil || self.isLogging != nil || self.trustsClock == true }

    /// The first TLS setting, also of those that are set to what they are: their files are read anew.
    var ofTLS: String? { texts.first { $0.setting.name.hasPrefix("tls-") }?.setting.name }

    /// Its value is no part of the configuration that is shown: it goes to the user `default`.
    static let password = "requirepass"

    /// Gives the user `default` this password alone; without one it needs none. To be called when all others can be
    /// applied.
    /// - Returns: why not; nil if it is done.
    func setPassword(_ password: [UInt8], of daemon: Daemon) -> String? {
        guard ofTLS == nil, !waitsForDisk else {
            return "not together with settings that may fail later: set it by itself"
        }
        let rules = password.isEmpty ? [Array("nopass".utf8)] : [Array("resetpass".utf8), Array(">".utf8) + password]
        do throws(UserTable.Refusal) {
            try daemon.changeExposure { (exposedHost) throws(UserTable.Refusal) in
                try daemon.users.set(Array("default".utf8), rules, exposedHost: exposedHost)
            }
        } catch {
            switch error {
            case .opensDefault(let host): return UserTable.opensDefault(host)
            case .rule(let refusal): return refusal.error.message
            case .name, .unmatched, .tooMany: return "the user default cannot be changed"
            }
        }
        daemon.changedSettings.withLock { _ = $0.insert(Self.password) }
        return nil
    }

    /// Why the TLS settings cannot be changed; nil if they can be tried.
    func refusalOfTLS(_ daemon: Daemon) -> String? {
        guard daemon.tls != nil else { return "there is no TLS: start the daemon with --tls-port" }
        return waitsForDisk ? "not together with appendonly, appendfsync or trust-clock: set it by itself" : nil
    }

    /// Applies the TLS settings, whose files are read on another thread, and all others if that succeeds.
    /// - Parameter completion: told on that thread what went wrong.
    func applyTLS(to daemon: Daemon, _ completion: @escaping @Sendable (_ why: String?) -> Void) {
        @Sendable func wanted() -> ServerConfiguration {
            var wanted = daemon.currentConfiguration
            for (setting, text) in texts { _ = setting.parse(text, into: &wanted) }
            return wanted
        }
        @Sendable func next(_ current: ServerTLSConfiguration) -> ServerTLSConfiguration { wanted().tls }
        @Sendable func permit(_ install: () -> Void) throws(TLSError) {
            try daemon.changeExposure { (_) throws(TLSError) in
                let wanted = wanted()
                let isPasswordRequired = daemon.users.isPasswordRequired
                if wanted.protectedMode, let host = wanted.unprotectedHost(isPasswordRequired: isPasswordRequired) {
                    throw TLSError("anyone who reaches \(host) could do everything then: set a password first")
                }
                install()
            }
        }
        daemon.tls?.change(to: next, with: permit) { failure in
            if failure == nil { apply(to: daemon) }
            completion(failure?.description)
        }
    }

    /// Those that cannot fail.
    func apply(to daemon: Daemon) {
        daemon.changedSettings.withLock { $0.formUnion(texts.map(\.setting.name)) }
        daemon.memory.set(maximum: self.maximumMemory, reserve: self.guardedReserve)
        if let maximum = self.maximumClients { daemon.clients.maximum.store(maximum, ordering: .relaxed) }
        if let timeout = self.idleTimeout { daemon.clients.idleTimeout.store(timeout, ordering: .relaxed) }
        if let limit = self.subscriberLimit { daemon.subscriberLimit.withLock { $0 = limit } }
        if let events = self.notifiedEvents { daemon.denylist.observers.notified = events }
        if let keys = self.maximumTrackedKeys { daemon.tracking.limit(keys: keys) }
        if let length = self.denialLogLength { daemon.denialLog.maximum.store(length, ordering: .relaxed) }
        if let threshold = self.slowLogThreshold { daemon.slowLog.threshold = threshold }
        if let length = self.slowLogLength { daemon.slowLog.maximum = length }
        if let level = self.logLevel { daemon.logLevel.withLock { $0 = level } }
        daemon.persistence?.setRewriting(percentage: self.rewritePercentage, minimum: self.rewriteMinimum)
    }
}

extension Daemon {
    /// The settings that `CONFIG SET` changed since the start, and that the next start would not find.
    var unkeptSettings: [String] {
        let (changed, current) = (changedSettings.withLock { $0 }, currentConfiguration)
        return ServerConfiguration.settings.filter {
            changed.contains($0.name) && ($0.runtime == .hidden || $0.text(in: current) != $0.text(in: configuration))
        }.map(\.name)
    }

    /// The configuration as it is now.
    var currentConfiguration: ServerConfiguration {
        var current = configuration
        current.port = port.load(ordering: .relaxed)
        let tlsPort = tlsPort.load(ordering: .relaxed)
        current.tlsPort = tlsPort > 0 ? tlsPort : nil
        current.tls = tls?.configuration ?? configuration.tls
        current.maximumMemory = denylist.maximumBytes
        current.guardedReserve = memory.reserve
        current.maximumClients = clients.maximum.load(ordering: .relaxed)
        current.idleTimeout = clients.idleTimeout.load(ordering: .relaxed)
        current.subscriberLimit = subscriberLimit.withLock { $0 }
        current.notifiedEvents = denylist.observers.notified
        current.maximumTrackedKeys = tracking.maximumKeys.load(ordering: .relaxed)
        current.denialLogLength = denialLog.maximum.load(ordering: .relaxed)
        current.slowLogThreshold = slowLog.threshold
        current.slowLogLength = slowLog.maximum
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
